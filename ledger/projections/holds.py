"""What must not be destroyed for now: legal holds, exports asked for before deletion, and restrictions.

Source: CB-31 (export before deletion); GDPR Art. 18 (restriction).
"""

from collections.abc import Iterator

import msgspec

from ledger.aggregates.open_fields import reader, uuid_of
from ledger.entry import Entry, StreamKind
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

HOLD_STATES = {"hold.placed": "placed", "hold.lifted": "lifted"}
RESTRICTION_STATES = {"processing.restricted": "set", "restriction.lifted": "lifted"}

HOLDS = Table(
    name="holds",
    columns=(
        *COORDINATES,
        ("hold_id", "text"),
        ("controller", "text"),
        ("state", "text"),
        ("kind", "text"),
        ("subject", "uuid"),
        ("retention_classes", "text[]"),
        ("article", "text"),
        ("ends_at", "int8"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)
RESTRICTIONS = Table(
    name="restrictions",
    columns=(
        *COORDINATES,
        ("stream", "uuid"),
        ("restriction_id", "text"),
        ("controller", "text"),
        ("state", "text"),
        ("ground", "text"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)


class _Hold(msgspec.Struct, frozen=True):
    hold_id: str
    kind: str | None = None
    subject_pseudonym: str | None = None
    retention_classes: list[str] = []
    article: str | None = None
    ends_at: int | None = None


class _Restriction(msgspec.Struct, frozen=True):
    restriction_id: str
    ground: str | None = None


_read_hold, _read_restriction = reader(_Hold), reader(_Restriction)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per hold or restriction that begins or ends."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry):
        return
    if entry.event_type in HOLD_STATES:
        if (hold := _read_hold(entry.open_fields)) is not None:
            yield HOLDS, _hold_row(recorded, entry, hold)
    elif entry.stream_kind == StreamKind.SUBJECT:
        # One that names nobody is in the trail; there is no one whose data it could keep.
        restriction = _read_restriction(entry.open_fields)
        if restriction is not None:
            yield RESTRICTIONS, _restriction_row(recorded, entry, restriction)


def _hold_row(recorded: Recorded, entry: Entry, hold: _Hold) -> Row:
    return (
        recorded.partition,
        recorded.offset,
        hold.hold_id,
        entry.controller,
        HOLD_STATES[entry.event_type],
        hold.kind,
        # Whose pseudonym cannot be read is nobody we know, so everything is held: what is kept too long can still
        # be destroyed, and the other way round cannot.
        uuid_of(hold.subject_pseudonym),
        hold.retention_classes,
        hold.article,
        hold.ends_at,
        entry.occurred_at,
        entry.sealed_at,
    )


def _restriction_row(recorded: Recorded, entry: Entry, restriction: _Restriction) -> Row:
    return (
        recorded.partition,
        recorded.offset,
        entry.stream,
        restriction.restriction_id,
        entry.controller,
        RESTRICTION_STATES[entry.event_type],
        restriction.ground,
        entry.occurred_at,
        entry.sealed_at,
    )


PROJECTION = Projection(
    name="holds",
    tables=(HOLDS, RESTRICTIONS),
    apply=apply,
    event_types=frozenset({*HOLD_STATES, *RESTRICTION_STATES}),
)
