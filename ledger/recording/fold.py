"""The recorder's decision core: a batch of ledger records in, every row it causes out.

Owns: chain verdicts, repeats, folding, judging, projecting. Leaves to others: reading Kafka, loading what is
known and writing the rows (`ledger.store`), the order of effects (`consumers/recorder.py`).

State is a pure function of ledger bytes (DESIGN section 3, invariant 3): nothing here reads a clock, a key, a
random number or the batch's boundaries.
"""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.streams import SNAPSHOT_EVERY, LedgerAggregate, LedgerEvent, LedgerSnapshot, Stream
from ledger.entry import Entry, LedgerRecord, SourcePosition, StreamKind
from ledger.projections import projections_of
from ledger.projections.projection import Recorded
from ledger.projections.trail_ends import begins_at
from ledger.recording.chain import ChainVerdict, judge_link
from ledger.recording.effects import (
    ChainKey,
    Counters,
    Effects,
    IgnoredRecord,
    LogRecord,
    StoredEntry,
)
from ledger.recording.judgements import (
    ErasureKey,
    IncompleteErasure,
    governance_judgements,
    result_judgements,
)
from ledger.recording.repeats import fact_key, judge_repeat
from ledger.rules.consent import changes_consent, judge_consent, rests_on_consent
from ledger.rules.findings import Finding, Judgement, changed

TRAIL_FROM_THE_START = -(1 << 63)
REPEATED = "repeated"
"""A publisher's own repeat: a fact whose source and id its stream has seen before."""


class ConsentKey(NamedTuple):
    """One consent: whose, and for which purpose."""

    stream: UUID
    purpose: str


class UnderConsent(NamedTuple):
    """Processing that rests on a consent: when it happened, where it is recorded, what it was, when it was sealed."""

    occurred_at: int
    offset: int
    event_type: str
    sealed_at: int


class TrailEnd(NamedTuple):
    """From a governance offset on, entries sealed before a moment are no longer in the audit trail."""

    offset: int
    before: int


class Linked(NamedTuple):
    """A record with its chain verdict, and its fact's key when it is a fact that may take effect."""

    log_record: LogRecord
    verdict: ChainVerdict
    fact_key: UUID | None

    @property
    def takes_effect(self) -> bool:
        """Whether the chain lets it; a publisher's repeat still has none."""
        return self.verdict is ChainVerdict.ACCEPTED


def link(records: Sequence[LogRecord], marks: MutableMapping[ChainKey, SourcePosition]) -> list[Linked]:
    """Judges each record against its chain, moving the marks of those that take effect."""
    linked = []
    for log_record in records:
        record = log_record.record
        key = ChainKey(record.source_topic, record.source_partition, log_record.partition)
        verdict = judge_link(record.position, record.previous, marks.get(key))
        if verdict is ChainVerdict.ACCEPTED:
            marks[key] = record.position
        linked.append(Linked(log_record, verdict, _fact_key(record, verdict)))
    return linked


def _fact_key(record: LedgerRecord, verdict: ChainVerdict) -> UUID | None:
    if verdict is not ChainVerdict.ACCEPTED or not isinstance(record, Entry):
        return None
    return fact_key(record.stream, record.event_source, record.event_id)


def consent_changes(records: Iterable[LedgerRecord]) -> dict[ConsentKey, int]:
    """The consents some records change -> when the earliest of those changes happened."""
    since: dict[ConsentKey, int] = {}
    for record in records:
        if isinstance(record, Entry) and changes_consent(record):
            key = ConsentKey(record.stream, record.purpose)
            since[key] = min(record.occurred_at, since.get(key, record.occurred_at))
    return since


@dataclass(kw_only=True)
class Known:
    """What is known before a batch; a fold adds to it what the batch makes known.

    `seen`: fact key -> content MAC, of every fact of the batch that is stored already.
    `aggregates`: stream -> aggregate, of every stream of the batch that has records.
    `trail_ends`: the ends of the audit trail that are recorded.
    `under_consent`: for each consent the batch changes, the processing that rests on it since then.
    `incomplete`: of the erasures the batch has results of, those whose last result is that they are incomplete.
    `firsts`: table name -> keys of rows that are written already, for tables that keep the first only; it may know
    too few, because the store keeps the first as well.
    """

    seen: MutableMapping[UUID, bytes | None] = field(default_factory=dict)
    aggregates: MutableMapping[UUID, LedgerAggregate] = field(default_factory=dict)
    under_consent: MutableMapping[ConsentKey, list[UnderConsent]] = field(default_factory=dict)
    trail_ends: list[TrailEnd] = field(default_factory=list)
    incomplete: MutableMapping[ErasureKey, IncompleteErasure] = field(default_factory=dict)
    firsts: MutableMapping[str, set[tuple[object, ...]]] = field(default_factory=dict)


def fold(linked: Sequence[Linked], known: Known) -> Effects:
    """Folds a batch into its effects.

    Args:
        linked: records in offset order within each partition, from `link`.
        known: changed in place.
    """
    effects = Effects()
    for log_record, verdict, key in linked:
        counters = effects.counters.setdefault(log_record.partition, Counters())
        record = log_record.record
        if verdict is not ChainVerdict.ACCEPTED:
            _count(counters, verdict)
            effects.ignored.append(_ignored(log_record, verdict.value))
            continue
        effects.marks[ChainKey(record.source_topic, record.source_partition, log_record.partition)] = (
            record.position
        )
        if key is None or not isinstance(record, Entry):
            counters.rejected += 1
            counters.entries += 1
            _take_effect(effects, log_record, None, known)
            continue
        if key in known.seen:
            counters.duplicates += record.part == 0
            effects.ignored.append(_ignored(log_record, REPEATED))
            _project(effects, known, _repeated(log_record, record, known.seen[key]))
            continue
        counters.accepted += record.part == 0
        counters.entries += 1
        known.seen[key] = record.content_mac
        _take_effect(effects, log_record, key, known)
    return effects


def _take_effect(effects: Effects, log_record: LogRecord, key: UUID | None, known: Known) -> None:
    record = log_record.record
    aggregate = known.aggregates.get(record.stream)
    if aggregate is None:
        aggregate = known.aggregates[record.stream] = _unseen(record)
    if isinstance(aggregate, DataSubject) and isinstance(record, Entry):
        event, judgements = _record_about_subject(aggregate, record, log_record.offset, known)
        judgements += result_judgements(record, log_record.offset, known.incomplete)
    else:
        assert isinstance(aggregate, Stream)  # noqa: S101 # a stream's kind never changes
        event, judgements = aggregate.record(record), governance_judgements(record, log_record.offset)
        if isinstance(record, Entry) and (begins := begins_at(record)) is not None:
            known.trail_ends.append(TrailEnd(log_record.offset, begins))
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
            judgements=tuple(judgements),
        ),
    )


def _unseen(record: LedgerRecord) -> LedgerAggregate:
    is_person = record.stream_kind == StreamKind.SUBJECT
    return DataSubject.unseen(record.stream) if is_person else Stream.unseen(record.stream)


def _record_about_subject(
    subject: DataSubject, entry: Entry, offset: int, known: Known
) -> tuple[LedgerEvent, list[Judgement]]:
    """Folds an entry and judges it, or, where it changes a consent, what rests on that consent."""
    key = ConsentKey(entry.stream, entry.purpose)
    if not changes_consent(entry):
        if not rests_on_consent(entry):
            return subject.record(entry), []
        if key in known.under_consent:
            known.under_consent[key].append(
                UnderConsent(entry.occurred_at, offset, entry.event_type, entry.sealed_at)
            )
        finding = judge_consent(subject.consent_at(entry.purpose, entry.occurred_at), entry.event_type)
        judged = changed(None, finding, offset=offset, occurred_at=entry.occurred_at)
        return subject.record(entry), judged
    begins = _trail_begins(known.trail_ends, entry.rules_at)
    affected = [
        it
        for it in known.under_consent[key]
        if it.occurred_at >= entry.occurred_at and it.sealed_at >= begins
    ]
    before = [_finding(subject, entry.purpose, it) for it in affected]
    event = subject.record(entry)
    return event, [
        judgement
        for it, was in zip(affected, before, strict=True)
        for judgement in changed(
            was, _finding(subject, entry.purpose, it), offset=it.offset, occurred_at=it.occurred_at
        )
    ]


def _trail_begins(ends: Sequence[TrailEnd], rules_at: int) -> int:
    """Where the trail begins for a record, by the governance facts it was sealed under: not by how far partition 0
    happens to be recorded, which a replay does not repeat."""
    return max((end.before for end in ends if end.offset < rules_at), default=TRAIL_FROM_THE_START)


def _finding(subject: DataSubject, purpose: str, it: UnderConsent) -> Finding | None:
    return judge_consent(subject.consent_at(purpose, it.occurred_at), it.event_type)


def _repeated(log_record: LogRecord, entry: Entry, first_mac: bytes | None) -> Recorded:
    """A repeat: what is found on it, and that it was a retry of rejected input, if it was; nothing else."""
    finding = judge_repeat(entry, first_mac)
    return Recorded(
        partition=log_record.partition,
        offset=log_record.offset,
        version=None,
        record=entry,
        judgements=tuple(changed(None, finding, offset=log_record.offset, occurred_at=entry.occurred_at)),
    )


def _project(effects: Effects, known: Known, recorded: Recorded) -> None:
    record = recorded.record
    for projection in projections_of(record.event_type if isinstance(record, Entry) else None):
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
