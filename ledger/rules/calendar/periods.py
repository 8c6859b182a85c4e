"""Periods of retention in calendar units, and the day and moment they end. Pure.

A period is years, months, weeks and days of the local calendar (Europe/Amsterdam), never hours: three months are 89
to 92 days, and a day of 23 or 25 hours is a day (X2). Deadlines, which move to a working day, are not here.

Source: ISO 8601-1 section 5.5.2 for the text; Regulation (EEC, Euratom) 1182/71 art. 3(1) and 3(2)(c): the day of the
event does not count, a month ends on the day with the same date or, where there is none, on its last day, and a period
ends with the last hour of its last day. Art. 3(4), the move to a working day, is left out on purpose: ADR 15.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Self

from ledger.rules.calendar.local_day import LOCAL_TIME, local_day

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()
_DAY_MICROS = 86_400_000_000
DAYS_MIN = date.min.toordinal() - _EPOCH_DAY
DAYS_MAX = date.max.toordinal() - _EPOCH_DAY
"""The years 0001 to 9999 as days since 1970-01-01: what a date can be. Ends beyond them are clamped."""

MICROS_MIN = DAYS_MIN * _DAY_MICROS
MICROS_MAX = (DAYS_MAX + 1) * _DAY_MICROS - 1
"""The same years in microseconds since the epoch, UTC."""

MOMENTS_CACHED = 16_384
"""Days whose end is remembered: forty-five years of them; a retention run asks for each day once per class."""

_PERIOD = re.compile(r"P(?=\d)(?:(\d{1,5})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,7})D)?", re.ASCII)


class Period(NamedTuple):
    """A length of time in whole calendar units; all zero is a period that ends with the day it starts on."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads an ISO 8601 duration without hours: P3M, P2W, P90D, P1Y6M.

        Raises:
            ValueError: it is something else.
        """
        match = _PERIOD.fullmatch(text)
        if match is None:
            raise ValueError("not a period of years, months, weeks or days, for example P3M")
        return cls(*(int(part or 0) for part in match.groups()))

    def __str__(self) -> str:
        """The canonical text: parts that are zero are left out, and nothing at all is P0D."""
        parts = "".join(f"{count}{unit}" for count, unit in zip(self, "YMWD", strict=True) if count)
        return f"P{parts or '0D'}"


def last_day(start_day: int, period: Period) -> int:
    """The last day of a period: what started on `start_day` is kept through it.

    Years and months go first, clamped to the last day of the month they reach, then weeks and days.

    Args:
        start_day: the day of what started the clock, days since 1970-01-01, local; it does not count itself.
        period: how long.

    Returns:
        Days since 1970-01-01, local, within the years 0001 to 9999.
    """
    start = date.fromordinal(_clamp(start_day) + _EPOCH_DAY)
    months = start.year * 12 + (start.month - 1) + period.years * 12 + period.months
    year, month = months // 12, months % 12 + 1
    if year > date.max.year:
        return DAYS_MAX
    reached = date(year, month, min(start.day, monthrange(year, month)[1]))
    return _clamp(reached.toordinal() - _EPOCH_DAY + period.weeks * 7 + period.days)


@lru_cache(maxsize=MOMENTS_CACHED)
def first_moment_after(day: int) -> int:
    """The local midnight that ends a day: from then on, what was kept through the day is due.

    Args:
        day: days since 1970-01-01, local.

    Returns:
        Microseconds since the epoch, UTC. Nothing can be recorded after the year 9999, so its last day ends with its
        last microsecond.
    """
    day = _clamp(day)
    if day == DAYS_MAX:
        return MICROS_MAX
    midnight = datetime.combine(date.fromordinal(day + 1 + _EPOCH_DAY), datetime.min.time(), LOCAL_TIME)
    return (midnight - _EPOCH) // timedelta(microseconds=1)


def first_moment_of(day: int) -> int:
    """The local midnight a day begins with, microseconds since the epoch, UTC."""
    return first_moment_after(day - 1) if day > DAYS_MIN else MICROS_MIN


def day_of(moment: int) -> int:
    """The local day of a moment; moments outside the years 0001 to 9999 count as the nearest within."""
    return local_day(max(MICROS_MIN, min(MICROS_MAX, moment)))


def _clamp(day: int) -> int:
    return max(DAYS_MIN, min(DAYS_MAX, day))
