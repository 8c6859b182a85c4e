"""`ledger audit`: a controller's audit of its processor, from the announcement to the report.

GDPR Art. 28(3)(h). Auditors are organisations here, never people.
"""

from enum import StrEnum
from typing import Annotated

import typer

from ledger.aggregates.cases import AUDIT
from ledger.cli.case_facts import show_cases, state_case_fact
from ledger.cli.options import (
    AtMoment,
    ControllerText,
    OneControllerOption,
    digest_option,
    moment_option,
    text_option,
)
from ledger.cli.output import JsonOption

audit_app = typer.Typer(help="Audits by controllers.", no_args_is_help=True)
AuditOption = Annotated[str, text_option("--audit", "The audit, as the controller calls it.")]


class AuditKind(StrEnum):
    """The year's regular audit, or an extra one."""

    REGULAR = "regular"
    EXTRA = "extra"


class AuditGround(StrEnum):
    """What allows an extra audit (CD-25)."""

    BREACH = "breach"
    MISUSE_INDICATION = "misuse_indication"
    AUTHORITY_ORDER = "authority_order"


class AuditRefusal(StrEnum):
    """Why an audit was refused."""

    TOO_SOON = "too_soon"
    TOO_OFTEN = "too_often"
    NOT_INDEPENDENT = "not_independent"
    NO_SECRECY = "no_secrecy"
    DISPROPORTIONATE = "disproportionate"
    OTHER = "other"


class Severity(StrEnum):
    """How grave a finding of an audit is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class AuditCosts(StrEnum):
    """Who pays for an audit (CD-28)."""

    CONTROLLER = "controller"
    PROVIDER = "provider"
    SHARED = "shared"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(audit_app, name="audit")


@audit_app.callback()
def _group() -> None:
    """Audits by controllers."""


@audit_app.command("announce")
def announce(
    controller: ControllerText,
    audit: AuditOption,
    independent: Annotated[
        bool,
        typer.Option(
            "--independent/--not-independent", help="Whether the auditor is an independent third party."
        ),
    ],
    secrecy: Annotated[
        bool, typer.Option("--secrecy/--no-secrecy", help="Whether the auditor is bound to secrecy.")
    ],
    in_writing: Annotated[
        bool, typer.Option("--in-writing/--not-in-writing", help="Whether it was announced in writing.")
    ],
    kind: Annotated[
        AuditKind, typer.Option(help="The year's regular audit, or an extra one.")
    ] = AuditKind.REGULAR,
    ground: Annotated[AuditGround | None, typer.Option(help="What allows an extra one.")] = None,
    reference: Annotated[
        str | None, text_option("--ground-reference", "The breach, the indication or the order.")
    ] = None,
    scope: Annotated[str | None, text_option("--scope", "Scope and aim, where stated.")] = None,
    auditor: Annotated[str | None, text_option("--auditor", "The organisation that audits.")] = None,
    qualifications: Annotated[
        str | None, text_option("--qualifications", "The auditor's qualifications.")
    ] = None,
    begins: Annotated[int | None, moment_option("--begins", "When it is to begin.")] = None,
    ends: Annotated[int | None, moment_option("--ends", "When it is to end.")] = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that the controller's announcement of an audit was received, and what it says."""
    fields = {
        "kind": kind.value,
        "ground": None if ground is None else ground.value,
        "ground_reference": reference,
        "scope": scope,
        "auditor": auditor,
        "qualifications": qualifications,
        "independent": independent,
        "bound_to_secrecy": secrecy,
        "in_writing": in_writing,
        "begins_at": begins,
        "ends_at": ends,
    }
    state_case_fact("audit.announced", controller, audit, fields, at=at, as_json=as_json)


@audit_app.command("grant")
def grant(
    controller: ControllerText,
    audit: AuditOption,
    covers: Annotated[
        list[str],
        text_option("--covers", "What may be seen, a code as system_logs; may be given more than once."),
    ],
    shielded: Annotated[
        bool,
        typer.Option(
            "--others-shielded/--others-exposed", help="Whether other customers' data stays out of sight."
        ),
    ],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that the auditor was given access."""
    fields = {"covers": covers, "other_customers_shielded": shielded}
    state_case_fact("audit.access_granted", controller, audit, fields, at=at, as_json=as_json)


@audit_app.command("refuse")
def refuse(
    controller: ControllerText,
    audit: AuditOption,
    ground: Annotated[AuditRefusal, typer.Option(help="Why.")],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that an audit was refused."""
    state_case_fact("audit.refused", controller, audit, {"ground": ground.value}, at=at, as_json=as_json)


@audit_app.command("begin")
def begin(
    controller: ControllerText, audit: AuditOption, at: AtMoment = None, as_json: JsonOption = False
) -> None:
    """State that an audit began."""
    state_case_fact("audit.begun", controller, audit, {}, at=at, as_json=as_json)


@audit_app.command("finding")
def finding_(
    controller: ControllerText,
    audit: AuditOption,
    finding: Annotated[str, text_option("--finding", "The finding's number in the report.")],
    severity: Annotated[Severity, typer.Option(help="How grave.")],
    implemented: Annotated[
        bool | None,
        typer.Option(
            "--implemented/--not-implemented", help="Whether the provider acts on it, once decided."
        ),
    ] = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State something that an audit found."""
    fields = {"finding": finding, "severity": severity.value, "implemented": implemented}
    state_case_fact("audit.finding_reported", controller, audit, fields, at=at, as_json=as_json)


@audit_app.command("close")
def close(
    controller: ControllerText,
    audit: AuditOption,
    costs: Annotated[AuditCosts, typer.Option(help="Who pays for it.")],
    report: Annotated[str | None, digest_option("--report-sha256", "SHA-256 of the report.")] = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that an audit ended."""
    fields = {"report_sha256": report, "costs_borne_by": costs.value}
    state_case_fact("audit.closed", controller, audit, fields, at=at, as_json=as_json)


@audit_app.command("show")
def show(
    controller: OneControllerOption = None,
    audit: Annotated[str | None, text_option("--audit", "Only this audit.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show audits: what happened, which deadlines run or ran, and what was found on them."""
    show_cases(AUDIT, controller=controller, case_id=audit, as_json=as_json, name="audits")
