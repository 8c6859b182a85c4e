"""Effects follow from the log's records alone: not from how they are batched, nor how partitions interleave."""

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.streams import SNAPSHOT_EVERY, LedgerSnapshot
from ledger.entry import Entry, Rejected
from ledger.projections import PROJECTIONS
from ledger.recording import fold as fold_module
from ledger.recording.effects import LogRecord
from ledger.recording.fold import REPEATED
from ledger.recording.known import Known
from ledger.recording.linking import Linked
from tests.unit.recording.logs import (
    NAMED,
    REJECTED_STREAM,
    LogBuilder,
    interleaved,
    logs,
    long_log,
    split,
)
from tests.unit.recording.memory_store import JudgementRow, MemoryStore, recorded

ALICE, BOB = UUID(int=1), UUID(int=3)
CUTS = st.sets(st.integers(1, 40))
TABLES = {table.name: table for projection in PROJECTIONS for table in projection.tables}


@settings(max_examples=150, deadline=None)
@given(logs(), CUTS)
def test_any_batch_split_gives_the_same_effects(log: list[LogRecord], cuts: set[int]) -> None:
    """One batch, single records, or anything between: the same rows in the same order."""
    whole = recorded([log]).everything()
    assert whole == recorded(split(log, cuts)).everything()
    assert whole == recorded([[record] for record in log]).everything()


@settings(max_examples=100, deadline=None)
@given(logs(), CUTS, st.integers(0, 2**32 - 1))
def test_any_interleaving_of_partitions_gives_the_same_rows(
    log: list[LogRecord], cuts: set[int], seed: int
) -> None:
    """Another recorder may read the partitions in another order; each partition's rows stay the same."""
    other = interleaved(log, Random(seed))
    assert recorded([log]).by_partition() == recorded(split(other, cuts)).by_partition()


@pytest.mark.parametrize("seed", range(3))
def test_long_log_gives_the_same_snapshots_however_batched(seed: int) -> None:
    """Snapshots stand at exactly every hundredth version, whatever batch that falls in."""
    log, random = long_log(seed, 700), Random(seed)
    whole = recorded([log])
    cuts = {random.randrange(len(log)) for _ in range(random.choice((3, 40)))}
    assert whole.everything() == recorded(split(log, cuts)).everything()
    assert whole.by_partition() == recorded(split(interleaved(log, random), cuts)).by_partition()
    versions = {(stream, version) for stream, version, _, _ in whole.snapshots}
    lengths = _lengths(whole)
    due = {
        (stream, version)
        for stream, length in lengths.items()
        for version in range(SNAPSHOT_EVERY, length + 1, SNAPSHOT_EVERY)
    }
    assert due == versions
    assert len(versions) >= 3, "the log is long enough for this test to say something"
    assert {ignored.kind for ignored in whole.ignored} >= {"resealed", "repeated"}
    assert whole.rows["findings"]


@settings(max_examples=100, deadline=None)
@given(logs())
def test_every_record_is_an_entry_or_ignored(log: list[LogRecord]) -> None:
    """Nothing is refused or lost: each leaf is kept verbatim on one side, and the counters add up."""
    store = recorded([log])
    kept = [(each.partition, each.offset, each.value) for each in store.entries]
    kept += [(each.partition, each.offset, each.value) for each in store.ignored]
    assert sorted((r.partition, r.offset, r.value) for r in log) == sorted(kept)
    sums = {name: sum(each[name] for each in store.counters.values()) for name in _COUNTERS}
    kinds = [ignored.kind for ignored in store.ignored]
    assert {
        "entries": len(store.entries),
        "accepted": len(store.entries) - len(store.rows.get("rejections", [])),
        "rejected": len(store.rows.get("rejections", [])),
        "duplicates": kinds.count("repeated"),
        "resealed": kinds.count("resealed"),
        "out_of_chain": kinds.count("out_of_chain"),
    } == sums


@settings(max_examples=100, deadline=None)
@given(logs())
def test_rows_are_in_an_order_of_their_own(log: list[LogRecord]) -> None:
    """No two rows of a table share the columns its digest orders by, so the digest has one order."""
    for name, rows in recorded([log]).rows.items():
        table = TABLES[name]
        places = [table.column_names.index(column) for column in table.order_by]
        keys = [tuple(row[place] for place in places) for row in rows]
        assert len(keys) == len(set(keys)), name


@settings(max_examples=50, deadline=None)
@given(logs())
def test_versions_are_dense_within_each_stream(log: list[LogRecord]) -> None:
    """Every stream's entries count from 1, in offset order, whatever was ignored between."""
    versions: dict[UUID, list[int]] = {}
    for entry in recorded([log]).entries:
        versions.setdefault(entry.stream, []).append(entry.version)
    assert {stream: list(range(1, len(each) + 1)) for stream, each in versions.items()} == versions


_COUNTERS = ("entries", "accepted", "rejected", "duplicates", "resealed", "out_of_chain")


def _lengths(store: MemoryStore) -> dict[UUID, int]:
    return {entry.stream: entry.version for entry in store.entries}


class Outcome(NamedTuple):
    """What a small log came to, for one partition."""

    kinds: list[str]
    counters: dict[str, int]


def outcome(log: Sequence[LogRecord], partition: int) -> Outcome:
    """What became of each record of a partition, in offset order, and its counters that are not 0."""
    store = recorded([log])
    kind_at = {(it.partition, it.offset): it.kind for it in store.ignored}
    kinds = [
        kind_at.get((partition, record.offset), "entry") for record in log if record.partition == partition
    ]
    return Outcome(kinds, {name: n for name, n in store.counters[partition].items() if n})


def test_record_sealed_again_has_no_second_effect() -> None:
    """A restarted sealer sends what it sent; the second is a leaf and nothing more."""
    log = LogBuilder()
    log.fact(ALICE, event_id="call-1")
    log.resend(0)
    assert Outcome(["entry", "resealed"], {"entries": 1, "accepted": 1, "resealed": 1}) == outcome(
        log.records, 1
    )


def test_nothing_takes_effect_past_a_lost_record() -> None:
    """What follows a hole waits for the sealer's restart."""
    log = LogBuilder()
    log.fact(ALICE, event_id="call-1")
    log.fact(ALICE, event_id="call-2", lost=True)
    log.fact(ALICE, event_id="call-3")
    log.fact(ALICE, event_id="call-4", inbox=1)
    assert Outcome(
        ["entry", "out_of_chain", "entry"], {"entries": 2, "accepted": 2, "out_of_chain": 1}
    ) == outcome(log.records, 1)


def test_hole_does_not_stop_other_ledger_partitions() -> None:
    """Chains are kept per pair of partitions: what others lost is not their hole."""
    log = LogBuilder()
    log.fact(ALICE, event_id="call-1", lost=True)
    log.fact(BOB, event_id="call-2")
    assert Outcome(["entry"], {"entries": 1, "accepted": 1}) == outcome(log.records, 2)


def test_publishers_repeat_has_no_second_effect() -> None:
    """The same source and id at another inbox offset count once; the same content is no finding."""
    log = LogBuilder()
    log.fact(ALICE, event_id="call-1", content_mac=b"1" * 32)
    log.fact(ALICE, event_id="call-1", content_mac=b"1" * 32)
    assert Outcome(["entry", REPEATED], {"entries": 1, "accepted": 1, "duplicates": 1}) == outcome(
        log.records, 1
    )
    assert not recorded([log.records]).judgements()


def test_repeat_moves_the_chain() -> None:
    """A repeat is in the chain, so what follows it is not out of it."""
    log = LogBuilder()
    for event_id in ("call-1", "call-1", "call-2"):
        log.fact(ALICE, event_id=event_id)
    assert outcome(log.records, 1).kinds == ["entry", REPEATED, "entry"]


def test_same_id_in_another_stream_is_no_repeat() -> None:
    """A call is one event and two facts, one for each of its parties."""
    log = LogBuilder()
    log.fact(ALICE, event_id="call-1")
    log.fact(UUID(int=2), event_id="call-1")
    assert outcome(log.records, 1).kinds == ["entry", "entry"]


def test_reused_id_is_found_on_the_record_that_reuses_it() -> None:
    """Other content under an id that was taken: no second effect, and a finding on the second."""
    log = LogBuilder()
    log.fact(ALICE, event_id="call-1", content_mac=b"1" * 32)
    log.fact(ALICE, event_id="call-1", content_mac=b"2" * 32)
    store = recorded([log.records])
    assert [_judgement(row) for row in store.judgements()] == [("event_id_reused", 1, 1, "open")]
    assert len(store.rows["audit_trail"]) == 1


def test_repeat_of_processing_is_not_judged_again() -> None:
    """A repeat of processing without consent adds no finding: the first has it."""
    log = LogBuilder()
    for _ in range(2):
        log.fact(ALICE, event_id="call-1", lawful_basis="consent", content_mac=b"1" * 32)
    store = recorded([log.records])
    assert [_judgement(row) for row in store.judgements()] == [("processing_without_consent", 0, 0, "open")]


def test_repeat_of_a_withdrawal_judges_nothing() -> None:
    """A withdrawal sent twice withdraws once."""
    log = LogBuilder()
    log.fact(ALICE, event_id="given", event_type="consent.given", lawful_basis="consent", occurred_at=1)
    log.fact(ALICE, event_id="gone", event_type="consent.withdrawn", lawful_basis="consent", occurred_at=3)
    log.fact(ALICE, event_id="call", lawful_basis="consent", occurred_at=2)
    log.fact(ALICE, event_id="gone", event_type="consent.withdrawn", lawful_basis="consent", occurred_at=0)
    assert not recorded([log.records]).judgements()


def test_rejected_input_takes_effect_without_a_fact_key() -> None:
    """It is an entry of its stream and a row of its own, and is never a repeat."""
    log = LogBuilder()
    log.rejected()
    log.rejected()
    store = recorded([log.records])
    assert [(entry.stream, entry.version, entry.fact_key) for entry in store.entries] == [
        (REJECTED_STREAM, 1, None),
        (REJECTED_STREAM, 2, None),
    ]
    assert len(store.rows["rejections"]) == 2
    assert "audit_trail" not in store.rows
    assert {name: n for name, n in store.counters[1].items() if n} == {"entries": 2, "rejected": 2}


@pytest.mark.parametrize("stream", sorted(NAMED))
def test_facts_about_nobody_are_entries_without_judgement(stream: UUID) -> None:
    """Governance and unattributed facts are in the trail; consent is a person's, so nothing is held to it."""
    log = LogBuilder()
    log.fact(stream, lawful_basis="consent", event_id="one")
    log.fact(stream, lawful_basis="consent", event_type="consent.withdrawn", event_id="two")
    store = recorded([log.records])
    assert [entry.version for entry in store.entries] == [1, 2]
    assert len(store.rows["audit_trail"]) == 2
    assert not store.judgements()


def test_later_parts_are_not_counted_as_inbox_records() -> None:
    """An event about two people is one inbox record: counted by its first part."""
    log = LogBuilder()
    log.fact(ALICE, event_id="call-1", parts=2)
    first = log.records[0].record
    second = msgspec.structs.replace(
        first, part=1, stream=UUID(int=2), previous_offset=first.source_offset, previous_part=0
    )
    records = [*log.records, LogRecord(1, 1, b"second", second)]
    assert outcome(records, 1).counters == {"entries": 2, "accepted": 1}


def test_repeat_of_a_later_part_is_not_a_duplicate_of_its_own() -> None:
    """An event sent again is one duplicate, however many people it is about."""
    log = LogBuilder()
    log.fact(ALICE, event_id="call-1")
    log.fact(ALICE, event_id="call-1")
    repeat = log.records[1].record
    later = msgspec.structs.replace(repeat, part=1, previous_offset=1, previous_part=0)
    records = [*log.records, LogRecord(1, 2, b"the later part", later)]
    expected = {"entries": 1, "accepted": 1, "duplicates": 1}
    assert Outcome(["entry", REPEATED, REPEATED], expected) == outcome(records, 1)


def test_mutant_that_snapshots_at_the_end_of_a_batch_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots taken wherever a batch happens to end would make state depend on batching."""
    log = long_log(0, 300)
    original = fold_module.fold

    def snapshot_per_batch(linked: Sequence[Linked], known: Known) -> Any:
        effects = original(linked, known)
        effects.snapshots = [
            LedgerSnapshot.take(aggregate)
            for aggregate in known.aggregates.values()
            if isinstance(aggregate, DataSubject)
        ]
        return effects

    monkeypatch.setattr("consumers.recorder.fold", snapshot_per_batch)
    assert recorded([log]).everything() != recorded(split(log, {100, 200})).everything()


def test_mutant_that_forgets_what_a_batch_saw_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder that knows only stored facts takes a repeat within its batch for a new fact."""

    class Forgetful(dict[UUID, bytes | None]):
        def __setitem__(self, key: UUID, value: bytes | None) -> None:
            """Learns nothing."""

    original = fold_module.fold

    def forgetful(linked: Sequence[Linked], known: Known) -> Any:
        known.seen = Forgetful(known.seen)
        return original(linked, known)

    log = LogBuilder()
    for _ in range(2):
        log.fact(ALICE, event_id="call-1", content_mac=b"1" * 32)
    monkeypatch.setattr("consumers.recorder.fold", forgetful)
    assert recorded([log.records]).everything() != recorded([[each] for each in log.records]).everything()


def _judgement(row: JudgementRow) -> tuple[object, ...]:
    """Code, offset it is on, offset that judged it, state."""
    return row.code, row.offset, row.judged_by, row.state


def test_logs_hold_what_this_module_is_about() -> None:
    """The made-up logs do contain every kind of record, or the properties say nothing."""
    log = long_log(1, 700)
    kinds = {record.record.stream_kind for record in log}
    assert {"subject", "governance", "unattributed", "rejected"} == kinds
    assert {Entry, Rejected} == {type(record.record) for record in log}
