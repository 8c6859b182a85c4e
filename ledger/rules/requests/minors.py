"""A minor's data that is to go: until when, and whether it went. Pure.

A parent's consent that becomes known later ends the duty. Processing after the finding is judged where it happens
(`ledger.rules.personal`). The period is the promise's own, in calendar units, so it does not move to a working day
(ADR 15).

Source: GDPR Art. 8, 17(1)(f); MB-45.
"""

from ledger.aggregates.minority import Found, Minority
from ledger.aggregates.rights_request import ERASE_MINOR
from ledger.rules.calendar.periods import Period, day_of, first_moment_after, last_day
from ledger.rules.controller_state import ControllerState
from ledger.rules.judged import NOTHING, Deadline, DeadlineState, Judged, Shown
from ledger.rules.packs.policy_pack import PackEntry
from ledger.rules.requests.request_case import date_of, joined, on_entry

MINOR = "minor"
"""The kind of case, and its id: a person is a minor once."""
MINOR_DATA_KEPT = "minor_data_kept"
MINOR_ERASED = "minor_erased"


def judge_minor(minority: Minority, state: ControllerState) -> Judged:
    """What is owed since a person was found to be a minor, by the promises in force then."""
    found = minority.without_consent
    if found is None:
        return NOTHING
    promised = state.entries("minors", found.occurred_at)
    return joined(_judge_promise(minority, found, rule, entry) for rule, entry in promised)


def _judge_promise(minority: Minority, found: Found, rule: str, entry: PackEntry) -> Judged:
    within = entry.parameters.get("within")
    last = last_day(day_of(found.occurred_at), within if isinstance(within, Period) else Period())
    ends_at = first_moment_after(last)
    erased = minority.erased_after(found.occurred_at)
    if erased is not None:
        state = DeadlineState.MET if erased.occurred_at < ends_at else DeadlineState.MISSED
    else:
        passed = minority.has_passed(rule, ends_at)
        state = DeadlineState.OPEN if passed is None else DeadlineState.MISSED
    deadline = Deadline(
        case_kind=MINOR,
        case_id=MINOR,
        name=ERASE_MINOR,
        rule=rule,
        article=entry.article,
        offset=found.at_offset,
        starts_at=found.occurred_at,
        ends_at=ends_at,
        state=state,
    )
    missed = on_entry(
        found,
        code=MINOR_DATA_KEPT,
        article=entry.article,
        expected=f"the data of a minor without a parent's consent erased by the end of {date_of(ends_at - 1)}",
        found="no erasure by then" if erased is None else f"erased on {date_of(erased.occurred_at)}",
        rule=rule,
    )
    return Judged(
        deadlines=(deadline,),
        findings=(missed,) if state is DeadlineState.MISSED else (),
        shown=(Shown(MINOR_ERASED, rule),) if state is DeadlineState.MET else (),
    )
