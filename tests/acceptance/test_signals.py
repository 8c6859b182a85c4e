"""How the processes end and come back: Ctrl-C, SIGTERM, SIGKILL. DESIGN section 14; FAULTS, row 8."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec
import pytest

from tests.ledger_home import (
    COMMAND_TIMEOUT_S,
    LedgerHome,
    await_recorded,
    call,
    new_home,
    publish,
    verify_whole_log,
)

STOP_S = 10.0
"""What a supervisor waits before it kills."""
BACK_S = 10.0
"""A killed process is back in 5 s on an idle machine."""
PIPE_BYTES = 256 * 1024
"""More than a pipe holds: once it is written, the other side has begun to read."""


class Started:
    """A command that said it had begun; what else it says is kept."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.said: list[str] = []
        self._news = threading.Condition()
        assert process.stderr is not None
        self._listener = threading.Thread(target=self._listen, args=(process.stderr,))
        self._listener.start()

    def close(self) -> None:
        """Returns once the process and its children have nothing more to say."""
        self._listener.join(COMMAND_TIMEOUT_S)
        for pipe in (self.process.stdin, self.process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def await_saying(self, texts: Sequence[str]) -> None:
        """Returns once each text was said."""
        with self._news:
            said = self._news.wait_for(
                lambda: all(any(text in line for line in self.said) for text in texts), COMMAND_TIMEOUT_S
            )
        assert said, self.said

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Sends a signal; the exit code and how long it took."""
        sent_at = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(COMMAND_TIMEOUT_S), time.monotonic() - sent_at

    def _listen(self, stderr: IO[bytes]) -> None:
        for line in stderr:
            with self._news:
                self.said.append(line.decode())
                self._news.notify_all()


@contextmanager
def started(home: LedgerHome, *arguments: str, says: Sequence[str]) -> Iterator[Started]:
    """A command once it has begun, its stdin a pipe that stays open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", *arguments],
        env=home.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    begun = Started(process)
    try:
        begun.await_saying(says)
        yield begun
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        begun.close()


def children(process: "subprocess.Popen[bytes]") -> dict[str, int]:
    """Ledger command -> pid, of a process's children."""
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in pids}
    return {words[-2].decode(): int(pid) for pid, words in commands.items() if b"ledger.cli" in words}


LONG_RUNNING = [
    pytest.param("seal", ["sealer.started"], id="seal"),
    pytest.param("record", ["recorder.started"], id="record"),
    pytest.param("schedule", ["scheduler.leading"], id="schedule"),
    pytest.param("up", ["sealer.started", "recorder.started", "scheduler.started"], id="up"),
]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize(("command", "says"), LONG_RUNNING)
def test_process_that_is_asked_to_end_ends_in_time_with_success(
    home: LedgerHome, command: str, says: list[str], number: signal.Signals
) -> None:
    """SIGTERM and Ctrl-C end a process after the batch in hand, exit code 0, and leave no child behind."""
    with started(home, command, says=says) as running:
        family = children(running.process)
        exit_code, seconds = running.end(number)
    assert exit_code == 0
    assert seconds < STOP_S
    assert [pid for pid in family.values() if Path(f"/proc/{pid}").exists()] == []


def test_sealer_asked_to_end_while_the_broker_hangs_abandons_its_batch() -> None:
    """A hung broker keeps nobody from stopping: what is not acknowledged is sealed again by the next one."""
    with new_home() as own_home, own_home.parts() as parts:
        services = msgspec.json.decode((own_home.path / "services.json").read_bytes())
        broker = int(services["broker"]["pid"])
        with started(own_home, "seal", says=["sealer.started"]) as running:
            os.kill(broker, signal.SIGSTOP)
            try:
                exit_code, seconds = running.end(signal.SIGTERM)
            finally:
                os.kill(broker, signal.SIGCONT)
        assert exit_code == 0
        assert seconds < STOP_S
        publish(parts, call("after", "+3197010000001", "+3197010000002"))
        with own_home.process("up"):
            await_recorded(own_home)
        verify_whole_log(parts)


def test_killed_process_is_started_again_and_goes_on(home: LedgerHome) -> None:
    """`ledger up` is a supervisor: a SIGKILLed sealer or recorder is back, and nothing is lost or doubled."""
    with started(home, "up", says=["sealer.started", "recorder.started"]) as running, home.parts() as parts:
        for command, other in (("seal", "record"), ("record", "seal")):
            before = children(running.process)
            os.kill(before[command], signal.SIGKILL)
            publish(parts, call(f"while {command} was away", "+3197010000001", "+3197010000002"))
            deadline = time.monotonic() + BACK_S
            while children(running.process).get(command, before[command]) == before[command]:
                assert time.monotonic() < deadline, "it did not come back"
                time.sleep(0.05)
            await_recorded(home)
            assert before[other] == children(running.process)[other], "the other one was left alone"
        running.await_saying(["supervisor.process.ended"])
    events = Counter(entry["event_id"] for entry in home.json("trail")["entries"])
    assert [events[f"while {command} was away"] for command in ("seal", "record")] == [2, 2]


def test_children_of_a_killed_supervisor_end_by_themselves(home: LedgerHome) -> None:
    """Nobody is left to stop them, and the next supervisor's processes would be in their way for ever."""
    with started(home, "up", says=["sealer.started", "recorder.started"]) as running:
        family = children(running.process)
        running.end(signal.SIGKILL)
        deadline = time.monotonic() + STOP_S
        while any(Path(f"/proc/{pid}").exists() for pid in family.values()):
            assert time.monotonic() < deadline, "they go on without it"
            time.sleep(0.05)


def test_interrupted_publish_exits_130_and_can_be_repeated(home: LedgerHome) -> None:
    """Ctrl-C in the middle of standard input: what was not acknowledged was never claimed."""
    with started(home, "publish", "-", "--format", "asterisk-csv", "--controller", "x", says=[]) as running:
        assert running.process.stdin is not None
        running.process.stdin.write(b"broken line\n" * (PIPE_BYTES // 12))
        running.process.stdin.flush()
        exit_code, seconds = running.end(signal.SIGINT)
    assert exit_code == 130
    assert seconds < STOP_S
    assert not any("Traceback" in line for line in running.said)


@pytest.mark.parametrize("says", ["Publishing a day", "Still running"], ids=["while publishing", "when done"])
def test_interrupted_demo_exits_130_and_stops_its_services(says: str) -> None:
    """Ctrl-C ends the demo at any moment; nothing of it keeps running, and its state is whole."""
    with new_home() as own_home:
        with started(own_home, "demo", "--events", "60", says=[says]) as running:
            family = children(running.process)
            exit_code, seconds = running.end(signal.SIGINT)
        assert exit_code == 130
        assert seconds < 2 * STOP_S
        assert not any("Traceback" in line for line in running.said)
        assert [pid for pid in family.values() if Path(f"/proc/{pid}").exists()] == []
        services = msgspec.json.decode((own_home.path / "services.json").read_bytes())
        assert [services["broker"]["pid"], services["postgres"]["pid"]] == [None, None]
        with own_home.parts() as parts:
            verify_whole_log(parts)
