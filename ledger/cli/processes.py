"""`ledger seal`, `ledger record`, `ledger up`: the processes."""

import re
from typing import Annotated

import structlog
import typer

from consumers.lifecycle import StopRequest
from ledger.bootstrap import runtime
from ledger.cli.output import stderr
from ledger.config import Settings
from ledger.errors import CallerError
from ledger.observability import configure_logs
from ledger.supervision import Supervisor

log = structlog.get_logger()
SlotOption = Annotated[str, typer.Option("--slot", help="i/n: this process takes every n-th partition.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("seal")(seal)
    app.command("record")(record)
    app.command("up")(up)


def parse_slot(text: str) -> tuple[int, int]:
    """Reads "i/n".

    Raises:
        CallerError: not 1 <= i <= n.
    """
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text, re.ASCII)
    if match and 1 <= int(match[1]) <= int(match[2]):
        return int(match[1]), int(match[2])
    raise CallerError(
        "--slot is not a slot", expected="i/n with 1 <= i <= n, for example 2/8", found=ascii(text)
    )


def seal(slot: SlotOption = "1/1") -> None:
    """Seal inbox records into the ledger topic until stopped."""
    settings, stop = started("sealer")
    with runtime(settings) as parts, parts.sealer_loop(parse_slot(slot)) as loop:
        log.info("sealer.started", slot=slot)
        loop.run(stop)
    log.info("sealer.stopped")


def record(slot: SlotOption = "1/1") -> None:
    """Record the ledger topic into PostgreSQL until stopped."""
    settings, stop = started("recorder")
    with runtime(settings) as parts, parts.recorder_loop(parse_slot(slot)) as loop:
        log.info("recorder.started", slot=slot)
        loop.run(stop)
    log.info("recorder.stopped")


def up() -> None:
    """Run everything in one process tree, embedded or against configured services, until stopped."""
    settings, stop = started("supervisor")
    with runtime(settings) as parts:
        parts.prepare()
        stderr.print(f"Kafka: {parts.kafka}")
        stderr.print("Publish with `ledger publish`, ask with `ledger trail`; Ctrl-C stops.")
        with Supervisor(settings, ("seal", "record", "schedule")) as supervisor:
            supervisor.watch(stop)


def started(process: str) -> tuple[Settings, StopRequest]:
    """What every process does first: settings, logs, and listening for a stop."""
    settings = Settings()
    configure_logs(settings.log_level, settings.log_format)
    structlog.contextvars.bind_contextvars(process=process)
    stop = StopRequest()
    stop.listen()
    return settings, stop
