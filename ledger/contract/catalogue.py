"""Every event a publisher may send: its schema, its ten header bytes, and what in it is personal.

Loaded once at start and refused as a whole when any file is unsafe or unclear. The ledger's own records
(`ledger.*.avsc`) are not in it: nobody may publish those.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ledger.contract.common_fields import COMMON_FIELDS
from ledger.contract.event_rules import OWN_PUBLISHER, IdentifierKind, check_event_schema
from ledger.contract.schema_files import (
    OWN_RECORD_PREFIX,
    SINGLE_OBJECT_MAGIC,
    Fingerprint,
    JsonObject,
    fingerprint_of,
    parse_plain,
    read_schema_file,
    record_fields,
    schema_paths,
    type_and_version,
)
from ledger.contract.schema_rules import check_schema
from ledger.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalField:
    """A payload field that is sealed.

    Args:
        name: the field's name.
        retention_class: whose keys seal it; a key of `RETENTION_CLASSES`.
        identifies: the role of the data subject it identifies, None when it identifies nobody.
        concerns: the roles whose records hold it, None for every subject of the event.
    """

    name: str
    retention_class: str
    identifies: str | None
    concerns: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyingField:
    """A payload field that tells who a data subject is: name, the subject's role, kind of identifier."""

    name: str
    role: str
    identifier: IdentifierKind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventSchema:
    """One version of one event type.

    Args:
        event_type: for example `call.completed`.
        version: from 1 up.
        name: the record's full Avro name, for example `ledger.v1.CallCompleted`.
        topic: the inbox topic it is published on.
        stream: `subject` or `governance`.
        own: whether only the ledger itself may publish it.
        raw: the schema as it stands in its file.
        parsed: the schema as fastavro wants it, logical types stripped.
        fingerprint: eight bytes, CRC-64-AVRO.
        header: the ten bytes before a single-object datum.
        personal_fields: the fields that are sealed, in schema order.
        identifying_fields: the fields that tell who the subjects are, in schema order.
        field_names: all fields, in schema order.
        open_field_names: the fields that are neither personal, identifying nor common, in schema order.
    """

    event_type: str
    version: int
    name: str
    topic: str
    stream: str
    own: bool
    raw: JsonObject = field(repr=False)
    parsed: object = field(repr=False)
    fingerprint: Fingerprint
    header: bytes
    personal_fields: tuple[PersonalField, ...]
    identifying_fields: tuple[IdentifyingField, ...]
    field_names: tuple[str, ...]
    open_field_names: tuple[str, ...]

    @classmethod
    def from_raw(cls, raw: JsonObject, *, where: str = "schema") -> Self:
        """Judge and parse one schema.

        Args:
            raw: the schema as parsed from JSON.
            where: the file's name, for the error.

        Raises:
            DataError: the schema is unsafe, or unclear about what is personal.
        """
        problems = check_schema(raw) or check_event_schema(raw)
        if problems:
            raise DataError(f"{where} refused", found="; ".join(problems), do="Repair the schema file.")
        fields = list(record_fields(raw))
        personal = tuple(_personal(entry) for entry in fields if "personal" in entry)
        names = tuple(str(entry["name"]) for entry in fields)
        # A pseudonym names its stream already; one that is not ours may be somebody's id, and the log is for ever.
        identifying = {str(entry["name"]) for entry in fields if "identifies" in entry}
        closed = {entry.name for entry in personal} | identifying | set(COMMON_FIELDS)
        fingerprint = fingerprint_of(raw)
        return cls(
            event_type=str(raw["eventType"]),
            version=int(str(raw["version"])),
            name=f"{raw['namespace']}.{raw['name']}",
            topic=str(raw["topic"]),
            stream=str(raw["stream"]),
            own=raw.get("publisher") == OWN_PUBLISHER,
            raw=raw,
            parsed=parse_plain(raw),
            fingerprint=fingerprint,
            header=SINGLE_OBJECT_MAGIC + fingerprint,
            personal_fields=personal,
            identifying_fields=tuple(_identifying(entry) for entry in fields if "identifies" in entry),
            field_names=names,
            open_field_names=tuple(name for name in names if name not in closed),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Catalogue:
    """All event schemas, found by fingerprint or by type and version."""

    by_fingerprint: Mapping[bytes, EventSchema]
    versions: Mapping[str, tuple[EventSchema, ...]]

    @classmethod
    def load(cls, directory: Path | None = None) -> Self:
        """Load every event schema of a directory, by default the one beside the `ledger` package.

        Raises:
            DataError: a schema is refused, two have one fingerprint, or a file is not named after its event.
        """
        schemas = []
        for path in schema_paths(directory):
            if path.name.startswith(OWN_RECORD_PREFIX):
                continue
            schema = EventSchema.from_raw(read_schema_file(path), where=path.name)
            if type_and_version(path) != (schema.event_type, schema.version):
                expected = f"{schema.event_type}.v{schema.version}.avsc"
                raise DataError(f"schema {path.name} is misnamed", expected=expected, do="Rename the file.")
            schemas.append(schema)
        return cls.of(schemas)

    @classmethod
    def of(cls, schemas: Iterable[EventSchema]) -> Self:
        """Make a catalogue of schemas that were judged already.

        Raises:
            DataError: two schemas have one fingerprint.
        """
        by_fingerprint: dict[bytes, EventSchema] = {}
        versions: dict[str, tuple[EventSchema, ...]] = {}
        for schema in sorted(schemas, key=lambda each: (each.event_type, each.version)):
            other = by_fingerprint.setdefault(schema.fingerprint, schema)
            if other is not schema:
                raise DataError(
                    f"{schema.event_type} version {schema.version} refused",
                    expected="a fingerprint of its own",
                    found=f"that of {other.event_type} version {other.version}",
                    do="Give the record another name or namespace.",
                )
            versions[schema.event_type] = (*versions.get(schema.event_type, ()), schema)
        return cls(by_fingerprint=by_fingerprint, versions=versions)

    def latest(self, event_type: str) -> EventSchema | None:
        """Return the newest version of an event type, None when there is no such type."""
        known = self.versions.get(event_type)
        return known[-1] if known else None

    def find(self, event_type: str, version: int) -> EventSchema | None:
        """Return one version of an event type, None when there is no such version."""
        return next((each for each in self.versions.get(event_type, ()) if each.version == version), None)


def _personal(entry: JsonObject) -> PersonalField:
    identifies, concerns = entry.get("identifies"), entry.get("concerns")
    return PersonalField(
        name=str(entry["name"]),
        retention_class=str(entry["personal"]),
        identifies=None if identifies is None else str(identifies),
        concerns=tuple(map(str, concerns)) if isinstance(concerns, list) else None,
    )


def _identifying(entry: JsonObject) -> IdentifyingField:
    return IdentifyingField(
        name=str(entry["name"]),
        role=str(entry["identifies"]),
        identifier=IdentifierKind(str(entry["identifier"])),
    )
