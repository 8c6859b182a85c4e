"""The table of Dutch public holidays: against the law, against a library, and that it never changes."""

import hashlib
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from ledger.dev import holiday_years
from ledger.rules.calendar import holidays_nl_1
from ledger.rules.calendar.holiday_table import TABLES, HolidayTable, table_for
from ledger.rules.calendar.periods import DAYS_MAX, DAYS_MIN

EPOCH = date(1970, 1, 1)
NL_1 = TABLES[0]


def number(text: str) -> int:
    """Days since 1970-01-01 of a calendar date."""
    return (date.fromisoformat(text) - EPOCH).days


def easter(year: int) -> date:
    """Easter Sunday, by the Gregorian computus (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    ell = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * ell) // 451
    month, day = divmod(h + ell - 7 * m + 114, 31)
    return date(year, month, day + 1)


def birthday(year: int) -> date:
    """The day the birthday of the King or Queen is celebrated: not on a Sunday, and until 1980 the day after one."""
    day = date(year, 4, 27) if year >= 2014 else date(year, 4, 30)
    if day.weekday() != 6:
        return day
    return day + timedelta(days=-1 if year >= 1980 else 1)


def by_the_law(year: int) -> set[date]:
    """Art. 3(1) and 3(2) of the Algemene termijnenwet, one day after the other."""
    sunday = easter(year)
    return {
        date(year, 1, 1),
        sunday - timedelta(days=2),
        sunday + timedelta(days=1),
        birthday(year),
        date(year, 5, 5),
        sunday + timedelta(days=39),
        sunday + timedelta(days=50),
        date(year, 12, 25),
        date(year, 12, 26),
    }


def of_the_table(year: int) -> set[date]:
    """What the table has of a year."""
    days = {EPOCH + timedelta(days=day) for day in NL_1.holidays}
    return {day for day in days if day.year == year}


def test_holidays_of_2026() -> None:
    """The year of the golden cases, day by day: 5 May is among them, and a Sunday need not be."""
    expected = "01-01 04-03 04-06 04-27 05-05 05-14 05-25 12-25 12-26"
    assert expected.split() == [f"{day:%m-%d}" for day in sorted(of_the_table(2026))]


def test_table_is_the_law() -> None:
    """Every year of the table has the days the statute names, reckoned here by other means, and no others."""
    for year in range(1970, 2101):
        assert of_the_table(year) == {day for day in by_the_law(year) if day.weekday() != 6}, year


def test_table_is_the_librarys() -> None:
    """From 1990 to 2060 the library has the same days, but for 5 May: a day off in every fifth year only."""
    for year in range(1990, 2061):
        known = {day for day in holidays.country_holidays("NL", years=year) if day.weekday() != 6}
        liberation = date(year, 5, 5)
        assert of_the_table(year) - known <= {liberation}, year
        assert known <= of_the_table(year), year
        assert liberation not in of_the_table(year) - known or year % 5, year


def test_library_knows_liberation_day() -> None:
    """The library has 5 May in every year as a day some have off: the known difference is one of category."""
    for year in range(1990, 2061):
        days = holidays.country_holidays("NL", years=year, categories=("public", "optional"))
        assert date(year, 5, 5) in days, year


def test_published_table_never_changes() -> None:
    """Deadlines were reckoned with nl-1: whoever changes it changes what was recorded, and adds nl-2 instead."""
    text = repr(sorted(holidays_nl_1.HOLIDAYS.items())).encode()
    expected = "7ed5cc76d1f6292eac45b6772038844c2c32c1a5966aa1393842ec839f66e3c3"
    assert expected == hashlib.sha256(text).hexdigest()


def test_table_is_as_generated() -> None:
    """The committed module is what its generator writes with the library of today."""
    module = Path(holidays_nl_1.__file__).read_text(encoding="utf-8")
    assert module == holiday_years.rendered(holiday_years.holiday_years())


def test_generator_leaves_a_table_alone() -> None:
    """A table that exists is not written again."""
    with pytest.raises(FileExistsError):
        holiday_years.main(["1"])


@pytest.mark.parametrize("year", [1969, 2101, 9999])
def test_outside_the_table_there_are_no_holidays(year: int) -> None:
    """Beyond its years nothing is known: Christmas of 2101 is a day like another."""
    assert set() == of_the_table(year)


@pytest.mark.parametrize("day", [DAYS_MIN, -1, 0, number("2026-11-22"), DAYS_MAX])
def test_first_table_is_for_every_start(day: int) -> None:
    """No start is too early or too late to have a table."""
    assert table_for(day).version == "nl-1"


def test_start_before_a_later_table_keeps_the_older() -> None:
    """What was reckoned once is reckoned so for ever: a later table is for what starts from its first day on."""
    later = HolidayTable.read("nl-2", number("2030-01-01"), {2030: "01-01 03-03"})
    tables = (NL_1, later)
    starts = ("2029-12-31", "2030-01-01", "2030-01-02")
    assert [table_for(number(day), tables).version for day in starts] == ["nl-1", "nl-2", "nl-2"]
    assert number("2030-03-03") in later.holidays
