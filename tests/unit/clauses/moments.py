"""Moments as clauses speak of them: local time in Amsterdam, hours, the smallest step on either side."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_EPOCH_DAY = date(1970, 1, 1).toordinal()

INSTANT = 1
"""A microsecond, the smallest step the ledger tells apart."""
SECOND = 1_000_000
HOUR = 3600 * SECOND
GRACE = 48 * HOUR
"""How long after the end of a period everything is gone (DESIGN section 7)."""


def at(text: str) -> int:
    """A local time, as 2026-03-02 10:00, in microseconds since the epoch."""
    since = datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM) - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def day(text: str) -> int:
    """A local day, as 2026-03-02, in days since the epoch."""
    return date.fromisoformat(text).toordinal() - _EPOCH_DAY
