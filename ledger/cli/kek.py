"""`ledger kek rotate`: replace the key-encryption key."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, progress
from ledger.config import Settings
from ledger.errors import CallerError
from ledger.vault.rotation import OnStep, Step, begin, rotate

kek_app = typer.Typer(help="The key-encryption key (KEK) of the vault.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(kek_app, name="kek")


@kek_app.command("rotate")
def rotate_(
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="Only write the new key into the file, to copy it elsewhere first."),
    ] = False,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Keep the old key in the file, until there is a new back-up.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Wrap every key in the vault under a new key-encryption key, and throw the old one away.

    Interrupted, it goes on where it was when started again. Back-ups of the vault made before it open nothing
    after it: make one at once. See docs/keys.md.
    """
    if prepare and keep_old:
        raise CallerError("--prepare and --keep-old exclude each other", do="Give one of them, or neither.")
    with runtime(Settings()) as parts, _shown() as on_step:
        file = _file(parts.kek_file)
        if prepare:
            new, old = begin(parts.vault_dsn, file)
            document: dict[str, object] = {"prepared": True, "new": new, "old": old}
        else:
            rotated = rotate(parts.vault_dsn, file, keep_old=keep_old, on_step=on_step)
            document = {
                "new": rotated.new,
                "old": rotated.old,
                "rewrapped": rotated.rewrapped,
                "checked": rotated.checked,
                "old_dropped": rotated.old_dropped,
            }

    def text(console: Console) -> None:
        console.print(f"key-encryption key {document['new']} replaces {', '.join(document['old'])}")  # type: ignore[arg-type]
        if prepare:
            console.print("Both are in the file. Bring it to every machine, then run `ledger kek rotate`.")
            return
        for name, count in rotated.rewrapped.items():
            console.print(f"{name}: {count} rewrapped")
        console.print(f"{rotated.checked} keys open with the new one, and none with the old")
        console.print(
            "Back-ups of the vault made before this open nothing any more. Make one now."
            if rotated.old_dropped
            else "The old one is still in the file. Back up the vault, then run `ledger kek rotate` again."
        )

    emit(document, as_json=as_json, text=text)


def _file(file: Path | None) -> Path:
    if file is None:
        raise CallerError(
            "the key-encryption key cannot be rotated where it is",
            expected="LEDGER_KEK_FILE",
            found="LEDGER_KEK, which a program cannot change for those who start it",
            do="Put the key into a file of mode 0600 and name it in LEDGER_KEK_FILE.",
        )
    return file


@contextmanager
def _shown() -> Iterator[OnStep]:
    """A progress bar for each of the long steps, one after the other."""
    with ExitStack() as bars:
        update: Callable[[int], None] | None = None

        def on_step(step: Step, done: int, of: int) -> None:
            nonlocal update
            if step not in {Step.REWRAP, Step.CHECK}:
                return
            if done == 0 or update is None:
                bars.close()
                update = bars.enter_context(progress(step.value, of or None))
            update(done)

        yield on_step
