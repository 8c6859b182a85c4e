"""The governance facts a recorder knows, and what they come to for one controller at any offset. Pure.

Owns: which facts judging needs, keeping them by controller, making and remembering states. Leaves to others: what a
state is (`ledger.rules.controller_state`), loading facts from a store (`ledger.store`).

A record is judged by the facts below its `rules_at`, so states of different offsets are needed side by side: several
sealers are never exactly equally far. All facts stay in memory, about a kilobyte each, without the contents of packs.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection, Mapping

import msgspec

from ledger.aggregates.cases import CASE_OF, DEADLINE_FACTS
from ledger.entry import Entry, StreamKind
from ledger.rules.calendar.periods import MICROS_MIN
from ledger.rules.controller_state import (
    ADOPTED,
    EXPORTED,
    SET,
    ControllerState,
    GovernanceFact,
    adopted_region,
    read_pack,
)
from ledger.rules.keeping.retention import Adoption, ControllerRules
from ledger.rules.packs.policy_pack import PolicyPack

FACT_TYPES = frozenset({*CASE_OF, *DEADLINE_FACTS, ADOPTED, EXPORTED, SET})
"""Event types of the facts that judging needs; their stored names too, so that a store finds them."""

STATES_WEIGHT_MAX = 200_000
STATE_WEIGHT = 50
"""States remembered, the newest of some thousand controllers: one weighs this much and one more for each of its facts,
which is a hundred bytes or so."""


def weight_of(state: ControllerState) -> int:
    """What a state weighs against `STATES_WEIGHT_MAX`."""
    return STATE_WEIGHT + state.facts


class GovernanceFacts:
    """Governance facts in the order of ledger partition 0.

    Args:
        override: pack id -> the pack to judge by instead, whenever one with that id was adopted: for the question what
            the same history comes to under other rules.
        from_start: controllers that are held to these packs from the beginning, adopted or not.
    """

    def __init__(
        self, override: Mapping[str, PolicyPack] | None = None, *, from_start: Collection[str] = ()
    ) -> None:
        self._override = dict(override or {})
        self._from_start = frozenset(from_start)
        self.forget()

    def forget(self) -> None:
        """Drops every fact; what is judged by instead stays."""
        self.next_offset = 0
        self._offsets: dict[str, list[int]] = {}
        self._facts: dict[str, list[GovernanceFact]] = {}
        self._states: OrderedDict[tuple[str, int], ControllerState] = OrderedDict()
        self._weight = 0

    def add(self, offset: int, entry: Entry) -> None:
        """Takes the next record of partition 0 that took effect; one that judging does not need is passed over.

        Args:
            offset: at or above `next_offset`; one below is known already.
            entry: of any kind.
        """
        if offset < self.next_offset:
            return
        self.next_offset = offset + 1
        if entry.stream_kind != StreamKind.GOVERNANCE or entry.event_type not in FACT_TYPES:
            return
        self._offsets.setdefault(entry.controller, []).append(offset)
        self._facts.setdefault(entry.controller, []).append(self._slim(offset, entry))

    def reach(self, next_offset: int) -> None:
        """Notes that everything below an offset is known."""
        self.next_offset = max(self.next_offset, next_offset)

    def as_of(self, controller: str, offset: int) -> ControllerState:
        """What a controller's facts below an offset come to.

        Raises:
            ValueError: not everything below the offset is known.
        """
        if offset > self.next_offset:
            raise ValueError(
                f"governance facts below {offset} asked for, those below {self.next_offset} known"
            )
        count = bisect_left(self._offsets.get(controller, ()), offset)
        state = self._states.get((controller, count))
        if state is not None:
            self._states.move_to_end((controller, count))
            return state
        return self._make(controller, count)

    def _make(self, controller: str, count: int) -> ControllerState:
        """From the nearest earlier state that is remembered; every state of one controller goes on from another."""
        nearest = next((n for n in range(count - 1, -1, -1) if (controller, n) in self._states), 0)
        state = self._states.get((controller, nearest)) or self._unseen(controller)
        for fact in self._facts.get(controller, ())[nearest:count]:
            state = state.after(fact)
        self._states[controller, count] = state
        self._weight += weight_of(state)
        while self._weight > STATES_WEIGHT_MAX and len(self._states) > 1:
            _, oldest = self._states.popitem(last=False)
            self._weight -= weight_of(oldest)
        return state

    def _unseen(self, controller: str) -> ControllerState:
        """What is known of a controller before any fact: nothing, or the packs it is held to from the beginning."""
        if controller not in self._from_start:
            return ControllerState(controller)
        packs = self._override.values()
        adoptions = tuple(Adoption(pack=pack, at=MICROS_MIN) for pack in packs)
        return ControllerState(controller, ControllerRules(adoptions=adoptions))

    def _slim(self, offset: int, entry: Entry) -> GovernanceFact:
        """The fact without what judging never looks at, above all the content of a pack, which is read here."""
        slim = msgspec.structs.replace(entry, salt=b"", content_mac=None, sealed=[], dropped=[])
        if entry.event_type != ADOPTED:
            return GovernanceFact(offset, slim)
        pack = read_pack(entry)
        region = msgspec.json.encode({"region": adopted_region(entry)}).decode()
        slim = msgspec.structs.replace(slim, open_fields=region)
        return GovernanceFact(offset, slim, self._override.get(pack.id, pack) if pack else None)
