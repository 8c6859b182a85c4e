"""Demands of authorities, what was decided on them, and whose data was handed over.

Source: CF-04, MB-25 (the four conditions).
"""

import msgspec

from ledger.entry import Entry, StreamKind
from ledger.projections.case_facts import case_projection
from ledger.projections.projection import Row

PHASES = {
    "disclosure.demanded": "demanded",
    "disclosure.decided": "decided",
    "data.disclosed": "disclosed",
}


class _Fact(msgspec.Struct, frozen=True):
    disclosure_id: str
    authority: str | None = None
    authority_country: str | None = None
    demand_kind: str | None = None
    outcome: str | None = None
    controller_informed: bool | None = None


def _values(entry: Entry, fact: _Fact) -> Row:
    disclosure_id, *others = msgspec.structs.astuple(fact)
    return (disclosure_id, entry.stream if entry.stream_kind == StreamKind.SUBJECT else None, *others)


PROJECTION = case_projection(
    "disclosures",
    id_column="disclosure_id",
    phases=PHASES,
    fact=_Fact,
    columns=(
        ("subject", "uuid"),
        ("authority", "text"),
        ("authority_country", "text"),
        ("demand_kind", "text"),
        ("outcome", "text"),
        ("controller_informed", "bool"),
    ),
    values=_values,
)
