"""`ledger retention set`: a customer's own number of days for a class of data."""

from typing import Annotated

import typer

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, instant
from ledger.cli.stated import (
    AtOption,
    ControllerOption,
    Statement,
    checked_classes,
    checked_text,
    emit_stated,
    occurred_at,
    rules_of,
    state_fact,
)
from ledger.config import Settings
from ledger.rules.keeping.retention import NEVER_SET, SETTING_DAYS_MAX, ControllerRules, setting_holds


def retention_set(
    controller: ControllerOption,
    retention_class: Annotated[str, typer.Option("--class", help="The class of data.")],
    days: Annotated[
        int,
        typer.Option(
            min=0, max=SETTING_DAYS_MAX, help="Whole days after the day itself; 0: not kept at all."
        ),
    ],
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set how many days a class of data is kept. Shorter holds for what is there, longer only for what comes."""
    settings = Settings()
    checked_text("--controller", controller)
    [name] = checked_classes([retention_class])
    with runtime(settings) as parts:
        statement = Statement(
            event_type="retention.set",
            controller=controller,
            fields={"retention_class": name, "days": days},
            occurred_at=occurred_at(parts, at),
        )
        stated = state_fact(parts, statement)
        rules, now = rules_of(parts, controller), parts.clock()
    state = {
        "settings": [
            {"retention_class": each.retention_class, "days": each.days, "since": instant(each.at)}
            for each in rules.settings
            if each.retention_class == name and setting_holds(name, each.days)
        ]
    }
    warnings = _warnings(rules, name, days)
    if statement.occurred_at > now:
        since = instant(statement.occurred_at)
        warnings.append(f"the setting lies in the future: nothing changes before {since}")
    emit_stated(stated, state, as_json=as_json, warnings=warnings)


def _warnings(rules: ControllerRules, retention_class: str, days: int) -> list[str]:
    """What a customer should hear of a setting that is recorded all the same."""
    if retention_class in NEVER_SET:
        return [
            f"a customer has no say in {retention_class}: the setting does not hold and is recorded as a finding"
        ]
    allowed = any(
        rule.customer_set and rule.covers(retention_class)
        for adoption in rules.adopted
        for rule in adoption.rules()
    )
    if not allowed:
        return [f"no policy this controller adopted lets the customer set the days of {retention_class}"]
    if days == 0:
        return ["what came in before is due at the end of its own day"]
    return []
