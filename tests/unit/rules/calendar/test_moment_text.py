"""Moments, periods and lists as sentences say them."""

import pytest

from ledger.rules.calendar.moment_text import counted, listed, moment_text, period_text
from ledger.rules.calendar.periods import Period
from tests.unit.aggregates.stated_cases import moment


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        ("2026-01-15T11:00:00Z", "2026-01-15T12:00:00+01:00"),
        ("2026-07-15T10:00:00Z", "2026-07-15T12:00:00+02:00"),
        ("2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"),
        ("2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
        ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00"),
        ("2025-12-31T23:30:00Z", "2026-01-01T00:30:00+01:00"),
        ("2026-01-15T11:00:00.000001Z", "2026-01-15T12:00:00.000001+01:00"),
    ],
)
def test_moment_in_local_time(utc: str, local: str) -> None:
    """With its distance from UTC, which tells the hour that comes twice from its twin."""
    assert local == moment_text(moment(utc))


@pytest.mark.parametrize("moment_claimed", [-(2**63), 2**63 - 1])
def test_any_moment_has_a_text(moment_claimed: int) -> None:
    """Whatever a publisher claims: the nearest a calendar has."""
    assert moment_text(moment_claimed)[:4] in {"0001", "9999"}


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (Period(weeks=4), "4 weeks"),
        (Period(days=1), "1 day"),
        (Period(years=1, months=6), "1 year and 6 months"),
        (Period(), "0 days"),
    ],
)
def test_period_in_words(period: Period, text: str) -> None:
    """Its units as they are, never converted."""
    assert text == period_text(period)


def test_lists_and_counts_in_words() -> None:
    """As a sentence has them."""
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [counted(n, "hour") for n in range(3)] == ["0 hours", "1 hour", "2 hours"]
