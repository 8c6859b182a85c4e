"""Rejected input: what could not be read, where it was, why; and which of it was sent again since."""

from collections.abc import Iterator

from ledger.entry import Rejected, parse_coordinates
from ledger.projections.projection import BY_COORDINATES, COORDINATES, Projection, Recorded, Row, Table

REJECTED = Table(
    name="rejections",
    columns=(
        *COORDINATES,
        ("source_topic", "text"),
        ("source_partition", "int4"),
        ("source_offset", "int8"),
        ("reason", "text"),
        ("detail", "text"),
        ("attempts", "int4"),
        ("sealed_at", "int8"),
    ),
    order_by=BY_COORDINATES,
)
RETRIED = Table(
    name="rejection_retries",
    columns=(*COORDINATES, ("rejected_partition", "int4"), ("rejected_offset", "int8")),
    order_by=BY_COORDINATES,
)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per rejected inbox record, one per record that is a retry of one, read or rejected again."""
    record = recorded.record
    if isinstance(record, Rejected):
        yield (
            REJECTED,
            (
                recorded.partition,
                recorded.offset,
                record.source_topic,
                record.source_partition,
                record.source_offset,
                record.reason,
                record.detail,
                record.attempts,
                record.sealed_at,
            ),
        )
    if record.retry_of is not None and (rejected := parse_coordinates(record.retry_of)) is not None:
        yield RETRIED, (recorded.partition, recorded.offset, *rejected)


PROJECTION = Projection(name="rejections", tables=(REJECTED, RETRIED), apply=apply)
