"""Legal deadlines: golden cases, both readings of an extension, hours that never move, and a slow reference."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ledger.contract.cloudevents import parse_time
from ledger.rules.calendar.holiday_table import TABLES, HolidayTable
from ledger.rules.calendar.legal_calendar import (
    LegalEnd,
    answer_end,
    calendar_year,
    extended_end,
    hours_end,
    is_working_day,
    legal_end,
    next_working_day,
)
from ledger.rules.calendar.periods import DAYS_MAX, DAYS_MIN, MICROS_MAX, MICROS_MIN, Period, last_day

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EPOCH = date(1970, 1, 1)
ONE_DAY = timedelta(days=1)
HOLIDAYS = {EPOCH + timedelta(days=day) for day in TABLES[0].holidays}


def number(text: str) -> int:
    """Days since 1970-01-01 of a calendar date."""
    return (date.fromisoformat(text) - EPOCH).days


def text_of(day: int) -> str:
    """The calendar date of a day number."""
    return (EPOCH + timedelta(days=day)).isoformat()


def noon(day: str | date) -> int:
    """Twelve o'clock in Amsterdam on a day, microseconds UTC."""
    day = day if isinstance(day, date) else date.fromisoformat(day)
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=AMSTERDAM)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def raw_and_last(end: LegalEnd) -> tuple[str, str]:
    """Both days of an end as text."""
    return text_of(end.raw_day), text_of(end.last_day)


def works(day: date) -> bool:
    """Whether anybody works that day, the obvious way."""
    return day.strftime("%a") not in {"Sat", "Sun"} and day not in HOLIDAYS


def walked(start: date, period: Period) -> tuple[date, date]:
    """The last day of a period, by the calendar and moved: by walking a day at a time, with art. 1182/71 in hand."""
    day, months_left = start, period.years * 12 + period.months
    while months_left:
        if (day + ONE_DAY).month != day.month:
            months_left -= 1
        day += ONE_DAY
    while day.day < start.day and (day + ONE_DAY).month == day.month:
        day += ONE_DAY
    for _ in range(period.weeks * 7 + period.days):
        day += ONE_DAY
    raw, days, worked = day, 0, 0
    day = start
    while day < raw:
        day += ONE_DAY
        days, worked = days + 1, worked + works(day)
    while not works(day) or (days >= 2 and worked < 2):
        day += ONE_DAY
        worked += works(day)
    return raw, day


GOLDEN = [
    ("2026-01-31", "2026-02-28", "2026-03-02", "2026-04-30", "2026-04-30"),
    ("2026-03-05", "2026-04-05", "2026-04-07", "2026-06-05", "2026-06-05"),
    ("2026-04-14", "2026-05-14", "2026-05-15", "2026-07-14", "2026-07-14"),
    ("2026-08-31", "2026-09-30", "2026-09-30", "2026-11-30", "2026-11-30"),
    ("2026-11-25", "2026-12-25", "2026-12-28", "2027-02-25", "2027-02-25"),
    ("2026-11-30", "2026-12-30", "2026-12-30", "2027-02-28", "2027-03-01"),
    ("2026-12-31", "2027-01-31", "2027-02-01", "2027-03-31", "2027-03-31"),
]


@pytest.mark.parametrize(("received", "raw", "legal", "raw_3", "legal_3"), GOLDEN)
def test_golden_case(received: str, raw: str, legal: str, raw_3: str, legal_3: str) -> None:
    """Received on a day, answered within a month, extended to three: STANDARDS section 3."""
    assert (raw, legal) == raw_and_last(answer_end(noon(received)))
    assert (raw_3, legal_3) == raw_and_last(extended_end(noon(received)).from_receipt)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        pytest.param("2026-03-05T12:00:00Z", "2026-04-07T22:00:00Z", id="summer: midnight is at 22:00"),
        pytest.param("2026-01-31T12:00:00Z", "2026-03-02T23:00:00Z", id="winter: midnight is at 23:00"),
        pytest.param(
            "2026-08-30T22:00:00Z", "2026-09-30T22:00:00Z", id="midnight belongs to the day it begins"
        ),
        pytest.param(
            "2026-08-30T21:59:59.999999Z", "2026-09-30T22:00:00Z", id="30 August: the same last day"
        ),
        pytest.param("2026-09-29T21:59:59.999999Z", "2026-10-29T23:00:00Z", id="over the end of summer time"),
        pytest.param("2026-09-29T22:00:00Z", "2026-10-30T23:00:00Z", id="a microsecond later, a day later"),
    ],
)
def test_end_is_a_local_midnight(received: str, expected: str) -> None:
    """The day of receipt is a day in Amsterdam, and so is the last one, whatever the offset to UTC."""
    assert parse_time(expected) == answer_end(parse_time(received)).ends_at


def test_two_further_months_of_2026() -> None:
    """The readings of "two further months" differ on 5 start days of 2026 (29, 30, 31 Jan; 31 May; 31 Oct)."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    ends = {day: extended_end(noon(day)) for day in days}
    differ = [d for d, end in ends.items() if end.from_receipt.raw_day != end.from_first_end.raw_day]
    expected = [
        date(2026, 1, 29),
        date(2026, 1, 30),
        date(2026, 1, 31),
        date(2026, 5, 31),
        date(2026, 10, 31),
    ]
    assert expected == differ


def test_two_further_months_after_the_move() -> None:
    """Of those five, two end on the same working day after all: both readings of May and October end on a Monday."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    ends = {day: extended_end(noon(day)) for day in days}
    differ = [d for d, end in ends.items() if end.from_receipt.ends_at != end.from_first_end.ends_at]
    assert [date(2026, 1, 29), date(2026, 1, 30), date(2026, 1, 31)] == differ


def test_two_further_months_from_the_moved_end_is_no_reading() -> None:
    """Counted from the working day month one moved to, the readings would differ on a third of 2026's days."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    further = {
        day: last_day(answer_end(noon(day)).last_day, Period(months=2))
        != extended_end(noon(day)).from_receipt.raw_day
        for day in days
    }
    assert sum(further.values()) == 115


@pytest.mark.parametrize(
    ("received", "receipt", "first_end"),
    [
        ("2026-01-29", "2026-04-29", "2026-04-28"),
        ("2026-01-30", "2026-04-30", "2026-04-28"),
        ("2026-01-31", "2026-04-30", "2026-04-28"),
        ("2026-05-31", "2026-08-31", "2026-08-31"),
        ("2026-10-31", "2027-02-01", "2027-02-01"),
    ],
)
def test_earlier_reading_is_the_one_to_keep(received: str, receipt: str, first_end: str) -> None:
    """Both are there, and the one that ends first is the end."""
    end = extended_end(noon(received))
    assert (receipt, first_end) == (text_of(end.from_receipt.last_day), text_of(end.from_first_end.last_day))
    assert end.earlier == min(end[:2], key=lambda each: each.ends_at)


def test_extension_takes_other_periods() -> None:
    """A promise of its own: two weeks, extended by one, is three weeks by either reading."""
    end = extended_end(noon("2026-06-01"), Period(weeks=2), Period(weeks=1))
    assert raw_and_last(end.earlier) == ("2026-06-22", "2026-06-22")
    assert end.from_receipt == end.from_first_end


@pytest.mark.parametrize(
    ("start", "period", "raw", "last"),
    [
        pytest.param("2026-11-23", "P1D", "2026-11-24", "2026-11-24", id="a day"),
        pytest.param("2026-11-20", "P1D", "2026-11-21", "2026-11-23", id="a day, from a Friday"),
        pytest.param("2026-11-20", "P0D", "2026-11-20", "2026-11-20", id="nothing: the day itself"),
        pytest.param("2026-11-21", "P0D", "2026-11-21", "2026-11-23", id="nothing, on a Saturday"),
        pytest.param("2026-11-23", "P4W", "2026-12-21", "2026-12-21", id="four weeks"),
        pytest.param("2026-11-27", "P4W", "2026-12-25", "2026-12-28", id="four weeks to Christmas"),
        pytest.param(
            "2026-04-28", "P1W", "2026-05-05", "2026-05-06", id="5 May is no working day, also in 2026"
        ),
        pytest.param("2026-03-27", "P1W", "2026-04-03", "2026-04-07", id="Good Friday to Tuesday"),
        pytest.param("2026-04-20", "P1W", "2026-04-27", "2026-04-28", id="King's Day"),
        pytest.param("2025-12-01", "P1M", "2026-01-01", "2026-01-02", id="New Year's Day"),
        pytest.param("2028-02-29", "P1Y", "2029-02-28", "2029-02-28", id="a leap day, a year on"),
        pytest.param("2025-12-26", "P1Y", "2026-12-26", "2026-12-28", id="a year to Boxing Day, a Saturday"),
        pytest.param("2026-12-24", "P2D", "2026-12-26", "2026-12-29", id="two working days, over Christmas"),
        pytest.param("2026-04-02", "P4D", "2026-04-06", "2026-04-08", id="two working days, over Easter"),
        pytest.param("2026-11-20", "P2D", "2026-11-22", "2026-11-24", id="two working days, over a weekend"),
        pytest.param(
            "2101-11-25", "P1M", "2101-12-25", "2101-12-26", id="beyond the table: a Sunday, and no holiday"
        ),
    ],
)
def test_legal_end(start: str, period: str, raw: str, last: str) -> None:
    """Weeks, days and years end as months do: on a working day."""
    assert (raw, last) == raw_and_last(legal_end(noon(start), Period.parse(period)))


def test_end_names_its_table() -> None:
    """Whoever reads a deadline sees which holidays it was reckoned with."""
    assert answer_end(noon("2026-03-05")).calendar == "nl-1"


PERIODS = st.one_of(
    st.integers(0, 14).map(lambda months: Period(months=months)),
    st.integers(0, 12).map(lambda days: Period(days=days)),
    st.builds(Period, st.integers(0, 6), st.integers(0, 14), st.integers(0, 9), st.integers(0, 60)),
)


@settings(deadline=None)
@given(st.dates(date(1971, 1, 1), date(2090, 12, 31)), st.integers(0, 86_399_999_999), PERIODS)
@example(date(2026, 1, 31), 0, Period(months=1))
@example(date(2026, 4, 2), 0, Period(days=2))
@example(date(2026, 12, 24), 0, Period(days=2))
def test_end_is_that_of_walking(start: date, time_of_day: int, period: Period) -> None:
    """Counting agrees with walking through the calendar day by day, from any moment of the day."""
    midnight = datetime(start.year, start.month, start.day, tzinfo=AMSTERDAM)
    received_at = (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) + time_of_day
    # The last hour of the day of 23 hours is the next day's.
    assume(datetime.fromtimestamp(received_at / 1e6, AMSTERDAM).date() == start)
    raw, last = walked(start, period)
    end = legal_end(received_at, period)
    assert (raw.isoformat(), last.isoformat()) == raw_and_last(end)
    after = last + ONE_DAY
    assert end.ends_at == (
        datetime(after.year, after.month, after.day, tzinfo=AMSTERDAM) - datetime(1970, 1, 1, tzinfo=UTC)
    ) // timedelta(microseconds=1)


@settings(deadline=None)
@given(st.dates(date(1971, 1, 1), date(2090, 12, 31)), st.integers(0, 6), st.integers(0, 6))
@example(date(2026, 1, 31), 1, 2)
def test_extension_is_that_of_walking(start: date, first: int, further: int) -> None:
    """Both readings agree with walking, and a later start never ends earlier by either."""
    end = extended_end(noon(start), Period(months=first), Period(months=further))
    assert walked(start, Period(months=first + further))[1].isoformat() == text_of(end.from_receipt.last_day)
    raw, _ = walked(start, Period(months=first))
    assert walked(raw, Period(months=further))[0].isoformat() == text_of(end.from_first_end.raw_day)
    later = extended_end(noon(start + ONE_DAY), Period(months=first), Period(months=further))
    assert (end.from_receipt.ends_at, end.from_first_end.ends_at) <= (
        later.from_receipt.ends_at,
        later.from_first_end.ends_at,
    )
    assert end.earlier.ends_at == min(end.from_receipt.ends_at, end.from_first_end.ends_at)


@settings(deadline=None)
@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 99_999), st.integers(0, 9_999_999))
@example(MICROS_MIN, 0, 0)
@example(MICROS_MAX, 99_999, 9_999_999)
@example(MICROS_MAX - 86_400_000_000, 0, 2)
def test_end_stays_in_the_calendar(received_at: int, years: int, days: int) -> None:
    """No moment and no period is too far: there is an end, no sooner than the clock started."""
    end = legal_end(received_at, Period(years=years, days=days))
    assert DAYS_MIN <= end.raw_day <= min(DAYS_MAX, end.last_day)
    assert max(MICROS_MIN, min(MICROS_MAX, received_at)) <= end.ends_at <= MICROS_MAX


@pytest.mark.parametrize(
    ("at", "hours", "expected"),
    [
        pytest.param("2026-11-27T16:00:00Z", 48, "2026-11-29T16:00:00Z", id="into a weekend"),
        pytest.param("2026-12-24T16:00:00Z", 72, "2026-12-27T16:00:00Z", id="over Christmas"),
        pytest.param("2026-03-28T12:00:00Z", 48, "2026-03-30T12:00:00Z", id="over the day of 23 hours"),
        pytest.param("2026-10-24T12:00:00Z", 72, "2026-10-27T12:00:00Z", id="over the day of 25 hours"),
        pytest.param(
            "2026-11-27T16:00:00.000001Z", 1, "2026-11-27T17:00:00.000001Z", id="to the microsecond"
        ),
        pytest.param("2026-11-27T16:00:00Z", 0, "2026-11-27T16:00:00Z", id="none"),
        pytest.param(
            "9999-12-31T12:00:00Z", 72, "9999-12-31T23:59:59.999999Z", id="no moment after the last"
        ),
    ],
)
def test_hours_never_move(at: str, hours: int, expected: str) -> None:
    """48 and 72 hours are so many times 3600 seconds: no weekend, holiday or change of the clock moves them."""
    assert parse_time(expected) == hours_end(parse_time(at), hours)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-20", True),
        ("2026-11-21", False),
        ("2026-11-22", False),
        ("2026-11-23", True),
        ("2026-04-03", False),
        ("2026-04-06", False),
        ("2026-04-27", False),
        ("2026-05-05", False),
        ("2026-05-14", False),
        ("2026-05-15", True),
        ("2026-05-25", False),
        ("2026-12-24", True),
        ("2026-12-25", False),
        ("2026-12-31", True),
        ("2102-12-25", True),
        ("1969-12-25", True),
    ],
)
def test_working_day(day: str, expected: bool) -> None:
    """Saturdays, Sundays and holidays are none; beyond the table's years there are no holidays."""
    assert expected is is_working_day(number(day))


def test_next_working_day_may_be_today() -> None:
    """A working day is its own; five days off in a row are the most there are, and five of any seven."""
    assert number("2026-11-20") == next_working_day(number("2026-11-20"))
    assert number("2026-04-07") == next_working_day(number("2026-04-03"))
    every = range(number("1970-01-01"), number("2101-01-01"))
    assert max(next_working_day(day) - day for day in every) == 5
    assert min(sum(is_working_day(day + n) for n in range(7)) for day in every) == 2


def test_working_day_by_another_table() -> None:
    """A deadline's own table decides, whatever the newest says."""
    table = HolidayTable.read("nl-test", DAYS_MIN, {2026: "11-23"})
    assert number("2026-11-24") == next_working_day(number("2026-11-21"), table)
    assert is_working_day(number("2026-12-25"), table)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-12-31T22:59:59.999999Z", 2026),
        ("2026-12-31T23:00:00Z", 2027),
        ("2027-01-01T00:00:00Z", 2027),
        ("0001-01-01T00:00:00Z", 1),
        ("9999-12-31T23:59:59Z", 9999),
    ],
)
def test_calendar_year_is_local(moment: str, expected: int) -> None:
    """A year begins at midnight in Amsterdam, an hour before UTC's."""
    assert expected == calendar_year(parse_time(moment))
