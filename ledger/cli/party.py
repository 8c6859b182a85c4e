"""`ledger party` and `ledger measures`: who is who, and which measures are taken, for the Art. 30 registers.

Parties are organisations and offices, never people; GDPR Art. 30(1)(a), (g) and 30(2)(a), (d).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from ledger.aggregates.streams import named_stream
from ledger.bootstrap import Runtime, runtime
from ledger.cli.case_facts import fact_documents, print_facts
from ledger.cli.options import AtMoment, ControllerText, country_option, text_option
from ledger.cli.output import JsonOption
from ledger.cli.stated import Statement, emit_stated, state_fact
from ledger.config import Settings
from ledger.entry import StreamKind
from ledger.store.cases import CaseQueries

party_app = typer.Typer(help="Who is who in the record of processing activities.", no_args_is_help=True)
measures_app = typer.Typer(help="Technical and organisational measures.", no_args_is_help=True)


class PartyKind(StrEnum):
    """What a party is in the record of processing activities."""

    CONTROLLER = "controller"
    JOINT_CONTROLLER = "joint_controller"
    REPRESENTATIVE = "representative"
    DPO = "dpo"
    PROCESSOR = "processor"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(party_app, name="party")
    app.add_typer(measures_app, name="measures")


@party_app.callback()
def _parties() -> None:
    """Who is who in the record of processing activities."""


@measures_app.callback()
def _measures() -> None:
    """Technical and organisational measures."""


@party_app.command("register")
def register_party(
    controller: ControllerText,
    party: Annotated[PartyKind, typer.Option(help="Which party.")],
    name: Annotated[str, text_option("--name", "The organisation or office, never a person.")],
    contact: Annotated[str, text_option("--contact", "An office's mailbox or number, never a person's.")],
    country: Annotated[str, country_option("--country", "Its country.")],
    address: Annotated[str | None, text_option("--address", "Its address.")] = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State who is who: the controller, a joint controller, a representative, the DPO, the processor."""
    fields = {
        "party": party.value,
        "name": name,
        "address": address,
        "contact": contact,
        "country": country,
    }
    _state("party.registered", controller, fields, at=at, as_json=as_json)


@measures_app.command("describe")
def describe(
    controller: ControllerText,
    measure: Annotated[
        list[str],
        text_option("--measure", "A measure, a code as random_checks; may be given more than once."),
    ],
    description: Annotated[str, text_option("--description", "The same in a few sentences.")],
    requested: Annotated[
        bool, typer.Option("--requested/--unasked", help="Whether the controller asked for it.")
    ] = False,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State which technical and organisational measures are taken; the latest statement holds."""
    fields = {"measures": measure, "description": description, "requested_by_controller": requested}
    _state("measures.described", controller, fields, at=at, as_json=as_json)


def _state(
    event_type: str, controller: str, fields: Mapping[str, object], *, at: int | None, as_json: bool
) -> None:
    """Publishes the fact, and prints it with every fact of its type that the controller has."""
    with runtime(Settings()) as parts:
        statement = Statement(
            event_type=event_type,
            controller=controller,
            fields=fields,
            occurred_at=parts.clock() if at is None else at,
        )
        stated = state_fact(parts, statement)
        documents = _recorded(parts, event_type, controller)
    emit_stated(
        stated, {"facts": documents}, as_json=as_json, text=lambda console: print_facts(console, documents)
    )


def _recorded(parts: Runtime, event_type: str, controller: str) -> list[dict[str, object]]:
    stream = named_stream(StreamKind.GOVERNANCE, controller)
    with parts.store_connection(parts.settings.store_schema) as connection:
        facts = CaseQueries(connection).facts([stream]).get(stream, [])
    return fact_documents([each for each in facts if each.entry.event_type == event_type])
