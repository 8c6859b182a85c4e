"""Periods of retention: calendar units, and the very day and moment they end."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.contract import cloudevents
from ledger.contract.cloudevents import parse_time
from ledger.rules.calendar import periods
from ledger.rules.calendar.local_day import local_day
from ledger.rules.calendar.periods import (
    DAYS_MAX,
    DAYS_MIN,
    MICROS_MAX,
    MICROS_MIN,
    Period,
    day_of,
    first_moment_after,
    first_moment_of,
    last_day,
)

EPOCH = date(1970, 1, 1)
ONE_DAY = timedelta(days=1)


def number(text: str) -> int:
    """Days since 1970-01-01 of a calendar date."""
    return (date.fromisoformat(text) - EPOCH).days


def walked(start: date, period: Period) -> date:
    """The last day of a period, found the slow way: by walking through the calendar a day at a time."""
    day = start
    months_left = period.years * 12 + period.months
    while months_left:
        if (day + ONE_DAY).month != day.month:
            months_left -= 1
        day += ONE_DAY
    while day.day < start.day and (day + ONE_DAY).month == day.month:
        day += ONE_DAY
    for _ in range(period.weeks * 7 + period.days):
        day += ONE_DAY
    return day


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P0D", Period()),
        ("P90D", Period(days=90)),
        ("P365D", Period(days=365)),
        ("P2W", Period(weeks=2)),
        ("P3M", Period(months=3)),
        ("P12M", Period(months=12)),
        ("P5Y", Period(years=5)),
        ("P10Y", Period(years=10)),
        ("P1Y2M3W4D", Period(1, 2, 3, 4)),
    ],
)
def test_period_reads_and_writes(text: str, expected: Period) -> None:
    """Every unit is read into its own place and written back as it was: a year is not twelve months."""
    assert expected == Period.parse(text)
    assert text == str(expected)


@pytest.mark.parametrize(
    ("text", "canonical"), [("P0M", "P0D"), ("P003M", "P3M"), ("P0Y2W0D", "P2W"), ("P00D", "P0D")]
)
def test_period_has_one_text(text: str, canonical: str) -> None:
    """Zeros that say nothing are left out, so that one period has one text."""
    assert canonical == str(Period.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "3M",
        "p3m",
        "P3m",
        "P-3M",
        "-P3M",
        "+P3M",
        "P3",
        "P1.5Y",
        "P1,5Y",
        "PT48H",
        "P3MT1H",
        "P2D3M",
        "P1M2Y",
        " P3M",
        "P3M ",
        "P3M\n",
        "P٣M",
        "P1Y1Y",
        "P12345678D",
        "P123456Y",
        "P3 M",
        "three months",
    ],
)
def test_not_a_period(text: str) -> None:
    """Hours, fractions, signs, other orders, other digits and absurd lengths are no periods of retention."""
    with pytest.raises(ValueError, match="not a period"):
        Period.parse(text)


@given(
    st.builds(
        Period,
        st.integers(0, 99_999),
        st.integers(0, 999_999),
        st.integers(0, 999_999),
        st.integers(0, 9_999_999),
    )
)
def test_text_of_a_period_reads_back(period: Period) -> None:
    """Whatever can be written can be read."""
    assert period == Period.parse(str(period))


@pytest.mark.parametrize(
    ("start", "period", "expected"),
    [
        pytest.param("2026-03-27", "P0D", "2026-03-27", id="nothing: the day itself"),
        pytest.param("2026-03-27", "P1D", "2026-03-28", id="one day: the day after"),
        pytest.param("2026-03-27", "P2W", "2026-04-10", id="two weeks"),
        pytest.param("2026-03-27", "P90D", "2026-06-25", id="ninety days"),
        pytest.param("2026-03-27", "P3M", "2026-06-27", id="three months, the same date"),
        pytest.param("2026-11-30", "P3M", "2027-02-28", id="three months into a February"),
        pytest.param("2027-11-29", "P3M", "2028-02-29", id="into a leap February"),
        pytest.param("2027-11-30", "P3M", "2028-02-29", id="into a leap February, clamped"),
        pytest.param("2026-01-31", "P1M", "2026-02-28", id="clamped"),
        pytest.param("2026-02-28", "P1M", "2026-03-28", id="not unclamped: the last day is no date"),
        pytest.param("2026-12-31", "P6M", "2027-06-30", id="six months into a month of thirty"),
        pytest.param("2026-12-15", "P1M", "2027-01-15", id="over New Year"),
        pytest.param("2026-11-15", "P1M", "2026-12-15", id="into December"),
        pytest.param("2028-02-29", "P1Y", "2029-02-28", id="a leap day, a year on"),
        pytest.param("2028-02-29", "P12M", "2029-02-28", id="a leap day, twelve months on"),
        pytest.param("2028-02-29", "P2Y", "2030-02-28", id="a leap day, two years on"),
        pytest.param("2028-02-29", "P4Y", "2032-02-29", id="a leap day, four years on"),
        pytest.param("2028-02-29", "P5Y", "2033-02-28", id="a leap day, five years on"),
        pytest.param("2028-02-29", "P10Y", "2038-02-28", id="a leap day, ten years on"),
        pytest.param("2096-02-29", "P4Y", "2100-02-28", id="2100 is no leap year"),
        pytest.param("2027-02-28", "P1Y", "2028-02-28", id="into a leap year: the same date"),
        pytest.param("2027-03-01", "P365D", "2028-02-29", id="365 days are not a year"),
        pytest.param("2026-01-31", "P1M1D", "2026-03-01", id="months before days"),
        pytest.param("2026-01-30", "P1M1W1D", "2026-03-08", id="months, then weeks, then days"),
        pytest.param("1969-12-31", "P1D", "1970-01-01", id="before the epoch"),
        pytest.param("9999-12-31", "P1D", "9999-12-31", id="no day after the last"),
        pytest.param("9999-11-30", "P1M", "9999-12-30", id="the last month is a month"),
        pytest.param("9999-12-01", "P1M", "9999-12-31", id="no month after the last"),
        pytest.param("2026-03-27", "P99999Y", "9999-12-31", id="longer than the calendar, in years"),
        pytest.param("2026-03-27", "P9999999D", "9999-12-31", id="longer than the calendar, in days"),
        pytest.param("0001-01-01", "P1M", "0001-02-01", id="the first day"),
    ],
)
def test_last_day(start: str, period: str, expected: str) -> None:
    """The day it starts does not count, a month ends on its date or its last day, the calendar's end is an end."""
    assert number(expected) == last_day(number(start), Period.parse(period))


@settings(deadline=None)
@given(
    st.dates(date(1890, 1, 1), date(2110, 12, 31)),
    st.builds(Period, st.integers(0, 6), st.integers(0, 14), st.integers(0, 9), st.integers(0, 400)),
)
@example(date(2028, 2, 29), Period(years=1))
@example(date(2026, 1, 31), Period(months=1))
def test_last_day_is_that_of_walking(start: date, period: Period) -> None:
    """Counting agrees with walking through the calendar day by day."""
    assert walked(start, period) == EPOCH + timedelta(days=last_day((start - EPOCH).days, period))


@given(st.integers(-(2**40), 2**40), st.integers(0, 99_999), st.integers(0, 9_999_999))
@example(DAYS_MIN, 0, 0)
@example(DAYS_MAX, 99_999, 9_999_999)
def test_last_day_stays_in_the_calendar(start: int, years: int, days: int) -> None:
    """No day and no period is too far: an end outside the years 1 to 9999 is the nearest within."""
    end = last_day(start, Period(years=years, days=days))
    assert DAYS_MIN <= end <= DAYS_MAX
    assert max(DAYS_MIN, min(DAYS_MAX, start)) <= end


def test_three_months_of_2026() -> None:
    """X2: three calendar months are 89 to 92 days, so they are not ninety days."""
    first = number("2026-01-01")
    lengths = Counter(last_day(day, Period(months=3)) - day for day in range(first, first + 365))
    assert dict(lengths) == {89: 29, 90: 62, 91: 63, 92: 211}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2026-01-14", "2026-01-14T23:00:00Z", id="winter"),
        pytest.param("2026-07-14", "2026-07-14T22:00:00Z", id="summer"),
        pytest.param("2026-03-28", "2026-03-28T23:00:00Z", id="before the day of 23 hours"),
        pytest.param("2026-03-29", "2026-03-29T22:00:00Z", id="the day of 23 hours"),
        pytest.param("2026-03-30", "2026-03-30T22:00:00Z", id="after it"),
        pytest.param("2026-10-24", "2026-10-24T22:00:00Z", id="before the day of 25 hours"),
        pytest.param("2026-10-25", "2026-10-25T23:00:00Z", id="the day of 25 hours"),
        pytest.param("2026-10-26", "2026-10-26T23:00:00Z", id="after it"),
        pytest.param("1969-12-31", "1969-12-31T23:00:00Z", id="before the epoch"),
        pytest.param("9999-12-30", "9999-12-30T23:00:00Z", id="the last day but one"),
        pytest.param("9999-12-31", "9999-12-31T23:59:59.999999Z", id="the last: there is no moment after"),
    ],
)
def test_moment_a_day_ends(day: str, expected: str) -> None:
    """A day ends with its local midnight, whatever its hours; the last day of all with its last microsecond."""
    assert parse_time(expected) == first_moment_after(number(day))


@settings(deadline=None)
@given(st.integers(0, number("2400-01-01")))
@example(number("2026-03-29"))
@example(number("2026-10-25"))
def test_moment_is_the_first_of_the_next_day(day: int) -> None:
    """The microsecond before is still the day, the moment itself is not."""
    moment = first_moment_after(day)
    assert (day, day + 1) == (local_day(moment - 1), local_day(moment))
    assert moment == first_moment_of(day + 1)


@settings(deadline=None)
@given(st.integers(-(2**40), 2**40))
@example(DAYS_MIN)
@example(DAYS_MIN - 1)
@example(DAYS_MAX - 1)
@example(DAYS_MAX)
@example(DAYS_MAX + 1)
def test_moments_stay_in_the_calendar(day: int) -> None:
    """No day is too far to have an end that can be recorded, and a day begins no later than it ends."""
    assert MICROS_MIN <= first_moment_of(day) <= first_moment_after(day) <= MICROS_MAX


def test_first_day_begins_with_the_calendar() -> None:
    """There is no day before the first to ask for its end."""
    assert first_moment_of(DAYS_MIN) == MICROS_MIN
    assert first_moment_of(DAYS_MIN + 1) > MICROS_MIN


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (MICROS_MIN, DAYS_MIN),
        (MICROS_MIN - 1, DAYS_MIN),
        (-(2**63), DAYS_MIN),
        (MICROS_MAX, DAYS_MAX),
        (MICROS_MAX + 1, DAYS_MAX),
        (2**63 - 1, DAYS_MAX),
        (parse_time("2026-03-27T22:59:59Z"), number("2026-03-27")),
        (parse_time("2026-03-27T23:00:00Z"), number("2026-03-28")),
    ],
)
def test_day_of_any_moment(moment: int, expected: int) -> None:
    """Moments no calendar has count as the nearest it has."""
    assert expected == day_of(moment)


def test_calendar_is_that_of_the_contract() -> None:
    """What can be recorded can end: the limits are those of the times a publisher may state."""
    expected = (
        cloudevents.DAYS_MIN,
        cloudevents.DAYS_MAX,
        cloudevents.MICROS_MIN,
        cloudevents.MICROS_MAX,
    )
    assert expected == (periods.DAYS_MIN, periods.DAYS_MAX, periods.MICROS_MIN, periods.MICROS_MAX)
