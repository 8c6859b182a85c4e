"""`ledger breach`: a personal data breach, from its discovery to its end.

Discovery, the controller's awareness and each notification are facts of their own, because each starts or stops
another clock. GDPR Art. 4(12), 33 and 34.
"""

from enum import StrEnum
from typing import Annotated

import typer

from ledger.aggregates.cases import BREACH
from ledger.cli.case_facts import show_cases, state_case_fact
from ledger.cli.options import AtMoment, ControllerText, OneControllerOption, moment_option, text_option
from ledger.cli.output import JsonOption

breach_app = typer.Typer(help="Personal data breaches, and who was told when.", no_args_is_help=True)
BreachOption = Annotated[str, text_option("--breach", "The breach, as the provider calls it.")]


class BreachKind(StrEnum):
    """What was hurt, GDPR Art. 4(12)."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


class Risk(StrEnum):
    """Risk to the rights and freedoms of people, GDPR Art. 33(1) and 34(1)."""

    UNLIKELY = "unlikely"
    RISK = "risk"
    HIGH = "high"


class Recipient(StrEnum):
    """Who is told of a breach."""

    CONTROLLER = "controller"
    AUTHORITY = "authority"
    PEOPLE = "people"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(breach_app, name="breach")


@breach_app.callback()
def _group() -> None:
    """Personal data breaches, and who was told when."""


@breach_app.command("discover")
def discover(
    controller: ControllerText,
    breach: BreachOption,
    kind: Annotated[BreachKind, typer.Option(help="What was hurt.")],
    by: Annotated[str, text_option("--by", "The provider or sub-processor that discovered it.")],
    began: Annotated[
        int | None, moment_option("--began", "When the breach itself happened, if known.")
    ] = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a breach was discovered: the clocks of the agreements start at `--at`."""
    fields = {"breach_began_at": began, "kind": kind.value, "discovered_by": by}
    state_case_fact("breach.discovered", controller, breach, fields, at=at, as_json=as_json)


@breach_app.command("aware")
def aware(
    controller: ControllerText, breach: BreachOption, at: AtMoment = None, as_json: JsonOption = False
) -> None:
    """State that the controller became aware of a breach with reasonable certainty: the 72 hours to the authority."""
    state_case_fact("breach.aware", controller, breach, {}, at=at, as_json=as_json)


@breach_app.command("assess")
def assess(
    controller: ControllerText,
    breach: BreachOption,
    risk: Annotated[Risk, typer.Option(help="Risk to the rights and freedoms of people.")],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State how great the risk of a breach was assessed to be."""
    state_case_fact("breach.assessed", controller, breach, {"risk": risk.value}, at=at, as_json=as_json)


@breach_app.command("notify")
def notify(
    controller: ControllerText,
    breach: BreachOption,
    to: Annotated[Recipient, typer.Option("--to", help="Who was told.")],
    nature: Annotated[str | None, text_option("--nature", "The nature of the breach.")] = None,
    people: Annotated[
        list[str] | None,
        text_option("--subject-category", "A category of people concerned; may be repeated."),
    ] = None,
    people_count: Annotated[
        int | None, typer.Option("--subjects", min=0, help="About how many people.")
    ] = None,
    records: Annotated[
        list[str] | None,
        text_option("--record-category", "A category of records concerned; may be repeated."),
    ] = None,
    records_count: Annotated[
        int | None, typer.Option("--records", min=0, help="About how many records.")
    ] = None,
    contact: Annotated[str | None, text_option("--contact", "Office where more can be learned.")] = None,
    consequences: Annotated[str | None, text_option("--consequences", "Likely consequences.")] = None,
    measures: Annotated[str | None, text_option("--measures", "Measures taken or proposed.")] = None,
    delay: Annotated[str | None, text_option("--delay-reasons", "Why it is late, where it is.")] = None,
    more_follows: Annotated[
        bool, typer.Option("--more-follows/--complete", help="Whether more information follows, Art. 33(4).")
    ] = False,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that somebody was told of a breach, and of what; in phases, one statement each. No personal data."""
    fields = {
        "recipient": to.value,
        "nature": nature,
        "subject_categories": people or [],
        "subjects_approximate": people_count,
        "record_categories": records or [],
        "records_approximate": records_count,
        "contact": contact,
        "consequences": consequences,
        "measures": measures,
        "delay_reasons": delay,
        "more_follows": more_follows,
    }
    state_case_fact("breach.notified", controller, breach, fields, at=at, as_json=as_json)


@breach_app.command("close")
def close(
    controller: ControllerText,
    breach: BreachOption,
    effects: Annotated[str | None, text_option("--effects", "Its effects, for the documentation.")] = None,
    remedies: Annotated[
        str | None, text_option("--remedies", "What was done, for the documentation.")
    ] = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a breach was dealt with; effects and remedies are the documentation of Art. 33(5)."""
    fields = {"effects": effects, "remedies": remedies}
    state_case_fact("breach.closed", controller, breach, fields, at=at, as_json=as_json)


@breach_app.command("show")
def show(
    controller: OneControllerOption = None,
    breach: Annotated[str | None, text_option("--breach", "Only this breach.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show breaches: what happened, which deadlines run or ran, and what was found."""
    show_cases(BREACH, controller=controller, case_id=breach, as_json=as_json, name="breaches")
