"""`ledger schedule`: the process that runs jobs by the clock."""

from typing import Annotated

import structlog
import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, table
from ledger.cli.processes import started
from ledger.jobs.runner import DONE
from ledger.jobs.scheduler import Scheduler

EXIT_FAILED = 1
log = structlog.get_logger()


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("schedule")(schedule)


def schedule(
    once: Annotated[
        bool,
        typer.Option("--once", help="Run what was missed of each job, and end; exit code 1 when one fails."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the jobs by the clock until stopped: retention, erasures, deadlines, the audit trail's end."""
    settings, stop = started("scheduler")
    with runtime(settings) as parts:
        scheduler = Scheduler(parts)
        if not once:
            log.info("scheduler.started")
            scheduler.run(stop)
            log.info("scheduler.stopped")
            return
        outcomes = scheduler.run_once()
    document = {
        "jobs": [
            {"job": each.job, "slot": each.slot.isoformat(), "outcome": each.outcome} for each in outcomes
        ]
    }

    def text(console: Console) -> None:
        rows = table("job", "slot", "outcome")
        for each in outcomes:
            rows.add_row(each.job, each.slot.isoformat(), each.outcome)
        console.print(rows)

    emit(document, as_json=as_json, text=text)
    if any(each.outcome != DONE for each in outcomes):
        raise typer.Exit(EXIT_FAILED)
