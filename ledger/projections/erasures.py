"""Erasures: each step of erasing a person, and what services say they erased.

A step's row holds the fact's open fields as they are (`document`): what goes, what stays and why, what was searched.
Source: GDPR Art. 17 and 19; DESIGN section 3, invariant 7.
"""

from collections.abc import Iterator

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry, StreamKind
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

PHASES = {
    "erasure.started": "started",
    "erasure.searched": "searched",
    "erasure.verified": "verified",
    "erasure.incomplete": "incomplete",
}
CONFIRMED = "data.erased"

ERASURES = Table(
    name="erasures",
    columns=(
        *COORDINATES,
        ("erasure_id", "text"),
        ("stream", "uuid"),
        ("controller", "text"),
        ("phase", "text"),
        ("trigger", "text"),
        ("request_id", "text"),
        ("document", "text"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)
CONFIRMATIONS = Table(
    name="erasure_confirmations",
    columns=(
        *COORDINATES,
        ("erasure_id", "text"),
        ("service", "text"),
        ("source", "text"),
        ("controller", "text"),
        ("outcome", "text"),
        ("refusal_ground", "text"),
        ("object_count", "int8"),
        ("backups_expire_at", "int8"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)


class _Step(msgspec.Struct, frozen=True):
    erasure_id: str
    trigger: str | None = None
    request_id: str | None = None


class _Confirmation(msgspec.Struct, frozen=True):
    erasure_id: str
    service: str
    outcome: str
    object_count: int
    refusal_ground: str | None = None
    backups_expire_at: int | None = None


_read_step, _read_confirmation = reader(_Step), reader(_Confirmation)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per step of an erasure, one per confirmation; those of days' data concern nobody in particular."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry):
        return
    if entry.event_type == CONFIRMED:
        if (confirmation := _read_confirmation(entry.open_fields)) is not None:
            yield CONFIRMATIONS, _confirmation_row(recorded, entry, confirmation)
        return
    step = _read_step(entry.open_fields) if entry.event_type in PHASES else None
    if step is not None and entry.stream_kind == StreamKind.SUBJECT:
        yield ERASURES, _step_row(recorded, entry, step)


def _step_row(recorded: Recorded, entry: Entry, step: _Step) -> Row:
    return (
        recorded.partition,
        recorded.offset,
        step.erasure_id,
        entry.stream,
        entry.controller,
        PHASES[entry.event_type],
        step.trigger,
        step.request_id,
        entry.open_fields,
        entry.occurred_at,
        entry.sealed_at,
    )


def _confirmation_row(recorded: Recorded, entry: Entry, confirmation: _Confirmation) -> Row:
    return (
        recorded.partition,
        recorded.offset,
        confirmation.erasure_id,
        confirmation.service,
        entry.event_source,
        entry.controller,
        confirmation.outcome,
        confirmation.refusal_ground,
        confirmation.object_count,
        confirmation.backups_expire_at,
        entry.occurred_at,
        entry.sealed_at,
    )


PROJECTION = Projection(
    name="erasures",
    tables=(ERASURES, CONFIRMATIONS),
    apply=apply,
    event_types=frozenset({*PHASES, CONFIRMED}),
)
