"""`ledger export`: what the ledger holds of a controller or a person, as one archive; that it was made is a fact."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ledger.bootstrap import Runtime, runtime
from ledger.cli.output import JsonOption, emit, plain, progress
from ledger.cli.subject import SubjectOption, require_recorded, require_streams
from ledger.config import Settings
from ledger.errors import CallerError, NotFound
from ledger.forgetting.exports import Exported, Order, make_export
from ledger.forgetting.new_file import check_target
from ledger.forgetting.own_facts import OwnFacts
from ledger.store.exports import Scope, controllers_of
from ledger.store.holds import read_holds
from ledger.store.queries import Queries


class ExportReason(StrEnum):
    """Why an export is made: GDPR Art. 15, Art. 20, Art. 28(3)(g), or an audit."""

    ACCESS_REQUEST = "access_request"
    PORTABILITY_REQUEST = "portability_request"
    END_OF_AGREEMENT = "end_of_agreement"
    AUDIT = "audit"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("export")(export)


def export(
    out: Annotated[
        Path, typer.Option(help="The archive to write, for its owner only; it must not exist yet.")
    ],
    why: Annotated[ExportReason, typer.Option(help="Why it is made; recorded with it.")],
    controller: Annotated[str | None, typer.Option(help="All of this controller's data.")] = None,
    subject: SubjectOption = None,
    hold: Annotated[str | None, typer.Option(help="The hold this export fulfils.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write what the ledger holds of a controller, or of one person, as JSON and CSV in one zip."""
    settings = Settings()
    if controller is None and subject is None:
        raise CallerError("whose data?", expected="--controller ID or --subject REF, or both")
    check_target(out)
    with runtime(settings) as parts:
        scope = _scope(parts, controller, subject)
        _check_hold(parts, scope.controller, hold)
        order = Order(scope=scope, why=why.value, target=out, hold_id=hold)
        with parts.vault() as vault, progress("exporting", None) as show:
            own = OwnFacts(parts, vault)
            made = make_export(parts, vault, own, order, lambda done, _total: show(done))
    _emit(out, scope, made, as_json)


def _scope(parts: Runtime, controller: str | None, subject: str | None) -> Scope:
    """Whose data is asked for.

    Raises:
        NotFound: nobody is known by the reference, or nothing is recorded of them.
        CallerError: several controllers know the person, and each is a person of its own to the ledger.
    """
    if subject is None:
        if controller is None:
            raise CallerError("whose data?", expected="--controller ID or --subject REF, or both")
        return Scope(controller, None)
    streams = require_streams(parts, subject, controller)
    with parts.store_connection(parts.settings.store_schema) as connection:
        require_recorded(Queries(connection), streams)
        known = [name for name in controllers_of(connection, streams) if controller in {None, name}]
    if not known:
        raise NotFound(
            "that controller knows nobody by that reference", do="Check --subject and --controller"
        )
    if len(known) > 1 or len(streams) > 1:
        raise CallerError(
            "more than one controller knows that person",
            expected=f"--controller {' or '.join(known)}",
            do="Make one export for each: no archive holds the data of two",
        )
    return Scope(known[0], streams[0])


def _check_hold(parts: Runtime, controller: str, hold: str | None) -> None:
    if hold is None:
        return
    with parts.store_connection(parts.settings.store_schema) as connection:
        if not read_holds(connection, controller=controller, hold_id=hold):
            raise NotFound("that controller has no such hold", do="`ledger hold list` lists them")


def _emit(out: Path, scope: Scope, made: Exported, as_json: bool) -> None:
    counts = made.counts
    document: dict[str, object] = {
        "export": made.export_id,
        "file": str(out),
        "bytes": made.size,
        "sha256": made.sha256,
        "controller": scope.controller,
        "subject": scope.subject,
        "entries": counts.entries,
        "consents": counts.consents,
        "opened_fields": counts.opened_fields,
        "closed_fields": counts.closed_fields,
        "event_id": made.event_id,
    }

    def text(console: Console) -> None:
        console.print(f"{plain(out)}: {counts.entries} entries, {counts.consents} changes of consent")
        console.print(
            f"  personal fields: {counts.opened_fields} readable, {counts.closed_fields} not any more"
        )
        console.print(f"  SHA-256 {made.sha256}")
        console.print(f"  recorded as export {made.export_id}")

    emit(document, as_json=as_json, text=text)
