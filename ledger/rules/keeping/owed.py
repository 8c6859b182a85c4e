"""What became of data that was to go: whether it is still owed, or time has passed and nothing says that it went. Pure.

An entry shows by when its data is owed, by the rules it was judged by. That moment can move afterwards: the end of an
agreement is stated anew, a document is changed, what was to be returned is returned. So once it has come, the rules as
they are known decide; and data of which the ledger should by then have said that its time is over, and has not, broke
the promise.

Source: GDPR Art. 5(1)(e), 5(2); DESIGN section 7: within 48 hours of its end everything is gone.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.rules.calendar.moment_text import day_text
from ledger.rules.calendar.periods import MICROS_MAX
from ledger.rules.keeping.agreement_end import owed_at_end
from ledger.rules.keeping.holds import GRACE_MICROS
from ledger.rules.keeping.retention import ControllerRules, ends_by_rule, epoch_end

RETENTION_DUE = "retention_due"
"""The mark of an entry whose data is owed by a moment."""

AGREEMENT = "agreement"
"""What is owed because an agreement ends, whatever data there is; days of data have marks of their own."""


class Owed(NamedTuple):
    """Data that an entry showed to be owed.

    Attributes:
        rule: the promise, pack:entry.
        detail: the retention class, or `AGREEMENT`.
        day: the local day of the data, days since 1970-01-01.
        due_at: by when, as the entry showed it.
        ended: whether its end is recorded: it went, or, when false, a hold keeps it; None when nothing says anything.
    """

    rule: str
    detail: str
    day: int
    due_at: int
    ended: bool | None


class Standing(NamedTuple):
    """What became of it: still owed by a moment, or `broken` since."""

    until: int
    broken: bool
    says: str = ""


class Ended(NamedTuple):
    """Data whose end is recorded, and that went late or waits for its destruction.

    Attributes:
        rule: of the period that ended it: pack:entry, ledger:entry or customer.
        retention_class: of the data.
        day: its local day; None for what has no day, as a proof of consent.
        due_from: since when it is to be gone; later than the end of its period where a hold kept it.
        confirmed_at: when its destruction was confirmed; None while it is not.
    """

    rule: str
    retention_class: str
    day: int | None
    due_from: int
    confirmed_at: int | None


def needs_rules(owed: Owed, now: int) -> bool:
    """Whether the rules as they are known say more of it than its entry did."""
    return owed.detail == AGREEMENT or (owed.ended is None and owed.due_at <= now)


def standing(owed: Owed, rules: ControllerRules, now: int) -> Standing | None:
    """What became of data that was owed.

    Args:
        owed: as its entry showed it.
        rules: everything the controller's facts say; looked at only where `needs_rules` says so.
        now: the moment that is asked about, microseconds since the epoch, UTC.

    Returns:
        None when nothing of it is owed any more: its end is recorded, or it is not of a day and its time has come.
    """
    if owed.detail == AGREEMENT:
        until = _owed_with_the_agreement(owed, rules.known_at(now))
        return Standing(until, broken=False) if now < until else None
    if owed.ended:
        return None
    if now < owed.due_at:
        return Standing(owed.due_at, broken=False)
    return _when_it_has_come(owed, rules.known_at(now), now) if owed.ended is None else None


def standings(ended: Ended, rules: ControllerRules, now: int) -> Iterator[tuple[str, Standing]]:
    """What became of data whose end is recorded, by each rule that is about it: one can be late and another not.

    Args:
        ended: its end, and what followed.
        rules: everything the controller's facts say.
        now: the moment that is asked about.

    Yields:
        The rule and until when it is in time; nothing for a rule by which it went in time.
    """
    due = {ended.rule: ended.due_from}
    if ended.day is not None:
        for rule, ended_at in ends_by_rule(rules.known_at(now), ended.retention_class, ended.day).items():
            due.setdefault(rule, max(ended_at, ended.due_from))
    for rule, due_from in due.items():
        until = min(due_from + GRACE_MICROS, MICROS_MAX)
        if ended.confirmed_at is None:
            yield rule, Standing(until, broken=until < now)
        elif until < ended.confirmed_at:
            yield rule, Standing(until, broken=True)


def _when_it_has_come(owed: Owed, rules: ControllerRules, now: int) -> Standing | None:
    end = epoch_end(rules, owed.detail, owed.day)
    if end is None:
        return None
    until = max(owed.due_at, end.ended_at)
    if now <= until + GRACE_MICROS:
        return Standing(until, broken=False)
    return Standing(
        until, broken=True, says=f"nothing says that {owed.detail} due on {day_text(until)} was destroyed"
    )


def _owed_with_the_agreement(owed: Owed, rules: ControllerRules) -> int:
    ends = [
        due_at
        for termination in rules.ended
        for rule, due_at in owed_at_end(rules, termination, returned=True)
        if rule == owed.rule
    ]
    return max(ends, default=owed.due_at)
