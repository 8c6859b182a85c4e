"""Avro schema files: where they are, how one is read, and its single-object header.

Fingerprints follow the Avro specification, "Schema Fingerprints" and "Single-object encoding": CRC-64-AVRO
over the parsing canonical form, little-endian. Annotations and docs do not count, names do: hence the version
in the namespace.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NewType

import fastavro
import msgspec
from fastavro.schema import fingerprint, to_parsing_canonical_form

from ledger.errors import DataError

Fingerprint = NewType("Fingerprint", bytes)
"""Eight bytes, CRC-64-AVRO, in the byte order of the single-object header."""

SINGLE_OBJECT_MAGIC = b"\xc3\x01"
HEADER_BYTES = 10
"""Magic and fingerprint together."""

OWN_RECORD_PREFIX = "ledger."
"""Files of the ledger's own records; every other file is an event a publisher may send."""

JsonObject = dict[str, object]
"""A JSON object as parsed, for example an Avro schema."""

_FILE_NAME = re.compile(r"([a-z0-9_.]+)\.v([1-9]\d{0,8})\.avsc", re.ASCII)

_WITHOUT_MEANING_HERE = frozenset({"logicalType", "doc", "precision", "scale"})


def default_directory() -> Path:
    """Return the `schemas/` directory beside the `ledger` package, in a checkout as in site-packages."""
    return Path(__file__).resolve().parents[2] / "schemas"


def schema_paths(directory: Path | None = None) -> list[Path]:
    """Return the schema files of a directory in name order.

    Raises:
        DataError: the directory holds none.
    """
    where = directory or default_directory()
    paths = sorted(where.glob("*.avsc"))
    if not paths:
        raise DataError(
            "no schemas found", expected="*.avsc files", found=f"none in {where}", do="Reinstall the package."
        )
    return paths


def type_and_version(path: Path) -> tuple[str, int]:
    """Return the event type and version a schema file is named after.

    Raises:
        DataError: its name is not `<event type>.v<version>.avsc`.
    """
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise DataError(
            f"schema {path.name} is misnamed", expected="<event type>.v<version>.avsc", do="Rename the file."
        )
    return match[1], int(match[2])


def read_schema_file(path: Path) -> JsonObject:
    """Parse one schema file as JSON, without judging it.

    Raises:
        DataError: it is not a JSON object.
    """
    try:
        parsed: object = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise DataError(f"schema {path.name} is not JSON", do="Repair the file.") from error
    if not isinstance(parsed, dict):
        raise DataError(f"schema {path.name} is not a record schema", expected="a JSON object")
    return parsed


def without_logical_types(schema: object) -> object:
    """Return a copy of a schema in which timestamps and dates are plain numbers.

    fastavro makes a `datetime` of a timestamp, which cannot hold every year and costs a microsecond; an
    integer does not have either trouble.
    """
    if isinstance(schema, list):
        return [without_logical_types(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: value for key, value in schema.items() if key not in _WITHOUT_MEANING_HERE}
    for key in ("type", "items", "values"):
        if key in plain:
            plain[key] = without_logical_types(plain[key])
    if isinstance(plain.get("fields"), list):
        plain["fields"] = [without_logical_types(field) for field in plain["fields"]]
    return plain


def parse_plain(schema: object) -> object:
    """Parse a schema for fastavro with logical types stripped.

    The caller has passed it through `schema_rules.check_schema`: fastavro can crash the process on a
    recursive schema.
    """
    parsed: object = fastavro.parse_schema(without_logical_types(schema), named_schemas={})
    return parsed


def fingerprint_of(schema: object) -> Fingerprint:
    """Return the CRC-64-AVRO fingerprint of a schema, eight bytes as they stand in a single-object header."""
    return Fingerprint(bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")))


def single_object_header(schema: object) -> bytes:
    """Return the ten bytes that go before a datum of this schema."""
    return SINGLE_OBJECT_MAGIC + fingerprint_of(schema)


def record_fields(schema: JsonObject) -> Iterator[JsonObject]:
    """Yield the field objects of a record schema, skipping whatever is not one."""
    fields = schema.get("fields")
    if isinstance(fields, list):
        yield from (field for field in fields if isinstance(field, dict))
