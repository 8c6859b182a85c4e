"""One digest per projection, and over all: SHA-256 over the rows in ledger order.

A digest depends on ledger bytes only (DESIGN section 3, invariant 3): the rows are ordered by ledger
coordinates or ids, text among them by its bytes, so no locale enters, and encoded as PostgreSQL's binary COPY writes
integers, uuids, text, bytea and their arrays, which is the same in every version.
"""

import hashlib
from collections.abc import Callable, Mapping

from psycopg import sql

from ledger.log.placement import GOVERNANCE_PARTITION
from ledger.postgres.connection import Connection, translated_errors
from ledger.projections import PROJECTIONS
from ledger.projections.projection import BY_COORDINATES, Table
from ledger.recording.known import TRAIL_FROM_THE_START

COPY_HEADER_BYTES = 19
"""Signature, flags and header extension length of binary COPY: the same for every table, and no data."""

STORED = (
    # The name is what `ledger digest` prints. Notification ids are left out: they follow the interleaving of
    # partitions, not the ledger's bytes.
    (
        "entries",
        Table(
            name="stored_events",
            columns=(
                ("ledger_partition", "int4"),
                ("ledger_offset", "int8"),
                ("originator_id", "uuid"),
                ("originator_version", "int8"),
                ("topic", "text"),
                ("state", "bytea"),
            ),
            order_by=("ledger_partition", "ledger_offset"),
        ),
    ),
    (
        "ignored",
        Table(
            name="ignored_records",
            columns=(
                ("ledger_partition", "int4"),
                ("ledger_offset", "int8"),
                ("kind", "text"),
                ("state", "bytea"),
            ),
            order_by=("ledger_partition", "ledger_offset"),
        ),
    ),
    (
        "aggregates",
        Table(
            name="stored_snapshots",
            columns=(
                ("originator_id", "uuid"),
                ("originator_version", "int8"),
                ("topic", "text"),
                ("state", "bytea"),
            ),
            order_by=("originator_id", "originator_version"),
        ),
    ),
)


def digested_tables() -> dict[str, tuple[Table, ...]]:
    """Digest name -> its tables, in the order they are hashed."""
    stored = {name: (table,) for name, table in STORED}
    return stored | {projection.name: projection.tables for projection in PROJECTIONS}


def digests(connection: Connection, *, ends: Mapping[int, int] | None = None) -> dict[str, str]:
    """The digest of every projection, within the caller's transaction.

    For digests that belong together the caller's transaction MUST be REPEATABLE READ.

    Args:
        connection: its search path names the schema.
        ends: ledger partition -> offset: leave out every row caused by a record from there on; None for all.

    Returns:
        name -> 64 hex digits.
    """
    result = {}
    for name, tables in digested_tables().items():
        hashed = hashlib.sha256()
        for table in tables:
            hashed.update(table.name.encode() + b"\0")
            _hash_rows(connection, table, ends, hashed.update)
        result[name] = hashed.hexdigest()
    return result


def overall(per_name: dict[str, str]) -> str:
    """One digest over all: SHA-256 over the lines "name digest", sorted by name."""
    lines = "".join(f"{name} {digest}\n" for name, digest in sorted(per_name.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _hash_rows(
    connection: Connection, table: Table, ends: Mapping[int, int] | None, update: Callable[[bytes], None]
) -> None:
    statement = sql.SQL("COPY (SELECT {} FROM {} AS t {} {} ORDER BY {}) TO STDOUT (FORMAT BINARY)").format(
        sql.SQL(", ").join(sql.Identifier("t", name) for name in table.column_names),
        sql.Identifier(table.name),
        sql.SQL("") if ends is None else _within(table, ends),
        _still_kept(table, ends) if table.months_of else sql.SQL(""),
        sql.SQL(", ").join(_ordered(table, name) for name in table.order_by),
    )
    with (
        translated_errors(f"digesting {table.name}"),
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        skip = COPY_HEADER_BYTES
        for block in copy:
            update(bytes(block[skip:]))
            skip = 0


def _still_kept(table: Table, ends: Mapping[int, int] | None) -> sql.Composed:
    """Leaves out what has left a table by a recorded fact, whether its month has been dropped yet or not."""
    facts = (
        sql.SQL("")
        if ends is None
        else sql.SQL(" WHERE ledger_offset < {}").format(sql.Literal(ends.get(GOVERNANCE_PARTITION, 0)))
    )
    return sql.SQL("WHERE {} >= coalesce((SELECT max(before) FROM trail_ends{}), {})").format(
        sql.Identifier("t", table.months_of), facts, sql.Literal(TRAIL_FROM_THE_START)
    )


def _ordered(table: Table, column: str) -> sql.Composed:
    """A column to order by; text by its bytes, whatever the database's locale."""
    by_bytes = dict(table.columns)[column] == "text"
    return sql.SQL('{} COLLATE "C"' if by_bytes else "{}").format(sql.Identifier("t", column))


def _within(table: Table, ends: Mapping[int, int]) -> sql.Composed:
    """Joins a table to the bounds, by the coordinates its rows carry or by their entry's."""
    has_coordinates = set(BY_COORDINATES) <= set(table.column_names)
    by_entry = sql.SQL("JOIN stored_events AS c USING (originator_id, originator_version)")
    bounds = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Literal(partition), sql.Literal(end))
        for partition, end in ends.items()
    )
    return sql.SQL(
        "{} JOIN (VALUES {}) AS b (partition, ending) ON {}.ledger_partition = b.partition"
        " AND {} < b.ending::bigint"
    ).format(
        sql.SQL("") if has_coordinates else by_entry,
        bounds,
        sql.Identifier("t" if has_coordinates else "c"),
        sql.Identifier("t", table.caused_by) if has_coordinates else sql.Identifier("c", "ledger_offset"),
    )
