"""Planned records as Kafka gets them: key, value and headers, some broken on purpose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from ledger.contract.catalogue import Catalogue, EventSchema
from ledger.contract.writing import (
    cloudevent_headers,
    encode_single_object,
    structured_headers,
    structured_json,
)
from ledger.dev.planned import Fault, PlannedRecord
from ledger.errors import DataError

SCHEMA_HEADER_BYTES = 10
"""Two bytes of magic, eight of fingerprint, before a single-object datum."""


@dataclass(frozen=True, kw_only=True)
class WireRecord:
    """What is sent. Its repr shows no content."""

    topic: str
    key: bytes
    value: bytes = field(repr=False)
    headers: list[tuple[str, bytes]] = field(repr=False)


def encode(record: PlannedRecord, catalogue: Catalogue) -> WireRecord:
    """Encodes a planned record, and breaks it where its plan says so.

    Raises:
        DataError: its event type has no schema, or its payload does not fit it: the plan is wrong.
    """
    schema = catalogue.latest(record.event_type)
    if schema is None:
        raise DataError(f"no schema for {record.event_type}", do="Add it to schemas/.")
    value, headers = _encoded(record, schema)
    if record.fault is not None:
        value, headers = _damaged(record.fault, value, headers)
    return WireRecord(topic=record.topic, key=record.key.encode(), value=value, headers=headers)


def _encoded(record: PlannedRecord, schema: EventSchema) -> tuple[bytes, list[tuple[str, bytes]]]:
    if record.encoding == "json":
        value = structured_json(schema, record.event_id, record.source, record.occurred_at, record.data)
        return value, structured_headers()
    headers = cloudevent_headers(schema, record.event_id, record.source, record.occurred_at)
    return encode_single_object(schema, record.data), headers


def _damaged(
    fault: Fault, value: bytes, headers: list[tuple[str, bytes]]
) -> tuple[bytes, list[tuple[str, bytes]]]:
    if fault is Fault.MISSING_HEADER:
        return value, [header for header in headers if header[0] != "ce_id"]
    return _DAMAGE[fault](value), headers


def _with_wrong_type(value: bytes) -> bytes:
    event = msgspec.json.decode(value)
    event["data"]["data_categories"] = 7
    return msgspec.json.encode(event)


_DAMAGE: Mapping[Fault, Callable[[bytes], bytes]] = {
    Fault.UNKNOWN_MAGIC: lambda value: b"\xff" + value,
    Fault.EMPTY: lambda _: b"",
    Fault.TRUNCATED: lambda value: value[: (SCHEMA_HEADER_BYTES + len(value)) // 2],
    Fault.TRAILING_BYTES: lambda value: value + b"\x00\x00",
    Fault.UNKNOWN_FINGERPRINT: lambda value: value[:2] + bytes(8) + value[SCHEMA_HEADER_BYTES:],
    Fault.WRONG_TYPE: _with_wrong_type,
    Fault.NOT_JSON: lambda value: value[:-1],
}
"""What each fault does to a value; a missing header does nothing to it."""
