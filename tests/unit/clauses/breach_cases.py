"""The cases of a breach: the hours until the controller is told, and what it is told."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.unit.clauses.moments import HOUR, INSTANT, at
from tests.unit.clauses.scenarios import BROKEN, DUE, KEPT, Scenario, Story, edge, then
from tests.unit.clauses.stories import (
    T,
    passes,
    stated,
)


def told_within(clause: str, hours: int) -> Iterator[Scenario]:
    """The cases of a number of hours from the discovery of a breach to telling the controller."""
    breach = stated("breach.discovered", T)
    end = T + hours * HOUR

    def told(when: int) -> Story:
        return stated("breach.notified", when)

    yield Scenario(clause, DUE, "the breach was just discovered", breach)
    yield Scenario(clause, KEPT, "the controller is told within the hour", then(breach, told(T + HOUR)))
    yield edge(
        clause, KEPT, f"told {hours} hours after discovery, to the microsecond", then(breach, told(end))
    )
    yield edge(clause, BROKEN, f"told an instant after {hours} hours", then(breach, told(end + INSTANT)))
    yield edge(clause, DUE, "the last instant has not passed", then(breach, passes(end - INSTANT)))
    yield Scenario(clause, BROKEN, "nobody is told and the hours pass", then(breach, passes(end + INSTANT)))
    yield Scenario(
        clause,
        KEPT,
        "told in time, and heard of only when the hours had passed",
        then(breach, passes(end + INSTANT), told(end - HOUR)),
    )
    yield Scenario(
        clause,
        BROKEN,
        "only the authority is told",
        then(breach, stated("breach.notified", T + HOUR, recipient="authority"), passes(end + INSTANT)),
    )
    yield Scenario(
        clause,
        BROKEN,
        "told of another breach only",
        then(
            breach,
            stated("breach.discovered", T, breach_id="b-2"),
            stated("breach.notified", T + HOUR, breach_id="b-2"),
            passes(end + INSTANT),
        ),
    )
    yield edge(
        clause,
        BROKEN,
        "it turns out to have been discovered an instant earlier",
        then(breach, told(end), stated("breach.discovered", T - INSTANT)),
    )
    # Friday evening before Easter: hours never move to a working day.
    friday = at("2026-04-03 18:00")
    easter = stated("breach.discovered", friday)
    yield edge(
        clause,
        BROKEN,
        "Easter does not lengthen hours",
        then(easter, told(friday + hours * HOUR + INSTANT)),
    )
    # Clocks go forward on 29 March 2026: the wall shows an hour more than has passed.
    saturday = at("2026-03-28 18:00")
    yield edge(
        clause,
        KEPT,
        "summer time does not shorten hours",
        then(stated("breach.discovered", saturday), told(saturday + hours * HOUR)),
    )


NOTHING_TOLD: Mapping[str, Any] = {
    "nature": None,
    "subject_categories": [],
    "subjects_approximate": None,
    "record_categories": [],
    "records_approximate": None,
    "contact": None,
    "consequences": None,
    "measures": None,
}


def breach_told(clause: str, items: Iterable[str]) -> Iterator[Scenario]:
    """The cases of what is told of a breach: everything, each item missing, items that follow."""
    breach = stated("breach.discovered", T)
    yield Scenario(clause, KEPT, "everything is told", then(breach, stated("breach.notified", T + HOUR)))
    for item in items:
        without = {item: NOTHING_TOLD[item]}
        yield Scenario(
            clause,
            BROKEN,
            f"nothing is told of {item}",
            then(breach, stated("breach.notified", T + HOUR, **without)),
        )
        yield Scenario(
            clause,
            KEPT,
            f"{item} follows in a second phase",
            then(
                breach,
                stated("breach.notified", T + HOUR, **without, more_follows=True),
                stated("breach.notified", T + 5 * HOUR, **{**NOTHING_TOLD, item: _said(item)}),
            ),
        )
    yield Scenario(
        clause,
        BROKEN,
        "more is to follow, and nothing does before the breach is closed",
        then(
            breach,
            stated("breach.notified", T + HOUR, measures=None, more_follows=True),
            stated("breach.closed", T + 24 * HOUR),
        ),
    )


def _said(item: str) -> Any:
    shape = NOTHING_TOLD[item]
    if shape == []:
        return ["callers"]
    return 40 if item.endswith("approximate") else "told"
