"""`ledger demo`: a day of four providers, from the inbox to a replay that proves it."""

from typing import Annotated

import typer
from rich.console import Console

from ledger.cli.output import JsonOption, emit, stderr
from ledger.config import Settings
from ledger.observability import configure_logs


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the summary.")] = False,
    events: Annotated[int, typer.Option(min=1, help="How many inbox records the day has.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Publish a realistic day, wait until it is recorded, and show what an auditor would see."""
    # Imported here: production installs leave the embedded extra out.
    from ledger.dev.demo import run_demo, serve_until_stopped  # noqa: PLC0415

    settings = Settings()
    configure_logs("warning", settings.log_format)
    with run_demo(settings, events=events, seed=seed) as (document, text):

        def show(console: Console) -> None:
            text(console)

        emit(document, as_json=as_json, text=show)
        if document["digest"] != document["replay_digest"]:
            raise typer.Exit(1)
        if not once:
            stderr.print("\nStill running: ask in another terminal, `.venv/bin/ledger trail`. Ctrl-C stops.")
            serve_until_stopped()
