"""The local day an event belongs to: it names the epoch keys. Europe/Amsterdam (DESIGN section 8)."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LOCAL_TIME = ZoneInfo("Europe/Amsterdam")
MICROS_PER_HOUR = 3_600_000_000
HOURS_CACHED = 4096
"""Half a year of hours; events of one batch share a handful."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()


def local_day(occurred_at: int) -> int:
    """The local calendar day of an instant.

    Args:
        occurred_at: microseconds since the Unix epoch, UTC; negative before 1970.

    Returns:
        Days since 1970-01-01. The first and last day of the calendar (years 1 and 9999), where local time
        would leave it, count by UTC.
    """
    # Every offset of this zone since 1970 is a whole number of hours, so an hour lies within one local day.
    hour = occurred_at // MICROS_PER_HOUR
    return _day_of_hour(hour) if hour >= 0 else _day(occurred_at)


@lru_cache(maxsize=HOURS_CACHED)
def _day_of_hour(hour: int) -> int:
    return _day(hour * MICROS_PER_HOUR)


def _day(occurred_at: int) -> int:
    instant = _EPOCH + timedelta(microseconds=occurred_at)
    try:
        return instant.astimezone(LOCAL_TIME).date().toordinal() - _EPOCH_DAY
    except OverflowError:
        return instant.date().toordinal() - _EPOCH_DAY
