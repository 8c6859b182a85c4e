"""Rights requests that came in together, one per line: CSV with a header, or JSON lines, as `request.received` facts.

A line says whose request it is and what is asked; what it leaves out is as given for the whole file. A refusal names a
column, never its value. The same file under the same bulk id gives the same facts, so that sending it again after a
crash is not a second request.

Source: MB-35, requests in bulk by an interface; `schemas/request.received.v1.avsc`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from ledger.connectors.bounded_lines import bounded_lines
from ledger.connectors.facts import Converted, ConvertedFact, RefusedLine
from ledger.connectors.quoted_records import Record, quoted_records
from ledger.contract.cloudevents import parse_time
from ledger.errors import DataError
from ledger.rules.packs.kinds_of_cases import CHANNELS, RIGHTS
from ledger.vault.identifiers import Identifier, IdentifierKind, normalise

REQUESTERS = ("customer", "end_user", "visitor", "representative")
RECEIVERS = ("controller", "processor")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "right": RIGHTS,
    "channel": CHANNELS,
    "requester": REQUESTERS,
    "received_by": RECEIVERS,
}
"""Columns with a closed list of values."""
IDENTIFIERS = ("phone", "email", "account", "pseudonym")
COLUMNS = ("request_id", *CHOICES, "purposes", "received_at", *IDENTIFIERS)
PURPOSE_SEPARATOR = ";"
LINE_SIZE_BYTES_MAX = 64 * 1024
"""A request is a few hundred bytes."""
TEXT_BYTES_MAX = 1024
"""UTF-8 bytes of a value; the contract's bound for such text."""


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """What holds for every line of a file that does not say otherwise.

    Attributes:
        bulk_id: names the file; the same in every request of it.
        source: CloudEvents source of the facts.
        controller: whose requests they are.
        received_at: microseconds since the epoch, UTC.
        common: the fields every event states, as the publisher states them.
        defaults: by column, for `CHOICES`; a column that is absent must be in every line.
    """

    bulk_id: str
    source: str
    controller: str
    received_at: int
    common: Mapping[str, object]
    defaults: Mapping[str, str]


class _UnusableError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def convert(stream: BinaryIO, bulk: Bulk, *, as_json: bool) -> Iterator[Converted]:
    """Reads requests and yields them as facts, refused lines among them, in the order of the file.

    Args:
        stream: the file, binary, UTF-8.
        bulk: what holds for all of it.
        as_json: JSON objects, one per line; else CSV with a header.

    Raises:
        DataError: the CSV has no header that can be read; nothing was yielded.
    """
    for line, said in _json_lines(stream) if as_json else _csv_lines(stream):
        if isinstance(said, RefusedLine):
            yield said
            continue
        try:
            yield _fact(line, said, bulk)
        except _UnusableError as unusable:
            yield RefusedLine(line=line, reason=unusable.reason)


def _json_lines(stream: BinaryIO) -> Iterator[tuple[int, Mapping[str, object] | RefusedLine]]:
    for line in bounded_lines(stream, size_bytes_max=LINE_SIZE_BYTES_MAX):
        if not line.content.strip():
            continue
        try:
            said = msgspec.json.decode(line.content, type=dict[str, object]) if line.complete else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # the parser's own message is left out: it may quote the input
            said = None
        if said is None:
            reason = f"expected one JSON object of at most {LINE_SIZE_BYTES_MAX} bytes"
            yield line.number, RefusedLine(line=line.number, reason=reason)
        else:
            yield line.number, said


def _csv_lines(stream: BinaryIO) -> Iterator[tuple[int, Mapping[str, object] | RefusedLine]]:
    names: list[str] = []

    def wrong_columns(count: int) -> str | None:
        return None if count == len(names) or not names else f"expected {len(names)} columns, found {count}"

    for record in quoted_records(stream, wrong_columns=wrong_columns):
        if names and isinstance(record, Record):
            # An empty cell says nothing, as a member that is left out does in JSON.
            yield (
                record.line,
                {name: cell for name, cell in zip(names, record.columns, strict=True) if cell != ""},
            )
        elif isinstance(record, RefusedLine):
            if not names:
                raise _no_header("a line that is no CSV")
            yield record.line, record
        else:
            names = _header(record.columns)


def _header(columns: list[str]) -> list[str]:
    names = [name.strip().lower() for name in columns]
    # By its place: without a header the first line is somebody's request.
    for place, name in enumerate(names, start=1):
        if name not in COLUMNS or name in names[: place - 1]:
            raise _no_header(f"another name, or one twice, in column {place}")
    return names


def _no_header(found: str) -> DataError:
    return DataError(
        "the file does not begin with a header",
        expected="columns named " + ", ".join(COLUMNS),
        found=found,
        do="Put the names of the columns on the first line",
    )


def _fact(line: int, said: Mapping[str, object], bulk: Bulk) -> ConvertedFact:
    if said.keys() - set(COLUMNS):
        raise _UnusableError("expected only the fields " + ", ".join(COLUMNS))
    request_id = _text(said, "request_id") or f"{bulk.bulk_id}-{line}"
    data: dict[str, object] = {
        **bulk.common,
        "controller": bulk.controller,
        "request_id": request_id,
        "purposes": _purposes(said.get("purposes")),
        "bulk_id": bulk.bulk_id,
        **{name: _chosen(said, name, bulk.defaults) for name in CHOICES},
        **_whose(said),
    }
    return ConvertedFact(
        line=line,
        event_type="request.received",
        event_id=f"{bulk.bulk_id}:{request_id}",
        event_source=bulk.source,
        occurred_at=_received_at(said, bulk),
        data=data,
    )


def _text(said: Mapping[str, object], name: str) -> str | None:
    value = said.get(name)
    if value is None:
        return None
    usable = isinstance(value, str) and value.strip() and "\x00" not in value
    if not usable or len(str(value).encode(errors="surrogatepass")) > TEXT_BYTES_MAX:
        raise _UnusableError(f"field {name}: expected text that is not blank, at most {TEXT_BYTES_MAX} bytes")
    return str(value)


def _chosen(said: Mapping[str, object], name: str, defaults: Mapping[str, str]) -> str:
    value = _text(said, name) or defaults.get(name)
    if value not in CHOICES[name]:
        raise _UnusableError(f"field {name}: expected {' or '.join(CHOICES[name])}")
    return value


def _purposes(value: object) -> list[str]:
    """A list, or text with separators as a cell has it."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(PURPOSE_SEPARATOR) if part.strip()]
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise _UnusableError(f"field purposes: expected codes, in CSV separated by {PURPOSE_SEPARATOR}")
    return value


def _received_at(said: Mapping[str, object], bulk: Bulk) -> int:
    text = _text(said, "received_at")
    if text is None:
        return bulk.received_at
    try:
        return parse_time(text)
    except ValueError:
        raise _UnusableError("field received_at: expected an RFC 3339 time with an offset") from None


def _whose(said: Mapping[str, object]) -> dict[str, object]:
    """The identifying fields; a line that names nobody is refused, because nobody could be answered."""
    found: dict[str, object] = {}
    for kind in IDENTIFIERS:
        value = _text(said, kind)
        if value is None:
            continue
        if normalise(Identifier(IdentifierKind(kind), value)) is None:
            raise _UnusableError(f"field {kind}: expected what identifies a person")
        found[f"subject_{kind}"] = value
    if not found:
        raise _UnusableError("expected who asks: " + ", ".join(IDENTIFIERS[:-1]) + " or pseudonym")
    return found
