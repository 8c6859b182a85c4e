"""From projected rows to what counts for promises: what `ledger/store/sql/promises.sql` asks of the tables.

The tests of `tests/integration` hold the statements themselves to tables; here the same questions are asked of rows in
memory, so that a scenario of a clause needs no database.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.projections import deadlines, findings, promises, retention
from ledger.projections.projection import Row, Table
from ledger.rules.keeping.holds import GRACE_MICROS
from ledger.rules.keeping.owed import Ended, standings
from ledger.rules.keeping.retention import ControllerRules
from ledger.rules.verdicts import Evidence, Source, Verdict
from ledger.store.deadlines import DeadlineRow
from ledger.store.promises import DaysData, MarkRow

Rows = Mapping[str, Sequence[Row]]
Columns = dict[str, Any]
MARK_COLUMNS = (*MarkRow._fields[:-2], "ledger_partition", "ledger_offset")


def columns(rows: Rows, table: Table) -> list[Columns]:
    """The rows of a table by the names of their columns, in the order they were written."""
    return [dict(zip(table.column_names, row, strict=True)) for row in rows.get(table.name, ())]


def open_findings(rows: Rows) -> list[Columns]:
    """The findings whose last judgement is that they stand."""
    last: dict[tuple[object, ...], Columns] = {}
    for row in columns(rows, findings.TABLE):
        key = (row["ledger_partition"], row["ledger_offset"], row["code"], row["rule"])
        known = last.get(key)
        if known is None or _judgement(row) >= _judgement(known):
            last[key] = row
    return [row for row in last.values() if row["state"] == "open"]


def deadline_rows(rows: Rows) -> list[DeadlineRow]:
    """Each deadline as it stands."""
    last: dict[tuple[object, ...], Columns] = {}
    for row in columns(rows, deadlines.TABLE):
        key = tuple(row[name] for name in ("stream", "case_kind", "case_id", "name", "rule"))
        known = last.get(key)
        if known is None or _place(row) > _place(known):
            last[key] = row
    names = [name for name in DeadlineRow._fields if name not in {"partition", "offset"}]
    return [
        DeadlineRow(
            **{name: row[name] for name in names},
            partition=row["ledger_partition"],
            offset=row["ledger_offset"],
        )
        for row in last.values()
    ]


def evidence(rows: Rows, rules: ControllerRules, now: int) -> list[Evidence]:
    """All that may count for promises at a moment; `rules` is what the controller's facts say of keeping."""
    return [*_findings(rows), *_marks(rows, rules, now), *_deadlines(rows), *_ends(rows, rules, now)]


def _findings(rows: Rows) -> Iterator[Evidence]:
    for row in open_findings(rows):
        yield Evidence(
            Source.FINDING,
            row["code"],
            row["rule"],
            Verdict.BROKEN,
            row["occurred_at"],
            row["ledger_partition"],
            row["ledger_offset"],
            says=row["found"],
            about=row["about"],
        )


def _marks(rows: Rows, rules: ControllerRules, now: int) -> Iterator[Evidence]:
    ended = {
        DaysData(row["controller"], row["retention_class"], row["epoch_day"]): row["held_by"] is None
        for row in columns(rows, retention.ENDS)
    }
    for row in columns(rows, promises.TABLE):
        mark = MarkRow(*(row[name] for name in MARK_COLUMNS))
        found = mark.evidence(ended.get(mark.days_data), lambda _: rules, now)
        if found is not None:
            yield found


def _deadlines(rows: Rows) -> Iterator[Evidence]:
    for row in deadline_rows(rows):
        if row.state in {"open", "missed"}:
            yield Evidence(
                Source.DEADLINE,
                row.name,
                row.rule,
                Verdict.BROKEN if row.state == "missed" else Verdict.DUE,
                row.starts_at,
                row.partition,
                row.started_by,
                until=row.ends_at,
                detail=f"{row.case_kind} {row.case_id}",
                about=row.about,
            )


def _ends(rows: Rows, rules: ControllerRules, now: int) -> Iterator[Evidence]:
    gone = {
        _what(row): row["occurred_at"]
        for row in reversed(columns(rows, retention.DESTRUCTIONS))
        if row["phase"] == "confirmed"
    }
    told = columns(rows, retention.ENDS)
    held = {_what(row) for row in told if row["held_by"] is not None}
    for what, row in {_what(row): row for row in told}.items():
        if row["held_by"] is not None:
            continue
        # What a hold had kept is due from when it was let go of.
        due_from = max(row["ended_at"], row["occurred_at"]) if what in held else row["ended_at"]
        ended = Ended(row["rule"], row["retention_class"], row["epoch_day"], due_from, gone.get(what))
        if ended.confirmed_at is not None and ended.confirmed_at <= due_from + GRACE_MICROS:
            continue
        for rule, found in standings(ended, rules, now):
            yield Evidence(
                Source.RETENTION,
                row["retention_class"],
                rule,
                Verdict.BROKEN if found.broken else Verdict.DUE,
                row["ended_at"],
                row["ledger_partition"],
                row["ledger_offset"],
                until=found.until,
                detail=row["retention_class"],
            )


def _what(row: Columns) -> tuple[object, ...]:
    return (row["controller"], row["retention_class"], row["epoch_day"], row["fact"])


def _judgement(row: Columns) -> tuple[int, bool]:
    return (row["judged_by"], row["state"] == "open")


def _place(row: Columns) -> tuple[int, int]:
    return (row["ledger_offset"], row["item"])
