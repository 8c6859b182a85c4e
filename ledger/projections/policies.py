"""What controllers have laid down about how long data is kept: packs adopted, days set, agreements ended.

Rows are statements as they were made; which of them holds is for `ledger.rules.keeping.retention`.
Source: CF-07 (settings), CB-31, CF-05, CD-31 (the end of an agreement).
"""

from collections.abc import Iterator

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

ADOPTED, SET, TERMINATED = "policy.adopted", "retention.set", "agreement.terminated"

POLICIES = Table(
    name="policies",
    columns=(
        *COORDINATES,
        ("controller", "text"),
        ("pack", "text"),
        ("pack_version", "text"),
        ("content", "text"),
        ("content_sha256", "text"),
        ("region", "text"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)
SETTINGS = Table(
    name="retention_settings",
    columns=(*COORDINATES, ("controller", "text"), ("retention_class", "text"), ("days", "int4"), *TIMES),
    order_by=BY_COORDINATES,
)
TERMINATIONS = Table(
    name="terminations",
    columns=(
        *COORDINATES,
        ("controller", "text"),
        ("agreement_id", "text"),
        ("ends_at", "int8"),
        ("choice", "text"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)


class _Adopted(msgspec.Struct, frozen=True):
    pack: str
    pack_version: str
    content: str
    content_sha256: str
    region: str | None = None


class _Set(msgspec.Struct, frozen=True):
    retention_class: str
    days: int


class _Terminated(msgspec.Struct, frozen=True):
    agreement_id: str
    ends_at: int
    choice: str


_read_adopted, _read_set, _read_terminated = reader(_Adopted), reader(_Set), reader(_Terminated)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per statement."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry):
        return
    head = (recorded.partition, recorded.offset, entry.controller)
    times = (entry.occurred_at, entry.sealed_at)
    if entry.event_type == ADOPTED and (adopted := _read_adopted(entry.open_fields)):
        yield POLICIES, (*head, *msgspec.structs.astuple(adopted), *times)
    elif entry.event_type == SET and (made := _read_set(entry.open_fields)):
        yield SETTINGS, (*head, *msgspec.structs.astuple(made), *times)
    elif entry.event_type == TERMINATED and (ended := _read_terminated(entry.open_fields)):
        yield TERMINATIONS, (*head, *msgspec.structs.astuple(ended), *times)


PROJECTION = Projection(
    name="policies",
    tables=(POLICIES, SETTINGS, TERMINATIONS),
    apply=apply,
    event_types=frozenset({ADOPTED, SET, TERMINATED}),
)
