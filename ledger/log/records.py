"""Records as they are read from and written to topics: bytes and coordinates, no client library."""

from collections.abc import Sequence
from typing import NamedTuple


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


class ReadRecord(NamedTuple):
    """A record as read; bytes only. `timestamp_ms` is the broker's or the producer's, milliseconds UTC."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp_ms: int


class OutgoingRecord(NamedTuple):
    """One record for the ledger topic; `timestamp_ms` is derived from its `sealed_at`."""

    partition: int
    key: bytes
    value: bytes
    timestamp_ms: int
