"""The state directory: what is remembered, and who is the last user."""

import os
import stat
from pathlib import Path

from ledger.dev.service_state import Remembered, ServiceState, StateDirectory


def test_state_is_kept_and_a_broken_file_is_no_state(tmp_path: Path) -> None:
    """A file that cannot be read means that we look again, not that we stop."""
    directory = StateDirectory(tmp_path / "deep" / "state")
    assert directory.load() == ServiceState()
    state = ServiceState(broker=Remembered(pid=7, born="x", port=9092))
    directory.save(state)
    assert directory.load() == state
    (directory.path / "services.json").write_text("{")
    assert directory.load() == ServiceState()


def test_only_the_last_user_is_the_last(tmp_path: Path) -> None:
    """While one user holds on, another one leaving is not the last."""
    directory = StateDirectory(tmp_path)
    first, second = directory.register_user(), directory.register_user()
    assert not directory.is_last_user(first)
    os.close(first)
    assert directory.is_last_user(second)
    os.close(second)


def test_locks_are_not_inherited(tmp_path: Path) -> None:
    """A service we start must not count as a user for as long as it runs."""
    user = StateDirectory(tmp_path).register_user()
    assert not os.get_inheritable(user)
    os.close(user)


def test_password_is_made_once_and_private(tmp_path: Path) -> None:
    """Only its owner reads it, and it stays the same."""
    directory = StateDirectory(tmp_path)
    password = directory.password()
    assert directory.password() == password
    assert len(password) == 32
    assert stat.S_IMODE((directory.secrets / "postgres").stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.secrets.stat().st_mode) == 0o700
