"""What happens in scenarios, in pieces: facts, time that passes, data that goes."""

from typing import Any

from tests.unit.clauses.moments import at
from tests.unit.clauses.scenarios import Story

T = at("2026-03-02 10:00")
"""A Monday: when most stories begin."""
PERSON = "ann"


def stated(event_type: str, when: int, **fields: Any) -> Story:
    """A governance fact."""
    return lambda history: history.state(event_type, at=when, **fields)


def done(event_type: str, when: int, person: str | None = PERSON, **fields: Any) -> Story:
    """A fact about a person."""
    return lambda history: history.about(person, event_type, at=when, **fields)


def passes(until: int) -> Story:
    """Time passes: the ledger says which deadlines came near and which passed."""
    return lambda history: history.time_passes(until)


def goes(when: int, **how: Any) -> Story:
    """The retention job runs."""
    return lambda history: history.data_goes(when, **how)


def call(when: int, **fields: Any) -> Story:
    """A call."""
    return done("call.completed", when, **fields)


def request(when: int = T, **fields: Any) -> Story:
    """A rights request comes in."""
    return done("request.received", when, **fields)


def answer(when: int, **fields: Any) -> Story:
    """A request is answered."""
    return done("request.answered", when, **fields)


def refusal(when: int, **fields: Any) -> Story:
    """A request is refused."""
    return done("request.refused", when, **fields)
