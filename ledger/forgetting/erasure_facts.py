"""The facts of an erasure, as the ledger publishes them about itself. Pure.

Each id follows from the erasure and the step, so a fact published twice is one; of `incomplete` there may be several,
each named after its problems. None holds more of the person than the pseudonym.

Owns: what the facts say. Leaves to others: when (`erasure_decision`), publishing (`own_facts`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from ledger.aggregates.erasure_details import (
    ErasureProblem,
    ErasureRecipient,
    InboxEnd,
    KeptClass,
    SearchedPlace,
)
from ledger.forgetting.erasure_decision import problems_digest
from ledger.forgetting.erasure_plan import DESTRUCTION_REASONS, destroyed_classes
from ledger.forgetting.own_facts import OwnFact
from ledger.forgetting.places import Searched
from ledger.forgetting.verification import Reread

ERASURE_REQUEST = "erasure_request"


@dataclass(frozen=True, kw_only=True)
class About:
    """Which erasure the facts are of; `trigger` is why, `request_id` the rights request it carries out."""

    erasure_id: str
    stream: UUID
    controller: str
    trigger: str
    request_id: str | None

    @property
    def why(self) -> str:
        """The reason that stands in the vault's tombstones and in `key.destroyed`."""
        return DESTRUCTION_REASONS.get(self.trigger, ERASURE_REQUEST)

    def destruction_id(self, retention_class: str) -> str:
        """What ties a destruction's confirmation to its intent."""
        return f"{self.destruction_prefix}{retention_class}"

    @property
    def destruction_prefix(self) -> str:
        """How the ids of this erasure's destructions begin."""
        return f"erasure:{self.erasure_id}:"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was decided."""

    kept: Sequence[KeptClass]
    recipients: Sequence[ErasureRecipient]
    inbox_ends: Sequence[InboxEnd]


def started(about: About, plan: Plan) -> OwnFact:
    """What goes, what stays and why, and who is told."""
    return _fact(
        about,
        "started",
        "started",
        {
            "trigger": about.trigger,
            "request_id": about.request_id,
            "destroyed_classes": destroyed_classes(plan.kept),
            "kept": msgspec.to_builtins(list(plan.kept)),
            "recipients": msgspec.to_builtins(list(plan.recipients)),
            "inbox_ends": msgspec.to_builtins(list(plan.inbox_ends)),
        },
    )


def searched(about: About, found: Searched) -> OwnFact:
    """How many values were looked for, and what was found where."""
    return _fact(about, "searched", "searched", {"values": found.values, "places": _places(found.places)})


def key_destroyed(about: About, phase: str, classes: Iterable[str]) -> list[OwnFact]:
    """One fact per class; `phase` is intent or confirmed."""
    return [
        OwnFact(
            event_type="key.destroyed",
            event_id=f"{about.destruction_prefix}{phase}:{retention_class}",
            controller=about.controller,
            fields={
                "phase": phase,
                "destruction_id": about.destruction_id(retention_class),
                "key_kind": "subject",
                "subject_pseudonym": str(about.stream),
                "epoch_day": None,
                "retention_class": retention_class,
                "why": about.why,
                "request_id": about.request_id,
                "fact": None,
            },
        )
        for retention_class in sorted(classes)
    ]


def verified(about: About, reread: Reread, backups_until: int | None, earlier: int = 0) -> OwnFact:
    """What shows that nothing opens any more; `earlier` is how often that was said before."""
    fields = {
        "places": _places(reread.places),
        "fields_closed": reread.fields_closed,
        "fields_kept": reread.fields_kept,
        "backups_until": backups_until,
    }
    return _fact(about, "verified", f"verified{_again(earlier)}", fields)


def incomplete(
    about: About, problems: Sequence[ErasureProblem], places: Sequence[SearchedPlace] = (), earlier: int = 0
) -> OwnFact:
    """What stands in the way; `earlier` is how often the erasure was verified before."""
    fields = {"places": _places(places), "problems": msgspec.to_builtins(list(problems))}
    return _fact(about, "incomplete", f"incomplete:{problems_digest(problems)}{_again(earlier)}", fields)


def _fact(about: About, phase: str, step: str, fields: dict[str, object]) -> OwnFact:
    return OwnFact(
        event_type=f"erasure.{phase}",
        event_id=f"{about.destruction_prefix}{step}",
        controller=about.controller,
        fields={"subject_pseudonym": str(about.stream), "erasure_id": about.erasure_id, **fields},
    )


def _again(earlier: int) -> str:
    """What tells a fact from the same one before the erasure was taken up again."""
    return f":{earlier}" if earlier else ""


def _places(places: Sequence[SearchedPlace]) -> object:
    return msgspec.to_builtins(list(places))
