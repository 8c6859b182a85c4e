"""What a governance fact decides: of its case, of the controller's audits, and of promises it shows. Pure.

A case is judged before and after each of its facts, each time by everything that was known by then; the fact caused the
difference. A breach can justify an audit, and of two in a year one is too many (CD-25), so a fact of a breach or an
audit judges the audits it bears on anew as well: those that name the breach, or begin in the same calendar year.
"""

from dataclasses import replace
from itertools import chain

from ledger.aggregates.cases import AUDIT, BREACH
from ledger.aggregates.open_fields import fields_of
from ledger.entry import Entry
from ledger.recording.differences import NO_OUTCOME, Outcome, differences
from ledger.recording.judge import Judge
from ledger.rules.contracts.audit_objections import first_regular, names_breach, years_of
from ledger.rules.controller_state import EXPORTED, CaseKey, ControllerState, case_of, returns_everything
from ledger.rules.judged import NOTHING, Judged, Shown
from ledger.rules.keeping.retention_evidence import kept_in_time, returned_as_promised

RETENTION_ENDED = "retention.ended"
MEASURES_DESCRIBED = "measures.described"


def judge_governance_fact(judge: Judge, entry: Entry, offset: int) -> Outcome:
    """What a governance fact decides, beside what is wrong with the fact itself.

    Args:
        judge: knows everything up to the fact, the fact included.
        entry: the fact.
        offset: its offset in ledger partition 0.
    """
    if entry.event_type in {RETENTION_ENDED, MEASURES_DESCRIBED, EXPORTED}:
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
    after = judge.governance.as_of(entry.controller, offset + 1)
    for audit in _audits_touched(before, after, key):
        was = _judged(judge, before, audit, before.last_judged(audit))
        changed = differences(was, judge.case(entry.controller, audit, offset + 1))
        # The finding is on an entry of another stream than the fact that shows it in another light.
        judgements = (replace(each, stream=before.cases[audit].id) for each in changed.judgements)
        outcome = outcome.and_also(changed._replace(judgements=tuple(judgements)))
    return outcome


def _audits_touched(before: ControllerState, after: ControllerState, key: CaseKey) -> list[CaseKey]:
    """The other audits a fact of a breach or an audit bears on: those that name the breach, and those of a year
    whose first regular audit is another one now."""
    kind, case_id = key
    if kind == BREACH.kind:
        touched = [name for name, audit in before.audits.items() if names_breach(audit, case_id)]
    else:
        known = [state.audits[case_id] for state in (before, after) if case_id in state.audits]
        years = frozenset(
            year
            for year in chain.from_iterable(map(years_of, known))
            if _first_in(before, year) != _first_in(after, year)
        )
        touched = [
            name
            for name, audit in before.audits.items()
            if years and name != case_id and years & years_of(audit)
        ]
    return [(AUDIT.kind, name) for name in touched]


def _first_in(state: ControllerState, year: int) -> tuple[str, int | None] | None:
    first = first_regular(state, year)
    return None if first is None else (first.case_id, first.known_since)


def _judged(judge: Judge, state: ControllerState, key: CaseKey, last: int | None) -> Judged:
    return NOTHING if last is None else judge.case(state.controller, key, last + 1)


def _shown(entry: Entry, state: ControllerState) -> list[Shown]:
    if entry.event_type == MEASURES_DESCRIBED:
        return [Shown("measures_described", "")]
    if entry.event_type == EXPORTED:
        kept = returned_as_promised(state, entry.occurred_at) if returns_everything(entry) else ()
    else:
        held = fields_of(entry.open_fields).get("held_by") is not None
        kept = () if held else kept_in_time(state, entry)
    return [Shown("retention_ended", rule) for rule in kept]
