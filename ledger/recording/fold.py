"""The recorder's decision core: a batch of ledger records in, every row it causes out.

Owns: repeats, the order of folding, judging and projecting. Leaves to others: chain verdicts (`linking`), what an entry
decides (`subject_judgements`, `case_judgements`, `judgements`), reading Kafka, loading what is known and writing the
rows (`ledger.store`), the order of effects (`consumers/recorder.py`).

State is a pure function of ledger bytes (DESIGN section 3, invariant 3): nothing here reads a clock, a key, a
random number or the batch's boundaries.
"""

from collections.abc import Sequence
from uuid import UUID

from ledger.aggregates.cases import Case
from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.registry import unseen_for
from ledger.aggregates.streams import SNAPSHOT_EVERY, LedgerAggregate, LedgerEvent, LedgerSnapshot, Stream
from ledger.aggregates.unattributed import Unattributed
from ledger.entry import Entry, LedgerRecord
from ledger.log.placement import GOVERNANCE_PARTITION
from ledger.projections import projections_of
from ledger.projections.projection import Recorded
from ledger.projections.trail_ends import begins_at
from ledger.recording.case_judgements import judge_governance_fact
from ledger.recording.chain import ChainVerdict
from ledger.recording.differences import NO_OUTCOME, Outcome, opened
from ledger.recording.effects import (
    ChainKey,
    Counters,
    Effects,
    IgnoredRecord,
    LogRecord,
    StoredEntry,
)
from ledger.recording.judgements import governance_judgements, result_judgements
from ledger.recording.known import Known, TrailEnd
from ledger.recording.linking import Linked
from ledger.recording.repeats import judge_repeat
from ledger.recording.subject_judgements import record_about_nobody, record_about_subject

REPEATED = "repeated"
"""A publisher's own repeat: a fact whose source and id its stream has seen before."""


def fold(linked: Sequence[Linked], known: Known) -> Effects:
    """Folds a batch into its effects.

    Args:
        linked: records in offset order within each partition, from `link`.
        known: changed in place.
    """
    effects = Effects()
    for each in linked:
        _fold_one(effects, each, known)
        if each.log_record.partition == GOVERNANCE_PARTITION:
            # Whether it took effect or not: everything up to it is known now.
            known.judge.governance.reach(each.log_record.offset + 1)
    return effects


def _fold_one(effects: Effects, linked: Linked, known: Known) -> None:
    log_record, verdict, key = linked
    counters = effects.counters.setdefault(log_record.partition, Counters())
    record = log_record.record
    if verdict is not ChainVerdict.ACCEPTED:
        _count(counters, verdict)
        effects.ignored.append(_ignored(log_record, verdict.value))
        return
    effects.marks[ChainKey(record.source_topic, record.source_partition, log_record.partition)] = (
        record.position
    )
    if key is None or not isinstance(record, Entry):
        counters.rejected += 1
        counters.entries += 1
        _take_effect(effects, log_record, None, known)
        return
    if key in known.seen:
        counters.duplicates += record.part == 0
        effects.ignored.append(_ignored(log_record, REPEATED))
        _project(effects, known, _repeated(log_record, record, known.seen[key]))
        return
    counters.accepted += record.part == 0
    counters.entries += 1
    known.seen[key] = record.content_mac
    _take_effect(effects, log_record, key, known)


def _take_effect(effects: Effects, log_record: LogRecord, key: UUID | None, known: Known) -> None:
    record = log_record.record
    aggregate = known.aggregates.get(record.stream)
    if aggregate is None:
        aggregate = known.aggregates[record.stream] = unseen_for(record)
    event, outcome = _record(aggregate, record, log_record, known)
    effects.entries.append(
        StoredEntry(
            record.stream,
            aggregate.version,
            event.TOPIC,
            log_record.value,
            log_record.partition,
            log_record.offset,
            key,
        )
    )
    if aggregate.version % SNAPSHOT_EVERY == 0:
        # Exactly here, not at the end of the batch: snapshots must not depend on how records were batched.
        effects.snapshots.append(LedgerSnapshot.take(aggregate))
    _project(
        effects,
        known,
        Recorded(
            partition=log_record.partition,
            offset=log_record.offset,
            version=aggregate.version,
            record=record,
            judgements=outcome.judgements,
            shown=outcome.shown,
            deadlines=outcome.deadlines,
        ),
    )


def _record(
    aggregate: LedgerAggregate, record: LedgerRecord, log_record: LogRecord, known: Known
) -> tuple[LedgerEvent, Outcome]:
    """Folds a record into its aggregate and judges it. What a stream is never changes."""
    offset = log_record.offset
    if isinstance(aggregate, DataSubject) and isinstance(record, Entry):
        event, outcome = record_about_subject(aggregate, record, offset, known)
        results = result_judgements(record, offset, known.incomplete)
        return event, outcome.and_also(Outcome(tuple(results))) if results else outcome
    if isinstance(aggregate, Unattributed) and isinstance(record, Entry):
        return record_about_nobody(aggregate, record, offset, known)
    if isinstance(aggregate, Case) and isinstance(record, Entry):
        event = aggregate.record(record, offset)
    else:
        assert isinstance(aggregate, Stream)  # noqa: S101 # the kinds above are all there are
        event = aggregate.record(record, offset)
    if log_record.partition != GOVERNANCE_PARTITION or not isinstance(record, Entry):
        return event, NO_OUTCOME
    known.judge.governance.add(offset, record)
    if (begins := begins_at(record)) is not None:
        known.trail_ends.append(TrailEnd(offset, begins))
    wrong = governance_judgements(record, offset, known.judge.governance)
    return event, wrong.and_also(judge_governance_fact(known.judge, record, offset))


def _repeated(log_record: LogRecord, entry: Entry, first_mac: bytes | None) -> Recorded:
    """A repeat: what is found on it, and that it was a retry of rejected input, if it was; nothing else."""
    finding = judge_repeat(entry, first_mac)
    return Recorded(
        partition=log_record.partition,
        offset=log_record.offset,
        version=None,
        record=entry,
        judgements=opened(
            () if finding is None else (finding,), offset=log_record.offset, occurred_at=entry.occurred_at
        ),
    )


def _project(effects: Effects, known: Known, recorded: Recorded) -> None:
    record = recorded.record
    for projection in projections_of(record.event_type if isinstance(record, Entry) else None):
        if projection.follows_from is not None:
            followed = known.firsts.setdefault(projection.followed_name, set())
            cause = (recorded.partition, projection.follows_from(recorded))
            if cause in followed:
                continue
            followed.add(cause)
        for table, row in projection.apply(recorded):
            if table.first_of:
                written = known.firsts.setdefault(table.name, set())
                key = table.first_key(row)
                if key in written:
                    continue
                written.add(key)
            effects.rows.setdefault(table, []).append(row)


def _count(counters: Counters, verdict: ChainVerdict) -> None:
    if verdict is ChainVerdict.RESEALED:
        counters.resealed += 1
    else:
        counters.out_of_chain += 1


def _ignored(log_record: LogRecord, kind: str) -> IgnoredRecord:
    record = log_record.record
    return IgnoredRecord(
        log_record.partition,
        log_record.offset,
        kind,
        record.source_topic,
        record.source_partition,
        record.source_offset,
        record.part,
        log_record.value,
    )
