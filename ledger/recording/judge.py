"""Judging by the governance as of an offset, with what was judged before remembered. Pure.

Owns: the caches. Leaves to others: the facts (`governance_facts`), the rules (`ledger.rules`), what is judged when
(`subject_judgements`, `case_judgements`).

Nearly every entry is like one before it. What it comes to follows from: the state of its controller, the stretch of
time it happened in, its local day and classes, and what rules see of it (`processing_facts`). These are the key, whole:
a rule is given nothing else, and within a stretch of time no answer of a state changes. So remembering changes no
result, and forgetting does not either.
"""

from functools import lru_cache

from ledger.entry import Entry
from ledger.recording.governance_facts import STATES_WEIGHT_MAX, GovernanceFacts, weight_of
from ledger.rules.contracts.judgement import judge_case
from ledger.rules.controller_state import CaseKey, ControllerState
from ledger.rules.judged import Judged
from ledger.rules.processing.judgement import Held, judge_processing, judge_retention, judge_unknown
from ledger.rules.processing.processing_facts import Processing, processing_of

ENTRIES_REMEMBERED_MAX = 20_000
"""Kinds of entries; some hundred bytes each. A provider has a few dozen a day per controller."""
CASES_REMEMBERED_MAX = 2_000
"""Cases as last judged; some kilobytes each."""

_UNKNOWN = {first: judge_unknown(first=first) for first in (False, True)}

EntryKey = tuple[ControllerState, int, Processing, int, frozenset[str]]


class Judge:
    """Holds entries and cases against the governance facts of a recorder.

    Args:
        governance: the facts; whoever folds adds to them, and MUST call `forget` when a batch failed.
    """

    def __init__(self, governance: GovernanceFacts) -> None:
        self.governance = governance
        self._entries: dict[EntryKey, Held] = {}
        self._states: set[ControllerState] = set()
        self._weight = 0
        self._cases: dict[tuple[str, CaseKey, int], Judged] = {}
        # What several keys share: an entry of another day, or of other classes, is processed by the same rules.
        self._processing = lru_cache(maxsize=ENTRIES_REMEMBERED_MAX)(_held_as_processing)
        self._retention = lru_cache(maxsize=ENTRIES_REMEMBERED_MAX)(_held_as_kept)

    def forget(self) -> None:
        """Drops the facts and everything that was judged by them."""
        self.governance.forget()
        self._cases.clear()
        self._forget_entries()

    def entry(self, entry: Entry, *, first: bool) -> Held:
        """What an entry about a person, or about nobody known, comes to by the rules as of its `rules_at`.

        Args:
            entry: of a subject or unattributed stream.
            first: whether it is the first of its stream.
        """
        state = self.governance.as_of(entry.controller, entry.rules_at)
        if not state.known():
            return _UNKNOWN[first]
        classes = frozenset([sealed.retention_class for sealed in entry.sealed])
        seen = processing_of(entry, first=first)
        key = (state, state.segment(entry.occurred_at), seen, entry.occurred_day, classes)
        held = self._entries.get(key)
        if held is None:
            self._make_room(state)
            held = self._entries[key] = self._judged(*key)
        return held

    def case(self, controller: str, key: CaseKey, offset: int) -> Judged:
        """What a case comes to by everything known below an offset; it MUST be known by then."""
        state = self.governance.as_of(controller, offset)
        place = (controller, key, state.facts)
        judged = self._cases.get(place)
        if judged is None:
            if len(self._cases) >= CASES_REMEMBERED_MAX:
                self._cases.clear()
            judged = self._cases[place] = judge_case(state.cases[key], state)
        return judged

    def _make_room(self, state: ControllerState) -> None:
        """Forgets all at once when there are too many entries, or the states they keep alive weigh too much."""
        if state not in self._states:
            self._states.add(state)
            self._weight += weight_of(state)
        if len(self._entries) >= ENTRIES_REMEMBERED_MAX or self._weight > STATES_WEIGHT_MAX:
            self._forget_entries()

    def _forget_entries(self) -> None:
        self._entries.clear()
        self._states.clear()
        self._weight = 0
        self._processing.cache_clear()
        self._retention.cache_clear()

    def _judged(
        self, state: ControllerState, segment: int, it: Processing, day: int, classes: frozenset[str]
    ) -> Held:
        by_rules = self._processing(it, state, segment)
        by_periods = self._retention(state, classes, day, first=it.first)
        return Held(by_rules.findings + by_periods.findings, by_rules.shown + by_periods.shown)


def _held_as_processing(it: Processing, state: ControllerState, segment: int) -> Held:
    return judge_processing(it, state, state.moment_of(segment))


def _held_as_kept(state: ControllerState, classes: frozenset[str], day: int, *, first: bool) -> Held:
    return judge_retention(state, classes, day, first=first)
