"""Events whose every personal value is one of a kind, so that it is known again wherever it turns up."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ledger.contract.catalogue import EventSchema, IdentifyingField
from ledger.contract.reading import Fact, read_fact
from ledger.contract.schema_files import record_fields
from ledger.contract.writing import (
    cloudevent_headers,
    encode_single_object,
    structured_headers,
    structured_json,
)
from ledger.log.records import Partition, ReadRecord
from ledger.sealing.own_facts import MAC_HEADER, own_fact_mac
from tests.unit.contract.samples import EVENT_ID, OCCURRED_AT, SOURCE, catalogue, sample
from tests.unit.sealing.memory_vault import OWN_FACTS_KEY

INBOX = Partition("inbox.processing", 0)
SCHEMAS = tuple(version for versions in catalogue().versions.values() for version in versions)
SUBJECT_SCHEMAS = tuple(schema for schema in SCHEMAS if schema.stream == "subject")


def canaries(schema: EventSchema) -> dict[str, str]:
    """A value for each personal text field of an event, found nowhere else."""
    identifying = {field.name: field for field in schema.identifying_fields}
    values = {}
    for number, field in enumerate(schema.personal_fields):
        if _is_text(schema, field.name):
            values[field.name] = _canary(field.name, number, identifying.get(field.name))
    return values


def _canary(name: str, number: int, identifying: IdentifyingField | None) -> str:
    kind = identifying.identifier.value if identifying else ""
    match kind:
        case "phone":
            return f"+319701000{7301 + number}"
        case "email":
            return f"canary.{name}.{number}@example.com"
        case _:
            return f"canary-{name}-{number}"


def _is_text(schema: EventSchema, name: str) -> bool:
    return bool(_types(schema)[name] == ["null", "string"])


@cache
def _types(schema: EventSchema) -> Mapping[str, Any]:
    return {str(field["name"]): field["type"] for field in record_fields(schema.raw)}


def datum(schema: EventSchema, **changes: object) -> dict[str, object]:
    """A full payload whose personal text fields are canaries and whose pseudonyms are left out."""
    pseudonyms = {f.name: None for f in schema.identifying_fields if f.identifier == "pseudonym"}
    return {**sample(schema), **pseudonyms, **canaries(schema), **changes}


def inbox_record(
    schema: EventSchema,
    payload: Mapping[str, object],
    *,
    offset: int = 0,
    event_id: str = EVENT_ID,
    occurred_at: int = OCCURRED_AT,
    partition: Partition | None = None,
    as_json: bool = False,
) -> ReadRecord:
    """An inbox record as its publisher would send it to its schema's topic, in Avro or in JSON."""
    if as_json:
        value = structured_json(schema, event_id, SOURCE, occurred_at, dict(payload))
        headers = structured_headers()
    else:
        value = encode_single_object(schema, dict(payload))
        headers = cloudevent_headers(schema, event_id, SOURCE, occurred_at)
        if schema.own:
            headers.append((MAC_HEADER, mac(schema, value, event_id=event_id, occurred_at=occurred_at)))
    return ReadRecord(partition or Partition(schema.topic, 0), offset, b"key", value, headers, 0)


def mac(
    schema: EventSchema,
    value: bytes,
    *,
    event_id: str = EVENT_ID,
    source: str = SOURCE,
    occurred_at: int = OCCURRED_AT,
    key: bytes = OWN_FACTS_KEY,
) -> bytes:
    """What the ledger would put into the header of its own fact."""
    return own_fact_mac(
        key,
        event_type=schema.event_type,
        event_id=event_id,
        source=source,
        occurred_at=occurred_at,
        value=value,
    )


def fact(schema: EventSchema, **changes: object) -> Fact:
    """An event as read."""
    record = inbox_record(schema, datum(schema, **changes))
    return read_fact(record.value, record.headers, catalogue())
