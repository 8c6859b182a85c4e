"""The event store in PostgreSQL: the `eventsourcing` library's process recorder, fed by COPY.

Owns: stored_events, ignored_records, stored_snapshots and ledger_tracking; the compare-and-swap of positions;
the lock under which notification ids are issued. Leaves to others: transactions (the caller's cursor brings
one), what a record means (`ledger.aggregates`), and DDL (`ledger/store/migrations`).

A caller writes a batch in one transaction, in this order:

1. `advance`: a recorder that lost its partition learns it before it writes anything.
2. its projections, marks and counters, `copy_ignored`, `copy_snapshots`.
3. `copy_entries`: takes the lock that all writers share, so it comes last.
4. commit.

A crash before 4 leaves nothing; after 4 nothing is owed.
Source: DESIGN section 4; docs/adr/0002-event-store.md; TRAPS, eventsourcing.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresAggregateRecorder, PostgresDatastore, PostgresProcessRecorder
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, dict_row, tuple_row
from psycopg.sql import SQL, Composed, Identifier

from ledger.errors import CallerError, LedgerError
from ledger.postgres.connection import (
    CONNECT_TIMEOUT_S,
    KEEPALIVE_COUNT,
    KEEPALIVE_IDLE_S,
    KEEPALIVE_INTERVAL_S,
    TCP_USER_TIMEOUT_MS,
    checked_schema,
    translated_errors,
)
from ledger.postgres.named_sql import load_sql
from ledger.recording.effects import IgnoredRecord, StoredEntry
from ledger.store.placed_event import PlacedEvent

EVENTS_TABLE = "stored_events"
SNAPSHOTS_TABLE = "stored_snapshots"
TRACKING_TABLE = "ledger_tracking"

CONNECTIONS_MAX = 10
"""Library reads that run at once; one connection stays open, the others come and go."""
LOCK_TIMEOUT_S = 30
"""Wait for the lock on stored_events. Others hold it for one COPY and a commit."""

VERSION_MIN, VERSION_MAX = -1, (1 << 63) - 1
"""Below and above every version: the library's own tests begin at 0."""

_SQL_FILE = Path(__file__).with_name("sql") / "event_store.sql"
_APPLICATION_NAME = "ledger-{partition}"
_ENTRY_TYPES = ("uuid", "int8", "text", "bytea", "int4", "int8", "uuid")
_IGNORED_TYPES = ("int4", "int8", "text", "text", "int4", "int8", "int4", "bytea")
_SNAPSHOT_TYPES = ("uuid", "int8", "text", "bytea")


class PositionMoved(LedgerError):
    """Another recorder moved the partition's position: roll back, read it again, go on from there."""

    retriable = True


class RecordedFact(NamedTuple):
    """Where a fact was recorded first, and its record's bytes."""

    stream: UUID
    version: int
    partition: int
    offset: int
    state: bytes


def make_datastore(dsn: str, schema: str) -> PostgresDatastore:
    """The library's connection pool on one schema, live or shadow. Close it after use.

    Args:
        dsn: libpq connection string or URI; a host that is a directory is a Unix socket.
        schema: PostgreSQL schema, already migrated.

    Raises:
        CallerError: the DSN or the schema name cannot be read.
    """
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        # The cause is left out: libpq quotes the string it could not read, password and all.
        raise CallerError(
            "cannot read the PostgreSQL connection string",
            expected="host=… dbname=… or postgresql://host/database",
            do="Check LEDGER_STORE_DSN.",
        ) from None
    datastore = PostgresDatastore(
        dbname="",
        host="",
        port="",
        user="",
        password="",
        max_overflow=CONNECTIONS_MAX - 1,
        lock_timeout=LOCK_TIMEOUT_S,
        schema=checked_schema(schema),
    )
    # The library takes five parameters and would silently drop the DSN's others, sslmode among them, and an
    # empty one would hide libpq's default. No connection is open yet: the parameters can be replaced.
    datastore.pool.kwargs = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": TCP_USER_TIMEOUT_MS,
        "keepalives_idle": KEEPALIVE_IDLE_S,
        "keepalives_interval": KEEPALIVE_INTERVAL_S,
        "keepalives_count": KEEPALIVE_COUNT,
        **given,
        "row_factory": dict_row,
    }
    return datastore


class LedgerSnapshotRecorder(PostgresAggregateRecorder):
    """Snapshots in the library's layout, read by its repository. Creates no table."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        super().__init__(datastore, events_table_name=SNAPSHOTS_TABLE)
        self.sql_create_statements.clear()

    def create_table(self) -> None:
        """Creates nothing: our migrations own the schema. Only learns its types."""
        self.datastore.register_type_adapters()


class LedgerEventRecorder(PostgresProcessRecorder):
    """Entries at their place in stream, log and notification order. Creates no table.

    The library's own methods keep working beside ours. Methods that take a cursor run in the caller's
    transaction, never commit, and raise our errors; a cursor's search_path and row factory do not matter.
    """

    def __init__(self, datastore: PostgresDatastore) -> None:
        """Uses the datastore's schema.

        Raises:
            CallerError: the library's database functions are switched on; they insert without the lock,
                and then subscribers miss events.
        """
        if datastore.enable_db_functions:
            raise CallerError(
                "the event store cannot use the library's database functions",
                expected="POSTGRES_ENABLE_DB_FUNCTIONS off",
                found="on",
                do="Unset POSTGRES_ENABLE_DB_FUNCTIONS.",
            )
        super().__init__(datastore, events_table_name=EVENTS_TABLE, tracking_table_name=TRACKING_TABLE)
        self.sql_create_statements.clear()
        # In place of the library's LOCK TABLE … IN EXCLUSIVE MODE: the same order of ids and commits among all who
        # insert through us, but VACUUM, ANALYZE and CREATE INDEX CONCURRENTLY no longer stop recorders, nor they it.
        self.lock_table_statements = [
            SQL("SET LOCAL lock_timeout = '{0}s'").format(datastore.lock_timeout),
            SQL("SELECT pg_advisory_xact_lock(hashtextextended({0}, 0))").format(
                f"{datastore.schema}.{EVENTS_TABLE}"
            ),
        ]
        self._sql = _statements(datastore.schema)

    def create_table(self) -> None:
        """Creates nothing: our migrations own the schema. Only learns its types."""
        self.datastore.register_type_adapters()

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The library's read of one aggregate, with ledger offsets where events have them.

        So an aggregate as it was at a version is the same as the one that was folded then.
        """
        parameters = {
            "id": originator_id,
            "gt": VERSION_MIN if gt is None else gt,
            "lte": VERSION_MAX if lte is None else lte,
            "limit": limit,
        }
        statement = self._sql["select_last_events" if desc else "select_events"]
        with self.datastore.get_connection() as connection, connection.cursor() as cursor:
            rows = cursor.execute(statement, parameters, prepare=True).fetchall()
        return [_stored(tuple(row.values())) for row in rows]

    def copy_entries(self, cursor: Cursor[Any], rows: Iterable[StoredEntry]) -> None:
        """Stores records that take effect. Make it the transaction's last statement.

        Raises:
            IntegrityError: a stream version, a ledger coordinate or a fact is stored already. After `advance`
                succeeded this means that the store and the log contradict each other.
            InfrastructureError: among others when the lock was not free within `LOCK_TIMEOUT_S`.
        """
        with translated_errors("store entries"):
            # Until commit, as the library's own insert does it: notification ids are issued in commit order, so
            # that a reader that follows them never passes a gap that is filled later. Every recorder waits here
            # for every other, hence as late as possible; and because nothing else is locked after it, it cannot
            # be part of a deadlock.
            self._lock_table(cursor)
            self._notify_channel(cursor)
            self._copy(cursor, "copy_entries", _ENTRY_TYPES, rows)

    def copy_ignored(self, cursor: Cursor[Any], rows: Iterable[IgnoredRecord]) -> None:
        """Keeps records without effect.

        Raises:
            IntegrityError: a ledger coordinate is stored already.
        """
        with translated_errors("store records without effect"):
            self._copy(cursor, "copy_ignored", _IGNORED_TYPES, rows)

    def copy_snapshots(self, cursor: Cursor[Any], rows: Iterable[StoredEvent]) -> None:
        """Stores snapshots, as `ledger.store.entry_mapper.SnapshotMapper` makes them.

        Raises:
            IntegrityError: a snapshot at a version is stored already.
        """
        with translated_errors("store snapshots"):
            self._copy(
                cursor,
                "copy_snapshots",
                _SNAPSHOT_TYPES,
                ((row.originator_id, row.originator_version, row.topic, row.state) for row in rows),
            )

    def advance(self, cursor: Cursor[Any], partition: int, expected: int | None, new: int) -> None:
        """Moves a partition's last recorded offset, if it is where the caller believes it to be.

        A concurrent mover of the same partition waits here until the first one's transaction ends.

        Args:
            cursor: of the transaction that carries the effects.
            partition: ledger partition.
            expected: last recorded offset, None when nothing was recorded.
            new: the offset recorded now; above `expected`.

        Raises:
            PositionMoved: it is elsewhere; nothing was written.
            CallerError: `new` is not ahead.
        """
        if new < 0 or (expected is not None and new <= expected):
            raise CallerError(
                f"the position of ledger partition {partition} can only move forward",
                expected=f"an offset above {-1 if expected is None else expected}",
                found=str(new),
            )
        name = _APPLICATION_NAME.format(partition=partition)
        statement = self._sql["begin" if expected is None else "advance"]
        with translated_errors("move a ledger position"):
            cursor.execute(statement, {"name": name, "expected": expected, "new": new})
        if cursor.rowcount != 1:
            raise PositionMoved(
                f"the position of ledger partition {partition} moved",
                expected="none" if expected is None else f"offset {expected}",
                found="another recorder at work",
                do="Roll back, read the position again and go on from there.",
            )

    def positions(self, cursor: Cursor[Any]) -> dict[int, int]:
        """The last recorded offset per ledger partition; a partition without one is absent."""
        with translated_errors("read the ledger positions"):
            rows = _rows(cursor, self._sql["positions"], {})
        return {int(name.removeprefix("ledger-")): offset for name, offset in rows}

    def select_events_of(
        self, cursor: Cursor[Any], ids: Sequence[UUID], after: Mapping[UUID, int]
    ) -> dict[UUID, list[StoredEvent]]:
        """The events of many aggregates, in one query.

        Args:
            cursor: of any transaction.
            ids: aggregates, each once.
            after: versions up to which an aggregate is known already; 0 where absent.

        Returns:
            Events in version order per aggregate, each with its ledger offset; an aggregate without any is absent.
        """
        parameters = {"ids": list(ids), "after": [after.get(id_, 0) for id_ in ids]}
        events: dict[UUID, list[StoredEvent]] = {}
        with translated_errors("read entries"):
            for row in _rows(cursor, self._sql["select_events_of"], parameters):
                events.setdefault(row[0], []).append(_stored(row))
        return events

    def select_latest_snapshots(self, cursor: Cursor[Any], ids: Sequence[UUID]) -> dict[UUID, StoredEvent]:
        """The newest snapshot of each of many aggregates, in one query; absent where there is none."""
        with translated_errors("read snapshots"):
            rows = _rows(cursor, self._sql["select_latest_snapshots"], {"ids": list(ids)})
        return {row[0]: StoredEvent(*row) for row in rows}

    def select_facts(self, cursor: Cursor[Any], keys: Sequence[UUID]) -> dict[UUID, RecordedFact]:
        """Which of these facts are recorded already, in one query.

        Args:
            cursor: of any transaction.
            keys: as `ledger.recording.repeats.fact_key` makes them.
        """
        with translated_errors("read recorded facts"):
            rows = _rows(cursor, self._sql["select_facts"], {"keys": list(keys)})
        return {row[0]: RecordedFact(*row[1:]) for row in rows}

    def _copy(
        self, cursor: Cursor[Any], name: str, types: Sequence[str], rows: Iterable[tuple[object, ...]]
    ) -> None:
        with cursor.copy(self._sql[name]) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)


def _stored(row: TupleRow) -> StoredEvent:
    """An event as selected; the library's own `put` gives it no offset."""
    return StoredEvent(*row[:-1]) if row[-1] is None else PlacedEvent(*row)


def _statements(schema: str) -> dict[str, Composed]:
    """Our statements on one schema. They name it, because the library's do: one recorder, one schema."""
    return {
        name: SQL(statement.decode()).format(schema=Identifier(schema))
        for name, statement in load_sql(_SQL_FILE).items()
    }


def _rows(cursor: Cursor[Any], statement: Composed, parameters: Mapping[str, object]) -> list[TupleRow]:
    """All rows as tuples, in the cursor's transaction, whatever its row factory; binary, for the bytes."""
    with cursor.connection.cursor(row_factory=tuple_row, binary=True) as reader:
        return reader.execute(statement, parameters).fetchall()
