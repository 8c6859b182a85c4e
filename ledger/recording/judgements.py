"""Judgements on governance facts and on the results of erasures. Pure.

Those on processing under a consent are in `fold`, beside the consents they depend on.
"""

from collections.abc import Iterable, MutableMapping
from typing import NamedTuple
from uuid import UUID

from ledger.aggregates.erasure_details import erasure_id_of
from ledger.entry import Entry, LedgerRecord, StreamKind
from ledger.rules.erasure import INCOMPLETE_EVENT, VERIFIED_EVENT, judge_erasure
from ledger.rules.findings import Finding, Judgement, changed
from ledger.rules.governance import judge_governance

RESULT_EVENTS = frozenset({INCOMPLETE_EVENT, VERIFIED_EVENT})


class ErasureKey(NamedTuple):
    """One erasure of one person."""

    stream: UUID
    erasure_id: str


class IncompleteErasure(NamedTuple):
    """An erasure's last result, that it is incomplete: where it is recorded, when it happened, what is found on it."""

    offset: int
    occurred_at: int
    finding: Finding


def governance_judgements(record: LedgerRecord, offset: int) -> list[Judgement]:
    """The judgements on a record of a stream that is nobody's: governance facts are held to their rules."""
    if not isinstance(record, Entry) or record.stream_kind != StreamKind.GOVERNANCE:
        return []
    # A finding is known by its code, so an entry has each once.
    by_code = {finding.code: finding for finding in judge_governance(record)}
    return [
        judgement
        for finding in by_code.values()
        for judgement in changed(None, finding, offset=offset, occurred_at=record.occurred_at)
    ]


def erasures_concluded(records: Iterable[LedgerRecord]) -> set[ErasureKey]:
    """The erasures some records have results of."""
    return {
        ErasureKey(record.stream, erasure_id)
        for record in records
        if isinstance(record, Entry) and record.event_type in RESULT_EVENTS
        if (erasure_id := erasure_id_of(record.open_fields)) is not None
    }


def result_judgements(
    entry: Entry, offset: int, incomplete: MutableMapping[ErasureKey, IncompleteErasure]
) -> list[Judgement]:
    """The judgements an erasure's result causes: the last result holds, so it resolves what an earlier one opened.

    Args:
        entry: any entry about a person; one that is no result of an erasure causes none.
        offset: the entry's.
        incomplete: the erasures whose last result was that they are incomplete; changed in place.
    """
    if entry.event_type not in RESULT_EVENTS:
        return []
    key = ErasureKey(entry.stream, erasure_id_of(entry.open_fields) or "")
    finding = judge_erasure(entry.event_type, entry.open_fields)
    judgements = changed(None, finding, offset=offset, occurred_at=entry.occurred_at)
    before = incomplete.pop(key, None)
    if before is not None:
        judgements[:0] = changed(before.finding, None, offset=before.offset, occurred_at=before.occurred_at)
    if finding is not None:
        incomplete[key] = IncompleteErasure(offset, entry.occurred_at, finding)
    return judgements
