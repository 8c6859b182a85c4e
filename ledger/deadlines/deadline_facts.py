"""The facts that a deadline is near, and that it has passed. Pure.

The clock enters judging as facts only (DESIGN section 8): a deadline is missed once a fact says that it passed. Each
fact follows from the deadline alone, its id and its time included, so that whoever publishes it again, after a crash
or beside another scheduler, publishes the very same one, and the ledger keeps the first. A deadline that moves, as
when a request is extended, has another end and so facts of its own.

Owns: when a deadline is near, ids and fields. Leaves to others: publishing (`deadlines_run`), what follows
(`ledger.rules`).
"""

from enum import StrEnum
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from ledger.aggregates.cases import case_stream
from ledger.aggregates.streams import named_stream
from ledger.entry import StreamKind
from ledger.forgetting.own_facts import OWN_SOURCE, OwnFact
from ledger.recording.repeats import fact_key
from ledger.store.deadlines import DeadlineRow

WARNED_BEFORE_MAX = 7 * 24 * 3600 * 1_000_000
"""A week: time to ask for what is missing, and still to answer within a month."""
WARNED_BEFORE_SHARE = 4
"""Of shorter periods the last quarter: twelve of 48 hours, eighteen of 72."""


class Phase(StrEnum):
    """What is said of a deadline."""

    NEAR = "near"
    PASSED = "passed"


class DeadlineFact(NamedTuple):
    """A fact about a deadline, and the key it is recorded under."""

    phase: Phase
    fact: OwnFact
    key: UUID


def warned_at(deadline: DeadlineRow) -> int:
    """From when on a deadline is near, microseconds since the epoch, UTC."""
    length = max(0, deadline.ends_at - deadline.starts_at)
    return deadline.ends_at - min(WARNED_BEFORE_MAX, length // WARNED_BEFORE_SHARE)


def phase_of(deadline: DeadlineRow, now: int) -> Phase | None:
    """Whether an open deadline is near or has passed; None while there is time."""
    if now >= deadline.ends_at:
        return Phase.PASSED
    return Phase.NEAR if now >= warned_at(deadline) else None


def fact_about(deadline: DeadlineRow, phase: Phase) -> DeadlineFact:
    """The fact that says so, in the stream the deadline is of.

    A case's goes to the case. Any other is a request's or a person's: it names the person, unless nobody could be
    identified.
    """
    event_id = _id(deadline, phase)
    of_case = deadline.stream == case_stream(deadline.controller, deadline.case_kind, deadline.case_id)
    said = {
        "deadline": deadline.name,
        "rule": deadline.rule,
        "ends_at": deadline.ends_at,
        "calendar": deadline.calendar,
    }
    if of_case:
        event_type = f"deadline.{phase}"
        said |= {"case_kind": deadline.case_kind, "case_id": deadline.case_id}
    else:
        event_type = f"request.deadline_{phase}"
        of_nobody = deadline.stream == named_stream(StreamKind.UNATTRIBUTED, deadline.controller)
        said |= {
            "subject_pseudonym": None if of_nobody else str(deadline.stream),
            "request_id": deadline.case_id,
        }
    fact = OwnFact(
        event_type=event_type,
        event_id=event_id,
        controller=deadline.controller,
        fields=said,
        occurred_at=deadline.ends_at if phase is Phase.PASSED else warned_at(deadline),
    )
    return DeadlineFact(phase, fact, fact_key(deadline.stream, OWN_SOURCE, event_id))


def _id(deadline: DeadlineRow, phase: Phase) -> str:
    parts = (
        str(deadline.stream),
        deadline.case_kind,
        deadline.case_id,
        deadline.name,
        deadline.rule,
        deadline.ends_at,
        phase.value,
    )
    # As JSON, so that no two different lists read alike.
    return str(uuid5(NAMESPACE_URL, f"urn:ledger:deadline:{msgspec.json.encode(parts).decode()}"))
