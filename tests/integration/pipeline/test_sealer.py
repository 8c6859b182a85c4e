"""The sealer's loop on a real broker and a real vault: whatever goes wrong, each inbox record takes effect once.

FAULTS, rows 2, 4, 10, 17, 22, 28 and 44.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaTopicPartition

from consumers.sealer import ATTEMPTS_MAX, SealerLoop
from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.log.failures import AppendUnclear, InboxDataLost
from ledger.log.publisher import InboxRecord
from ledger.log.records import OutgoingRecord
from ledger.log.writer import LedgerWriter
from ledger.sealing.opening import open_record, read_keys
from ledger.supervision import Supervisor
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.progress import ProgressMoved
from tests.integration.pipeline.looking import (
    check_exactly_once,
    progress_lost,
    sealed_up_to,
    sealer_loop_writing_to,
    since,
    totals,
    vault_database,
)
from tests.integration.pipeline.poisoned_sealer import KILLED, POISON
from tests.ledger_home import (
    COMMAND_TIMEOUT_S,
    LedgerHome,
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

POISONED_SEALER = Path(__file__).with_name("poisoned_sealer.py")
ALICE, BORIS = "+3197010000001", "+3197010000002"
ONE_KEY = b"one partition"


@pytest.fixture
def own_home() -> Iterator[LedgerHome]:
    """A ledger of this test's own."""
    with new_home() as made, made.parts():
        yield made


def calls(name: str, count: int) -> list[InboxRecord]:
    """Calls between the same two people, all in one inbox partition."""
    return [call(f"{name} {number}", ALICE, BORIS)._replace(key=ONE_KEY) for number in range(count)]


def test_lost_progress_is_sealed_again_without_a_second_effect(parts: Runtime) -> None:
    """A crash between the append and the progress: the same source positions come again and are dropped."""
    publish(parts, *calls("before", 5))
    settle(parts)
    before = totals(parts)
    with progress_lost(parts):
        publish(parts, *calls("lost", 20))
        settle(parts)
    settle(parts)
    became = since(before, parts)
    assert (became.accepted, became.resealed, became.out_of_chain) == (20, 2 * 20, 0)
    check_exactly_once(parts)
    verify_whole_log(parts)


def test_progress_lost_in_the_middle_of_a_log_that_went_on_heals(parts: Runtime) -> None:
    """What is sealed again runs into what comes next: the chain goes on where it was."""
    before = totals(parts)
    with progress_lost(parts):
        publish(parts, *calls("first half", 7))
        settle(parts)
    publish(parts, *calls("second half", 9))
    settle(parts)
    became = since(before, parts)
    assert (became.accepted, became.resealed, became.out_of_chain) == (7 + 9, 2 * 7, 0)
    check_exactly_once(parts)


class Overtaken:
    """A writer that lets another sealer seal the same batch first."""

    def __init__(self, writer: LedgerWriter, other: SealerLoop) -> None:
        self._writer = writer
        self._other = other

    def append(self, records: Sequence[OutgoingRecord]) -> None:
        """Appends second."""
        while self._other.step() == 0:
            pass
        self._writer.append(records)


def test_second_sealer_on_an_inbox_partition_loses_and_stops(parts: Runtime) -> None:
    """Both send, one moves the progress; the other learns it, and what it sent has no effect."""
    publish(parts, *calls("two sealers", 10))
    before = totals(parts)
    with (
        parts.sealer_loop((1, 1)) as first,
        LedgerWriter(parts.kafka) as writer,
        sealer_loop_writing_to(parts, Overtaken(writer, first)) as second,
        pytest.raises(ProgressMoved),
    ):
        step_on(second)
    settle(parts)
    became = since(before, parts)
    assert (became.accepted, became.resealed, became.out_of_chain) == (10, 2 * 10, 0)
    check_exactly_once(parts)


def test_second_sealer_that_comes_late_sends_nothing(parts: Runtime) -> None:
    """It notices before it resolves anybody: who was forgotten meanwhile would be somebody new to it."""
    before = totals(parts)
    with parts.sealer_loop((1, 1)) as first, parts.sealer_loop((1, 1)) as second:
        publish(parts, *calls("late sealer", 10))
        sealed = 0
        while sealed < 10:
            sealed += first.step()
        with pytest.raises(ProgressMoved):
            step_on(second)
    settle(parts)
    became = since(before, parts)
    assert (became.accepted, became.resealed, became.out_of_chain) == (10, 0, 0)
    check_exactly_once(parts)


def step_on(loop: SealerLoop) -> None:
    """Seals until it raises."""
    while True:
        loop.step()


def test_two_sealer_processes_that_keep_coming_back_are_slow_but_never_wrong(
    home: LedgerHome, parts: Runtime, tmp_path: Path
) -> None:
    """Two supervisors by mistake: both sealers are restarted for ever, and every record takes effect once."""
    logs = [tmp_path / "one", tmp_path / "two"]
    for directory in logs:
        directory.mkdir()
    with (
        Supervisor(home.settings, ("seal",), logs[0]) as one,
        Supervisor(home.settings, ("seal",), logs[1]) as two,
        home.process("record"),
    ):
        stopped = threading.Event()

        def tend() -> None:
            while not stopped.wait(0.1):
                one.tend()
                two.tend()

        tending = threading.Thread(target=tend)
        tending.start()
        try:
            for number in range(20):
                publish(parts, *calls(f"fought over {number}", 10))
                stopped.wait(0.1)
            await_recorded(home)
        finally:
            stopped.set()
            tending.join()
    check_exactly_once(parts)
    verify_whole_log(parts)


class LosesOne:
    """A writer whose broker drops one record of the first batch and says so after taking the others."""

    def __init__(self, writer: LedgerWriter, lost: int | None) -> None:
        self._writer = writer
        self._lost = lost
        self.sent: list[OutgoingRecord] = []

    def append(self, records: Sequence[OutgoingRecord]) -> None:
        """Appends all but one, or all, and reports failure either way."""
        self.sent = list(records)
        self._writer.append([record for place, record in enumerate(records) if place != self._lost])
        raise AppendUnclear("appending to the ledger topic", found="a record that was not acknowledged")


@pytest.mark.parametrize(
    "lost", [0, 6, None], ids=["first", "in the middle", "none: stored, reported failed"]
)
def test_failed_send_leaves_progress_and_the_chain_heals_on_the_next_run(
    parts: Runtime, lost: int | None
) -> None:
    """Later records of the chain arrive without the lost one: out of chain, no effect, counted; then all is well."""
    publish(parts, *calls(f"send failure {lost}", 8))
    before, progress = totals(parts), sealed_up_to(parts)
    with LedgerWriter(parts.kafka) as real:
        writer = LosesOne(real, lost)
        with sealer_loop_writing_to(parts, writer) as loop, pytest.raises(AppendUnclear):
            loop.step()
    assert progress == sealed_up_to(parts)
    record_all(parts)
    in_vain = [] if lost is None else writer.sent[lost + 1 :]
    out_of_chain = sum(record.partition == writer.sent[lost or 0].partition for record in in_vain)
    assert (out_of_chain, 0) == (since(before, parts).out_of_chain, since(before, parts).resealed)
    settle(parts)
    became = since(before, parts)
    took_effect_at_first = len(writer.sent) - (0 if lost is None else 1) - out_of_chain
    assert (8, took_effect_at_first) == (became.accepted, became.resealed)
    check_exactly_once(parts)
    verify_whole_log(parts)


def start_until_sealed(home: LedgerHome, *, starts_max: int) -> list[int]:
    """Starts the sealer that dies of poison again and again, as a supervisor would; its exit codes."""
    exit_codes: list[int] = []
    while not exit_codes or exit_codes[-1] != 0:
        assert len(exit_codes) < starts_max, f"a crash loop: {exit_codes}"
        done = subprocess.run(
            [sys.executable, str(POISONED_SEALER)],
            env=home.environment | {"PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        assert done.returncode in {0, KILLED}, done.stderr.decode()
        exit_codes.append(done.returncode)
    return exit_codes


@pytest.mark.parametrize(
    ("poisoned", "deaths"),
    [
        # The first death is the batch's: only when the poison stands first does it count for the poison itself.
        pytest.param([0], ATTEMPTS_MAX, id="first of its batch"),
        pytest.param([5], 1 + ATTEMPTS_MAX, id="in the middle"),
        pytest.param([3, 4], 1 + 2 * ATTEMPTS_MAX, id="two in a row"),
    ],
)
def test_record_that_kills_the_sealer_is_given_up_on_and_its_neighbours_are_sealed(
    home: LedgerHome, parts: Runtime, poisoned: list[int], deaths: int
) -> None:
    """After three attempts of its own it becomes `attempts_exhausted`; nothing else is lost, no crash loop."""
    name = f"poisoned at {poisoned}"
    records = calls(name, 8)
    for place in poisoned:
        records[place] = records[place]._replace(value=records[place].value + POISON)
    before = totals(parts)
    published = publish(parts, *records)
    assert [KILLED] * deaths + [0] == start_until_sealed(home, starts_max=deaths + 1)
    record_all(parts)
    became = since(before, parts)
    assert (8 - len(poisoned), len(poisoned)) == (became.accepted, became.rejected)
    rows = home.json("rejected", "list")["rejected"][-len(poisoned) :]
    assert [("attempts_exhausted", ATTEMPTS_MAX)] * len(poisoned) == [
        (row["reason"], row["attempts"]) for row in rows
    ]
    expected = [f"{published[n].topic}:{published[n].partition}:{published[n].offset}" for n in poisoned]
    assert expected == [row["source"] for row in rows]
    check_exactly_once(parts)


def trim(parts: Runtime, topic: str, partition: int, first_kept: int) -> None:
    """Deletes a partition's records before an offset, as retention does."""
    admin = KafkaAdminClient(bootstrap_servers=parts.kafka)
    try:
        admin.delete_records({KafkaTopicPartition(topic, partition): first_kept})
    finally:
        admin.close()


def test_inbox_trimmed_past_the_position_stops_the_sealer(own_home: LedgerHome) -> None:
    """Records that expired before they were sealed are never jumped over: it stops and says what is lost."""
    with own_home.parts() as parts:
        (first,) = publish(parts, *calls("sealed", 1))
        settle(parts)
        publish(parts, *calls("expired", 3))
        trim(parts, first.topic, first.partition, first.offset + 3)
        done = own_home.run("seal")
        assert done.returncode == 1
        stderr = done.stderr.decode()
        expected = (
            f"inbox data lost before sealing: {first.topic} partition {first.partition}; expected offset 1"
        )
        assert expected in stderr
        assert "have the publishers send them again" in stderr
        with pytest.raises(InboxDataLost), parts.sealer_loop((1, 1)):
            pass


def test_inbox_trimmed_up_to_the_position_goes_on(own_home: LedgerHome) -> None:
    """Retention takes what was sealed: that is what it is for."""
    with own_home.parts() as parts:
        (first, *_) = publish(parts, *calls("sealed", 4))
        settle(parts)
        trim(parts, first.topic, first.partition, first.offset + 4)
        publish(parts, *calls("after", 2))
        settle(parts)
        assert totals(parts).accepted == 6
        verify_whole_log(parts)


def test_inbox_that_ends_before_the_position_stops_the_sealer(home: LedgerHome, parts: Runtime) -> None:
    """A topic that was recreated is not the one that was sealed."""
    settle(parts)
    with vault_database(parts) as connection:
        row = connection.execute(
            "SELECT topic, partition, next_offset FROM sealer_progress LIMIT 1"
        ).fetchone()
        assert row is not None
        moved = "UPDATE sealer_progress SET next_offset = %s WHERE topic = %s AND partition = %s"
        connection.execute(moved, (row[2] + 100, *row[:2]))
        try:
            done = home.run("seal")
        finally:
            connection.execute(moved, (row[2], *row[:2]))
    assert done.returncode == 1
    assert f"inbox data lost before sealing: {row[0]} partition {row[1]}" in done.stderr.decode()


def test_fifty_first_events_of_one_subject_in_parallel_are_about_one_subject(parts: Runtime) -> None:
    """Eight sealers meet somebody for the first time at once: one pseudonym, one key, everything opens."""
    number, sealers = "+3197010007777", 8
    identifier = Identifier(IdentifierKind.PHONE, number)
    settle(parts)
    publish(
        parts,
        *(
            inbox_record(event_type, f"{event_type} {place}", subject_phone=number)._replace(
                key=b"%d" % place
            )
            for place in range(10)
            for event_type in ("consent.given", "data.accessed", "data.exported")
        ),
        *(call(f"first {place}", number, number)._replace(key=b"%d" % place) for place in range(20)),
    )
    ready, errors = threading.Barrier(sealers), []

    def seal(slot: int) -> None:
        try:
            with parts.sealer_loop((slot, sealers)) as loop:
                ready.wait()
                while loop.step():
                    pass
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=seal, args=(slot,)) for slot in range(1, sealers + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with parts.vault() as vault:
        ((_, subject),) = vault.find_subjects(identifier)
        entries = [
            entry
            for record in ledger_records(parts)
            if isinstance(entry := decode_record(record.value or b""), Entry) and entry.stream == subject
        ]
        ring = read_keys(vault, entries)
    assert len(entries) == 50
    assert all(number in open_record(ring, entry).values() for entry in entries)
    with psycopg.connect(parts.vault_dsn) as connection:
        keys = connection.execute(
            "SELECT retention_class FROM vault.subject_key WHERE subject = %s", (subject,)
        ).fetchall()
    assert len(keys) == len(set(keys)), "one key per class"
    record_all(parts)
    check_exactly_once(parts)


def test_sealing_goes_on_where_another_sealer_stopped_in_the_middle_of_a_batch(home: LedgerHome) -> None:
    """Batches are cut anywhere: a small one, then the rest in one go."""
    small = home.settings.model_copy(update={"batch_size_max": 3})
    with home.parts() as parts:
        publish(parts, *calls("cut", 10))
        few = Runtime(
            settings=small,
            kafka=parts.kafka,
            store_dsn=parts.store_dsn,
            vault_dsn=parts.vault_dsn,
            key_encryption=parts.key_encryption,
        )
        with few.sealer_loop((1, 1)) as loop:
            assert loop.step() == 3
        before = totals(parts)
        seal_all(parts)
        record_all(parts)
        assert (since(before, parts).accepted, since(before, parts).resealed) == (10, 0)
        check_exactly_once(parts)
