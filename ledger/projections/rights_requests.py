"""Requests of data subjects: received, what became of each, and its deadlines as the ledger recorded them.

Source: GDPR Art. 12 to 22; MB-35 to MB-44, CB-36 to CB-39, CF-09, CF-16.
"""

import msgspec

from ledger.entry import Entry
from ledger.projections.case_facts import case_projection
from ledger.projections.projection import Row

PHASES = {
    "request.received": "received",
    "request.identity_checked": "identity_checked",
    "request.forwarded": "forwarded",
    "request.extended": "extended",
    "request.answered": "answered",
    "request.refused": "refused",
    "request.withdrawn": "withdrawn",
    "request.deadline_near": "deadline_near",
    "request.deadline_passed": "deadline_passed",
}


class _Fact(msgspec.Struct, frozen=True):
    request_id: str
    requested_right: str | None = msgspec.field(name="right", default=None)
    channel: str | None = None
    requester: str | None = None
    received_by: str | None = None
    bulk_id: str | None = None
    outcome: str | None = None
    ground: str | None = None
    told_at: int | None = None


def _values(entry: Entry, fact: _Fact) -> Row:
    request_id, *others = msgspec.structs.astuple(fact)
    return (request_id, entry.stream, *others)


PROJECTION = case_projection(
    "rights_requests",
    id_column="request_id",
    phases=PHASES,
    fact=_Fact,
    columns=(
        ("stream", "uuid"),
        ("requested_right", "text"),
        ("channel", "text"),
        ("requester", "text"),
        ("received_by", "text"),
        ("bulk_id", "text"),
        ("outcome", "text"),
        ("ground", "text"),
        ("told_at", "int8"),
    ),
    values=_values,
)
