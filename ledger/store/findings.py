"""Findings as people ask for them: of whom, of which code, of which time, by what was known when.

Owns the question; the statement is in `sql/findings.sql`. Leaves to others: the sentence (`ledger.rules.explaining`),
what findings mean for promises (`ledger.rules.verdicts`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql

SQL = load_sql(Path(__file__).parent / "sql" / "findings.sql")


class JudgedFinding(NamedTuple):
    """The last judgement on an entry, a code and a rule; times in microseconds since the epoch, UTC.

    `state` is open or resolved, `judged_by` the offset of the record that made it so, in the same ledger partition.
    `rule` is the promise that is broken, pack:entry; empty when it is the law. `event_type` is None when the entry has
    left the audit trail, or never was in it because it had no effect.
    """

    partition: int
    offset: int
    code: str
    rule: str
    state: str
    stream: UUID
    controller: str
    article: str
    occurred_at: int
    judged_at: int
    judged_by: int
    expected: str
    found: str
    about: str
    event_type: str | None


def judged_findings(
    connection: Connection,
    *,
    streams: Sequence[UUID] | None = None,
    controller: str | None = None,
    code: str | None = None,
    since: int | None = None,
    until: int | None = None,
    as_of: int | None = None,
    resolved: bool = False,
    limit: int,
) -> list[JudgedFinding]:
    """Findings, those on the oldest entries first.

    Args:
        connection: to one schema of the store.
        streams, controller, code: only these; None for all.
        since, until: only on entries that happened at or after, and before, microseconds UTC.
        as_of: only what had been judged by then.
        resolved: also those that a later fact resolved.
        limit: at most this many.
    """
    parameters = {
        "streams": None if streams is None else list(streams),
        "controller": controller,
        "code": code,
        "since": since,
        "until": until,
        "as_of": as_of,
        "resolved": resolved,
        "limit": limit,
    }
    with translated_errors("reading findings"), connection.transaction():
        rows = connection.execute(SQL["findings"], parameters).fetchall()
    return [JudgedFinding(*row) for row in rows]
