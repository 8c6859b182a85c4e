"""The archives of personal data that were written or begun: where each went, so that an erasure can look for it.

An archive that was handed on or moved is out of sight; that one was made, and where, is not. The path is what an
operator typed and may hold a name: it stands here, and in no fact and no log.

Owns: issued_export. Leaves to others: making archives (`ledger.forgetting.exports`), looking for them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql

_SQL = load_sql(Path(__file__).parent / "sql" / "issued_exports.sql")


class IssuedExport(NamedTuple):
    """One archive that was written, is being written, or was when the process died.

    Args:
        export_id: its id, as in `export.made`.
        controller: whose data it holds.
        subject: the one data subject it is about; None for all of the controller.
        host: the machine whose path it is.
        path: where it was put, or will be, absolute.
        sha256: of the file, 64 lower-case hex digits; None while it is not whole.
        made_at: when it was begun, microseconds since the epoch, UTC.
    """

    export_id: UUID
    controller: str
    subject: UUID | None
    host: str
    path: str
    sha256: str | None
    made_at: int


def note(conn: Connection, export: IssuedExport) -> None:
    """Notes an archive; a second note of the same id changes nothing. The caller commits."""
    conn.execute(_SQL["note_issued_export"], export._asdict())


def complete(conn: Connection, export_id: UUID, sha256: str) -> None:
    """Adds the digest of an archive that is whole. The caller commits."""
    conn.execute(_SQL["complete_issued_export"], {"export_id": export_id, "sha256": sha256})


def closed_of(conn: Connection, controller: str, subject: UUID | None) -> int:
    """How many of the people an archive may hold are closed: none is ever opened again, so it only grows."""
    rows = conn.execute(_SQL["closed_of"], {"controller": controller, "subject": subject}).fetchall()
    return int(rows[0][0])


def of_subject(conn: Connection, controller: str, subject: UUID) -> Sequence[IssuedExport]:
    """The archives that can hold a data subject's data: of the subject alone, and of all of its controller."""
    rows = conn.execute(_SQL["issued_exports"], {"controller": controller, "subject": subject})
    return [IssuedExport(*row) for row in rows.fetchall()]


def forget(conn: Connection, export_id: UUID) -> bool:
    """Takes the note of an archive away, once it is gone; whether there was one. The caller commits."""
    return conn.execute(_SQL["forget_issued_export"], {"export_id": export_id}).rowcount > 0
