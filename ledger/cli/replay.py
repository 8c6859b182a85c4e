"""`ledger replay`: rebuild from the topic, compare digests; or judge the same history by other rules."""

import re
from typing import Annotated

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, parse_instant, progress, table
from ledger.cli.what_if import judge_by
from ledger.config import Settings
from ledger.errors import CallerError
from ledger.replay import Until, live_state, replay
from ledger.store.digest import overall

EXIT_DIFFERENT = 1


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("replay")(replay_command)


def replay_command(
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare with live state; exit 1 when it differs.")
    ] = False,
    until: Annotated[
        str | None,
        typer.Option(help="End before the first record sealed after this time, or at PARTITION:OFFSET[,…]."),
    ] = None,
    into: Annotated[str | None, typer.Option(help="Keep the result in this new PostgreSQL schema.")] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="Judge by this pack, an id or a TOML file, in place of adopted ones of its id; show what changes."
        ),
    ] = None,
    controller: Annotated[
        str | None,
        typer.Option(
            help="With --policy: only this one's; held to it from the start if it never adopted it."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Rebuild everything from the ledger topic, beside the live state, which stays untouched."""
    if policy is not None:
        given = {"--verify": verify, "--until": until is not None, "--into": into is not None}
        others = [option for option, is_given in given.items() if is_given]
        judge_by(policy, controller=controller, as_json=as_json, others=others)
        return
    if controller is not None:
        raise CallerError("--controller goes with --policy", expected="both, or neither")
    settings = Settings()
    bounds = parse_until(until)
    with runtime(settings) as parts:
        if verify and until is None:
            positions, live = live_state(parts)
            bounds = Until(positions=positions)
        with progress("replaying", None) as show:
            result = replay(parts, until=bounds, into=into, on_progress=lambda done, _total: show(done))
        if verify and until is not None:
            _, live = live_state(parts, result.positions)
    compared = {name: live[name] == digest for name, digest in result.digests.items()} if verify else {}
    document = {
        "live_digest": overall({name: live[name] for name in result.digests}) if verify else None,
        "replay_digest": overall(result.digests),
        "equal": all(compared.values()) if verify else None,
        "entries": result.entries,
        "seconds": round(result.seconds, 3),
        "different": [name for name, equal in compared.items() if not equal],
        "positions": result.positions,
        "schema": into,
    }

    def text(console: Console) -> None:
        rows = table("projection", "replayed digest", "live")
        for name, digest in result.digests.items():
            rows.add_row(name, digest, _compared(compared.get(name)))
        console.print(rows)
        console.print(f"{result.entries} ledger records in {result.seconds:.1f} s")

    emit(document, as_json=as_json, text=text)
    if verify and not document["equal"]:
        raise typer.Exit(EXIT_DIFFERENT)


def _compared(equal: bool | None) -> str:
    return "-" if equal is None else "equal" if equal else "DIFFERENT"


def parse_until(text: str | None) -> Until:
    """Reads --until: a time, or partition:offset pairs; partitions not named are left out."""
    if text is None:
        return Until()
    if re.fullmatch(r"\d{1,9}:\d{1,18}(,\d{1,9}:\d{1,18})*", text):
        pairs = (pair.split(":") for pair in text.split(","))
        return Until(positions={int(partition): int(offset) for partition, offset in pairs})
    return Until(sealed_at=parse_instant("--until", text))
