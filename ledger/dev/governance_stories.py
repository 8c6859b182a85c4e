"""What customers agreed to: the policies they adopted, the days they set, what is held, and an agreement that ends.

Told before anything else of the day happens, so that each call has a rule for how long it is kept.
"""

from ledger.dev.invented import ASSISTANT, CALL_CENTRE, MESSAGING, SWITCHBOARD, Customer, Provider
from ledger.dev.planned import PlannedRecord, Stage
from ledger.policies import load_pack

PACKS = (
    (ASSISTANT, "callingbird", None),
    (SWITCHBOARD, "callvoip-faq", None),
    (CALL_CENTRE, "callvoip-dpa", None),
    (MESSAGING, "messagebird", "eu"),
)
"""The pack each provider and its customers adopt, that of a real provider of its kind; and the region."""
CALL_HISTORY_DAYS = 60
HOLD_DAYS = 90


def adoptions(stage: Stage, at: int) -> list[PlannedRecord]:
    """Each customer, and each provider for its own processing, is held to a policy pack."""
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
        told += [
            _stated(stage, "policy.adopted", provider, customer, at, payload=payload, controller=controller)
            for controller, customer in (
                (provider.name, provider.customers[0]),
                *((customer.controller, customer) for customer in provider.customers),
            )
        ]
    return told


def arrangements(stage: Stage, at: int) -> list[PlannedRecord]:
    """A customer's own days, a claim that holds recordings, an export that was waited for, and a notice to leave."""
    bakery, agency = SWITCHBOARD.customers
    shop, traveller = CALL_CENTRE.customers
    exported = stage.identifier("hold")
    days: dict[str, object] = {"retention_class": "call_history", "days": CALL_HISTORY_DAYS}
    claim = _hold(stage, "legal", ["recording", "transcript"], "GDPR Art. 17(3)(e)", stage.identifier("hold"))
    export = _hold(stage, "export", [], "art. 12.3", exported)
    ending: dict[str, object] = {
        "agreement_id": stage.identifier("overeenkomst"),
        "ends_at": stage.days_later(stage.midnight, 30),
        "choice": "return_and_delete",
    }
    return [
        _stated(stage, "retention.set", SWITCHBOARD, bakery, at, payload=days),
        _stated(stage, "hold.placed", CALL_CENTRE, shop, at, payload=claim),
        _stated(stage, "hold.placed", CALL_CENTRE, traveller, at, payload=export),
        _stated(stage, "hold.lifted", CALL_CENTRE, traveller, at, payload={"hold_id": exported}),
        _stated(stage, "agreement.terminated", SWITCHBOARD, agency, at, payload=ending),
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


def _stated(
    stage: Stage,
    event_type: str,
    provider: Provider,
    customer: Customer,
    at: int,
    *,
    payload: dict[str, object],
    controller: str | None = None,
) -> PlannedRecord:
    return stage.fact(
        event_type,
        provider,
        customer,
        at,
        payload,
        purpose="accountability",
        basis="legal_obligation",
        categories=(),
        country="",
        controller=controller,
    )
