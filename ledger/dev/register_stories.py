"""What the Art. 30 registers need beside processing: who is who, and the measures; and the privacy notices."""

from ledger.dev.governance_stories import ADOPTED_DAYS, stated
from ledger.dev.invented import ASSISTANT, GARAGE, MESSAGING, PROVIDERS, SWITCHBOARD, Provider
from ledger.dev.planned import DAY, GARAGE_SINCE, NOTICE_VERSION, PlannedRecord, Stage, notice_digest

FORMER_VERSION = "2025-01"
"""The version before the one in force, of the providers whose notice changed."""
CHANGED_DAYS = 100
"""How long before the day it changed."""
NOTICE = "privacyverklaring"
_CHANGED = {MESSAGING.name: "by_email", ASSISTANT.name: "by_website"}
"""Whose notice changed, and how people were told, as each promises (MB-46, CB-41)."""
_MEASURES = ["encrypted_connections", "encrypted_storage", "access_by_need", "random_checks"]


def parties(stage: Stage) -> list[PlannedRecord]:
    """Each controller, its data protection officer, its processor, and what protects the data."""
    at = stage.days_later(stage.midnight, -ADOPTED_DAYS)
    told = []
    for provider in PROVIDERS:
        for controller in provider.controllers:
            told += _registered(stage, provider, controller, at)
    return [*told, *_registered(stage, SWITCHBOARD, GARAGE.controller, GARAGE_SINCE)]


def notices(stage: Stage) -> list[PlannedRecord]:
    """Each controller's privacy notice; two providers changed theirs, and told people, each as it promises."""
    at = stage.days_later(stage.midnight, -ADOPTED_DAYS)
    changed_at = stage.days_later(stage.midnight, -CHANGED_DAYS)
    told = []
    for provider in PROVIDERS:
        changed = _CHANGED.get(provider.name)
        for controller in provider.controllers:
            if changed is None:
                told.append(_notice(stage, provider, controller, at, NOTICE_VERSION))
                continue
            told.append(_notice(stage, provider, controller, at, FORMER_VERSION))
            told.append(_told(stage, provider, controller, changed_at - 14 * DAY, changed))
            told.append(_notice(stage, provider, controller, changed_at, NOTICE_VERSION, informed=changed))
    return [*told, _notice(stage, SWITCHBOARD, GARAGE.controller, GARAGE_SINCE, NOTICE_VERSION)]


def _registered(stage: Stage, provider: Provider, controller: str, at: int) -> list[PlannedRecord]:
    offices = {"controller": controller, "dpo": f"{controller}, privacy office"}
    if controller != provider.name:
        offices["processor"] = provider.name
    told = [
        stated(
            stage,
            "party.registered",
            (provider, controller),
            at,
            {
                "party": party,
                "name": name,
                "address": "Voorbeeldstraat 1, Amsterdam",
                "contact": f"privacy@{name.partition(',')[0]}.example.com",
                "country": "NL",
            },
        )
        for party, name in offices.items()
    ]
    measures: dict[str, object] = {
        "measures": _MEASURES,
        "description": "Encrypted connections and storage, access by functional need, random checks of compliance.",
        "requested_by_controller": False,
    }
    return [*told, stated(stage, "measures.described", (provider, controller), at, measures)]


def _notice(
    stage: Stage,
    provider: Provider,
    controller: str,
    at: int,
    version: str,
    *,
    informed: str | None = None,
) -> PlannedRecord:
    payload: dict[str, object] = {
        "notice_version": version,
        "notice_id": NOTICE,
        "languages": sorted({"nl", *(customer.language for customer in provider.customers)}),
        "sha256": notice_digest(controller, version),
        "uri": f"https://www.example.nl/{controller}/privacy/{version}",
        "effective_at": at,
        "replaces": None if informed is None else FORMER_VERSION,
        "materially_changed": informed is not None,
        "people_informed": informed or "not_needed",
    }
    return stage.fact(
        "notice.published",
        provider,
        provider.customers[0],
        at,
        payload,
        purpose="transparency",
        basis="legal_obligation",
        categories=(),
        role="controller",
        controller=controller,
    )


def _told(stage: Stage, provider: Provider, controller: str, at: int, how: str) -> PlannedRecord:
    payload: dict[str, object] = {
        "notice_id": NOTICE,
        "version": NOTICE_VERSION,
        "told_by": how.removeprefix("by_"),
        "audience": "everyone",
    }
    return stated(stage, "notice.communicated", (provider, controller), at, payload)
