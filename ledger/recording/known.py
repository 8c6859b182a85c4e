"""What a recorder must know before it folds a batch, and what of it a batch asks for. Pure.

A fact can show earlier processing in another light. What it may change is loaded before the fold: for a change of
consent what rests on that consent, for an objection, a restriction, an erasure or a minor everything processed of the
person since then.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.open_fields import fields_of
from ledger.aggregates.request_statements import OBJECTION
from ledger.aggregates.restriction_details import restriction_id_of
from ledger.aggregates.rights_request import RightsRequest
from ledger.aggregates.streams import LedgerAggregate
from ledger.aggregates.unattributed import Unattributed
from ledger.entry import Entry, LedgerRecord, StreamKind
from ledger.log.placement import GOVERNANCE_PARTITION
from ledger.recording.governance_facts import GovernanceFacts
from ledger.recording.judge import Judge
from ledger.recording.judgements import ErasureKey, IncompleteErasure
from ledger.recording.linking import Linked
from ledger.rules.consent import changes_consent
from ledger.rules.personal import Processed

RECEIVED, REFUSED, WITHDRAWN = "request.received", "request.refused", "request.withdrawn"
OBJECTION_FACTS = frozenset({RECEIVED, REFUSED, WITHDRAWN})
"""Facts of a request that change what an objection bars."""
ANSWERED = "request.answered"
RESTRICTED, LIFTED = "processing.restricted", "restriction.lifted"
ERASED, MINOR_FOUND = "erasure.verified", "minor.found"
OF_OBJECTIONS = OBJECTION_FACTS | {ANSWERED}
PERSONAL_FACTS = OF_OBJECTIONS | {RESTRICTED, LIFTED, ERASED, MINOR_FOUND}
"""Facts beside changes of consent that show processing of the same person in another light; or, once an objection is
answered, that there was none."""

TRAIL_FROM_THE_START = -(1 << 63)


class ConsentKey(NamedTuple):
    """One consent: whose, and for which purpose."""

    stream: UUID
    purpose: str


class TrailEnd(NamedTuple):
    """From a governance offset on, entries sealed before a moment are no longer in the audit trail."""

    offset: int
    before: int


@dataclass(kw_only=True)
class Known:
    """What is known before a batch; a fold adds to it what the batch makes known.

    `seen`: fact key -> content MAC, of every fact of the batch that is stored already.
    `aggregates`: stream -> aggregate, of every stream of the batch that has records.
    `judge`: the governance facts below `governance_needed`, and what is judged by them.
    `trail_ends`: the ends of the audit trail that are recorded.
    `under_consent`: for each consent the batch changes, the processing that rests on it since then.
    `processed`: for each person whose objections, restrictions, erasure or minority the batch changes, the processing
        since then.
    `incomplete`: of the erasures the batch has results of, those whose last result is that they are incomplete.
    `firsts`: table name -> keys of rows that are written already, for tables that keep the first only; it may know
    too few, because the store keeps the first as well.
    """

    seen: MutableMapping[UUID, bytes | None] = field(default_factory=dict)
    aggregates: MutableMapping[UUID, LedgerAggregate] = field(default_factory=dict)
    judge: Judge = field(default_factory=lambda: Judge(GovernanceFacts()))
    under_consent: MutableMapping[ConsentKey, list[Processed]] = field(default_factory=dict)
    processed: MutableMapping[UUID, list[Processed]] = field(default_factory=dict)
    trail_ends: list[TrailEnd] = field(default_factory=list)
    incomplete: MutableMapping[ErasureKey, IncompleteErasure] = field(default_factory=dict)
    firsts: MutableMapping[str, set[tuple[object, ...]]] = field(default_factory=dict)

    def in_trail(self, processed: Iterable[Processed], rules_at: int) -> list[Processed]:
        """Those that were still in the audit trail for a record sealed under these rules.

        By the governance facts it was sealed under, not by how far partition 0 happens to be recorded, which a replay
        does not repeat.
        """
        begins = max(
            (end.before for end in self.trail_ends if end.offset < rules_at), default=TRAIL_FROM_THE_START
        )
        return [it for it in processed if it.sealed_at >= begins]


def governance_needed(linked: Iterable[Linked], aggregates: Mapping[UUID, LedgerAggregate]) -> int:
    """Up to which offset of partition 0, exclusive, the governance facts must be known before a batch is folded.

    What the batch itself has of partition 0 comes to be known as it is folded; a record is read only once its own
    `rules_at` is reached (`readiness`). What an earlier fact of the same person was judged by is needed again.
    """
    needed, streams = 0, set[UUID]()
    for log_record, _, _ in linked:
        if log_record.partition == GOVERNANCE_PARTITION:
            return log_record.offset
        needed = max(needed, log_record.record.rules_at)
        streams.add(log_record.record.stream)
    return max((needed, *(at for stream in streams for at in _judged_at(aggregates.get(stream)))))


def _judged_at(aggregate: LedgerAggregate | None) -> Iterable[int]:
    """The `rules_at` that requests, and what is owed to a minor, were judged by until now."""
    if isinstance(aggregate, DataSubject | Unattributed):
        yield from (request.rules_at or 0 for request in aggregate.requests.values())
    if isinstance(aggregate, DataSubject) and aggregate.minority.rules_at is not None:
        yield aggregate.minority.rules_at
        yield from (found.rules_at for found in aggregate.minority.found)


def consent_changes(records: Iterable[LedgerRecord]) -> dict[ConsentKey, int]:
    """The consents some records change -> when the earliest of those changes happened."""
    since: dict[ConsentKey, int] = {}
    for record in records:
        if isinstance(record, Entry) and changes_consent(record):
            key = ConsentKey(record.stream, record.purpose)
            since[key] = min(record.occurred_at, since.get(key, record.occurred_at))
    return since


def personal_changes(
    records: Iterable[LedgerRecord], aggregates: Mapping[UUID, LedgerAggregate]
) -> dict[UUID, int]:
    """The people about whom some records change what processing is held against -> since when it may look different.

    Args:
        records: of a batch.
        aggregates: those of their streams, before the batch. A fact can change what an earlier one began: a lifting is
            about the whole of its restriction.
    """
    since: dict[UUID, int] = {}
    facts = [record for record in records if isinstance(record, Entry) and _is_personal(record)]
    objecting = {entry.stream for entry in facts if _objects(entry)}
    for entry in facts:
        subject = aggregates.get(entry.stream)
        known = subject if isinstance(subject, DataSubject) else None
        if entry.event_type in OF_OBJECTIONS and entry.stream not in objecting and not _objections(known):
            continue
        begins = min((entry.occurred_at, *_begun(entry, known)))
        since[entry.stream] = min(begins, since.get(entry.stream, begins))
    return since


def _is_personal(entry: Entry) -> bool:
    return entry.event_type in PERSONAL_FACTS and entry.stream_kind == StreamKind.SUBJECT


def _objects(entry: Entry) -> bool:
    return entry.event_type == RECEIVED and fields_of(entry.open_fields).get("right") == OBJECTION


def _objections(subject: DataSubject | None) -> list[RightsRequest]:
    """Requests that are, or by some statement were, objections."""
    requests = subject.requests.values() if subject else ()
    return [each for each in requests if any(receipt.right == OBJECTION for receipt in each.receipts)]


def _begun(entry: Entry, subject: DataSubject | None) -> Iterable[int]:
    """When what the fact is about began, as far as that was known before."""
    if subject is None:
        return
    if entry.event_type in OF_OBJECTIONS:
        yield from (receipt.occurred_at for each in _objections(subject) for receipt in each.receipts)
    elif entry.event_type in {RESTRICTED, LIFTED}:
        restriction = subject.restrictions.get(restriction_id_of(entry.open_fields))
        if restriction is not None and restriction.since is not None:
            yield restriction.since
    elif entry.event_type == MINOR_FOUND:
        yield from (found.occurred_at for found in subject.minority.found[:1])
