"""The unix socket of the embedded PostgreSQL fits into the kernel's limit, and is ours."""

import os
import tempfile
from pathlib import Path

import pytest

from ledger.dev.os_account import Account
from ledger.dev.socket_dir import socket_dir_for
from ledger.errors import NotPermitted

US = Account(uid=os.geteuid(), gid=os.getegid(), switch=False)


@pytest.fixture
def short() -> Path:
    """A directory with a short path; pytest's own are long."""
    return Path(tempfile.mkdtemp(prefix="l", dir="/tmp"))


def test_short_path_has_its_socket_beside_the_data(short: Path) -> None:
    """Deleting the state directory then deletes everything."""
    assert socket_dir_for(short / "postgres", US) == short / "socket"


def test_deep_path_has_its_socket_elsewhere_and_finds_it_again(short: Path) -> None:
    """The place depends on the path only."""
    data_dir = short / ("d" * 120) / "postgres"
    place = socket_dir_for(data_dir, US)
    assert place.parent == Path(tempfile.gettempdir())
    assert socket_dir_for(data_dir, US) == place
    place.rmdir()


def test_place_that_somebody_else_made_is_refused(short: Path) -> None:
    """A name in a shared directory can be squatted."""
    data_dir = short / ("e" * 120) / "postgres"
    place = socket_dir_for(data_dir, US)
    place.rmdir()
    place.symlink_to(short)
    with pytest.raises(NotPermitted, match="somebody else"):
        socket_dir_for(data_dir, US)
    place.unlink()
