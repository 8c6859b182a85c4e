"""What is known of a data subject being a minor, and of what became of the minor's data. Pure.

Owns: when it was found, whether a parent or guardian consented, what was erased. Leaves to others: until when the data
is to go, and whether it did (`ledger.rules.requests.minors`).

Source: GDPR Art. 8 and 17(1)(f); MB-45.
"""

import msgspec

from ledger.aggregates.cases import DeadlineReached, Stated, add_stated
from ledger.aggregates.open_fields import fields_of
from ledger.aggregates.request_statements import statement_of
from ledger.aggregates.rights_request import ERASE_MINOR
from ledger.entry import Entry

CHILD_FOUND = "child_found"
"""The trigger of an erasure of a minor's data."""
GONE = frozenset({"erased", "anonymised", "nothing_found"})
"""Outcomes of an erasure that leave nothing of the person."""
PASSED = "request.deadline_passed"


class Found(Stated, frozen=True, kw_only=True):
    """The person was found to be a minor. `rules_at` is that of the fact, which says what was promised then."""

    how: str
    parental_consent: bool
    rules_at: int


class Erased(Stated, frozen=True, kw_only=True):
    """Data of the person went: by a service, or by the ledger's own erasure once it is verified."""


class Minority(msgspec.Struct, kw_only=True):
    """Everything about one person being a minor; every list is in order of `occurred_at`.

    `rules_at` is that of the fact recorded last, None before the first: the rules it was judged by until now.
    """

    found: list[Found] = []
    erased: list[Erased] = []
    near: list[DeadlineReached] = []
    passed: list[DeadlineReached] = []
    rules_at: int | None = None

    @property
    def without_consent(self) -> Found | None:
        """The first finding of a minor for whom no parent has consented since; None when there is none."""
        first = None
        for each in self.found:
            if each.parental_consent:
                first = None
            elif first is None:
                first = each
        return first

    def erased_after(self, moment: int) -> Erased | None:
        """The first erasure at or after a moment, microseconds since the epoch."""
        return next((each for each in self.erased if each.occurred_at >= moment), None)

    def has_passed(self, rule: str, ends_at: int) -> DeadlineReached | None:
        """What says that the time to erase passed, by this end or a later one; None while nothing does."""
        return next((each for each in self.passed if each.rule == rule and each.ends_at >= ends_at), None)

    def note_found(self, entry: Entry, offset: int | None) -> None:
        """Notes that the person is a minor."""
        self.rules_at = entry.rules_at
        if (found := statement_of(Found, entry, offset, rules_at=entry.rules_at)) is not None:
            add_stated(self.found, found)

    def note_erased(self, entry: Entry, offset: int | None) -> None:
        """Notes a service's erasure of a minor's data; any other erasure says nothing about minors."""
        fields = fields_of(entry.open_fields)
        if fields.get("trigger") == CHILD_FOUND and fields.get("outcome") in GONE:
            self.note_gone(entry, offset)

    def note_gone(self, entry: Entry, offset: int | None) -> None:
        """Notes that data of the person went."""
        self.rules_at = entry.rules_at
        add_stated(self.erased, Erased(occurred_at=entry.occurred_at, offset=offset))

    def note_deadline(self, entry: Entry, offset: int | None) -> None:
        """Notes that the time to erase came near or passed; deadlines of requests are not kept here."""
        reached = statement_of(DeadlineReached, entry, offset)
        if reached is not None and reached.deadline == ERASE_MINOR:
            self.rules_at = entry.rules_at
            add_stated(self.passed if entry.event_type == PASSED else self.near, reached)
