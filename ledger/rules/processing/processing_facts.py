"""What a rule may look at of an entry that processes personal data. Pure.

Owns: which events are processing, and the value that stands for one in every rule about governance. It holds what
rules look at and nothing else, above all nothing that differs from call to call: so entries that are alike to every
rule are equal, and judging one judges all of them (`ledger.recording.judge` remembers it). A rule that needs more MUST
get it here.

Leaves to others: the rules (`processor_rules`, `transfer_rules`, ...), what depends on the person (`personal`).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry

PROCESSING_FAMILIES = ("call.", "fax.", "message.", "number.", "signalling.", "voicemail.")
PROCESSING_EVENTS = frozenset({"data.accessed", "data.disclosed", "data.exported"})
"""Events that are processing of a person's data. Consents, requests, restrictions and erasures are not: they are what
processing is held against."""

CONSENT_GIVEN, CONSENT_WITHDRAWN = "consent.given", "consent.withdrawn"
ACCESSED, DISCLOSED, EXPORTED = "data.accessed", "data.disclosed", "data.exported"
RECORDED, TRANSCRIBED = "call.recorded", "call.transcribed"

PROCESSOR = "processor"
"""The role of who processes on behalf of the controller, GDPR Art. 4(8)."""

ALLOWED_ALWAYS = frozenset(
    {
        "rights_request",
        "legal_demand",
        "legal_duty",
        "accountability",
        "transparency",
        "security",
        "audit",
    }
)
"""Purposes that the law itself asks for, so that no text has to name them: GDPR Art. 5(2), 12 to 22, 28(3)(h), 32."""


def is_processing(event_type: str) -> bool:
    """Whether an event processes personal data."""
    return event_type in PROCESSING_EVENTS or event_type.startswith(PROCESSING_FAMILIES)


class Recording(msgspec.Struct, frozen=True):
    """What call.recorded says beyond its common fields."""

    recording_purpose: str
    announced: bool
    encrypted_at_rest: bool


class Transcription(msgspec.Struct, frozen=True):
    """What call.transcribed says."""

    engine_processor: str
    processing_country: str
    used_for_training: bool


class Access(NamedTuple):
    """What data.accessed says; `referenced` is whether it names a ticket or case."""

    actor_role: str
    actor_country: str
    referenced: bool
    numbers_masked: bool


class Export(msgspec.Struct, frozen=True):
    """What data.exported says."""

    recipient_kind: str
    destination_country: str
    encrypted: bool
    reason: str


class Disclosed(msgspec.Struct, frozen=True):
    """What data.disclosed says."""

    outcome: str
    from_public_body: bool
    within_jurisdiction: bool
    enforceable: bool
    states_scope: bool


class ConsentForm(NamedTuple):
    """How a consent was given; `hashed` and `in_language` are whether what was shown has its hash and language."""

    category: str
    method: str
    explicit: bool
    prior: bool
    hashed: bool
    in_language: bool


Details = Recording | Transcription | Access | Export | Disclosed | ConsentForm


class Processing(NamedTuple):
    """One entry as the rules of governance see it.

    `first` is whether it is the first of its stream; `details` are None for events that rules ask nothing more of, and
    where they have another shape than their schema's.
    """

    event_type: str
    role: str
    purpose: str
    data_categories: tuple[str, ...]
    processors: tuple[str, ...]
    storage_country: str
    instruction_id: str | None
    notice_version: str | None
    first: bool
    details: Details | None


def processing_of(entry: Entry, *, first: bool) -> Processing:
    """What rules see of an entry.

    Args:
        entry: any; one that is no processing is seen as well, because consents are held to rules too.
        first: whether it is the first of its stream.
    """
    read = _DETAILS.get(entry.event_type)
    return Processing(
        entry.event_type,
        entry.role,
        entry.purpose,
        tuple(entry.data_categories),
        tuple(entry.processors),
        entry.storage_country,
        entry.instruction_id,
        entry.notice_version,
        first,
        None if read is None else read(entry.open_fields),
    )


class _AccessFields(msgspec.Struct, frozen=True):
    actor_role: str
    actor_country: str
    numbers_masked: bool
    reference: str | None = None


class _ConsentFields(msgspec.Struct, frozen=True):
    category: str
    method: str
    explicit: bool
    prior: bool
    notice_hash: str | None = None
    language: str | None = None


_read_access, _read_consent = reader(_AccessFields), reader(_ConsentFields)


def _access(open_fields: str) -> Access | None:
    said = _read_access(open_fields)
    if said is None:
        return None
    return Access(said.actor_role, said.actor_country, said.reference is not None, said.numbers_masked)


def _consent_form(open_fields: str) -> ConsentForm | None:
    said = _read_consent(open_fields)
    if said is None:
        return None
    return ConsentForm(
        said.category, said.method, said.explicit, said.prior, bool(said.notice_hash), bool(said.language)
    )


_DETAILS: Mapping[str, Callable[[str], Details | None]] = {
    RECORDED: reader(Recording),
    TRANSCRIBED: reader(Transcription),
    ACCESSED: _access,
    EXPORTED: reader(Export),
    DISCLOSED: reader(Disclosed),
    CONSENT_GIVEN: _consent_form,
}
