"""CSV records of a stream, with the number of the line each began on.

A quoted field may hold line ends, so a record may span lines. That makes one stray quotation mark dangerous:
it could swallow the rest of a file. So a record spans `LINES_MAX` lines at most, and when several lines
together do not make a good record only the first of them is refused; the others are read again by themselves.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ledger.connectors.bounded_lines import Line, bounded_lines
from ledger.connectors.facts import RefusedLine

LINES_MAX = 16
"""Asterisk puts no line end into a field unless somebody put one into a caller's name; a few is plenty."""
LINE_SIZE_BYTES_MAX = 64 * 1024
"""A detail record is 300 bytes; Python's own bound on a field is twice this."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Record:
    """The columns of one record and the number of its first line."""

    line: int
    columns: list[str]


class _UnusableError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def quoted_records(
    stream: BinaryIO, *, wrong_columns: Callable[[int], str | None]
) -> Iterator[Record | RefusedLine]:
    """Reads records; blank lines are passed over.

    Args:
        stream: UTF-8, with or without a byte-order mark; lines end in LF or CRLF.
        wrong_columns: the reason to refuse a record with that many columns, None when the count is right.
    """
    pending: deque[Line] = deque()
    lines = bounded_lines(stream, size_bytes_max=LINE_SIZE_BYTES_MAX)
    while first := _take(pending, lines):
        if first.number == 1:
            first = first._replace(content=first.content.removeprefix(_BYTE_ORDER_MARK))
        if not first.content.strip():
            continue
        group = [first]
        try:
            _complete(group, pending, lines)
            columns = _parse(group, wrong_columns)
        except _UnusableError as unusable:
            pending.extendleft(reversed(group[1:]))
            yield RefusedLine(line=first.number, reason=unusable.reason)
        else:
            yield Record(line=first.number, columns=columns)


def _take(pending: deque[Line], lines: Iterator[Line]) -> Line | None:
    return pending.popleft() if pending else next(lines, None)


def _complete(group: list[Line], pending: deque[Line], lines: Iterator[Line]) -> None:
    """Adds lines until every quotation mark is closed: they come in pairs, doubled inside a field too."""
    marks = group[0].content.count(b'"')
    while True:
        if not group[-1].complete:
            raise _UnusableError(f"expected at most {LINE_SIZE_BYTES_MAX} bytes in a line, found more")
        if marks % 2 == 0:
            return
        if len(group) == LINES_MAX or (following := _take(pending, lines)) is None:
            raise _UnusableError(
                f"expected a quotation mark to be closed within {LINES_MAX} lines, found it open"
            )
        group.append(following)
        marks += following.content.count(b'"')


def _parse(group: list[Line], wrong_columns: Callable[[int], str | None]) -> list[str]:
    content = b"".join(line.content for line in group)
    if b"\0" in content:
        raise _UnusableError("expected text, found a NUL byte")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise _UnusableError("expected UTF-8, found other bytes") from None
    try:
        rows = list(csv.reader([text.rstrip("\r\n")], strict=True))
    except csv.Error:
        # the reader's own message is left out: it may quote the input
        raise _UnusableError(
            "expected comma-separated columns, quoted with doubled quotation marks"
        ) from None
    if len(rows) != 1:
        raise _UnusableError("expected one record in a line")
    if reason := wrong_columns(len(rows[0])):
        raise _UnusableError(reason)
    return rows[0]
