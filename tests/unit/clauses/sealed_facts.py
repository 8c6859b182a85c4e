"""Facts as a sealer seals them, without keys: checked by their schema, divided per person, ready to be folded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import msgspec

from ledger.contract.catalogue import Catalogue, EventSchema
from ledger.contract.reading import Fact
from ledger.contract.schema_files import record_fields
from ledger.contract.writing import complete_datum
from ledger.entry import Entry, Sealed
from ledger.forgetting.own_facts import OWN_SOURCE
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.parts import Part, divide
from tests.unit.aggregates.facts import make_entry

SOURCE = "//pbx.example/1"
PEOPLE = UUID("00000000-0000-4000-8000-0000000000aa")
"""Namespace of invented pseudonyms."""
IDENTIFIERS = {
    "phone": "+31970100000",
    "email": "person@example.com",
    "account": "account-example",
    "pseudonym": None,
}
COMMON_FIELDS: Sequence[str] = (
    *("controller", "role", "purpose", "lawful_basis", "data_categories", "processors", "storage_country"),
    *("instruction_id", "notice_version"),
)


def pseudonym(person: str) -> UUID:
    """The stream of an invented person."""
    return uuid5(PEOPLE, person)


def schema_of(event_type: str) -> EventSchema:
    """The newest schema of an event type."""
    return _catalogue().versions[event_type][-1]


def said_of(event_type: str, person: str | None) -> tuple[dict[str, Any], dict[str, UUID]]:
    """What a fact says that identifies an invented person, and in which role it is about them; nobody for None."""
    schema = schema_of(event_type)
    roles = {each.role for each in schema.identifying_fields[:1]}
    values = _personal_values(schema, roles)
    if person is None:
        return values, {}
    for each in schema.identifying_fields:
        if each.identifier == "pseudonym":
            values[each.name] = str(pseudonym(person))
    return values, dict.fromkeys(roles, pseudonym(person))


def fact_of(event_type: str, event_id: str, at: int, values: Mapping[str, Any]) -> Fact:
    """A fact as it is read from the inbox.

    Raises:
        Unreadable: the values are not what its schema says.
    """
    schema = schema_of(event_type)
    datum = complete_datum(schema, dict(values))
    common: dict[str, Any] = {name: datum[name] for name in COMMON_FIELDS}
    return Fact(
        schema=schema,
        event_id=event_id,
        event_source=OWN_SOURCE if schema.own else SOURCE,
        event_type=event_type,
        version=schema.version,
        occurred_at=at,
        retry_of=None,
        datum=datum,
        **common,
    )


def entries_of(
    fact: Fact, subjects: Mapping[str, UUID], *, sealed_at: int, rules_at: int
) -> Iterator[tuple[Entry, Part]]:
    """The ledger entries of a fact, one per person, with what is sealed in each."""
    open_fields = {name: fact.datum[name] for name in fact.schema.open_field_names}
    for part in divide(fact, subjects):
        yield (
            make_entry(
                sealed_at=sealed_at,
                rules_at=rules_at,
                stream=part.stream,
                stream_kind=part.kind.value,
                event_id=fact.event_id,
                event_source=fact.event_source,
                event_type=fact.event_type,
                event_version=fact.version,
                occurred_at=fact.occurred_at,
                occurred_day=local_day(fact.occurred_at),
                subject_roles=list(part.roles),
                open_fields=msgspec.json.encode(open_fields, order="sorted").decode(),
                sealed=[_sealed(name, of) for name, (of, _) in part.personal.items()],
                **{name: fact.datum[name] for name in COMMON_FIELDS},
            ),
            part,
        )


def _sealed(field: str, retention_class: str) -> Sealed:
    return Sealed(field=field, retention_class=retention_class, commitment=bytes(32), ciphertext=bytes(16))


def _personal_values(schema: EventSchema, roles: Iterable[str]) -> dict[str, Any]:
    """Invented values of the personal fields that concern somebody in one of some roles."""
    concerned = set(roles)
    numbers = {
        str(field["name"])
        for field in record_fields(schema.raw)
        if any(kind in str(field["type"]) for kind in ("'int'", "'long'"))
    }
    identifying = {each.name: each for each in schema.identifying_fields}
    values: dict[str, Any] = {}
    for personal in schema.personal_fields:
        each = identifying.get(personal.name)
        if each is not None and each.role in concerned:
            values[personal.name] = IDENTIFIERS[each.identifier]
        elif each is None and (personal.concerns is None or concerned & set(personal.concerns)):
            values[personal.name] = 1 if personal.name in numbers else "invented"
    return values


@cache
def _catalogue() -> Catalogue:
    return Catalogue.load()
