"""Entries held against made-up governance, for the tests of the rules of processing."""

import json
from collections.abc import Sequence
from typing import Any

from ledger.entry import Entry
from ledger.rules.controller_state import ControllerState
from ledger.rules.packs.policy_pack import PackEntry
from ledger.rules.processing.judgement import Held, judge_processing
from ledger.rules.processing.processing_facts import processing_of
from tests.unit.aggregates.case_facts import CONTROLLER, DAY, case_fact
from tests.unit.aggregates.facts import make_entry
from tests.unit.rules.judged_cases import numbered, pack_of, state_of

NOW = 10 * DAY
"""When entries happen unless a test says otherwise; facts happen before or after it."""

DETAILS: dict[str, dict[str, Any]] = {
    "call.recorded": {"recording_purpose": "quality", "announced": True, "encrypted_at_rest": True},
    "call.transcribed": {
        "engine_processor": "Mistral",
        "processing_country": "FR",
        "used_for_training": False,
    },
    "data.accessed": {
        "actor_role": "support",
        "actor_country": "NL",
        "reference": "ticket-1",
        "numbers_masked": True,
    },
    "data.exported": {
        "recipient_kind": "controller",
        "destination_country": "NL",
        "encrypted": True,
        "reason": "customer_export",
    },
    "data.disclosed": {
        "outcome": "disclosed",
        "from_public_body": True,
        "within_jurisdiction": True,
        "enforceable": True,
        "states_scope": True,
    },
    "consent.given": {
        "category": "marketing",
        "method": "form",
        "explicit": True,
        "prior": True,
        "notice_hash": "0" * 64,
        "language": "nl",
    },
}
"""Open fields of each event type with nothing wrong; a test says what is."""


def processed(
    event_type: str = "call.completed", *, at: int = NOW, fields: dict[str, Any] | None = None, **changes: Any
) -> Entry:
    """An entry of the controller with nothing wrong, but for the changes to its open fields and common ones."""
    document = {**DETAILS.get(event_type, {}), **(fields or {})}
    common = {"controller": CONTROLLER, "occurred_at": at, "open_fields": json.dumps(document), **changes}
    return make_entry(event_type=event_type, **common)


def governed(*promises: PackEntry, facts: Sequence[Entry] = (), adopted_at: int = 0) -> ControllerState:
    """The controller that made these promises, and of whom these facts are known."""
    return state_of(numbered(*facts), pack_of(*promises), adopted_at=adopted_at)


def held(entry: Entry, state: ControllerState, *, first: bool = False) -> Held:
    """What an entry comes to."""
    return judge_processing(processing_of(entry, first=first), state, entry.occurred_at)


def codes(held: Held) -> list[tuple[str, str]]:
    """Code and rule of each finding, in order."""
    return sorted((finding.code, finding.rule) for finding in held.findings)


def marks(held: Held) -> list[tuple[str, str]]:
    """Mark and rule of all that is shown, in order."""
    return sorted((shown.mark, shown.rule) for shown in held.shown)


def signed(at: int, **fields: Any) -> Entry:
    """An agreement both parties signed at a moment."""
    said = {"signed_by_controller_at": at, "signed_by_provider_at": at, **fields}
    return case_fact("agreement.concluded", at, **said)


def announced(at: int, name: str = "Mistral", **fields: Any) -> Entry:
    """A sub-processor was announced: in France, with an agreement, not optional, unless said otherwise."""
    said = {"subprocessor": name, "agreement_concluded": True, "optional": False, **fields}
    return case_fact("subprocessor.announced", at, **said)
