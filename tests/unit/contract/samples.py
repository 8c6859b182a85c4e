"""Valid data of every event type, made from the schemas, and the framing around it.

Identifiers are invented: numbers of the drama range +31 97010, addresses at example.com.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ledger.contract.catalogue import Catalogue, EventSchema
from ledger.contract.datum_checks import Datum
from ledger.contract.schema_files import record_fields
from ledger.contract.writing import cloudevent_headers

OCCURRED_AT = 1_774_596_716_250_000
"""2026-03-27T07:31:56.25Z."""

EVENT_ID, SOURCE = "evt-1", "urn:example:switch-1"

_BY_NAME: Mapping[str, object] = {
    "controller": "example-garage",
    "purpose": "telephony",
    "storage_country": "NL",
    "caller_number": "+3197010000001",
    "called_number": "+3197010000002",
    "subject_phone": "+3197010000003",
    "subject_email": "invented.person@example.com",
    "subject_pseudonym": "6f1c1f0e-2d5b-4b7e-9a53-0d6f3c1b2a10",
}


@cache
def catalogue() -> Catalogue:
    """Return the project's own catalogue, loaded once."""
    return Catalogue.load()


def schema(event_type: str) -> EventSchema:
    """Return the newest version of an event type that must exist."""
    found = catalogue().latest(event_type)
    assert found is not None
    return found


def sample(event: EventSchema) -> Datum:
    """Return a valid datum with every field filled in."""
    return {
        str(field["name"]): _value(str(field["name"]), field["type"]) for field in record_fields(event.raw)
    }


_BY_TYPE: Mapping[str, object] = {"boolean": True, "int": 3, "long": 4_000_000_000}


def _value(name: str, type_: Any) -> object:
    if name in _BY_NAME:
        return _BY_NAME[name]
    match type_:
        case ["null", inner]:
            value = _value(name, inner)
        case {"type": "enum", "symbols": [*_, last]}:
            value = last
        case {"type": "array", "items": "string"}:
            value = [_value(name, "string"), "second"]
        case {"type": "array", "items": items}:
            value = [_value(name, items)]
        case {"type": "record", "fields": list(fields)}:
            value = {str(field["name"]): _value(str(field["name"]), field["type"]) for field in fields}
        case {"logicalType": "date"}:
            value = 20_539
        case {"logicalType": "timestamp-micros"}:
            value = OCCURRED_AT
        case _:
            value = _BY_TYPE.get(type_, f"{name} é")
    return value


def headers(event: EventSchema, **changed: bytes | None) -> list[tuple[str, bytes]]:
    """Return valid headers for an event; `ce_time=b"…"` replaces one, None leaves it out."""
    known = dict(cloudevent_headers(event, EVENT_ID, SOURCE, OCCURRED_AT))
    known |= {key: value for key, value in changed.items() if value is not None}
    return [(key, value) for key, value in known.items() if changed.get(key, b"") is not None]
