"""The answers of `ledger.store.forgetting`: rows with their ledger coordinates, and an erasure put together.

Times are microseconds since the epoch, UTC; days are local, counted from 1970-01-01.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from ledger.aggregates.erasure_details import (
    ErasureIncomplete,
    ErasureSearched,
    ErasureStarted,
    ErasureVerified,
    erasure_details,
)
from ledger.entry import LedgerRecord
from ledger.errors import IntegrityError
from ledger.rules.keeping.retention import ConsentFact, Hold

RESTRICTION = "restriction"
"""The kind of the hold that a restriction of processing is: what is restricted is kept, Art. 18(2) GDPR."""


class TimeShown(NamedTuple):
    """What publishers' last facts show of the time.

    Args:
        newest: when the newest was sealed, by the sealer's clock.
        supported: the latest moment that a sealer and the publisher of the same fact both say has come; publishers have
            clocks of their own, and no fact happens after it was sealed.
        silence_ended: when the last silence without its like before it ended; None without one. Facts that are sealed
            after a clock jumped look like that, and so do those after a holiday.
    """

    newest: int
    supported: int
    silence_ended: int | None


class StoredRecord(NamedTuple):
    """A ledger record that took effect, and where it is."""

    partition: int
    offset: int
    record: LedgerRecord


class ConsentRow(NamedTuple):
    """One change of consent; `destroyed` when its own proof is gone, while another's of the same consent stands;
    `erased_at` when the erasure of the person was decided."""

    controller: str
    subject: UUID
    purpose: str
    change: ConsentFact
    destroyed: bool = False
    erased_at: int | None = None


class HoldRow(NamedTuple):
    """A hold with what it rests on; `subject` None is all of the controller."""

    controller: str
    hold_id: str
    kind: str
    subject: UUID | None
    classes: frozenset[str]
    article: str | None
    ends_at: int | None
    placed_at: int
    lifted_at: int | None

    @property
    def hold(self) -> Hold:
        """What the rules make of it."""
        return Hold(
            hold_id=self.hold_id,
            kind=self.kind,
            subject=self.subject,
            classes=self.classes,
            ends_at=self.ends_at,
            placed_at=self.placed_at,
            lifted_at=self.lifted_at,
        )


class RestrictionRow(NamedTuple):
    """A restriction of one person's data; `ground` is one of Art. 18(1)(a) to (d) GDPR."""

    controller: str
    restriction_id: str
    ground: str
    subject: UUID
    since: int
    until: int | None

    @property
    def hold(self) -> Hold:
        """A restriction keeps the data: nothing of the person is destroyed."""
        return Hold(
            hold_id=self.restriction_id,
            kind=RESTRICTION,
            subject=self.subject,
            placed_at=self.since,
            lifted_at=self.until,
        )


class EndedDay(NamedTuple):
    """A day's data whose end is recorded; `held_by` names what kept it then."""

    controller: str
    retention_class: str
    day: int
    held_by: str | None


class EndedProof(NamedTuple):
    """A fact whose proof's end is recorded; `held_by` names what kept it then."""

    controller: str
    subject: UUID
    fact: UUID
    held_by: str | None


class Ended(NamedTuple):
    """Ends that are recorded, of what is not confirmed to be destroyed."""

    days: frozenset[EndedDay]
    proofs: frozenset[EndedProof]


class DestructionRow(NamedTuple):
    """One of the two facts about a key's destruction: intent or confirmed."""

    partition: int
    offset: int
    destruction_id: str
    phase: str
    key_kind: str
    controller: str
    subject: UUID | None
    epoch_day: int | None
    retention_class: str
    fact: UUID | None
    why: str
    request_id: str | None
    occurred_at: int
    sealed_at: int


class RetentionRow(NamedTuple):
    """What became of one day's data of a class, or of one proof (`subject` and `fact`).

    `state` is due, held, destroying or destroyed. `late`: whether it was destroyed more than 48 hours after
    `due_from`; None while that is not confirmed. The coordinates are of the last fact about its end, and of the
    confirmation.
    """

    controller: str
    retention_class: str
    epoch_day: int | None
    subject: UUID | None
    fact: UUID | None
    starts: str
    period: str
    rule: str
    action: str
    ended_at: int
    due_from: int
    found_at: int
    held_by: str | None
    intent_at: int | None
    confirmed_at: int | None
    state: str
    late: bool | None
    partition: int
    offset: int
    confirmed_partition: int | None
    confirmed_offset: int | None

    def is_late(self, now: int) -> bool:
        """Whether it was destroyed late, or is late by now. What is held is not."""
        if self.late is not None or self.state == "held":
            return bool(self.late)
        return self.due_from + LATE_AFTER_MICROS < now


LATE_AFTER_MICROS = 48 * 3600 * 1_000_000
"""After the end of a period everything is gone within 48 hours; the migration's `retention_status_at` says the same."""


class InstructionRow(NamedTuple):
    """An instruction and its recipient's last answer.

    `state` is waiting, confirmed, refused or partly. The coordinates are of the instruction and of the answer.
    """

    instruction: str
    controller: str
    recipient: str
    recipient_kind: str
    action: str
    erasure_id: str | None
    run_id: str | None
    subject: UUID | None
    retention_classes: list[str]
    epochs: list[str]
    confirm_by: int
    instructed_at: int
    confirmed_at: int | None
    outcome: str | None
    refusal_ground: str | None
    object_count: int | None
    backups_expire_at: int | None
    state: str
    partition: int
    offset: int
    confirmed_partition: int | None
    confirmed_offset: int | None

    def is_silent(self, now: int) -> bool:
        """Whether the recipient has not answered, and should have."""
        return self.state == "waiting" and self.confirm_by <= now


class ConfirmationRow(NamedTuple):
    """What a service says it erased."""

    partition: int
    offset: int
    erasure_id: str
    service: str
    source: str
    controller: str
    outcome: str
    refusal_ground: str | None
    object_count: int
    backups_expire_at: int | None
    occurred_at: int
    sealed_at: int


class ExportRow(NamedTuple):
    """An archive the ledger made."""

    partition: int
    offset: int
    export_id: str
    controller: str
    subject: UUID | None
    reason: str
    entries: int
    opened_fields: int
    sha256: str
    hold_id: str | None
    occurred_at: int
    sealed_at: int


class Reference(NamedTuple):
    """An event by the source and id its publisher gave it."""

    source: str
    id: str


class SubjectRecipient(NamedTuple):
    """One who handled a person's data; `kind` is service or processor."""

    name: str
    kind: str


class ErasureStep(NamedTuple):
    """One recorded step of an erasure; `document` holds its open fields, JSON."""

    partition: int
    offset: int
    phase: str
    document: str
    occurred_at: int
    sealed_at: int


@dataclass(frozen=True, kw_only=True)
class ErasureState:
    """An erasure as far as it is recorded.

    Args:
        steps: in the order of the person's stream; the first is the start.
        instructions: one per recipient that was told.
        confirmations: in the order they were recorded; of one recipient the last holds.
        destructions: all of the person's keys', whatever they were destroyed for.
    """

    erasure_id: str
    stream: UUID
    controller: str
    trigger: str
    request_id: str | None
    steps: Sequence[ErasureStep]
    instructions: Sequence[InstructionRow]
    confirmations: Sequence[ConfirmationRow]
    destructions: Sequence[DestructionRow]

    @property
    def started(self) -> ErasureStarted:
        """What was decided.

        Raises:
            IntegrityError: the fact does not say it; another version of this program made it.
        """
        details = erasure_details(self.steps[0].document, ErasureStarted)
        if details is None:
            raise IntegrityError(
                f"the start of erasure {self.erasure_id} cannot be read",
                expected="the fields of erasure.started",
                do="Run the program version that recorded it, or a newer one.",
            )
        return details

    @property
    def searched(self) -> ErasureSearched | None:
        """What was found before the keys went; None before the search."""
        step = self._last("searched")
        return step and erasure_details(step.document, ErasureSearched)

    @property
    def verified(self) -> ErasureVerified | None:
        """What shows that nothing opens any more; None when the last result says otherwise, or there is none."""
        step = self.result
        verified = step is not None and step.phase == "verified"
        return erasure_details(step.document, ErasureVerified) if step and verified else None

    @property
    def incomplete(self) -> Sequence[ErasureIncomplete]:
        """What stood in the way, every time it was checked and not complete."""
        found = (
            erasure_details(step.document, ErasureIncomplete)
            for step in self.steps
            if step.phase == "incomplete"
        )
        return [each for each in found if each is not None]

    @property
    def result(self) -> ErasureStep | None:
        """The last result, verified or incomplete; None before there is one."""
        return self._last("verified", "incomplete")

    def _last(self, *phases: str) -> ErasureStep | None:
        return next((step for step in reversed(self.steps) if step.phase in phases), None)
