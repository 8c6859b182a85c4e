"""Days in a row of which the same is to be said are shown as one."""

from typing import Any

import pytest

from ledger.forgetting.retention_status import Line, State, folded

DAY = 20_539
"""2026-03-27."""


def line(day: int | None, **changes: Any) -> Line:
    """One day that is kept."""
    plain = Line(
        state=State.UPCOMING,
        controller="dentist-example",
        retention_class="call_history",
        day=day,
        subject=None,
        fact=None,
        ended_at=0 if day is None else day + 90,
        period="P90D",
        starts="event",
        rule="customer",
        action="destroy",
        held_by=None,
        confirmed_at=None,
        was_late=False,
    )
    return plain._replace(**changes)


def test_days_in_a_row_become_one_range() -> None:
    """From the first to the last; the end shown is the first one's."""
    (found,) = folded(line(DAY + number) for number in range(5))
    assert (found.line.day, found.last_day, found.days, found.line.ended_at) == (DAY, DAY + 4, 5, DAY + 90)


def test_gap_begins_another_range() -> None:
    """A day without data is not claimed to have any."""
    assert [each.days for each in folded([line(DAY), line(DAY + 2), line(DAY + 3)])] == [1, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": State.LATE},
        {"controller": "garage-example"},
        {"retention_class": "voicemail"},
        {"period": "P7D"},
        {"rule": "callvoip-faq:CF-07"},
        {"held_by": "claim-1"},
        {"was_late": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_day_of_which_something_else_is_to_be_said_begins_another_range(changes: dict[str, Any]) -> None:
    """A range never hides a difference."""
    assert [each.days for each in folded([line(DAY), line(DAY + 1, **changes)])] == [1, 1]


def test_proofs_are_never_folded() -> None:
    """Each is one fact's."""
    assert [each.days for each in folded([line(None), line(None)])] == [1, 1]


def test_nothing_is_folded_to_nothing() -> None:
    """An empty ledger has no ranges."""
    assert list(folded([])) == []
