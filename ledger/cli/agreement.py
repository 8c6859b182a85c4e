"""`ledger agreement`: what a controller and its provider agreed, and what the controller chose under it.

Signatures, purposes with the role played for each, why calls are recorded, optional processors, changes and the end.
GDPR Art. 28(3). Instructions under an agreement are `ledger instruction`.
"""

from enum import StrEnum
from typing import Annotated

import typer

from ledger.aggregates.cases import AGREEMENT
from ledger.cli.agreement_terminate import terminate
from ledger.cli.case_facts import show_cases, state_case_fact
from ledger.cli.options import (
    AgreementOption,
    AtMoment,
    ChoiceChannel,
    ControllerText,
    OneControllerOption,
    PurposesOption,
    agreed_purposes,
    digest_option,
    moment_option,
    text_option,
)
from ledger.cli.output import JsonOption

agreement_app = typer.Typer(help="Agreements with controllers.", no_args_is_help=True)
agreement_app.command("terminate")(terminate)
VersionOption = Annotated[str, text_option("--version", "Version of the text.")]
DigestOption = Annotated[str | None, digest_option("--sha256", "SHA-256 of the text.")]
SubprocessorOption = Annotated[str, text_option("--subprocessor", "The optional sub-processor.")]
ChannelOption = Annotated[ChoiceChannel, typer.Option(help="How it was chosen.")]


class AgreementKind(StrEnum):
    """What the document is."""

    PROCESSING_AGREEMENT = "processing_agreement"
    TERMS = "terms"
    JOINT_ARRANGEMENT = "joint_arrangement"


class RecordingPurpose(StrEnum):
    """Why calls are recorded."""

    QUALITY = "quality"
    TRAINING = "training"
    EVIDENCE = "evidence"
    ORDER_CONFIRMATION = "order_confirmation"
    LEGAL_DUTY = "legal_duty"
    OTHER = "other"


class DeclaredIn(StrEnum):
    """Where the reason for recording was stated."""

    DASHBOARD = "dashboard"
    AGREEMENT = "agreement"
    WRITTEN = "written"


ReasonOption = Annotated[RecordingPurpose, typer.Option("--purpose", help="Why calls are recorded.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(agreement_app, name="agreement")


@agreement_app.callback()
def _group() -> None:
    """Agreements with controllers."""


@agreement_app.command("conclude")
def conclude(
    controller: ControllerText,
    agreement: AgreementOption,
    version: VersionOption,
    kind: Annotated[
        AgreementKind, typer.Option(help="What the document is.")
    ] = AgreementKind.PROCESSING_AGREEMENT,
    controller_signed: Annotated[
        int | None, moment_option("--signed-by-controller", "When the controller signed, if it has.")
    ] = None,
    provider_signed: Annotated[
        int | None, moment_option("--signed-by-provider", "When the provider signed, if it has.")
    ] = None,
    purpose: PurposesOption = None,
    sha256: DigestOption = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that an agreement was concluded; it holds from the last signature."""
    fields = {
        "agreement_kind": kind.value,
        "document_version": version,
        "document_sha256": sha256,
        "signed_by_controller_at": controller_signed,
        "signed_by_provider_at": provider_signed,
        "purposes": agreed_purposes(purpose),
    }
    state_case_fact("agreement.concluded", controller, agreement, fields, at=at, as_json=as_json)


@agreement_app.command("amend")
def amend(
    controller: ControllerText,
    agreement: AgreementOption,
    version: VersionOption,
    controller_accepted: Annotated[
        int | None, moment_option("--accepted-by-controller", "When the controller agreed, if it has.")
    ] = None,
    provider_accepted: Annotated[
        int | None, moment_option("--accepted-by-provider", "When the provider agreed, if it has.")
    ] = None,
    purpose: PurposesOption = None,
    sha256: DigestOption = None,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that an agreement changed, and who agreed to that."""
    fields = {
        "document_version": version,
        "document_sha256": sha256,
        "accepted_by_controller_at": controller_accepted,
        "accepted_by_provider_at": provider_accepted,
        "purposes": agreed_purposes(purpose),
    }
    state_case_fact("agreement.amended", controller, agreement, fields, at=at, as_json=as_json)


@agreement_app.command("declare-recording")
def declare_recording(
    controller: ControllerText,
    agreement: AgreementOption,
    purpose: ReasonOption,
    declared_in: Annotated[DeclaredIn, typer.Option("--in", help="Where it was stated.")],
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State why a controller has its calls recorded; recording without it is a finding."""
    fields = {"recording_purpose": purpose.value, "declared_in": declared_in.value}
    state_case_fact("recording.purpose_declared", controller, agreement, fields, at=at, as_json=as_json)


@agreement_app.command("revoke-recording")
def revoke_recording(
    controller: ControllerText,
    agreement: AgreementOption,
    purpose: ReasonOption,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a controller no longer has its calls recorded for a purpose."""
    fields = {"recording_purpose": purpose.value}
    state_case_fact("recording.purpose_revoked", controller, agreement, fields, at=at, as_json=as_json)


@agreement_app.command("opt-in")
def opt_in(
    controller: ControllerText,
    agreement: AgreementOption,
    subprocessor: SubprocessorOption,
    channel: ChannelOption,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a controller explicitly chose an optional sub-processor."""
    fields = {"subprocessor": subprocessor, "channel": channel.value}
    state_case_fact("processor.opted_in", controller, agreement, fields, at=at, as_json=as_json)


@agreement_app.command("opt-out")
def opt_out(
    controller: ControllerText,
    agreement: AgreementOption,
    subprocessor: SubprocessorOption,
    channel: ChannelOption,
    at: AtMoment = None,
    as_json: JsonOption = False,
) -> None:
    """State that a controller no longer wants an optional sub-processor."""
    fields = {"subprocessor": subprocessor, "channel": channel.value}
    state_case_fact("processor.opted_out", controller, agreement, fields, at=at, as_json=as_json)


@agreement_app.command("show")
def show(
    controller: OneControllerOption = None,
    agreement: Annotated[str | None, text_option("--agreement", "Only this agreement.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show agreements: what was agreed, chosen and instructed, and what was found."""
    show_cases(AGREEMENT, controller=controller, case_id=agreement, as_json=as_json, name="agreements")
