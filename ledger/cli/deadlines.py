"""`ledger deadlines`: until when something is owed, by both readings where the law has two, and what became of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, parse_instant, plain, table
from ledger.cli.subject import require_controller
from ledger.config import Settings
from ledger.deadlines.deadline_facts import Phase, phase_of
from ledger.rules.calendar.local_day import LOCAL_TIME
from ledger.store.deadlines import MET, MISSED, OPEN, VOID, DeadlineRow, read_deadlines
from ledger.store.queries import Queries

EXIT_MISSED = 1
SETTLED = frozenset({MET, VOID})
"""Nothing is owed any more; shown with --all."""
FAILED = frozenset({MISSED, Phase.PASSED.value})
"""Not done in time; `passed` is a deadline that is over before a fact said so."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("deadlines")(deadlines)


def deadlines(
    controller: Annotated[str | None, typer.Option(help="Only this controller's.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Those too that were met, or that nothing is owed by any more.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(help="As known at this time, RFC 3339 or a date (UTC), and as late as that.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List deadlines by when they end: open, near, passed, missed; exit code 1 when one was missed."""
    known_at = parse_instant("--as-of", as_of)
    with runtime(Settings()) as parts:
        now = parts.clock() if known_at is None else known_at
        with parts.store_connection(parts.settings.store_schema) as connection:
            require_controller(Queries(connection), controller)
            rows = read_deadlines(connection, controller=controller, as_of=known_at)
    documents = [deadline_document(row, now) for row in rows if everything or row.state not in SETTLED]

    def text(console: Console) -> None:
        _print(console, documents)

    emit({"as_of": instant(now), "deadlines": documents}, as_json=as_json, text=text)
    if any(document["state"] in FAILED for document in documents):
        raise typer.Exit(EXIT_MISSED)


def deadline_document(row: DeadlineRow, now: int) -> dict[str, Any]:
    """A deadline as `--json` shows it: ends are the first moment that is too late, in UTC and in Amsterdam.

    Args:
        row: where it stands.
        now: microseconds since the epoch, UTC.
    """
    phase = phase_of(row, now) if row.state == OPEN else None
    return {
        "controller": row.controller,
        "case_kind": row.case_kind,
        "case": row.case_id,
        "deadline": row.name,
        "state": row.state if phase is None else phase.value,
        "rule": row.rule or None,
        "article": row.article,
        "starts_at": instant(row.starts_at),
        "ends_at": instant(row.ends_at),
        "ends_at_local": local(row.ends_at),
        "other_ends_at": instant(row.other_ends_at),
        "other_ends_at_local": local(row.other_ends_at),
        "calendar": row.calendar,
        "started_by": f"{row.partition}:{row.started_by}",
        "ledger": f"{row.partition}:{row.offset}",
    }


def local(micros: int | None) -> str | None:
    """A moment in Amsterdam, RFC 3339 with the offset there; None, too, where its year would be after 9999."""
    if micros is None:
        return None
    try:
        return (_EPOCH + timedelta(microseconds=micros)).astimezone(LOCAL_TIME).isoformat()
    except OverflowError:
        return None


def _print(console: Console, documents: Sequence[dict[str, Any]]) -> None:
    rows = table(
        "ends (Amsterdam)", "state", "controller", "case", "deadline", "by", "other reading", "ledger"
    )
    for document in documents:
        rows.add_row(
            str(document["ends_at_local"] or document["ends_at"]),
            document["state"],
            plain(document["controller"]),
            plain(f"{document['case_kind']} {document['case']}"),
            plain(document["deadline"]),
            plain(document["rule"] or document["article"]),
            str(document["other_ends_at_local"] or "-"),
            document["ledger"],
        )
    console.print(rows)
