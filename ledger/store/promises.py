"""What shows whether promises were kept: findings, marks, deadlines and ends of retention, with their coordinates.

Owns the questions; the statements are in `sql/promises.sql`. Whoever asks for bindings and evidence of one moment asks
within `ledger.store.ledger_store.repeatable_read`. Leaves to others: what it comes to (`ledger.rules.verdicts`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.projections.promises import first_day_of, month_of
from ledger.rules.periods import MICROS_MAX, day_of, first_moment_of
from ledger.rules.policy_pack import PolicyPack
from ledger.rules.verdicts import Binding, Evidence, Source, Verdict
from ledger.store.controller_rules import pack_of
from ledger.store.forgetting_rows import LATE_AFTER_MICROS

SQL = load_sql(Path(__file__).parent / "sql" / "promises.sql")

MISSED = "missed"

Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked about; times in microseconds since the epoch, UTC.

    Attributes:
        controller: only this one's; None for all.
        since: only what happened at or after.
        until: only what happened before.
        as_of: only what had been sealed by then.
        now: the moment that tells whether something owed is still ahead.
    """

    controller: str | None = None
    since: int | None = None
    until: int | None = None
    as_of: int | None = None
    now: int

    @property
    def parameters(self) -> dict[str, object]:
        """For the statements."""
        return {
            "controller": self.controller,
            "since": self.since,
            "until": self.until,
            "as_of": self.as_of,
            # Marks are kept by month, so a month that the period only touches counts whole.
            "first_month": None if self.since is None else month_of(day_of(self.since)),
            "last_month": None if self.until is None else month_of(day_of(self.until - 1)),
        }


class PromiseQueries:
    """Questions to one schema of the store, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def bindings(self, asked: Asked) -> list[Binding]:
        """Who is bound by which pack, by controller and pack: the latest adoption by what was known.

        A pack that cannot be read binds nobody; it is a finding. One dated later than now does not bind yet.
        """
        latest: dict[tuple[str, str], tuple[int, PolicyPack]] = {}
        first: dict[tuple[str, str], int] = {}
        for controller, *stated, at in self._rows("adoptions", asked):
            pack = pack_of(*stated)
            if pack is None or at > asked.now:
                continue
            key = (controller, pack.id)
            first[key] = min(at, first.get(key, at))
            # Of two that happened at the same moment the later recorded one holds.
            if key not in latest or at >= latest[key][0]:
                latest[key] = (at, pack)
        return [
            Binding(controller=key[0], pack=pack, since=first[key])
            for key, (_, pack) in sorted(latest.items())
        ]

    def evidence(self, asked: Asked) -> dict[str, list[Evidence]]:
        """All that may count for promises, by controller."""
        found: dict[str, list[Evidence]] = {}
        for controller, each in (
            *self._findings(asked),
            *self._marks(asked),
            *self._deadlines(asked),
            *self._ends(asked),
        ):
            found.setdefault(controller, []).append(each)
        return found

    def _findings(self, asked: Asked) -> Iterator[tuple[str, Evidence]]:
        for controller, code, rule, at, partition, offset, says in self._rows("findings", asked):
            verdict = Verdict.BROKEN
            yield controller, Evidence(Source.FINDING, code, rule, verdict, at, partition, offset, says=says)

    def _marks(self, asked: Asked) -> Iterator[tuple[str, Evidence]]:
        for controller, mark, rule, detail, month, due_at, at, partition, offset in self._rows(
            "marks", asked
        ):
            if due_at is not None and due_at <= asked.now:
                continue
            yield (
                controller,
                Evidence(
                    Source.MARK,
                    mark,
                    rule,
                    Verdict.KEPT if due_at is None else Verdict.DUE,
                    at,
                    partition,
                    offset,
                    until=due_at,
                    through=first_moment_of(first_day_of(month + 1)) - 1,
                    detail=detail,
                ),
            )

    def _deadlines(self, asked: Asked) -> Iterator[tuple[str, Evidence]]:
        for controller, name, rule, kind, case_id, state, *times, partition, offset in self._rows(
            "deadlines", asked
        ):
            starts_at, ends_at = times
            yield (
                controller,
                Evidence(
                    Source.DEADLINE,
                    name,
                    rule,
                    Verdict.BROKEN if state == MISSED else Verdict.DUE,
                    starts_at,
                    partition,
                    offset,
                    until=ends_at,
                    detail=f"{kind} {case_id}",
                ),
            )

    def _ends(self, asked: Asked) -> Iterator[tuple[str, Evidence]]:
        for controller, name, rule, ended_at, due_from, late, partition, offset in self._rows("ends", asked):
            until = min(due_from + LATE_AFTER_MICROS, MICROS_MAX)
            is_late = late or until < asked.now
            yield (
                controller,
                Evidence(
                    Source.RETENTION,
                    name,
                    rule,
                    Verdict.BROKEN if is_late else Verdict.DUE,
                    ended_at,
                    partition,
                    offset,
                    until=until,
                    detail=name,
                ),
            )

    def _rows(self, name: str, asked: Asked) -> list[Row]:
        parameters: Mapping[str, object] = asked.parameters
        with translated_errors(f"reading {name}"), self._connection.transaction():
            return self._connection.execute(SQL[name], parameters).fetchall()
