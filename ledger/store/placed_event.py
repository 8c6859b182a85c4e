"""A stored event that knows where its record is in the ledger."""

from dataclasses import dataclass

from eventsourcing.persistence import StoredEvent


@dataclass(frozen=True)
class PlacedEvent(StoredEvent):
    """The library's stored event with the offset of its record in its ledger partition."""

    offset: int
