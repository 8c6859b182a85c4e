"""What became of every day's data and of proofs, at a moment: kept until when, due, held, late, destroyed.

The vault says what still opens, the rules until when it may, the recorded facts what was destroyed and confirmed.
Where they overlap, a key that still opens is believed before a fact.

Owns: putting the three together. Leaves to others: printing (`ledger.cli.retention`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ledger.entry import Entry
from ledger.forgetting.ended_facts import destruction_of
from ledger.forgetting.retention_plan import Ending, EpochEnding, epoch_endings, proof_endings
from ledger.postgres.connection import Connection
from ledger.rules.local_day import local_day
from ledger.rules.retention import ControllerRules
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import LATE_AFTER_MICROS, InstructionRow, RetentionRow
from ledger.vault.vault import Vault

ROWS_MAX = 100_000
"""Recorded ends looked at: nine years of ten classes of three controllers; what is older is left out."""


class State(StrEnum):
    """Where one day's data, or one proof, stands."""

    UPCOMING = "upcoming"
    DUE = "due"
    LATE = "late"
    HELD = "held"
    DESTROYING = "destroying"
    DESTROYED = "destroyed"


class Line(NamedTuple):
    """One day's data of a class, or one proof; times in microseconds UTC."""

    state: State
    controller: str
    retention_class: str
    day: int | None
    subject: UUID | None
    fact: UUID | None
    ended_at: int
    period: str
    starts: str
    rule: str
    action: str
    held_by: str | None
    confirmed_at: int | None
    was_late: bool


class Range(NamedTuple):
    """Days in a row of which the same is to be said; `line` is the first one's."""

    line: Line
    last_day: int | None
    days: int


@dataclass(frozen=True, kw_only=True)
class Status:
    """Everything at one moment: lines by controller, class and day, and instructions without an answer."""

    as_of: int
    lines: Sequence[Line]
    services: Sequence[InstructionRow]

    @property
    def anything_late(self) -> bool:
        """Whether data should be gone and is not, or a service should have answered and did not."""
        return any(line.state is State.LATE for line in self.lines) or any(
            each.is_silent(self.as_of) for each in self.services
        )


class _Key(NamedTuple):
    controller: str
    retention_class: str
    day: int | None
    fact: UUID | None


def retention_status(
    vault: Vault,
    store: Connection,
    *,
    as_of: int,
    controller: str | None = None,
    streams: Sequence[UUID] | None = None,
) -> Status:
    """The status at a moment.

    Args:
        vault: says what still opens.
        store: a connection to the live schema.
        as_of: the moment, microseconds UTC; later than now asks what will be due.
        controller: only this one's.
        streams: only the days and proofs of these people.
    """
    queries = ForgettingQueries(store)
    rules = queries.controller_rules()
    recorded = {_key_of(row): row for row in queries.retention_rows(controller=controller, limit=ROWS_MAX)}
    known = queries.retention_rows(controller=controller, as_of=as_of, limit=ROWS_MAX)
    # What was destroyed since the moment still stood then.
    since = [
        (row.controller, row.retention_class, row.epoch_day)
        for row in recorded.values()
        if row.epoch_day is not None and row.confirmed_at is not None and row.confirmed_at > as_of
    ]
    live = {name for name in (*vault.live_epochs(controller), *since) if name[2] <= local_day(as_of)}
    endings: list[Ending] = [*epoch_endings(rules, live, as_of)]
    endings += _proofs(queries, rules, streams, as_of, controller)
    lines = {_key_of(row): _recorded(row, as_of) for row in known}
    # What came in just now about a day long over is not late yet.
    new = vault.epochs_made_since(as_of - LATE_AFTER_MICROS)
    for ending in endings:
        key = _ending_key(ending)
        if (line := lines.get(key)) is None or line.state is not State.DESTROYED:
            line = _standing(ending, as_of)
            is_new = line.state is State.LATE and isinstance(ending, EpochEnding) and ending.name in new
            lines[key] = line._replace(state=State.DUE) if is_new else line
    if streams is not None:
        theirs = _theirs(queries, streams)
        lines = {key: line for key, line in lines.items() if key in theirs or line.subject in streams}
    services = [
        row
        for row in queries.instruction_rows(controller=controller, as_of=as_of)
        if row.state != "confirmed" and (streams is None or row.subject in streams)
    ]
    return Status(as_of=as_of, lines=sorted(lines.values(), key=_order), services=services)


def folded(lines: Iterable[Line]) -> Iterator[Range]:
    """Lines with days in a row of which the same is to be said become one range.

    Args:
        lines: in the order of `Status.lines`.
    """
    current: Range | None = None
    for line in lines:
        if current is not None and _continues(current, line):
            current = current._replace(last_day=line.day, days=current.days + 1)
            continue
        if current is not None:
            yield current
        current = Range(line, line.day, 1)
    if current is not None:
        yield current


def _continues(current: Range, line: Line) -> bool:
    if current.last_day is None or line.day != current.last_day + 1:
        return False
    same = (
        "state",
        "controller",
        "retention_class",
        "period",
        "starts",
        "rule",
        "action",
        "held_by",
        "was_late",
    )
    return all(getattr(current.line, name) == getattr(line, name) for name in same)


def _order(line: Line) -> tuple[str, str, int, str]:
    return (line.controller, line.retention_class, -(10**9) if line.day is None else line.day, str(line.fact))


def _proofs(
    queries: ForgettingQueries,
    rules: Mapping[str, ControllerRules],
    streams: Sequence[UUID] | None,
    as_of: int,
    controller: str | None,
) -> list[Ending]:
    """Proofs: of some people all whose clock runs, of everybody those whose time is over."""
    if streams is not None:
        rows = [row for stream in streams for row in queries.consent_facts(stream=stream)]
        return [*proof_endings(rules, rows, as_of)]
    rows = [row for row in queries.consent_facts() if controller in {None, row.controller}]
    return [each for each in proof_endings(rules, rows, as_of) if each.end.ended_at <= as_of]


def _standing(ending: Ending, as_of: int) -> Line:
    """What still opens."""
    what = destruction_of(ending)
    end = ending.end
    if end.ended_at > as_of:
        state = State.UPCOMING
    elif ending.held_by is not None:
        state = State.HELD
    else:
        state = State.LATE if end.ended_at + LATE_AFTER_MICROS < as_of else State.DUE
    return Line(
        state=state,
        controller=ending.controller,
        retention_class=what.retention_class,
        day=what.day,
        subject=what.subject,
        fact=what.fact,
        ended_at=end.ended_at,
        period=end.period,
        starts=str(end.starts),
        rule=end.rule,
        action=str(end.action),
        held_by=ending.held_by if state is State.HELD else None,
        confirmed_at=None,
        was_late=False,
    )


def _recorded(row: RetentionRow, as_of: int) -> Line:
    """What the facts say."""
    late = row.is_late(as_of)
    state = State.LATE if late and row.state != State.DESTROYED else State(row.state)
    return Line(
        state=state,
        controller=row.controller,
        retention_class=row.retention_class,
        day=row.epoch_day,
        subject=row.subject,
        fact=row.fact,
        ended_at=row.ended_at,
        period=row.period,
        starts=row.starts,
        rule=row.rule,
        action=row.action,
        held_by=row.held_by,
        confirmed_at=row.confirmed_at,
        was_late=state is State.DESTROYED and late,
    )


def _theirs(queries: ForgettingQueries, streams: Sequence[UUID]) -> set[_Key]:
    """The days of the classes in which these people have sealed fields."""
    return {
        _Key(stored.record.controller, sealed.retention_class, stored.record.occurred_day, None)
        for stream in streams
        for stored in queries.records_of(stream)
        if isinstance(stored.record, Entry)
        for sealed in stored.record.sealed
    }


def _ending_key(ending: Ending) -> _Key:
    what = destruction_of(ending)
    return _Key(what.controller, what.retention_class, what.day, what.fact)


def _key_of(row: RetentionRow) -> _Key:
    return _Key(row.controller, row.retention_class, row.epoch_day, row.fact)
