"""What the facts about a rights request state, each kept with when it happened and where it is recorded. Pure.

Owns: these values and reading them out of entries. Leaves to others: what they come to together
(`ledger.aggregates.rights_request`), and judging (`ledger.rules.requests.judgement`).

Source: `schemas/request.*.avsc`; GDPR Art. 12 to 22.
"""

from typing import TypeVar

import msgspec

from ledger.aggregates.cases import Stated
from ledger.aggregates.open_fields import fields_of
from ledger.entry import Entry

ACCESS, RECTIFICATION, ERASURE, RESTRICTION = "access", "rectification", "erasure", "restriction"
PORTABILITY, OBJECTION, WITHDRAW_CONSENT = "portability", "objection", "withdraw_consent"
NO_AUTOMATED_DECISION = "no_automated_decision"
"""The rights, as `request.received` spells them."""

CUSTOMER = "customer"
"""Who asks as a provider's own customer."""
PROCESSOR = "processor"
"""Who received a request that is the controller's to answer."""

INVALID_CHANNEL = "invalid_channel"
LEGAL_CLAIM = "legal_claim"
COMPELLING_GROUNDS = "compelling_grounds"
LEGAL_OBLIGATION = "legal_obligation"
"""Grounds of refusal that rules ask for by name."""


class Received(Stated, frozen=True, kw_only=True):
    """A request came in; `purposes` are those an objection or withdrawal is about, none for all."""

    right: str
    channel: str
    requester: str
    received_by: str
    purposes: tuple[str, ...]
    bulk_id: str | None = None


class IdentityChecked(Stated, frozen=True, kw_only=True):
    """The identity of who asks was checked."""

    outcome: str
    method: str
    reasonable_doubt: bool
    more_demanded: bool


class Forwarded(Stated, frozen=True, kw_only=True):
    """A processor passed the request on to the controller."""

    forwarded_to: str


class Extended(Stated, frozen=True, kw_only=True):
    """The time was extended; `told_at` is when the data subject was told, None when not."""

    reasons: tuple[str, ...]
    told_at: int | None = None


class KeptData(msgspec.Struct, frozen=True, kw_only=True):
    """Data that stays although it was asked to go, and whether the answer names it."""

    retention_class: str
    ground: str
    named_in_answer: bool


class Answered(Stated, frozen=True, kw_only=True):
    """The request was answered, wholly or in part.

    `known_recipients` are those the ledger knew to have handled the person's data by then: they are not stated.
    """

    outcome: str
    confirmation_sent: bool
    charged_to: str
    charge_ground: str | None = None
    kept: tuple[KeptData, ...]
    recipients_informed: tuple[str, ...]
    known_recipients: tuple[str, ...] = ()


class Refused(Stated, frozen=True, kw_only=True):
    """The request was refused, with what the data subject was told."""

    ground: str | None = None
    reasons_told: bool
    complaint_told: bool
    remedy_told: bool


class Withdrawn(Stated, frozen=True, kw_only=True):
    """The data subject took the request back."""


class CarriedOut(Stated, frozen=True, kw_only=True):
    """Something was done for the request: data erased, corrected, exported, restricted, or an erasure begun.

    `informed` are the recipients this shows to know of it, those the ledger itself instructs included.
    """

    event_type: str
    informed: tuple[str, ...] = ()


class _Named(msgspec.Struct, frozen=True):
    name: str


class _CarriedOutFields(msgspec.Struct, frozen=True, kw_only=True):
    service: str | None = None
    recipients: tuple[_Named, ...] = ()
    recipients_informed: tuple[str, ...] = ()


S = TypeVar("S", bound=Stated)


def statement_of(kind: type[S], entry: Entry, offset: int | None, **known: object) -> S | None:
    """Reads what an entry states; None when its open fields have another shape.

    A fold must not fail on a fact: what a later version of a schema makes of a field is for that version's program.

    Args:
        kind: what to read it as.
        entry: the fact.
        offset: its offset in its ledger partition; None where that is not known.
        known: what is not stated but known with it.
    """
    fields = {**fields_of(entry.open_fields), **known, "occurred_at": entry.occurred_at, "offset": offset}
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError:
        return None


def carried_out(entry: Entry, offset: int | None) -> CarriedOut:
    """What an entry shows to have been done for a request."""
    try:
        fields = msgspec.convert(fields_of(entry.open_fields), _CarriedOutFields)
    except msgspec.ValidationError:
        fields = _CarriedOutFields()
    service = () if fields.service is None else (fields.service,)
    told = tuple(each.name for each in fields.recipients)
    return CarriedOut(
        occurred_at=entry.occurred_at,
        offset=offset,
        event_type=entry.event_type,
        informed=(*fields.recipients_informed, *service, *told),
    )
