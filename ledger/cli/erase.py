"""`ledger erase`: forgetting a person, and showing that it was done."""

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from ledger.bootstrap import Runtime, runtime
from ledger.cli.output import JsonOption, emit, instant, plain, progress, table
from ledger.cli.stated import checked_text
from ledger.cli.subject import SubjectOption, identifier_in, read_reference, require_streams
from ledger.config import Settings
from ledger.errors import CallerError, NotFound
from ledger.forgetting.certificate import Document, certificate, certificate_text, state_of
from ledger.forgetting.erasure import Erasures, Order, advance_all
from ledger.forgetting.erasure_steps import unknown_erasure
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import ErasureState

EXIT_INCOMPLETE = 1
WAIT_POLL_S = 1.0
"""How often an erasure that waits is looked at again."""
SETTLED = ("verified", "incomplete")


class Why(StrEnum):
    """What makes an erasure due, on somebody's word; the ends of periods are the retention run's."""

    REQUEST = "request"
    OBJECTION = "objection"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    UNLAWFUL_PROCESSING = "unlawful_processing"
    CHILD_FOUND = "child_found"
    END_OF_AGREEMENT = "end_of_agreement"


class Form(StrEnum):
    """How a certificate is printed."""

    JSON = "json"
    TEXT = "text"


erase_app = typer.Typer(help="Forget a person, and show that it was done.", invoke_without_command=True)
ErasureArgument = Annotated[str, typer.Argument(help="The erasure's id, as `status` prints it.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(erase_app, name="erase")


@erase_app.callback()
def erase(
    context: typer.Context,
    subject: SubjectOption = None,
    controller: Annotated[
        str | None, typer.Option(help="Erase what this controller has; needed when several know the person.")
    ] = None,
    why: Annotated[Why, typer.Option(help="What makes it due, GDPR Art. 17(1).")] = Why.REQUEST,
    request: Annotated[str | None, typer.Option(help="The rights request it carries out.")] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Wait this many seconds for the recipients' confirmations.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Forget a person: instruct whoever has data, destroy the keys, look everywhere, and say what was found.

    A person who is erased, or being erased, already is not erased again: the certificate is shown.
    """
    if context.invoked_subcommand is not None:
        return
    settings = Settings()
    reference = None if subject is None else read_reference(subject)
    with runtime(settings) as parts:
        stream, known_by = _one_person(parts, reference, controller)
        order = _order(stream, known_by, why, request)
        with progress("searching", None) as show:
            erasures = Erasures(
                parts, on_progress=lambda done, _about: show(done), known_as=_known_as(reference)
            )
            state, started = erasures.start(order)
            if started:
                state = _advance(erasures, state.erasure_id, wait)
        shown = _certificate(parts, state)
    fact = _fact(state)

    def text(console: Console) -> None:
        console.print(f"erasure.started is recorded at {fact['ledger']}{'' if started else ', before now'}")
        for line in certificate_text(shown):
            console.print(plain(line))

    document = {"started": started, "fact": fact, "state": state_of(state), "certificate": shown}
    emit(document, as_json=as_json, text=text)
    if started:
        _exit_unless_complete([state])


@erase_app.command("status")
def status(
    subject: SubjectOption = None,
    erasure: Annotated[str | None, typer.Option("--id", help="Only this erasure.")] = None,
    controller: Annotated[str | None, typer.Option(help="Only this controller's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show where erasures stand; without --subject or --id those that are not verified."""
    settings = Settings()
    with runtime(settings) as parts:
        streams = require_streams(parts, subject, controller) if subject is not None else None
        with parts.store_connection(settings.store_schema) as connection:
            queries = ForgettingQueries(connection)
            if streams is not None:
                states = [state for stream in streams for state in queries.erasures_of(stream)]
            else:
                asked = [erasure] if erasure is not None else queries.open_erasures()
                states = [state for each in asked if (state := queries.erasure(each)) is not None]
        if not states and (subject is not None or erasure is not None):
            raise unknown_erasure()
        states = [state for state in states if controller in (None, state.controller)]
        documents = [_certificate(parts, state) for state in states]

    def text(console: Console) -> None:
        rows = table("erasure", "person", "controller", "state", "started", "recipients", "in the way")
        for each in documents:
            outstanding = [it["name"] for it in each["recipients"] if it["state"] != "confirmed"]
            rows.add_row(
                each["erasure_id"],
                each["subject"],
                plain(each["controller"]),
                each["state"],
                each["started"]["at"][:19] + "Z",
                plain(", ".join(outstanding)),
                plain("; ".join(f"{it['kind']} {it['name']}" for it in each["problems"])),
            )
        console.print(rows)

    emit({"erasures": documents}, as_json=as_json, text=text)


@erase_app.command("certificate")
def show_certificate(
    erasure: ErasureArgument,
    form: Annotated[Form, typer.Option("--format", help="json or text.")] = Form.TEXT,
    as_json: JsonOption = False,
) -> None:
    """Print the certificate of an erasure: what was destroyed, what was kept and why, who confirmed."""
    settings = Settings()
    with runtime(settings) as parts, parts.store_connection(settings.store_schema) as connection:
        state = ForgettingQueries(connection).erasure(erasure)
        if state is None:
            raise unknown_erasure()
        document = _certificate(parts, state)

    def text(console: Console) -> None:
        for line in certificate_text(document):
            console.print(plain(line))

    emit(document, as_json=as_json or form is Form.JSON, text=text)


@erase_app.command("resume")
def resume(
    erasure: Annotated[
        str | None, typer.Argument(help="Only this erasure; without it all open ones.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take erasures that are not verified as far as they go; what the scheduler does now and then."""
    settings = Settings()
    with runtime(settings) as parts:
        if erasure is None:
            states = advance_all(parts)
        else:
            with progress("searching", None) as show:
                states = [Erasures(parts, on_progress=lambda done, _about: show(done)).advance(erasure)]
    rows = [{"erasure_id": state.erasure_id, "state": state_of(state)} for state in states]

    def text(console: Console) -> None:
        for row in rows:
            console.print(f"{row['erasure_id']}: {row['state']}")

    emit({"erasures": rows}, as_json=as_json, text=text)
    _exit_unless_complete(states)


def _one_person(parts: Runtime, reference: str | None, controller: str | None) -> tuple[UUID, str]:
    """The person a reference names, and the controller who knows them.

    Raises:
        NotFound: nobody is known by it.
        CallerError: several controllers know the person.
    """
    streams = require_streams(parts, reference, controller)
    with parts.vault() as vault:
        owners = [(stream, vault.controller_of(stream)) for stream in streams]
    known = [(stream, owner) for stream, owner in owners if owner is not None and controller in (None, owner)]
    if not known:
        raise NotFound(
            "nobody is known by that pseudonym",
            do="Check it and --controller; `ledger trail` lists who is known",
        )
    if len(known) > 1:
        raise CallerError(
            "several controllers know this person",
            expected="--controller, one of " + ", ".join(sorted(owner for _, owner in known)),
            do="Erase for one controller at a time: each has its own data and its own duties",
        )
    return known[0]


def _known_as(reference: str | None) -> tuple[str, ...]:
    """What to look for besides what opens: the identifier by which the person was named."""
    identifier = None if reference is None else identifier_in(reference)
    return () if identifier is None else (identifier.value,)


def _order(stream: UUID, controller: str, why: Why, request: str | None) -> Order:
    request_id = None if request is None else checked_text("--request", request)
    return Order(stream=stream, controller=controller, trigger=why.value, request_id=request_id)


def _advance(erasures: Erasures, erasure_id: str, wait_s: float) -> ErasureState:
    """Takes an erasure as far as it goes, again and again while it waits and there is time."""
    until = time.monotonic() + wait_s
    state = erasures.advance(erasure_id)
    while state_of(state) not in SETTLED and time.monotonic() < until:
        time.sleep(WAIT_POLL_S)
        state = erasures.advance(erasure_id)
    return state


def _certificate(parts: Runtime, state: ErasureState) -> Document:
    return certificate(state, now=parts.clock(), inbox_retention_hours=parts.settings.inbox_retention_hours)


def _fact(state: ErasureState) -> dict[str, object]:
    started = state.steps[0]
    return {
        "event_type": "erasure.started",
        "erasure_id": state.erasure_id,
        "occurred_at": instant(started.occurred_at),
        "controller": state.controller,
        "ledger": f"{started.partition}:{started.offset}",
    }


def _exit_unless_complete(states: Sequence[ErasureState]) -> None:
    """Exit code 1 when an erasure could not be shown to be complete."""
    if any(state_of(state) == "incomplete" for state in states):
        raise typer.Exit(EXIT_INCOMPLETE)
