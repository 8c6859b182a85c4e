"""A record that is planned to be published, and the stage on which stories make them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from random import Random
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.dev.invented import Customer, Person, Provider, person

Encoding = Literal["avro", "json"]

NOTICE_VERSION = "2026-01"
GARAGE_SINCE = 1_767_222_000_000_000
"""2025-12-31T23:00:00Z: since when the garage of the Asterisk call log is a customer; its calls are of March 2026."""
LOCAL_ZONE = ZoneInfo("Europe/Amsterdam")
SECOND = 1_000_000
"""In microseconds, the unit of all times here."""
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

DAY = 24 * HOUR

GOVERNANCE_TOPIC = "inbox.governance"
TOPICS = {
    "call": "inbox.processing",
    "voicemail": "inbox.processing",
    "fax": "inbox.processing",
    "message": "inbox.processing",
    "signalling": "inbox.processing",
    "number": "inbox.processing",
    "data.accessed": "inbox.processing",
    "data": "inbox.rights",
    "processing": "inbox.rights",
    "restriction": "inbox.rights",
    "request": "inbox.rights",
    "minor": "inbox.rights",
    "consent": "inbox.consent",
    "notice": GOVERNANCE_TOPIC,
    "policy": GOVERNANCE_TOPIC,
    "retention": GOVERNANCE_TOPIC,
    "hold": GOVERNANCE_TOPIC,
    "agreement": GOVERNANCE_TOPIC,
    "recording": GOVERNANCE_TOPIC,
    "processor": GOVERNANCE_TOPIC,
    "instruction": GOVERNANCE_TOPIC,
    "subprocessor": GOVERNANCE_TOPIC,
    "transfer": GOVERNANCE_TOPIC,
    "breach": GOVERNANCE_TOPIC,
    "audit": GOVERNANCE_TOPIC,
    "disclosure": GOVERNANCE_TOPIC,
    "party": GOVERNANCE_TOPIC,
    "measures": GOVERNANCE_TOPIC,
}
"""By event type, or by its first part."""


class Fault(StrEnum):
    """What is wrong, on purpose, with a record that the sealer must reject. `wire.encode` does it."""

    UNKNOWN_MAGIC = "unknown_magic"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing_bytes"
    UNKNOWN_FINGERPRINT = "unknown_fingerprint"
    MISSING_HEADER = "missing_header"
    WRONG_TYPE = "wrong_type"
    NOT_JSON = "not_json"


class Repeat(StrEnum):
    """A record under the source and id of an earlier one."""

    SAME_CONTENT = "same_content"
    OTHER_CONTENT = "other_content"


@dataclass(frozen=True, kw_only=True)
class PlannedRecord:
    """One record for Kafka, still to be encoded. Its repr shows no person, invented or not.

    Args:
        topic: inbox topic.
        key: Kafka key; never a number or name.
        event_type: for example `call.completed`.
        event_id: CloudEvents id.
        source: CloudEvents source.
        occurred_at: microseconds since the epoch, UTC.
        controller: on whose behalf.
        data: payload, keys as in the schema.
        encoding: how it goes over the wire.
        fault: what to break after encoding; None for a good record.
        repeat: whether it has the source and id of an earlier record; None when they are its own.
    """

    topic: str
    key: str
    event_type: str
    event_id: str
    source: str
    occurred_at: int
    controller: str
    data: dict[str, object] = field(repr=False)
    encoding: Encoding
    fault: Fault | None = None
    repeat: Repeat | None = None


class Stage:
    """Randomness, people and the calendar day that stories share.

    Args:
        random: seeded; the only source of what happens.
        identifiers: seeded; the only source of ids, so that two days on which the same happens are two days.
        day: the local day (Europe/Amsterdam).
        people: how many people there are.
    """

    def __init__(self, random: Random, identifiers: Random, day: date, *, people: int) -> None:
        self.random = random
        self.people = people
        self._identifiers = identifiers
        self._strangers = 0
        self.midnight = int(datetime.combine(day, time(), LOCAL_ZONE).timestamp()) * SECOND

    def someone(self) -> Person:
        """A person; a few turn up often, most now and then."""
        return person(min(self.random.randrange(self.people), self.random.randrange(self.people)))

    def stranger(self) -> Person:
        """A person of whom nothing else is told, another one each time."""
        self._strangers += 1
        return person(self.people + self._strangers)

    def identifier(self, prefix: str) -> str:
        """A random identifier, such as `call-…`."""
        return f"{prefix}-{UUID(int=self._identifiers.getrandbits(128), version=4)}"

    def digest(self) -> str:
        """64 hex digits in place of some file's SHA-256."""
        return self.random.randbytes(32).hex()

    def later(self, moment: int, *, minutes: tuple[float, float]) -> int:
        """A moment some minutes after another, to the millisecond."""
        return moment + round(self.random.uniform(*minutes) * 60_000) * 1000

    def days_later(self, moment: int, days: int) -> int:
        """A moment whole days after another."""
        return moment + timedelta(days=days) // timedelta(microseconds=1)

    def fact(
        self,
        event_type: str,
        provider: Provider,
        customer: Customer,
        occurred_at: int,
        payload: dict[str, object],
        *,
        purpose: str,
        basis: str = "contract",
        categories: Sequence[str] = ("phone_number",),
        processors: Sequence[str] = (),
        country: str = "NL",
        role: str = "processor",
        controller: str | None = None,
    ) -> PlannedRecord:
        """One fact of a provider about a customer's processing; `controller` when it is not the customer."""
        responsible = controller or customer.controller
        topic = TOPICS.get(event_type) or TOPICS[event_type.partition(".")[0]]
        data = {
            "controller": responsible,
            "role": role,
            "purpose": purpose,
            "lawful_basis": basis,
            "data_categories": list(categories),
            "processors": list(processors),
            "storage_country": country,
            "instruction_id": None if role == "controller" else agreement_of(responsible),
            "notice_version": NOTICE_VERSION,
            **payload,
        }
        return PlannedRecord(
            topic=topic,
            # What is said of one controller's governance is recorded in the order it was said.
            key=responsible if topic == GOVERNANCE_TOPIC else self.identifier(provider.name),
            event_type=event_type,
            event_id=self.identifier("evt"),
            source=provider.source,
            occurred_at=occurred_at,
            controller=responsible,
            data=data,
            encoding="avro" if self.random.random() < 0.5 else "json",
        )


def agreement_of(controller: str) -> str:
    """The id of the agreement of a customer, the instruction that processing for it rests on."""
    return f"verwerkersovereenkomst-{controller}"


def notice_digest(controller: str, version: str = NOTICE_VERSION) -> str:
    """The SHA-256 of a controller's invented notice: what is published, and what a consent names."""
    return sha256(f"privacyverklaring {controller} {version}".encode()).hexdigest()


def subject_fields(who: Person, *, by: Literal["phone", "email", "account"]) -> dict[str, object]:
    """The four fields that identify a data subject outside calls, one of them filled."""
    return {
        "subject_phone": who.number if by == "phone" else None,
        "subject_email": who.email if by == "email" else None,
        "subject_account": who.account if by == "account" else None,
        "subject_pseudonym": None,
    }
