"""What controllers state for registers of processing activities: who is who, and the measures in general.

Source: GDPR Art. 30(1)(a) and (g), 30(2)(a) and (d), 32(1); CB-26, CD-06, CD-18.
"""

from collections.abc import Iterator

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

REGISTERED, DESCRIBED = "party.registered", "measures.described"

PARTIES = Table(
    name="register_parties",
    columns=(
        *COORDINATES,
        ("controller", "text"),
        ("party", "text"),
        ("name", "text"),
        ("contact", "text"),
        ("country", "text"),
        ("address", "text"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)
MEASURES = Table(
    name="register_measures",
    columns=(
        *COORDINATES,
        ("controller", "text"),
        ("measures", "text[]"),
        ("description", "text"),
        ("requested_by_controller", "bool"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)


class _Party(msgspec.Struct, frozen=True):
    party: str
    name: str
    contact: str
    country: str
    address: str | None = None


class _Measures(msgspec.Struct, frozen=True):
    measures: list[str]
    description: str
    requested_by_controller: bool


_read_party, _read_measures = reader(_Party), reader(_Measures)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per statement."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry):
        return
    head = (recorded.partition, recorded.offset, entry.controller)
    times = (entry.occurred_at, entry.sealed_at)
    if entry.event_type == REGISTERED and (party := _read_party(entry.open_fields)):
        yield PARTIES, (*head, *msgspec.structs.astuple(party), *times)
    elif entry.event_type == DESCRIBED and (described := _read_measures(entry.open_fields)):
        yield MEASURES, (*head, *msgspec.structs.astuple(described), *times)


PROJECTION = Projection(
    name="register_statements",
    tables=(PARTIES, MEASURES),
    apply=apply,
    event_types=frozenset({REGISTERED, DESCRIBED}),
)
