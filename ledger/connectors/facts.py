"""What every converter yields: a fact ready to be encoded and published, or a line it could not use."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, kw_only=True)
class ConvertedFact:
    """One event for an inbox topic.

    Args:
        line: number of the input line it came from, from 1; the first of a record of several lines.
        event_type: for example `call.completed`.
        event_version: of its schema; None means the newest.
        event_id: unique within `event_source`, the same on every conversion of the same input.
        event_source: a URI reference that names the system, never a person or a number.
        occurred_at: microseconds since the Unix epoch, UTC.
        data: the payload, keys as in the schema; timestamps in microseconds, or as the JSON had them.
    """

    line: int
    event_type: str
    event_version: int | None = None
    event_id: str
    event_source: str
    occurred_at: int
    data: dict[str, object]


@dataclass(frozen=True, kw_only=True)
class RefusedLine:
    """Input that makes no fact.

    Args:
        line: number of the input line, from 1.
        reason: which column or field and what was expected there; never what was found in it.
    """

    line: int
    reason: str


Converted = ConvertedFact | RefusedLine

Converter = Callable[[BinaryIO, str], Iterator[Converted]]
"""Takes a binary stream and the controller's name; reads as it goes, so the stream's position is progress."""
