"""Everything the governance facts of one controller say, up to an offset of ledger partition 0. Pure.

Owns: which packs, agreements, sub-processors and other cases there are, and which entries of packs hold at a moment.
Leaves to others: judging by them (`ledger.rules.processing`, `ledger.rules.cases`, `ledger.rules.requests`).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from ledger.aggregates.cases import Case
from ledger.entry import Entry
from ledger.rules.policy_pack import PackEntry
from ledger.rules.retention_facts import ControllerRules


class GovernanceFact(NamedTuple):
    """A governance entry and its offset in ledger partition 0."""

    offset: int
    entry: Entry


class ControllerState:
    """One controller's governance, as far as it is known at an offset."""

    def __init__(
        self, controller: str, rules: ControllerRules, cases: Mapping[tuple[str, str], Case]
    ) -> None:
        self.controller = controller
        self.rules = rules
        self.cases = cases

    @classmethod
    def of(cls, controller: str, facts: Sequence[GovernanceFact]) -> Self:
        """Folds the facts of a controller, in offset order."""
        raise NotImplementedError

    def entries(self, kind: str, at: int) -> tuple[tuple[str, PackEntry], ...]:
        """The entries of a kind that hold at a moment, each with its rule, pack:entry."""
        raise NotImplementedError
