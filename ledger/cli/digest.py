"""`ledger digest`."""

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, table
from ledger.config import Settings
from ledger.replay import live_state
from ledger.store.digest import overall


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("digest")(digest)


def digest(as_json: JsonOption = False) -> None:
    """One digest per projection, and over all: equal ledgers have equal digests."""
    with runtime(Settings()) as parts:
        positions, each = live_state(parts)
    over_all = overall(each)
    document = {"digest": over_all, "digests": each, "positions": positions}

    def text(console: Console) -> None:
        rows = table("projection", "digest")
        for name, value in each.items():
            rows.add_row(name, value)
        rows.add_row("all", over_all, style="bold")
        console.print(rows)

    emit(document, as_json=as_json, text=text)
