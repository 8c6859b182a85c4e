"""What the ledger's own facts about an erasure say beyond their common fields. Pure.

Source: `schemas/erasure.*.avsc`. Times are microseconds since the epoch, UTC.
"""

from typing import TypeVar
from uuid import UUID

import msgspec


class KeptClass(msgspec.Struct, frozen=True, kw_only=True):
    """A class that stays, why, and until when; `until` is None while nothing has started its clock."""

    retention_class: str
    why: str
    article: str
    hold_id: str | None = None
    until: int | None = None


class ErasureRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """One who handled the person's data, and when its confirmation is due; `kind` is service or processor."""

    name: str
    kind: str
    confirm_by: int


class InboxEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Where an inbox partition ended when the erasure was decided: the offset after its last record."""

    topic: str
    partition: int
    next_offset: int


class SearchedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One place that was re-read: how many records, rows or files, and how many held something of the person."""

    place: str
    looked_at: int
    found: int


class ErasureProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that stands in the way: a place, a silent or refusing recipient, a key that opens."""

    kind: str
    name: str
    detail: str


class ErasureStarted(msgspec.Struct, frozen=True, kw_only=True):
    """What goes, what stays and why, and who is told."""

    erasure_id: str
    trigger: str
    request_id: str | None = None
    subject_pseudonym: UUID | None = None
    destroyed_classes: list[str]
    kept: list[KeptClass]
    recipients: list[ErasureRecipient]
    inbox_ends: list[InboxEnd]


class ErasureSearched(msgspec.Struct, frozen=True, kw_only=True):
    """What was found before the keys went."""

    erasure_id: str
    values: int
    places: list[SearchedPlace]


class ErasureVerified(msgspec.Struct, frozen=True, kw_only=True):
    """What shows that nothing opens any more."""

    erasure_id: str
    places: list[SearchedPlace]
    fields_closed: int
    fields_kept: int
    backups_until: int | None = None


class ErasureIncomplete(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the way."""

    erasure_id: str
    places: list[SearchedPlace]
    problems: list[ErasureProblem]


class _Named(msgspec.Struct, frozen=True):
    erasure_id: str


_decode_named = msgspec.json.Decoder(_Named).decode

Details = TypeVar("Details", ErasureStarted, ErasureSearched, ErasureVerified, ErasureIncomplete)


def erasure_details(open_fields: str, kind: type[Details]) -> Details | None:
    """Reads the open fields of an erasure's fact, JSON; None when they have another shape."""
    try:
        return msgspec.json.decode(open_fields, type=kind)
    except msgspec.DecodeError:
        return None


def erasure_id_of(open_fields: str) -> str | None:
    """Which erasure a fact is about; None when it does not say."""
    try:
        return _decode_named(open_fields).erasure_id
    except msgspec.DecodeError:
        return None
