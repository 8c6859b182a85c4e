"""A supervisor that is killed takes its processes with it; one of its processes that is killed is started again."""

import time
from collections.abc import Collection

import psutil
import pytest

from tests.ledger_home import LedgerHome

PATIENCE_S = 40.0


def loops_of(supervisor: psutil.Process) -> dict[str, psutil.Process]:
    """The running processes under a supervisor, by subcommand."""
    return {child.cmdline()[-1]: child for child in supervisor.children() if child.status() != "zombie"}


def wait_for_loops(
    supervisor: psutil.Process, *, other_than: Collection[int] = ()
) -> dict[str, psutil.Process]:
    """All of them, once they run."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        loops = loops_of(supervisor)
        if set(loops) == {"seal", "record", "schedule"} and not any(
            loop.pid in other_than for loop in loops.values()
        ):
            return loops
        time.sleep(0.1)
    pytest.fail("the loops did not start")


def test_loops_end_when_their_supervisor_is_killed(home: LedgerHome) -> None:
    """SIGKILL leaves a supervisor no moment to stop anything; its loops notice by themselves."""
    with home.process("up") as up:
        loops = wait_for_loops(psutil.Process(up.pid))
        up.kill()
        up.wait()
        _, alive = psutil.wait_procs(list(loops.values()), timeout=PATIENCE_S)
    assert alive == []


def test_killed_loop_is_started_again(home: LedgerHome) -> None:
    """Crash-only processes need somebody who starts them."""
    with home.process("up") as up:
        supervisor = psutil.Process(up.pid)
        loops = wait_for_loops(supervisor)
        for loop in loops.values():
            loop.kill()
        again = wait_for_loops(supervisor, other_than=[loop.pid for loop in loops.values()])
        up.terminate()
        assert up.wait(PATIENCE_S) == 0
        _, alive = psutil.wait_procs(list(again.values()), timeout=PATIENCE_S)
    assert alive == []
