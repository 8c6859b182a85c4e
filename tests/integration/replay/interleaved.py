"""A log read in an order of chance, into a schema of its own on a real store."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from consumers.recorder import RecorderLoop
from ledger.bootstrap import Runtime
from ledger.config import LEDGER_TOPIC
from ledger.log.records import Partition, ReadRecord
from ledger.recording.governance_facts import GovernanceFacts
from ledger.store.digest import digests
from ledger.store.ledger_store import LedgerStore, repeatable_read

SHUFFLED_BATCH_MAX = 9


@contextmanager
def superuser(parts: Runtime) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A connection to the store's database as the server's superuser, each statement committed."""
    dsn = make_conninfo(parts.store_dsn, user="postgres")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET search_path = ledger")
        yield connection


class Interleaved:
    """A reader that delivers a log's partitions in an order of chance, in batches of chance."""

    def __init__(
        self, records: Sequence[ReadRecord], partitions: Iterable[int], chance: random.Random
    ) -> None:
        self._chance = chance
        self._log: dict[int, list[ReadRecord]] = {number: [] for number in partitions}
        for record in records:
            if record.partition.number in self._log:
                self._log[record.partition.number].append(record)
        self._next = dict.fromkeys(self._log, 0)

    @property
    def ends(self) -> dict[int, int]:
        """Where each partition ends."""
        return {number: len(records) for number, records in self._log.items()}

    def poll(self, timeout_s: float) -> dict[Partition, list[ReadRecord]]:
        """Some records of some partitions; none only when there are no more."""
        left = [number for number, end in self.ends.items() if self._next[number] < end]
        if not left:
            return {}
        chosen = self._chance.sample(left, self._chance.randint(1, len(left)))
        polled = {}
        for number in chosen:
            start = self._next[number]
            count = self._chance.randint(1, SHUFFLED_BATCH_MAX)
            polled[Partition(LEDGER_TOPIC, number)] = self._log[number][start : start + count]
            self._next[number] = min(start + count, self.ends[number])
        return polled

    def seek(self, partition: Partition, offset: int) -> None:
        """Moves back to what was held back."""
        self._next[partition.number] = offset


def record_interleaved(
    parts: Runtime, *readers: Interleaved, governance: Callable[[], GovernanceFacts] = GovernanceFacts
) -> dict[str, str]:
    """The digests of a schema recorded through readers, each with a recorder of its own, in turn.

    Args:
        parts: where the store is.
        readers: of partitions that are apart.
        governance: makes what a recorder judges by.
    """
    schema = f"interleaved_{uuid4().hex[:8]}"
    parts.migrate_store(schema)
    stores = [LedgerStore(parts.store_dsn, schema) for _ in readers]
    try:
        loops = [
            RecorderLoop(
                reader=reader,
                store=store,
                positions=dict.fromkeys(reader.ends, 0),
                governance=governance(),
            )
            for reader, store in zip(readers, stores, strict=True)
        ]
        while any(loop.positions != reader.ends for loop, reader in zip(loops, readers, strict=True)):
            for loop in loops:
                loop.step()
        with parts.store_connection(schema) as connection, repeatable_read(connection):
            return digests(connection)
    finally:
        for store in stores:
            store.close()
        with superuser(parts) as connection:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
