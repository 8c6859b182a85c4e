"""Agreements: signatures, amendments and end, and what a customer declared, chose and instructed under one. Pure.

Owns: the facts of an agreement and the answers about a moment. Leaves to others: what its facts state
(`ledger.aggregates.agreement_statements`), judging (`ledger.rules.contracts.agreement_rules`), when data ends with an
agreement (`ledger.rules.keeping.agreement_end`).

A text, known by its version, can be stated more than once: first with one signature, later with both. Of each party
the latest statement that names a signature holds.

Source: GDPR Art. 28(3); OBLIGATIONS CD-08, CD-30 to CD-32, CD-36, CF-13, CB-07.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from ledger.aggregates.agreement_statements import (
    AgreementEnd,
    Amendment,
    Conclusion,
    Instruction,
    InstructionStatement,
    ProcessorChoice,
    RecordingDeclaration,
    Text,
)
from ledger.aggregates.cases import AGREEMENT, Case, CaseFact, Stated, until


class AgreementFact(CaseFact):
    """A fact of an agreement."""

    CASE = AGREEMENT.kind


class AgreementConcluded(AgreementFact):
    """An agreement was concluded, or one party signed it."""

    TOPIC = "agreement.concluded"
    ADDS_TO = "conclusions"


class AgreementAmended(AgreementFact):
    """An agreement was changed, or one party accepted the change."""

    TOPIC = "agreement.amended"
    ADDS_TO = "amendments"


class AgreementTerminated(AgreementFact):
    """An agreement ends."""

    TOPIC = "agreement.terminated"
    ADDS_TO = "ends"


class RecordingPurposeDeclared(AgreementFact):
    """A customer stated why its calls are recorded."""

    TOPIC = "recording.purpose_declared"
    ADDS_TO = "declarations"
    SAYS: ClassVar[Mapping[str, object]] = {"declared": True}


class RecordingPurposeRevoked(AgreementFact):
    """A customer no longer records its calls for a purpose."""

    TOPIC = "recording.purpose_revoked"
    ADDS_TO = "declarations"
    SAYS: ClassVar[Mapping[str, object]] = {"declared": False}


class ProcessorOptedIn(AgreementFact):
    """A customer explicitly chose an optional service of a sub-processor."""

    TOPIC = "processor.opted_in"
    ADDS_TO = "choices"
    SAYS: ClassVar[Mapping[str, object]] = {"opted_in": True}


class ProcessorOptedOut(AgreementFact):
    """A customer no longer wants an optional service of a sub-processor."""

    TOPIC = "processor.opted_out"
    ADDS_TO = "choices"
    SAYS: ClassVar[Mapping[str, object]] = {"opted_in": False}


class InstructionReceived(AgreementFact):
    """The controller instructed the provider, in writing, by a call of the API or by a click in the dashboard."""

    TOPIC = "instruction.received"
    ADDS_TO = "instructions"
    SAYS: ClassVar[Mapping[str, object]] = {"phase": "received"}


class InstructionObjected(AgreementFact):
    """The provider told the controller that an instruction is unlawful in its opinion."""

    TOPIC = "instruction.objected"
    ADDS_TO = "instructions"
    SAYS: ClassVar[Mapping[str, object]] = {"phase": "objected"}


class InstructionWithdrawn(AgreementFact):
    """The controller took an instruction back."""

    TOPIC = "instruction.withdrawn"
    ADDS_TO = "instructions"
    SAYS: ClassVar[Mapping[str, object]] = {"phase": "withdrawn"}


AGREEMENT_FACTS: Mapping[str, type[CaseFact]] = {
    "agreement.concluded": AgreementConcluded,
    "agreement.amended": AgreementAmended,
    "agreement.terminated": AgreementTerminated,
    "recording.purpose_declared": RecordingPurposeDeclared,
    "recording.purpose_revoked": RecordingPurposeRevoked,
    "processor.opted_in": ProcessorOptedIn,
    "processor.opted_out": ProcessorOptedOut,
    "instruction.received": InstructionReceived,
    "instruction.objected": InstructionObjected,
    "instruction.withdrawn": InstructionWithdrawn,
}
"""Stored name, which is also event type, to event class. The names are for ever; the classes may move."""


class Agreement(Case):
    """An agreement between a controller and a provider, as its facts show it.

    Moments are microseconds since the epoch, UTC; what happened at the very moment asked about counts.

    Attributes:
        conclusions, amendments, ends: what was stated of the agreement itself.
        declarations: of what calls are recorded for.
        choices: of optional services of sub-processors.
        instructions: what happened to them.
    """

    KIND = AGREEMENT.kind
    TOPIC = "agreement.v1"
    FACTS = AGREEMENT_FACTS
    STATEMENTS: ClassVar[Mapping[str, type[Stated]]] = {
        "amendments": Amendment,
        "choices": ProcessorChoice,
        "conclusions": Conclusion,
        "declarations": RecordingDeclaration,
        "ends": AgreementEnd,
        "instructions": InstructionStatement,
    }

    conclusions: list[Conclusion]
    amendments: list[Amendment]
    ends: list[AgreementEnd]
    declarations: list[RecordingDeclaration]
    choices: list[ProcessorChoice]
    instructions: list[InstructionStatement]

    def texts(self) -> list[Text]:
        """The texts that were concluded, each with the signatures that are known."""
        return _texts(self.conclusions)

    def amended_texts(self) -> list[Text]:
        """The texts it was amended to, each with the acceptances that are known."""
        return _texts(self.amendments)

    def starts(self) -> list[int]:
        """From when each concluded text is in force: the last of both signatures (CD-30); the earliest first."""
        return sorted(text.agreed_at for text in self.texts() if text.agreed_at is not None)

    def start_at(self, moment: int) -> int | None:
        """Since when the agreement is in force at a moment; None when it is not, or one signature is missing."""
        started = [start for start in self.starts() if start <= moment]
        if not started or any(started[-1] <= end <= moment for end in self._last_ends()):
            return None
        return started[-1]

    def in_force_at(self, moment: int) -> bool:
        """Whether both parties had signed by a moment and it had not ended; the moment it ends it is not in force."""
        return self.start_at(moment) is not None

    def ended_at(self, moment: int) -> int | None:
        """When it had last ended by a moment; None when it had not, or is in force again.

        An end counts also where the signatures of what it ended are not known.
        """
        if self.in_force_at(moment):
            return None
        ends = list(self._last_ends()) or [end.ends_at for end in self.ends[-1:]]
        return max((end for end in ends if end <= moment), default=None)

    def purposes_at(self, moment: int) -> Mapping[str, frozenset[str]]:
        """What data may be processed for at a moment, and in which roles, by the text in force or last in force.

        An amendment counts once both parties have accepted it; one without purposes leaves them as they are.

        Returns:
            Purpose -> roles (controller, processor, joint, conduit); empty when the text does not say, or when there
            is none yet.
        """
        concluded = [(text.agreed_at, text) for text in self.texts()]
        amended = [(_effective(text), text) for text in self.amended_texts() if text.purposes]
        holding = [
            (since, text) for since, text in concluded + amended if since is not None and since <= moment
        ]
        if not holding:
            return {}
        # Of those that hold since the same moment the last stated, and an amendment rather than what it amends.
        _, (_, text) = max(enumerate(holding), key=lambda each: (each[1][0], each[0]))
        roles: dict[str, set[str]] = {}
        for agreed in text.purposes:
            roles.setdefault(agreed.purpose, set()).add(agreed.role)
        return {purpose: frozenset(roles[purpose]) for purpose in sorted(roles)}

    def recording_declared_at(self, purpose: str, moment: int) -> bool:
        """Whether the customer had declared by a moment that calls are recorded for a purpose (CF-13)."""
        said = [each for each in until(self.declarations, moment) if each.recording_purpose == purpose]
        return bool(said) and said[-1].declared

    def opted_in_at(self, name: str, moment: int) -> bool:
        """Whether the customer had explicitly chosen a sub-processor by a moment (CD-36), in any spelling."""
        said = [each for each in until(self.choices, moment) if each.subprocessor.lower() == name.lower()]
        return bool(said) and said[-1].opted_in

    def instruction(self, name: str) -> Instruction | None:
        """What is known of an instruction, by the name processing facts give in `instruction_id`; None when nothing."""
        said = tuple(each for each in self.instructions if each.instruction == name)
        return Instruction(name=name, statements=said) if said else None

    def moments(self) -> set[int]:
        """As of every case, and when signatures and acceptances were given and ends come."""
        agreed = [text.agreed_at for text in (*self.texts(), *self.amended_texts())]
        ends = {end.ends_at for end in self.ends}
        return super().moments() | ends | {moment for moment in agreed if moment is not None}

    def _last_ends(self) -> Iterable[int]:
        """When it ends: of each time it was in force, as the latest statement about that end says."""
        starts, last = self.starts(), dict[int, int]()
        for end in self.ends:
            begun = [start for start in starts if start <= end.ends_at]
            if begun:
                last[begun[-1]] = end.ends_at
        return last.values()


def _effective(text: Text) -> int | None:
    """From when an amendment holds: accepted by both, and not before it says so."""
    return None if text.agreed_at is None else max(text.agreed_at, text.stated_at)


def _texts(stated: Iterable[Conclusion | Amendment]) -> list[Text]:
    """Statements joined by version of the text, in the order in which the texts were first stated."""
    texts: dict[str, Text] = {}
    for each in stated:
        texts[each.document_version] = each.added_to(texts.get(each.document_version))
    return list(texts.values())
