"""What a governance fact decides: of its case, of the controller's audits, and of promises it shows. Pure.

A case is judged before and after each of its facts, each time by everything that was known by then; the fact caused the
difference. A breach can justify an audit, and of two in a year one is too many (CD-25), so a fact of a breach or an
audit judges the controller's other audits anew as well.
"""

from ledger.aggregates.cases import AUDIT, BREACH
from ledger.aggregates.open_fields import fields_of
from ledger.entry import Entry
from ledger.recording.differences import NO_OUTCOME, Outcome, differences
from ledger.recording.judge import Judge
from ledger.rules.controller_state import CaseKey, ControllerState, case_of
from ledger.rules.judged import NOTHING, Judged, Shown
from ledger.rules.retention_evidence import promises_ended

RETENTION_ENDED = "retention.ended"
MEASURES_DESCRIBED = "measures.described"


def judge_governance_fact(judge: Judge, entry: Entry, offset: int) -> Outcome:
    """What a governance fact decides, beside what is wrong with the fact itself.

    Args:
        judge: knows everything up to the fact, the fact included.
        entry: the fact.
        offset: its offset in ledger partition 0.
    """
    if entry.event_type in {RETENTION_ENDED, MEASURES_DESCRIBED}:
        state = judge.governance.as_of(entry.controller, offset + 1)
        return Outcome(shown=tuple(_shown(entry, state)))
    key = case_of(entry)
    if key is None:
        return NO_OUTCOME
    before = judge.governance.as_of(entry.controller, offset)
    outcome = differences(
        _judged(judge, before, key, before.last_judged(key)), judge.case(entry.controller, key, offset + 1)
    )
    if key[0] not in {AUDIT.kind, BREACH.kind}:
        return outcome
    for audit in (each for each in before.cases if each[0] == AUDIT.kind and each != key):
        was = _judged(judge, before, audit, before.last_judged(audit))
        outcome = outcome.and_also(differences(was, judge.case(entry.controller, audit, offset + 1)))
    return outcome


def _judged(judge: Judge, state: ControllerState, key: CaseKey, last: int | None) -> Judged:
    return NOTHING if last is None else judge.case(state.controller, key, last + 1)


def _shown(entry: Entry, state: ControllerState) -> list[Shown]:
    if entry.event_type == MEASURES_DESCRIBED:
        return [Shown("measures_described", "")]
    if fields_of(entry.open_fields).get("held_by") is not None:
        return []
    return [Shown("retention_ended", rule) for rule in promises_ended(state, entry)]
