"""What the projections of cases share: one row per fact, with its own words whole and columns for what is asked often.

A case's state is not worked out here: rows are statements as they were made, `document` holds the open fields.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

F = TypeVar("F")


def case_projection(
    name: str,
    *,
    id_column: str,
    phases: Mapping[str, str],
    fact: type[F],
    columns: tuple[tuple[str, str], ...],
    values: Callable[[Entry, F], Row],
) -> Projection:
    """A projection with one table of the same name.

    Args:
        name: the projection's and the table's.
        id_column: what names the case.
        phases: event type -> what the fact does to the case.
        fact: a struct of the open fields that have columns.
        columns: those columns with their PostgreSQL types, between `phase` and `document`.
        values: the case's id, then a value for each of the columns.
    """
    table = Table(
        name=name,
        columns=(
            *COORDINATES,
            ("controller", "text"),
            (id_column, "text"),
            ("phase", "text"),
            *columns,
            ("document", "text"),
            *TIMES,
        ),
        order_by=BY_COORDINATES,
    )
    read = reader(fact)

    def apply(recorded: Recorded) -> Iterable[tuple[Table, Row]]:
        """One row per fact."""
        entry = recorded.record
        if recorded.version is None or not isinstance(entry, Entry) or entry.event_type not in phases:
            return
        stated = read(entry.open_fields)
        if stated is None:
            return
        case_id, *others = values(entry, stated)
        yield (
            table,
            (
                recorded.partition,
                recorded.offset,
                entry.controller,
                case_id,
                phases[entry.event_type],
                *others,
                entry.open_fields,
                entry.occurred_at,
                entry.sealed_at,
            ),
        )

    return Projection(name=name, tables=(table,), apply=apply, event_types=frozenset(phases))
