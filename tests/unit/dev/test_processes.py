"""Processes that outlive their starter are started, recognised and ended."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.dev.processes import ProcessIdentity, detach, free_port, identify, terminate, wait_until
from ledger.errors import InfrastructureError

SLEEP = [sys.executable, "-S", "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-S",
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def test_detached_process_lives_logs_and_ends(tmp_path: Path) -> None:
    """It has a session of its own and its output goes to the log."""
    log = tmp_path / "log"
    process = detach(SLEEP, log=log)
    assert process.alive
    assert os.getsid(process.pid) != os.getsid(0)
    assert wait_until(lambda: log.read_text() == "up\n", timeout_s=5)
    terminate(process, timeout_s=5, what="a test")
    assert not process.alive


def test_pid_of_another_birth_is_another_process() -> None:
    """A reused pid is not taken for the process that had it."""
    here = identify(os.getpid())
    assert here is not None
    assert here.alive
    assert not ProcessIdentity(pid=os.getpid(), born="0").alive


def test_zombie_is_not_alive() -> None:
    """A process that ended but was not waited for does not count as running."""
    child = subprocess.Popen(["/bin/true"])
    assert wait_until(lambda: identify(child.pid) is None, timeout_s=5)
    child.wait()


def test_process_that_does_not_stop_is_reported_not_killed(tmp_path: Path) -> None:
    """It may be saving its state."""
    log = tmp_path / "log"
    process = detach(DEAF, log=log)
    assert wait_until(lambda: log.read_text() == "up\n", timeout_s=5)
    with pytest.raises(InfrastructureError, match="does not stop"):
        terminate(process, timeout_s=0.1, what="a deaf process")
    assert process.alive
    os.kill(process.pid, 9)


def test_program_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    """The error says what could not be started."""
    with pytest.raises(InfrastructureError, match="could not be started"):
        detach([str(tmp_path / "absent")], log=tmp_path / "log")


def test_remembered_port_is_kept_only_while_free() -> None:
    """Addresses stay across restarts, unless somebody else took the port."""
    port = free_port(None)
    assert free_port(port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert free_port(port) != port
