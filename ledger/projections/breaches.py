"""Personal data breaches: discovered, aware, assessed, who was told of what, closed.

Source: GDPR Art. 33 and 34; CB-27 to CB-29, CD-19.
"""

import msgspec

from ledger.entry import Entry
from ledger.projections.case_facts import case_projection
from ledger.projections.projection import Row

PHASES = {
    "breach.discovered": "discovered",
    "breach.aware": "aware",
    "breach.assessed": "assessed",
    "breach.notified": "notified",
    "breach.closed": "closed",
}


class _Fact(msgspec.Struct, frozen=True):
    breach_id: str
    breach_kind: str | None = msgspec.field(name="kind", default=None)
    breach_began_at: int | None = None
    risk: str | None = None
    recipient: str | None = None
    subjects_approximate: int | None = None
    records_approximate: int | None = None
    delay_reasons: str | None = None
    more_follows: bool | None = None


def _values(_: Entry, fact: _Fact) -> Row:
    return msgspec.structs.astuple(fact)


PROJECTION = case_projection(
    "breaches",
    id_column="breach_id",
    phases=PHASES,
    fact=_Fact,
    columns=(
        ("breach_kind", "text"),
        ("breach_began_at", "int8"),
        ("risk", "text"),
        ("recipient", "text"),
        ("subjects_approximate", "int8"),
        ("records_approximate", "int8"),
        ("delay_reasons", "text"),
        ("more_follows", "bool"),
    ),
    values=_values,
)
