"""Contradictions and holes about how long data is kept. Pure.

Source: OBLIGATIONS X1, X2, X4, X9, X11; GDPR Art. 5(1)(e), 13(2)(a), 17(3), 28(3)(g).
"""

from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import permutations

from ledger.rules.calendar.periods import Period, last_day
from ledger.rules.keeping.retention import DEFAULTS
from ledger.rules.keeping.retention_facts import DEFAULT_DUTIES
from ledger.rules.lint.lint_problem import Packs, Problem, Row, by_provider, listed, rows_of, rows_that_state
from ledger.rules.packs.policy_pack import EVERY_CLASS, PolicyPack, RetentionRule, Start

LEAP_CYCLE_DAYS = 1_461
"""Days from which a period is counted to find how many days it can be: every date of four years."""


def kept_with_and_without_end(packs: Packs) -> Iterator[Problem]:
    """X1: a text keeps the same data for a time and for ever."""
    for pack in packs:
        for endless in (rule for rule in pack.retention if rule.period is None):
            ending = [rule for rule in pack.retention if rule.period is not None and _overlap(rule, endless)]
            if ending:
                yield Problem(
                    code="X1",
                    rows=_rows(pack, [*ending, endless]),
                    says=f"{endless.entry} keeps {_kept(endless)} without end; it has an end by "
                    f"{listed(rule.entry for rule in ending)}.",
                )


def months_that_look_like_days(packs: Packs) -> Iterator[Problem]:
    """X2: one text has periods in days and in months that come out alike, and are not the same."""
    for pack in packs:
        for months, days in permutations(pack.retention, 2):
            if not _in_days(days.period) or _in_days(months.period) or months.starts is not days.starts:
                continue
            least, most = _length(months.period)
            if least <= _length(days.period)[0] <= most:
                yield Problem(
                    code="X2",
                    rows=_rows(pack, [months, days]),
                    says=f"{days.entry} keeps {_kept(days)} {days.period}; {months.entry} keeps {_kept(months)} "
                    f"{months.period}, which is {least} to {most} days.",
                )


def end_of_agreement(packs: Packs) -> Iterator[Problem]:
    """X4: a provider deletes by choice in one text, and after a time in another; or by choice and nothing else."""
    for group in by_provider(packs):
        at_end = [
            row
            for row in rows_of(group, "retention")
            if row.entry.parameters.get("starts") == Start.AGREEMENT_END
        ]
        chosen = [row for row in at_end if row.entry.parameters["on_choice"]]
        waiting = [row for row in at_end if row not in chosen]
        if not chosen:
            continue
        by_choice = listed(row.entry.id for row in chosen)
        periods = listed(f"{row.entry.id} {row.entry.parameters.get('period')}" for row in waiting)
        yield Problem(
            code="X4" if waiting else "silence_without_end",
            rows=(*waiting, *chosen),
            says=f"At the end of the agreement data goes at the controller's choice by {by_choice}"
            + (
                f", which names no time to wait, and after a time by {periods}."
                if waiting
                else "; silence has no end."
            ),
        )


def periods_of_our_own(packs: Packs) -> Iterator[Problem]:
    """X9: an export that is asked for stops deletion, and no end of that is given; or another period is not."""
    for row in rows_that_state(packs, "period_is_ours"):
        period = row.entry.parameters.get("period")
        if row.entry.kind == "export_hold":
            says = (
                f"Asking for an export stops the deletion, and no end of that is published; ours is {period}."
            )
            yield Problem(code="X9", rows=(row,), says=says)
        else:
            says = f"The text gives no period for {row.rule}; ours is {period}."
            yield Problem(code="period_not_published", rows=(row,), says=says)


def erasure_with_duties(packs: Packs) -> Iterator[Problem]:
    """X11: a text honours erasure and keeps classes under a duty: one erasure has several outcomes."""
    for pack in packs:
        duties = rows_of([pack], "duty")
        honoured = [
            row
            for row in rows_of([pack], "request_rights", "erasure")
            if row.entry.kind == "erasure" or "erasure" in row.entry.names("rights")
        ]
        if duties and honoured:
            classes = [row.entry.parameters["class"] for row in duties]
            kept = [row for row in rows_of([pack], "retention") if row.entry.parameters["class"] in classes]
            yield Problem(
                code="X11",
                rows=(*kept, *duties, *honoured, *rows_of([pack], "request_kept_named")),
                says=f"Erasure is honoured; {listed(map(str, classes))} stay under a duty, each for its own period.",
            )


def classes_without_rule(packs: Packs, classes: Collection[str]) -> Iterator[Problem]:
    """A class of data that no text of a provider ends."""
    own = DEFAULTS.keys() | DEFAULT_DUTIES.keys()
    for group in by_provider(packs):
        rules = [rule for pack in group for rule in pack.retention if rule.period is not None]
        without = [
            name for name in sorted(set(classes) - own) if not any(rule.covers(name) for rule in rules)
        ]
        if without:
            yield Problem(
                code="retention_class_without_rule",
                rows=(),
                says=f"Nothing in {listed(pack.id for pack in group)} ends {listed(without)}.",
            )


def kept_without_end(packs: Packs) -> Iterator[Problem]:
    """A text that keeps data for ever."""
    for pack in packs:
        for rule in pack.retention:
            if rule.period is None:
                says = f"{rule.entry} keeps {_kept(rule)} without end."
                yield Problem(code="retention_indefinite", rows=_rows(pack, [rule]), says=says)


def _overlap(one: RetentionRule, other: RetentionRule) -> bool:
    return one.covers(other.retention_class) or other.covers(one.retention_class)


def _in_days(period: Period | None) -> bool:
    return period is not None and not period.years and not period.months


@lru_cache(maxsize=64)
def _length(period: Period | None) -> tuple[int, int]:
    """The fewest and the most days a period can be; none for what never ends."""
    if period is None:
        return 0, 0
    lengths = [last_day(day, period) - day for day in range(LEAP_CYCLE_DAYS)]
    return min(lengths), max(lengths)


def _kept(rule: RetentionRule) -> str:
    return "data of every class" if rule.retention_class == EVERY_CLASS else rule.retention_class


def _rows(pack: PolicyPack, rules: list[RetentionRule]) -> tuple[Row, ...]:
    entries = {entry.id: entry for entry in pack.entries}
    return tuple(Row(pack, entries[rule.entry]) for rule in rules)
