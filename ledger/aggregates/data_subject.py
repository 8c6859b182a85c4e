"""The data subject: all that is recorded about one person for one controller, folded into one state. Pure.

Owns: consents per purpose over time, restrictions, rights requests, counts of processing. Leaves to others: the fact
families and their stored names (`ledger.aggregates.subject_facts`), the values these are made of
(`ledger.aggregates.subject_state`, `rights_request`, `minority`), judging (`ledger.rules`), tables
(`ledger.projections`), storage (`ledger.store`).

Stream order is version order. Facts can arrive late, so what was true at a moment is asked by `occurred_at`;
of two changes at the same moment the later recorded one holds.

Source: DESIGN sections 8 and 9; GDPR Art. 7(1), 7(3), 12 to 22.
"""

from bisect import bisect_right, insort
from typing import Any

import msgspec

from ledger.aggregates.cases import add_stated
from ledger.aggregates.consent_details import consent_details
from ledger.aggregates.minority import Erased, Minority
from ledger.aggregates.restriction_details import restriction_id_of
from ledger.aggregates.rights_request import RightsRequest, fold_request
from ledger.aggregates.streams import LedgerAggregate
from ledger.aggregates.subject_facts import FACTS, SUBJECT_TOPIC, Fact, FactRecorded
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

ACTIONS = ("accesses", "disclosures", "erasures", "exports", "rectifications")


class DataSubject(LedgerAggregate):
    """One person as one controller's records show them.

    Attributes:
        controller: of the first entry; a pseudonym belongs to one controller.
        roles: in which roles the person was met (caller, called, ...).
        first_seen, last_seen: earliest and latest `occurred_at`, None before the first fact.
        consents: per purpose, changes ordered by (occurred_at, version).
        restrictions: per restriction id.
        requests: per request id, also those only answered so far.
        minority: what is known of the person being a minor.
        erasures: verified ones, in order of `occurred_at`.
        processing: per event type, per purpose.
        categories, processors: processing per data category and per processor.
        actions: `ACTIONS`, each a tally.
    """

    TOPIC = SUBJECT_TOPIC

    def _begin(self) -> None:
        self.controller = ""
        self.roles: set[str] = set()
        self.first_seen: int | None = None
        self.last_seen: int | None = None
        self.consents: dict[str, list[ConsentChange]] = {}
        self.restrictions: dict[str, Restriction] = {}
        self.requests: dict[str, RightsRequest] = {}
        self.minority = Minority()
        self.erasures: list[Erased] = []
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

    def objected_at(self, purpose: str, lawful_basis: str, occurred_at: int) -> bool:
        """Whether an objection bars processing at a moment, as far as is known at this version (GDPR Art. 21).

        Args:
            purpose: of the processing.
            lawful_basis: of the processing; only some can be objected to.
            occurred_at: microseconds since the epoch; the moment of receipt is barred.
        """
        return any(each.objects_to(purpose, lawful_basis, occurred_at) for each in self.requests.values())

    @property
    def minor_found_at(self) -> int | None:
        """When the person was found to be a minor for whom no parent consented; None when not."""
        found = self.minority.without_consent
        return None if found is None else found.occurred_at

    @property
    def erased_at(self) -> int | None:
        """When the person's erasure was first verified; None while it was not."""
        return self.erasures[0].occurred_at if self.erasures else None

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

    def follow_request(self, entry: Entry, offset: int | None) -> None:
        """Folds a fact into the rights request it is of or carries out; recipients are those known by its time."""
        recipients = (
            name
            for name, tally in self.processors.items()
            if tally.first_at is not None and tally.first_at <= entry.occurred_at
        )
        fold_request(self.requests, entry, offset, recipients)

    def end_erasure(self, entry: Entry, offset: int | None) -> None:
        """Notes that an erasure was verified; a minor's data went with it."""
        add_stated(self.erasures, Erased(occurred_at=entry.occurred_at, offset=offset))
        self.minority.note_gone(entry, offset)

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
            "erasures": msgspec.to_builtins(self.erasures, order="sorted"),
            "first_seen": self.first_seen,
            "last_seen": self.last_seen,
            "minority": msgspec.to_builtins(self.minority, order="sorted"),
            "processing": {
                event_type: tallies_to_state(self.processing[event_type])
                for event_type in sorted(self.processing)
            },
            "processors": tallies_to_state(self.processors),
            "requests": msgspec.to_builtins(self.requests, order="sorted"),
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
        self.requests = msgspec.convert(state["requests"], dict[str, RightsRequest])
        self.minority = msgspec.convert(state["minority"], Minority)
        self.erasures = msgspec.convert(state["erasures"], list[Erased])
