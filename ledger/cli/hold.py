"""`ledger hold`: what must not be destroyed for now, and why.

A hold needs an end: one that has none never lets go, and is recorded as a finding. A hold on a person keeps that
person's data only; the rest of the same days goes when it is due. A restriction of processing keeps a person's data
too, so it is listed; the service that restricted ends it, by a fact of its own.
"""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from rich.console import Console

from ledger.bootstrap import Runtime, runtime
from ledger.cli.output import JsonOption, emit, instant, parse_instant, plain, table
from ledger.cli.stated import (
    AtOption,
    ControllerOption,
    Statement,
    checked_classes,
    checked_text,
    emit_stated,
    occurred_at,
    rules_of,
    state_fact,
)
from ledger.cli.subject import SubjectOption, find_streams
from ledger.config import Settings
from ledger.errors import CallerError, NotFound
from ledger.forgetting.erasure_plan import restriction_article
from ledger.rules.calendar.periods import day_of, first_moment_after, last_day
from ledger.rules.keeping.holds import DEFAULT_EXPORT_HOLD
from ledger.rules.keeping.retention import ControllerRules
from ledger.store.forgetting_rows import RESTRICTION
from ledger.store.holds import HELD, PLANNED, PlacedHold, read_holds, read_restrictions

hold_app = typer.Typer(help="Holds: what must not be destroyed for now.", no_args_is_help=True)


HOLD_LIFTED = "hold.lifted"
RESTRICTION_LIFTED = "restriction.lifted"
"""The facts that end a hold and a restriction."""


class HoldKind(StrEnum):
    """Why data is held: a legal duty or claim, or an export that was asked for before deletion."""

    LEGAL = "legal"
    EXPORT = "export"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(hold_app, name="hold")


@hold_app.callback()
def _group() -> None:
    """Holds: what must not be destroyed for now."""


@hold_app.command("place")
def place(
    controller: ControllerOption,
    kind: Annotated[
        HoldKind, typer.Option(help="A legal duty or claim, or an export asked for before deletion.")
    ],
    article: Annotated[str, typer.Option(help="The law or clause it rests on.")],
    subject: SubjectOption = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class; may be given more than once.")
    ] = None,
    ends: Annotated[
        str | None,
        typer.Option(
            help="When it ends by itself, RFC 3339 or a date (UTC). An export has a default: the period of the "
            "controller's policy, else 30 days."
        ),
    ] = None,
    hold_id: Annotated[str | None, typer.Option("--id", help="The hold's id. Default: a new one.")] = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep data of a controller, or of one person, from being destroyed until an end."""
    settings = Settings()
    checked_text("--controller", controller)
    checked_text("--article", article)
    names = checked_classes(classes or [])
    identity = checked_text("--id", hold_id) if hold_id is not None else str(uuid4())
    ends_at = parse_instant("--ends", ends)
    with runtime(settings) as parts:
        held = None if subject is None else one_subject(parts, subject, controller)
        placed_at = occurred_at(parts, at)
        if ends_at is None and kind is HoldKind.EXPORT:
            ends_at = export_hold_ends(rules_of(parts, controller), placed_at)
        statement = Statement(
            event_type="hold.placed",
            controller=controller,
            fields={
                "hold_id": identity,
                "kind": kind.value,
                "subject_pseudonym": None if held is None else str(held),
                "retention_classes": names,
                "article": article,
                "ends_at": ends_at,
            },
            occurred_at=placed_at,
        )
        stated = state_fact(parts, statement)
        row = _find(parts, identity, controller)[-1]
        now = parts.clock()
    emit_stated(stated, hold_document(row, now), as_json=as_json, warnings=_warnings(row, now))


@hold_app.command("lift")
def lift(
    hold_id: Annotated[str, typer.Argument(help="The hold's id, as `ledger hold list` prints it.")],
    controller: Annotated[
        str | None, typer.Option(help="Whose hold, where two controllers have one of this id.")
    ] = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a hold before its date: what was due meanwhile goes in the next retention run."""
    settings = Settings()
    with runtime(settings) as parts:
        rows, now = _find(parts, hold_id, controller), parts.clock()
        held = [row for row in rows if row.state(now) == HELD]
        standing = held or [row for row in rows if row.state(now) == PLANNED]
        if not standing:
            raise CallerError("the hold does not hold any more", expected=HELD, found=rows[-1].state(now))
        # What is lifted before it begins would not be lifted at all: a hold that is to come ends as it begins.
        begins = max(row.placed_at for row in standing)
        lifted_at = max(now, begins) if at is None else occurred_at(parts, at)
        if lifted_at < begins:
            raise CallerError(
                "--at is before the hold begins",
                expected=f"{instant(begins)} or later",
                found=instant(lifted_at) or "",
            )
        statement = Statement(
            event_type="hold.lifted",
            controller=rows[-1].controller,
            fields={"hold_id": hold_id},
            occurred_at=lifted_at,
        )
        stated = state_fact(parts, statement)
        row, now = _find(parts, hold_id, rows[-1].controller)[-1], parts.clock()
    emit_stated(stated, hold_document(row, now), as_json=as_json)


@hold_app.command("list")
def list_(
    controller: Annotated[str | None, typer.Option(help="Only this controller's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List holds and restrictions: what is held, by which law, until when.

    A restriction of processing has no end of its own: the service that restricted publishes `restriction.lifted`.
    """
    settings = Settings()
    with runtime(settings) as parts, parts.store_connection(settings.store_schema) as connection:
        rows = [
            *read_holds(connection, controller=controller),
            *read_restrictions(connection, controller=controller),
        ]
        documents = [hold_document(row, parts.clock()) for row in rows]

    def text(console: Console) -> None:
        lines = table("hold", "state", "kind", "controller", "whose", "classes", "article", "ends", "ledger")
        for document in documents:
            lines.add_row(
                plain(document["hold"]),
                document["state"],
                document["kind"],
                plain(document["controller"]),
                str(document["subject"] or "all"),
                ", ".join(document["retention_classes"]) or "all",
                plain(document["article"]),
                _end(document),
                document["ledger"],
            )
        console.print(lines)

    emit({"holds": documents}, as_json=as_json, text=text)


def one_subject(parts: Runtime, reference: str, controller: str) -> UUID:
    """The one data subject of a controller that a reference names.

    Raises:
        NotFound: the controller knows nobody by it.
    """
    streams = find_streams(parts, reference, controller) or []
    with parts.vault() as vault:
        known = [stream for stream in streams if vault.controller_of(stream) == controller]
    if not known:
        raise NotFound(
            "that controller knows nobody by that reference", do="Check the reference and --controller"
        )
    return known[0]


def export_hold_ends(rules: ControllerRules, placed_at: int) -> int:
    """When a hold for an export ends if nobody says: by the longest period an adopted pack has for it.

    Args:
        rules: the controller's.
        placed_at: microseconds since the epoch, UTC; the local day of it does not count.

    Returns:
        The first moment after the last day, microseconds since the epoch, UTC.
    """
    periods = [each.pack.export_hold for each in rules.adopted if each.pack.export_hold is not None]
    day = day_of(placed_at)
    return max(first_moment_after(last_day(day, period)) for period in periods or [DEFAULT_EXPORT_HOLD])


def hold_document(row: PlacedHold, at: int) -> dict[str, Any]:
    """A hold as `--json` shows it."""
    return {
        "hold": row.hold_id,
        "state": row.state(at),
        "kind": row.kind,
        "controller": row.controller,
        "subject": None if row.subject is None else str(row.subject),
        "retention_classes": row.retention_classes,
        "article": restriction_article(row.ground) if row.kind == RESTRICTION else row.article,
        "placed_at": instant(row.placed_at),
        "ends_at": instant(row.ends_at),
        "lifted_at": instant(row.lifted_at),
        "lifted_by": RESTRICTION_LIFTED if row.kind == RESTRICTION else HOLD_LIFTED,
        "ledger": f"{row.partition}:{row.offset}",
    }


def _end(document: dict[str, Any]) -> str:
    if document["ends_at"] is not None:
        return str(document["ends_at"])[:19]
    return f"with {RESTRICTION_LIFTED}" if document["kind"] == RESTRICTION else "never"


def _warnings(row: PlacedHold, now: int) -> list[str]:
    """What somebody who placed a hold should hear of it."""
    if row.ends_at is None:
        return ["a hold without an end never lets go; this is recorded as a finding"]
    if row.ends_at <= max(now, row.placed_at):
        return [f"the hold ends at {instant(row.ends_at)}: it keeps nothing"]
    if row.placed_at > now:
        return [f"the hold begins at {instant(row.placed_at)}: until then it keeps nothing"]
    return []


def _find(parts: Runtime, hold_id: str, controller: str | None) -> list[PlacedHold]:
    """A hold, once for each time it was placed, in the order of the log.

    Raises:
        NotFound: there is none of that id.
        CallerError: two controllers have one, and neither was named.
    """
    with parts.store_connection(parts.settings.store_schema) as connection:
        rows = read_holds(connection, controller=controller, hold_id=hold_id)
    if not rows:
        raise NotFound(
            "there is no such hold",
            do=f"`ledger hold list` lists them; a restriction ends with a {RESTRICTION_LIFTED} fact",
        )
    if len({row.controller for row in rows}) > 1:
        raise CallerError("more than one controller has a hold of that id", expected="--controller")
    return rows
