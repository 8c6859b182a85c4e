"""The data subject: all that is recorded about one person for one controller, folded into one state. Pure.

Owns: the fact families and their stored names, consents per purpose over time, restrictions, counts of processing.
Leaves to others: the values these are made of (`ledger.aggregates.subject_state`), judging (`ledger.rules`), tables
(`ledger.projections`), storage (`ledger.store`).

Stream order is version order. Facts can arrive late, so what was true at a moment is asked by `occurred_at`;
of two changes at the same moment the later recorded one holds.

Source: DESIGN sections 8 and 9; GDPR Art. 7(1), 7(3) and 18.
"""

from bisect import bisect_right, insort
from typing import Any

import msgspec
from eventsourcing.utils import register_topic

from ledger.aggregates.consent_details import consent_details
from ledger.aggregates.restriction_details import restriction_id_of
from ledger.aggregates.streams import LedgerAggregate, LedgerEvent
from ledger.aggregates.subject_state import (
    ConsentChange,
    ConsentState,
    Restriction,
    Tally,
    occurred_at_of,
    tallies_to_state,
    tally_of,
)
from ledger.entry import Entry


class Fact(LedgerEvent):
    """A fact about the data subject."""

    entry: Entry

    def unseen_aggregate(self) -> LedgerAggregate:
        """A data subject nothing is known about."""
        return DataSubject.unseen(self.originator_id)

    def apply(self, aggregate: "DataSubject") -> None:
        """Folds the fact; every family counts as processing unless it says otherwise."""
        aggregate.meet(self.entry)
        aggregate.count_processing(self.entry)


class FactRecorded(Fact):
    """A fact of a family this program does not know; it counts as processing."""

    TOPIC = "fact.recorded"


class CallCompleted(Fact):
    """A call ended."""

    TOPIC = "call.completed"


class CallRecorded(Fact):
    """A call's sound was kept."""

    TOPIC = "call.recorded"


class CallTranscribed(Fact):
    """A call was turned into text."""

    TOPIC = "call.transcribed"


class VoicemailLeft(Fact):
    """A voice message was left."""

    TOPIC = "voicemail.left"


class FaxTransmitted(Fact):
    """A fax was sent or received."""

    TOPIC = "fax.transmitted"


class MessageSent(Fact):
    """A text message was sent."""

    TOPIC = "message.sent"


class SignallingLogged(Fact):
    """Signalling of a call was logged."""

    TOPIC = "signalling.logged"


class NumberDialled(Fact):
    """A number was dialled by a click on a web page."""

    TOPIC = "number.dialled"


class ActionFact(Fact):
    """Something done with data already held; counted by action as well."""

    ACTION = ""

    def apply(self, aggregate: "DataSubject") -> None:
        """Folds the fact and counts the action."""
        super().apply(aggregate)
        aggregate.actions[self.ACTION].add(self.entry.occurred_at)


class DataAccessed(ActionFact):
    """Somebody read the data."""

    TOPIC = "data.accessed"
    ACTION = "accesses"


class DataDisclosed(ActionFact):
    """The data went to a recipient."""

    TOPIC = "data.disclosed"
    ACTION = "disclosures"


class DataExported(ActionFact):
    """The data was exported."""

    TOPIC = "data.exported"
    ACTION = "exports"


class DataErased(ActionFact):
    """Data was erased."""

    TOPIC = "data.erased"
    ACTION = "erasures"


class DataRectified(ActionFact):
    """Data was corrected."""

    TOPIC = "data.rectified"
    ACTION = "rectifications"


class ConsentFact(Fact):
    """A change of consent: no processing, but what processing may rest on."""

    STATE: ConsentState

    def apply(self, aggregate: "DataSubject") -> None:
        """Puts the change in its place among those of its purpose."""
        aggregate.meet(self.entry)
        aggregate.change_consent(self.STATE, self.entry, self.originator_version)


class ConsentGiven(ConsentFact):
    """Consent was given for a purpose."""

    TOPIC = "consent.given"
    STATE = ConsentState.GIVEN


class ConsentRefused(ConsentFact):
    """Consent was asked and refused."""

    TOPIC = "consent.refused"
    STATE = ConsentState.REFUSED


class ConsentWithdrawn(ConsentFact):
    """Consent was withdrawn."""

    TOPIC = "consent.withdrawn"
    STATE = ConsentState.WITHDRAWN


class RestrictionSet(Fact):
    """Processing was restricted: no processing itself."""

    TOPIC = "processing.restricted"

    def apply(self, aggregate: "DataSubject") -> None:
        """Notes since when."""
        aggregate.meet(self.entry)
        aggregate.restrict(self.entry)


class RestrictionLifted(Fact):
    """A restriction ended: no processing itself."""

    TOPIC = "restriction.lifted"

    def apply(self, aggregate: "DataSubject") -> None:
        """Notes until when."""
        aggregate.meet(self.entry)
        aggregate.lift_restriction(self.entry)


class ErasureFact(Fact):
    """A step of the ledger's own erasure: no processing, but what ended it."""

    def apply(self, aggregate: "DataSubject") -> None:
        """Only meets the person; what an erasure came to is in the projections."""
        aggregate.meet(self.entry)


class ErasureStarted(ErasureFact):
    """The person is being erased."""

    TOPIC = "erasure.started"


class ErasureSearched(ErasureFact):
    """Every place was searched before the keys went."""

    TOPIC = "erasure.searched"


class ErasureVerified(ErasureFact):
    """The erasure was checked: nothing opens any more."""

    TOPIC = "erasure.verified"


class ErasureIncomplete(ErasureFact):
    """The erasure could not be shown to be complete."""

    TOPIC = "erasure.incomplete"


FACTS: dict[str, type[Fact]] = {
    "call.completed": CallCompleted,
    "call.recorded": CallRecorded,
    "call.transcribed": CallTranscribed,
    "voicemail.left": VoicemailLeft,
    "fax.transmitted": FaxTransmitted,
    "message.sent": MessageSent,
    "signalling.logged": SignallingLogged,
    "number.dialled": NumberDialled,
    "data.accessed": DataAccessed,
    "data.disclosed": DataDisclosed,
    "data.exported": DataExported,
    "data.erased": DataErased,
    "data.rectified": DataRectified,
    "consent.given": ConsentGiven,
    "consent.refused": ConsentRefused,
    "consent.withdrawn": ConsentWithdrawn,
    "processing.restricted": RestrictionSet,
    "restriction.lifted": RestrictionLifted,
    "erasure.started": ErasureStarted,
    "erasure.searched": ErasureSearched,
    "erasure.verified": ErasureVerified,
    "erasure.incomplete": ErasureIncomplete,
    "fact.recorded": FactRecorded,
}
"""Stored name, which is also event type, to event class. The names are for ever; the classes may move."""

for _topic, _fact_class in FACTS.items():
    register_topic(_topic, _fact_class)

ACTIONS = ("accesses", "disclosures", "erasures", "exports", "rectifications")


class DataSubject(LedgerAggregate):
    """One person as one controller's records show them.

    Attributes:
        controller: of the first entry; a pseudonym belongs to one controller.
        roles: in which roles the person was met (caller, called, ...).
        first_seen, last_seen: earliest and latest `occurred_at`, None before the first fact.
        consents: per purpose, changes ordered by (occurred_at, version).
        restrictions: per restriction id.
        processing: per event type, per purpose.
        categories, processors: processing per data category and per processor.
        actions: `ACTIONS`, each a tally.
    """

    TOPIC = "data_subject.v2"

    def _begin(self) -> None:
        self.controller = ""
        self.roles: set[str] = set()
        self.first_seen: int | None = None
        self.last_seen: int | None = None
        self.consents: dict[str, list[ConsentChange]] = {}
        self.restrictions: dict[str, Restriction] = {}
        self.processing: dict[str, dict[str, Tally]] = {}
        self.categories: dict[str, Tally] = {}
        self.processors: dict[str, Tally] = {}
        self.actions: dict[str, Tally] = {action: Tally() for action in ACTIONS}

    def record(self, entry: Entry, offset: int | None = None) -> Fact:
        """Makes the subject's next event of an entry and applies it.

        The event is not kept as pending: the entry is in the log already, and the caller stores it.

        Raises:
            OriginatorIDError: the entry is of another stream; nothing changed.
        """
        event = FACTS.get(entry.event_type, FactRecorded)(entry.stream, self._version + 1, entry, offset)
        event.mutate(self)
        return event

    def consent_at(self, purpose: str, occurred_at: int) -> ConsentState | None:
        """The consent in force for a purpose at a moment, as far as is known at this version.

        Args:
            purpose: as the consent named it.
            occurred_at: microseconds since the epoch; a change at this very moment counts.

        Returns:
            None when no change is known before or at the moment.
        """
        changes = self.consents.get(purpose, [])
        place = bisect_right(changes, occurred_at, key=occurred_at_of)
        if place == 0:
            return None
        change = changes[place - 1]
        expired = change.expires_at is not None and change.expires_at <= occurred_at
        return ConsentState.EXPIRED if expired and change.state is ConsentState.GIVEN else change.state

    def restricted_at(self, occurred_at: int) -> bool:
        """Whether processing is restricted at a moment, as far as is known at this version.

        Args:
            occurred_at: microseconds since the epoch; the moment a restriction begins is restricted, the moment it
                ends is not.
        """
        return any(
            each.since is not None
            and each.since <= occurred_at
            and (each.until is None or occurred_at < each.until)
            for each in self.restrictions.values()
        )

    def meet(self, entry: Entry) -> None:
        """Notes who the person is to whom, and when they were seen."""
        self.controller = self.controller or entry.controller
        self.roles.update(entry.subject_roles)
        occurred_at = entry.occurred_at
        if self.first_seen is None or occurred_at < self.first_seen:
            self.first_seen = occurred_at
        if self.last_seen is None or occurred_at > self.last_seen:
            self.last_seen = occurred_at

    def count_processing(self, entry: Entry) -> None:
        """Counts the entry by type and purpose, by data category and by processor."""
        occurred_at = entry.occurred_at
        tally_of(self.processing.setdefault(entry.event_type, {}), entry.purpose).add(occurred_at)
        # An entry counts once per name, however often it lists it.
        for category in set(entry.data_categories):
            tally_of(self.categories, category).add(occurred_at)
        for processor in set(entry.processors):
            tally_of(self.processors, processor).add(occurred_at)

    def change_consent(self, state: ConsentState, entry: Entry, version: int) -> None:
        """Inserts a change at its place: a late fact goes before those that happened after it."""
        details = consent_details(entry.open_fields)
        change = ConsentChange(
            state=state,
            occurred_at=entry.occurred_at,
            sealed_at=entry.sealed_at,
            version=version,
            notice_version=entry.notice_version,
            category=details.category,
            expires_at=details.expires_at,
        )
        # The version is the highest so far, so inserting to the right of equal times orders by version too.
        insort(self.consents.setdefault(entry.purpose, []), change, key=occurred_at_of)

    def restrict(self, entry: Entry) -> None:
        """Notes when a restriction began."""
        restriction = self._restriction(entry)
        if restriction.since is None or entry.occurred_at < restriction.since:
            restriction.since = entry.occurred_at

    def lift_restriction(self, entry: Entry) -> None:
        """Notes when a restriction ended."""
        restriction = self._restriction(entry)
        if restriction.until is None or entry.occurred_at > restriction.until:
            restriction.until = entry.occurred_at

    def _restriction(self, entry: Entry) -> Restriction:
        return self.restrictions.setdefault(restriction_id_of(entry.open_fields), Restriction())

    def _state(self) -> dict[str, Any]:
        return {
            "actions": tallies_to_state(self.actions),
            "categories": tallies_to_state(self.categories),
            "consents": {
                purpose: [msgspec.to_builtins(change, order="sorted") for change in self.consents[purpose]]
                for purpose in sorted(self.consents)
            },
            "controller": self.controller,
            "first_seen": self.first_seen,
            "last_seen": self.last_seen,
            "processing": {
                event_type: tallies_to_state(self.processing[event_type])
                for event_type in sorted(self.processing)
            },
            "processors": tallies_to_state(self.processors),
            "restrictions": {
                name: [self.restrictions[name].since, self.restrictions[name].until]
                for name in sorted(self.restrictions)
            },
            "roles": sorted(self.roles),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.controller = state["controller"]
        self.roles = set(state["roles"])
        self.first_seen = state["first_seen"]
        self.last_seen = state["last_seen"]
        self.consents = msgspec.convert(state["consents"], dict[str, list[ConsentChange]])
        self.processing = msgspec.convert(state["processing"], dict[str, dict[str, Tally]])
        self.categories = msgspec.convert(state["categories"], dict[str, Tally])
        self.processors = msgspec.convert(state["processors"], dict[str, Tally])
        self.actions = msgspec.convert(state["actions"], dict[str, Tally])
        self.restrictions = msgspec.convert(state["restrictions"], dict[str, Restriction])
