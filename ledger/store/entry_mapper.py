"""Between aggregates and their stored bytes: the ledger record verbatim, and snapshots as canonical JSON.

Owns: which bytes stand for an event or a snapshot, and which class a stored name means. Leaves to others: the
record's encoding (`ledger.contract.ledger_record`), and tables.

Stored names are looked up in the literal tables of `ledger.aggregates.registry`, never through the library's
`resolve_topic` alone: that one imports any module a stored string names.
"""

from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from ledger.aggregates.registry import EVENT_CLASSES, SNAPSHOT_CLASSES
from ledger.aggregates.streams import LedgerEvent, LedgerSnapshot
from ledger.contract.ledger_record import decode_record, encode_entry, encode_rejected
from ledger.entry import Rejected
from ledger.errors import IntegrityError
from ledger.store.placed_event import PlacedEvent


class EntryMapper(Mapper[UUID]):
    """Events of aggregates to and from ledger records."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Encodes the event's record again: for the library's own `put`.

        A recorder stores the bytes it read instead: a record of an older schema version has
        other bytes than these.
        """
        if not isinstance(domain_event, LedgerEvent):
            raise TypeError(f"expected a ledger event, found {type(domain_event).__name__}")
        record = domain_event.entry
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.TOPIC,
            state=encode_rejected(record) if isinstance(record, Rejected) else encode_entry(record),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> LedgerEvent:
        """Decodes a stored record into its event, which knows its offset when the store does.

        Raises:
            IntegrityError: the name is unknown, or the record is of another stream than its row.
        """
        event_class = EVENT_CLASSES.get(stored_event.topic)
        if event_class is None:
            raise IntegrityError(
                "a stored event has a name this program does not know",
                found=repr(stored_event.topic),
                do="Run the program version that recorded it, or `ledger replay` into a new schema.",
            )
        record = decode_record(stored_event.state)
        if record.stream != stored_event.originator_id:
            raise IntegrityError(
                f"stored event {stored_event.originator_version} holds a record of another stream",
                expected=str(stored_event.originator_id),
                found=str(record.stream),
                do="Compare the store with the log: `ledger replay --verify`.",
            )
        offset = stored_event.offset if isinstance(stored_event, PlacedEvent) else None
        return event_class(record.stream, stored_event.originator_version, record, offset)


class SnapshotMapper(Mapper[UUID]):
    """Snapshots to and from canonical JSON: sorted keys, no spaces, UTF-8."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Encodes a snapshot."""
        if not isinstance(domain_event, LedgerSnapshot):
            raise TypeError(f"expected a ledger snapshot, found {type(domain_event).__name__}")
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.topic,
            state=msgspec.json.encode(domain_event.state, order="deterministic"),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> LedgerSnapshot:
        """Decodes a snapshot.

        Raises:
            IntegrityError: it was taken by a program whose state has another shape.
        """
        if stored_event.topic not in SNAPSHOT_CLASSES:
            raise IntegrityError(
                "a snapshot was taken by another version of this program",
                expected=" or ".join(sorted(SNAPSHOT_CLASSES)),
                found=repr(stored_event.topic),
                do="Snapshots are derived: `ledger replay` rebuilds them.",
            )
        state: dict[str, Any] = msgspec.json.decode(stored_event.state)
        stream = stored_event.originator_id
        return LedgerSnapshot(
            stream if isinstance(stream, UUID) else UUID(stream),
            stored_event.originator_version,
            stored_event.topic,
            state,
        )
