"""`ledger disclosure`: an authority demands data, and the provider decides.

What was handed over of whom is a fact about each person, `data.disclosed`, that the service publishes; it names the
same disclosure.
"""

from enum import StrEnum
from typing import Annotated

import typer

from ledger.aggregates.cases import DISCLOSURE
from ledger.cli.case_facts import show_cases, state_case_fact
from ledger.cli.options import AtMoment, ControllerText, OneControllerOption, country_option, text_option
from ledger.cli.output import JsonOption

disclosure_app = typer.Typer(help="Demands of authorities for data.", no_args_is_help=True)
DisclosureOption = Annotated[str, text_option("--disclosure", "The demand, as the provider calls it.")]


class DemandKind(StrEnum):
    """What an authority's demand is."""

    SUBPOENA = "subpoena"
    WARRANT = "warrant"
    COURT_ORDER = "court_order"
    STATUTORY_DEMAND = "statutory_demand"
    EMERGENCY = "emergency"
    INFORMAL = "informal"


class Outcome(StrEnum):
    """What was decided on a demand."""

    DISCLOSED = "disclosed"
    PARTLY_DISCLOSED = "partly_disclosed"
    REFUSED = "refused"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(disclosure_app, name="disclosure")


@disclosure_app.callback()
def _group() -> None:
    """Demands of authorities for data."""


@disclosure_app.command("demand")
def demand(
    controller: ControllerText,
    disclosure: DisclosureOption,
    authority: Annotated[str, text_option("--authority", "The authority: an office, never a person.")],
    country: Annotated[str, country_option("--country", "The authority's country.")],
    kind: Annotated[DemandKind, typer.Option(help="What the demand is.")],
    public_body: Annotated[
        bool, typer.Option("--public-body/--no-public-body", help="Whether it comes from a public body.")
    ],
    jurisdiction: Annotated[
        bool,
        typer.Option(
            "--jurisdiction/--no-jurisdiction",
            help="Whether the provider is under the jurisdiction it is issued in.",
        ),
    ],
    enforceable: Annotated[
        bool,
        typer.Option(
            "--enforceable/--not-enforceable",
            help="Whether it is an enforceable subpoena, warrant, order or similar.",
        ),
    ],
    categories: Annotated[
        bool,
        typer.Option("--states-categories/--no-categories", help="Whether it states the categories of data."),
    ],
    period: Annotated[
        bool, typer.Option("--states-period/--no-period", help="Whether it states the specific period.")
    ],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that an authority demanded data, and which conditions the demand meets (MB-25)."""
    fields = {
        "authority": authority,
        "authority_country": country,
        "demand_kind": kind.value,
        "from_public_body": public_body,
        "within_jurisdiction": jurisdiction,
        "enforceable": enforceable,
        "states_categories": categories,
        "states_period": period,
    }
    state_case_fact("disclosure.demanded", controller, disclosure, fields, at=at, as_json=as_json)


@disclosure_app.command("decide")
def decide(
    controller: ControllerText,
    disclosure: DisclosureOption,
    outcome: Annotated[Outcome, typer.Option(help="What was decided.")],
    informed: Annotated[
        bool,
        typer.Option(
            "--controller-informed/--controller-not-informed", help="Whether the controller was told."
        ),
    ],
    checked: Annotated[
        bool,
        typer.Option(
            "--conditions-checked/--conditions-not-checked",
            help="Whether the conditions were checked before.",
        ),
    ],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State what was decided on a demand."""
    fields = {"outcome": outcome.value, "controller_informed": informed, "conditions_checked": checked}
    state_case_fact("disclosure.decided", controller, disclosure, fields, at=at, as_json=as_json)


@disclosure_app.command("show")
def show(
    controller: OneControllerOption = None,
    disclosure: Annotated[str | None, text_option("--disclosure", "Only this demand.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show demands: which conditions each met, what was decided, and what was found."""
    show_cases(DISCLOSURE, controller=controller, case_id=disclosure, as_json=as_json, name="disclosures")
