"""The values a data subject's state is made of: changes of consent, restrictions, tallies. Pure.

Owns: their shape, which is also that of snapshots. Leaves to others: when they change (`data_subject`).
"""

from enum import StrEnum

import msgspec


class ConsentState(StrEnum):
    """What a consent change says, and what consent there is at a moment."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"  # never stated: given, and its own expiry has passed at the moment asked about


class ConsentChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of consent for one purpose. Times are microseconds since the epoch, UTC."""

    state: ConsentState
    occurred_at: int
    sealed_at: int
    version: int
    notice_version: str | None = None
    category: str | None = None
    expires_at: int | None = None


class Restriction(msgspec.Struct, array_like=True):
    """When a restriction of processing began and ended, microseconds since the epoch; None while not known.

    Either can reach the ledger first. Of several statements about one restriction the widest span holds.
    """

    since: int | None = None
    until: int | None = None


class Tally(msgspec.Struct, array_like=True):
    """How often, and the earliest and latest `occurred_at`, microseconds since the epoch."""

    count: int = 0
    first_at: int | None = None
    last_at: int | None = None

    def add(self, occurred_at: int) -> None:
        """Counts one more; order does not matter."""
        self.count += 1
        if self.first_at is None or occurred_at < self.first_at:
            self.first_at = occurred_at
        if self.last_at is None or occurred_at > self.last_at:
            self.last_at = occurred_at


def occurred_at_of(change: ConsentChange) -> int:
    """What changes of consent are ordered by."""
    return change.occurred_at


def tally_of(tallies: dict[str, Tally], name: str) -> Tally:
    """The tally of a name, made when it is the first."""
    tally = tallies.get(name)
    if tally is None:
        tally = tallies[name] = Tally()
    return tally


def tallies_to_state(tallies: dict[str, Tally]) -> dict[str, list[int | None]]:
    """Tallies as JSON values, by name."""
    return {
        name: [tallies[name].count, tallies[name].first_at, tallies[name].last_at] for name in sorted(tallies)
    }
