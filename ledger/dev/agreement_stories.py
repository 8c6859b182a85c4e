"""What the customers agreed to, chose and instructed: each has an agreement, and most of it is in order.

One agency records calls without having said why; one instruction is unlawful, and the provider says so at once.
"""

from collections.abc import Mapping

from ledger.dev.call_stories import CRM, CRM_USERS
from ledger.dev.governance_stories import ADOPTED_DAYS, Controlled, stated
from ledger.dev.invented import ASSISTANT, CALL_CENTRE, GARAGE, MESSAGING, PROVIDERS, SWITCHBOARD, Provider
from ledger.dev.planned import DAY, GARAGE_SINCE, HOUR, PlannedRecord, Stage, agreement_of

PURPOSES: Mapping[str, tuple[str, ...]] = {
    ASSISTANT.name: ("telephony", "assistant", "evidence"),
    SWITCHBOARD.name: ("telephony", "click_to_dial", "quality", "evidence", "support_request"),
    CALL_CENTRE.name: ("telephony", "quality", "web_analytics", "support_request"),
    MESSAGING.name: ("messaging", "newsletter"),
}
"""What the stories do for customers, by provider; the provider is their processor for all of it."""
RECORDING = (
    (ASSISTANT, ASSISTANT.customers[0], "evidence"),
    (ASSISTANT, ASSISTANT.customers[1], "evidence"),
    (SWITCHBOARD, SWITCHBOARD.customers[0], "quality"),
    (CALL_CENTRE, CALL_CENTRE.customers[0], "quality"),
    (CALL_CENTRE, CALL_CENTRE.customers[1], "quality"),
)
"""Who stated why calls are recorded. The agency, the switchboard's other customer, did not."""


def agreements(stage: Stage) -> list[PlannedRecord]:
    """Each customer's agreement, signed by both, with what data may be processed for."""
    began = stage.days_later(stage.midnight, -ADOPTED_DAYS)
    told = [
        _concluded(stage, provider, customer.controller, began)
        for provider in PROVIDERS
        for customer in provider.customers
    ]
    return [*told, _concluded(stage, SWITCHBOARD, GARAGE.controller, GARAGE_SINCE)]


def choices(stage: Stage) -> list[PlannedRecord]:
    """Why calls are recorded, which optional processors are wanted, and a change that both agreed to."""
    bakery = SWITCHBOARD.customers[0].controller
    since = stage.days_later(stage.midnight, -ADOPTED_DAYS) + DAY
    told = [
        _under(
            stage,
            "recording.purpose_declared",
            (provider, customer.controller),
            since,
            {"recording_purpose": reason, "declared_in": "dashboard"},
        )
        for provider, customer, reason in RECORDING
    ]
    quality: dict[str, object] = {"recording_purpose": "quality", "declared_in": "agreement"}
    declared = "recording.purpose_declared"
    told.append(_under(stage, declared, (SWITCHBOARD, GARAGE.controller), GARAGE_SINCE, quality))
    shop = CALL_CENTRE.customers[0].controller
    training: dict[str, object] = {"recording_purpose": "training"}
    written = {**training, "declared_in": "written"}
    told.append(_under(stage, declared, (CALL_CENTRE, shop), since, written))
    revoked_at = stage.days_later(stage.midnight, -90)
    told.append(_under(stage, "recording.purpose_revoked", (CALL_CENTRE, shop), revoked_at, training))
    optional = (
        ("processor.opted_in", CRM, -150),
        ("processor.opted_in", "Mistral", -120),
        ("processor.opted_out", "Mistral", -119),
    )
    told += [
        _under(
            stage,
            event_type,
            (SWITCHBOARD, CRM_USERS[0]),
            stage.days_later(stage.midnight, days),
            {"subprocessor": name, "channel": "dashboard"},
        )
        for event_type, name, days in optional
    ]
    agreed_at = stage.days_later(stage.midnight, -40)
    amended: dict[str, object] = {
        "document_version": "2",
        "document_sha256": None,
        "accepted_by_controller_at": agreed_at,
        "accepted_by_provider_at": agreed_at - DAY,
        "purposes": [],
    }
    return [*told, _under(stage, "agreement.amended", (SWITCHBOARD, bakery), agreed_at, amended)]


def instructions(stage: Stage) -> list[PlannedRecord]:
    """A click in a dashboard, and an instruction that the provider may not carry out and says so within the hour."""
    dentist = ASSISTANT.customers[0].controller
    agency = SWITCHBOARD.customers[1].controller
    clicked_at = stage.days_later(stage.midnight, -30) + 11 * HOUR
    written_at = stage.days_later(stage.midnight, -12) + 9 * HOUR
    unlawful: dict[str, object] = {"instruction": "opdracht-makelaar-7"}
    return [
        _under(
            stage,
            "instruction.received",
            (ASSISTANT, dentist),
            clicked_at,
            {"instruction": "opdracht-tandarts-3", "channel": "dashboard", "action": "shorten_summaries"},
        ),
        _under(
            stage,
            "instruction.received",
            (SWITCHBOARD, agency),
            written_at,
            {**unlawful, "channel": "written", "action": "record_all_calls_unannounced"},
        ),
        _under(
            stage,
            "instruction.objected",
            (SWITCHBOARD, agency),
            written_at + HOUR,
            {**unlawful, "ground": "telecom_secrecy"},
        ),
        _under(stage, "instruction.withdrawn", (SWITCHBOARD, agency), written_at + 30 * HOUR, unlawful),
    ]


def _concluded(stage: Stage, provider: Provider, controller: str, began: int) -> PlannedRecord:
    payload: dict[str, object] = {
        "agreement_kind": "processing_agreement",
        "document_version": "1",
        "document_sha256": stage.digest(),
        "signed_by_controller_at": began - 2 * DAY,
        "signed_by_provider_at": began - DAY,
        "purposes": [{"purpose": purpose, "role": "processor"} for purpose in PURPOSES[provider.name]],
    }
    return _under(stage, "agreement.concluded", (provider, controller), began - DAY, payload)


def _under(
    stage: Stage, event_type: str, about: Controlled, at: int, payload: Mapping[str, object]
) -> PlannedRecord:
    """A fact of a customer's agreement."""
    return stated(stage, event_type, about, at, {"agreement_id": agreement_of(about[1]), **payload})
