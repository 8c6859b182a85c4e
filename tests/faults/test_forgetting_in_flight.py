"""People forgotten while batches are in flight, and sealers that die: no chain breaks, nothing takes effect twice.

A sealer that has sent records under an old pseudonym and dies before its progress must find the same person again, or
the records reach another ledger partition a second time and the chain to the old one never goes on. FAULTS, rows 2, 4,
45 and 46.
"""

import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import pytest

from consumers.sealer import SealerLoop
from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.forgetting.certificate import state_of
from ledger.forgetting.erasure import Erasures
from ledger.log.publisher import InboxPublisher
from ledger.log.records import OutgoingRecord
from ledger.log.writer import LedgerWriter
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.in_flight import BatchInFlight
from ledger.vault.progress import ProgressMoved
from ledger.vault.vault import Vault
from ledger.vault_recovery import recover
from tests.faults.broken_erasure import broken
from tests.faults.broken_forgetting import BeginsAnywhere, IgnoresMarks
from tests.faults.test_sigkill import Killed
from tests.faults.test_vault_restore import Died as DiedBeforeTheLast
from tests.faults.test_vault_restore import back_up, restore, sealer_dying_after_append
from tests.integration.forgetting.people import Scene
from tests.integration.pipeline.looking import (
    check_exactly_once,
    sealer_loop_writing_to,
    since,
    totals,
)
from tests.ledger_home import (
    await_recorded,
    call,
    inbox_record,
    ledger_records,
    new_home,
    publish,
    record_all,
    seal_all,
    settle,
    verify_whole_log,
)

BORIS = "+3197010999999"
PEOPLE = 6
"""Erased at once: that all of them stay in their ledger partitions under new pseudonyms happens to nobody."""
ONE_KEY = b"one inbox partition"
WHY = "erasure_request"
_numbers = itertools.count(1)


class Died(Exception):
    """A sealer between its append and its progress."""


class DiesAfterAppend:
    """A writer after which the sealer is gone."""

    def __init__(self, writer: LedgerWriter) -> None:
        self._writer = writer

    def append(self, records: Sequence[OutgoingRecord]) -> None:
        """Everything is in the log, and nobody knows."""
        self._writer.append(records)
        raise Died


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Some people of one controller, who call and are erased together.

    Args:
        before: their pseudonyms.
    """

    parts: Runtime
    controller: str
    callers: list[str] = field(default_factory=lambda: [f"+319705{next(_numbers):07}" for _ in range(PEOPLE)])
    before: list[UUID] = field(default_factory=list)

    def call(self, name: str) -> None:
        """One call each, into one inbox partition."""
        publish(
            self.parts,
            *(
                call(f"{name} {number}", number, BORIS, controller=self.controller)._replace(key=ONE_KEY)
                for number in self.callers
            ),
        )

    def subjects(self) -> list[UUID]:
        """Whom the numbers lead to."""
        with self.parts.vault() as vault:
            found = [
                vault.find_subject(self.controller, Identifier(IdentifierKind.PHONE, number))
                for number in self.callers
            ]
        assert None not in found
        return [subject for subject in found if subject is not None]

    def close(self) -> None:
        """No key lives, none is made; the identifiers still lead here."""
        self.before.extend(self.subjects())
        with self.parts.vault() as vault:
            for subject in self.before:
                vault.close_subject(subject, WHY)
                vault.destroy_subject(subject, None, WHY)

    def forget(self) -> int:
        """Tries to forget everybody; how many could not be."""
        refused = 0
        with self.parts.vault() as vault:
            for subject in self.before:
                try:
                    vault.forget_subject(subject)
                except BatchInFlight:
                    refused += 1
                    assert vault.directory_count(subject) == 1
        return refused

    def streams(self, name: str) -> list[set[UUID]]:
        """Under which pseudonyms each one's call is in the log, in order of the people; copies without effect too."""
        records = [decode_record(record.value or b"") for record in ledger_records(self.parts)]
        entries = [record for record in records if isinstance(record, Entry)]
        return [
            {e.stream for e in entries if e.event_id == f"{name} {number}" and "caller" in e.subject_roles}
            for number in self.callers
        ]


@pytest.fixture
def crowd(parts: Runtime, request: pytest.FixtureRequest) -> Crowd:
    """People of this test's own who have called, and are closed."""
    return closed_crowd(parts, f"c-{request.node.name}"[:60])


def closed_crowd(parts: Runtime, controller: str) -> Crowd:
    """People who have called, and are closed."""
    crowd = Crowd(parts=parts, controller=controller)
    crowd.call("before")
    settle(parts)
    crowd.close()
    return crowd


def seal_and_die(parts: Runtime) -> None:
    """A sealer whose batch reaches the log, and whose progress does not."""
    with (
        LedgerWriter(parts.kafka) as writer,
        sealer_loop_writing_to(parts, DiesAfterAppend(writer)) as loop,
        pytest.raises(Died),
    ):
        step_on(loop)


def step_on(loop: SealerLoop) -> None:
    """Seals until it raises."""
    while True:
        loop.step()


def check_nothing_broke(crowd: Crowd, in_flight: str) -> None:
    """What was in flight is of the old pseudonym however often it was sealed, and took effect once; callers are new."""
    crowd.call("afterwards")
    settle(crowd.parts)
    new = crowd.subjects()
    assert [{subject} for subject in crowd.before] == crowd.streams(in_flight)
    assert [{subject} for subject in new] == crowd.streams("afterwards")
    assert not set(crowd.before) & set(new)
    check_exactly_once(crowd.parts)


@contextmanager
def own_parts() -> Iterator[Runtime]:
    """A ledger of a test's own: what a mutant does to a log stays done."""
    with new_home() as home, home.parts() as parts:
        yield parts


# A sealer that dies after its append


def forget_while_dead(crowd: Crowd) -> int:
    """A batch in the log without progress, somebody who forgets, and then the sealer's restart; who was refused."""
    crowd.call("in flight")
    seal_and_die(crowd.parts)
    refused = crowd.forget()
    settle(crowd.parts)
    assert crowd.forget() == 0
    return refused


def test_dead_sealers_batch_is_sealed_again_before_anybody_is_forgotten(crowd: Crowd) -> None:
    """The identifiers stay until the restarted sealer has resolved the same people; then they go."""
    before = totals(crowd.parts)
    assert forget_while_dead(crowd) == PEOPLE
    became = since(before, crowd.parts)
    assert (became.accepted, became.resealed, became.out_of_chain) == (PEOPLE, 2 * PEOPLE, 0)
    check_nothing_broke(crowd, "in flight")
    assert since(before, crowd.parts).out_of_chain == 0
    verify_whole_log(crowd.parts)


def test_mutant_that_ignores_marks_is_noticed() -> None:
    """The hole itself: sealed again to somebody new, in another partition, and the old chain never goes on."""
    with own_parts() as parts:
        crowd = closed_crowd(broken(parts, IgnoresMarks), "mutant")
        before = totals(parts)
        assert forget_while_dead(crowd) == 0
        with pytest.raises(AssertionError):
            check_nothing_broke(crowd, "in flight")
        # Whoever comes into a partition that is ahead of the sealer's chain: nothing of theirs takes effect.
        for number in range(10):
            crowd.callers[:] = [f"+3197060{number}{caller[-5:]}" for caller in crowd.callers]
            crowd.call("stuck")
        settle(parts)
        assert since(before, parts).out_of_chain > 0


def test_restarted_sealer_with_smaller_batches_keeps_the_rest_safe(crowd: Crowd) -> None:
    """Half of what the dead one sent is sealed again; the other half still keeps everybody."""
    crowd.call("in flight")
    seal_and_die(crowd.parts)
    small = crowd.parts.settings.model_copy(update={"batch_size_max": PEOPLE // 2})
    with replace(crowd.parts, settings=small).sealer_loop((1, 1)) as loop:
        while loop.step() == 0:
            pass
    assert crowd.forget() == PEOPLE
    settle(crowd.parts)
    assert crowd.forget() == 0
    check_nothing_broke(crowd, "in flight")
    verify_whole_log(crowd.parts)


# A sealer that slept while another took over


def forget_while_asleep(crowd: Crowd) -> None:
    """A sealer that has read its batch wakes up after another has sealed it and the people are forgotten."""
    crowd.call("slept over")
    with (
        LedgerWriter(crowd.parts.kafka) as writer,
        sealer_loop_writing_to(crowd.parts, writer) as zombie,
    ):
        seal_all(crowd.parts)
        assert crowd.forget() == 0
        with pytest.raises(ProgressMoved):
            step_on(zombie)
    record_all(crowd.parts)


def test_sealer_that_slept_resolves_nobody(crowd: Crowd) -> None:
    """Its records would be of somebody new, in partitions where nothing tells that they were sealed before."""
    before = totals(crowd.parts)
    forget_while_asleep(crowd)
    became = since(before, crowd.parts)
    assert (became.accepted, became.resealed, became.out_of_chain) == (PEOPLE, 0, 0)
    check_nothing_broke(crowd, "slept over")
    verify_whole_log(crowd.parts)


def test_mutant_that_begins_anywhere_is_noticed() -> None:
    """Without a look at the position under the gate, what was forgotten takes effect again."""
    with own_parts() as parts:
        crowd = closed_crowd(broken(parts, BeginsAnywhere), "mutant")
        forget_while_asleep(crowd)
        with pytest.raises(AssertionError):
            check_nothing_broke(crowd, "slept over")


# A number beside the pseudonym of a forgotten person


def test_late_fact_that_names_the_number_too_reaches_the_same_person_again(crowd: Crowd) -> None:
    """Between two attempts at it another sealer meets the number and makes it somebody new: it is of the old one still.

    The mutant, a directory in which a known number decides before that pseudonym: it takes effect twice.
    """
    assert crowd.forget() == 0
    before = totals(crowd.parts)
    for number, pseudonym in zip(crowd.callers, crowd.before, strict=True):
        late = inbox_record(
            "data.accessed",
            f"late {number}",
            controller=crowd.controller,
            subject_phone=number,
            subject_pseudonym=str(pseudonym),
        )
        publish(crowd.parts, late._replace(key=ONE_KEY))
    seal_and_die(crowd.parts)
    with crowd.parts.vault() as other_sealer:
        numbers = [Identifier(IdentifierKind.PHONE, number) for number in crowd.callers]
        other_sealer.resolve_subjects(
            [Mention(controller=crowd.controller, identifiers=(number,)) for number in numbers]
        )
    settle(crowd.parts)
    became = since(before, crowd.parts)
    assert (became.accepted, became.resealed, became.out_of_chain) == (PEOPLE, PEOPLE, 0)
    assert not set(crowd.before) & set(crowd.subjects())
    check_exactly_once(crowd.parts)
    verify_whole_log(crowd.parts)


# The erasure


def settle_and_leave_in_flight(scene: Scene) -> None:
    """Everything is recorded; then another call of the person, and a sealer that dies with it."""
    settle(scene.parts)
    publish(scene.parts, scene.call(f"in flight {next(_numbers)}"))
    seal_and_die(scene.parts)


def test_erasure_waits_for_a_dead_sealer_and_goes_on_when_asked_again(parts: Runtime) -> None:
    """The command does not fail: the erasure is underway, and the next attempt forgets the person."""
    scene = Scene(parts=parts, controller="c-erasure-in-flight")
    scene.life()
    old = scene.subject(scene.caller)
    erasures = Erasures(parts, settle=lambda _parts: settle_and_leave_in_flight(scene))
    state, started = erasures.start(scene.order())
    assert started
    state = erasures.advance(state.erasure_id)
    assert state_of(state) == "underway"
    with parts.vault() as vault:
        assert vault.directory_count(old) == 1
        assert vault.is_closed(old)
    state = scene.erasures().advance(state.erasure_id)
    assert state_of(state) == "waiting"
    with parts.vault() as vault:
        assert vault.directory_count(old) == 0
    publish(parts, scene.call("afterwards"))
    settle(parts)
    assert scene.subject(scene.caller) != old
    check_exactly_once(parts)
    assert totals(parts).out_of_chain == 0
    verify_whole_log(parts)


# A vault restored from a back-up


def test_recovered_vault_marks_what_is_in_the_log_beyond_its_position(tmp_path: Path) -> None:
    """A batch that landed in part is not moved past, and keeps its people until it is sealed again."""
    with own_parts() as parts:
        crowd = closed_crowd(parts, "recovered")
        back_up(parts, tmp_path / "vault.dump")
        crowd.call("in flight")
        with sealer_dying_after_append(parts) as loop, pytest.raises(DiedBeforeTheLast):
            step_on(loop)
        restore(parts, tmp_path / "vault.dump")
        recover(parts)
        assert crowd.forget() == PEOPLE
        settle(parts)
        assert crowd.forget() == 0
        check_nothing_broke(crowd, "in flight")
        assert totals(parts).out_of_chain == 0
        verify_whole_log(parts)


# Real processes

KILLS = 10
CALLERS, CALLED = 30, 11
CHUNK, PAUSE_S = 20, 0.1
"""200 calls a second: a sealer that was dead for two seconds has something to do from its start."""
FORGET_AGAIN_S = 0.05
RESTART_MAX_S = 30.0
CONTROLLER = "dentist-example"


@contextmanager
def in_background(*loops: "threading.Thread") -> Iterator[None]:
    """Threads for the length of a block; they watch an event of their own."""
    for thread in loops:
        thread.start()
    try:
        yield
    finally:
        for thread in loops:
            thread.join()


def publish_until(stop: threading.Event, parts: Runtime) -> None:
    """Calls of everybody, without end."""
    with InboxPublisher(parts.kafka) as publisher:
        for first in itertools.count(0, CHUNK):
            publisher.publish(
                call(f"call-{n}", f"+3197010{n % CALLERS:06d}", f"+3197020{n % CALLED:06d}")
                for n in range(first, first + CHUNK)
            )
            if stop.wait(PAUSE_S):
                return


@dataclass(kw_only=True)
class Forgetting:
    """Erases callers one after the other, over and over, as the last steps of an erasure do."""

    parts: Runtime
    stop: threading.Event
    forgotten: list[UUID] = field(default_factory=list)
    refused: int = 0

    def run(self) -> None:
        """Until asked to stop, in the middle of nobody."""
        with self.parts.vault() as vault:
            for number in itertools.cycle(f"+3197010{n:06d}" for n in range(CALLERS)):
                subject = vault.find_subject(CONTROLLER, Identifier(IdentifierKind.PHONE, number))
                if self.stop.wait(FORGET_AGAIN_S if subject is None else 0):
                    return
                if subject is not None:
                    self._erase(vault, subject)

    def _erase(self, vault: Vault, subject: UUID) -> None:
        vault.close_subject(subject, WHY)
        vault.destroy_subject(subject, None, WHY)
        while not self.stop.is_set():
            try:
                vault.forget_subject(subject)
            except BatchInFlight:
                self.refused += 1
                self.stop.wait(FORGET_AGAIN_S)
            else:
                self.forgotten.append(subject)
                return


def kill_in_the_middle(vault: Vault, sealer: Killed, forgetting: Forgetting, chance: random.Random) -> None:
    """SIGKILL at a random moment, of a sealer that has sealed since its start and let somebody be forgotten."""
    sealed, forgotten = vault.sealer_positions(), len(forgetting.forgotten)
    deadline = time.monotonic() + RESTART_MAX_S
    while vault.sealer_positions() == sealed or len(forgetting.forgotten) == forgotten:
        assert time.monotonic() < deadline, "the sealer does not get on, or keeps everybody"
        sealer.tend()
        time.sleep(0.05)
    time.sleep(chance.uniform(0, 0.4))
    sealer.kill()


def test_sealer_killed_at_random_while_people_are_erased_breaks_no_chain() -> None:
    """Real processes under load: every inbox record takes effect once, with all its parts, and the log replays."""
    chance, stop = random.Random(20261122), threading.Event()
    with new_home() as home, home.parts() as parts:
        forgetting = Forgetting(parts=parts, stop=stop)
        sealer = Killed(home, ["-m", "ledger.cli", "seal"])
        try:
            with (
                home.process("record"),
                parts.vault() as vault,
                in_background(
                    threading.Thread(target=publish_until, args=(stop, parts)),
                    threading.Thread(target=forgetting.run),
                ),
            ):
                try:
                    for _ in range(KILLS):
                        kill_in_the_middle(vault, sealer, forgetting, chance)
                finally:
                    stop.set()
                await_recorded(home)
        finally:
            sealer.stop()
        assert sealer.kills == KILLS
        check_exactly_once(parts)
        verify_whole_log(parts)
        assert len(forgetting.forgotten) >= KILLS
        assert forgetting.refused > 0, "no kill fell into a batch: the test would prove nothing"
