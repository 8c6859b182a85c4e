"""The personal fields of one ledger record to be: which are kept, under which keys, sealed.

Owns: what names a record's keys, leaving out what is not kept, the sealing of a part's fields and its MAC. Leaves to
others: which rules are in force (`ledger.sealing.governance`), making keys, the cipher (`ledger.vault`). Pure.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from ledger.contract.reading import Fact
from ledger.contract.retention_classes import KEY_PER_FACT
from ledger.entry import Dropped, Sealed
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.key_names import subject_key_class
from ledger.sealing.parts import Part
from ledger.vault.field_cipher import FieldContext, content_mac, seal_field
from ledger.vault.keys import KeyRing

CONTENT_CLASS = "content_check"
"""Retention class of the MAC that tells a publisher's repeat from a reuse of its id."""
KEY_DESTROYED = "key_destroyed"
NOT_KEPT = "not_kept"

NotKept = Mapping[tuple[str, str], int]
"""(controller, retention class) -> the last local day, since 1970-01-01, of whose facts nothing of it is kept."""
NOTHING_LEFT_OUT: NotKept = {}


class Place(NamedTuple):
    """What of a record names its keys, beside stream and class; rejected input has no source and id."""

    controller: str
    day: int
    event_type: str
    event_source: str = ""
    event_id: str = ""

    def leaves_out(self, retention_class: str, not_kept: NotKept) -> bool:
        """Whether the fields of a class are not kept."""
        last_day = not_kept.get((self.controller, retention_class))
        return last_day is not None and self.day <= last_day

    def key_class(self, part: Part, retention_class: str) -> str:
        """The class part of the subject key's name."""
        if retention_class not in KEY_PER_FACT:
            return retention_class  # asked once more than needed, but for every field: a call costs more than this
        return subject_key_class(retention_class, part.stream, self.event_source, self.event_id)


def place_of(fact: Fact) -> Place:
    """What of a fact names its keys."""
    return Place(
        fact.controller, local_day(fact.occurred_at), fact.event_type, fact.event_source, fact.event_id
    )


def seal_fields(
    part: Part, ring: KeyRing, place: Place, salt: bytes, not_kept: NotKept
) -> tuple[list[Sealed], list[Dropped]]:
    """Seals the fields of one part.

    Args:
        part: the fields, each with its retention class.
        ring: holds every key they need, but for those that are left out.
        place: of the record.
        salt: 32 random bytes, of this record only.
        not_kept: what is left out.

    Returns:
        What was sealed, and what was not, each with why.
    """
    sealed: list[Sealed] = []
    dropped: list[Dropped] = []
    for name, (retention_class, value) in part.personal.items():
        if place.leaves_out(retention_class, not_kept):
            dropped.append(Dropped(field=name, reason=NOT_KEPT))
            continue
        subject_key = ring.subject(part.stream, place.key_class(part, retention_class))
        epoch_key = ring.epoch(place.controller, retention_class, place.day)
        if subject_key is None or epoch_key is None:
            dropped.append(Dropped(field=name, reason=KEY_DESTROYED))
            continue
        context = FieldContext(
            controller=place.controller,
            subject=part.stream,
            retention_class=retention_class,
            day=place.day,
            event_type=place.event_type,
            field=name,
        )
        plaintext = msgspec.msgpack.encode(value)
        commitment, ciphertext = seal_field(subject_key, epoch_key, salt, context, plaintext)
        sealed.append(
            Sealed(field=name, retention_class=retention_class, commitment=commitment, ciphertext=ciphertext)
        )
    return sealed, dropped


def stated_mac(fact: Fact, part: Part, open_fields: bytes, day: int, ring: KeyRing) -> bytes | None:
    """MAC of what the publisher stated about this subject; nothing of the other party enters it.

    What is left out enters it like the rest: a repeat stays a repeat when a setting came in between.

    Returns:
        32 bytes; None when its keys are destroyed, and for the ledger's own facts: those are authenticated, and
        said again after a crash at another moment, which would look like another content.
    """
    if fact.schema.own:
        return None
    subject_key = ring.subject(part.stream, CONTENT_CLASS)
    epoch_key = ring.epoch(fact.controller, CONTENT_CLASS, day)
    if subject_key is None or epoch_key is None:
        return None
    context = FieldContext(
        controller=fact.controller,
        subject=part.stream,
        retention_class=CONTENT_CLASS,
        day=day,
        event_type=fact.event_type,
        field="",
    )
    stated = (
        fact.occurred_at,
        fact.role,
        fact.purpose,
        fact.lawful_basis,
        fact.data_categories,
        fact.processors,
        fact.storage_country,
        fact.instruction_id,
        fact.notice_version,
        open_fields,
        sorted((name, value) for name, (_, value) in part.personal.items()),
    )
    return content_mac(subject_key, epoch_key, context, msgspec.msgpack.encode(stated))
