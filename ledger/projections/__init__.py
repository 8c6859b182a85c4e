"""Read models of the ledger, one module each. Each is a pure function of ledger records.

To add one: a module with a `PROJECTION`, its table in a migration, its name in `PROJECTIONS`, a page in docs.
"""

from functools import cache

from ledger.projections import (
    audit_trail,
    consent_proof,
    erasures,
    exports,
    findings,
    holds,
    instructions,
    policies,
    recipients,
    rejections,
    retention,
    trail_ends,
)
from ledger.projections.projection import Projection

PROJECTIONS: tuple[Projection, ...] = (
    audit_trail.PROJECTION,
    consent_proof.PROJECTION,
    erasures.PROJECTION,
    exports.PROJECTION,
    findings.PROJECTION,
    holds.PROJECTION,
    instructions.PROJECTION,
    policies.PROJECTION,
    recipients.PROJECTION,
    rejections.PROJECTION,
    retention.PROJECTION,
    trail_ends.PROJECTION,
)


@cache  # bounded by the event types there are schemas for
def projections_of(event_type: str | None) -> tuple[Projection, ...]:
    """The projections that may have rows for an entry of this type; None asks for records that are no entries."""
    return tuple(each for each in PROJECTIONS if each.event_types is None or event_type in each.event_types)
