"""Audits of the provider: announced, access granted or refused, begun, what was found, closed.

Source: GDPR Art. 28(3)(h); CD-24 to CD-28.
"""

import msgspec

from ledger.entry import Entry
from ledger.projections.case_facts import case_projection
from ledger.projections.projection import Row

PHASES = {
    "audit.announced": "announced",
    "audit.access_granted": "access_granted",
    "audit.refused": "refused",
    "audit.begun": "begun",
    "audit.finding_reported": "finding_reported",
    "audit.closed": "closed",
}


class _Fact(msgspec.Struct, frozen=True):
    audit_id: str
    audit_kind: str | None = msgspec.field(name="kind", default=None)
    ground: str | None = None
    ground_reference: str | None = None
    auditor: str | None = None
    begins_at: int | None = None
    ends_at: int | None = None
    severity: str | None = None
    costs_borne_by: str | None = None


def _values(_: Entry, fact: _Fact) -> Row:
    return msgspec.structs.astuple(fact)


PROJECTION = case_projection(
    "audits",
    id_column="audit_id",
    phases=PHASES,
    fact=_Fact,
    columns=(
        ("audit_kind", "text"),
        ("ground", "text"),
        ("ground_reference", "text"),
        ("auditor", "text"),
        ("begins_at", "int8"),
        ("ends_at", "int8"),
        ("severity", "text"),
        ("costs_borne_by", "text"),
    ),
    values=_values,
)
