"""Processes of the operating system that outlive the one that started them: start, recognise, end.

A pid alone says nothing after a reboot: the kernel gives it to another. So a process is remembered as its
pid and the moment it was born. Linux and macOS; the embedded services are not offered elsewhere.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import InfrastructureError

POLL_INTERVAL_S = 0.02
"""Between two looks at a process that starts or ends: short beside the second either takes."""
_DETACH_TIMEOUT_S = 30
_PS_TIMEOUT_S = 5

_DETACH = """
import subprocess, sys
log = open(sys.argv[1], "ab")
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                         cwd="/", start_new_session=True)
print(child.pid)
child.returncode = 0
"""
# The middleman ends at once and leaves the child to init. Were the child ours, it would stay a zombie when
# another process stops it, and look alive to us.


@dataclass(frozen=True, kw_only=True)
class ProcessIdentity:
    """A process that cannot be confused with a later one of the same pid."""

    pid: int
    born: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return born(self.pid) == self.born


def born(pid: int) -> str | None:
    """When the process was started, in the kernel's own notation, comparable for equality only.

    Returns:
        None when no such process runs.
    """
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            # the second field is the program's name in parentheses and may hold spaces
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in {"Z", "X"} else fields[19]
    answer = subprocess.run(
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=_PS_TIMEOUT_S,
        check=False,
    )
    state, _, moment = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else moment.strip()


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of a running process, None when there is none."""
    moment = born(pid)
    return None if moment is None else ProcessIdentity(pid=pid, born=moment)


def detach(arguments: Sequence[str], *, log: Path) -> ProcessIdentity:
    """Starts a program in a session of its own, its output appended to a file.

    Args:
        arguments: absolute path of the program and its arguments.
        log: file that receives stdout and stderr.

    Returns:
        The new process; signals of the caller's terminal do not reach it.

    Raises:
        InfrastructureError: it could not be started, or ended at once.
    """
    try:
        middleman = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _DETACH, str(log), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_DETACH_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise InfrastructureError(
            "an embedded service could not be started",
            found=type(error).__name__,
            do=f"Try to run {arguments[0]} by hand.",
        ) from error
    process = identify(int(middleman.stdout))
    if process is None:
        raise InfrastructureError("an embedded service ended at once", do=f"Look in {log}.")
    return process


def terminate(process: ProcessIdentity, *, timeout_s: float, what: str) -> None:
    """Asks a process to end and waits until it has; a process already gone is fine.

    Raises:
        InfrastructureError: it still runs after `timeout_s`. It is not killed: it may be saving its state.
    """
    if process.alive:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    if not wait_until(lambda: not process.alive, timeout_s=timeout_s):
        raise InfrastructureError(
            f"{what} does not stop",
            expected=f"an end within {timeout_s:g} s of SIGTERM",
            found=f"process {process.pid} still running",
            do="Wait until it has saved its state; kill it only when that does not happen.",
        )


def wait_until(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Polls until the condition holds; False when it does not within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True


def free_port(remembered: int | None) -> int:
    """A loopback TCP port nobody listens on: the remembered one when it is still free, else any."""
    for candidate in (remembered or 0, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # connections of the last run may linger in TIME_WAIT: they do not make a port taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise InfrastructureError("no free TCP port on 127.0.0.1", do="End programs that listen on it.")
