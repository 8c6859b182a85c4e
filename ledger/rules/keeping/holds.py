"""Holds: data that must not be destroyed for now, although its time is over. Pure.

A legal hold rests on a law or a claim. An export that was asked for before deletion holds the data until it is made,
but not for ever: a hold has an end.

Source: GDPR Art. 17(3)(b), (e); CB-31, X9.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from ledger.rules.calendar.periods import Period, day_of, first_moment_after, last_day

LEGAL_HOLD = "legal"
EXPORT_HOLD = "export"

DEFAULT_EXPORT_HOLD = Period(days=30)
"""How long an export asked for before deletion holds the data when nothing says so. No text we know of does (X9); as
long as the provider had for deleting it (CB-31)."""

GRACE_MICROS = 48 * 3_600_000_000
"""How long after its end data may still be there: two daily runs, one of which failed."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Data that must not be destroyed for now: of one person, or of the controller when `subject` is None."""

    hold_id: str
    kind: str
    subject: UUID | None = None
    classes: frozenset[str] = frozenset()
    ends_at: int | None = None
    placed_at: int
    lifted_at: int | None = None

    @property
    def end(self) -> int | None:
        """When it stops holding, None while nobody knows: a legal hold without an end lasts until it is lifted."""
        ends_at = self.ends_at
        if ends_at is None and self.kind == EXPORT_HOLD:
            ends_at = first_moment_after(last_day(day_of(self.placed_at), DEFAULT_EXPORT_HOLD))
        ends = [moment for moment in (ends_at, self.lifted_at) if moment is not None]
        return min(ends, default=None)

    def names(self, retention_class: str) -> bool:
        """Whether it is about a class. Naming none, it is about all."""
        return not self.classes or retention_class in self.classes

    def holds(self, retention_class: str, at: int) -> bool:
        """Whether it keeps a class at a moment."""
        return self.names(retention_class) and self.placed_at <= at and (self.end is None or at < self.end)


def free_from(
    holds: Iterable[Hold], retention_class: str, ended_at: int, subject: UUID | None = None
) -> int | None:
    """From when no hold keeps data any more whose time ended at a moment.

    Holds that follow each other without time to destroy in between count as one.

    Args:
        holds: a controller's.
        retention_class: of the data.
        ended_at: the moment, microseconds since the epoch, UTC.
        subject: the person whose data it is; without one, only holds on the whole controller count.

    Returns:
        `ended_at` itself when nothing held it; None while no end is known.
    """
    keeping = [hold for hold in holds if hold.subject in {None, subject} and hold.names(retention_class)]
    moment = ended_at
    for hold in sorted(keeping, key=lambda one: one.placed_at):
        if hold.placed_at <= moment + GRACE_MICROS:
            if hold.end is None:
                return None
            moment = max(moment, hold.end)
    return moment
