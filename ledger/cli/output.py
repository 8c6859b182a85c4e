"""How commands speak: one JSON document or readable text on stdout, everything else on stderr."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from ledger.contract.cloudevents import parse_time
from ledger.errors import CallerError

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

PIPED_COLUMNS = 400
"""Tables keep their rows on one line for grep, whatever the width of a terminal that is not there."""

stderr = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def emit(document: object, *, as_json: bool, text: Callable[[Console], None]) -> None:
    """Prints a result.

    Args:
        document: what `--json` prints.
        as_json: whether to.
        text: prints the same for people; everything that came from outside MUST go through `plain`.
    """
    if as_json:
        sys.stdout.write(
            msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=2).decode() + "\n"
        )
        sys.stdout.flush()
    else:
        # No markup, no emoji: what services stated is printed as it is, `[red]` and `:100:` included.
        width = None if sys.stdout.isatty() else PIPED_COLUMNS
        text(Console(markup=False, highlight=False, emoji=False, width=width))


def plain(value: object) -> str:
    """Text from outside, safe for a terminal: no control and no bidirectional-override characters.

    Our consoles read no markup, so brackets and backslashes mean themselves.
    """
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def instant(micros: int | None) -> str | None:
    """Microseconds since the epoch as RFC 3339 in UTC, with microseconds; years 1 to 9999."""
    if micros is None:
        return None
    return (_EPOCH + timedelta(microseconds=micros)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_instant(option: str, text: str | None) -> int | None:
    """Reads a time option: RFC 3339, or a date for its first moment UTC.

    Raises:
        CallerError: it is neither.
    """
    if text is None:
        return None
    candidate = f"{text}T00:00:00Z" if len(text) == len("2026-01-31") else text
    try:
        return parse_time(candidate)
    except ValueError:
        raise CallerError(
            f"{option} is not a time",
            expected="2026-03-27T08:00:00Z, 2026-03-27T09:00:00+01:00 or 2026-03-27",
            found=ascii(text[:40]),
        ) from None


def table(*columns: str) -> RichTable:
    """An empty table for people."""
    made = RichTable(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; yields a function that is told how much is done. Silent without a terminal."""
    with Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=stderr,
        disable=not stderr.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
