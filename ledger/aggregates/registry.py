"""Which aggregate a ledger record belongs to, and every event and snapshot a store may hold. Pure.

Owns: the literal tables of all aggregates, joined. Leaves to others: each aggregate (its module).

A governance fact belongs to a case only when it stands in that case's stream: what an older sealer put into the
controller's governance stream stays there, and a store that was written by an older program is rebuilt by a replay.
"""

from collections.abc import Mapping

from eventsourcing.utils import register_topic

from ledger.aggregates.agreement import Agreement
from ledger.aggregates.audit import Audit
from ledger.aggregates.breach import Breach
from ledger.aggregates.cases import COMMON_FACTS, REGISTERED_CASES, Case, CaseFact, case_name, case_stream
from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.disclosure import Disclosure
from ledger.aggregates.notice import Notice
from ledger.aggregates.open_fields import fields_of
from ledger.aggregates.streams import STREAM_EVENTS, LedgerAggregate, LedgerEvent, Stream
from ledger.aggregates.subject_facts import FACTS
from ledger.aggregates.subprocessor import Subprocessor
from ledger.aggregates.unattributed import UNATTRIBUTED_EVENTS, Unattributed
from ledger.entry import Entry, LedgerRecord, StreamKind

CASES: tuple[type[Case], ...] = (Agreement, Subprocessor, Breach, Audit, Disclosure, Notice)
"""Every kind of case."""

CASE_CLASSES: Mapping[str, type[Case]] = {case.KIND: case for case in CASES}
"""Kind of case to its aggregate."""

CASE_EVENTS: Mapping[str, type[CaseFact]] = {
    **COMMON_FACTS,
    **{topic: event_class for case in CASES for topic, event_class in case.FACTS.items()},
}
"""Stored name, which is also event type, to event class, of the facts of all cases."""

EVENT_CLASSES: Mapping[str, type[LedgerEvent]] = {
    **FACTS,
    **STREAM_EVENTS,
    **UNATTRIBUTED_EVENTS,
    **CASE_EVENTS,
}
"""Stored name to event class."""

SNAPSHOT_CLASSES: Mapping[str, type[LedgerAggregate]] = {
    DataSubject.TOPIC: DataSubject,
    Stream.TOPIC: Stream,
    Unattributed.TOPIC: Unattributed,
    **{case.TOPIC: case for case in CASES},
}
"""Stored name of a snapshot to the aggregate it holds."""

REGISTERED_CASES.update(CASE_CLASSES)

for _topic, _event_class in CASE_EVENTS.items():
    register_topic(_topic, _event_class)


def unseen_for(record: LedgerRecord) -> LedgerAggregate:
    """The aggregate a record belongs to, as it was before any record.

    Args:
        record: the first of its stream.
    """
    if record.stream_kind == StreamKind.SUBJECT:
        return DataSubject.unseen(record.stream)
    if record.stream_kind == StreamKind.UNATTRIBUTED:
        return Unattributed.unseen(record.stream)
    case_class = _case_class(record) or Stream
    return case_class.unseen(record.stream)


def _case_class(record: LedgerRecord) -> type[Case] | None:
    if not isinstance(record, Entry) or record.stream_kind != StreamKind.GOVERNANCE:
        return None
    name = case_name(record.event_type, fields_of(record.open_fields))
    if name is None or record.stream != case_stream(record.controller, *name):
        return None
    return CASE_CLASSES.get(name[0])
