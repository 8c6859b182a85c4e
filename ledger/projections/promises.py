"""What entries show of promises: that one was kept, or until when it is owed.

Of each mark the first entry of a local month is kept, per controller, rule and ledger partition, so the table stays as
small as the number of promises. What follows from it is `ledger.rules.verdicts`.

Source: DESIGN section 8: a promise has a verdict per controller and period, with the entries that show it.
"""

from collections.abc import Hashable, Iterable
from datetime import date
from functools import lru_cache

from ledger.entry import Entry
from ledger.projections.projection import COORDINATES, TIMES, Projection, Recorded, Row, Table

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
ORDINAL_MAX = date.max.toordinal()
DAYS_CACHED = 4096
"""Ten years of days; the entries of one batch share a few."""

TABLE = Table(
    name="promise_evidence",
    columns=(
        *COORDINATES,
        ("item", "int4"),
        ("controller", "text"),
        ("mark", "text"),
        ("rule", "text"),
        ("detail", "text"),
        ("month", "int4"),
        ("due_at", "int8"),
        *TIMES,
    ),
    order_by=("ledger_partition", "ledger_offset", "item"),
    first_of=("controller", "mark", "rule", "detail", "month"),
)


@lru_cache(maxsize=DAYS_CACHED)
def month_of(day: int) -> int:
    """The month of a local day, as year * 12 + month - 1.

    Args:
        day: days since 1970-01-01. One outside the calendar counts as the calendar's first or last.
    """
    ordinal = min(max(day + EPOCH_ORDINAL, 1), ORDINAL_MAX)
    found = date.fromordinal(ordinal)
    return found.year * 12 + found.month - 1


def first_day_of(month: int) -> int:
    """The first local day of a month, days since 1970-01-01; beyond the calendar, the day after its last."""
    year, index = divmod(month, 12)
    if year > date.max.year:
        return ORDINAL_MAX + 1 - EPOCH_ORDINAL
    return date(max(year, 1), index + 1, 1).toordinal() - EPOCH_ORDINAL


def apply(recorded: Recorded) -> Iterable[tuple[Table, Row]]:
    """One row per mark of a record."""
    entry = recorded.record
    if not recorded.shown or not isinstance(entry, Entry):
        return ()
    month = month_of(entry.occurred_day)
    return [
        (
            TABLE,
            (
                recorded.partition,
                recorded.offset,
                item,
                entry.controller,
                shown.mark,
                shown.rule,
                shown.detail,
                month,
                shown.due_at,
                entry.occurred_at,
                entry.sealed_at,
            ),
        )
        for item, shown in enumerate(recorded.shown)
    ]


def follows_from(recorded: Recorded) -> Hashable:
    """What tells the marks of an entry from another's; None for records without any."""
    entry = recorded.record
    if not recorded.shown or not isinstance(entry, Entry):
        return None
    return (entry.controller, month_of(entry.occurred_day), recorded.shown)


PROJECTION = Projection(name="promises", tables=(TABLE,), apply=apply, follows_from=follows_from)
