"""An audit of the provider: announced, allowed or refused, begun, and what it came to. Pure.

Owns: the facts of an audit, and what its announcements say together. Leaves to others: what its facts state
(`ledger.aggregates.audit_statements`), whether it kept to the rules (`ledger.rules.contracts.audit_rules`).

An announcement can be made in parts. What an earlier one stated and a later one leaves out still stands; of what both
state the later holds.

Source: GDPR Art. 28(3)(h); OBLIGATIONS CD-24 to CD-28.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar, NamedTuple

from ledger.aggregates.audit_statements import (
    Access,
    Announcement,
    AuditKind,
    Begin,
    Conclusion,
    Refusal,
    Report,
    read_access,
    read_announcement,
    read_begin,
    read_conclusion,
    read_refusal,
    read_report,
)
from ledger.aggregates.cases import AUDIT, Case, CaseFact, Stated, until
from ledger.aggregates.stating_fact import StatingFact


class AuditFact(StatingFact):
    """A fact of an audit."""

    CASE = AUDIT.kind


class AuditAnnounced(AuditFact):
    """The controller announced the audit."""

    TOPIC = "audit.announced"
    HISTORY = "announcements"
    READ = staticmethod(read_announcement)


class AuditAccessGranted(AuditFact):
    """The auditor was given access."""

    TOPIC = "audit.access_granted"
    HISTORY = "accesses"
    READ = staticmethod(read_access)


class AuditRefused(AuditFact):
    """The provider refused the audit."""

    TOPIC = "audit.refused"
    HISTORY = "refusals"
    READ = staticmethod(read_refusal)


class AuditBegun(AuditFact):
    """The audit began."""

    TOPIC = "audit.begun"
    HISTORY = "begins"
    READ = staticmethod(read_begin)


class AuditFindingReported(AuditFact):
    """The audit found something."""

    TOPIC = "audit.finding_reported"
    HISTORY = "reports"
    READ = staticmethod(read_report)


class AuditClosed(AuditFact):
    """The audit ended."""

    TOPIC = "audit.closed"
    HISTORY = "conclusions"
    READ = staticmethod(read_conclusion)


AUDIT_FACTS: Mapping[str, type[CaseFact]] = {
    "audit.announced": AuditAnnounced,
    "audit.access_granted": AuditAccessGranted,
    "audit.refused": AuditRefused,
    "audit.begun": AuditBegun,
    "audit.finding_reported": AuditFindingReported,
    "audit.closed": AuditClosed,
}
"""Stored name, which is also event type, to event class. The names are for ever; the classes may move."""


class Announced(NamedTuple):
    """What the announcements of an audit say together.

    Attributes:
        last: the last of them, with whatever earlier ones stated and it leaves out.
        received_at: when the provider was first told, in writing where it ever was, of a begin no later than the one
            that holds: what is moved to a later day was announced before, what is moved forward was not.
    """

    last: Announcement
    received_at: int


class Audit(Case):
    """One audit of one controller.

    Attributes:
        announcements, accesses, refusals, begins, reports, conclusions: what was stated, by when it happened.
    """

    KIND = AUDIT.kind
    TOPIC = "audit.v1"
    FACTS = AUDIT_FACTS
    STATEMENTS: ClassVar[Mapping[str, type[Stated]]] = {
        "accesses": Access,
        "announcements": Announcement,
        "begins": Begin,
        "conclusions": Conclusion,
        "refusals": Refusal,
        "reports": Report,
    }

    announcements: list[Announcement]
    accesses: list[Access]
    refusals: list[Refusal]
    begins: list[Begin]
    reports: list[Report]
    conclusions: list[Conclusion]

    @property
    def announced(self) -> Announced | None:
        """What was announced, all announcements together; None while there is none."""
        return _together(self.announcements)

    def announced_by(self, moment: int) -> Announced | None:
        """What had been announced by a moment, microseconds since the epoch; that very moment counts."""
        return _together(until(self.announcements, moment))

    @property
    def begins_at(self) -> int | None:
        """When it began, or is to begin while it has not; None while neither is known."""
        if self.begins:
            return self.begins[0].occurred_at
        announced = self.announced
        return None if announced is None else announced.last.begins_at

    @property
    def provided(self) -> Stated | None:
        """What first shows that the auditor could work: access given, or the audit begun; None while nothing does."""
        return _first(self.accesses, self.begins)

    @property
    def refusal(self) -> Refusal | None:
        """The refusal that stands; None without one, or when the audit was announced anew, allowed or begun since."""
        if not self.refusals:
            return None
        last = self.refusals[-1]
        others: tuple[Sequence[Stated], ...] = (self.announcements, self.accesses, self.begins)
        since = any(_place(each) > _place(last) for each in chain.from_iterable(others))
        return None if since else last

    @property
    def is_regular(self) -> bool:
        """Whether it was announced as the year's regular audit."""
        announced = self.announced
        return announced is not None and announced.last.kind == AuditKind.REGULAR

    @property
    def known_since(self) -> int | None:
        """When the first of its facts happened; None before any. The ledger's own facts do not count."""
        first = _first(
            self.announcements, self.accesses, self.refusals, self.begins, self.reports, self.conclusions
        )
        return None if first is None else first.occurred_at


def _place(stated: Stated) -> tuple[int, int]:
    return (stated.occurred_at, stated.at_offset)


def _first(*histories: Sequence[Stated]) -> Stated | None:
    return min(chain.from_iterable(histories), key=_place, default=None)


def _together(announcements: Sequence[Announcement]) -> Announced | None:
    if not announcements:
        return None
    last = announcements[-1]
    begins_at = _last_stated([each.begins_at for each in announcements])
    whole = Announcement(
        occurred_at=last.occurred_at,
        offset=last.offset,
        kind=last.kind,
        ground=last.ground,
        reference=last.reference,
        scope=any(each.scope for each in announcements),
        auditor=any(each.auditor for each in announcements),
        qualifications=any(each.qualifications for each in announcements),
        independent=last.independent,
        bound_to_secrecy=last.bound_to_secrecy,
        in_writing=any(each.in_writing for each in announcements),
        begins_at=begins_at,
        ends_at=_last_stated([each.ends_at for each in announcements]),
    )
    written = [each for each in announcements if each.in_writing] or announcements
    warned = [
        each.occurred_at
        for each in written
        if each.begins_at is not None and begins_at is not None and each.begins_at <= begins_at
    ]
    return Announced(last=whole, received_at=min(warned, default=last.occurred_at))


def _last_stated(moments: Sequence[int | None]) -> int | None:
    stated = [moment for moment in moments if moment is not None]
    return stated[-1] if stated else None
