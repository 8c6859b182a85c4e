"""`ledger request show` and `ledger request list`: requests as they are recorded."""

from typing import Annotated

import typer
from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.options import OneControllerOption
from ledger.cli.output import JsonOption, emit
from ledger.cli.request_facts import RequestArgument, find_requests, of_person, unknown_request
from ledger.cli.request_state import print_request, print_summaries, request_documents, summaries
from ledger.cli.subject import SubjectOption
from ledger.config import Settings

OPEN_PHASES = frozenset({"received", "not_received"})
"""Phases in which somebody still waits."""


def show(
    request: RequestArgument,
    subject: SubjectOption = None,
    controller: OneControllerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a request: what was said, until when an answer is owed, what was found, each with coordinates."""
    with runtime(Settings()) as parts:
        found = find_requests(
            parts,
            request_id=request,
            controller=controller,
            streams=of_person(parts, subject, controller),
        )
        if not found:
            raise unknown_request()
        documents = request_documents(parts, found)

    def text(console: Console) -> None:
        for document in documents:
            print_request(console, document)

    emit({"requests": documents}, as_json=as_json, text=text)


def list_(
    subject: SubjectOption = None,
    controller: OneControllerOption = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those somebody still waits for.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List requests: what was asked, how far each is, and when an answer is owed by law."""
    with runtime(Settings()) as parts:
        found = find_requests(parts, controller=controller, streams=of_person(parts, subject, controller))
        documents = summaries(parts, found)
    shown = sorted(
        (each for each in documents if not only_open or each["phase"] in OPEN_PHASES),
        key=lambda each: (each["received_at"] or "", each["controller"], each["request"]),
    )
    emit({"requests": shown}, as_json=as_json, text=lambda console: print_summaries(console, shown))
