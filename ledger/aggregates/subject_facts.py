"""The facts about a data subject: each family's stored name, and how it is folded. Pure.

Owns: the event classes. Leaves to others: the state they change (`ledger.aggregates.data_subject`).

Source: DESIGN section 9.
"""

from typing import TYPE_CHECKING

from eventsourcing.utils import register_topic, resolve_topic

from ledger.aggregates.streams import LedgerAggregate, LedgerEvent
from ledger.aggregates.subject_state import ConsentState
from ledger.entry import Entry

if TYPE_CHECKING:
    from ledger.aggregates.data_subject import DataSubject

SUBJECT_TOPIC = "data_subject.v3"
"""Stored name of the aggregate's snapshots, which changes with the shape of its state."""


class Fact(LedgerEvent):
    """A fact about the data subject."""

    entry: Entry

    def unseen_aggregate(self) -> LedgerAggregate:
        """A data subject nothing is known about."""
        # By its stored name, as a snapshot is made: the aggregate stands on this module.
        subject_class: type[LedgerAggregate] = resolve_topic(SUBJECT_TOPIC)
        return subject_class.unseen(self.originator_id)

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


class CarryingOutFact(ActionFact):
    """Something done with the data that may carry out a rights request."""

    def apply(self, aggregate: "DataSubject") -> None:
        """Folds the fact, counts the action, and notes it at its request."""
        super().apply(aggregate)
        aggregate.follow_request(self.entry, self.offset)


class DataExported(CarryingOutFact):
    """The data was exported."""

    TOPIC = "data.exported"
    ACTION = "exports"


class DataErased(CarryingOutFact):
    """Data was erased."""

    TOPIC = "data.erased"
    ACTION = "erasures"

    def apply(self, aggregate: "DataSubject") -> None:
        """Also notes whether a minor's data went."""
        super().apply(aggregate)
        aggregate.minority.note_erased(self.entry, self.offset)


class DataRectified(CarryingOutFact):
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
        """Notes since when, and for which request."""
        aggregate.meet(self.entry)
        aggregate.restrict(self.entry)
        aggregate.follow_request(self.entry, self.offset)


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
        """Meets the person; what an erasure came to is in the projections."""
        aggregate.meet(self.entry)


class ErasureStarted(ErasureFact):
    """The person is being erased."""

    TOPIC = "erasure.started"

    def apply(self, aggregate: "DataSubject") -> None:
        """Also notes which request it carries out."""
        super().apply(aggregate)
        aggregate.follow_request(self.entry, self.offset)


class ErasureSearched(ErasureFact):
    """Every place was searched before the keys went."""

    TOPIC = "erasure.searched"


class ErasureVerified(ErasureFact):
    """The erasure was checked: nothing opens any more."""

    TOPIC = "erasure.verified"

    def apply(self, aggregate: "DataSubject") -> None:
        """Also notes when, and that a minor's data went with it."""
        super().apply(aggregate)
        aggregate.end_erasure(self.entry, self.offset)


class ErasureIncomplete(ErasureFact):
    """The erasure could not be shown to be complete."""

    TOPIC = "erasure.incomplete"


class RequestFact(Fact):
    """A step of a rights request: no processing, but what is owed for it."""

    def apply(self, aggregate: "DataSubject") -> None:
        """Puts it in its place in its request."""
        aggregate.meet(self.entry)
        aggregate.follow_request(self.entry, self.offset)


class RequestReceived(RequestFact):
    """The person asked for something."""

    TOPIC = "request.received"


class RequestIdentityChecked(RequestFact):
    """The identity of who asks was checked."""

    TOPIC = "request.identity_checked"


class RequestForwarded(RequestFact):
    """A processor passed the request on."""

    TOPIC = "request.forwarded"


class RequestExtended(RequestFact):
    """The time to answer was extended."""

    TOPIC = "request.extended"


class RequestAnswered(RequestFact):
    """The request was answered."""

    TOPIC = "request.answered"


class RequestRefused(RequestFact):
    """The request was refused."""

    TOPIC = "request.refused"


class RequestWithdrawn(RequestFact):
    """The request was taken back."""

    TOPIC = "request.withdrawn"


class RequestDeadlineFact(RequestFact):
    """A deadline of a request, or of the person, came near or passed."""

    def apply(self, aggregate: "DataSubject") -> None:
        """Notes it at its request, or with the minor whose data was to go."""
        super().apply(aggregate)
        aggregate.minority.note_deadline(self.entry, self.offset)


class RequestDeadlineNear(RequestDeadlineFact):
    """A deadline is about to pass."""

    TOPIC = "request.deadline_near"


class RequestDeadlinePassed(RequestDeadlineFact):
    """A deadline has passed."""

    TOPIC = "request.deadline_passed"


class MinorFound(Fact):
    """The person was found to be a minor: no processing."""

    TOPIC = "minor.found"

    def apply(self, aggregate: "DataSubject") -> None:
        """Notes since when, and whether a parent consented."""
        aggregate.meet(self.entry)
        aggregate.minority.note_found(self.entry, self.offset)


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
    "request.received": RequestReceived,
    "request.identity_checked": RequestIdentityChecked,
    "request.forwarded": RequestForwarded,
    "request.extended": RequestExtended,
    "request.answered": RequestAnswered,
    "request.refused": RequestRefused,
    "request.withdrawn": RequestWithdrawn,
    "request.deadline_near": RequestDeadlineNear,
    "request.deadline_passed": RequestDeadlinePassed,
    "minor.found": MinorFound,
    "fact.recorded": FactRecorded,
}
"""Stored name, which is also event type, to event class. The names are for ever; the classes may move."""

for _topic, _fact_class in FACTS.items():
    register_topic(_topic, _fact_class)
