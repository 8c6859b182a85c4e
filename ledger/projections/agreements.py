"""Agreements about processing: concluded, amended, ended, and what customers state under them.

Source: GDPR Art. 28(3); CB-07 (instructions), CD-30 and CD-32 (signatures, consent of both), CD-36 (optional
processors), CF-13 (why calls are recorded).
"""

import msgspec

from ledger.entry import Entry
from ledger.projections.case_facts import case_projection
from ledger.projections.projection import Row

PHASES = {
    "agreement.concluded": "concluded",
    "agreement.amended": "amended",
    "agreement.terminated": "terminated",
    "recording.purpose_declared": "recording_purpose_declared",
    "recording.purpose_revoked": "recording_purpose_revoked",
    "processor.opted_in": "processor_opted_in",
    "processor.opted_out": "processor_opted_out",
    "instruction.received": "instruction_received",
    "instruction.objected": "instruction_objected",
    "instruction.withdrawn": "instruction_withdrawn",
}


class _Purpose(msgspec.Struct, frozen=True):
    purpose: str
    role: str


class _Fact(msgspec.Struct, frozen=True):
    agreement_id: str
    agreement_kind: str | None = None
    document_version: str | None = None
    signed_by_controller_at: int | None = None
    signed_by_provider_at: int | None = None
    accepted_by_controller_at: int | None = None
    accepted_by_provider_at: int | None = None
    ends_at: int | None = None
    choice: str | None = None
    purposes: list[_Purpose] = []
    recording_purpose: str | None = None
    subprocessor: str | None = None
    instruction: str | None = None


def _values(entry: Entry, fact: _Fact) -> Row:
    return (
        fact.agreement_id,
        fact.agreement_kind,
        fact.document_version,
        _last(entry.event_type, fact),
        fact.ends_at,
        fact.choice,
        [f"{each.role} {each.purpose}" for each in fact.purposes],
        # An entry names one of the three at most.
        fact.recording_purpose or fact.subprocessor or fact.instruction,
    )


def _last(event_type: str, fact: _Fact) -> int | None:
    """When the last of the two signed or agreed (CD-30); None while one has not."""
    if event_type == "agreement.concluded":
        both = (fact.signed_by_controller_at, fact.signed_by_provider_at)
    else:
        both = (fact.accepted_by_controller_at, fact.accepted_by_provider_at)
    given = [at for at in both if at is not None]
    return max(given) if len(given) == len(both) else None


PROJECTION = case_projection(
    "agreements",
    id_column="agreement_id",
    phases=PHASES,
    fact=_Fact,
    columns=(
        ("agreement_kind", "text"),
        ("document_version", "text"),
        ("holds_from", "int8"),
        ("ends_at", "int8"),
        ("choice", "text"),
        ("purposes", "text[]"),
        ("names", "text"),
    ),
    values=_values,
)
