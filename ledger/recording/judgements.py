"""Judgements on governance facts themselves, and on the results of erasures. Pure.

What a governance fact decides about its case is in `case_judgements`, what is judged of people in `subject_judgements`.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from ledger.aggregates.erasure_details import erasure_id_of
from ledger.entry import Entry, LedgerRecord, StreamKind
from ledger.recording.differences import NO_OUTCOME, Outcome, opened
from ledger.recording.governance_facts import GovernanceFacts
from ledger.rules.erasure import INCOMPLETE_EVENT, VERIFIED_EVENT, judge_erasure
from ledger.rules.findings import Finding, Judgement, changed
from ledger.rules.governance import RETENTION_OVERRUN, judge_governance
from ledger.rules.keeping.retention_evidence import promises_overrun

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


def governance_judgements(entry: Entry, offset: int, governance: GovernanceFacts) -> Outcome:
    """What is wrong with a governance fact by itself: it is held to what it may say.

    Args:
        entry: of ledger partition 0; one of an unattributed stream is held to nothing.
        offset: the entry's.
        governance: known up to the entry, the entry included. A period the customer set is owed under the promise that
            it may be set, so being late with it breaks that promise.
    """
    if entry.stream_kind != StreamKind.GOVERNANCE:
        return NO_OUTCOME
    found = judge_governance(entry)
    if not found:
        return NO_OUTCOME
    # A finding is known by its code and promise, so an entry has each once.
    by_key = {
        (finding.code, each): replace(finding, rule=each)
        for finding in found
        for each in _promises(finding, entry, offset, governance)
    }
    return Outcome(opened(by_key.values(), offset=offset, occurred_at=entry.occurred_at))


def _promises(finding: Finding, entry: Entry, offset: int, governance: GovernanceFacts) -> list[str]:
    """The promises a finding on a governance fact is about; "" where it is none of a pack."""
    if finding.code != RETENTION_OVERRUN:
        return [finding.rule]
    state = governance.as_of(entry.controller, offset + 1)
    return list(promises_overrun(state, entry)) or [""]


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
