"""`ledger agreement terminate`: an agreement ends, and the clock of what was kept until its end starts."""

from enum import StrEnum
from typing import Annotated

import typer

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, instant, parse_instant
from ledger.cli.stated import (
    AtOption,
    ControllerOption,
    Statement,
    checked_text,
    emit_stated,
    occurred_at,
    rules_of,
    state_fact,
)
from ledger.config import Settings
from ledger.errors import CallerError

agreement_app = typer.Typer(help="Agreements with controllers.", no_args_is_help=True)


class Choice(StrEnum):
    """What a controller wants done with its data at the end; silent when it did not say."""

    RETURN = "return"
    DELETE = "delete"
    RETURN_AND_DELETE = "return_and_delete"
    SILENT = "silent"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(agreement_app, name="agreement")


@agreement_app.callback()
def _group() -> None:
    """Agreements with controllers."""


@agreement_app.command("terminate")
def terminate(
    controller: ControllerOption,
    agreement: Annotated[str, typer.Option(help="The agreement's id.")],
    ends: Annotated[str, typer.Option(help="When it ends, RFC 3339 or a date (UTC).")],
    choice: Annotated[Choice, typer.Option(help="What the controller wants done with its data.")],
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """State that an agreement ends. Stating it again for the same agreement corrects what was stated before."""
    settings = Settings()
    ends_at = parse_instant("--ends", ends)
    if ends_at is None:
        raise CallerError("--ends is missing")
    fields = {
        "agreement_id": checked_text("--agreement", agreement),
        "ends_at": ends_at,
        "choice": choice.value,
    }
    checked_text("--controller", controller)
    with runtime(settings) as parts:
        statement = Statement(
            event_type="agreement.terminated",
            controller=controller,
            fields=fields,
            occurred_at=occurred_at(parts, at),
        )
        stated = state_fact(parts, statement)
        terminations = rules_of(parts, controller).ended
    state = {
        "terminations": [
            {"agreement": each.agreement_id, "ends_at": instant(each.ends_at), "choice": each.choice}
            for each in terminations
        ]
    }
    emit_stated(stated, state, as_json=as_json)
