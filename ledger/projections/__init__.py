"""Read models of the ledger, one module each. Each is a pure function of ledger records.

To add one: a module with a `PROJECTION`, its table in a migration, its name in `PROJECTIONS`, a page in docs.
"""

from functools import cache

from ledger.projections import (
    agreements,
    audit_trail,
    audits,
    breaches,
    consent_proof,
    deadlines,
    disclosures,
    erasures,
    exports,
    findings,
    holds,
    instructions,
    notices,
    policies,
    processing_register,
    promises,
    recipients,
    register_statements,
    rejections,
    retention,
    rights_requests,
    subprocessors,
    trail_ends,
    transfers,
)
from ledger.projections.projection import Projection

PROJECTIONS: tuple[Projection, ...] = (
    agreements.PROJECTION,
    audit_trail.PROJECTION,
    audits.PROJECTION,
    breaches.PROJECTION,
    consent_proof.PROJECTION,
    deadlines.PROJECTION,
    disclosures.PROJECTION,
    erasures.PROJECTION,
    exports.PROJECTION,
    findings.PROJECTION,
    holds.PROJECTION,
    instructions.PROJECTION,
    notices.PROJECTION,
    policies.PROJECTION,
    processing_register.PROJECTION,
    promises.PROJECTION,
    recipients.PROJECTION,
    register_statements.PROJECTION,
    rejections.PROJECTION,
    retention.PROJECTION,
    rights_requests.PROJECTION,
    subprocessors.PROJECTION,
    trail_ends.PROJECTION,
    transfers.PROJECTION,
)


@cache  # bounded by the event types there are schemas for
def projections_of(event_type: str | None) -> tuple[Projection, ...]:
    """The projections that may have rows for an entry of this type; None asks for records that are no entries."""
    return tuple(each for each in PROJECTIONS if each.event_types is None or event_type in each.event_types)
