"""One Asterisk detail record: its columns, checked against each other, as values.

A refusal names the column and what was expected there. It never holds what was found: every column of a
detail record can hold a phone number.
"""

import re
from dataclasses import dataclass, field
from enum import IntEnum

from ledger.connectors.call_identity import is_unique_id
from ledger.connectors.local_time import parse_local

COLUMN_COUNTS = frozenset({16, 18})
DISPOSITIONS = {
    "ANSWERED": "answered",
    "NO ANSWER": "no_answer",
    "BUSY": "busy",
    "FAILED": "failed",
    "CANCEL": "cancelled",
    "CANCELLED": "cancelled",
    "CONGESTION": "congestion",
}
"""Asterisk's words, to symbols of `disposition` in `call.completed`."""
_SECONDS = re.compile(r"[0-9]{1,8}")
"""Eight digits are three years: a longer call is a broken record."""


class Column(IntEnum):
    """Columns in the order of `cdr_csv`; names as in Asterisk's documentation."""

    accountcode = 0
    src = 1
    dst = 2
    dcontext = 3
    clid = 4
    channel = 5
    dstchannel = 6
    lastapp = 7
    lastdata = 8
    start = 9
    answer = 10
    end = 11
    duration = 12
    billsec = 13
    disposition = 14
    amaflags = 15
    uniqueid = 16
    userfield = 17


@dataclass(frozen=True, kw_only=True)
class DetailRecord:
    """A detail record that makes sense; times in microseconds since the epoch, UTC. Its repr shows nobody."""

    account: str = field(repr=False)
    source: str = field(repr=False)
    destination: str = field(repr=False)
    context: str = field(repr=False)
    caller_id: str = field(repr=False)
    channel: str = field(repr=False)
    second_channel: str = field(repr=False)
    application: str = field(repr=False)
    started_at: int
    answered_at: int | None
    ended_at: int
    duration_s: int
    billable_s: int
    disposition: str
    unique_id: str
    user_field: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a record makes no sense: a column, and what was expected there."""

    column: Column
    expected: str

    def __str__(self) -> str:
        return f"column {self.column.name}: expected {self.expected}"


@dataclass(frozen=True, kw_only=True)
class _Times:
    started_at: int
    answered_at: int | None
    ended_at: int


def read_record(columns: list[str]) -> DetailRecord | Refusal:
    """Checks 16 or 18 columns and makes a record of them, or says what is wrong first."""
    times = _times(columns)
    if isinstance(times, Refusal):
        return times
    seconds = _seconds(columns)
    if isinstance(seconds, Refusal):
        return seconds
    disposition = DISPOSITIONS.get(columns[Column.disposition].strip().upper())
    if disposition is None:
        return Refusal(column=Column.disposition, expected="one of " + ", ".join(DISPOSITIONS))
    if not columns[Column.src].strip() and not columns[Column.dst].strip():
        return Refusal(column=Column.src, expected="a number, here or in dst")
    unique_id, user_field = columns[Column.uniqueid :] or ("", "")
    if unique_id and not is_unique_id(unique_id):
        return Refusal(column=Column.uniqueid, expected="[system-]seconds.counter")
    return DetailRecord(
        account=columns[Column.accountcode].strip(),
        source=columns[Column.src].strip(),
        destination=columns[Column.dst].strip(),
        context=columns[Column.dcontext].strip().lower(),
        caller_id=columns[Column.clid],
        channel=columns[Column.channel],
        second_channel=columns[Column.dstchannel],
        application=columns[Column.lastapp],
        started_at=times.started_at,
        answered_at=times.answered_at,
        ended_at=times.ended_at,
        duration_s=seconds[0],
        billable_s=seconds[1],
        disposition=disposition,
        unique_id=unique_id,
        user_field=user_field,
    )


def _times(columns: list[str]) -> _Times | Refusal:
    time = "a local time YYYY-MM-DD HH:MM:SS"
    start = parse_local(columns[Column.start])
    if start is None:
        return Refusal(column=Column.start, expected=time)
    answer = None
    if columns[Column.answer]:
        answer = parse_local(columns[Column.answer], not_before=start)
        if answer is None:
            return Refusal(column=Column.answer, expected=f"{time}, or nothing")
        if answer < start:
            return Refusal(column=Column.answer, expected="a time not before start")
    end = parse_local(columns[Column.end], not_before=start if answer is None else answer)
    if end is None:
        return Refusal(column=Column.end, expected=time)
    if end < (start if answer is None else answer):
        return Refusal(column=Column.end, expected="a time not before start and answer")
    return _Times(started_at=start, answered_at=answer, ended_at=end)


def _seconds(columns: list[str]) -> tuple[int, int] | Refusal:
    for column in (Column.duration, Column.billsec):
        if not _SECONDS.fullmatch(columns[column]):
            return Refusal(column=column, expected="whole seconds, 0 or more")
    duration, billable = int(columns[Column.duration]), int(columns[Column.billsec])
    if billable > duration:
        return Refusal(column=Column.billsec, expected="no more than duration")
    return duration, billable
