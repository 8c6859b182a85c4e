"""Which catalogue schema a registry's schema stands for, and how its records become data of that schema.

A writer may leave out fields that have a default, and may write fewer enum symbols; it may not add a field,
since nothing would say whether it is personal, nor mean another unit by the same number. Stricter than Avro's
schema resolution, which drops unknown fields and reads milliseconds as microseconds.
"""

from dataclasses import dataclass
from functools import lru_cache

from ledger.contract.avro_reader import Reader, compile_reader
from ledger.contract.catalogue import Catalogue, EventSchema
from ledger.contract.datum_checks import Datum, default_of
from ledger.contract.registry import RegisteredSchema
from ledger.contract.schema_files import JsonObject, fingerprint_of, parse_plain, record_fields
from ledger.contract.unreadable import RejectionReason, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSchema:
    """A registry's schema matched to ours.

    Args:
        schema: the catalogue schema its records are facts of.
        read: reads a datum as it was written.
        defaulted: our fields that the writer leaves out; each has a default.
    """

    schema: EventSchema
    read: Reader
    defaulted: tuple[JsonObject, ...]

    def completed(self, written: Datum) -> Datum:
        """Return what was written as a datum of our schema, defaults filled in."""
        return written | {str(field["name"]): default_of(field) for field in self.defaulted}


MATCHES_MAX = 1000
"""Matched schemas kept; a registry keeps as many."""


@lru_cache(maxsize=MATCHES_MAX)
def match_writer(
    registered: RegisteredSchema, catalogue: Catalogue, event_type: str, version: int | None
) -> WriterSchema:
    """Match a registry's schema to one of ours: by fingerprint, else by event type and version.

    Args:
        registered: the registry's schema.
        catalogue: our schemas.
        event_type: the type the record's header states, for a schema that states none.
        version: the version the record's dataschema states, None for the newest.

    Raises:
        Unreadable: it is not Avro, is of no type of ours, or says something else than ours.
    """
    raw = registered.raw
    try:
        parsed, fingerprint = parse_plain(raw), fingerprint_of(raw)
    except Exception:  # noqa: BLE001 - fastavro raises nearly anything on a schema it does not take
        raise Unreadable(RejectionReason.SCHEMA_REFUSED, "schema: not Avro") from None
    stated = str(raw.get("eventType", event_type))
    ours = catalogue.by_fingerprint.get(fingerprint)
    if ours is None:
        ours = catalogue.latest(stated) if version is None else catalogue.find(stated, version)
    if ours is None:
        raise Unreadable(RejectionReason.TYPE_UNKNOWN, "schema: no event type of the catalogue")
    return WriterSchema(schema=ours, read=compile_reader(parsed), defaulted=_defaulted(raw, ours))


def _defaulted(raw: JsonObject, ours: EventSchema) -> tuple[JsonObject, ...]:
    """Return our fields the writer leaves out, having checked those it does not."""
    written = {str(field["name"]): field.get("type") for field in record_fields(raw)}
    if written.keys() - set(ours.field_names):
        raise Unreadable(RejectionReason.SCHEMA_REFUSED, "schema: a field the catalogue does not have")
    defaulted = []
    for field in record_fields(ours.raw):
        name = str(field["name"])
        if name in written:
            if not _fits(written[name], field["type"]):
                raise Unreadable(RejectionReason.SCHEMA_REFUSED, f"schema: the type of {name}")
        elif "default" in field:
            defaulted.append(field)
        else:
            raise Unreadable(RejectionReason.SCHEMA_REFUSED, f"schema: {name} is missing")
    return tuple(defaulted)


def _fits(written: object, ours: object) -> bool:
    """Tell whether every value of the written type is one of ours and means the same."""
    match written, ours:
        case str(), str():
            return written == ours or (written, ours) == ("int", "long")
        case list(), list():
            return all(any(_fits(branch, other) for other in ours) for branch in written)
        case _, list():
            return any(_fits(written, other) for other in ours)
        case dict(), dict():
            return _object_fits(written, ours)
        case {"type": str(name), **rest}, str():
            return "logicalType" not in rest and _fits(name, ours)
        case _:
            return False


def _object_fits(written: JsonObject, ours: JsonObject) -> bool:
    if written.get("type") != ours.get("type") or written.get("logicalType") != ours.get("logicalType"):
        return False
    if ours["type"] == "enum":
        symbols, allowed = written.get("symbols"), ours.get("symbols")
        return isinstance(symbols, list) and isinstance(allowed, list) and set(symbols) <= set(allowed)
    if ours["type"] == "array":
        return _fits(written.get("items"), ours.get("items"))
    if ours["type"] == "record":
        fields = {str(field["name"]): field.get("type") for field in record_fields(ours)}
        nested = {str(field["name"]): field.get("type") for field in record_fields(written)}
        return nested.keys() == fields.keys() and all(_fits(nested[name], fields[name]) for name in fields)
    return True
