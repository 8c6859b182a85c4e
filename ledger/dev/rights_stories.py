"""What services do because people and authorities ask for it, and who looked."""

from ledger.dev.audit_stories import DEMANDS
from ledger.dev.invented import CALL_CENTRE, MESSAGING, PROVIDERS, SWITCHBOARD, Customer, Person, Provider
from ledger.dev.planned import HOUR, PlannedRecord, Stage, subject_fields


def export(stage: Stage, at: int) -> list[PlannedRecord]:
    """Somebody asks for their data: it is looked up, and sent."""
    who, provider = stage.someone(), stage.random.choice(PROVIDERS)
    customer = stage.random.choice(provider.customers)
    request_id = stage.identifier("verzoek")
    looked_up = _accessed(
        stage, provider, customer, who, at, reason="rights_request", by_staff=False, reference=request_id
    )
    exported = stage.fact(
        "data.exported",
        provider,
        customer,
        stage.later(at, minutes=(10, 60)),
        {
            **subject_fields(who, by="phone"),
            "export_id": stage.identifier("export"),
            "request_id": request_id,
            "format": "zip",
            "recipient_kind": "data_subject",
            "recipient_name": who.name,
            "reason": "access_request",
            "object_count": stage.random.randrange(1, 200),
            "size_bytes": stage.random.randrange(10_000, 50_000_000),
            "sha256": stage.digest(),
            "encrypted": True,
            "destination_country": "NL",
        },
        purpose="rights_request",
        basis="legal_obligation",
        categories=("phone_number", "voice", "traffic_data"),
    )
    return [looked_up, exported]


def erasure(stage: Stage, at: int) -> list[PlannedRecord]:
    """A storage service erased something: asked for, because a period ended, or it must keep it."""
    who, provider = stage.someone(), stage.random.choice(PROVIDERS)
    refused = stage.random.random() < 0.15
    payload: dict[str, object] = {
        **subject_fields(who, by="phone"),
        "erasure_id": stage.identifier("wissing"),
        "trigger": stage.random.choice(("request", "retention_end", "consent_withdrawn")),
        "request_id": None,
        "service": f"{provider.name}-opslag",
        "categories": ["voice", "conversation"],
        "outcome": "refused" if refused else "erased",
        "refusal_ground": "legal_claim" if refused else None,
        "object_count": 0 if refused else stage.random.randrange(1, 40),
        "backups_expire_at": None if refused else stage.days_later(at, 30),
        "recipients_informed": list(provider.processors[:1]),
    }
    customer = stage.random.choice(provider.customers)
    return [
        stage.fact(
            "data.erased",
            provider,
            customer,
            at,
            payload,
            purpose="rights_request",
            basis="legal_obligation",
            categories=("voice", "conversation"),
        )
    ]


def rectification(stage: Stage, at: int) -> list[PlannedRecord]:
    """A misspelt name is put right."""
    who, customer = stage.someone(), stage.random.choice(CALL_CENTRE.customers)
    payload: dict[str, object] = {
        **subject_fields(who, by="email"),
        "rectification_id": stage.identifier("correctie"),
        "request_id": stage.identifier("verzoek"),
        "service": "callplatform-klanten",
        "fields_changed": ["name"],
        "value_before": who.name.lower(),
        "value_after": who.name,
        "outcome": "corrected",
        "recipients_informed": [],
    }
    return [
        stage.fact(
            "data.rectified",
            CALL_CENTRE,
            customer,
            at,
            payload,
            purpose="rights_request",
            basis="legal_obligation",
            categories=("name", "email"),
        )
    ]


def restriction(stage: Stage, at: int) -> list[PlannedRecord]:
    """Somebody says their data is wrong: it is kept and not used until that is settled, and they are told."""
    who, customer = stage.someone(), stage.random.choice(CALL_CENTRE.customers)
    restriction_id = stage.identifier("beperking")
    lifted_at = stage.later(at, minutes=(60, 240))
    restricted: dict[str, object] = {
        **subject_fields(who, by="email"),
        "restriction_id": restriction_id,
        "request_id": stage.identifier("verzoek"),
        "ground": "accuracy_contested",
    }
    lifted: dict[str, object] = {
        **subject_fields(who, by="email"),
        "restriction_id": restriction_id,
        "subject_informed": True,
    }
    return [
        stage.fact(
            event_type,
            CALL_CENTRE,
            customer,
            happened_at,
            payload,
            purpose="rights_request",
            basis="legal_obligation",
            categories=("name", "email"),
        )
        for event_type, happened_at, payload in (
            ("processing.restricted", at, restricted),
            ("restriction.lifted", lifted_at, lifted),
        )
    ]


def access(stage: Stage, at: int) -> list[PlannedRecord]:
    """A provider's support staff look into somebody's calls, with the numbers masked but for a few."""
    provider = stage.random.choice((SWITCHBOARD, CALL_CENTRE))
    who, customer = stage.someone(), stage.random.choice(provider.customers)
    ticket = stage.identifier("ticket")
    return [
        _accessed(
            stage, provider, customer, who, at, reason="support_request", by_staff=True, reference=ticket
        )
    ]


def disclosure(stage: Stage, at: int) -> list[PlannedRecord]:
    """An authority demands data; what misses one of the four conditions is refused (MB-25)."""
    lawful = stage.random.random() < 0.7
    customer, who = stage.random.choice(SWITCHBOARD.customers), stage.someone()
    return [
        _disclosed(
            stage, SWITCHBOARD, customer, who, at, disclosure_id=stage.identifier("vordering"), lawful=lawful
        )
    ]


def demanded(stage: Stage) -> list[PlannedRecord]:
    """What became of the two demands of the week before (`audit_stories.demands`), for the people they were about."""
    at, courier = stage.days_later(stage.midnight, -7) + 10 * HOUR, MESSAGING.customers[0]
    return [
        _disclosed(
            stage, MESSAGING, courier, stage.stranger(), at, disclosure_id=disclosure_id, lawful=lawful
        )
        for disclosure_id, lawful in zip(DEMANDS, (True, False), strict=True)
    ]


def _disclosed(
    stage: Stage,
    provider: Provider,
    customer: Customer,
    who: Person,
    at: int,
    *,
    disclosure_id: str,
    lawful: bool,
) -> PlannedRecord:
    payload: dict[str, object] = {
        **subject_fields(who, by="phone"),
        "disclosure_id": disclosure_id,
        "authority": "politie-eenheid-verzonnen",
        "authority_country": "NL",
        "demand_kind": "statutory_demand" if lawful else "informal",
        "demand_reference": stage.identifier("zaak"),
        "from_public_body": True,
        "within_jurisdiction": True,
        "enforceable": lawful,
        "states_scope": lawful,
        "period_from": stage.days_later(stage.midnight, -30) if lawful else None,
        "period_to": stage.midnight if lawful else None,
        "categories_disclosed": ["traffic_data"] if lawful else [],
        "outcome": "disclosed" if lawful else "refused",
        "subject_informed": False,
        "controller_informed": True,
    }
    return stage.fact(
        "data.disclosed",
        provider,
        customer,
        at,
        payload,
        purpose="legal_demand",
        basis="legal_obligation",
        categories=("traffic_data",),
    )


def _accessed(
    stage: Stage,
    provider: Provider,
    customer: Customer,
    who: Person,
    at: int,
    *,
    reason: str,
    by_staff: bool,
    reference: str,
) -> PlannedRecord:
    payload: dict[str, object] = {
        **subject_fields(who, by="phone"),
        "actor_role": "support" if by_staff else "dpo",
        "actor_name": f"medewerker-{stage.random.randrange(1, 9):02d}",
        "actor_country": stage.random.choice(("NL", "NL", "NL", "IN")) if by_staff else "NL",
        "reason": reason,
        "reference": reference,
        "entries": [stage.identifier("call") for _ in range(2)],
        "entry_count": 2,
        "numbers_masked": by_staff and stage.random.random() < 0.9,
        "decrypted": not by_staff,
    }
    return stage.fact(
        "data.accessed",
        provider,
        customer,
        at,
        payload,
        purpose=reason,
        basis="legitimate_interests",
        categories=("phone_number", "traffic_data"),
    )
