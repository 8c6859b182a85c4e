"""`ledger request`: what people ask under GDPR Art. 12 to 22, from the receipt to the answer.

Every command states a fact and shows the request as it is then: what was said, until when an answer is owed, by both
readings of the law where it has two, and what was found. A request is found by its id; `--controller` and `--subject`
tell two of the same id apart, and say whose it is when its receipt is not recorded yet.
"""

import time
from collections.abc import Callable, Mapping
from typing import Annotated, NamedTuple

import typer

from ledger.cli.options import AtMoment, OneControllerOption, text_option
from ledger.cli.output import JsonOption, parse_instant
from ledger.cli.request_answer import answer
from ledger.cli.request_facts import RequestArgument, RequestFact, state_request_fact
from ledger.cli.request_receive import receive
from ledger.cli.request_show import list_, show
from ledger.cli.request_words import CheckMethod, CheckOutcome, ExtensionReason, RefusedGround
from ledger.cli.subject import SubjectOption

request_app = typer.Typer(
    help="What people ask about their data, and what became of it.", no_args_is_help=True
)

NOT_TOLD = "never"
"""What `--told` says where the person was not told."""


class Whose(NamedTuple):
    """Whose request it is, as far as the command line says."""

    controller: str | None
    subject: str | None


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(request_app, name="request")
    commands: Mapping[str, Callable[..., None]] = {
        "receive": receive,
        "identity": identity,
        "forward": forward,
        "extend": extend,
        "answer": answer,
        "refuse": refuse,
        "withdraw": withdraw,
        "show": show,
        "list": list_,
    }
    for name, command in commands.items():
        request_app.command(name)(command)


@request_app.callback()
def _group() -> None:
    """What people ask about their data, and what became of it."""


def identity(
    request: RequestArgument,
    outcome: Annotated[CheckOutcome, typer.Option(help="What the check came to.")],
    method: Annotated[CheckMethod, typer.Option(help="How it was made.")],
    doubt: Annotated[
        bool, typer.Option("--doubt", help="There was reasonable doubt about who asks.")
    ] = False,
    more_demanded: Annotated[
        bool, typer.Option("--more-demanded", help="More data was demanded for the check.")
    ] = False,
    subject: SubjectOption = None,
    controller: OneControllerOption = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that the identity of who asks was checked; the clock does not stop for it."""
    fields = {
        "outcome": outcome.value,
        "method": method.value,
        "reasonable_doubt": doubt,
        "more_demanded": more_demanded,
    }
    _state("request.identity_checked", request, fields, Whose(controller, subject), at, as_json=as_json)


def forward(
    request: RequestArgument,
    to: Annotated[str, text_option("--to", "The controller, or its service.")],
    subject: SubjectOption = None,
    controller: OneControllerOption = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a processor passed a request on to the controller."""
    fields = {"role": "processor", "forwarded_to": to}
    _state("request.forwarded", request, fields, Whose(controller, subject), at, as_json=as_json)


def extend(
    request: RequestArgument,
    reason: Annotated[
        list[ExtensionReason] | None, typer.Option(help="Why; may be given more than once.")
    ] = None,
    told: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=f"When the person was told; `{NOT_TOLD}` when not. Default: when it happened.",
        ),
    ] = None,
    subject: SubjectOption = None,
    controller: OneControllerOption = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that the time to answer was extended; it counts only if told within the first month, with reasons."""
    happened_at = time.time_ns() // 1000 if at is None else at
    told_at = happened_at if told is None else None if told == NOT_TOLD else parse_instant("--told", told)
    fields = {"reasons": [each.value for each in reason or []], "told_at": told_at}
    _state("request.extended", request, fields, Whose(controller, subject), happened_at, as_json=as_json)


def refuse(
    request: RequestArgument,
    ground: Annotated[RefusedGround | None, typer.Option(help="Why.")] = None,
    reasons_told: Annotated[bool, typer.Option("--reasons-told", help="The reasons were told.")] = False,
    complaint_told: Annotated[
        bool, typer.Option("--complaint-told", help="The right to complain to an authority was told.")
    ] = False,
    remedy_told: Annotated[bool, typer.Option("--remedy-told", help="The judicial remedy was told.")] = False,
    subject: SubjectOption = None,
    controller: OneControllerOption = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a request was refused, GDPR Art. 12(4); --at is when the person was told."""
    fields = {
        "ground": None if ground is None else ground.value,
        "reasons_told": reasons_told,
        "complaint_told": complaint_told,
        "remedy_told": remedy_told,
    }
    _state("request.refused", request, fields, Whose(controller, subject), at, as_json=as_json)


def withdraw(
    request: RequestArgument,
    subject: SubjectOption = None,
    controller: OneControllerOption = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that the person took the request back."""
    _state("request.withdrawn", request, {}, Whose(controller, subject), at, as_json=as_json)


def _state(
    event_type: str,
    request: str,
    fields: Mapping[str, object],
    whose: Whose,
    at: int | None,
    *,
    as_json: bool,
) -> None:
    fact = RequestFact(
        event_type=event_type,
        request_id=request,
        controller=whose.controller,
        subject=whose.subject,
        at=at,
        fields=fields,
    )
    state_request_fact(fact, as_json=as_json)
