"""Where the audit trail was ended: entries sealed before a moment left it; the log keeps them."""

from collections.abc import Iterator

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry, StreamKind
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

ENDED = "trail.ended"

TABLE = Table(
    name="trail_ends",
    columns=(*COORDINATES, ("before", "int8"), ("period", "text"), ("rule", "text"), *TIMES),
    order_by=BY_COORDINATES,
)


class _Ended(msgspec.Struct, frozen=True):
    before: int
    period: str
    rule: str


_read = reader(_Ended)


def begins_at(entry: Entry) -> int | None:
    """From which moment on entries stay, by a `trail.ended`; None when the entry is none."""
    if entry.event_type != ENDED or entry.stream_kind != StreamKind.GOVERNANCE:
        return None
    ended = _read(entry.open_fields)
    return None if ended is None else ended.before


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per end of the trail."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry) or entry.event_type != ENDED:
        return
    ended = _read(entry.open_fields)
    if ended is not None:
        times = (entry.occurred_at, entry.sealed_at)
        yield TABLE, (recorded.partition, recorded.offset, *msgspec.structs.astuple(ended), *times)


PROJECTION = Projection(name="trail_ends", tables=(TABLE,), apply=apply, event_types=frozenset({ENDED}))
