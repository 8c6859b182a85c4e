"""CloudEvents in structured JSON, one per line, as facts.

Only what publishing needs is checked here; whether the payload fits its schema the sealer decides, which
turns what does not fit into a `Rejected` fact of the ledger. A refusal names an attribute, never its value.

Source: CloudEvents 1.0.2, section 3.1 (required attributes) and the JSON event format, section 3.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from ledger.connectors.bounded_lines import Line, bounded_lines
from ledger.connectors.facts import Converted, ConvertedFact, RefusedLine
from ledger.contract.cloudevents import SCHEMA_URN, parse_time

EVENT_SIZE_BYTES_MAX = 1024 * 1024
"""A Kafka record's default limit; an event that does not fit there cannot be published."""
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


class _UnusableError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def convert(stream: BinaryIO, controller: str) -> Iterator[Converted]:
    """Reads events and yields them as facts, refused lines among them, in the order of the file.

    Args:
        stream: the file, binary, UTF-8.
        controller: filled in where a payload names none; a payload that names another is refused, so that a
            file given for one customer cannot speak for another.
    """
    for line in bounded_lines(stream, size_bytes_max=EVENT_SIZE_BYTES_MAX):
        if not line.content.strip():
            continue
        try:
            yield _fact(line, controller)
        except _UnusableError as unusable:
            yield RefusedLine(line=line.number, reason=unusable.reason)


def _fact(line: Line, controller: str) -> ConvertedFact:
    if not line.complete:
        raise _UnusableError(f"expected at most {EVENT_SIZE_BYTES_MAX} bytes, found more")
    try:
        event = msgspec.json.decode(line.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # the parser's own message is left out: it may quote the input
        raise _UnusableError("expected one JSON object, found something else") from None
    if not isinstance(event, dict):
        raise _UnusableError("expected one JSON object, found another JSON value")
    if _text(event, "specversion") != "1.0":
        raise _UnusableError("attribute specversion: expected 1.0")
    data = event.get("data")
    if not isinstance(data, dict):
        raise _UnusableError("attribute data: expected an object")
    if data.setdefault("controller", controller) != controller:
        raise _UnusableError("field controller of data: expected the controller that was given, or none")
    event_type = _text(event, "type")
    return ConvertedFact(
        line=line.number,
        event_type=event_type,
        event_version=_version(event, event_type),
        event_id=_text(event, "id"),
        event_source=_text(event, "source"),
        occurred_at=_moment(_text(event, "time")),
        data=data,
    )


def _text(event: dict[str, object], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise _UnusableError(f"attribute {name}: expected a text that is not empty")
    return value


def _moment(text: str) -> int:
    try:
        return parse_time(text)
    except ValueError:
        raise _UnusableError("attribute time: expected an RFC 3339 time with an offset") from None


def _version(event: dict[str, object], event_type: str) -> int | None:
    """The schema version a dataschema names; None when there is none."""
    if event.get("dataschema") is None:
        return None
    prefix = f"{SCHEMA_URN}{event_type}:"
    urn = _text(event, "dataschema")
    version = urn.removeprefix(prefix)
    if version == urn or not _VERSION.fullmatch(version):
        raise _UnusableError("attribute dataschema: expected that of the event's type, or none")
    return int(version)
