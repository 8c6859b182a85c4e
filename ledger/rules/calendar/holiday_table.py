"""Dutch public holidays by year, as versioned data. Pure.

Owns: which table a deadline is reckoned with, and which days a table has. Leaves to others: the ends of periods
(`ledger.rules.calendar.legal_calendar`), writing a table (`ledger.dev.holiday_years`).

The holidays are those of art. 3(1) and 3(2) of the Algemene termijnenwet: New Year's Day, Good Friday, Easter Monday,
the day the King's birthday is celebrated, 5 May, Ascension Day, Whit Monday and both days of Christmas. 5 May counts
in every year, though it is a day off once in five. Days that a royal decree sets equal to them (art. 3(3)) are not
among them: without them a deadline ends earlier, never later, which is the safe side. Sundays need no entry.

A table never changes once deadlines were reckoned with it, else replay would give other ends than were recorded. A
change of the law is a later table with the first day it holds for; a deadline that starts before that day keeps the
table it had, and each deadline names its own.

Outside a table's years (1970 to 2100) only Saturdays and Sundays are known.

Source: Regulation (EEC, Euratom) 1182/71 art. 2(1): holidays are those of the Member State where action is taken.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple, Self

from ledger.rules.calendar import holidays_nl_1
from ledger.rules.calendar.periods import DAYS_MIN

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class HolidayTable(NamedTuple):
    """One version of the holidays.

    Attributes:
        version: as recorded with each deadline.
        first_day: of the deadlines reckoned with it, days since 1970-01-01, local: that of what starts the clock.
        holidays: days since 1970-01-01, local.
    """

    version: str
    first_day: int
    holidays: frozenset[int]

    @classmethod
    def read(cls, version: str, first_day: int, years: Mapping[int, str]) -> Self:
        """Reads a table as it is written: of each year, its holidays as MM-DD, with a space between."""
        return cls(version, first_day, frozenset(_days(years)))


def _days(years: Mapping[int, str]) -> Iterable[int]:
    for year, days in years.items():
        for text in days.split():
            yield date.fromisoformat(f"{year:04}-{text}").toordinal() - _EPOCH_DAY


TABLES = (HolidayTable.read("nl-1", DAYS_MIN, holidays_nl_1.HOLIDAYS),)
"""Every table there ever was, oldest first. To change the holidays, add one: docs/deadlines.md."""


def table_for(start_day: int, tables: tuple[HolidayTable, ...] = TABLES) -> HolidayTable:
    """The table for a deadline, by the day of what starts its clock: the latest that holds by then."""
    return next((table for table in reversed(tables) if table.first_day <= start_day), tables[0])
