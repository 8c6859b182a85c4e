"""What a publisher in Python sends: values in either encoding, and the CloudEvents headers beside them.

For our own connectors, for tests, and as the example `docs/publishing.md` shows. A datum is what `reading`
returns: enums as str, timestamps as int microseconds since 1970-01-01T00:00Z, dates as int days.
"""

from io import BytesIO
from typing import Any

import fastavro
import msgspec

from ledger.contract.catalogue import EventSchema
from ledger.contract.cloudevents import CONTENT_TYPE, HEADER_PREFIX, SCHEMA_URN, STRUCTURED_JSON, format_time
from ledger.contract.datum_checks import Datum, check_datum, default_of
from ledger.contract.schema_files import record_fields
from ledger.contract.unreadable import RejectionReason, Unreadable

AVRO_CONTENT_TYPE = "application/avro"


def complete_datum(schema: EventSchema, datum: Datum) -> Datum:
    """Return a datum with defaults filled in, checked as the sealer will check it.

    Raises:
        Unreadable: a field is missing, unknown, of the wrong type or invalid.
    """
    if datum.keys() - set(schema.field_names):
        raise Unreadable(RejectionReason.FIELD_UNKNOWN, "a field the schema does not have")
    whole: Datum = {}
    for field in record_fields(schema.raw):
        name = str(field["name"])
        try:
            whole[name] = datum[name] if name in datum else default_of(field)
        except KeyError:
            raise Unreadable(RejectionReason.FIELD_MISSING, name) from None
    check_datum(schema, whole)
    return whole


def encode_single_object(schema: EventSchema, datum: Datum) -> bytes:
    """Return a datum in Avro single-object encoding: ten header bytes, then Avro binary.

    Raises:
        Unreadable: the datum is not what its schema says.
    """
    out = BytesIO()
    out.write(schema.header)
    fastavro.schemaless_writer(out, schema.parsed, complete_datum(schema, datum))
    return out.getvalue()


def cloudevent_headers(
    schema: EventSchema,
    event_id: str,
    source: str,
    occurred_at_micros: int,
    *,
    subject: str | None = None,
    retry_of: str | None = None,
) -> list[tuple[str, bytes]]:
    """Return the Kafka headers of binary mode, for a single-object value.

    Args:
        schema: the schema of the value.
        event_id: unique within the source; sending it again is not a second event.
        source: a URI reference that names the publisher.
        occurred_at_micros: when it happened, microseconds since 1970-01-01T00:00Z.
        subject: optional, never a phone number or address: headers are not sealed.
        retry_of: `partition:offset` of the rejected ledger record this repairs.

    Raises:
        ValueError: the time is outside the years 0001 to 9999.
    """
    attributes = _attributes(schema, event_id, source, occurred_at_micros, subject, retry_of)
    headers = [(HEADER_PREFIX + name, text.encode()) for name, text in attributes.items()]
    return [*headers, (CONTENT_TYPE, AVRO_CONTENT_TYPE.encode())]


def structured_json(
    schema: EventSchema,
    event_id: str,
    source: str,
    occurred_at_micros: int,
    datum: Datum,
    *,
    subject: str | None = None,
    retry_of: str | None = None,
) -> bytes:
    """Return a whole event as CloudEvents JSON, UTF-8; it needs no headers but may have `content-type`.

    Args:
        schema: the schema of the datum.
        event_id: unique within the source; sending it again is not a second event.
        source: a URI reference that names the publisher.
        occurred_at_micros: when it happened, microseconds since 1970-01-01T00:00Z.
        datum: the payload.
        subject: optional, never a phone number or address.
        retry_of: `partition:offset` of the rejected ledger record this repairs.

    Raises:
        Unreadable: the datum is not what its schema says.
        ValueError: the time is outside the years 0001 to 9999.
    """
    envelope: dict[str, Any] = dict(
        _attributes(schema, event_id, source, occurred_at_micros, subject, retry_of)
    )
    envelope["datacontenttype"] = "application/json"
    envelope["data"] = complete_datum(schema, datum)
    return msgspec.json.encode(envelope)


def structured_headers() -> list[tuple[str, bytes]]:
    """Return the Kafka headers that go with `structured_json`."""
    return [(CONTENT_TYPE, STRUCTURED_JSON.encode())]


def _attributes(  # noqa: PLR0917 - passes the two public functions' arguments on in their order
    schema: EventSchema,
    event_id: str,
    source: str,
    occurred_at_micros: int,
    subject: str | None,
    retry_of: str | None,
) -> dict[str, str]:
    attributes = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": schema.event_type,
        "time": format_time(occurred_at_micros),
        "dataschema": f"{SCHEMA_URN}{schema.event_type}:{schema.version}",
    }
    if subject is not None:
        attributes["subject"] = subject
    if retry_of is not None:
        attributes["retryof"] = retry_of
    return attributes
