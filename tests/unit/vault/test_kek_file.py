"""Changing a KEK file: whole at every moment, private, and the old key's bytes written over."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.errors import CallerError, NotFound, NotPermitted
from ledger.vault.kek import Kek, KeyEncryption, generate_kek_file, read_kek_lines
from ledger.vault.kek_file import keep_first_key, put_new_key_first


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A KEK file of one key, alone in its directory."""
    generate_kek_file(tmp_path / "kek")
    return tmp_path / "kek"


def nothing(_: Kek) -> None:
    """Whoever wants to know of the new key before it shows."""


def test_new_key_stands_above_the_old_one(file: Path) -> None:
    """It is told to the caller before the file shows it, and wraps from then on."""
    (old,) = read_kek_lines(file)
    told: list[tuple[Kek, list[str]]] = []
    put_new_key_first(file, lambda new: told.append((new, read_kek_lines(file))))
    new, below = read_kek_lines(file)
    assert (below, [old]) == (old, told[0][1])
    assert Kek.from_hex(new).kek_id == told[0][0].kek_id == KeyEncryption.from_file(file).current.kek_id
    assert new != old


def test_only_the_first_key_is_kept(file: Path) -> None:
    """The old ones are gone; a file of one key stays as it is."""
    put_new_key_first(file, nothing)
    put_new_key_first(file, nothing)
    first = read_kek_lines(file)[0]
    keep_first_key(file)
    keep_first_key(file)
    assert [first] == read_kek_lines(file)
    assert [file] == list(file.parent.iterdir())


@pytest.mark.parametrize("change", [lambda f: put_new_key_first(f, nothing), keep_first_key])
def test_bytes_of_the_replaced_file_are_written_over(file: Path, change: Callable[[Path], None]) -> None:
    """The old file's blocks hold zeros, as whoever still has it open sees; and zeros are refused as a key."""
    put_new_key_first(file, nothing)
    with file.open("rb") as replaced:
        change(file)
        assert bytes(2 * 65) == replaced.read()


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_mode_is_kept(file: Path, mode: int) -> None:
    """A file that not even its owner may write is replaced, and is again one that not even its owner may write."""
    file.chmod(mode)
    put_new_key_first(file, nothing)
    assert mode == stat.S_IMODE(file.stat().st_mode)
    keep_first_key(file)
    assert mode == stat.S_IMODE(file.stat().st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_owner_is_kept(file: Path) -> None:
    """Root may rotate for a service that runs as somebody else."""
    os.chown(file, 10001, 10001)
    put_new_key_first(file, nothing)
    assert (file.stat().st_uid, file.stat().st_gid) == (10001, 10001)


def test_refused_announcement_leaves_the_file_as_it_was(file: Path) -> None:
    """What cannot be registered is not shown; the next attempt writes over what was left."""
    before = file.read_bytes()

    def refuse(_: Kek) -> None:
        raise CallerError("not now")

    with pytest.raises(CallerError, match="not now"):
        put_new_key_first(file, refuse)
    assert before == file.read_bytes()
    put_new_key_first(file, nothing)
    assert [file] == list(file.parent.iterdir())


def test_link_stays_a_link(file: Path) -> None:
    """Secrets are often mounted as links: what they point to is replaced."""
    link = file.with_name("link")
    link.symlink_to(file)
    put_new_key_first(link, nothing)
    assert link.is_symlink()
    assert len(read_kek_lines(file)) == 2


def test_missing_file_is_not_found(tmp_path: Path) -> None:
    """A rotation makes no KEK file: the vault's keys are under one that is elsewhere."""
    with pytest.raises(NotFound):
        put_new_key_first(tmp_path / "kek", nothing)


def test_directory_that_cannot_be_written_is_not_permitted(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file mounted alone cannot be replaced: the message says what to mount instead."""

    def busy(self: Path, target: Path) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(NotPermitted, match="mount its directory"):
        put_new_key_first(file, nothing)
    assert len(read_kek_lines(file)) == 1
