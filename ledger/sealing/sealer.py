"""The sealer's decision core: a batch of inbox records in, the ledger records they become out.

Owns: reading, refusing what only the ledger may say, dividing per data subject, stamping source coordinates and
chain, sealing. Leaves to others: Kafka and the order of effects (`consumers/sealer.py`), keys and directory
(`ledger.vault`), which rules are in force (`ledger.sealing.governance`).
DESIGN sections 4 to 7.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import msgspec

from ledger.aggregates.streams import named_stream
from ledger.contract.catalogue import Catalogue
from ledger.contract.ledger_record import encode_entry, encode_rejected
from ledger.contract.reading import Fact, RejectionReason, Unreadable, read_fact
from ledger.contract.registry import SchemaRegistry
from ledger.entry import Entry, Rejected, SourcePosition, StreamKind, parse_coordinates
from ledger.log.placement import stream_partition
from ledger.log.records import OutgoingRecord, Partition, ReadRecord
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.fields import (
    CONTENT_CLASS,
    NOTHING_LEFT_OUT,
    NotKept,
    Place,
    place_of,
    seal_fields,
    stated_mac,
)
from ledger.sealing.own_facts import MAC_HEADER, is_the_ledgers
from ledger.sealing.parts import Part, divide, mentions
from ledger.vault.keys import EpochKeyName, KeyRing, SubjectKeyName
from ledger.vault.vault import Vault

SALT_BYTES = 32
REJECTED_CLASS = "rejected_input"
REJECTED_CONTROLLER = "ledger"
REJECTED_FIELD = "input"
RETRY_HEADER = "ce_retryof"
REJECTED_BYTES_MAX = 2 * 1024 * 1024
"""Twice what a publisher may send, and well within what the ledger topic takes."""

ChainKey = tuple[Partition, int]
"""An inbox partition and the ledger partition it feeds."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An inbox record that becomes a `Rejected` fact."""

    record: ReadRecord
    reason: RejectionReason
    detail: str
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An inbox record that was understood."""

    record: ReadRecord
    fact: Fact


@dataclass(kw_only=True)
class SealedBatch:
    """What a batch became: records in sending order, and where each chain stands after them."""

    records: list[OutgoingRecord] = field(default_factory=list)
    chain: dict[ChainKey, SourcePosition] = field(default_factory=dict)
    facts: int = 0
    rejected: int = 0


class Sealer:
    """Seals batches of inbox records; keeps nothing between batches, keys least of all."""

    def __init__(
        self, vault: Vault, catalogue: Catalogue, *, ledger_partitions: int, registry: SchemaRegistry | None
    ) -> None:
        self._vault = vault
        self._catalogue = catalogue
        self._registry = registry
        self._ledger_partitions = ledger_partitions

    def read(self, record: ReadRecord, attempts: int) -> Reading | Refusal:
        """Reads one inbox record.

        Raises:
            InfrastructureError: the schema registry did not answer; the record is not at fault.
        """
        try:
            fact = read_fact(record.value, record.headers, self._catalogue, self._registry)
            _check_publisher(record, fact, self._vault)
        except Unreadable as unreadable:
            return Refusal(
                record=record, reason=unreadable.reason, detail=unreadable.detail, attempts=attempts
            )
        return Reading(record=record, fact=fact)

    def seal(
        self,
        readings: Sequence[Reading | Refusal],
        chain: Mapping[ChainKey, SourcePosition],
        *,
        sealed_at: int,
        rules_at: int,
        not_kept: NotKept = NOTHING_LEFT_OUT,
    ) -> SealedBatch:
        """Seals what was read, in order.

        Subjects and keys are committed in the vault before this returns, so a record that reaches the log
        can always be opened; a crash after that leaves unused keys only.

        Args:
            readings: of any number of inbox partitions; in offset order within each.
            chain: the last source position sent for each (inbox partition, ledger partition).
            sealed_at: now, microseconds since the epoch, UTC.
            rules_at: the next offset of ledger partition 0 not yet applied.
            not_kept: the fields that are left out, as of `rules_at`.
        """
        parts = self._divide(readings)
        ring = self._keys(readings, parts, sealed_at, not_kept)
        batch = SealedBatch(chain=dict(chain))
        stamp = _Stamp(
            sealed_at=sealed_at,
            rules_at=rules_at,
            not_kept=not_kept,
            partitions=self._ledger_partitions,
            batch=batch,
            salts=_fresh_salts(sum(map(len, parts))),
        )
        for reading, its_parts in zip(readings, parts, strict=True):
            if isinstance(reading, Refusal):
                batch.rejected += 1
                stamp.rejected(reading, its_parts[0], ring)
            else:
                batch.facts += 1
                for number, part in enumerate(its_parts):
                    stamp.entry(reading, part, number, len(its_parts), ring)
        return batch

    def _divide(self, readings: Sequence[Reading | Refusal]) -> list[list[Part]]:
        """The parts of every record, all subjects resolved in one go."""
        named = [mentions(reading.fact) if isinstance(reading, Reading) else {} for reading in readings]
        resolved = iter(self._vault.resolve_subjects([m for roles in named for m in roles.values()]))
        return [
            divide(reading.fact, {role: next(resolved) for role in roles})
            if isinstance(reading, Reading)
            else [_rejected_part(reading.record)]
            for reading, roles in zip(readings, named, strict=True)
        ]

    def _keys(
        self,
        readings: Sequence[Reading | Refusal],
        parts: Sequence[Sequence[Part]],
        sealed_at: int,
        not_kept: NotKept,
    ) -> KeyRing:
        """Every key the batch needs, made where missing, in one go per kind; none for what is not kept."""
        subject_keys: set[SubjectKeyName] = set()
        epochs: set[EpochKeyName] = set()
        for reading, its_parts in zip(readings, parts, strict=True):
            if isinstance(reading, Refusal):
                place, checked = Place(REJECTED_CONTROLLER, local_day(sealed_at), StreamKind.REJECTED), False
            else:
                place, checked = place_of(reading.fact), not reading.fact.schema.own
            for part in its_parts:
                for retention_class in _classes(part, checked=checked):
                    if place.leaves_out(retention_class, not_kept):
                        continue
                    subject_keys.add((part.stream, place.key_class(part, retention_class)))
                    epochs.add((place.controller, retention_class, place.day))
        return self._vault.keys_for(subject_keys, epochs)


def _check_publisher(record: ReadRecord, fact: Fact, vault: Vault) -> None:
    """Refuses what its publisher had no right to say there.

    Raises:
        Unreadable: the fact came on another topic than its schema's, past that topic's ACL; or only the ledger
            may state it, and the ledger did not.
    """
    if fact.schema.topic != record.partition.topic:
        raise Unreadable(RejectionReason.TOPIC_WRONG, "topic")
    if fact.schema.own and not is_the_ledgers(vault.own_facts_key, record, fact):
        raise Unreadable(RejectionReason.NOT_THE_LEDGER, MAC_HEADER)


@dataclass(kw_only=True)
class _Stamp:
    """Builds ledger records and moves the chain as it goes."""

    sealed_at: int
    rules_at: int
    not_kept: NotKept
    partitions: int
    batch: SealedBatch
    salts: Iterator[bytes]

    def entry(self, reading: Reading, part: Part, number: int, parts: int, ring: KeyRing) -> None:
        fact = reading.fact
        place = place_of(fact)
        salt = next(self.salts)
        open_fields = msgspec.json.encode(
            {name: fact.datum[name] for name in fact.schema.open_field_names}, order="sorted"
        )
        sealed, dropped = seal_fields(part, ring, place, salt, self.not_kept)
        record = Entry(
            **self._coordinates(reading.record, part, number, parts),
            event_id=fact.event_id,
            event_source=fact.event_source,
            event_type=fact.event_type,
            event_version=fact.version,
            occurred_at=fact.occurred_at,
            occurred_day=place.day,
            controller=fact.controller,
            role=fact.role,
            purpose=fact.purpose,
            lawful_basis=fact.lawful_basis,
            data_categories=fact.data_categories,
            processors=fact.processors,
            storage_country=fact.storage_country,
            instruction_id=fact.instruction_id,
            notice_version=fact.notice_version,
            retry_of=fact.retry_of,
            subject_roles=list(part.roles),
            open_fields=open_fields.decode(),
            salt=salt,
            content_mac=stated_mac(fact, part, open_fields, place.day, ring),
            sealed=sealed,
            dropped=[*part.dropped, *dropped],
        )
        self._append(part, encode_entry(record))

    def rejected(self, refusal: Refusal, part: Part, ring: KeyRing) -> None:
        salt = next(self.salts)
        place = Place(REJECTED_CONTROLLER, local_day(self.sealed_at), StreamKind.REJECTED)
        sealed, _ = seal_fields(part, ring, place, salt, self.not_kept)
        record = Rejected(
            **self._coordinates(refusal.record, part, 0, 1),
            reason=refusal.reason.value,
            detail=refusal.detail,
            occurred_day=place.day,
            attempts=refusal.attempts,
            salt=salt,
            sealed=sealed,
            retry_of=_retry_of(refusal.record),
        )
        self._append(part, encode_rejected(record))

    def _coordinates(self, source: ReadRecord, part: Part, number: int, parts: int) -> dict[str, Any]:
        key = (source.partition, stream_partition(part.stream, part.kind, self.partitions))
        previous = self.batch.chain.get(key)
        self.batch.chain[key] = SourcePosition(source.offset, number)
        return {
            "source_topic": source.partition.topic,
            "source_partition": source.partition.number,
            "source_offset": source.offset,
            "part": number,
            "parts": parts,
            "previous_offset": previous.offset if previous else None,
            "previous_part": previous.part if previous else None,
            "sealed_at": self.sealed_at,
            "rules_at": self.rules_at,
            "stream": part.stream,
            "stream_kind": part.kind.value,
        }

    def _append(self, part: Part, value: bytes) -> None:
        self.batch.records.append(
            OutgoingRecord(
                partition=stream_partition(part.stream, part.kind, self.partitions),
                key=part.stream.bytes,
                value=value,
                timestamp_ms=self.sealed_at // 1000,
            )
        )


def _fresh_salts(count: int) -> Iterator[bytes]:
    """Salts for a batch, asked of the system at once: one call costs as much as sealing half a field."""
    pool = token_bytes(SALT_BYTES * count)
    return (pool[start : start + SALT_BYTES] for start in range(0, len(pool), SALT_BYTES))


def _rejected_part(record: ReadRecord) -> Part:
    """The whole inbox record as one sealed value, so that a retry can send it again as it was.

    One that is larger than any record the ledger topic takes is not kept: only that it was rejected, and why.
    """
    whole = (record.key, list(record.headers), record.value)
    size = len(msgspec.msgpack.encode(whole))
    return Part(
        stream=named_stream(StreamKind.REJECTED, f"{record.partition.topic}:{record.partition.number}"),
        kind=StreamKind.REJECTED,
        roles=(),
        personal={REJECTED_FIELD: (REJECTED_CLASS, whole)} if size <= REJECTED_BYTES_MAX else {},
    )


def _retry_of(record: ReadRecord) -> str | None:
    """Which rejected record this is a retry of, if its headers say so in the one form that holds nothing else."""
    stated = next((value for name, value in record.headers if name == RETRY_HEADER), None)
    text = (stated or b"").decode("ascii", "replace")
    return text if parse_coordinates(text) else None


def _classes(part: Part, *, checked: bool) -> set[str]:
    """The classes whose keys a part needs; `checked` when it gets a content MAC."""
    classes = {retention_class for retention_class, _ in part.personal.values()}
    return classes | {CONTENT_CLASS} if checked else classes
