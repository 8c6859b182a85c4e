"""Replay: rebuild everything from the ledger topic into another schema, and compare digests.

The same recorder loop as live, over the same bytes; live state is only read, in one snapshot. A shadow
schema left behind by a replay that was killed is dropped by the next one.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import structlog
from psycopg import sql

from ledger.bootstrap import Runtime
from ledger.config import LEDGER_TOPIC
from ledger.contract.ledger_record import decode_record
from ledger.errors import CallerError, IntegrityError
from ledger.log.reader import PartitionReader
from ledger.log.records import Partition, ReadRecord
from ledger.postgres.connection import Connection
from ledger.recording.governance_facts import GovernanceFacts
from ledger.store.digest import digests
from ledger.store.ledger_store import read_positions, repeatable_read

SHADOW_PREFIX = "ledger_replay_"
STALLED_AFTER_S = 30.0
"""Without a record for this long, a replay that is not done says so."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Until:
    """Where a replay ends: at positions (exclusive), or before the first record sealed after a time."""

    positions: Mapping[int, int] | None = None
    sealed_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReplayResult:
    """What a replay built; `digests` leaves out what cannot be compared at `positions`."""

    positions: dict[int, int]
    digests: dict[str, str]
    entries: int
    seconds: float


class BoundedReader:
    """A reader that ends: it delivers nothing at or past each partition's bound."""

    def __init__(self, reader: PartitionReader, ends: Mapping[int, int], sealed_until: int | None) -> None:
        self._reader = reader
        self._sealed_until = sealed_until
        self.ends = dict(ends)

    def poll(self, timeout_s: float) -> dict[Partition, list[ReadRecord]]:
        """As `PartitionReader.poll`, within the bounds."""
        polled = self._reader.poll(timeout_s)
        within = {partition: self._within(partition, records) for partition, records in polled.items()}
        return {partition: records for partition, records in within.items() if records}

    def seek(self, partition: Partition, offset: int) -> None:
        """As `PartitionReader.seek`."""
        self._reader.seek(partition, offset)

    def _within(self, partition: Partition, records: list[ReadRecord]) -> list[ReadRecord]:
        end = self.ends[partition.number]
        kept = [record for record in records if record.offset < end]
        if self._sealed_until is not None:
            for index, record in enumerate(kept):
                if self._sealed_later(record):
                    self.ends[partition.number] = record.offset
                    return kept[:index]
        return kept

    def _sealed_later(self, record: ReadRecord) -> bool:
        """Whether it was sealed after the bound; Kafka's timestamp is sealed_at cut to milliseconds."""
        assert self._sealed_until is not None  # noqa: S101 # the caller asked
        bound_ms = self._sealed_until // 1000
        if record.timestamp_ms != bound_ms:
            return record.timestamp_ms > bound_ms
        return decode_record(record.value or b"").sealed_at > self._sealed_until


def live_state(
    parts: Runtime, ends: Mapping[int, int] | None = None
) -> tuple[dict[int, int], dict[str, str]]:
    """Positions and digests of the live schema, from one snapshot of it.

    Args:
        parts: where it is.
        ends: partition -> offset: leave out everything from there on.
    """
    with parts.store_connection(parts.settings.store_schema) as connection, repeatable_read(connection):
        return read_positions(connection), digests(connection, ends=ends)


def replay(
    parts: Runtime,
    *,
    until: Until,
    into: str | None,
    on_progress: Callable[[int, int], None],
    governance: GovernanceFacts | None = None,
    look: Callable[[Connection], None] = lambda _built: None,
) -> ReplayResult:
    """Rebuilds the ledger's state from its topic.

    Args:
        parts: where everything is.
        until: where to end; without bounds, at the end the log has now.
        into: schema to build and keep; None builds a shadow and drops it.
        on_progress: called with (records done, records in all).
        governance: knows no fact yet, and what to judge by instead; None for the rules as they are.
        look: reads what was built, in the snapshot its digests are of.

    Raises:
        CallerError: `into` is the live schema or exists already.
        IntegrityError: the log has a hole, or ends before a position asked for.
    """
    started = time.monotonic()
    bounded: BoundedReader

    def read_through(reader: PartitionReader) -> BoundedReader:
        nonlocal bounded
        bounded = _bounded(reader, until)
        return bounded

    with (
        _schema(parts, into) as schema,
        parts.recorder_loop(schema=schema, read_through=read_through, governance=governance) as loop,
    ):
        moved_at = time.monotonic()
        while behind := {n: end for n, end in bounded.ends.items() if loop.positions.get(n, 0) < end}:
            if loop.step():
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > STALLED_AFTER_S:
                raise IntegrityError(
                    "the replay does not get on",
                    expected=f"records of partitions {sorted(behind)}",
                    found="none",
                    do="Check that Kafka serves the ledger topic; a record may wait for governance past the bound",
                )
            on_progress(sum(loop.positions.values()), sum(bounded.ends.values()))
        with parts.store_connection(schema) as connection, repeatable_read(connection):
            built = digests(connection, ends=loop.positions)
            look(connection)
        return ReplayResult(
            positions=loop.positions,
            digests=built,
            entries=sum(loop.positions.values()),
            seconds=time.monotonic() - started,
        )


def _bounded(reader: PartitionReader, until: Until) -> BoundedReader:
    """The reader, ending where asked, or at the log's end as it is now."""
    ends = {p.number: end for p, end in reader.ends(reader.partitions_of(LEDGER_TOPIC)).items()}
    for number, end in (until.positions or {}).items():
        if end > ends.get(number, 0):
            raise IntegrityError(
                f"log regressed: partition {number} of the ledger topic is shorter than asked for",
                expected=f"at least {end} records",
                found=str(ends.get(number, "no such partition")),
            )
    if until.positions is not None:
        ends = {number: until.positions.get(number, 0) for number in ends}
    return BoundedReader(reader, ends, until.sealed_at)


@contextmanager
def _schema(parts: Runtime, into: str | None) -> Iterator[str]:
    """A fresh schema to build in: kept when named, else dropped, whatever happens."""
    if into == parts.settings.store_schema:
        raise CallerError("--into names the live schema", expected="another name", found=into)
    if into is not None and into.startswith(SHADOW_PREFIX):
        raise CallerError(
            "--into names a shadow schema, which the next replay drops",
            expected=f"a name that does not begin with {SHADOW_PREFIX}",
            found=into,
        )
    name = into or f"{SHADOW_PREFIX}{uuid4().hex[:12]}"
    with parts.store_connection(None) as guard:
        guard.autocommit = True
        if _exists(guard, name):
            raise CallerError(
                f"schema {name} exists",
                expected="a name that is free",
                do=f"Drop it first: DROP SCHEMA {name} CASCADE",
            )
        _drop_orphans(guard, live=parts.settings.store_schema)
        # Held by this session while we build: a shadow without its lock is an orphan.
        guard.execute("SELECT pg_advisory_lock(hashtext(%s))", (name,))
        try:
            parts.migrate_store(name)
            yield name
        finally:
            if into is None:
                _drop(guard, name)


def _drop_orphans(guard: Connection, *, live: str) -> None:
    """Drops shadow schemas whose replay is gone; never the live one, whatever it is called."""
    shadows = guard.execute(
        "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) AND nspname <> %s",
        (SHADOW_PREFIX, live),
    ).fetchall()
    for (name,) in shadows:
        row = guard.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (name,)).fetchone()
        if row is not None and row[0]:
            _drop(guard, name)
            guard.execute("SELECT pg_advisory_unlock(hashtext(%s))", (name,))
            log.info("replay.orphan.dropped", schema=name)


def _exists(guard: Connection, name: str) -> bool:
    return guard.execute("SELECT FROM pg_namespace WHERE nspname = %s", (name,)).fetchone() is not None


def _drop(guard: Connection, name: str) -> None:
    guard.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
