"""`ledger request receive`: a request came in, alone or with many others in a file."""

from typing import Annotated
from uuid import uuid4

import typer

from ledger.bootstrap import runtime
from ledger.cli.options import AtMoment, ControllerText, text_option
from ledger.cli.output import JsonOption
from ledger.cli.request_bulk import BulkFile, receive_file
from ledger.cli.request_facts import RequestFact, publish_fact
from ledger.cli.request_state import print_request
from ledger.cli.request_words import Channel, ReceivedBy, Requester, Right
from ledger.cli.stated import emit_stated
from ledger.cli.subject import SubjectOption, identifying_fields
from ledger.config import Settings
from ledger.errors import CallerError


def receive(
    controller: ControllerText,
    right: Annotated[Right | None, typer.Option(help="Which right.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="How it came in.")] = None,
    requester: Annotated[Requester | None, typer.Option(help="Who asks.")] = None,
    received_by: Annotated[ReceivedBy, typer.Option(help="Who received it first.")] = ReceivedBy.CONTROLLER,
    purpose: Annotated[
        list[str] | None,
        text_option("--purpose", "A purpose an objection or withdrawal is about; none for all of them."),
    ] = None,
    subject: SubjectOption = None,
    request_id: Annotated[str | None, text_option("--id", "The request's id. Default: a new one.")] = None,
    file: Annotated[
        str | None,
        typer.Option(
            help="Many requests, one per line: CSV with a header, or JSON lines; - for standard input."
        ),
    ] = None,
    bulk_id: Annotated[
        str | None, text_option("--bulk-id", "What names the file: given again, nothing is received twice.")
    ] = None,
    wait: Annotated[bool | None, typer.Option(help="With --file: wait until everything is recorded.")] = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a request came in: the clock starts, whoever asks and by whatever channel.

    The person need not be known yet. Without --subject nobody is named, and the request is owed an answer all the same.
    """
    defaults = {"right": right, "channel": channel, "requester": requester, "received_by": received_by}
    if file is not None:
        if subject is not None or request_id is not None or purpose:
            raise CallerError(
                "--file is given", expected="no --subject, --id or --purpose: its lines have them"
            )
        given = BulkFile(
            file=file,
            bulk_id=bulk_id or str(uuid4()),
            controller=controller,
            received_at=at,
            defaults={name: value.value for name, value in defaults.items() if value is not None},
        )
        receive_file(given, wait=wait, as_json=as_json)
        return
    if missing := [f"--{name}" for name, value in defaults.items() if value is None]:
        raise CallerError("what came in?", expected=", ".join(missing), do="Or give many at once with --file")
    fact = RequestFact(
        event_type="request.received",
        request_id=request_id or str(uuid4()),
        controller=controller,
        subject=subject,
        at=at,
        fields={
            **{name: value.value for name, value in defaults.items() if value is not None},
            "purposes": purpose or [],
            "bulk_id": bulk_id,
        },
    )
    with runtime(Settings()) as parts:
        document, stated = publish_fact(
            parts, fact, controller, identifying_fields(parts, subject, controller)
        )
    nobody = [] if document["subject"] else ["nobody is named: the answer cannot be found by a person"]
    emit_stated(
        stated,
        document,
        as_json=as_json,
        warnings=nobody,
        text=lambda console: print_request(console, document),
    )
