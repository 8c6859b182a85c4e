"""`ledger subprocessor`: who processes for a provider, as one controller was told and agreed to it.

Each controller is told of a sub-processor on its own and may object on its own, so every statement names the
controller. GDPR Art. 28(2) and 28(4), and for transfers Art. 44 to 49.
"""

from enum import StrEnum
from typing import Annotated

import typer

from ledger.aggregates.cases import SUBPROCESSOR
from ledger.cli.case_facts import show_cases, state_case_fact
from ledger.cli.options import (
    AtMoment,
    ControllerText,
    CountriesOption,
    Mechanism,
    OneControllerOption,
    moment_option,
    text_option,
)
from ledger.cli.output import JsonOption

subprocessor_app = typer.Typer(
    help="Sub-processors, as each controller was told of them.", no_args_is_help=True
)
SubprocessorOption = Annotated[
    str, text_option("--subprocessor", "The sub-processor, by the name the agreement has for it.")
]
MechanismOption = Annotated[Mechanism, typer.Option(help="What transfers to these countries rest on.")]


class ToldBy(StrEnum):
    """How a controller was told."""

    EMAIL = "email"
    LETTER = "letter"
    DASHBOARD = "dashboard"
    WEBSITE = "website"
    AGREEMENT = "agreement"


class ObjectionGround(StrEnum):
    """Why a controller does not accept a sub-processor."""

    COUNTRY = "country"
    SECURITY = "security"
    COMPETITION = "competition"
    NO_AGREEMENT = "no_agreement"
    OTHER = "other"


class ObjectionOutcome(StrEnum):
    """How an objection ended."""

    WITHDRAWN = "withdrawn"
    NOT_USED_FOR_CONTROLLER = "not_used_for_controller"
    REPLACED = "replaced"
    AGREEMENT_ENDS = "agreement_ends"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(subprocessor_app, name="subprocessor")


@subprocessor_app.callback()
def _group() -> None:
    """Sub-processors, as each controller was told of them."""


@subprocessor_app.command("announce")
def announce(
    controller: ControllerText,
    subprocessor: SubprocessorOption,
    service: Annotated[str, text_option("--service", "What it does, in a few words.")],
    starts: Annotated[int, moment_option("--starts", "When it is to start.")],
    country: CountriesOption,
    mechanism: MechanismOption,
    told_by: Annotated[ToldBy, typer.Option(help="How the controller was told.")],
    valid_from: Annotated[
        int | None, moment_option("--valid-from", "From when the mechanism is valid.")
    ] = None,
    valid_until: Annotated[
        int | None, moment_option("--valid-until", "Until when it is valid, if an end is known.")
    ] = None,
    agreement: Annotated[
        bool,
        typer.Option(
            "--with-agreement/--without-agreement",
            help="Whether a processing agreement with it is concluded.",
        ),
    ] = False,
    optional: Annotated[
        bool, typer.Option("--optional", help="It may be used only after the customer's explicit choice.")
    ] = False,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a controller was told of a sub-processor before it starts."""
    fields = {
        "service": service,
        "starts_at": starts,
        "countries": country,
        "mechanism": mechanism.value,
        "mechanism_valid_from": valid_from,
        "mechanism_valid_until": valid_until,
        "agreement_concluded": agreement,
        "optional": optional,
        "told_by": told_by.value,
    }
    state_case_fact("subprocessor.announced", controller, subprocessor, fields, at=at, as_json=as_json)


@subprocessor_app.command("object")
def object_(
    controller: ControllerText,
    subprocessor: SubprocessorOption,
    ground: Annotated[ObjectionGround, typer.Option(help="Why.")],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a controller objected: what is processed with it from now on is a finding, until it is settled."""
    fields = {"ground": ground.value}
    state_case_fact("subprocessor.objected", controller, subprocessor, fields, at=at, as_json=as_json)


@subprocessor_app.command("settle")
def settle(
    controller: ControllerText,
    subprocessor: SubprocessorOption,
    outcome: Annotated[ObjectionOutcome, typer.Option(help="How the objection ended.")],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State how an objection ended."""
    fields = {"outcome": outcome.value}
    state_case_fact(
        "subprocessor.objection_settled", controller, subprocessor, fields, at=at, as_json=as_json
    )


@subprocessor_app.command("contract")
def contract(
    controller: ControllerText,
    subprocessor: SubprocessorOption,
    version: Annotated[str, text_option("--version", "Version of the agreement with it.")],
    same_duties: Annotated[
        bool,
        typer.Option(
            "--same-duties/--fewer-duties", help="Whether it imposes at least the provider's own duties."
        ),
    ],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a processing agreement with a sub-processor was concluded."""
    fields = {"document_version": version, "same_duties": same_duties}
    state_case_fact("subprocessor.contracted", controller, subprocessor, fields, at=at, as_json=as_json)


@subprocessor_app.command("activate")
def activate(
    controller: ControllerText,
    subprocessor: SubprocessorOption,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a sub-processor started to process for a controller."""
    state_case_fact("subprocessor.activated", controller, subprocessor, {}, at=at, as_json=as_json)


@subprocessor_app.command("end")
def end(
    controller: ControllerText,
    subprocessor: SubprocessorOption,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a sub-processor no longer processes for a controller."""
    state_case_fact("subprocessor.ended", controller, subprocessor, {}, at=at, as_json=as_json)


@subprocessor_app.command("mechanism")
def mechanism_(
    controller: ControllerText,
    subprocessor: SubprocessorOption,
    country: CountriesOption,
    mechanism: MechanismOption,
    valid_from: Annotated[int, moment_option("--valid-from", "From when it is valid.")],
    valid_until: Annotated[
        int | None, moment_option("--valid-until", "Until when, if an end is known.")
    ] = None,
    safeguards: Annotated[
        str | None, text_option("--safeguards", "Where the safeguards are documented, Art. 30(1)(e).")
    ] = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State what transfers to a sub-processor rest on from a moment on, and until when."""
    fields = {
        "countries": country,
        "mechanism": mechanism.value,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "safeguards": safeguards,
    }
    state_case_fact("transfer.mechanism_set", controller, subprocessor, fields, at=at, as_json=as_json)


@subprocessor_app.command("list")
def list_(
    controller: OneControllerOption = None,
    subprocessor: Annotated[str | None, text_option("--subprocessor", "Only this one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List sub-processors: what each controller was told, and what was found."""
    show_cases(
        SUBPROCESSOR, controller=controller, case_id=subprocessor, as_json=as_json, name="subprocessors"
    )
