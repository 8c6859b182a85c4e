"""Moments and counts as a finding says them, for people to read. Pure.

Local time with its distance from UTC, so that nobody has to reckon and the hour that comes twice in October is told
from its twin: 2026-03-27T15:04:05+01:00. It depends on the moment alone, never on a locale.

Source: RFC 3339 section 5.6.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ledger.rules.calendar.local_day import LOCAL_TIME
from ledger.rules.calendar.periods import MICROS_MAX, MICROS_MIN, Period

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_LENGTH = len("YYYY-MM-DD")
_UNITS = ("year", "month", "week", "day")


def moment_text(moment: int) -> str:
    """A moment in local time, to the microsecond where it has any.

    Args:
        moment: microseconds since the epoch, UTC; outside the years 0001 to 9999 it counts as the nearest within.
    """
    instant = _EPOCH + timedelta(microseconds=max(MICROS_MIN, min(MICROS_MAX, moment)))
    try:
        return instant.astimezone(LOCAL_TIME).isoformat()
    except OverflowError:  # the first and last hours of the calendar, where local time would leave it
        return instant.isoformat()


def day_text(moment: int, *, beside: int | None = None) -> str:
    """The local day of a moment, YYYY-MM-DD; the moment itself when the one it stands beside is on the same day.

    Args:
        moment: microseconds since the epoch, UTC.
        beside: another moment the same sentence names, which the reader is to tell from it.
    """
    text = moment_text(moment)
    if beside is not None and moment_text(beside)[:DAY_LENGTH] == text[:DAY_LENGTH]:
        return text
    return text[:DAY_LENGTH]


def period_text(period: Period) -> str:
    """A period in words: 4 weeks, 1 year and 6 months."""
    parts = [counted(count, unit) for count, unit in zip(period, _UNITS, strict=True) if count]
    return listed(parts) or "0 days"


def counted(count: int, unit: str) -> str:
    """A number of things: 1 hour, 48 hours."""
    return f"{count} {unit}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: one, two and three."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
