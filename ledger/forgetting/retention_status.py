"""What became of every day's data and of proofs, at a moment: kept until when, due, held, late, destroyed.

The vault says what still opens, the rules until when it may, the recorded facts what was destroyed and confirmed.
Where they overlap, a key that still opens is believed before a fact. So a day whose key is gone has a further line for
each person of whom a hold put something aside, which opens still. A day that nothing ever ends has one that says so.

Owns: putting the three together. Leaves to others: printing (`ledger.cli.retention`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ledger.contract.retention_classes import KEY_PER_FACT
from ledger.entry import Entry
from ledger.forgetting.ended_facts import destruction_of
from ledger.forgetting.put_aside import put_aside
from ledger.forgetting.retention_plan import (
    Ending,
    EpochEnding,
    HeldSubject,
    epoch_endings,
    kept_by,
    proof_endings,
    releases,
    stopped_before,
)
from ledger.postgres.connection import Connection
from ledger.rules.calendar.local_day import local_day
from ledger.rules.keeping.retention import ControllerRules
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
    NO_END = "no_end"


class Line(NamedTuple):
    """One day's data of a class, one proof, or what is put aside of one person; times in microseconds UTC.

    With `fact` it is a proof, with `subject` alone what a hold put aside; `day` is None of a proof, and where a release
    is all there is to say. Without an end, what describes one is None.
    """

    state: State
    controller: str
    retention_class: str
    day: int | None
    subject: UUID | None
    fact: UUID | None
    ended_at: int | None
    period: str | None
    starts: str | None
    rule: str | None
    action: str | None
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
    aside: UUID | None = None


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
    ended = {_ending_key(ending) for ending in endings}
    for name in live:
        key = _Key(*name, None)
        # A class with a key per fact has no end by day.
        if key not in ended and key not in lines and name[1] not in KEY_PER_FACT:
            lines[key] = _endless(key)
    people = [
        held
        for held in (HeldSubject(*each) for each in vault.held_subjects())
        if controller in {None, held.controller} and (streams is None or held.subject in streams)
    ]
    _add_put_aside(lines, vault, queries, people, rules=rules, as_of=as_of)
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
        "subject",
        "held_by",
        "was_late",
    )
    return all(getattr(current.line, name) == getattr(line, name) for name in same)


def _order(line: Line) -> tuple[str, str, str, int, str]:
    # What is put aside stands behind the days, by person, so that days in a row stay in a row.
    aside = str(line.subject) if line.fact is None and line.subject is not None else ""
    day = -(10**9) if line.day is None else line.day
    return (line.controller, line.retention_class, aside, day, str(line.fact))


def _proofs(
    queries: ForgettingQueries,
    rules: Mapping[str, ControllerRules],
    streams: Sequence[UUID] | None,
    as_of: int,
    controller: str | None,
) -> list[Ending]:
    """Proofs: of some people all whose clock runs, of everybody those whose time is over."""
    if streams is not None:
        rows = [
            row for stream in streams for row in queries.consent_facts(stream=stream, controller=controller)
        ]
        return [*proof_endings(rules, rows, as_of)]
    rows = queries.consent_facts(controller=controller, before=stopped_before(rules, as_of))
    return [each for each in proof_endings(rules, rows, as_of) if each.end.ended_at <= as_of]


def _add_put_aside(
    lines: dict[_Key, Line],
    vault: Vault,
    queries: ForgettingQueries,
    people: Sequence[HeldSubject],
    *,
    rules: Mapping[str, ControllerRules],
    as_of: int,
) -> None:
    """Adds what opens although its day's key is destroyed, because a hold put it aside: by person, class and day."""
    over = {each[:3]: each.ended_at for each in releases(rules, people, as_of)}
    for held in people:
        until = over.get(held[:3])
        if until is not None:
            # Announced and not carried out: it opens still.
            lines.pop(_Key(held.controller, held.retention_class, None, None, held.subject), None)
        entries = put_aside(vault, queries, held.subject, held.retention_class)
        for day in sorted({entry.occurred_day for entry in entries}):
            key = _Key(held.controller, held.retention_class, day, None)
            line = lines.get(key, _endless(key))
            # Of a day whose key opens still, its own line says so.
            if day > local_day(as_of) or line.state not in {State.DESTROYED, State.DESTROYING, State.NO_END}:
                continue
            is_late = until is not None and until + LATE_AFTER_MICROS < as_of
            lines[key._replace(aside=held.subject)] = line._replace(
                state=State.HELD if until is None else State.LATE if is_late else State.DUE,
                subject=held.subject,
                held_by=kept_by(rules, held, as_of),
                confirmed_at=None,
                was_late=False,
            )


def _endless(key: _Key) -> Line:
    """What no rule ever ends."""
    return Line(
        state=State.NO_END,
        controller=key.controller,
        retention_class=key.retention_class,
        day=key.day,
        subject=None,
        fact=None,
        ended_at=None,
        period=None,
        starts=None,
        rule=None,
        action=None,
        held_by=None,
        confirmed_at=None,
        was_late=False,
    )


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
    aside = row.subject if row.fact is None else None
    return _Key(row.controller, row.retention_class, row.epoch_day, row.fact, aside)
