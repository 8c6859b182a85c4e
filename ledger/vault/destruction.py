"""Destroying keys: the row becomes a tombstone, and a fresh read shows that nothing opens any more.

Order, for each destruction:
1. `destroy_*` in a transaction of its own. A crash before its commit leaves the key; after it, the tombstone.
   Either way the caller asks again and gets the same end: destroying is idempotent.
2. `confirm_*` in a later transaction, which tries to open the key as any reader would. Only when that fails
   in the right way is anything destroyed; what `destroy_*` returned proves nothing (FAULTS, row 48).

The deleted bytes stay in the heap until VACUUM and in the WAL and back-ups for longer, wrapped; they end when
the KEK is replaced. Owns: these two steps. Leaves to others: whether destruction is allowed (holds), its
facts in the ledger, its order among them, and the directory's rows. DESIGN section 7.
"""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from ledger.errors import IntegrityError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.vault import keys
from ledger.vault.kek import KeyEncryption

_SQL = load_sql(Path(__file__).parent / "sql" / "destruction.sql")


class NotDestroyed(IntegrityError):
    """A key that was to be destroyed is still there, or has no tombstone to keep it from coming back."""


def destroy_subject_key(conn: Connection, subject: UUID, retention_class: str, why: str) -> bool:
    """Destroys one subject key, or makes sure it is never made.

    Args:
        conn: at READ COMMITTED; the caller commits.
        subject: whose key.
        retention_class: which of them.
        why: a code such as `erasure`; never free text, never personal data.

    Returns:
        Whether there was a live key.
    """
    return bool(destroy_subject(conn, subject, [retention_class], why))


def destroy_subject(
    conn: Connection, subject: UUID, classes: Collection[str] | None, why: str
) -> frozenset[str]:
    """Destroys a subject's keys.

    Args:
        conn: at READ COMMITTED; the caller commits.
        subject: whose keys.
        classes: which of them, whether made yet or not; none of these is made any more. None means those that
            exist now, and leaves later events free to make a key of another class: an erasure names its
            classes.
        why: a code; never personal data.

    Returns:
        The classes that had a live key.
    """
    asked = None if classes is None else sorted(set(classes))
    if asked:
        conn.execute(_SQL["entomb_subject_keys"], {"subject": subject, "classes": asked, "why": why})
    rows = conn.execute(_SQL["destroy_subject_keys"], {"subject": subject, "classes": asked, "why": why})
    return frozenset(row[0] for row in rows)


def destroy_epoch(conn: Connection, controller: str, retention_class: str, day: int, why: str) -> bool:
    """Destroys one epoch key: one row, however many records that day had.

    Args:
        conn: at READ COMMITTED; the caller commits.
        controller: the controller's id.
        retention_class: the class whose retention ended.
        day: days since 1970-01-01, local time.
        why: a code such as `retention_ended`; never personal data.

    Returns:
        Whether there was a live key.
    """
    name = {"controller": controller, "class": retention_class, "day": day, "why": why}
    conn.execute(_SQL["entomb_epoch_key"], name)
    return conn.execute(_SQL["destroy_epoch_key"], name).rowcount == 1


def confirm_subject_destroyed(
    conn: Connection, kek: KeyEncryption, subject: UUID, classes: Collection[str]
) -> None:
    """Tries to open a subject's keys, and is content only when that fails because of tombstones.

    Args:
        conn: in another transaction than the one that destroyed.
        kek: as for reading.
        subject: whose keys.
        classes: each must be destroyed.

    Raises:
        NotDestroyed: a key still opens, or its tombstone is missing.
    """
    ring = keys.read(conn, kek, [(subject, name) for name in classes], [])
    for name in classes:
        if ring.subject(subject, name) is not None:
            raise _not_destroyed(f"{subject} {name}", "a key that still opens")
        if not ring.subject_destroyed(subject, name):
            raise _not_destroyed(f"{subject} {name}", "no tombstone")


def confirm_epoch_destroyed(
    conn: Connection, kek: KeyEncryption, controller: str, retention_class: str, day: int
) -> None:
    """Tries to open an epoch key, and is content only when that fails because of a tombstone.

    Raises:
        NotDestroyed: the key still opens, or its tombstone is missing.
    """
    name = (controller, retention_class, day)
    ring = keys.read(conn, kek, [], [name])
    if ring.epoch(*name) is not None:
        raise _not_destroyed(f"{controller} {retention_class} {day}", "a key that still opens")
    if not ring.epoch_destroyed(*name):
        raise _not_destroyed(f"{controller} {retention_class} {day}", "no tombstone")


def _not_destroyed(name: str, found: str) -> NotDestroyed:
    return NotDestroyed(
        f"key {name} was not destroyed",
        expected="a tombstone and nothing to open",
        found=found,
        do="Destroy it again; do not report the erasure or the end of retention as done.",
    )
