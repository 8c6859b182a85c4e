"""`ledger agreement terminate`: an agreement ends, and the clock of what was kept until its end starts.

It says what follows, and when: what is destroyed cannot be returned any more.
"""

from dataclasses import replace
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
from ledger.contract.retention_classes import KEY_PER_FACT, RETENTION_CLASSES
from ledger.errors import CallerError
from ledger.rules.calendar.periods import day_of
from ledger.rules.keeping.agreement_end import RETURN, agreement_ends
from ledger.rules.keeping.retention import ControllerRules, Termination


class Choice(StrEnum):
    """What a controller wants done with its data at the end; silent when it did not say."""

    RETURN = "return"
    DELETE = "delete"
    RETURN_AND_DELETE = "return_and_delete"
    SILENT = "silent"


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
        rules = rules_of(parts, controller)
    said = next(each for each in rules.ended if each.agreement_id == agreement)
    state = {
        "terminations": [
            {"agreement": each.agreement_id, "ends_at": instant(each.ends_at), "choice": each.choice}
            for each in rules.ended
        ],
        "data_due_at": instant(_due_at(rules, said)),
    }
    emit_stated(stated, state, as_json=as_json, warnings=[_what_follows(rules, said, controller)])


def _due_at(rules: ControllerRules, said: Termination) -> int | None:
    """When the first of the data that this end ends is due; what its own period ends sooner is due by that.

    None where every class is kept under a duty.
    """
    only = replace(rules, terminations=(said,))
    day = day_of(said.ends_at) - 1  # the last whole one
    return min(
        (
            end.ended_at
            for name in RETENTION_CLASSES
            if name not in rules.duties and name not in KEY_PER_FACT
            for end in agreement_ends(only, name, day)
        ),
        default=None,
    )


def _what_follows(rules: ControllerRules, said: Termination, controller: str) -> str:
    due_at = _due_at(rules, said)
    if due_at is None:
        return "no data ends with this agreement: its policies were adopted after the end, or a duty keeps it"
    export = f"`ledger export --controller {controller} --why end_of_agreement --out FILE`"
    destroyed = (
        f"the controller's data is destroyed from {instant(due_at)} on, but for what a duty or a hold keeps"
    )
    if said.choice in RETURN:
        return (
            f"{destroyed}, also if nobody exports it; as soon as an export of the whole controller is made after the "
            f"agreement has ended, it is due then. Return it with {export}"
        )
    return f"{destroyed}. Nothing waits for an export: make one before with {export}, or place an export hold"
