"""A file that gets its name only once it is whole: nobody else reads it, nothing is overwritten, nothing is left."""

import stat
from pathlib import Path

import pytest

from ledger.errors import CallerError
from ledger.forgetting.new_file import check_target, file_beside, give_name


def write(target: Path, content: bytes = b"whole") -> None:
    """Writes a file and gives it its name."""
    with file_beside(target, "1") as (temporary, stream):
        stream.write(content)
        stream.flush()
        assert not target.exists()
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        give_name(temporary, target)


def names(directory: Path) -> list[str]:
    """What stands in a directory."""
    return sorted(path.name for path in directory.iterdir())


def test_file_has_its_name_once_it_is_whole(tmp_path: Path) -> None:
    """Until then it stands beside its place; afterwards that name is gone."""
    write(tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == b"whole"
    assert names(tmp_path) == ["a.zip"]


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    """What was written so far holds personal data: it goes."""

    def fail_half_way() -> None:
        with file_beside(tmp_path / "a.zip", "1") as (_, stream):
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["file", "directory", "dangling link"])
def test_place_that_is_taken_is_refused(tmp_path: Path, kind: str) -> None:
    """Whatever stands there stays; a link that leads nowhere would lead somewhere."""
    target = tmp_path / "a.zip"
    if kind == "file":
        target.write_bytes(b"precious")
    elif kind == "directory":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(CallerError, match="there already"):
        check_target(target)
    with pytest.raises(CallerError, match="there already"):
        write(target)
    assert names(tmp_path) == ["a.zip"]


def test_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """However late it came."""
    target = tmp_path / "a.zip"

    def write_while_another_does() -> None:
        with file_beside(target, "1") as (temporary, _):
            target.write_bytes(b"precious")
            give_name(temporary, target)

    with pytest.raises(CallerError, match="there already"):
        write_while_another_does()
    assert target.read_bytes() == b"precious"
    assert names(tmp_path) == ["a.zip"]


def test_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """It is not made: a misspelt path would put personal data where nobody looks."""
    with pytest.raises(CallerError, match="no such directory"):
        check_target(tmp_path / "no" / "a.zip")
