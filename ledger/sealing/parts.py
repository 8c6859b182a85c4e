"""Which data subjects an event is about, and what of it concerns each of them.

One event, several people (DESIGN section 6): a call has a caller and a called party, who can be erased
apart, so each gets a record of their own, holding only what concerns them. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from uuid import UUID

from ledger.aggregates.cases import governance_stream
from ledger.aggregates.streams import named_stream
from ledger.contract.catalogue import EventSchema, PersonalField
from ledger.contract.reading import Fact
from ledger.entry import Dropped, StreamKind
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind

NO_SUBJECT = "no_subject"
"""Why a personal field was left out: the person it concerns could not be identified."""


COMBINATIONS_CACHED = 1024
"""Of an event schema and the roles in it: a few per schema."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One ledger record to be: its stream, the subject's roles, and the fields that concern them."""

    stream: UUID
    kind: StreamKind
    roles: tuple[str, ...]
    personal: dict[str, tuple[str, object]] = field(default_factory=dict)  # name -> (retention class, value)
    dropped: tuple[Dropped, ...] = ()


def mentions(fact: Fact) -> dict[str, Mention]:
    """Who the event names: role -> what identifies them; a withheld number identifies nobody."""
    found: dict[str, list[Identifier]] = {}
    for identifying in fact.schema.identifying_fields:
        value = fact.datum[identifying.name]
        if isinstance(value, str) and value:
            identifier = Identifier(IdentifierKind(identifying.identifier), value)
            found.setdefault(identifying.role, []).append(identifier)
    return {
        role: Mention(controller=fact.controller, identifiers=tuple(identifiers))
        for role, identifiers in found.items()
    }


def divide(fact: Fact, subjects: Mapping[str, UUID | None]) -> list[Part]:
    """Divides an event into one part per data subject.

    Args:
        fact: what the publisher stated.
        subjects: role -> pseudonym; None or absent when nobody was identified.

    Returns:
        At least one part: events about nobody go to a case's, a governance or an unattributed stream. Somebody who is
        both parties of one call gets one part with both roles.
    """
    if fact.schema.stream == StreamKind.GOVERNANCE:
        stream = governance_stream(fact.event_type, fact.controller, fact.datum)
        return [_whole(fact, StreamKind.GOVERNANCE, stream)]
    roles_of: dict[UUID, list[str]] = {}
    for role, subject in subjects.items():
        if subject is not None:
            roles_of.setdefault(subject, []).append(role)
    if not roles_of:
        stream = named_stream(StreamKind.UNATTRIBUTED, fact.controller)
        return [_whole(fact, StreamKind.UNATTRIBUTED, stream)]
    identified = frozenset(role for roles in roles_of.values() for role in roles)
    orphans = tuple(
        Dropped(field=personal.name, reason=NO_SUBJECT)
        for personal in _concerning_nobody(fact.schema, identified)
        if fact.datum[personal.name] is not None
    )
    parts = [
        Part(
            stream=subject,
            kind=StreamKind.SUBJECT,
            roles=tuple(roles),
            personal=_values(fact, _concerning(fact.schema, tuple(roles))),
        )
        for subject, roles in roles_of.items()
    ]
    # What concerns nobody we know is in no part; the first one says so.
    return [replace(parts[0], dropped=orphans), *parts[1:]] if orphans else parts


def _whole(fact: Fact, kind: StreamKind, stream: UUID) -> Part:
    return Part(
        stream=stream,
        kind=kind,
        roles=(),
        personal=_values(fact, fact.schema.personal_fields),
    )


@lru_cache(maxsize=COMBINATIONS_CACHED)
def _concerning(schema: EventSchema, roles: tuple[str, ...]) -> tuple[PersonalField, ...]:
    """The personal fields that concern any of the roles."""
    return tuple(personal for personal in schema.personal_fields if _concerns(personal, roles))


@lru_cache(maxsize=COMBINATIONS_CACHED)
def _concerning_nobody(schema: EventSchema, identified: frozenset[str]) -> tuple[PersonalField, ...]:
    """The personal fields that concern only people who were not identified."""
    return tuple(personal for personal in schema.personal_fields if not _concerns(personal, identified))


def _concerns(personal: PersonalField, roles: Collection[str]) -> bool:
    """Whether the field concerns any of the roles; a field that names none concerns everyone."""
    concerned = (personal.identifies,) if personal.identifies else personal.concerns
    return concerned is None or any(role in roles for role in concerned)


def _values(fact: Fact, fields: Sequence[PersonalField]) -> dict[str, tuple[str, object]]:
    return {
        personal.name: (personal.retention_class, value)
        for personal in fields
        if (value := fact.datum[personal.name]) is not None
    }
