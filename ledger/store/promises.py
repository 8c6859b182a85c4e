"""What shows whether promises were kept: findings, marks, deadlines and ends of retention, with their coordinates.

Owns the questions; the statements are in `sql/promises.sql`. Whoever asks for bindings and evidence of one moment asks
within `ledger.store.ledger_store.repeatable_read`. Leaves to others: what it comes to (`ledger.rules.verdicts`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.projections.promises import first_day_of, month_of
from ledger.rules.calendar.local_day import local_day
from ledger.rules.calendar.periods import day_of, first_moment_of
from ledger.rules.controller_state import pack_of
from ledger.rules.keeping.owed import AGREEMENT, RETENTION_DUE, Ended, Owed, needs_rules, standing, standings
from ledger.rules.keeping.retention import ControllerRules
from ledger.rules.packs.policy_pack import PolicyPack
from ledger.rules.verdicts import Binding, Evidence, Source, Verdict
from ledger.store.forgetting import ForgettingQueries

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


Rules = Callable[[str], ControllerRules]
"""What is known of how long a controller's data is kept, by its name."""


class DaysData(NamedTuple):
    """One local day's data of one class."""

    controller: str
    retention_class: str
    day: int


class MarkRow(NamedTuple):
    """What an entry shows of a promise; as `marks` selects it."""

    controller: str
    mark: str
    rule: str
    detail: str
    month: int
    due_at: int | None
    occurred_at: int
    partition: int
    offset: int

    @property
    def is_of_a_day(self) -> bool:
        """Whether it shows by when data of its day is owed."""
        return self.mark == RETENTION_DUE and self.detail != AGREEMENT

    @property
    def days_data(self) -> DaysData:
        """The data it is about, where it is about any."""
        return DaysData(self.controller, self.detail, local_day(self.occurred_at))

    def evidence(self, ended: bool | None, rules: Rules, now: int) -> Evidence | None:
        """What it comes to; None when what it shows to be owed is so no longer.

        Args:
            ended: of data that is owed, whether its end is recorded and nothing holds it; None when it is not recorded.
            rules: where what it was judged by may have changed.
            now: the moment that is asked about.
        """
        verdict, until, says = Verdict.KEPT, self.due_at, ""
        if self.due_at is not None and self.mark == RETENTION_DUE:
            owed = Owed(self.rule, self.detail, self.days_data.day, self.due_at, ended)
            found = standing(
                owed, rules(self.controller) if needs_rules(owed, now) else ControllerRules(), now
            )
            if found is None:
                return None
            verdict, until, says = Verdict.BROKEN if found.broken else Verdict.DUE, found.until, found.says
        elif self.due_at is not None:
            if self.due_at <= now:
                return None
            verdict = Verdict.DUE
        return Evidence(
            Source.MARK,
            self.mark,
            self.rule,
            verdict,
            self.occurred_at,
            self.partition,
            self.offset,
            until=until,
            through=first_moment_of(first_day_of(self.month + 1)) - 1,
            detail=self.detail,
            says=says,
            about=self.detail,
        )


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
        rules = self._rules_of(asked)
        for controller, each in (
            *self._findings(asked),
            *self._marks(asked, rules),
            *self._deadlines(asked),
            *self._ends(asked, rules),
        ):
            found.setdefault(controller, []).append(each)
        return found

    def _findings(self, asked: Asked) -> Iterator[tuple[str, Evidence]]:
        for controller, code, rule, at, partition, offset, says, about in self._rows("findings", asked):
            found = Evidence(Source.FINDING, code, rule, Verdict.BROKEN, at, partition, offset)
            yield controller, found._replace(says=says, about=about)

    def _marks(self, asked: Asked, rules: Rules) -> Iterator[tuple[str, Evidence]]:
        rows = [MarkRow(*row) for row in self._rows("marks", asked)]
        ended = self._ended({row.days_data for row in rows if row.is_of_a_day}, asked)
        for row in rows:
            evidence = row.evidence(ended.get(row.days_data), rules, asked.now)
            if evidence is not None:
                yield row.controller, evidence

    def _ended(self, days: Collection[DaysData], asked: Asked) -> dict[DaysData, bool]:
        """Of which days' data the end is recorded, and whether it is free to go."""
        if not days:
            return {}
        controllers, classes, numbers = zip(*days, strict=True)
        asked_days = {"controllers": list(controllers), "classes": list(classes), "days": list(numbers)}
        return {DaysData(*day): free for *day, free in self._rows("ended", asked, asked_days)}

    def _deadlines(self, asked: Asked) -> Iterator[tuple[str, Evidence]]:
        for controller, name, rule, kind, case_id, about, state, *times, partition, offset in self._rows(
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
                    about=about,
                ),
            )

    def _ends(self, asked: Asked, rules: Rules) -> Iterator[tuple[str, Evidence]]:
        for controller, name, rule, day, ended_at, *times, partition, offset in self._rows("ends", asked):
            for promise, found in standings(Ended(rule, name, day, *times), rules(controller), asked.now):
                verdict = Verdict.BROKEN if found.broken else Verdict.DUE
                yield (
                    controller,
                    Evidence(
                        Source.RETENTION,
                        name,
                        promise,
                        verdict,
                        ended_at,
                        partition,
                        offset,
                        until=found.until,
                        detail=name,
                    ),
                )

    def _rules_of(self, asked: Asked) -> Rules:
        """What the facts of each controller say, by what was known; read when it is asked for first."""
        known: dict[str, ControllerRules] | None = None

        def of(controller: str) -> ControllerRules:
            nonlocal known
            if known is None:
                known = ForgettingQueries(self._connection).controller_rules(as_of=asked.as_of)
            return known.get(controller, ControllerRules())

        return of

    def _rows(self, name: str, asked: Asked, more: Mapping[str, object] | None = None) -> list[Row]:
        parameters: Mapping[str, object] = {**asked.parameters, **(more or {})}
        with translated_errors(f"reading {name}"), self._connection.transaction():
            return self._connection.execute(SQL[name], parameters).fetchall()
