"""What auditors ask of the store: read-only, each answer with its ledger coordinates.

Owns the questions; the statements are in `sql/queries.sql`, each read in one snapshot. Leaves decryption
(`ledger.sealing.opening`) and presentation (`ledger.cli`) to others.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry, LedgerRecord
from ledger.errors import NotFound
from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql

SQL = load_sql(Path(__file__).parent / "sql" / "queries.sql")


class TrailEntry(NamedTuple):
    """One line of the audit trail; `version` is its place in its stream."""

    partition: int
    offset: int
    version: int
    entry: Entry


class ConsentChange(NamedTuple):
    """One change of consent with what proves it; times in microseconds since the epoch, UTC."""

    partition: int
    offset: int
    stream: UUID
    controller: str
    purpose: str
    state: str
    occurred_at: int
    sealed_at: int
    category: str | None
    method: str | None
    language: str | None
    notice_version: str | None
    notice_hash: str | None
    expires_at: int | None
    evidence: str


class FindingRow(NamedTuple):
    """One open finding on one entry; `judged_by` is the offset of the record that made it one.

    `rule` is the promise that is broken, pack:entry; empty when it is the law.
    """

    partition: int
    offset: int
    code: str
    rule: str
    stream: UUID
    controller: str
    article: str
    occurred_at: int
    judged_at: int
    judged_by: int
    expected: str
    found: str


class RejectionRow(NamedTuple):
    """One rejected inbox record; `retried_as` are the coordinates of the entry that retried it."""

    partition: int
    offset: int
    source_topic: str
    source_partition: int
    source_offset: int
    reason: str
    detail: str
    attempts: int
    sealed_at: int
    retried_as: str | None


class Totals(NamedTuple):
    """What became of everything recorded.

    `entries` are ledger records that took effect, one per data subject. `accepted`, `rejected` and `duplicates`
    count inbox records, and add up to those sealed. `resealed` and `out_of_chain` are ledger records without
    effect.
    """

    entries: int
    accepted: int
    rejected: int
    duplicates: int
    resealed: int
    out_of_chain: int


class Outcomes(NamedTuple):
    """What became of some inbox records."""

    rejected: int
    duplicates: int


class InboxPosition(NamedTuple):
    """Where one inbox record is."""

    topic: str
    partition: int
    offset: int


class Queries:
    """Questions to one schema of the store, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def trail(
        self,
        *,
        streams: Sequence[UUID] | None,
        controller: str | None,
        since: int | None,
        until: int | None,
        as_of: int | None,
        limit: int,
    ) -> list[TrailEntry]:
        """The audit trail, oldest first.

        Args:
            streams: only these streams; None for all.
            controller: only this controller's entries.
            since: happened at or after, microseconds UTC.
            until: happened before, microseconds UTC.
            as_of: only what had been sealed by then: what was known at that time.
            limit: at most this many.
        """
        parameters = {
            "streams": None if streams is None else list(streams),
            "controller": controller,
            "since": since,
            "until": until,
            "as_of": as_of,
            "limit": limit,
        }
        return [
            TrailEntry(partition, offset, version, _entry(state))
            for partition, offset, version, state in self._rows("trail", parameters)
        ]

    def consent_changes(
        self, streams: Sequence[UUID], *, purpose: str | None, as_of: int | None
    ) -> list[ConsentChange]:
        """Every change of consent of some subjects, by stream, purpose and time."""
        parameters = {"streams": list(streams), "purpose": purpose, "as_of": as_of}
        return [ConsentChange(*row) for row in self._rows("consent_changes", parameters)]

    def subject_exists(self, stream: UUID) -> bool:
        """Whether any entry of the stream took effect."""
        return bool(next(self._rows("subject_exists", {"stream": stream}))[0])

    def controller_exists(self, controller: str) -> bool:
        """Whether any fact that took effect named the controller."""
        return bool(next(self._rows("controller_exists", {"controller": controller}))[0])

    def findings(
        self,
        *,
        streams: Sequence[UUID] | None = None,
        controller: str | None = None,
        as_of: int | None = None,
    ) -> list[FindingRow]:
        """Findings that are open, by what was known; oldest first."""
        parameters = {
            "streams": None if streams is None else list(streams),
            "controller": controller,
            "as_of": as_of,
        }
        return [FindingRow(*row) for row in self._rows("findings_of", parameters)]

    def rejections(self, coordinates: tuple[int, int] | None = None) -> list[RejectionRow]:
        """Rejected input, oldest first; of one ledger coordinate when given."""
        partition, offset = coordinates or (None, None)
        parameters = {"partition": partition, "offset": offset}
        return [RejectionRow(*row) for row in self._rows("rejections", parameters)]

    def record_at(self, partition: int, offset: int) -> LedgerRecord:
        """The ledger record at some coordinates.

        Raises:
            NotFound: nothing is recorded there.
        """
        rows = list(self._rows("record_at", {"partition": partition, "offset": offset}))
        if not rows:
            raise NotFound(
                f"nothing is recorded at {partition}:{offset}",
                expected="ledger coordinates, partition:offset, as `ledger trail` prints them",
            )
        return decode_record(bytes(rows[0][0]))

    def fact_at(self, key: UUID) -> tuple[int, int] | None:
        """The ledger coordinates of the fact of a key (`ledger.recording.repeats`); None when it took no effect."""
        row = next(self._rows("fact_at", {"fact_key": key}), None)
        return None if row is None else (int(row[0]), int(row[1]))

    def totals(self) -> Totals:
        """What became of everything recorded."""
        return Totals(*next(self._rows("counters", {})))

    def subjects_count(self) -> int:
        """How many data subjects the audit trail shows entries of."""
        return int(next(self._rows("subjects_count", {}))[0])

    def counts(self, of: str) -> list[tuple[object, ...]]:
        """How often each value occurs, most frequent first.

        Args:
            of: `rejection_reasons` or `event_types`.
        """
        return list(self._rows(of, {}))

    def outcomes(self, positions: Sequence[InboxPosition]) -> Outcomes:
        """How many of some inbox records were rejected or repeats; the others took effect, once recorded."""
        parameters = {
            "topics": [at.topic for at in positions],
            "partitions": [at.partition for at in positions],
            "offsets": [at.offset for at in positions],
        }
        return Outcomes(*next(self._rows("outcomes", parameters)))

    def _rows(self, name: str, parameters: Mapping[str, object]) -> Iterator[tuple[Any, ...]]:
        with translated_errors(f"reading {name.replace('_', ' ')}"), self._connection.transaction():
            rows = self._connection.execute(SQL[name], parameters).fetchall()
        return iter(rows)


def _entry(state: bytes) -> Entry:
    record = decode_record(bytes(state))
    assert isinstance(record, Entry)  # noqa: S101 # the audit trail holds entries only; see its projection
    return record
