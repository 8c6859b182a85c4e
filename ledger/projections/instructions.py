"""Instructions: what services and processors were told to do with data they hold, and by when to confirm it.

Source: GDPR Art. 19 and 28(3)(g).
"""

from collections.abc import Iterator

import msgspec

from ledger.aggregates.open_fields import reader, uuid_of
from ledger.entry import Entry
from ledger.projections.projection import BY_COORDINATES, COORDINATES, TIMES, Projection, Recorded, Row, Table

GIVEN = "instruction.given"

TABLE = Table(
    name="instructions",
    columns=(
        *COORDINATES,
        ("instruction", "text"),
        ("controller", "text"),
        ("recipient", "text"),
        ("recipient_kind", "text"),
        ("action", "text"),
        ("erasure_id", "text"),
        ("run_id", "text"),
        ("subject", "uuid"),
        ("retention_classes", "text[]"),
        ("epochs", "text[]"),
        ("except_subjects", "text[]"),
        ("confirm_by", "int8"),
        *TIMES,
    ),
    order_by=BY_COORDINATES,
)


class _Given(msgspec.Struct, frozen=True):
    instruction: str
    recipient: str
    recipient_kind: str
    action: str
    retention_classes: list[str]
    epochs: list[str]
    confirm_by: int
    erasure_id: str | None = None
    run_id: str | None = None
    subject_pseudonym: str | None = None
    except_subjects: list[str] = msgspec.field(default_factory=list)


_read = reader(_Given)


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per instruction."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry) or entry.event_type != GIVEN:
        return
    given = _read(entry.open_fields)
    if given is None:
        return
    yield (
        TABLE,
        (
            recorded.partition,
            recorded.offset,
            given.instruction,
            entry.controller,
            given.recipient,
            given.recipient_kind,
            given.action,
            given.erasure_id,
            given.run_id,
            uuid_of(given.subject_pseudonym),
            given.retention_classes,
            given.epochs,
            given.except_subjects,
            given.confirm_by,
            entry.occurred_at,
            entry.sealed_at,
        ),
    )


PROJECTION = Projection(name="instructions", tables=(TABLE,), apply=apply, event_types=frozenset({GIVEN}))
