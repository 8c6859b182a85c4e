"""When data ends with the agreement: as the controller chose, and what it is to get back not before it has it. Pure.

What is to be returned waits for `export.made` of the whole controller with the reason `end_of_agreement`, made when or
after the end was stated. It does not wait for ever: the period that an export before deletion holds data ends the
wait. An export only ever makes data due sooner, so what was found due stays due.

Source: GDPR Art. 28(3)(g); CB-31, CD-31, CF-05, X4, X9.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.rules.calendar.periods import Period, day_of, first_moment_after, first_moment_of, last_day
from ledger.rules.keeping.holds import DEFAULT_EXPORT_HOLD
from ledger.rules.keeping.retention_facts import (
    LEDGER,
    ControllerRules,
    End,
    HoldingRule,
    Termination,
    ledger_rule,
    rule_end,
)
from ledger.rules.packs.policy_pack import Start

DELETION = frozenset({"delete", "return_and_delete"})
"""Choices that end the data with the agreement."""

RETURN = frozenset({"return", "return_and_delete"})
"""Choices of a controller that is to get its data back first."""

DEFAULT = ledger_rule("agreement-end", "*", Period(months=3), Start.AGREEMENT_END)
"""When the controller says nothing and no pack says how long: three months, the longest of those that do (CF-05).
Silence must not mean keep for ever (X4)."""

CHOSEN = ledger_rule("agreement-end-chosen", "*", Period(), Start.AGREEMENT_END)
"""When the controller chose deletion: at once, GDPR Art. 28(3)(g)."""

RETURNED = ledger_rule("agreement-end-returned", "*", Period(), Start.AGREEMENT_END)
"""When the controller chose return, and has it back."""

EXPORT_HOLD = "export-hold"
"""The entry of what keeps data that is still to be returned, in the name of its pack or of the ledger."""


def agreement_ends(rules: ControllerRules, retention_class: str, day: int) -> Iterator[End]:
    """The ends that the end of an agreement gives one local day's data of a class; none while all agreements run.

    Args:
        rules: everything the controller's facts say.
        retention_class: a class that no duty keeps.
        day: days since 1970-01-01, local.
    """
    for _, end in _ends(rules, retention_class, day):
        yield end


def promised_agreement_ends(rules: ControllerRules, retention_class: str, day: int) -> Iterator[End]:
    """The same, each in the name of the rule that promises it, also while data waits to be returned."""
    for rule, end in _ends(rules, retention_class, day):
        yield end._replace(rule=rule)


def owed_at_end(
    rules: ControllerRules, termination: Termination, *, returned: bool = False
) -> Iterator[tuple[str, int]]:
    """What is owed because an agreement ends, whatever data there is: each rule of a pack, and by when.

    Args:
        rules: everything the controller's facts say.
        termination: the end; where the controller is to get its data back, also what is only owed by its choice.
        returned: whether an export that was made since counts; as the end is told there is none.
    """
    on_choice = termination.choice in DELETION | RETURN
    starts_on = day_of(termination.ends_at)
    returned_at = _returned_at(rules, termination, starts_on) if returned else None
    for one in rules.holding:
        if one.rule.starts is not Start.AGREEMENT_END or (one.rule.on_choice and not on_choice):
            continue
        end = rule_end(one, starts_on)
        if termination.choice in RETURN:
            end = _after_return(end, _longest_wait(rules, termination), returned_at)
        yield f"{one.pack}:{one.rule.entry}", max(end.ended_at, termination.at)


def _ends(rules: ControllerRules, retention_class: str, day: int) -> Iterator[tuple[str, End]]:
    covering = [
        one
        for one in rules.holding
        if one.rule.starts is Start.AGREEMENT_END and one.rule.covers(retention_class)
    ]
    for termination in rules.ended:
        if rules.renewed_since(termination.ends_at, day):
            continue
        # What still came in after the end is never due before its own day is over.
        not_before = max(first_moment_after(day), termination.at)
        returned = _returned_at(rules, termination, day)
        promised = [
            rule_end(one, day_of(termination.ends_at)) for one in _promised(covering, termination.choice)
        ]
        ends = [(end.rule, end) for end in promised]
        if termination.choice in RETURN:
            wait = _longest_wait(rules, termination)
            ends = [(rule, _after_return(end, wait, returned)) for rule, end in ends]
        if termination.choice == "return" and returned is not None:
            end = rule_end(RETURNED, day_of(termination.ends_at))
            ends.append((end.rule, end._replace(ended_at=max(end.ended_at, returned))))
        for rule, end in ends:
            yield rule, end._replace(ended_at=max(end.ended_at, not_before))


class _Wait(NamedTuple):
    """How long data waits to be returned: until when, the period it follows from, and whose."""

    until: int
    period: str
    rule: str


def _promised(covering: list[HoldingRule], choice: str) -> list[HoldingRule]:
    chosen = choice in DELETION
    promised = [one for one in covering if chosen or not one.rule.on_choice]
    if chosen and not any(one.rule.on_choice for one in promised):
        promised.append(CHOSEN)
    return promised or [DEFAULT]


def _after_return(end: End, wait: _Wait, returned: int | None) -> End:
    """The end of what is to be returned first."""
    if returned is not None and returned <= wait.until:
        return end._replace(ended_at=max(end.ended_at, returned))
    if end.ended_at >= wait.until:
        return end
    return end._replace(ended_at=wait.until, period=wait.period, rule=wait.rule)


def _longest_wait(rules: ControllerRules, termination: Termination) -> _Wait:
    """By the longest period an adopted pack has for an export before deletion; counted anew when it is told late."""
    start = day_of(max(termination.ends_at, termination.at))
    stated = [(one.pack.export_hold, one.pack.id) for one in rules.adopted]
    periods = [(period, pack) for period, pack in stated if period is not None]
    return max(
        _Wait(first_moment_after(last_day(start, period)), str(period), f"{pack}:{EXPORT_HOLD}")
        for period, pack in periods or [(DEFAULT_EXPORT_HOLD, LEDGER)]
    )


def _returned_at(rules: ControllerRules, termination: Termination, day: int) -> int | None:
    """The first export that holds all of a day's data: made after the day, or on it when the agreement had ended.

    One made earlier, while the agreement still ran, lacks what came in after it.
    """
    begins, over = first_moment_of(day), first_moment_after(day)
    return min(
        (
            at
            for at in rules.returned
            if at >= termination.at and at >= (begins if at >= termination.ends_at else over)
        ),
        default=None,
    )
