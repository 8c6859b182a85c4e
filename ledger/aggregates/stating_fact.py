"""Facts of cases that state one thing each, kept in one history of the case. Pure.

Owns: what applying such a fact does. Leaves to others: what is stated and how it is read (each aggregate's statements).
"""

from typing import ClassVar, Protocol

from ledger.aggregates.cases import Case, CaseFact, Stated, add_stated
from ledger.entry import Entry


class Read(Protocol):
    """From an entry and its offset to what it states."""

    def __call__(self, entry: Entry, offset: int | None) -> Stated | None:
        """None when it cannot be read."""


class StatingFact(CaseFact):
    """A fact that states one thing. Subclasses set `HISTORY`, the case's attribute, and `READ`."""

    HISTORY: ClassVar[str]
    READ: ClassVar[Read]

    def apply(self, aggregate: Case) -> None:
        """Puts what is stated in its place, by when it happened."""
        super().apply(aggregate)
        said = self.READ(self.entry, self.offset)
        if said is not None:
            add_stated(getattr(aggregate, self.HISTORY), said)
