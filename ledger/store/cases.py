"""What is recorded of cases: agreements, sub-processors, breaches, audits, disclosures and notices; read-only.

Owns: finding a case's facts. Leaves to others: what they mean (`ledger.aggregates`, `ledger.rules`) and how they are
shown (`ledger.cli`).
"""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from ledger.aggregates.cases import CASE_OF, CaseKind
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.store.deadlines import DeadlineRow
from ledger.store.queries import TrailEntry

SQL = load_sql(Path(__file__).parent / "sql" / "cases.sql")


class CaseQueries:
    """Questions about cases to one schema of the store, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def facts(self, streams: Sequence[UUID]) -> dict[UUID, list[TrailEntry]]:
        """Every fact of some streams, each stream's in the order recorded; one without facts is absent.

        From the event store, so that a case is whole although the audit trail has ended meanwhile.
        """
        with translated_errors("reading facts of cases"), self._connection.transaction():
            rows = self._connection.execute(SQL["facts_of_streams"], {"streams": list(streams)}).fetchall()
        found: dict[UUID, list[TrailEntry]] = {}
        for partition, offset, version, state in rows:
            entry = decode_record(bytes(state))
            if isinstance(entry, Entry):
                found.setdefault(entry.stream, []).append(TrailEntry(partition, offset, version, entry))
        return found

    def streams_of(self, kind: CaseKind, controller: str | None) -> list[UUID]:
        """The streams of all cases of a kind, of one controller or of all, the oldest first."""
        event_types = [event_type for event_type, case in CASE_OF.items() if case == kind]
        parameters = {"event_types": event_types, "controller": controller}
        with translated_errors("reading cases"), self._connection.transaction():
            rows = self._connection.execute(SQL["streams_with"], parameters).fetchall()
        return [row[0] for row in rows]

    def deadlines(self, streams: Sequence[UUID]) -> list[DeadlineRow]:
        """The deadlines of some cases, whatever became of them, by when they end."""
        with translated_errors("reading deadlines of cases"), self._connection.transaction():
            rows = self._connection.execute(
                SQL["deadlines_of_streams"], {"streams": list(streams)}
            ).fetchall()
        return [DeadlineRow(*row) for row in rows]
