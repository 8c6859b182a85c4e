"""Retention: what was due by which rule, and which keys were destroyed; the ledger's own facts.

An end and its destruction are separate rows; `retention_status_at` of the migration puts them together.
"""

from collections.abc import Iterator

import msgspec

from ledger.aggregates.open_fields import reader, uuid_of
from ledger.entry import Entry
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

ENDED, DESTROYED = "retention.ended", "key.destroyed"

ENDS = Table(
    name="retention_ends",
    columns=(
        *COORDINATES,
        ("run_id", "text"),
        ("controller", "text"),
        ("retention_class", "text"),
        ("epoch_day", "int4"),
        ("subject", "uuid"),
        ("fact", "uuid"),
        ("starts", "text"),
        ("period", "text"),
        ("ended_at", "int8"),
        ("rule", "text"),
        ("action", "text"),
        ("held_by", "text"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)
DESTRUCTIONS = Table(
    name="key_destructions",
    columns=(
        *COORDINATES,
        ("destruction_id", "text"),
        ("phase", "text"),
        ("key_kind", "text"),
        ("controller", "text"),
        ("subject", "uuid"),
        ("epoch_day", "int4"),
        ("retention_class", "text"),
        ("fact", "uuid"),
        ("why", "text"),
        ("request_id", "text"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)


class _Ended(msgspec.Struct, frozen=True):
    run_id: str
    retention_class: str
    starts: str
    period: str
    ended_at: int
    rule: str
    action: str
    epoch_day: int | None = None
    subject_pseudonym: str | None = None
    fact: str | None = None
    held_by: str | None = None


class _Destroyed(msgspec.Struct, frozen=True):
    destruction_id: str
    phase: str
    key_kind: str
    retention_class: str
    why: str
    subject_pseudonym: str | None = None
    epoch_day: int | None = None
    fact: str | None = None
    request_id: str | None = None


_read_ended, _read_destroyed = reader(_Ended), reader(_Destroyed)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per period that ended, two per key that was destroyed."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry):
        return
    if entry.event_type == ENDED and (ended := _read_ended(entry.open_fields)):
        yield ENDS, _end_row(recorded, entry, ended)
    elif entry.event_type == DESTROYED and (destroyed := _read_destroyed(entry.open_fields)):
        yield DESTRUCTIONS, _destruction_row(recorded, entry, destroyed)


def _end_row(recorded: Recorded, entry: Entry, ended: _Ended) -> Row:
    return (
        recorded.partition,
        recorded.offset,
        ended.run_id,
        entry.controller,
        ended.retention_class,
        ended.epoch_day,
        uuid_of(ended.subject_pseudonym),
        uuid_of(ended.fact),
        ended.starts,
        ended.period,
        ended.ended_at,
        ended.rule,
        ended.action,
        ended.held_by,
        entry.occurred_at,
        entry.sealed_at,
    )


def _destruction_row(recorded: Recorded, entry: Entry, destroyed: _Destroyed) -> Row:
    return (
        recorded.partition,
        recorded.offset,
        destroyed.destruction_id,
        destroyed.phase,
        destroyed.key_kind,
        entry.controller,
        uuid_of(destroyed.subject_pseudonym),
        destroyed.epoch_day,
        destroyed.retention_class,
        uuid_of(destroyed.fact),
        destroyed.why,
        destroyed.request_id,
        entry.occurred_at,
        entry.sealed_at,
    )


PROJECTION = Projection(
    name="retention",
    tables=(ENDS, DESTRUCTIONS),
    apply=apply,
    event_types=frozenset({ENDED, DESTROYED}),
)
