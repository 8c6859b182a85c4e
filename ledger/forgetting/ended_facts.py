"""The facts of the end of a retention period: `retention.ended`, and the two of each key's destruction. Pure.

Each id follows from what the fact says, so that what is published twice is one fact: an end has its own per set of
holds that keep it, a destruction one for ever, because a destroyed key never comes back. What a hold had put aside
of a person has an end of its own, when that hold ends: `retention.ended` of the person, of no day and no proof. It is
what a restored vault releases it by (`ledger.sealing.consequences`).

Owns: ids and fields. Leaves to others: when they are published (`retention_run`).
"""

from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from ledger.forgetting.own_facts import OwnFact
from ledger.forgetting.retention_plan import PROOF_CLASS, WHY_PROOF, Ending, EpochEnding, Release
from ledger.store.forgetting_rows import DestructionRow

INTENT, CONFIRMED = "intent", "confirmed"
SUBJECT_KEY, EPOCH_KEY = "subject", "epoch"
HOLD_ENDED = "hold:ended"
"""Rule of the end of what a hold had put aside."""


class Destruction(NamedTuple):
    """One key to be destroyed: a day's, or that of one fact's proof."""

    destruction_id: str
    controller: str
    retention_class: str
    why: str
    day: int | None
    subject: UUID | None
    fact: UUID | None


def destruction_of(ending: Ending) -> Destruction:
    """The destruction an end asks for."""
    if isinstance(ending, EpochEnding):
        return Destruction(
            destruction_id=_id("destruction", ending.controller, ending.retention_class, ending.day),
            controller=ending.controller,
            retention_class=ending.retention_class,
            why=ending.why,
            day=ending.day,
            subject=None,
            fact=None,
        )
    return Destruction(
        destruction_id=_id("destruction", ending.controller, PROOF_CLASS, str(ending.fact)),
        controller=ending.controller,
        retention_class=PROOF_CLASS,
        why=WHY_PROOF,
        day=None,
        subject=ending.subject,
        fact=ending.fact,
    )


def announced(row: DestructionRow) -> Destruction:
    """A destruction whose intent is recorded."""
    return Destruction(
        destruction_id=row.destruction_id,
        controller=row.controller,
        retention_class=row.retention_class,
        why=row.why,
        day=row.epoch_day,
        subject=row.subject,
        fact=row.fact,
    )


def ended_fact(ending: Ending, run_id: str) -> OwnFact:
    """That a period ended, and what keeps the data if anything does."""
    destruction = destruction_of(ending)
    end = ending.end
    return OwnFact(
        event_type="retention.ended",
        event_id=_id("retention.ended", destruction.destruction_id, ending.held_by),
        controller=ending.controller,
        fields={
            "run_id": run_id,
            "retention_class": destruction.retention_class,
            "epoch_day": destruction.day,
            "subject_pseudonym": _text(destruction.subject),
            "fact": _text(destruction.fact),
            "starts": str(end.starts),
            "period": end.period,
            "ended_at": end.ended_at,
            "rule": end.rule,
            "action": str(end.action),
            "held_by": ending.held_by,
        },
    )


def released_fact(release: Release, run_id: str) -> OwnFact:
    """That what a hold had put aside of a person is kept no longer."""
    subject = str(release.subject)
    return OwnFact(
        event_type="retention.ended",
        event_id=_id(
            "retention.ended", "hold", release.controller, release.retention_class, subject, release.ended_at
        ),
        controller=release.controller,
        fields={
            "run_id": run_id,
            "retention_class": release.retention_class,
            "epoch_day": None,
            "subject_pseudonym": subject,
            "fact": None,
            "starts": "event",
            "period": "P0D",
            "ended_at": release.ended_at,
            "rule": HOLD_ENDED,
            "action": "destroy",
            "held_by": None,
        },
    )


def destroyed_fact(destruction: Destruction, phase: str) -> OwnFact:
    """That a key is about to be destroyed (`intent`), or was and does not open any more (`confirmed`)."""
    return OwnFact(
        event_type="key.destroyed",
        event_id=f"{destruction.destruction_id}:{phase}",
        controller=destruction.controller,
        fields={
            "phase": phase,
            "destruction_id": destruction.destruction_id,
            "key_kind": SUBJECT_KEY if destruction.day is None else EPOCH_KEY,
            "subject_pseudonym": _text(destruction.subject),
            "epoch_day": destruction.day,
            "retention_class": destruction.retention_class,
            "why": destruction.why,
            "request_id": None,
            "fact": _text(destruction.fact),
        },
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _id(*parts: str | int | None) -> str:
    # As JSON, so that no two different lists read alike.
    return str(uuid5(NAMESPACE_URL, f"urn:ledger:retention:{msgspec.json.encode(parts).decode()}"))
