"""From the bytes of one inbox record to a fact, or the stable reason why there is none.

The first byte of the value tells the encoding (DESIGN section 5): C3 01 is Avro single-object encoding, 00
the Confluent wire format, `{` CloudEvents JSON. Pure but for the registry. It is the only way into the
ledger, so it trusts nothing: sizes are bounded, every byte is consumed, headers and value must agree.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import msgspec

from ledger.contract.avro_reader import FieldError, Reader, TooManyItems, compile_reader
from ledger.contract.catalogue import Catalogue, EventSchema
from ledger.contract.cloudevents import (
    EventAttributes,
    attributes_from_headers,
    attributes_from_json,
    header_texts,
)
from ledger.contract.datum_checks import Datum, check_datum
from ledger.contract.json_datum import datum_from_json, decode_object
from ledger.contract.registry import SchemaRegistry
from ledger.contract.schema_files import HEADER_BYTES, SINGLE_OBJECT_MAGIC
from ledger.contract.unreadable import RejectionReason, Unreadable
from ledger.contract.writer_schema import match_writer

__all__ = ["VALUE_BYTES_MAX", "Datum", "Fact", "Headers", "RejectionReason", "Unreadable", "read_fact"]

VALUE_BYTES_MAX = 1 << 20
"""Largest value of an inbox record, in bytes; Kafka's own default for a whole message."""

CONFLUENT_MAGIC = 0
CONFLUENT_HEADER_BYTES = 5
"""The zero byte and the schema id."""

Headers = Sequence[tuple[str, bytes]]
"""A record's headers as Kafka gives them: names may repeat, and a value may be null in spite of the type."""


class Fact(msgspec.Struct, kw_only=True):
    """What one publisher stated in one event, checked but not judged.

    `occurred_at` is in microseconds since 1970-01-01T00:00Z, between the years 0001 and 9999. `datum` is the
    whole payload, common fields among them: enums as str, timestamps as int microseconds, dates as int days.
    """

    schema: EventSchema
    event_id: str
    event_source: str
    event_type: str
    version: int
    occurred_at: int
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
    datum: Datum

    def __repr__(self) -> str:
        """Name the type only: the rest is personal."""
        return f"Fact(event_type={self.event_type!r}, version={self.version})"


def read_fact(
    value: bytes | None, headers: Headers, catalogue: Catalogue, registry: SchemaRegistry | None = None
) -> Fact:
    """Read one inbox record.

    Args:
        value: the record's value.
        headers: the record's headers.
        catalogue: the schemas publishers may use.
        registry: where the ids of Confluent framing are looked up; without one they are unknown.

    Returns:
        The fact it states.

    Raises:
        Unreadable: it states none; the reason is stable, the detail names a field or header, never a value.
        InfrastructureError: the registry did not answer; the same record may be read later.
    """
    if not value:
        raise Unreadable(RejectionReason.VALUE_MISSING, "value")
    if len(value) > VALUE_BYTES_MAX:
        raise Unreadable(RejectionReason.TOO_LARGE, "value")
    texts = header_texts(headers)
    if value[0] == SINGLE_OBJECT_MAGIC[0]:
        return _single_object_fact(value, texts, catalogue)
    if value[0] == CONFLUENT_MAGIC:
        return _confluent_fact(value, texts, catalogue, registry)
    if value[:1] == b"{":
        return _json_fact(value, texts, catalogue)
    raise Unreadable(RejectionReason.MAGIC_UNKNOWN, "value")


def _single_object_fact(value: bytes, texts: dict[str, str], catalogue: Catalogue) -> Fact:
    if len(value) < HEADER_BYTES:
        whole = SINGLE_OBJECT_MAGIC.startswith(value[:2])
        raise Unreadable(
            RejectionReason.TRUNCATED if whole else RejectionReason.MAGIC_UNKNOWN, "value header"
        )
    if not value.startswith(SINGLE_OBJECT_MAGIC):
        raise Unreadable(RejectionReason.MAGIC_UNKNOWN, "value")
    schema = catalogue.by_fingerprint.get(value[len(SINGLE_OBJECT_MAGIC) : HEADER_BYTES])
    if schema is None:
        raise Unreadable(RejectionReason.FINGERPRINT_UNKNOWN, "value header")
    attributes = attributes_from_headers(texts)
    datum = _read_avro(_reader(schema), value, HEADER_BYTES)
    return _fact(schema, attributes, datum, "ce_")


def _confluent_fact(
    value: bytes, texts: dict[str, str], catalogue: Catalogue, registry: SchemaRegistry | None
) -> Fact:
    if len(value) < CONFLUENT_HEADER_BYTES:
        raise Unreadable(RejectionReason.TRUNCATED, "value header")
    attributes = attributes_from_headers(texts)
    if registry is None:
        raise Unreadable(RejectionReason.SCHEMA_ID_UNKNOWN, "schema id: no schema registry is configured")
    registered = registry.schema(int.from_bytes(value[1:CONFLUENT_HEADER_BYTES], "big"))
    version = attributes.schema[1] if attributes.schema else None
    writer = match_writer(registered, catalogue, attributes.type, version)
    datum = writer.completed(_read_avro(writer.read, value, CONFLUENT_HEADER_BYTES))
    return _fact(writer.schema, attributes, datum, "ce_")


def _json_fact(value: bytes, texts: dict[str, str], catalogue: Catalogue) -> Fact:
    envelope = decode_object(value)
    attributes = attributes_from_json(envelope, texts)
    named = attributes.schema
    schema = catalogue.find(*named) if named else catalogue.latest(attributes.type)
    if schema is None:
        raise Unreadable(RejectionReason.TYPE_UNKNOWN, "dataschema" if named else "type")
    data = envelope.get("data")
    if data is None:
        raise Unreadable(RejectionReason.FIELD_MISSING, "data")
    if not isinstance(data, dict):
        raise Unreadable(RejectionReason.FIELD_WRONG_TYPE, "data")
    return _fact(schema, attributes, datum_from_json(schema, data), "")


@cache
def _reader(schema: EventSchema) -> Reader:
    return compile_reader(schema.parsed)


def _read_avro(read: Reader, content: bytes, start: int) -> Datum:
    """Decode a datum that must fill the content from `start` to its end."""
    try:
        datum, end = read(content, start)
    except FieldError as error:
        raise _decoding_failure(error) from None
    if end != len(content):
        raise Unreadable(RejectionReason.TRAILING_BYTES, "value")
    return cast(Datum, datum)


def _decoding_failure(error: FieldError) -> Unreadable:
    """Name the payload field at fault, and the reason that the innermost cause stands for."""
    cause: BaseException | None = error
    while isinstance(cause, FieldError):
        cause = cause.__cause__
    match cause:
        case IndexError():
            reason = RejectionReason.TRUNCATED
        case TooManyItems():
            reason = RejectionReason.TOO_LARGE
        case UnicodeDecodeError():
            reason = RejectionReason.FIELD_INVALID
        case _:
            reason = RejectionReason.UNDECODABLE
    return Unreadable(reason, error.field)


def _fact(schema: EventSchema, attributes: EventAttributes, datum: Datum, prefix: str) -> Fact:
    """Check that attributes, schema and datum agree, and join them."""
    if attributes.type != schema.event_type:
        raise Unreadable(RejectionReason.HEADER_CONTRADICTION, f"{prefix}type")
    if attributes.schema not in {None, (schema.event_type, schema.version)}:
        raise Unreadable(RejectionReason.HEADER_CONTRADICTION, f"{prefix}dataschema")
    check_datum(schema, datum)
    common = cast(
        "dict[str, Any]", datum
    )  # the check has just made the common fields what Fact says they are
    return Fact(
        schema=schema,
        event_id=attributes.id,
        event_source=attributes.source,
        event_type=schema.event_type,
        version=schema.version,
        occurred_at=attributes.time,
        controller=common["controller"],
        role=common["role"],
        purpose=common["purpose"],
        lawful_basis=common["lawful_basis"],
        data_categories=common["data_categories"],
        processors=common["processors"],
        storage_country=common["storage_country"],
        instruction_id=common["instruction_id"],
        notice_version=common["notice_version"],
        retry_of=attributes.retry_of,
        datum=datum,
    )
