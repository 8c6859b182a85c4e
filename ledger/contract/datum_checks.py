"""What a datum must be, whatever encoding it came in: types, ranges, lengths, and text a database can hold.

Compiled once per schema into one check per field. A check returns the reason for refusal, or None; the caller
names the field. Nothing here judges whether the processing was right: that is for the rules, after recording.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from ledger.contract.avro_reader import ARRAY_ITEMS_MAX
from ledger.contract.catalogue import EventSchema
from ledger.contract.cloudevents import DAYS_MAX, DAYS_MIN, MICROS_MAX, MICROS_MIN
from ledger.contract.event_rules import IdentifierKind
from ledger.contract.schema_files import JsonObject, record_fields
from ledger.contract.unreadable import RejectionReason, Unreadable
from ledger.errors import DataError

Datum = dict[str, object]
"""A payload by field name: enums as str, timestamps as int microseconds, dates as int days."""

Check = Callable[[object], RejectionReason | None]

SHORT_TEXT_BYTES_MAX = 1024
"""UTF-8 bytes of a common or identifying field: these are indexed, and an index row holds 2704 bytes."""

_WRONG_TYPE = RejectionReason.FIELD_WRONG_TYPE
_INVALID = RejectionReason.FIELD_INVALID

_COUNTRY = re.compile(r"([A-Z]{2})?", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def _text(value: object) -> RejectionReason | None:
    """Refuse what PostgreSQL's text cannot hold; decoding has refused what UTF-8 cannot."""
    if type(value) is not str:
        return _WRONG_TYPE
    return _INVALID if "\x00" in value else None


def _short_text(value: object) -> RejectionReason | None:
    if type(value) is not str:
        return _WRONG_TYPE
    if "\x00" in value:
        return _INVALID
    if len(value) > SHORT_TEXT_BYTES_MAX // 4 and len(value.encode()) > SHORT_TEXT_BYTES_MAX:
        return RejectionReason.TOO_LARGE
    return None


def _stated_text(value: object) -> RejectionReason | None:
    """Refuse a blank: an identifier that is not known is null, or all unknowns would be one person."""
    return _short_text(value) or (None if str(value).strip() else _INVALID)


def _matching(pattern: re.Pattern[str]) -> Check:
    def check(value: object) -> RejectionReason | None:
        if type(value) is not str:
            return _WRONG_TYPE
        return None if pattern.fullmatch(value) else _INVALID

    return check


def _boolean(value: object) -> RejectionReason | None:
    return None if type(value) is bool else _WRONG_TYPE


def _integer(least: int, greatest: int) -> Check:
    def check(value: object) -> RejectionReason | None:
        if type(value) is not int:
            return _WRONG_TYPE
        return None if least <= value <= greatest else _INVALID

    return check


def _symbol(symbols: frozenset[str]) -> Check:
    def check(value: object) -> RejectionReason | None:
        if type(value) is not str:
            return _WRONG_TYPE
        return None if value in symbols else _INVALID

    return check


def _optional(inner: Check) -> Check:
    return lambda value: None if value is None else inner(value)


def _array(item: Check) -> Check:
    def check(values: object) -> RejectionReason | None:
        if type(values) is not list:
            return _WRONG_TYPE
        if len(values) > ARRAY_ITEMS_MAX:
            return RejectionReason.TOO_LARGE
        for value in values:
            if problem := item(value):
                return problem
        return None

    return check


def _record(fields: Mapping[str, Check]) -> Check:
    def check(value: object) -> RejectionReason | None:
        if type(value) is not dict:
            return _WRONG_TYPE
        if value.keys() - fields.keys():
            return RejectionReason.FIELD_UNKNOWN
        for name, field in fields.items():
            if name not in value:
                return RejectionReason.FIELD_MISSING
            if problem := field(value[name]):
                return problem
        return None

    return check


_LEAF_CHECKS: Mapping[str, Check] = {
    "string": _text,
    "boolean": _boolean,
    "int": _integer(-(1 << 31), (1 << 31) - 1),
    "long": _integer(-(1 << 63), (1 << 63) - 1),
    "timestamp-micros": _integer(MICROS_MIN, MICROS_MAX),
    "date": _integer(DAYS_MIN, DAYS_MAX),
}

_COMMON_CHECKS: Mapping[str, Check] = {
    "controller": _stated_text,
    "purpose": _short_text,
    "data_categories": _array(_short_text),
    "processors": _array(_short_text),
    "storage_country": _matching(_COUNTRY),
    "instruction_id": _optional(_short_text),
    "notice_version": _optional(_short_text),
}
"""Common fields are columns and keys, so they have lengths; role and lawful_basis are enums already."""


def _compile(type_: object, named: dict[str, Check]) -> Check:
    match type_:
        case str(name):
            check = _LEAF_CHECKS.get(name) or named.get(name.rpartition(".")[2])
            if check is None:
                raise DataError("a payload schema uses a type the checks do not know")
        case ["null", inner]:
            check = _optional(_compile(inner, named))
        case {"logicalType": str(logical)}:
            check = _LEAF_CHECKS[logical]
        case {"type": "enum", "name": str(name), "symbols": list(symbols)}:
            check = named[name] = _symbol(frozenset(symbols))
        case {"type": "array", "items": items}:
            check = _array(_compile(items, named))
        case {"type": "record", "name": str(name), "fields": list(fields)}:
            check = named[name] = _record({field["name"]: _compile(field["type"], named) for field in fields})
        case {"type": inner}:
            check = _compile(inner, named)
        case _:
            raise DataError("a payload schema uses a type the checks do not know")
    return check


@cache
def _field_checks(schema: EventSchema) -> tuple[tuple[str, Check], ...]:
    named: dict[str, Check] = {}
    identifiers = {field.name: field.identifier for field in schema.identifying_fields}
    checks = []
    for field in record_fields(schema.raw):
        name = str(field["name"])
        check = _COMMON_CHECKS.get(name) or _compile(field["type"], named)
        match identifiers.get(name):
            case None:
                pass
            case IdentifierKind.PSEUDONYM:
                check = _optional(_matching(_UUID))
            case _:
                check = _optional(_stated_text)
        checks.append((name, check))
    return tuple(checks)


def check_datum(schema: EventSchema, datum: Datum) -> None:
    """Refuse a datum that is not what its schema says.

    Args:
        schema: the schema it was decoded with.
        datum: every field of the schema, and no other.

    Raises:
        Unreadable: naming the first field at fault, in schema order.
    """
    for name, check in _field_checks(schema):
        if problem := check(datum[name]):
            raise Unreadable(problem, name)


def default_of(field: JsonObject) -> object:
    """Return a field's default, a copy that may be changed.

    Raises:
        KeyError: the field has none.
    """
    default = field["default"]
    return list(default) if isinstance(default, list) else default
