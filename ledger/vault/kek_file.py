"""Changing a KEK file, so that a crash at any moment leaves a whole file that opens everything.

The new file is written beside the old one and put in its place by a rename. What the old file held stands on the
disk until its blocks are used again, so its bytes are overwritten once the new file is in place. That is as well
as a program can do: a journal, a copy-on-write or networked file system, and a solid-state disk may each keep an
older copy. Put KEK files on an encrypted disk, or in memory.

Owns: these changes. Leaves to others: the file's form (`ledger.vault.kek`), when to change it
(`ledger.vault.rotation`). Source: POSIX rename(2), fsync(2).
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes

from ledger.errors import NotPermitted
from ledger.vault.kek import KEY_BYTES, Kek, read_kek_lines

FRESH_SUFFIX = ".rotation"
"""Of the file being written, in the same directory: a rename does not cross file systems."""


def put_new_key_first(path: Path, before: Callable[[Kek], None]) -> None:
    """Makes a key and writes it above those a KEK file has.

    Args:
        path: a KEK file.
        before: is told the new key when it is safely on disk, before anybody can read it in the file. What it
            raises leaves the file as it was.

    Raises:
        NotFound, NotPermitted, CallerError: the file cannot be read, or not be replaced.
    """
    old = read_kek_lines(path)
    new = token_bytes(KEY_BYTES).hex()
    _replace(path, [new, *old], lambda: before(Kek.from_hex(new)))


def keep_first_key(path: Path) -> None:
    """Rewrites a KEK file with its first key only; the others are gone.

    Raises:
        NotFound, NotPermitted, CallerError: the file cannot be read, or not be replaced.
    """
    lines = read_kek_lines(path)
    if len(lines) > 1:
        _replace(path, lines[:1], lambda: None)


def _replace(path: Path, lines: Sequence[str], before: Callable[[], None]) -> None:
    with _translated(path):
        target = path.resolve(strict=True)  # a link stays a link
        fresh = target.with_name(target.name + FRESH_SUFFIX)
        if fresh.exists():  # of a run that died: its keys are in the file already, or nowhere in use
            _overwrite(fresh)
            fresh.unlink()
        was = target.stat()
        _write(fresh, lines, was)
        # A crash here leaves the fresh file, which the next start overwrites.
        before()
        target.chmod(stat.S_IMODE(was.st_mode) | stat.S_IWUSR)  # 0400 could not be overwritten below
        descriptor = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
        try:
            fresh.rename(target)
            _flush_directory(target.parent)
            # A crash here leaves the old file's bytes on the disk, without a name.
            _overwrite_open(descriptor)
        finally:
            os.close(descriptor)


def _write(fresh: Path, lines: Sequence[str], was: os.stat_result) -> None:
    """Writes a whole file that belongs to whom the old one belonged to."""
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        now = os.fstat(descriptor)
        if (now.st_uid, now.st_gid) != (was.st_uid, was.st_gid):
            os.fchown(descriptor, was.st_uid, was.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(was.st_mode))
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(descriptor)


def _overwrite(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _overwrite_open(descriptor)
    finally:
        os.close(descriptor)


def _overwrite_open(descriptor: int) -> None:
    # Zeros are no hexadecimal digits: whoever opened the old file just before, and reads it now, is refused.
    os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
    os.fsync(descriptor)


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotPermitted(
            f"cannot replace the KEK file {path}",
            expected="a file in a directory that this user may write",
            found=os.strerror(error.errno or 0),
            do="Run this as the file's owner; where the file itself is mounted, mount its directory instead.",
        ) from error
