"""Deadlines: until when something of a case is owed, and what became of it.

Rows are changes: a deadline starts, is met, missed or void, and a late fact may change that again. The last row of a
stream, case, name and rule holds. The stream is the case's own, also where a fact of another case changed it: a breach
can justify an audit. Which deadlines there are is for `ledger.rules`.

Source: DESIGN section 8; GDPR Art. 12(3), 33; Regulation 1182/71.
"""

from collections.abc import Iterable
from uuid import UUID

from ledger.aggregates.cases import CASE_OF, case_stream
from ledger.entry import Entry
from ledger.projections.projection import COORDINATES, TIMES, Projection, Recorded, Row, Table
from ledger.rules.judged import Deadline

TABLE = Table(
    name="deadlines",
    columns=(
        *COORDINATES,
        ("item", "int4"),
        ("controller", "text"),
        ("stream", "uuid"),
        ("case_kind", "text"),
        ("case_id", "text"),
        ("name", "text"),
        ("rule", "text"),
        ("article", "text"),
        ("started_by", "int8"),
        ("starts_at", "int8"),
        ("ends_at", "int8"),
        ("other_ends_at", "int8"),
        ("calendar", "text"),
        ("state", "text"),
        ("about", "text"),
        *TIMES,
    ),
    order_by=("ledger_partition", "ledger_offset", "item"),
)

CASE_KINDS = frozenset(case.kind for case in CASE_OF.values())
"""Cases of governance; all other deadlines are of a person's requests, whose stream is the person's."""


def apply(recorded: Recorded) -> Iterable[tuple[Table, Row]]:
    """One row per deadline that a record starts or changes, in the order they were judged."""
    entry = recorded.record
    if not recorded.deadlines or not isinstance(entry, Entry):
        return ()
    return [
        (
            TABLE,
            (
                recorded.partition,
                recorded.offset,
                item,
                entry.controller,
                _stream_of(entry, deadline),
                deadline.case_kind,
                deadline.case_id,
                deadline.name,
                deadline.rule,
                deadline.article,
                deadline.offset,
                deadline.starts_at,
                deadline.ends_at,
                deadline.other_ends_at,
                deadline.calendar,
                deadline.state.value,
                deadline.about,
                entry.occurred_at,
                entry.sealed_at,
            ),
        )
        for item, deadline in enumerate(recorded.deadlines)
    ]


def _stream_of(entry: Entry, deadline: Deadline) -> UUID:
    if deadline.case_kind in CASE_KINDS:
        return case_stream(entry.controller, deadline.case_kind, deadline.case_id)
    return entry.stream


PROJECTION = Projection(name="deadlines", tables=(TABLE,), apply=apply)
