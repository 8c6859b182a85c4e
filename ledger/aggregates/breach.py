"""A personal data breach: when it happened, was discovered, became known and was told, and how it was dealt with. Pure.

Owns: the facts of a breach and what they say together. When it occurred, when it was discovered, when its controller
became aware and when each was notified are different things and kept apart. Leaves to others: what its facts state
(`ledger.aggregates.breach_statements`), which clocks run and what a notification lacks
(`ledger.rules.contracts.breach_rules`).

Source: GDPR Art. 4(12), 33 and 34; OBLIGATIONS CB-06, CB-27 to CB-29, CD-19, CD-20; STANDARDS section 4.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar

from ledger.aggregates.breach_statements import (
    Assessment,
    Awareness,
    Closing,
    Discovery,
    Notification,
    read_assessment,
    read_awareness,
    read_closing,
    read_discovery,
    read_notification,
)
from ledger.aggregates.cases import BREACH, Case, CaseFact, Stated
from ledger.aggregates.stating_fact import StatingFact


class BreachFact(StatingFact):
    """A fact of a breach."""

    CASE = BREACH.kind


class BreachDiscovered(BreachFact):
    """The breach was discovered."""

    TOPIC = "breach.discovered"
    HISTORY = "discoveries"
    READ = staticmethod(read_discovery)


class BreachAware(BreachFact):
    """The controller became aware of the breach."""

    TOPIC = "breach.aware"
    HISTORY = "awareness"
    READ = staticmethod(read_awareness)


class BreachAssessed(BreachFact):
    """The risk was assessed."""

    TOPIC = "breach.assessed"
    HISTORY = "assessments"
    READ = staticmethod(read_assessment)


class BreachNotified(BreachFact):
    """Somebody was told of the breach, at once or in phases."""

    TOPIC = "breach.notified"
    HISTORY = "notifications"
    READ = staticmethod(read_notification)


class BreachClosed(BreachFact):
    """The breach was dealt with."""

    TOPIC = "breach.closed"
    HISTORY = "closings"
    READ = staticmethod(read_closing)


BREACH_FACTS: Mapping[str, type[CaseFact]] = {
    "breach.discovered": BreachDiscovered,
    "breach.aware": BreachAware,
    "breach.assessed": BreachAssessed,
    "breach.notified": BreachNotified,
    "breach.closed": BreachClosed,
}
"""Stored name, which is also event type, to event class. The names are for ever; the classes may move."""


class Breach(Case):
    """One breach of one controller's data; one that hurts several controllers is a breach of each.

    Attributes:
        discoveries, awareness, assessments, notifications, closings: what was stated, by when it happened.
    """

    KIND = BREACH.kind
    TOPIC = "breach.v1"
    FACTS = BREACH_FACTS
    STATEMENTS: ClassVar[Mapping[str, type[Stated]]] = {
        "assessments": Assessment,
        "awareness": Awareness,
        "closings": Closing,
        "discoveries": Discovery,
        "notifications": Notification,
    }

    discoveries: list[Discovery]
    awareness: list[Awareness]
    assessments: list[Assessment]
    notifications: list[Notification]
    closings: list[Closing]

    @property
    def discovery(self) -> Discovery | None:
        """The first time it was discovered, which is what clocks run from; None while no fact says so."""
        return self.discoveries[0] if self.discoveries else None

    @property
    def began_at(self) -> int | None:
        """When the breach itself happened, as last stated; None while not known."""
        stated = [each.began_at for each in self.discoveries if each.began_at is not None]
        return stated[-1] if stated else None

    @property
    def risk(self) -> str | None:
        """The risk as last assessed; None while it is not."""
        return self.assessments[-1].risk if self.assessments else None

    @property
    def closing(self) -> Closing | None:
        """The last closing; None while the breach is open."""
        return self.closings[-1] if self.closings else None

    @property
    def known_since(self) -> int | None:
        """When the first of its facts happened; None before any. The ledger's own facts do not count."""
        histories: tuple[Sequence[Stated], ...] = (
            self.discoveries,
            self.awareness,
            self.assessments,
            self.notifications,
            self.closings,
        )
        return min((each.occurred_at for each in chain.from_iterable(histories)), default=None)

    def told(self, recipient: str) -> list[Notification]:
        """The notifications to a recipient: controller, authority or people."""
        return [each for each in self.notifications if each.recipient == recipient]
