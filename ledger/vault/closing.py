"""Closing and forgetting a data subject: no more keys, then no more identifiers.

A subject is first **closed**: from then on no key is made for it, and each that would have been made is a
tombstone. Keys it has live on until they are destroyed, those of kept classes for years. Later it is
**forgotten**: the directory rows go and none may come again, so that its number, when it calls again, is a new
subject. In between, facts that were already in the inbox still reach the old subject, and lose their personal
fields there. The pseudonym itself resolves for ever: services confirm an erasure by it.

How this meets the others at READ COMMITTED, where each statement sees what was committed before it began:

- **A key being made.** The maker could look (`closed_at` is null), then wait while we close, destroy what we see
  and commit, and then commit a key that nobody will ever destroy. So the statement that makes keys locks the
  subject's row FOR SHARE, until its commit. Our UPDATE of that row waits for it, and the destruction that follows
  sees the key; or the maker waits for us, reads the row again, and makes a tombstone.
- **An identifier being linked**, likewise: the linker locks the row FOR SHARE and skips a forgotten subject; the
  DELETE here is a statement of its own after the UPDATE has waited, so that it sees every link there is.
- **A batch that resolved an identifier and is still being sent**: whoever forgets first makes sure that there is
  none (`in_flight`). That is the caller's to do.

Owns: the columns closed_at, closed_why and forgotten_at, and the end of directory rows. Leaves to others: which
keys are destroyed (`destruction`), and when; transactions. DESIGN sections 4 and 7.
"""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from ledger.errors import CallerError, IntegrityError, NotFound
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql

_SQL = load_sql(Path(__file__).parent / "sql" / "closing.sql")


class NotForgotten(IntegrityError):
    """A subject that was to be closed or forgotten is not: more keys or identifiers may come."""


def close(conn: Connection, subject: UUID, why: str, *, controller: str | None) -> None:
    """Closes a subject; one that is closed keeps its first date and reason.

    Args:
        conn: at READ COMMITTED; the caller commits.
        subject: its pseudonym.
        why: a code such as `erasure`; never free text, never personal data.
        controller: adds a subject that is not there, closed. For a restored vault that does not serve yet only:
            a row that is not there cannot keep keys from being made meanwhile.

    Raises:
        NotFound: no such subject, and no controller to add it for.
    """
    if controller is not None:
        conn.execute(_SQL["add_closed"], {"subject": subject, "controller": controller, "why": why})
    elif _state(conn, subject) is None:
        raise _unknown(subject)
    conn.execute(_SQL["close"], {"subject": subject, "why": why})


def confirm_closed(conn: Connection, subject: UUID) -> None:
    """Looks again, in another transaction than the one that closed.

    Raises:
        NotForgotten: the subject is not closed, or not there.
    """
    if not is_closed(conn, subject):
        raise _not_forgotten(subject, expected="a closed subject", found="an open one, or none")


def is_closed(conn: Connection, subject: UUID) -> bool:
    """Whether no key is made for a subject any more."""
    state = _state(conn, subject)
    return state is not None and state[0]


def still_known(conn: Connection, subjects: Sequence[UUID]) -> list[UUID]:
    """Which of these an identifier leads to, or could be linked to; in their order."""
    return [row[0] for row in conn.execute(_SQL["still_known"], {"subjects": list(subjects)})]


def closed_subjects(conn: Connection) -> list[UUID]:
    """Every closed subject, in order of its pseudonym."""
    return [row[0] for row in conn.execute(_SQL["closed_subjects"], binary=True)]


def forget(conn: Connection, subject: UUID) -> int:
    """Removes a closed subject's identifiers and bars new ones.

    Args:
        conn: at READ COMMITTED, with the gate of `in_flight` closed; the caller commits.
        subject: its pseudonym.

    Returns:
        How many identifiers there were.

    Raises:
        NotFound: no such subject.
        CallerError: it is not closed; forgotten but open, keys could still be made for it by its pseudonym.
    """
    state = _state(conn, subject)
    if state is None:
        raise _unknown(subject)
    if not state[0]:
        raise CallerError(
            f"cannot forget subject {subject}",
            expected="a closed one",
            found="one that keys are still made for",
            do="Close it first, and forget it once every sealer is past what was in the inbox.",
        )
    conn.execute(_SQL["mark_forgotten"], {"subject": subject})
    return conn.execute(_SQL["unlink"], {"subject": subject}).rowcount


def confirm_forgotten(conn: Connection, subject: UUID) -> None:
    """Looks again, in another transaction than the one that forgot.

    Raises:
        NotForgotten: an identifier still leads to the subject, or could be linked to it.
    """
    if (left := directory_count(conn, subject)) > 0:
        raise _not_forgotten(subject, expected="no identifier", found=f"{left} that lead to it")
    state = _state(conn, subject)
    if state is None or not state[1]:
        raise _not_forgotten(subject, expected="a bar against new identifiers", found="none")


def directory_count(conn: Connection, subject: UUID) -> int:
    """How many identifiers lead to a subject."""
    (count,) = conn.execute(_SQL["directory_count"], {"subject": subject}).fetchall()
    return int(count[0])


def _state(conn: Connection, subject: UUID) -> tuple[bool, bool] | None:
    """Whether a subject is closed, and whether it is forgotten; None when there is none."""
    row = conn.execute(_SQL["state"], {"subject": subject}).fetchone()
    return (row[0], row[1]) if row else None


def _unknown(subject: UUID) -> NotFound:
    return NotFound(
        f"no subject {subject} in the vault",
        do="Check the pseudonym; in a vault restored from a back-up, name its controller too.",
    )


def _not_forgotten(subject: UUID, *, expected: str, found: str) -> NotForgotten:
    return NotForgotten(
        f"subject {subject} was not forgotten",
        expected=expected,
        found=found,
        do="Ask again; do not report the erasure as done.",
    )
