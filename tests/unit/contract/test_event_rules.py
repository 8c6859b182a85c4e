"""A schema that is unclear about what is personal is refused when the catalogue loads."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ledger.contract.catalogue import EventSchema
from ledger.contract.event_rules import check_event_schema
from ledger.contract.schema_files import JsonObject
from ledger.errors import DataError
from tests.unit.contract.samples import catalogue, schema

Change = Callable[[dict[str, Any]], object]


def fields_of(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a schema's field objects by name."""
    return {field["name"]: field for field in raw["fields"]}


def changed(change: Change, event_type: str = "call.completed") -> JsonObject:
    """Return a copy of an event schema with one change made."""
    raw = copy.deepcopy(schema(event_type).raw)
    change(raw)
    return raw


def set_on(name: str, **entries: Any) -> Change:
    """Return a change that sets entries of a field; None takes one away."""

    def change(raw: dict[str, Any]) -> None:
        field = fields_of(raw)[name]
        field.update(entries)
        for key in [key for key, value in entries.items() if value is None]:
            del field[key]

    return change


def nested(**annotations: Any) -> Change:
    """Return a change that makes a field a record with an annotated field."""
    inner = {"name": "x", "type": "string", "doc": "X.", **annotations}
    return set_on("trunk", type={"type": "record", "name": "T", "fields": [inner]}, default=None)


@pytest.mark.parametrize("event_type", sorted(catalogue().versions))
def test_own_event_schemas_pass(event_type: str) -> None:
    """Every event schema we ship says all it must."""
    assert check_event_schema(schema(event_type).raw) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda raw: raw.pop("doc"), "no doc"),
        (lambda raw: raw.pop("eventType"), "eventType"),
        (lambda raw: raw.update(eventType="CallCompleted"), "eventType"),
        (lambda raw: raw.update(version=0), "version"),
        (lambda raw: raw.update(version=True), "version"),
        (lambda raw: raw.update(version=2), "namespace"),
        (lambda raw: raw.update(namespace="other.v1"), "namespace"),
        (lambda raw: raw.update(topic="inbox.other"), "topic"),
        (lambda raw: raw.update(stream="person"), "stream"),
        (lambda raw: raw.update(stream="governance"), "about no person"),
        (lambda raw: raw.update(publisher="switchboard"), "publisher"),
        (lambda raw: raw.update(publisher=None), "publisher"),
        (lambda raw: raw["fields"].pop(0), "controller"),
        (lambda raw: raw["fields"].reverse(), "controller"),
        (set_on("controller", type=["null", "string"]), "controller"),
        (set_on("purpose", personal="account"), "common field is never personal"),
        (set_on("trunk", doc=None), "no doc"),
        (set_on("trunk", doc="  "), "no doc"),
        (set_on("channel", personal="for_ever"), "retention class"),
        (set_on("channel", personal=["recording"]), "retention class"),
        (set_on("caller_number", identifies="The Caller"), "role"),
        (set_on("caller_number", identifies=None), "role"),
        (set_on("caller_number", identifier="passport"), "identifier"),
        (set_on("caller_number", identifier=None), "identifier"),
        (set_on("caller_number", personal=None), "identifier is personal"),
        (set_on("caller_number", type="string"), "withheld"),
        (set_on("caller_number", default=None), "withheld"),
        (set_on("caller_number", concerns=["caller"]), "concerns"),
        (set_on("caller_name", concerns=[]), "concerns"),
        (set_on("caller_name", concerns=["stranger"]), "concerns"),
        (set_on("caller_name", concerns="caller"), "concerns"),
        (set_on("caller_name", personal=None), "concerns without personal"),
        (set_on("trunk", type="bytes"), "spelling"),
        (set_on("trunk", type="double"), "spelling"),
        (set_on("trunk", type=["null", "float"]), "spelling"),
        (set_on("trunk", type=["string", "null"]), "union"),
        (set_on("trunk", type=["null", "string", "long"]), "union"),
        (set_on("trunk", type={"type": "map", "values": "string"}), "map"),
        (set_on("trunk", type={"type": "fixed", "name": "F", "size": 4}), "fixed"),
        (set_on("trunk", type={"type": "array", "items": "double"}), "spelling"),
        (set_on("trunk", type={"type": "long", "logicalType": "timestamp-millis"}), "logicalType"),
        (set_on("trunk", type={"type": "string", "logicalType": "date"}), "logicalType"),
        (set_on("trunk", type={"type": "string", "personal": "account"}), "top-level"),
        (nested(personal="account"), "top-level"),
        (nested(identifies="caller"), "top-level"),
        (nested(doc=""), "nested field has no doc"),
    ],
)
def test_unclear_event_schema_refused(change: Change, problem: str) -> None:
    """Each rule about types and annotations names the schema that breaks it."""
    raw = changed(change)
    assert problem in "; ".join(check_event_schema(raw))
    with pytest.raises(DataError):
        EventSchema.from_raw(raw)


def test_pseudonym_is_never_sealed() -> None:
    """The ledger's own pseudonym identifies, but is not personal."""
    raw = changed(set_on("subject_pseudonym", personal="consent_proof"), "consent.given")
    assert "a pseudonym is not" in "; ".join(check_event_schema(raw))


def test_subject_stream_needs_an_identifier() -> None:
    """A fact about a person must be able to say which."""
    raw = changed(lambda schema: schema.update(stream="subject"), "notice.published")
    assert "identifies a data subject" in "; ".join(check_event_schema(raw))


def test_nested_record_without_annotations_accepted() -> None:
    """Open structure is allowed; only annotations must stand at the top."""
    assert check_event_schema(changed(nested())) == []
