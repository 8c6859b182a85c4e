"""What customers were promised: the policies they adopted, the days they set, what is held, and an agreement that ends.

Told before anything else of the day, with all that governs (`ledger.dev.opening`), so that each call has a rule for how
long it is kept.
"""

from collections.abc import Mapping

from ledger.dev.invented import ASSISTANT, CALL_CENTRE, GARAGE, MESSAGING, SWITCHBOARD, Provider
from ledger.dev.planned import GARAGE_SINCE, PlannedRecord, Stage, agreement_of
from ledger.policies import load_pack

PACKS = (
    (ASSISTANT, "callingbird", None),
    (SWITCHBOARD, "callvoip-faq", None),
    (SWITCHBOARD, "callvoip-dpa", None),
    (CALL_CENTRE, "cloudtalk", None),
    (MESSAGING, "messagebird", "eu"),
)
"""The packs each provider and its customers adopt, those of a real provider of its kind; and the region."""
ADOPTED_DAYS = 200
"""How long before the day it all began."""
_DAYS = (
    (SWITCHBOARD, SWITCHBOARD.customers[0].controller, {"call_history": 60}),
    *(
        (provider, customer.controller, {"call_history": 365, "recording": 90, "transcript": 90})
        for provider in (ASSISTANT, CALL_CENTRE)
        for customer in provider.customers
        if customer is not ASSISTANT.customers[1]
    ),
    *(
        (provider, provider.name, {"signalling": 90, "signalling_identity": 14})
        for provider in (ASSISTANT, CALL_CENTRE, MESSAGING)
    ),
)
"""Days that controllers set where no document of their provider has an end; the garage set none, and that is found."""
HOLD_DAYS = 90


Controlled = tuple[Provider, str]
"""A provider, and a controller it processes for: a customer, or itself."""


def stated(
    stage: Stage, event_type: str, about: Controlled, at: int, payload: Mapping[str, object]
) -> PlannedRecord:
    """A governance fact of a provider about one controller."""
    provider, controller = about
    return stage.fact(
        event_type,
        provider,
        provider.customers[0],
        at,
        dict(payload),
        purpose="accountability",
        basis="legal_obligation",
        categories=(),
        country="",
        role="controller" if controller == provider.name else "processor",
        controller=controller,
    )


def adoptions(stage: Stage) -> list[PlannedRecord]:
    """Each customer, and each provider for its own processing, is held to its provider's packs."""
    told = []
    for provider, pack_id, region in PACKS:
        pack, content, sha256 = load_pack(pack_id)
        payload: dict[str, object] = {
            "pack": pack.id,
            "pack_version": pack.version,
            "content": content,
            "content_sha256": sha256,
            "region": region,
        }
        since = stage.days_later(stage.midnight, -ADOPTED_DAYS)
        told += [
            stated(stage, "policy.adopted", (provider, controller), since, payload)
            for controller in provider.controllers
        ]
        if provider is SWITCHBOARD:
            told.append(stated(stage, "policy.adopted", (provider, GARAGE.controller), GARAGE_SINCE, payload))
    return told


def arrangements(stage: Stage) -> list[PlannedRecord]:
    """Controllers' own days, a claim that holds recordings, an export that was waited for, and two notices to leave."""
    agency = SWITCHBOARD.customers[1].controller
    shop, traveller = (customer.controller for customer in CALL_CENTRE.customers)
    exported, at = stage.identifier("hold"), stage.midnight
    claim = _hold(stage, "legal", ["recording", "transcript"], "GDPR Art. 17(3)(e)", stage.identifier("hold"))
    export = _hold(stage, "export", [], "art. 12.3", exported)
    ending: dict[str, object] = {
        "agreement_id": agreement_of(agency),
        "ends_at": stage.days_later(stage.midnight, 30),
        "choice": "return_and_delete",
    }
    leaving: dict[str, object] = {**ending, "agreement_id": agreement_of(traveller), "choice": "delete"}
    return [
        *_own_days(stage),
        stated(stage, "hold.placed", (CALL_CENTRE, shop), at, claim),
        stated(stage, "hold.placed", (CALL_CENTRE, traveller), at, export),
        stated(stage, "hold.lifted", (CALL_CENTRE, traveller), at, {"hold_id": exported}),
        stated(stage, "agreement.terminated", (SWITCHBOARD, agency), at, ending),
        stated(stage, "agreement.terminated", (CALL_CENTRE, traveller), at, leaving),
    ]


def _own_days(stage: Stage) -> list[PlannedRecord]:
    since = stage.days_later(stage.midnight, -ADOPTED_DAYS)
    return [
        stated(
            stage,
            "retention.set",
            (provider, controller),
            since,
            {"retention_class": retention_class, "days": days},
        )
        for provider, controller, days_by_class in _DAYS
        for retention_class, days in days_by_class.items()
    ]


def _hold(stage: Stage, kind: str, classes: list[str], article: str, hold_id: str) -> dict[str, object]:
    return {
        "hold_id": hold_id,
        "kind": kind,
        "subject_pseudonym": None,
        "retention_classes": classes,
        "article": article,
        "ends_at": stage.days_later(stage.midnight, HOLD_DAYS),
    }
