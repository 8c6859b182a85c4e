"""Scenarios: a clause, what happens, and the verdict that the words of the clause ask for."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pytest

from ledger.rules.verdicts import Verdict
from tests.unit.clauses.clause_log import History
from tests.unit.clauses.moments import at

BOUND = at("2026-01-05 09:00")
"""When the controllers of the scenarios adopt a pack: before everything they tell."""
SIGNED = at("2026-01-05 10:00")

KEPT, BROKEN, DUE = Verdict.KEPT, Verdict.BROKEN, Verdict.DUE
NO_EVIDENCE = Verdict.NO_EVIDENCE

Story = Callable[[History], None]


class Scenario(NamedTuple):
    """One case of one clause.

    Attributes:
        clause: the promise, as OBLIGATIONS.md calls it.
        verdict: what its words ask for.
        case: what happens, in words.
        story: what happens.
        now: as of when; None for the last moment told of.
        edge: whether it is at the boundary of a number or a moment.
        differs: why the product answers otherwise; None when it does not.
    """

    clause: str
    verdict: Verdict
    case: str
    story: Story
    now: int | None = None
    edge: bool = False
    differs: str | None = None


def edge(clause: str, verdict: Verdict, case: str, story: Story, **more: Any) -> Scenario:
    """A case at the boundary."""
    return Scenario(clause, verdict, case, story, edge=True, **more)


def cases(scenarios: Iterable[Scenario]) -> Sequence[Any]:
    """The scenarios as parameters of a test, each named by its clause and case."""
    return [
        pytest.param(
            each,
            id=f"{each.clause}: {each.case}: {each.verdict}",
            marks=() if each.differs is None else pytest.mark.xfail(strict=True, reason=each.differs),
        )
        for each in scenarios
    ]


def verdict_of(scenario: Scenario, pack: str, region: str | None = None) -> Verdict:
    """The product's verdict on a scenario, for a controller that adopted a pack."""
    history = History()
    history.adopt(pack, at=BOUND, region=region)
    scenario.story(history)
    return history.verdict(scenario.clause, scenario.now)


def then(*stories: Story) -> Story:
    """One story after another."""

    def whole(history: History) -> None:
        for story in stories:
            story(history)

    return whole
