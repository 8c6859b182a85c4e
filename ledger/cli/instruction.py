"""`ledger instruction`: what a controller told its processor to do, in writing or by a click in the dashboard.

GDPR Art. 28(3)(a). Facts about people name the instruction as their `instruction_id`. What the ledger tells services to
do is something else: `ledger.instructions`.
"""

from enum import StrEnum
from typing import Annotated

import typer

from ledger.cli.case_facts import state_case_fact
from ledger.cli.options import AgreementOption, AtMoment, ChoiceChannel, ControllerText, text_option
from ledger.cli.output import JsonOption

instruction_app = typer.Typer(help="Instructions of controllers to their processor.", no_args_is_help=True)
InstructionOption = Annotated[
    str, text_option("--instruction", "The instruction, as facts name it in instruction_id.")
]


class UnlawfulGround(StrEnum):
    """Why an instruction is unlawful in the provider's opinion."""

    NO_LAWFUL_BASIS = "no_lawful_basis"
    PURPOSE_LIMITATION = "purpose_limitation"
    TRANSFER = "transfer"
    SPECIAL_CATEGORY = "special_category"
    TELECOM_SECRECY = "telecom_secrecy"
    OTHER = "other"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(instruction_app, name="instruction")


@instruction_app.callback()
def _group() -> None:
    """Instructions of controllers to their processor."""


@instruction_app.command("receive")
def receive(
    controller: ControllerText,
    agreement: AgreementOption,
    instruction: InstructionOption,
    channel: Annotated[ChoiceChannel, typer.Option(help="How it was given.")],
    action: Annotated[str, text_option("--action", "What is to be done: a code, never free text.")],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a controller gave an instruction."""
    fields = {"instruction": instruction, "channel": channel.value, "action": action}
    state_case_fact("instruction.received", controller, agreement, fields, at=at, as_json=as_json)


@instruction_app.command("object")
def object_(
    controller: ControllerText,
    agreement: AgreementOption,
    instruction: InstructionOption,
    ground: Annotated[UnlawfulGround, typer.Option(help="Why.")],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that the provider told the controller that an instruction is unlawful in its opinion."""
    fields = {"instruction": instruction, "ground": ground.value}
    state_case_fact("instruction.objected", controller, agreement, fields, at=at, as_json=as_json)


@instruction_app.command("withdraw")
def withdraw(
    controller: ControllerText,
    agreement: AgreementOption,
    instruction: InstructionOption,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a controller took an instruction back."""
    fields = {"instruction": instruction}
    state_case_fact("instruction.withdrawn", controller, agreement, fields, at=at, as_json=as_json)
