"""Sub-processors: announced, objected to, contracted, active, ended, and what transfers to them rest on. Pure.

Owns: the facts of one sub-processor of one controller and the answers about a moment. Leaves to others: judging
(`ledger.rules.contracts.subprocessor_rules`); an optional one's choice is the customer's, under its agreement.

Source: GDPR Art. 28(2), 28(4) and 44 to 49; OBLIGATIONS CD-15, CD-16, CD-36, MB-48.
"""

from collections.abc import Mapping
from typing import ClassVar

from ledger.aggregates.cases import SUBPROCESSOR, Case, CaseFact, Stated, latest, until
from ledger.aggregates.transfer_mechanism import Mechanism, mechanism_valid_at

ACCEPTABLE_OUTCOMES = frozenset({"withdrawn", "agreement_ends"})
"""How an objection can end so that the sub-processor may be used: the controller no longer objects, or the agreement
ends because of it. Where it is replaced or not used for this controller, the objection stands."""


class Announcement(Stated, frozen=True, kw_only=True):
    """What the controller was told of a sub-processor.

    `starts_at` is when it is to start, the `mechanism`'s validity None where it has no bound.
    """

    subprocessor: str
    service: str
    starts_at: int
    countries: tuple[str, ...]
    mechanism: str
    mechanism_valid_from: int | None = None
    mechanism_valid_until: int | None = None
    agreement_concluded: bool
    optional: bool
    told_by: str


class Objection(Stated, frozen=True, kw_only=True):
    """The controller's objection with its ground, or how it was settled with the outcome."""

    settled: bool
    ground: str | None = None
    outcome: str | None = None


class SubprocessorContract(Stated, frozen=True, kw_only=True):
    """An agreement with the sub-processor, and whether it imposes at least the provider's own duties."""

    document_version: str
    same_duties: bool


class Activity(Stated, frozen=True, kw_only=True):
    """Whether the sub-processor processes from now on."""

    active: bool


class SubprocessorFact(CaseFact):
    """A fact of a sub-processor."""

    CASE = SUBPROCESSOR.kind


class SubprocessorAnnounced(SubprocessorFact):
    """The controller was told of a sub-processor."""

    TOPIC = "subprocessor.announced"
    ADDS_TO = "announcements"


class SubprocessorObjected(SubprocessorFact):
    """The controller objected."""

    TOPIC = "subprocessor.objected"
    ADDS_TO = "objections"
    SAYS: ClassVar[Mapping[str, object]] = {"settled": False}


class SubprocessorObjectionSettled(SubprocessorFact):
    """An objection was settled."""

    TOPIC = "subprocessor.objection_settled"
    ADDS_TO = "objections"
    SAYS: ClassVar[Mapping[str, object]] = {"settled": True}


class SubprocessorContracted(SubprocessorFact):
    """A processing agreement with the sub-processor was concluded."""

    TOPIC = "subprocessor.contracted"
    ADDS_TO = "contracts"


class SubprocessorActivated(SubprocessorFact):
    """It started to process for the controller."""

    TOPIC = "subprocessor.activated"
    ADDS_TO = "activity"
    SAYS: ClassVar[Mapping[str, object]] = {"active": True}


class SubprocessorEnded(SubprocessorFact):
    """It no longer processes for the controller."""

    TOPIC = "subprocessor.ended"
    ADDS_TO = "activity"
    SAYS: ClassVar[Mapping[str, object]] = {"active": False}


class TransferMechanismSet(SubprocessorFact):
    """What transfers to it rest on changed."""

    TOPIC = "transfer.mechanism_set"
    ADDS_TO = "mechanisms"


SUBPROCESSOR_FACTS: Mapping[str, type[CaseFact]] = {
    "subprocessor.announced": SubprocessorAnnounced,
    "subprocessor.objected": SubprocessorObjected,
    "subprocessor.objection_settled": SubprocessorObjectionSettled,
    "subprocessor.contracted": SubprocessorContracted,
    "subprocessor.activated": SubprocessorActivated,
    "subprocessor.ended": SubprocessorEnded,
    "transfer.mechanism_set": TransferMechanismSet,
}
"""Stored name, which is also event type, to event class. The names are for ever; the classes may move."""


class Subprocessor(Case):
    """One sub-processor as the facts of one controller show it; its id is its name in lower case.

    Moments are microseconds since the epoch, UTC; what happened at the very moment asked about counts.

    Attributes:
        announcements, objections (with how they were settled), contracts, activity, mechanisms: what was stated.
    """

    KIND = SUBPROCESSOR.kind
    TOPIC = "subprocessor.v1"
    FACTS = SUBPROCESSOR_FACTS
    STATEMENTS: ClassVar[Mapping[str, type[Stated]]] = {
        "activity": Activity,
        "announcements": Announcement,
        "contracts": SubprocessorContract,
        "mechanisms": Mechanism,
        "objections": Objection,
    }

    announcements: list[Announcement]
    objections: list[Objection]
    contracts: list[SubprocessorContract]
    activity: list[Activity]
    mechanisms: list[Mechanism]

    @property
    def name(self) -> str:
        """As the latest announcement spells it."""
        return self.announcements[-1].subprocessor if self.announcements else self.case_id

    def announcement_at(self, moment: int) -> Announcement | None:
        """What the controller had last been told of it by a moment; None when nothing."""
        return latest(self.announcements, moment)

    def announced_at(self, moment: int) -> bool:
        """Whether the controller had been told of it by a moment."""
        return self.announcement_at(moment) is not None

    def optional_at(self, moment: int) -> bool:
        """Whether it may be used only after the customer's explicit choice (CD-36)."""
        told = self.announcement_at(moment)
        return told is not None and told.optional

    def countries_at(self, moment: int) -> tuple[str, ...]:
        """Where it processes, as the controller had been told by a moment; ISO 3166-1 alpha-2."""
        told = self.announcement_at(moment)
        return () if told is None else told.countries

    def active_at(self, moment: int) -> bool:
        """Whether it processes for the controller; the moment it ends it does not."""
        said = latest(self.activity, moment)
        return said is not None and said.active

    def objection_at(self, moment: int) -> Objection | None:
        """The controller's objection that stands at a moment; None when there is none or it was settled.

        A settlement by which the sub-processor is not to be used for this controller lets the objection stand.
        """
        standing = None
        for said in until(self.objections, moment):
            if not said.settled:
                standing = said
            elif said.outcome in ACCEPTABLE_OUTCOMES:
                standing = None
        return standing

    def objected_at(self, moment: int) -> bool:
        """Whether the controller objects to it at a moment."""
        return self.objection_at(moment) is not None

    def has_agreement_at(self, moment: int) -> bool:
        """Whether a processing agreement binds it to at least the provider's duties (CD-16, Art. 28(4)).

        An announcement that one is concluded counts as well; one that says nothing of it takes no agreement back.
        """
        contract, told = latest(self.contracts, moment), until(self.announcements, moment)
        last_told = max((each.occurred_at for each in told if each.agreement_concluded), default=None)
        if contract is None or (last_told is not None and last_told > contract.occurred_at):
            return last_told is not None
        return contract.same_duties

    def mechanism_at(self, country: str, moment: int) -> Mechanism | None:
        """What transfers to a country rest on at a moment; None when on nothing, also when that is what was stated.

        Args:
            country: ISO 3166-1 alpha-2.
            moment: by the validity that was stated, not by when it was: that can be told afterwards.
        """
        return mechanism_valid_at(self._mechanisms(), country, moment)

    def moments(self) -> set[int]:
        """As of every case, and when mechanisms begin and end."""
        bounds = {each.valid_from for each in self._mechanisms()}
        bounds |= {each.valid_until for each in self._mechanisms()}
        return super().moments() | {moment for moment in bounds if moment is not None}

    def _mechanisms(self) -> list[Mechanism]:
        told = [
            Mechanism(
                occurred_at=each.occurred_at,
                offset=each.offset,
                countries=each.countries,
                mechanism=each.mechanism,
                valid_from=each.mechanism_valid_from,
                valid_until=each.mechanism_valid_until,
            )
            for each in self.announcements
        ]
        return told + self.mechanisms
