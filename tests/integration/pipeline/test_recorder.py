"""The recorder's loop on a real broker and a real store: positions and effects move together, or not at all.

FAULTS, rows 14, 15, 21 and 22.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaTopicPartition

from consumers.recorder import RecorderLoop
from ledger.aggregates.subject_state import ConsentState
from ledger.bootstrap import Runtime
from ledger.config import LEDGER_TOPIC
from ledger.errors import LedgerError, NotFound
from ledger.log.failures import LogHole
from ledger.log.reader import PartitionReader
from ledger.log.records import Partition, ReadRecord
from ledger.replay import live_state
from ledger.store.event_recorder import make_datastore
from ledger.store.repository import LedgerRepository
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.integration.pipeline.looking import check_exactly_once, since, store_database, totals
from tests.ledger_home import (
    MINUTE,
    NOON,
    LedgerHome,
    call,
    inbox_record,
    new_home,
    publish,
    record_all,
    seal_all,
    settle,
    verify_whole_log,
)

CALLS = 40


def publish_calls(parts: Runtime, name: str, count: int = CALLS) -> None:
    """Seals calls between many people, spread over the ledger's partitions."""
    publish(parts, *(call(f"{name} {n}", f"+3197010{n:06}", f"+3197020{n:06}") for n in range(count)))
    seal_all(parts)


def ends(parts: Runtime) -> dict[int, int]:
    """Where each partition of the ledger topic ends."""
    with parts.reader({}) as reader:
        found = reader.ends(reader.partitions_of(LEDGER_TOPIC))
    return {partition.number: end for partition, end in found.items()}


def recorded(parts: Runtime) -> dict[int, int]:
    """Partition -> the next offset to be recorded, partitions without records included."""
    positions, _ = live_state(parts)
    return dict.fromkeys(ends(parts), 0) | positions


def with_batches_of(parts: Runtime, records: int) -> Runtime:
    """The same ledger, read in small batches."""
    return Runtime(
        settings=parts.settings.model_copy(update={"batch_size_max": records}),
        kafka=parts.kafka,
        store_dsn=parts.store_dsn,
        vault_dsn=parts.vault_dsn,
        key_encryption=parts.key_encryption,
    )


def test_recorder_that_was_overtaken_reads_the_positions_again(parts: Runtime) -> None:
    """A zombie: stopped, overtaken by another, and continued. What it still holds is rolled back, not recorded."""
    publish_calls(parts, "overtaken")
    before = totals(parts)
    with parts.recorder_loop() as zombie, parts.recorder_loop() as other:
        while other.positions != ends(parts):
            other.step()
        assert zombie.positions != other.positions
        while zombie.positions != ends(parts):
            assert zombie.step() == 0, "it recorded what was recorded already"
    assert since(before, parts).accepted == CALLS
    check_exactly_once(parts)


def test_zombie_with_stale_memory_forgets_it(parts: Runtime) -> None:
    """Aggregates and marks remembered from before the other recorder came along would number versions twice."""
    settle(parts)
    before = totals(parts)
    person = "+3197010004711"
    with parts.recorder_loop() as zombie:
        for round_number in range(3):
            publish(parts, call(f"stale {round_number}", person, person))
            seal_all(parts)
            with parts.recorder_loop() as other:
                while other.positions != ends(parts):
                    other.step()
            publish(parts, call(f"fresh {round_number}", person, person))
            seal_all(parts)
            while zombie.positions != ends(parts):
                zombie.step()
    assert since(before, parts).accepted == 6
    check_exactly_once(parts)
    verify_whole_log(parts)


def test_four_recorders_on_every_partition_at_once_record_everything_once(parts: Runtime) -> None:
    """Slow, never wrong: they take the batches from each other while records keep coming."""
    before = totals(parts)
    done, errors = threading.Event(), []
    few = with_batches_of(parts, 5)

    def record(loop: RecorderLoop) -> None:
        try:
            while not done.is_set():
                loop.step()
        except LedgerError as error:
            errors.append(error)

    @contextmanager
    def recording() -> Iterator[None]:
        with few.recorder_loop() as loop:
            thread = threading.Thread(target=record, args=(loop,))
            thread.start()
            try:
                yield
            finally:
                done.set()
                thread.join()

    with recording(), recording(), recording(), recording():
        for number in range(8):
            publish_calls(parts, f"four {number}", 10)
        waited = threading.Event()
        while recorded(parts) != ends(parts) and not errors:
            waited.wait(0.1)
    assert errors == []
    assert since(before, parts).accepted == 80
    check_exactly_once(parts)
    verify_whole_log(parts)


def test_recorder_that_stops_in_the_middle_is_continued_by_the_next(parts: Runtime) -> None:
    """Every few records another process: each goes on where the last committed."""
    publish_calls(parts, "relay")
    before = totals(parts)
    few, processes = with_batches_of(parts, 7), 0
    while recorded(parts) != ends(parts):
        processes += 1
        with few.recorder_loop() as loop:
            assert 0 < loop.step() <= 7
    assert processes >= 2 * CALLS / 7
    assert since(before, parts).accepted == CALLS
    check_exactly_once(parts)


class SkipsOne:
    """A reader of a log that lost one record."""

    def __init__(self, reader: PartitionReader) -> None:
        self._reader = reader

    def poll(self, timeout_s: float) -> dict[Partition, list[ReadRecord]]:
        """Every batch without its second record."""
        polled = self._reader.poll(timeout_s)
        return {partition: [*records[:1], *records[2:]] for partition, records in polled.items()}

    def seek(self, partition: Partition, offset: int) -> None:
        """As the real one."""
        self._reader.seek(partition, offset)


def test_hole_in_the_log_stops_the_recorder_before_anything_of_the_batch_is_recorded(parts: Runtime) -> None:
    """Nothing is recorded past a hole, and the error names the first offset that is missing."""
    person = "+3197010004712"
    publish(parts, *(call(f"hole {number}", person, person) for number in range(5)))
    settle(parts)
    publish(parts, *(call(f"after {number}", person, person) for number in range(5)))
    seal_all(parts)
    before, (number,) = recorded(parts), [n for n, end in ends(parts).items() if end > recorded(parts)[n]]
    with parts.recorder_loop(read_through=SkipsOne) as loop, pytest.raises(LogHole) as caught:
        loop.step()
    assert f"the log has a hole in ledger partition {number}" in str(caught.value)
    assert f"expected offset {before[number] + 1}" in str(caught.value)
    assert before == recorded(parts)
    settle(parts)
    check_exactly_once(parts)


def test_log_shorter_than_the_position_stops_the_recorder_process(home: LedgerHome, parts: Runtime) -> None:
    """Its tail was lost or the topic recreated: exit code 1, never a reset."""
    publish_calls(parts, "regressed", 10)
    settle(parts)
    moved = "UPDATE ledger_tracking SET notification_id = notification_id + %s WHERE application_name = %s"
    number, end = next((number, end) for number, end in ends(parts).items() if end)
    with store_database(parts) as connection:
        connection.execute(moved, (50, f"ledger-{number}"))
        try:
            done = home.run("record")
        finally:
            connection.execute(moved, (-50, f"ledger-{number}"))
    assert done.returncode == 1
    stderr = done.stderr.decode()
    assert f"log regressed: ledger partition {number} is shorter than what was recorded" in stderr
    assert f"expected at least {end + 50} records; found {end}" in stderr


def test_log_that_begins_after_the_position_stops_the_recorder_process() -> None:
    """The ledger topic keeps everything; if somebody deleted its beginning, nothing is skipped."""
    with new_home() as own_home, own_home.parts() as parts:
        publish_calls(parts, "deleted", 10)
        number = next(number for number, end in ends(parts).items() if end > 1)
        admin = KafkaAdminClient(bootstrap_servers=parts.kafka)
        admin.delete_records({KafkaTopicPartition(LEDGER_TOPIC, number): 1})
        admin.close()
        done = own_home.run("record")
        assert done.returncode == 1
        expected = f"ledger partition {number} no longer holds the next record; expected offset 0"
        assert expected in done.stderr.decode()


def test_record_waits_for_the_governance_it_was_sealed_under(parts: Runtime) -> None:
    """A recorder without partition 0 holds a record back until whoever has it comes to where the sealer was."""
    settle(parts)
    for number in range(3):
        publish(parts, inbox_record("notice.published", f"notice {number}", notice_id=f"n{number}"))
        seal_all(parts)
    publish_calls(parts, "held back")
    with parts.recorder_loop((2, 2)) as odd, parts.recorder_loop((1, 2)) as even:
        start = odd.positions
        assert 0 not in start
        assert odd.step() == 0
        assert start == odd.positions, "nothing may be folded before the notices are"
        while even.positions[0] < ends(parts)[0]:
            even.step()
        while odd.positions != {number: end for number, end in ends(parts).items() if number % 2}:
            odd.step()
    record_all(parts)
    check_exactly_once(parts)
    verify_whole_log(parts)


def test_record_that_is_ready_is_not_held_back_by_one_behind_it(parts: Runtime) -> None:
    """Of one batch the records before the first that must wait are recorded."""
    settle(parts)
    person = "+3197010004713"
    with parts.vault() as vault:
        assert vault.find_subjects(Identifier(IdentifierKind.PHONE, person)) == []
    publish(parts, call("ready", person, person))
    seal_all(parts)
    publish(parts, inbox_record("notice.published", "between", notice_id="between"))
    seal_all(parts)
    publish(parts, call("waits", person, person))
    seal_all(parts)
    (number,) = [n for n, end in ends(parts).items() if n and end > recorded(parts)[n]]
    slots = parts.settings.ledger_partitions
    with parts.recorder_loop((number + 1, slots)) as loop:
        assert list(loop.positions) == [number]
        assert loop.step() == 1
        assert loop.positions[number] == ends(parts)[number] - 1
    record_all(parts)
    check_exactly_once(parts)


def test_two_slots_together_record_everything(home: LedgerHome, parts: Runtime) -> None:
    """`--slot 1/2` and `--slot 2/2` share the partitions without a word to each other."""
    publish_calls(parts, "slots")
    before = totals(parts)
    with home.process("record", "--slot", "1/2"), home.process("record", "--slot", "2/2"):
        waited = threading.Event()
        while recorded(parts) != ends(parts):
            waited.wait(0.1)
    assert since(before, parts).accepted == CALLS
    check_exactly_once(parts)
    verify_whole_log(parts)


def test_subject_at_a_version_is_as_it_was(parts: Runtime) -> None:
    """Time travel: `get(stream, version=n)` folds the first n facts and no more, snapshots in between or not."""
    number = "+3197010004714"
    consent: dict[str, Any] = {"subject_phone": number, "purpose": "newsletter"}
    given = inbox_record("consent.given", "v1", occurred_at=NOON, **consent)
    withdrawn = inbox_record("consent.withdrawn", "last", occurred_at=NOON + MINUTE, **consent)
    for records in ([given], [call(f"v{n}", number, number) for n in range(2, 121)], [withdrawn]):
        publish(parts, *records)
        settle(parts)
    with parts.vault() as vault:
        ((_, stream),) = vault.find_subjects(Identifier(IdentifierKind.PHONE, number))
    datastore = make_datastore(parts.store_dsn, parts.settings.store_schema)
    try:
        repository = LedgerRepository(datastore)
        for version, calls in ((1, 0), (2, 1), (99, 98), (100, 99), (101, 100), (120, 119)):
            subject = repository.subject(stream, version=version)
            assert version == subject.version
            tally = subject.processing.get("call.completed", {}).get("telephony")
            assert calls == (tally.count if tally else 0)
            assert subject.consent_at("newsletter", NOON + 2 * MINUTE) is ConsentState.GIVEN
        now = repository.subject(stream)
        assert now.version == 121
        assert now.consent_at("newsletter", NOON + 2 * MINUTE) is ConsentState.WITHDRAWN
        with pytest.raises(NotFound):
            repository.subject(stream, version=0)
    finally:
        datastore.close()
