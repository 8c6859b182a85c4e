"""Wall-clock times of a switch without a zone, read as Dutch local time.

Summer time makes two cases that the text alone cannot settle:

- an hour that happens twice (last Sunday of October, 02:00-03:00) is taken as its **first** pass, `fold=0`,
  unless that would put it before a moment known to be earlier; then as the second;
- an hour that does not happen (last Sunday of March, 02:00-03:00) is read with the offset before the change:
  02:30 is 01:30 UTC, the moment the clock said 03:30.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SWITCH_ZONE = ZoneInfo("Europe/Amsterdam")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_CLOCK = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII)


def parse_local(text: str, *, not_before: int | None = None) -> int | None:
    """Reads `YYYY-MM-DD HH:MM:SS`.

    Args:
        text: the time as written.
        not_before: an earlier moment, microseconds since the epoch, to choose between two passes of an hour.

    Returns:
        Microseconds since the Unix epoch, UTC; None when the text is no such time.
    """
    if not _WALL_CLOCK.fullmatch(text):
        return None
    try:
        wall = datetime.fromisoformat(text).replace(tzinfo=SWITCH_ZONE)
        moment = _micros(wall)
        if not_before is not None and moment < not_before:
            return max(moment, _micros(wall.replace(fold=1)))
    except (ValueError, OverflowError):
        return None
    return moment


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
