"""What the facts of an agreement state, each with when it happened. Pure.

Owns: their shapes, which are also those of snapshots; fields are named as in the schemas. Leaves to others: what holds
at a moment (`ledger.aggregates.agreement`).

Source: `schemas/agreement.*`, `recording.*`, `processor.*`, `instruction.*`. Times are microseconds since the epoch,
UTC.
"""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from ledger.aggregates.cases import Stated


class AgreedPurpose(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose, and the part the provider plays in it: controller, processor, joint or conduit."""

    purpose: str
    role: str


class Text(NamedTuple):
    """One version of an agreement's text, and who agreed to it when.

    `stated_at` is when a fact first stated it; `by_controller_at` and `by_provider_at` are None while not known.
    """

    document_version: str
    stated_at: int
    by_controller_at: int | None
    by_provider_at: int | None
    purposes: tuple[AgreedPurpose, ...]

    @property
    def agreed_at(self) -> int | None:
        """When the last of both parties agreed (CD-30); None while one of them has not."""
        if self.by_controller_at is None or self.by_provider_at is None:
            return None
        return max(self.by_controller_at, self.by_provider_at)


class Conclusion(Stated, frozen=True, kw_only=True):
    """A text that was signed, by one party or both."""

    agreement_kind: str
    document_version: str
    signed_by_controller_at: int | None = None
    signed_by_provider_at: int | None = None
    purposes: tuple[AgreedPurpose, ...] = ()

    def added_to(self, text: Text | None) -> Text:
        """The text as earlier statements left it, with what this one says."""
        return _added(self, text, self.signed_by_controller_at, self.signed_by_provider_at)


class Amendment(Stated, frozen=True, kw_only=True):
    """A text that holds from now on, accepted by both parties, by one or by none."""

    document_version: str
    accepted_by_controller_at: int | None = None
    accepted_by_provider_at: int | None = None
    purposes: tuple[AgreedPurpose, ...] = ()

    def added_to(self, text: Text | None) -> Text:
        """The text as earlier statements left it, with what this one says."""
        return _added(self, text, self.accepted_by_controller_at, self.accepted_by_provider_at)


class AgreementEnd(Stated, frozen=True, kw_only=True):
    """When the agreement ends, and the controller's choice: return, delete, return_and_delete or silent."""

    ends_at: int
    choice: str


class RecordingDeclaration(Stated, frozen=True, kw_only=True):
    """Whether calls are recorded for a purpose from now on."""

    recording_purpose: str
    declared: bool


class ProcessorChoice(Stated, frozen=True, kw_only=True):
    """Whether an optional service of a sub-processor is wanted from now on, and where that was said."""

    subprocessor: str
    opted_in: bool
    channel: str


class InstructionPhase(StrEnum):
    """What happened to an instruction."""

    RECEIVED = "received"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"


class InstructionStatement(Stated, frozen=True, kw_only=True):
    """One thing that happened to an instruction.

    `channel` is where it was given (dashboard, written, api), `action` the code of what is to be done, `ground` why the
    provider objects; None where the fact is not about that.
    """

    instruction: str
    phase: InstructionPhase
    channel: str | None = None
    action: str | None = None
    ground: str | None = None


class Instruction(NamedTuple):
    """All that happened to one instruction, in order of when."""

    name: str
    statements: tuple[InstructionStatement, ...]

    def received_at(self, moment: int) -> InstructionStatement | None:
        """The instruction as last given by a moment; None when it was not given, or was taken back since."""
        return self._last(moment, InstructionPhase.RECEIVED)

    def objected_at(self, moment: int) -> InstructionStatement | None:
        """The provider's objection that stands at a moment; None without one, or when the controller withdrew the
        instruction since."""
        return self._last(moment, InstructionPhase.OBJECTED)

    def _last(self, moment: int, phase: InstructionPhase) -> InstructionStatement | None:
        said = [
            each
            for each in self.statements
            if each.occurred_at <= moment and each.phase in {phase, InstructionPhase.WITHDRAWN}
        ]
        return said[-1] if said and said[-1].phase is phase else None


def _added(
    stated: Conclusion | Amendment,
    text: Text | None,
    by_controller_at: int | None,
    by_provider_at: int | None,
) -> Text:
    # A statement that names no signature does not take one back: it was stated before that party signed.
    if text is None:
        return Text(
            stated.document_version, stated.occurred_at, by_controller_at, by_provider_at, stated.purposes
        )
    return text._replace(
        by_controller_at=text.by_controller_at if by_controller_at is None else by_controller_at,
        by_provider_at=text.by_provider_at if by_provider_at is None else by_provider_at,
        purposes=stated.purposes or text.purposes,
    )
