"""Exports the ledger made of what it holds: of whom, why, how much, and the archive's digest.

Source: GDPR Art. 15, 20 and 28(3)(g). The archives themselves are not here.
"""

from collections.abc import Iterator

import msgspec

from ledger.aggregates.open_fields import reader, uuid_of
from ledger.entry import Entry
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

MADE = "export.made"

TABLE = Table(
    name="exports",
    columns=(
        *COORDINATES,
        ("export_id", "text"),
        ("controller", "text"),
        ("subject", "uuid"),
        ("reason", "text"),
        ("entries", "int8"),
        ("opened_fields", "int8"),
        ("sha256", "text"),
        ("hold_id", "text"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)


class _Made(msgspec.Struct, frozen=True):
    export_id: str
    reason: str
    entries: int
    opened_fields: int
    sha256: str
    subject_pseudonym: str | None = None
    hold_id: str | None = None


_read = reader(_Made)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per export."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry) or entry.event_type != MADE:
        return
    made = _read(entry.open_fields)
    if made is None:
        return
    yield (
        TABLE,
        (
            recorded.partition,
            recorded.offset,
            made.export_id,
            entry.controller,
            uuid_of(made.subject_pseudonym),
            made.reason,
            made.entries,
            made.opened_fields,
            made.sha256,
            made.hold_id,
            entry.occurred_at,
            entry.sealed_at,
        ),
    )


PROJECTION = Projection(name="exports", tables=(TABLE,), apply=apply, event_types=frozenset({MADE}))
