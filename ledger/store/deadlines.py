"""Deadlines of all controllers: where each stands, and which facts about them are recorded.

Owns: these questions. Leaves to others: what a deadline is (`ledger.rules`), when it is spoken of
(`ledger.deadlines`), the deadlines of one case (`ledger.store.cases`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql

SQL = load_sql(Path(__file__).parent / "sql" / "deadlines.sql")

OPEN, MET, MISSED, VOID = "open", "met", "missed", "void"
"""As `ledger.rules.judged.DeadlineState` has them."""


class DeadlineRow(NamedTuple):
    """Where a deadline stands; times in microseconds since the epoch, UTC.

    Attributes:
        stream: the case's, or the data subject's whose request it is.
        partition, offset: of the entry that led to where it stands.
        started_by: offset of the entry that started it, in the same partition.
        about: of a request the right that was asked for; empty otherwise.
    """

    controller: str
    stream: UUID
    case_kind: str
    case_id: str
    name: str
    rule: str
    article: str
    starts_at: int
    ends_at: int
    other_ends_at: int | None
    calendar: str | None
    state: str
    partition: int
    offset: int
    started_by: int
    about: str


def read_deadlines(
    connection: Connection,
    *,
    controller: str | None = None,
    states: Sequence[str] | None = None,
    as_of: int | None = None,
) -> list[DeadlineRow]:
    """The deadlines of a controller, or of all, by when they end.

    Args:
        connection: to a schema of the store.
        controller: whose; None for everybody's.
        states: only those of these; None for all.
        as_of: as known at this time, microseconds since the epoch, UTC; None for now.
    """
    parameters = {
        "controller": controller,
        "states": None if states is None else list(states),
        "as_of": as_of,
    }
    with translated_errors("reading deadlines"), connection.transaction():
        return [DeadlineRow(*row) for row in connection.execute(SQL["deadlines"], parameters).fetchall()]


def recorded_facts(connection: Connection, keys: Sequence[UUID]) -> set[UUID]:
    """Which of some facts are recorded, by their keys (`ledger.recording.repeats`)."""
    with translated_errors("looking for facts"), connection.transaction():
        rows = connection.execute(SQL["recorded_facts"], {"keys": list(keys)}).fetchall()
    return {row[0] for row in rows}
