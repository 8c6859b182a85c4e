"""What became of inbox records, looked up behind the loops' backs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg

from consumers.sealer import SealerLoop, Writer, inbox_positions
from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS
from ledger.contract.ledger_record import decode_record
from ledger.log.records import Partition
from ledger.sealing.governance import GovernanceFollower
from ledger.sealing.sealer import Sealer
from ledger.store.queries import Queries, Totals

InboxPosition = tuple[str, int, int]
"""Topic, partition and offset."""


def effects(parts: Runtime) -> Counter[tuple[InboxPosition, int]]:
    """(inbox position, part) -> how often it took effect."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        rows = connection.execute("SELECT state FROM stored_events").fetchall()
    records = [decode_record(bytes(row[0])) for row in rows]
    return Counter(((r.source_topic, r.source_partition, r.source_offset), r.part) for r in records)


def check_exactly_once(parts: Runtime) -> None:
    """Every inbox record took effect, with all its parts, each once; a publisher's repeats are not allowed for."""
    counted = effects(parts)
    assert {1} == set(counted.values()), "something took effect more than once"
    with parts.reader({}) as reader:
        ends = reader.ends([p for topic in INBOX_TOPICS for p in reader.partitions_of(topic)])
    inbox = {(p.topic, p.number, offset) for p, end in ends.items() for offset in range(end)}
    assert inbox == {position for position, _ in counted}


def totals(parts: Runtime) -> Totals:
    """What became of everything recorded."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        return Queries(connection).totals()


def since(before: Totals, parts: Runtime) -> Totals:
    """What was recorded since."""
    return Totals(*(now - then for now, then in zip(totals(parts), before, strict=True)))


def sealed_up_to(parts: Runtime) -> dict[Partition, int]:
    """The sealer's progress in each inbox partition it has seen."""
    with parts.reader({}) as reader, parts.vault() as vault:
        every = [p for topic in INBOX_TOPICS for p in reader.partitions_of(topic)]
        progress = {p: vault.load_progress(p.topic, p.number) for p in every}
    return {p: at.next_offset for p, at in progress.items() if at is not None}


@contextmanager
def vault_database(parts: Runtime) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A connection to the vault's tables, each statement committed."""
    with psycopg.connect(parts.vault_dsn, autocommit=True) as connection:
        connection.execute("SET search_path = vault")
        yield connection


@contextmanager
def store_database(parts: Runtime) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A connection to the live schema's tables, each statement committed."""
    with psycopg.connect(parts.store_dsn, autocommit=True) as connection:
        connection.execute("SET search_path = ledger")
        yield connection


PROGRESS_TABLES: Mapping[LiteralString, LiteralString] = {
    "sealer_progress": "topic, partition, next_offset, trying_offset, trying_until, attempts",
    "sealer_chain": "topic, partition, ledger_partition, source_offset, part",
}


@contextmanager
def progress_lost(parts: Runtime) -> Iterator[None]:
    """What the sealers note of their progress in the block is lost, as if the vault had never been told."""
    with vault_database(parts) as connection:
        for table in PROGRESS_TABLES:
            connection.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
    yield
    with vault_database(parts) as connection, connection.transaction():
        connection.execute("TRUNCATE sealer_progress, sealer_chain")
        for table, columns in PROGRESS_TABLES.items():
            connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM kept_{table}")
            connection.execute(f"DROP TABLE kept_{table}")


@contextmanager
def sealer_loop_writing_to(parts: Runtime, writer: Writer) -> Iterator[SealerLoop]:
    """The sealer's loop as the composition root makes it, with a writer of the test's."""
    with parts.vault() as vault, parts.reader({}) as reader, parts.reader({}) as governance:
        positions = inbox_positions(reader, vault, (1, 1))
        reader.assign(positions)
        sealer = Sealer(
            vault, parts.catalogue, ledger_partitions=parts.settings.ledger_partitions, registry=None
        )
        yield SealerLoop(
            reader=reader,
            writer=writer,
            vault=vault,
            sealer=sealer,
            governance=GovernanceFollower(vault, governance),
            progress=positions,
        )
