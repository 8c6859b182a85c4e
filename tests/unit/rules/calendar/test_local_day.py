"""The local day of an instant: it names the epoch keys, so it must be right to the microsecond."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.contract.cloudevents import MICROS_MAX, MICROS_MIN, parse_time
from ledger.rules.calendar.local_day import local_day

DAY_MICROS = 86_400_000_000
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day(text: str) -> int:
    """Days since 1970-01-01 of a calendar date."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        pytest.param("1970-01-01T00:00:00Z", "1970-01-01", id="the epoch"),
        pytest.param("2026-01-14T22:59:59.999999Z", "2026-01-14", id="winter, the last microsecond"),
        pytest.param("2026-01-14T23:00:00Z", "2026-01-15", id="winter, the first"),
        pytest.param("2026-07-14T21:59:59.999999Z", "2026-07-14", id="summer, the last microsecond"),
        pytest.param("2026-07-14T22:00:00Z", "2026-07-15", id="summer, the first"),
        pytest.param("2026-03-28T22:59:59.999999Z", "2026-03-28", id="before the day of 23 hours"),
        pytest.param("2026-03-28T23:00:00Z", "2026-03-29", id="it begins in winter time"),
        pytest.param("2026-03-29T00:59:59.999999Z", "2026-03-29", id="the last of winter time"),
        pytest.param("2026-03-29T01:00:00Z", "2026-03-29", id="the first of summer time"),
        pytest.param("2026-03-29T21:59:59.999999Z", "2026-03-29", id="it ends in summer time"),
        pytest.param("2026-03-29T22:00:00Z", "2026-03-30", id="after the day of 23 hours"),
        pytest.param("2026-10-24T21:59:59.999999Z", "2026-10-24", id="before the day of 25 hours"),
        pytest.param("2026-10-24T22:00:00Z", "2026-10-25", id="it begins in summer time"),
        pytest.param("2026-10-25T22:59:59.999999Z", "2026-10-25", id="it ends in winter time"),
        pytest.param("2026-10-25T23:00:00Z", "2026-10-26", id="after the day of 25 hours"),
        pytest.param("1969-12-31T22:59:59.999999Z", "1969-12-31", id="before 1970"),
        pytest.param("1969-12-31T23:00:00Z", "1970-01-01", id="New Year 1970, an hour before the epoch"),
        pytest.param("1905-06-15T12:00:00Z", "1905-06-15", id="1905, local mean time"),
        pytest.param("0001-01-01T00:00:00Z", "0001-01-01", id="the first instant"),
        pytest.param("9999-12-31T22:59:59.999999Z", "9999-12-31", id="the last hour but one"),
        pytest.param("9999-12-31T23:00:00Z", "9999-12-31", id="the last hour, where local time has no date"),
        pytest.param("9999-12-31T23:59:59.999999Z", "9999-12-31", id="the last instant"),
    ],
)
def test_day_of_instant(instant: str, expected: str) -> None:
    """Summer time moves midnight; the ends of the calendar count by UTC."""
    assert day(expected) == local_day(parse_time(instant))


@settings(deadline=None)
@given(st.integers(MICROS_MIN, MICROS_MAX) | st.integers(0, 4_102_444_800_000_000))
@example(MICROS_MIN)
@example(MICROS_MAX)
@example(-1)
def test_day_is_that_of_adding_the_offset(occurred_at: int) -> None:
    """A slow reference: ask the zone for its offset at the instant, add, and divide."""
    try:
        offset = (EPOCH + timedelta(microseconds=occurred_at)).astimezone(AMSTERDAM).utcoffset()
    except OverflowError:
        offset = timedelta(0)
    assert offset is not None
    assert (occurred_at + offset // timedelta(microseconds=1)) // DAY_MICROS == local_day(occurred_at)


@settings(deadline=None)
@given(st.integers(0, 4_102_444_800_000_000), st.integers(0, DAY_MICROS))
def test_days_never_go_back(occurred_at: int, later: int) -> None:
    """A later instant is never of an earlier day, and a day later never two days on."""
    assert 0 <= local_day(occurred_at + later) - local_day(occurred_at) <= 2
