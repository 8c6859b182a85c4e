"""The file of an export: one zip of JSON and CSV, readable anywhere, the same bytes for the same content.

Times within the zip are fixed and members are written in the caller's order, so two archives of the same content
have the same digest. Members are written as a stream: memory does not grow with the export.

Owns: the zip, how JSON and CSV are written, the digests of members. Leaves to others: what they hold, where the
file goes (`ledger.forgetting.exports`). Source: RFC 8259, RFC 4180; OWASP, "CSV Injection".
"""

import csv
import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import IO, NamedTuple, Self

import msgspec

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest a zip can say: when it was made stands in the manifest, not in every member."""
UNIX = 3
"""The system that wrote it, in the zip's own numbering; without it the permissions mean nothing."""
OWNER_ONLY = 0o100600 << 16
"""A regular file for nobody but its owner, also once it is unpacked."""
COPY_BYTES = 1 << 20
"""Bytes read at once when a file is hashed or copied."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet take a cell for a formula, the full-width forms too; a caller's name may begin with any."""


class Member(NamedTuple):
    """One file of the archive: its name, its size in bytes and the SHA-256 of its content."""

    name: str
    size: int
    sha256: str


class HashingWriter:
    """A member that is being written: counts and hashes what goes through."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> None:
        """Writes bytes."""
        self._stream.write(content)
        self._hash.update(content)
        self.size += len(content)

    @property
    def sha256(self) -> str:
        """Of everything written so far, in lower-case hex."""
        return self._hash.hexdigest()


class Archive:
    """A zip that is being written; use it as a context manager.

    Args:
        stream: a new file, open for writing in binary, seekable.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(stream, "w")
        self.members: list[Member] = []

    @contextmanager
    def member(self, name: str) -> Iterator[HashingWriter]:
        """One file of the archive, written as a stream; only one can be open at a time."""
        info = zipfile.ZipInfo(name, FIXED_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = UNIX
        info.external_attr = OWNER_ONLY
        # Zip64 for every member, because how long a stream will be is not known when its header is written.
        with self._zip.open(info, "w", force_zip64=True) as stream:
            writer = HashingWriter(stream)
            yield writer
        self.members.append(Member(name, writer.size, writer.sha256))

    def add(self, name: str, content: bytes) -> None:
        """One small file of the archive."""
        with self.member(name) as writer:
            writer.write(content)

    def copy(self, name: str, source: IO[bytes]) -> None:
        """One file of the archive, from where a file on disk stands."""
        with self.member(name) as writer:
            while chunk := source.read(COPY_BYTES):
                writer.write(chunk)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()


class JsonArray:
    """A JSON array of objects, one on each line, written as a stream; `end` it."""

    def __init__(self, writer: HashingWriter) -> None:
        self._writer = writer
        self._between = b"[\n"

    def append(self, document: Mapping[str, object]) -> None:
        """Writes one object, its keys in the given order."""
        self._writer.write(self._between + json_bytes(document))
        self._between = b",\n"

    def end(self) -> None:
        """Closes the array, which may be empty."""
        self._writer.write(b"[]\n" if self._between == b"[\n" else b"\n]\n")


class CsvTable:
    """Rows of text under a heading, UTF-8, comma, CRLF (RFC 4180), safe to open in a spreadsheet.

    Args:
        stream: a file open for writing text, without translation of line ends.
        columns: the heading.
    """

    def __init__(self, stream: IO[str], columns: Sequence[str]) -> None:
        self._columns = columns
        self._rows = csv.writer(stream, lineterminator="\r\n")
        self._rows.writerow(columns)

    def append(self, row: Mapping[str, object]) -> None:
        """Writes one row; a column that is absent is empty.

        Raises:
            KeyError: the row has a column that is not in the heading: leaving it out would be silent.
        """
        if unknown := row.keys() - set(self._columns):
            raise KeyError(f"no column for {', '.join(sorted(unknown))}")
        self._rows.writerow([safe_cell(cell_text(row.get(column))) for column in self._columns])


def safe_cell(text: str) -> str:
    """The text with a quote before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def cell_text(value: object) -> str:
    """A value as one cell: lists joined by semicolons, objects as JSON, nothing as an empty cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "; ".join(cell_text(item) for item in value)
        case dict():
            return json_bytes(value).decode()
        case _:
            return str(value)


def json_bytes(document: object) -> bytes:
    """A document as JSON, UTF-8, keys in their own order; bytes in it as base64, other things as text."""
    return msgspec.json.encode(document, enc_hook=str)


def file_sha256(stream: IO[bytes]) -> str:
    """SHA-256 of a file from where it stands to its end, in lower-case hex."""
    hashed = hashlib.sha256()
    while chunk := stream.read(COPY_BYTES):
        hashed.update(chunk)
    return hashed.hexdigest()
