"""From projected rows to what counts for promises: what `ledger/store/sql/promises.sql` asks of the tables.

The tests of `tests/integration` hold the statements themselves to tables; here the same questions are asked of rows in
memory, so that a scenario of a clause needs no database.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ledger.projections import deadlines, findings, promises, retention
from ledger.projections.projection import Row, Table
from ledger.projections.promises import first_day_of
from ledger.rules.periods import first_moment_of
from ledger.rules.verdicts import Evidence, Source, Verdict
from ledger.store.deadlines import DeadlineRow
from ledger.store.forgetting_rows import LATE_AFTER_MICROS

Rows = Mapping[str, Sequence[Row]]
Columns = dict[str, Any]


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


def evidence(rows: Rows, now: int) -> list[Evidence]:
    """All that may count for promises at a moment."""
    return [*_findings(rows), *_marks(rows, now), *_deadlines(rows), *_ends(rows, now)]


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
        )


def _marks(rows: Rows, now: int) -> Iterator[Evidence]:
    for row in columns(rows, promises.TABLE):
        due_at = row["due_at"]
        if due_at is not None and due_at <= now:
            continue
        yield Evidence(
            Source.MARK,
            row["mark"],
            row["rule"],
            Verdict.KEPT if due_at is None else Verdict.DUE,
            row["occurred_at"],
            row["ledger_partition"],
            row["ledger_offset"],
            until=due_at,
            through=first_moment_of(first_day_of(row["month"] + 1)) - 1,
            detail=row["detail"],
        )


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
            )


def _ends(rows: Rows, now: int) -> Iterator[Evidence]:
    gone = {
        _what(row): row["occurred_at"]
        for row in reversed(columns(rows, retention.DESTRUCTIONS))
        if row["phase"] == "confirmed"
    }
    told = columns(rows, retention.ENDS)
    held = {_what(row) for row in told if row["held_by"] is not None}
    for what, row in {_what(row): row for row in told}.items():
        confirmed_at = gone.get(what)
        # What a hold had kept is due from when it was let go of.
        freed = what in held and row["held_by"] is None
        until = (max(row["ended_at"], row["occurred_at"]) if freed else row["ended_at"]) + LATE_AFTER_MICROS
        waits = confirmed_at is None and row["held_by"] is None
        late = (confirmed_at is not None and confirmed_at > until) or (waits and now > until)
        if late or waits:
            yield Evidence(
                Source.RETENTION,
                row["retention_class"],
                row["rule"],
                Verdict.BROKEN if late else Verdict.DUE,
                row["ended_at"],
                row["ledger_partition"],
                row["ledger_offset"],
                until=until,
                detail=row["retention_class"],
            )


def _what(row: Columns) -> tuple[object, ...]:
    return (row["controller"], row["retention_class"], row["epoch_day"], row["fact"])


def _judgement(row: Columns) -> tuple[int, bool]:
    return (row["judged_by"], row["state"] == "open")


def _place(row: Columns) -> tuple[int, int]:
    return (row["ledger_offset"], row["item"])
