"""Read models of the ledger, one module each. Each is a pure function of ledger records.

To add one: a module with a `PROJECTION`, its table in a migration, its name in `PROJECTIONS`, a page in docs.
"""

from ledger.projections import audit_trail, consent_proof, findings, rejections
from ledger.projections.projection import Projection

PROJECTIONS: tuple[Projection, ...] = (
    audit_trail.PROJECTION,
    consent_proof.PROJECTION,
    findings.PROJECTION,
    rejections.PROJECTION,
)
