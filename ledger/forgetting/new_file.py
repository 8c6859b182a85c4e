"""A file that gets its name only once it is whole: until then it stands beside its place, for its owner only.

Owns: that nothing is ever overwritten, that nobody else can read it at any time, and that it is on the disk. Leaves to
others: what is in it, and what must have happened before it gets its name.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ledger.errors import CallerError

OWNER_ONLY = 0o600


def check_target(target: Path) -> None:
    """Refuses a place where an archive cannot go, before anything is read.

    Raises:
        CallerError: something is there, or its directory is not.
    """
    if target.exists() or target.is_symlink():
        raise _taken(target)
    if not target.parent.is_dir():
        raise CallerError(
            f"no such directory: {target.parent}",
            expected="--out FILE in one that exists",
            do="Make it first",
        )


def path_beside(target: Path, unique: str) -> Path:
    """Where a file for a place stands until it gets its name."""
    return target.with_name(f".{target.name}.{unique}.part")


@contextmanager
def file_beside(target: Path, unique: str) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in the target's directory, open for writing; its own name is gone at the end of the block.

    A process that is killed leaves it behind, its name ending in `.part`.

    Args:
        target: the place it is for.
        unique: tells it from other files for the same place; no personal data.

    Raises:
        CallerError: the target exists, or cannot be written.
    """
    check_target(target)
    temporary = path_beside(target, unique)
    try:
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except OSError as error:
        raise CallerError(f"cannot write in {target.parent}", found=type(error).__name__) from error
    try:
        with os.fdopen(handle, "w+b") as stream:
            yield temporary, stream
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def give_name(temporary: Path, target: Path) -> None:
    """Gives a whole file its name, in one step that never overwrites another.

    Raises:
        CallerError: something has that name by now.
    """
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:
        # A file system without hard links: `rename` would overwrite what somebody put there just now.
        check_target(target)
        temporary.rename(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _taken(target: Path) -> CallerError:
    return CallerError(
        f"{target} is there already", expected="--out FILE that does not exist", do="Give another name"
    )
