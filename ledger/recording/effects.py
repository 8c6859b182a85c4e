"""What a batch of ledger records causes: rows for the event store, the projections, marks and counters. Pure."""

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from ledger.aggregates.streams import LedgerSnapshot
from ledger.entry import LedgerRecord, SourcePosition
from ledger.projections.projection import Row, Table


class ChainKey(NamedTuple):
    """One chain: an inbox partition feeding a ledger partition."""

    source_topic: str
    source_partition: int
    ledger_partition: int


class LogRecord(NamedTuple):
    """One record of the ledger topic: where it is, its bytes, and what they say."""

    partition: int
    offset: int
    value: bytes
    record: LedgerRecord


class StoredEntry(NamedTuple):
    """A record that took effect, as it goes to the event store."""

    stream: UUID
    version: int
    topic: str
    value: bytes
    partition: int
    offset: int
    fact_key: UUID | None


class IgnoredRecord(NamedTuple):
    """A leaf without effect, kept so that the log can be rebuilt from the store."""

    partition: int
    offset: int
    kind: str
    source_topic: str
    source_partition: int
    source_offset: int
    part: int
    value: bytes


@dataclass(kw_only=True)
class Counters:
    """What became of the records of one ledger partition.

    `entries`, `resealed` and `out_of_chain` count ledger records; `accepted`, `rejected` and `duplicates` count
    inbox records by their first part, and add up to those that are in the chain.
    """

    entries: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    resealed: int = 0
    out_of_chain: int = 0


@dataclass(kw_only=True)
class Effects:
    """Everything a batch causes, to be written in one transaction."""

    entries: list[StoredEntry] = field(default_factory=list)
    ignored: list[IgnoredRecord] = field(default_factory=list)
    rows: dict[Table, list[Row]] = field(default_factory=dict)
    marks: dict[ChainKey, SourcePosition] = field(default_factory=dict)
    counters: dict[int, Counters] = field(default_factory=dict)
    snapshots: list[LedgerSnapshot] = field(default_factory=list)
