"""The ledger's own records as folds see them: coordinates, what was stated, and what is sealed.

Pure data. The bytes are Avro (`schemas/ledger.entry.v1.avsc`, `ledger.rejected.v1.avsc`); the codec is
`ledger.contract.ledger_record`. They are msgspec structs, not dataclasses, because a recorder makes one for
every record it reads and a struct costs a fifth of a dataclass to make.

Times are integers, microseconds since 1970-01-01T00:00Z: an inbox may claim the year 9999 or 1905, and an
integer holds both.
"""

from enum import StrEnum
from typing import NamedTuple, NewType
from uuid import UUID

import msgspec

EpochMicros = NewType("EpochMicros", int)
"""Microseconds since the Unix epoch, UTC."""


class SourcePosition(NamedTuple):
    """Where a ledger record came from within its inbox partition; ordered.

    One inbox record becomes one ledger record per data subject, hence the part.
    """

    offset: int
    part: int


class StreamKind(StrEnum):
    """Whose history a record belongs to."""

    SUBJECT = "subject"
    GOVERNANCE = "governance"
    UNATTRIBUTED = "unattributed"  # a processing fact that names nobody we could identify
    REJECTED = "rejected"


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """One personal field, readable only while both of its keys exist.

    `field` is the payload field's name, `retention_class` and the entry's `occurred_day` name the keys,
    `commitment` (32 bytes) binds the ciphertext to one key, `ciphertext` ends with GCM's 16-byte tag.
    """

    field: str
    retention_class: str
    commitment: bytes
    ciphertext: bytes


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """One personal field that was not kept, and why: `not_kept` (retention 0), `key_destroyed`, or `no_subject`
    (the person it concerns could not be identified)."""

    field: str
    reason: str


class Coordinates(msgspec.Struct, frozen=True, kw_only=True):
    """What every ledger record carries: its source, the chain, its stream and when it was sealed.

    `previous_*` is the position of the record before it from the same inbox partition to the same ledger
    partition, None for the first. `rules_at` is the next offset of ledger partition 0 the sealer had yet to
    apply: the rules in force are those of all offsets below it.
    """

    source_topic: str
    source_partition: int
    source_offset: int
    part: int
    parts: int
    previous_offset: int | None
    previous_part: int | None
    sealed_at: int
    rules_at: int
    stream: UUID
    stream_kind: str

    @property
    def position(self) -> SourcePosition:
        """The record's place in its inbox partition."""
        return SourcePosition(self.source_offset, self.part)

    @property
    def previous(self) -> SourcePosition | None:
        """The place of the record before it in the same chain, None for the first."""
        if self.previous_offset is None or self.previous_part is None:
            return None
        return SourcePosition(self.previous_offset, self.previous_part)


class Entry(Coordinates, frozen=True, kw_only=True):
    """One fact about one person (or about none, in a governance or unattributed stream).

    `open_fields` is canonical JSON (sorted keys, no spaces) of the payload's non-personal fields beyond the
    common ones; `content_mac` is a MAC of the publisher's content under a key that dies with the subject,
    None when that key no longer exists.
    """

    event_id: str
    event_source: str
    event_type: str
    event_version: int
    occurred_at: int
    occurred_day: int
    controller: str
    role: str
    purpose: str
    lawful_basis: str
    data_categories: list[str]
    processors: list[str]
    storage_country: str
    instruction_id: str | None
    notice_version: str | None
    retry_of: str | None
    subject_roles: list[str]
    open_fields: str
    salt: bytes
    content_mac: bytes | None
    sealed: list[Sealed]
    dropped: list[Dropped]


class Rejected(Coordinates, frozen=True, kw_only=True):
    """Input that could not be read: a stable reason, where it was, and its bytes sealed for a short while.

    `detail` names a field or header, never a value. `salt`, `sealed` hold the whole inbox record (key,
    headers, value) in the class `rejected_input`.
    """

    reason: str
    detail: str
    occurred_day: int
    attempts: int
    salt: bytes
    sealed: list[Sealed]
    retry_of: str | None = None


LedgerRecord = Entry | Rejected


PARTITION_DIGITS_MAX = 9
OFFSET_DIGITS_MAX = 18
"""What fits an int4 and an int8 whatever the digits."""


def parse_coordinates(text: str) -> tuple[int, int] | None:
    """Reads "partition:offset"; None when it is something else, since a publisher may write anything."""
    partition, _, offset = text.partition(":")
    if not (partition.isascii() and partition.isdigit() and offset.isascii() and offset.isdigit()):
        return None
    if len(partition) > PARTITION_DIGITS_MAX or len(offset) > OFFSET_DIGITS_MAX:
        return None
    return int(partition), int(offset)
