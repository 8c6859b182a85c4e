"""A datum from the `data` of a CloudEvents JSON document, as strict as Avro would be.

JSON is read by the schema: a boolean is no integer, a number is no string, an enum is one of its symbols, a
union is null or the value itself (no `{"string": …}` wrapping), a timestamp is RFC 3339 text or integer
microseconds, a date is `YYYY-MM-DD` or integer days. A field the schema does not have is refused: it could be
personal, and nothing would say so.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from ledger.contract.catalogue import EventSchema
from ledger.contract.cloudevents import parse_date, parse_time
from ledger.contract.datum_checks import Datum, default_of
from ledger.contract.schema_files import JsonObject, record_fields
from ledger.contract.unreadable import RejectionReason, Unreadable

# A converter turns what JSON can say into what Avro would have given; anything it does not know passes
# through for the checks to refuse. It raises ValueError for text that is not what it should be.
Converter = Callable[[object], object]


def decode_object(content: bytes) -> JsonObject:
    """Return the JSON object that bytes hold.

    Raises:
        Unreadable: not JSON, not UTF-8, a lone surrogate, nested too deep, NaN, or not an object.
    """
    try:
        parsed: Any = msgspec.json.decode(content)
    except (ValueError, RecursionError):
        raise Unreadable(RejectionReason.JSON_INVALID, "value") from None
    if not isinstance(parsed, dict):
        raise Unreadable(RejectionReason.JSON_INVALID, "value")
    return parsed


def datum_from_json(schema: EventSchema, data: Mapping[str, object]) -> Datum:
    """Return the datum a JSON object states.

    Args:
        schema: the schema to read it by.
        data: the `data` member, as parsed.

    Returns:
        Every field of the schema, defaults filled in; the caller passes it to `check_datum`, like any other.

    Raises:
        Unreadable: a field is missing or unknown, or is text that is no time or date.
    """
    if data.keys() - set(schema.field_names):
        raise Unreadable(RejectionReason.FIELD_UNKNOWN, "data: a field the schema does not have")
    datum: Datum = {}
    converters = _converters(schema)
    for field in record_fields(schema.raw):
        name = str(field["name"])
        try:
            datum[name] = _converted(converters, name, data[name]) if name in data else default_of(field)
        except KeyError:
            raise Unreadable(RejectionReason.FIELD_MISSING, name) from None
        except ValueError:
            raise Unreadable(RejectionReason.FIELD_INVALID, name) from None
    return datum


def _converted(converters: Mapping[str, Converter], name: str, value: object) -> object:
    convert = converters.get(name)
    return convert(value) if convert else value


@cache
def _converters(schema: EventSchema) -> Mapping[str, Converter]:
    named: dict[str, Converter] = {}
    converters = {str(field["name"]): _compile(field["type"], named) for field in record_fields(schema.raw)}
    return {name: convert for name, convert in converters.items() if convert is not None}


def _compile(type_: object, named: dict[str, Converter]) -> Converter | None:
    """Make the converter of a type, None when JSON says what Avro does."""
    match type_:
        case {"logicalType": "timestamp-micros"}:
            return lambda value: parse_time(value) if isinstance(value, str) else value
        case {"logicalType": "date"}:
            return lambda value: parse_date(value) if isinstance(value, str) else value
        case ["null", inner]:
            return _compile(inner, named)
        case {"type": "array", "items": items}:
            convert = _compile(items, named)
            return None if convert is None else _each(convert)
        case {"type": "record", "name": str(name), "fields": list(fields)}:
            named[name] = _nested(fields, named)
            return named[name]
        case _:
            return named.get(str(type_).rpartition(".")[2])


def _each(convert: Converter) -> Converter:
    return lambda values: [convert(value) for value in values] if isinstance(values, list) else values


def _nested(fields: list[JsonObject], named: dict[str, Converter]) -> Converter:
    converters = {str(field["name"]): _compile(field["type"], named) for field in fields}
    defaulted = [field for field in fields if "default" in field]

    def convert(value: object) -> object:
        if not isinstance(value, dict):
            return value
        whole = {str(field["name"]): default_of(field) for field in defaulted} | value
        return {
            name: step(entry) if (step := converters.get(name)) else entry for name, entry in whole.items()
        }

    return convert
