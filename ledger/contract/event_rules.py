"""What an event schema must say beyond being Avro: its type, topic and stream, and what in it is personal.

The annotations drive sealing, so a schema that is unclear about them is refused when the catalogue loads, not
when the first number leaks. Source: DESIGN sections 5 and 6; STANDARDS section 6 (no number in clear).
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from ledger.contract.common_fields import COMMON_FIELDS
from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.contract.schema_files import JsonObject, record_fields, without_logical_types

TOPICS = frozenset({"inbox.processing", "inbox.consent", "inbox.rights", "inbox.governance"})
STREAMS = frozenset({"subject", "governance"})
OWN_PUBLISHER = "ledger"
"""What `publisher` says of an event that only the ledger itself may publish."""

ANNOTATIONS = ("personal", "identifies", "identifier", "concerns")
LOGICAL_TYPES = {"timestamp-micros": "long", "date": "int"}
"""The logical types a payload may use, and the type each stands on."""

_EVENT_TYPE = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*)+", re.ASCII)
_ROLE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


class IdentifierKind(StrEnum):
    """What kind of identifier of a data subject a field holds; a pseudonym is the ledger's own UUID."""

    PHONE = "phone"
    EMAIL = "email"
    ACCOUNT = "account"
    PSEUDONYM = "pseudonym"


def check_event_schema(schema: JsonObject) -> list[str]:
    """Say what an event schema lacks; it has passed `schema_rules.check_schema`.

    Returns:
        One line per problem; empty when the schema may be used.
    """
    fields = list(record_fields(schema))
    roles = {field["identifies"] for field in fields if isinstance(field.get("identifies"), str)}
    problems = [*_record_problems(schema), *_common_problems(fields)]
    for field in fields:
        name = str(field.get("name"))
        problems += [f"{name}: {problem}" for problem in _field_problems(field, roles)]
        if schema.get("stream") == "governance" and any(key in field for key in ANNOTATIONS):
            problems.append(f"{name}: a governance fact is about no person, so it has no personal fields")
    if schema.get("stream") == "subject" and not roles:
        problems.append("schema: a subject stream needs a field that identifies a data subject")
    return problems


def _record_problems(schema: JsonObject) -> Iterator[str]:
    event_type, version = schema.get("eventType"), schema.get("version")
    if not _is_text(schema.get("doc")):
        yield "schema: no doc"
    if not isinstance(event_type, str) or not _EVENT_TYPE.fullmatch(event_type):
        yield "schema: no eventType such as call.completed"
    if type(version) is not int or version < 1:
        yield "schema: no version from 1 up"
    if schema.get("namespace") != f"ledger.v{version}":
        yield "schema: the namespace is not ledger.v and the version"
    if schema.get("topic") not in TOPICS:
        yield "schema: topic is not one of the inbox topics"
    if schema.get("stream") not in STREAMS:
        yield "schema: stream is neither subject nor governance"
    if schema.get("publisher", OWN_PUBLISHER) != OWN_PUBLISHER:
        yield "schema: publisher is the ledger, or not named"


def _common_problems(fields: list[JsonObject]) -> Iterator[str]:
    for place, (name, expected) in enumerate(COMMON_FIELDS.items()):
        found = fields[place] if place < len(fields) else {}
        if found.get("name") != name or without_logical_types(found.get("type")) != expected:
            yield f"{name}: not common field {place + 1} with the type every event gives it"


def _field_problems(field: JsonObject, roles: set[object]) -> Iterator[str]:
    if not _is_text(field.get("doc")):
        yield "no doc"
    yield from _type_problems(field.get("type"))
    personal = field.get("personal")
    if "personal" in field and (not isinstance(personal, str) or personal not in RETENTION_CLASSES):
        yield "personal names no retention class"
    if field.get("name") in COMMON_FIELDS and any(key in field for key in ANNOTATIONS):
        yield "a common field is never personal"
    if "identifies" in field or "identifier" in field:
        yield from _identifying_problems(field)
    if "concerns" in field:
        yield from _concerns_problems(field, roles)


def _identifying_problems(field: JsonObject) -> Iterator[str]:
    role, kind = field.get("identifies"), field.get("identifier")
    if not isinstance(role, str) or not _ROLE.fullmatch(role):
        yield "identifies names no role"
    if not isinstance(kind, str) or kind not in set(IdentifierKind):
        yield "identifier is not phone, email, account or pseudonym"
    if (kind == IdentifierKind.PSEUDONYM) == ("personal" in field):
        yield "an identifier is personal, and a pseudonym is not"
    if field.get("type") != ["null", "string"] or field.get("default", "") is not None:
        yield 'an identifier is ["null", "string"] with default null: numbers may be withheld'
    if "concerns" in field:
        yield "an identifier concerns the subject it identifies, nobody else"


def _concerns_problems(field: JsonObject, roles: set[object]) -> Iterator[str]:
    concerns = field.get("concerns")
    if "personal" not in field:
        yield "concerns without personal"
    if not isinstance(concerns, list) or not concerns or any(role not in roles for role in concerns):
        yield "concerns names no role that a field of this schema identifies"


def _type_problems(type_: object) -> Iterator[str]:
    """Yield what a payload cannot hold: it must have one meaning in Avro, in JSON and in a column."""
    if isinstance(type_, list):
        if len(type_) != 2 or type_[0] != "null" or isinstance(type_[1], list):
            yield 'a union other than ["null", type]'
        else:
            yield from _type_problems(type_[1])
    elif isinstance(type_, dict):
        yield from _object_problems(type_)
    elif type_ in {"float", "double", "bytes", "null"}:
        yield f"{type_} has no one spelling in JSON: use long, string or null|string"


def _object_problems(type_: JsonObject) -> Iterator[str]:
    kind, logical = type_.get("type"), type_.get("logicalType")
    if logical is not None and LOGICAL_TYPES.get(str(logical)) != kind:
        yield "a logicalType other than timestamp-micros on long or date on int"
    if kind in {"map", "fixed"}:
        yield f"{kind} is not used in payloads"
    elif kind == "array":
        yield from _type_problems(type_.get("items"))
    elif kind == "record":
        for nested in record_fields(type_):
            if any(key in nested for key in ANNOTATIONS):
                yield "annotations stand on top-level fields only"
            if not _is_text(nested.get("doc")):
                yield "a nested field has no doc"
            yield from _type_problems(nested.get("type"))
    elif kind != "enum":
        yield from _type_problems(kind)
    if any(key in type_ for key in ANNOTATIONS):
        yield "annotations stand on top-level fields only"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
