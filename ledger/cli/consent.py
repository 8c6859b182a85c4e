"""`ledger consent show`: which consents a data subject gave, and what proves them."""

import time
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, parse_instant, plain, table
from ledger.cli.subject import SubjectOption, require_recorded, require_streams
from ledger.config import Settings
from ledger.store.queries import ConsentChange, Queries

consent_app = typer.Typer(help="Consents and their proof.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(consent_app, name="consent")


@consent_app.callback()
def _group() -> None:
    """Consents and their proof."""


@consent_app.command("show")
def show(
    subject: SubjectOption = None,
    purpose: Annotated[str | None, typer.Option(help="Only this purpose.")] = None,
    controller: Annotated[str | None, typer.Option(help="Only this controller.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known at this time.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show each consent's state, its history, and what proves each change."""
    settings = Settings()
    known_at = parse_instant("--as-of", as_of)
    with runtime(settings) as parts:
        streams = require_streams(parts, subject, controller)
        with parts.store_connection(settings.store_schema) as connection:
            queries = Queries(connection)
            require_recorded(queries, streams)
            changes = queries.consent_changes(streams, purpose=purpose, as_of=known_at)
    if controller is not None:
        changes = [change for change in changes if change.controller == controller]
    at = known_at if known_at is not None else time.time_ns() // 1000
    consents = consent_documents(changes, at)
    document = {"consents": consents, "as_of": instant(known_at)}
    emit(document, as_json=as_json, text=lambda console: print_consents(console, consents))


def consent_documents(changes: list[ConsentChange], at: int) -> list[dict[str, Any]]:
    """One document per subject and purpose: the state at a time, and every change with its proof.

    Args:
        changes: ordered by stream, purpose and time.
        at: microseconds since the epoch; a consent whose validity ended before is `expired`.
    """
    documents = []
    for (stream, purpose), group in groupby(changes, key=lambda c: (c.stream, c.purpose)):
        history = list(group)
        past = [change for change in history if change.occurred_at <= at]
        last = past[-1] if past else None
        documents.append(
            {
                "subject": stream,
                "controller": history[-1].controller,
                "purpose": purpose,
                "state": _state(last, at),
                "since": instant(last.occurred_at) if last else None,
                "history": [_change_document(change) for change in history],
            }
        )
    return documents


def _state(last: ConsentChange | None, at: int) -> str:
    if last is None:
        return "none"
    if last.state == "given" and last.expires_at is not None and last.expires_at <= at:
        return "expired"
    return last.state


def _change_document(change: ConsentChange) -> dict[str, object]:
    return {
        "state": change.state,
        "occurred_at": instant(change.occurred_at),
        "sealed_at": instant(change.sealed_at),
        "category": change.category,
        "method": change.method,
        "language": change.language,
        "notice_version": change.notice_version,
        "notice_hash": change.notice_hash,
        "expires_at": instant(change.expires_at),
        "evidence": change.evidence,
        "ledger": f"{change.partition}:{change.offset}",
    }


def print_consents(console: Console, documents: list[dict[str, Any]]) -> None:
    """Prints consents for people, with what proves each change."""
    if not documents:
        console.print("No consent was asked of this data subject.")
    for document in documents:
        state = f"{document['state']} since {document['since']}"
        console.print(
            Text.assemble(
                (plain(document["purpose"]), "bold"), f" for {plain(document['controller'])}: {state}"
            )
        )
        rows = table("happened", "state", "notice", "language", "method", "evidence", "ledger")
        for change in document["history"]:
            rows.add_row(
                change["occurred_at"][:19] + "Z",
                change["state"],
                plain(change["notice_version"]),
                plain(change["language"]),
                plain(change["method"]),
                change["evidence"],
                change["ledger"],
            )
        console.print(rows)
