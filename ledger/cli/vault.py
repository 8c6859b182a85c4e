"""`ledger vault recover`: bring a vault restored from a back-up up to the log."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, progress
from ledger.config import Settings
from ledger.vault_recovery import OnProgress, recover

vault_app = typer.Typer(help="The vault: who is who, and the keys.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(vault_app, name="vault")


@vault_app.command("recover")
def recover_(as_json: JsonOption = False) -> None:
    """Bring a vault restored from a back-up up to the log. Stop the sealers first.

    Keys and identifiers made since the back-up come from their second copies, and the sealers' positions from the
    log; what was destroyed since is destroyed again. Safe to repeat, and harmless where nothing is missing.
    """
    with runtime(Settings()) as parts, _shown() as on_progress:
        done = recover(parts, on_progress)
    counts = done.put_back._asdict()
    unusable = {name: counts.pop(name) for name in ("other_kek", "damaged")}
    document = {
        "copies": done.copies,
        "records": done.records,
        "recovered": counts,
        "unusable_copies": unusable,
        "moved": [
            {"topic": each.topic, "partition": each.partition, "before": each.before, "now": each.now}
            for each in done.moved
        ],
        "unrecoverable": done.unrecoverable,
    }

    def text(console: Console) -> None:
        console.print(f"{done.copies} second copies and {done.records} ledger records read")
        for name, count in counts.items():
            console.print(f"recovered {name.replace('_', ' ')}: {count}")
        for each in done.moved:
            console.print(f"{each.topic}:{each.partition} is sealed up to {each.now}, not {each.before}")
        if unusable["other_kek"]:
            console.print(
                f"{unusable['other_kek']} copies are under a key-encryption key that is not in the file"
            )
        if unusable["damaged"]:
            console.print(f"{unusable['damaged']} copies do not open: they were altered")
        for name, fields in done.unrecoverable.items():
            console.print(f"lost for ever: {fields} fields of class {name}")

    emit(document, as_json=as_json, text=text)


@contextmanager
def _shown() -> Iterator[OnProgress]:
    """A progress bar for each topic that is read, one after the other."""
    with ExitStack() as bars:
        shown = ""
        update: Callable[[int], None] = lambda _: None  # noqa: E731 - replaced by the first bar

        def on_progress(what: str, done: int, of: int) -> None:
            nonlocal shown, update
            if what != shown:
                bars.close()
                shown, update = what, bars.enter_context(progress(what, of))
            update(done)

        yield on_progress
