"""The recorder's store: what is known, in; what a batch causes, out; one transaction.

Owns: the order of statements in that transaction, and what a recorder remembers between batches. Leaves to
others: deciding (`ledger.recording`), the event store's tables (`ledger.store.event_recorder`).
"""

from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import UUID

from psycopg import Cursor, IsolationLevel, sql
from psycopg.rows import TupleRow

from ledger.aggregates.streams import LedgerAggregate
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry, SourcePosition
from ledger.postgres.connection import Connection, connect, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.projections.projection import Row, Table
from ledger.recording.effects import ChainKey, Effects
from ledger.recording.governance_facts import FACT_TYPES, GovernanceFacts
from ledger.recording.judge import Judge
from ledger.recording.judgements import ErasureKey, IncompleteErasure
from ledger.recording.known import ConsentKey, TrailEnd
from ledger.rules.erasure import INCOMPLETE_EVENT, judge_erasure
from ledger.rules.personal import Processed
from ledger.rules.processing.processing_facts import is_processing
from ledger.store.entry_mapper import SnapshotMapper
from ledger.store.event_recorder import LedgerEventRecorder, make_datastore
from ledger.store.repository import LedgerRepository
from ledger.store.text_arrays import register_text_arrays

SQL = load_sql(Path(__file__).parent / "sql" / "recorder.sql")
AGGREGATES_REMEMBERED_MAX = 20_000
"""Aggregates a recorder keeps between batches; a few kilobytes each, well within its memory."""
FIRSTS_REMEMBERED_MAX = 50_000
"""Keys of rows a table keeps only the first of; a few hundred bytes each. Forgotten ones cost an insert without
effect."""

MICROS_PER_DAY = 86_400_000_000


@dataclass(kw_only=True)
class Memory:
    """What a recorder remembers of the store between batches.

    It is right as long as nobody else moved the recorder's positions, and the compare-and-swap finds that out:
    whoever sees a batch fail MUST call `forget`.
    """

    aggregates: dict[UUID, LedgerAggregate] = field(default_factory=dict)
    marks: dict[ChainKey, SourcePosition] | None = None
    trail_days: set[int] = field(default_factory=set)
    firsts: dict[str, set[tuple[object, ...]]] = field(default_factory=dict)
    governance: GovernanceFacts = field(default_factory=GovernanceFacts)

    def __post_init__(self) -> None:
        self.judge = Judge(self.governance)

    def forget(self) -> None:
        """Drops everything."""
        self.aggregates.clear()
        self.marks = None
        self.trail_days.clear()
        self.firsts.clear()
        self.judge.forget()

    def trim(self) -> None:
        """Drops the aggregates that were used longest ago beyond the limit, and first rows' keys beyond theirs."""
        while len(self.aggregates) > AGGREGATES_REMEMBERED_MAX:
            del self.aggregates[next(iter(self.aggregates))]
        if sum(map(len, self.firsts.values())) > FIRSTS_REMEMBERED_MAX:
            self.firsts.clear()


class LedgerStore:
    """One schema of the store, as a recorder uses it.

    Atomicity: everything done with one `batch` is committed together or not at all. Durability: when the
    `with` block of a batch ends without an error, it is committed and flushed.
    """

    def __init__(self, dsn: str, schema: str) -> None:
        self._connection = connect(dsn, schema=schema, application_name="ledger-recorder")
        register_text_arrays(self._connection)
        self._datastore = make_datastore(dsn, schema)
        self._repository = LedgerRepository(self._datastore)

    @contextmanager
    def batch(self, memory: Memory) -> Iterator["Batch"]:
        """One transaction: commits when the block ends, rolls back when it raises.

        Raises:
            InfrastructureError: PostgreSQL failed; whether the commit happened is unknown, the position tells.
        """
        with (
            translated_errors("recording a batch"),
            self._connection.transaction(),
            self._connection.cursor() as cursor,
        ):
            yield Batch(cursor, self._repository, memory)
        memory.trim()

    def positions(self) -> dict[int, int]:
        """The next offset to be recorded of each ledger partition that has any."""
        with translated_errors("reading positions"), self._connection.transaction():
            return read_positions(self._connection)

    def close(self) -> None:
        """Closes the connections."""
        self._connection.close()
        self._datastore.close()


class Batch:
    """What a recorder does within one transaction."""

    def __init__(self, cursor: Cursor[TupleRow], repository: LedgerRepository, memory: Memory) -> None:
        self._cursor = cursor
        self._repository = repository
        self._recorder: LedgerEventRecorder = repository.recorder
        self._memory = memory

    def position(self, partition: int) -> int:
        """The next offset to be recorded of a partition that may be another recorder's."""
        last = self._recorder.positions(self._cursor).get(partition)
        return 0 if last is None else last + 1

    def marks(self) -> MutableMapping[ChainKey, SourcePosition]:
        """Every chain's mark; changes to it are written by `write` and remembered."""
        if self._memory.marks is None:
            rows = self._cursor.execute(SQL["chain_marks"]).fetchall()
            self._memory.marks = {
                ChainKey(topic, partition, ledger): SourcePosition(offset, part)
                for topic, partition, ledger, offset, part in rows
            }
        return self._memory.marks

    def facts_seen(self, keys: Sequence[UUID]) -> dict[UUID, bytes | None]:
        """Fact key -> content MAC, of those facts that are stored already."""
        if not keys:
            return {}
        found = self._recorder.select_facts(self._cursor, list(set(keys)))
        return {key: _content_mac(fact.state) for key, fact in found.items()}

    def aggregates(self, streams: Collection[UUID]) -> MutableMapping[UUID, LedgerAggregate]:
        """The aggregates of some streams; streams without records are absent.

        They are remembered, so a failed batch, which may have changed them, must be forgotten.
        """
        remembered = self._memory.aggregates
        unknown = [stream for stream in streams if stream not in remembered]
        if unknown:
            remembered.update(self._repository.load_many(self._cursor, unknown))
        for stream in streams:
            # Used last goes last: `trim` drops from the front.
            if stream in remembered:
                remembered[stream] = remembered.pop(stream)
        return remembered

    def processing_under_consent(self, since: Mapping[ConsentKey, int]) -> dict[ConsentKey, list[Processed]]:
        """Recorded processing that rests on a consent and happened at or after a time; a key for each asked."""
        found: dict[ConsentKey, list[Processed]] = {key: [] for key in since}
        if since:
            streams, purposes = (list(column) for column in zip(*since, strict=True))
            rows = self._cursor.execute(SQL["consent_based"], (streams, purposes, list(since.values())))
            for stream, *columns in rows:
                processed = Processed(*columns)
                found[ConsentKey(stream, processed.purpose)].append(processed)
        return found

    def processing_since(self, since: Mapping[UUID, int]) -> dict[UUID, list[Processed]]:
        """Recorded processing of people that happened at or after a time; a key for each asked."""
        found: dict[UUID, list[Processed]] = {stream: [] for stream in since}
        if since:
            rows = self._cursor.execute(SQL["processed_since"], (list(since), list(since.values())))
            for stream, *columns in rows:
                processed = Processed(*columns)
                if is_processing(processed.event_type):
                    found[stream].append(processed)
        return found

    def judge(self, needed: int) -> Judge:
        """What judges by governance facts; those below an offset of partition 0 are known to it.

        They are remembered, and a fold adds what it records of partition 0 itself, so a recorder of that partition
        reads them once. Another recorder's partition 0 has the offset already: records wait for it (`readiness`).
        """
        governance = self._memory.governance
        if governance.next_offset < needed:
            parameters = (sorted(FACT_TYPES), governance.next_offset, needed)
            for offset, state in self._cursor.execute(SQL["governance_facts"], parameters).fetchall():
                record = decode_record(state)
                assert isinstance(record, Entry)  # noqa: S101 # only entries have these names
                governance.add(offset, record)
            governance.reach(needed)
        return self._memory.judge

    def trail_ends(self) -> list[TrailEnd]:
        """Every recorded end of the audit trail, in the order of the log."""
        return [TrailEnd(*row) for row in self._cursor.execute(SQL["trail_ends"])]

    def incomplete_erasures(self, keys: Collection[ErasureKey]) -> dict[ErasureKey, IncompleteErasure]:
        """Of some erasures, those whose last recorded result is that they are incomplete."""
        if not keys:
            return {}
        streams, ids = (list(column) for column in zip(*keys, strict=True))
        found = {}
        for stream, erasure_id, offset, occurred_at, document in self._cursor.execute(
            SQL["incomplete_erasures"], (streams, ids)
        ):
            finding = judge_erasure(INCOMPLETE_EVENT, document)
            assert finding is not None  # noqa: S101 # that event always has one
            found[ErasureKey(stream, erasure_id)] = IncompleteErasure(offset, occurred_at, finding)
        return found

    def firsts(self) -> MutableMapping[str, set[tuple[object, ...]]]:
        """Keys of rows that are written already, as far as remembered; what is added to it is remembered."""
        return self._memory.firsts

    def advance(self, partition: int, expected: int, new: int) -> None:
        """Moves a partition's next offset; first of all writes, so that whoever lost the partition learns it
        before writing.

        Raises:
            PositionMoved: it is not where expected; roll back.
        """
        self._recorder.advance(self._cursor, partition, expected - 1 if expected else None, new - 1)

    def write(self, effects: Effects) -> None:
        """Writes everything a batch causes; last of all the entries, whose lock all recorders share."""
        self._write_marks(effects)
        self._write_counters(effects)
        for table, rows in effects.rows.items():
            if table.months_of:
                self._ensure_months(table, rows)
            if table.first_of:
                self._insert_first(table, rows)
            else:
                self._copy(table, rows)
        if effects.ignored:
            self._recorder.copy_ignored(self._cursor, effects.ignored)
        if effects.snapshots:
            mapper = SnapshotMapper()
            self._recorder.copy_snapshots(self._cursor, map(mapper.to_stored_event, effects.snapshots))
        if effects.entries:
            self._recorder.copy_entries(self._cursor, effects.entries)

    def _write_marks(self, effects: Effects) -> None:
        columns = [(*key, *position) for key, position in sorted(effects.marks.items())]
        if columns:
            topics, partitions, ledgers, offsets, parts = (
                list(column) for column in zip(*columns, strict=True)
            )
            self._cursor.execute(SQL["move_chain_marks"], (topics, partitions, ledgers, offsets, parts))

    def _write_counters(self, effects: Effects) -> None:
        for partition, counters in sorted(effects.counters.items()):
            self._cursor.execute(SQL["add_counters"], {"partition": partition, **asdict(counters)})

    def _ensure_months(self, table: Table, rows: Sequence[Row]) -> None:
        """Makes the months the rows go to; asked for once per day, so that nothing has to be calculated per row."""
        column = table.column_names.index(table.months_of)
        days = {row[column] // MICROS_PER_DAY for row in rows}  # type: ignore[operator]  # a Row's values are objects
        for day in sorted(days - self._memory.trail_days):
            self._cursor.execute(SQL["ensure_trail_month"], (day * MICROS_PER_DAY,))
        # Made in this transaction: if it rolls back, whoever sees that forgets them.
        self._memory.trail_days |= days

    def _insert_first(self, table: Table, rows: Sequence[Row]) -> None:
        """Writes the rows that are the first of their key; the others are there already, whoever forgot it."""
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO NOTHING").format(
            sql.Identifier(table.name),
            sql.SQL(", ").join(map(sql.Identifier, table.column_names)),
            sql.SQL(", ").join(sql.Placeholder() * len(table.columns)),
            sql.SQL(", ").join(map(sql.Identifier, ("ledger_partition", *table.first_of))),
        )
        with translated_errors(f"writing {table.name}"):
            self._cursor.executemany(statement, rows)

    def _copy(self, table: Table, rows: Sequence[Row]) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.column_names))
        )
        with translated_errors(f"writing {table.name}"), self._cursor.copy(statement) as copy:
            copy.set_types(table.column_types)
            for row in rows:
                copy.write_row(row)


def read_positions(connection: Connection) -> dict[int, int]:
    """The next offset to be recorded of each ledger partition that has any, in the caller's transaction."""
    rows = connection.execute(SQL["positions"]).fetchall()
    return {int(name.removeprefix("ledger-")): last + 1 for name, last in rows}


@contextmanager
def repeatable_read(connection: Connection) -> Iterator[None]:
    """One read-only snapshot for everything in the block."""
    with translated_errors("reading a snapshot"):
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            yield


def _content_mac(state: bytes) -> bytes | None:
    record = decode_record(state)
    return record.content_mac if isinstance(record, Entry) else None
