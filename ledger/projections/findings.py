"""Findings: each broken rule, on the entry that broke it, with what was expected and what was found."""

from collections.abc import Iterator

from ledger.entry import Entry
from ledger.projections.projection import COORDINATES, Projection, Recorded, Row, Table

TABLE = Table(
    name="findings",
    columns=(
        *COORDINATES,
        ("ordinal", "int4"),
        ("stream", "uuid"),
        ("controller", "text"),
        ("code", "text"),
        ("article", "text"),
        ("occurred_at", "int8"),
        ("sealed_at", "int8"),
        ("expected", "text"),
        ("found", "text"),
    ),
    order_by=("ledger_partition", "ledger_offset", "ordinal"),
)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per finding, in the order the rules gave them."""
    entry = recorded.record
    if not recorded.findings or not isinstance(entry, Entry):
        return
    for ordinal, finding in enumerate(recorded.findings):
        yield (
            TABLE,
            (
                recorded.partition,
                recorded.offset,
                ordinal,
                entry.stream,
                entry.controller,
                finding.code,
                finding.article,
                entry.occurred_at,
                entry.sealed_at,
                finding.expected,
                finding.found,
            ),
        )


PROJECTION = Projection(name="findings", tables=(TABLE,), apply=apply)
