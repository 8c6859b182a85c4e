"""Facts of cases for the tests, made up: as a sealer would seal them."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from ledger.aggregates.cases import Case, case_name, case_stream, governance_stream
from ledger.entry import Entry
from tests.unit.aggregates.facts import make_entry

CONTROLLER = "dentist-example"
DAY = 86_400_000_000
"""Microseconds: the facts of the tests happen days after the epoch, so that failures can be read."""

DEFAULTS: dict[str, dict[str, Any]] = {
    "agreement.concluded": {
        "agreement_id": "main",
        "agreement_kind": "processing_agreement",
        "document_version": "1",
        "document_sha256": None,
        "signed_by_controller_at": None,
        "signed_by_provider_at": None,
        "purposes": [],
    },
    "agreement.amended": {
        "agreement_id": "main",
        "document_version": "2",
        "document_sha256": None,
        "accepted_by_controller_at": None,
        "accepted_by_provider_at": None,
        "purposes": [],
    },
    "agreement.terminated": {"agreement_id": "main", "ends_at": 0, "choice": "silent"},
    "recording.purpose_declared": {
        "agreement_id": "main",
        "recording_purpose": "quality",
        "declared_in": "dashboard",
    },
    "recording.purpose_revoked": {"agreement_id": "main", "recording_purpose": "quality"},
    "processor.opted_in": {"agreement_id": "main", "subprocessor": "Mistral", "channel": "dashboard"},
    "processor.opted_out": {"agreement_id": "main", "subprocessor": "Mistral", "channel": "dashboard"},
    "instruction.received": {
        "agreement_id": "main",
        "instruction": "i-1",
        "channel": "dashboard",
        "action": "record_calls",
    },
    "instruction.objected": {"agreement_id": "main", "instruction": "i-1", "ground": "telecom_secrecy"},
    "instruction.withdrawn": {"agreement_id": "main", "instruction": "i-1"},
    "subprocessor.announced": {
        "subprocessor": "Mistral",
        "service": "transcription",
        "starts_at": 0,
        "countries": ["FR"],
        "mechanism": "not_needed",
        "mechanism_valid_from": None,
        "mechanism_valid_until": None,
        "agreement_concluded": False,
        "optional": True,
        "told_by": "email",
    },
    "subprocessor.objected": {"subprocessor": "Mistral", "ground": "security"},
    "subprocessor.objection_settled": {"subprocessor": "Mistral", "outcome": "withdrawn"},
    "subprocessor.contracted": {"subprocessor": "Mistral", "document_version": "1", "same_duties": True},
    "subprocessor.activated": {"subprocessor": "Mistral"},
    "subprocessor.ended": {"subprocessor": "Mistral"},
    "transfer.mechanism_set": {
        "subprocessor": "Mistral",
        "countries": ["US"],
        "mechanism": "scc",
        "valid_from": 0,
        "valid_until": None,
        "safeguards": None,
    },
}
"""Open fields of each event type, as its schema has them; a test says what matters to it."""

C = TypeVar("C", bound=Case)


def case_fact(event_type: str, at: int, **fields: Any) -> Entry:
    """A fact of a case that happened at a moment, microseconds since the epoch, in its case's stream."""
    values = {**DEFAULTS.get(event_type, {}), **fields}
    return make_entry(
        event_type=event_type,
        occurred_at=at,
        controller=CONTROLLER,
        stream=governance_stream(event_type, CONTROLLER, values),
        stream_kind="governance",
        subject_roles=[],
        open_fields=msgspec.json.encode(values, order="sorted").decode(),
    )


def fold_case(kind: type[C], facts: Iterable[Entry]) -> C:
    """The case the facts are of, recorded in this order from offset 0 on."""
    entries = list(facts)
    name = case_name(entries[0].event_type, msgspec.json.decode(entries[0].open_fields))
    assert name is not None
    case = kind.unseen(case_stream(CONTROLLER, *name))
    for offset, entry in enumerate(entries):
        case.record(entry, offset)
    return case
