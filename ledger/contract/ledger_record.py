"""Codec of the ledger's own records: entries and rejected inputs, as single-object Avro.

The hot path of both processes. Old versions stay readable: the ten header bytes name the schema a record was
written with, and fields it lacks take the newest schema's defaults. Source: Avro 1.12 specification,
"Single-object encoding".
"""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

from fastavro import schemaless_reader

from ledger.contract.record_writer import Writer, compile_record_writer
from ledger.contract.schema_files import (
    HEADER_BYTES,
    JsonObject,
    parse_plain,
    read_schema_file,
    record_fields,
    schema_paths,
    single_object_header,
    type_and_version,
)
from ledger.contract.schema_rules import check_schema
from ledger.entry import Dropped, Entry, LedgerRecord, Rejected, Sealed
from ledger.errors import IntegrityError

# What fastavro returns is a dict of the schema's fields; the struct's constructor is the check of its names.
Make = Callable[[dict[str, Any]], LedgerRecord]


class _RecordSchema(NamedTuple):
    """One version of one own record: how it is read, and the struct its fields go into."""

    written_with: object
    read_as: object
    make: Make


class _Codec(NamedTuple):
    """Everything the codec needs, loaded once."""

    by_header: dict[bytes, _RecordSchema]
    entry_header: bytes
    entry_writer: Writer
    rejected_header: bytes
    rejected_writer: Writer


def _make_entry(fields: dict[str, Any]) -> Entry:
    fields["stream"] = UUID(bytes=fields["stream"])
    fields["sealed"] = [Sealed(**sealed) for sealed in fields["sealed"]]
    fields["dropped"] = [Dropped(**dropped) for dropped in fields["dropped"]]
    return Entry(**fields)


def _make_rejected(fields: dict[str, Any]) -> Rejected:
    fields["stream"] = UUID(bytes=fields["stream"])
    fields["sealed"] = [Sealed(**sealed) for sealed in fields["sealed"]]
    return Rejected(**fields)


_ENTRY, _REJECTED = "ledger.entry", "ledger.rejected"
_MAKERS: dict[str, Make] = {_ENTRY: _make_entry, _REJECTED: _make_rejected}
_ATTRIBUTES = {"stream": "stream.bytes"}
"""A stream is a UUID in the struct and sixteen bytes in Avro."""


@cache
def _codec() -> _Codec:
    """Load every version of the two schemas; writing uses the newest."""
    versions: dict[str, list[tuple[int, JsonObject]]] = {kind: [] for kind in _MAKERS}
    for path in schema_paths():
        kind, version = type_and_version(path)
        if kind in versions:
            raw = read_schema_file(path)
            if problems := check_schema(raw):
                raise IntegrityError(f"schema {path.name} refused", found="; ".join(problems))
            versions[kind].append((version, raw))
    newest = {kind: max(known, key=lambda each: each[0])[1] for kind, known in versions.items()}
    by_header = {}
    for kind, known in versions.items():
        for _, raw in known:
            read_as = None if raw is newest[kind] else parse_plain(newest[kind])
            by_header[single_object_header(raw)] = _RecordSchema(parse_plain(raw), read_as, _MAKERS[kind])
    return _Codec(
        by_header,
        single_object_header(newest[_ENTRY]),
        compile_record_writer(list(record_fields(newest[_ENTRY])), _ATTRIBUTES),
        single_object_header(newest[_REJECTED]),
        compile_record_writer(list(record_fields(newest[_REJECTED])), _ATTRIBUTES),
    )


def encode_entry(entry: Entry) -> bytes:
    """Return an entry as single-object Avro, in the newest version of its schema.

    Raises:
        ValueError, KeyError, OverflowError: a value does not fit its field: the caller's mistake.
    """
    codec = _codec()
    return codec.entry_header + codec.entry_writer(entry)


def encode_rejected(rejected: Rejected) -> bytes:
    """Return a rejected record as single-object Avro, in the newest version of its schema.

    Raises:
        ValueError, KeyError, OverflowError: a value does not fit its field: the caller's mistake.
    """
    codec = _codec()
    return codec.rejected_header + codec.rejected_writer(rejected)


def decode_record(content: bytes) -> LedgerRecord:
    """Return the entry or rejected record that a ledger record's value holds.

    Args:
        content: the value of a record of the topic `ledger`.

    Raises:
        IntegrityError: the bytes are of no known schema, too short, too long or not what the schema says.
            Only the sealer writes to the ledger, so this means damage or a foreign writer.
    """
    schema = _codec().by_header.get(content[:HEADER_BYTES])
    if schema is None:
        _refuse("the header of a ledger record schema", "another header")
    stream = BytesIO(content)
    stream.seek(HEADER_BYTES)
    try:
        fields = schemaless_reader(stream, schema.written_with, schema.read_as)
        record = schema.make(fields)
    except Exception:  # noqa: BLE001 - fastavro raises nearly anything on bad bytes, and all of it means damage
        record = None
    if record is None:
        _refuse("a whole record of its schema", "bytes that end early or do not decode")
    if stream.tell() != len(content):
        _refuse("a record and nothing after it", f"{len(content) - stream.tell()} bytes more")
    return record


def _refuse(expected: str, found: str) -> NoReturn:
    """Stop on a damaged record, saying nothing of what it holds."""
    raise IntegrityError(
        "a ledger record cannot be decoded",
        expected=expected,
        found=found,
        do="Stop writing to the topic and compare it with a replica or a back-up.",
    )
