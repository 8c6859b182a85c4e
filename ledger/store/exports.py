"""What an export reads of the store: entries and consents of one controller or person, as a stream.

Owns: one snapshot for the whole export, and memory that does not grow with it. Leaves to others: opening personal
fields, and the file (`ledger.forgetting.exports`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self
from uuid import UUID

from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.store.ledger_store import read_positions, repeatable_read
from ledger.store.queries import ConsentChange

SQL = load_sql(Path(__file__).parent / "sql" / "exports.sql")
BATCH_ENTRIES = 500
"""Entries held in memory at once: a megabyte or so, and their keys come from the vault in one question."""


class Scope(NamedTuple):
    """Whose data is exported: a controller's, or what it has of one data subject."""

    controller: str
    subject: UUID | None


class RecordedEntry(NamedTuple):
    """An entry and where it is in the ledger."""

    partition: int
    offset: int
    entry: Entry


class ExportSnapshot:
    """One moment of the store; see `export_snapshot`."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._parameters = {"controller": scope.controller, "subject": scope.subject}

    @classmethod
    @contextmanager
    def of(cls, connection: Connection, scope: Scope) -> Iterator[Self]:
        """A snapshot that every question of the block is answered from.

        Args:
            connection: not in a transaction.
            scope: whose data.
        """
        with repeatable_read(connection):
            yield cls(connection, scope)

    def positions(self) -> dict[int, int]:
        """The next offset to be recorded of each ledger partition."""
        return read_positions(self._connection)

    def entry_count(self) -> int:
        """How many entries there are."""
        return self._count("export_entry_count")

    def consent_count(self) -> int:
        """How many changes of consent there are; they outlast the entries, which leave the trail in time."""
        return self._count("export_consent_count")

    def entries(self) -> Iterator[list[RecordedEntry]]:
        """The entries by when they happened, in batches."""
        with self._connection.cursor("export_entries") as cursor:
            cursor.execute(SQL["export_entries"], self._parameters)
            while rows := cursor.fetchmany(BATCH_ENTRIES):
                yield [RecordedEntry(partition, offset, _entry(state)) for partition, offset, state in rows]

    def consents(self) -> Iterator[list[ConsentChange]]:
        """The changes of consent by subject, purpose and time, in batches."""
        with self._connection.cursor("export_consents") as cursor:
            cursor.execute(SQL["export_consents"], self._parameters)
            while rows := cursor.fetchmany(BATCH_ENTRIES):
                yield [ConsentChange(*row) for row in rows]

    def _count(self, name: str) -> int:
        row = self._connection.execute(SQL[name], self._parameters).fetchone()
        return int(row[0]) if row else 0


def controllers_of(connection: Connection, streams: Sequence[UUID]) -> list[str]:
    """The controllers of which some streams hold entries or consents, by name."""
    with translated_errors("reading a subject's controllers"), connection.transaction():
        rows = connection.execute(SQL["controllers_of"], {"streams": list(streams)}).fetchall()
    return [row[0] for row in rows]


def _entry(state: bytes) -> Entry:
    record = decode_record(bytes(state))
    if not isinstance(record, Entry):
        raise IntegrityError(
            "the audit trail names a record that is no entry", do="Run `ledger replay --verify`"
        )
    return record
