"""FAULTS rows 1, 2 and 6: sealer and recorder killed at random under load; every inbox record takes effect once.

The same test runs on a naive recorder, which commits effects and then moves its position: it must fail there, or
it would prove nothing.
"""

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS
from ledger.contract.ledger_record import decode_record
from ledger.draining import drain
from ledger.errors import LedgerError
from ledger.log.publisher import InboxPublisher
from tests.ledger_home import LedgerHome, call, new_home, verify_whole_log

KILLS = 20
EVENTS = 4000
CHUNK = 40
SMALL_BATCHES = {"LEDGER_BATCH_SIZE_MAX": "25"}
"""Small batches, so that kills fall into many different moments."""
NAIVE_RECORDER = Path(__file__).with_name("naive_recorder.py")


class Killed:
    """A process that is started again whenever it ends."""

    def __init__(self, home: LedgerHome, arguments: list[str]) -> None:
        self._home = home
        self._arguments = arguments
        self._process = self._start()
        self.kills = 0

    def kill(self) -> None:
        """SIGKILL and a fresh start."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.kills += 1
        self._process = self._start()

    def tend(self) -> None:
        """Starts it again when it ended by itself, as a supervisor would."""
        if self._process.poll() is not None:
            self._process = self._start()

    def stop(self) -> None:
        """Ends it for good."""
        self._process.kill()
        self._process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, *self._arguments],
            env={**self._home.environment, **SMALL_BATCHES},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def publish_slowly(parts: Runtime, seconds: float) -> None:
    """Publishes calls between some people in chunks, spread over a time."""
    with InboxPublisher(parts.kafka) as publisher:
        for first in range(0, EVENTS, CHUNK):
            publisher.publish(
                call(f"call-{n}", f"+3197010{n % 97:06d}", f"+3197020{n % 89:06d}")
                for n in range(first, first + CHUNK)
            )
            time.sleep(seconds * CHUNK / EVENTS)


def check_exactly_once(parts: Runtime) -> None:
    """Each inbox record is in the store with all its parts, each part once."""
    with parts.reader({}) as reader:
        inbox = [p for topic in INBOX_TOPICS for p in reader.partitions_of(topic)]
        ends = reader.ends(inbox)
    with parts.store_connection(parts.settings.store_schema) as connection:
        states = [bytes(row[0]) for row in connection.execute("SELECT state FROM stored_events", binary=True)]
    records = [decode_record(state) for state in states]
    seen = Counter((r.source_topic, r.source_partition, r.source_offset, r.part) for r in records)
    expected = {
        (r.source_topic, r.source_partition, r.source_offset, part)
        for r in records
        for part in range(r.parts)
    }
    assert expected == set(seen), "an inbox record lacks a part"
    assert {1} == set(seen.values()), "an inbox record took effect more than once"
    published = {(p.topic, p.number, offset) for p, end in ends.items() for offset in range(end)}
    assert published == {key[:3] for key in seen}, "an inbox record had no effect"


def run_under_fire(home: LedgerHome, recorder: list[str], *, kills: int) -> dict[str, int]:
    """Publishes while both processes are killed at random; returns the kills of each."""
    chance = random.Random(20261122)
    with home.parts() as parts:
        publisher = threading.Thread(target=publish_slowly, args=(parts, kills * 0.8))
        fleet = {
            "sealer": Killed(home, ["-m", "ledger.cli", "seal"]),
            "recorder": Killed(home, recorder),
        }
        try:
            publisher.start()
            while sum(process.kills for process in fleet.values()) < kills:
                time.sleep(chance.uniform(0.7, 1.8))
                fleet[chance.choice(sorted(fleet))].kill()
            publisher.join()
            drained = threading.Event()
            tending = threading.Thread(target=_tend, args=(fleet, drained))
            tending.start()
            try:
                with parts.reader({}) as reader:
                    ends = reader.ends([p for topic in INBOX_TOPICS for p in reader.partitions_of(topic)])
                drain(parts, ends, ourselves=False, on_progress=lambda _done, _all: None)
            finally:
                drained.set()
                tending.join()
            return {name: process.kills for name, process in fleet.items()}
        finally:
            for process in fleet.values():
                process.stop()


def _tend(fleet: dict[str, Killed], done: threading.Event) -> None:
    while not done.wait(0.2):
        for process in fleet.values():
            process.tend()


def test_every_inbox_record_takes_effect_exactly_once_under_sigkill(home: LedgerHome) -> None:
    """Sealer and recorder are killed twenty times while events keep coming."""
    kills = run_under_fire(home, ["-m", "ledger.cli", "record"], kills=KILLS)
    assert sum(kills.values()) == KILLS
    with home.parts() as parts:
        check_exactly_once(parts)
        verify_whole_log(parts)


def test_naive_recorder_fails_the_same_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Effects committed before the position: a kill in between loses the recorder or doubles its effects."""
    monkeypatch.setattr("ledger.draining.STUCK_AFTER_S", 8.0)
    with new_home() as naive_home, naive_home.parts() as parts:

        def fire_and_check() -> None:
            run_under_fire(naive_home, [str(NAIVE_RECORDER)], kills=4)
            check_exactly_once(parts)

        with pytest.raises((AssertionError, LedgerError)):
            fire_and_check()
