"""`ledger request answer`: what an answer came to, what stays, who paid, who else was told."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from ledger.cli.options import AtMoment, OneControllerOption
from ledger.cli.output import JsonOption
from ledger.cli.request_facts import RequestArgument, RequestFact, state_request_fact
from ledger.cli.request_state import Document
from ledger.cli.request_words import ChargedTo, ChargeGround, KeepGround, Outcome
from ledger.cli.stated import checked_text
from ledger.cli.subject import SubjectOption
from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.errors import CallerError


def answer(
    request: RequestArgument,
    outcome: Annotated[Outcome, typer.Option(help="What it comes to.")],
    kept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS=GROUND",
            help="A class that stays, why (GDPR Art. 17(3)), and the answer says so; may be given more than once.",
        ),
    ] = None,
    kept_unnamed: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS=GROUND", help="A class that stays, and the answer does not say so."),
    ] = None,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="It was confirmed in writing.")] = False,
    charged_to: Annotated[ChargedTo, typer.Option(help="Who pays.")] = ChargedTo.NOBODY,
    charge_ground: Annotated[
        ChargeGround | None, typer.Option(help="What allows a fee, GDPR Art. 12(5).")
    ] = None,
    informed: Annotated[
        list[str] | None,
        typer.Option(help="A recipient told of it, GDPR Art. 19; may be given more than once."),
    ] = None,
    subject: SubjectOption = None,
    controller: OneControllerOption = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a request was answered, wholly or in part; --at is when the answer went out."""
    stays = [
        *(_kept(each, named=True) for each in kept or []),
        *(_kept(each, named=False) for each in kept_unnamed or []),
    ]
    state_request_fact(
        RequestFact(
            event_type="request.answered",
            request_id=request,
            controller=controller,
            subject=subject,
            at=at,
            fields={
                "outcome": outcome.value,
                "kept": stays,
                "confirmation_sent": confirmed,
                "charged_to": charged_to.value,
                "charge_ground": None if charge_ground is None else charge_ground.value,
                "recipients_informed": [checked_text("--informed", name) for name in informed or []],
            },
        ),
        as_json=as_json,
        warn=lambda document: _not_said(document, stays),
    )


def _kept(text: str, *, named: bool) -> dict[str, object]:
    name, _, ground = text.partition("=")
    if name in RETENTION_CLASSES and ground in set(KeepGround):
        return {"retention_class": name, "ground": ground, "named_in_answer": named}
    raise CallerError(
        "--kept says not what stays, or not why",
        expected=f"CLASS=GROUND: a retention class, and one of {', '.join(KeepGround)}",
        found=ascii(text[:60]),
    )


def _not_said(document: Document, stays: Sequence[Mapping[str, object]]) -> list[str]:
    """What the ledger's own erasure kept for this request, and the answer does not mention."""
    said = {each["retention_class"] for each in stays}
    kept: list[dict[str, Any]] = [
        each
        for fact in document["facts"]
        if fact["event_type"] == "erasure.started"
        for each in fact["details"]["kept"]
    ]
    unsaid = sorted({each["retention_class"] for each in kept} - said)
    if not unsaid:
        return []
    return [
        f"the erasure that carries it out kept {', '.join(unsaid)}, which the answer does not mention: "
        "state it again with --kept"
    ]
