"""The audit trail: every entry that took effect; who, what, why, on what basis, when it happened, when sealed."""

from collections.abc import Iterator

from ledger.entry import Entry
from ledger.projections.projection import BY_COORDINATES, COORDINATES, Projection, Recorded, Row, Table

TABLE = Table(
    name="audit_trail",
    columns=(
        *COORDINATES,
        ("stream", "uuid"),
        ("stream_version", "int8"),
        ("stream_kind", "text"),
        ("event_type", "text"),
        ("occurred_at", "int8"),
        ("sealed_at", "int8"),
        ("controller", "text"),
        ("role", "text"),
        ("purpose", "text"),
        ("lawful_basis", "text"),
        ("data_categories", "text[]"),
        ("processors", "text[]"),
        ("storage_country", "text"),
        ("subject_roles", "text[]"),
    ),
    order_by=BY_COORDINATES,
    months_of="sealed_at",
)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per entry; rejected input has a projection of its own."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry):
        return
    yield (
        TABLE,
        (
            recorded.partition,
            recorded.offset,
            entry.stream,
            recorded.version,
            entry.stream_kind,
            entry.event_type,
            entry.occurred_at,
            entry.sealed_at,
            entry.controller,
            entry.role,
            entry.purpose,
            entry.lawful_basis,
            entry.data_categories,
            entry.processors,
            entry.storage_country,
            entry.subject_roles,
        ),
    )


PROJECTION = Projection(name="audit_trail", tables=(TABLE,), apply=apply)
