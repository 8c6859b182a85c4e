"""Transfers to third countries: what they rest on by whose word, and where entries show data to go.

A mechanism is stated per recipient and country, with the time it is valid. What entries show is kept for the first
entry of each ledger partition only. Whether a transfer had a valid mechanism is for `ledger.rules`.

Source: GDPR Art. 44 to 49 and 30(1)(e); CB-34, CD-10, MB-26, MB-48, X7, X16.
"""

from collections.abc import Iterable, Iterator

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry, StreamKind
from ledger.projections.projection import COORDINATES, TIMES, Projection, Recorded, Row, Table
from ledger.projections.subprocessors import ADOPTED, stated_by
from ledger.rules.processing.eea import MEMBERS, in_eea

MECHANISMS = Table(
    name="transfer_mechanisms",
    columns=(
        *COORDINATES,
        ("item", "int4"),
        ("controller", "text"),
        ("recipient", "text"),
        ("country", "text"),
        ("stated_by", "text"),
        ("rule", "text"),
        ("mechanism", "text"),
        ("valid_from", "int8"),
        ("valid_until", "int8"),
        ("safeguards", "text"),
        *TIMES,
    ),
    order_by=("ledger_partition", "ledger_offset", "item"),
)
SHOWN = Table(
    name="transfers",
    columns=(
        *COORDINATES,
        ("item", "int4"),
        ("controller", "text"),
        ("role", "text"),
        ("recipient", "text"),
        ("country", "text"),
        ("shown_as", "text"),
        *TIMES,
    ),
    order_by=("ledger_partition", "ledger_offset", "item"),
    first_of=("controller", "role", "recipient", "country", "shown_as"),
)

STATED_IN = frozenset({"subprocessor.announced", "transfer.mechanism_set", ADOPTED})

NAME_CHARACTERS_MAX = 256
"""Of a recipient that open fields name, whose text has no length: it is in an index."""
COUNTRY_CHARACTERS = 2
"""A code of ISO 3166-1 alpha-2; another text in open fields is no country."""


class _Elsewhere(msgspec.Struct, frozen=True):
    """Fields of those events that say of another country than that of storage."""

    processing_country: str = ""
    engine_processor: str = ""
    destination_country: str = ""
    recipient_kind: str = ""
    actor_country: str = ""
    actor_role: str = ""
    authority_country: str = ""
    authority: str = ""


_read_elsewhere = reader(_Elsewhere)

ELSEWHERE = {
    "call.transcribed": ("processing", "engine_processor", "processing_country"),
    "data.exported": ("export", "recipient_kind", "destination_country"),
    "data.accessed": ("access", "actor_role", "actor_country"),
    "data.disclosed": ("disclosure", "authority", "authority_country"),
}
"""Event type -> how it shows a transfer, the fields of recipient and country: storage is another matter (X7)."""

Shown = tuple[str, str, str]


def apply(recorded: Recorded) -> Iterable[tuple[Table, Row]]:
    """One row per country that is stated, and per third country that a processing entry shows."""
    entry = recorded.record
    if not isinstance(entry, Entry) or recorded.version is None:
        return ()
    if entry.stream_kind == StreamKind.GOVERNANCE:
        return _mechanisms(recorded, entry) if entry.event_type in STATED_IN else ()
    if entry.event_type not in ELSEWHERE and (entry.storage_country in MEMBERS or not entry.storage_country):
        return ()
    return _shown(recorded, entry)


def _mechanisms(recorded: Recorded, entry: Entry) -> Iterator[tuple[Table, Row]]:
    pairs = (
        (stated, country)
        for stated in stated_by(entry)
        for country in stated.countries
        # One that left counts always: what is stated of it may be for the time after.
        if country not in MEMBERS
    )
    for item, (stated, country) in enumerate(pairs):
        yield (
            MECHANISMS,
            (
                recorded.partition,
                recorded.offset,
                item,
                entry.controller,
                stated.subprocessor,
                country,
                entry.event_type,
                stated.rule,
                stated.mechanism,
                stated.valid_from,
                stated.valid_until,
                stated.safeguards,
                entry.occurred_at,
                entry.sealed_at,
            ),
        )


def _shown(recorded: Recorded, entry: Entry) -> Iterator[tuple[Table, Row]]:
    for item, (how, recipient, country) in enumerate(third_countries(entry)):
        yield (
            SHOWN,
            (
                recorded.partition,
                recorded.offset,
                item,
                entry.controller,
                entry.role,
                recipient,
                country,
                how,
                entry.occurred_at,
                entry.sealed_at,
            ),
        )


def third_countries(entry: Entry) -> Iterator[Shown]:
    """How, to whom and to which third country an entry shows data to go."""
    if entry.storage_country and not in_eea(entry.storage_country, entry.occurred_at):
        yield "storage", "", entry.storage_country
    if entry.event_type not in ELSEWHERE or (fields := _read_elsewhere(entry.open_fields)) is None:
        return
    how, recipient_field, country_field = ELSEWHERE[entry.event_type]
    country: str = getattr(fields, country_field)
    if len(country) == COUNTRY_CHARACTERS and not in_eea(country, entry.occurred_at):
        recipient: str = getattr(fields, recipient_field)
        yield how, recipient[:NAME_CHARACTERS_MAX], country


PROJECTION = Projection(name="transfers", tables=(MECHANISMS, SHOWN), apply=apply)
