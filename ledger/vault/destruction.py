"""Destroying keys: the row becomes a tombstone, and a fresh read shows that nothing opens any more.

Order, for each destruction:
1. `destroy_*` in a transaction of its own. A crash before its commit leaves the key; after it, the tombstone.
   Either way the caller asks again and gets the same end: destroying is idempotent.
2. `confirm_*` in a later transaction, which tries to open the key as any reader would. Only when that fails
   in the right way is anything destroyed; what `destroy_*` returned proves nothing (FAULTS, row 48).

The deleted bytes stay in the heap until VACUUM and in the WAL and back-ups for longer, wrapped; they end when
the KEK is replaced.

A class may have many keys of one subject: `class:fact` where each fact has a key of its own. The calls that take
classes destroy all of these; the calls that take names destroy the one. What was held under a subject key
(`held`) goes with it.

Owns: these two steps. Leaves to others: whether destruction is allowed (holds), its facts in the ledger, its
order among them, and the directory's rows. DESIGN section 7.
"""

from collections.abc import Collection, Iterable
from pathlib import Path
from uuid import UUID

from ledger.errors import CallerError, IntegrityError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.vault import held, keys
from ledger.vault.kek import KeyEncryption
from ledger.vault.keys import EpochKeyName

NAMED_IN_ERROR_MAX = 3
"""Keys that an error names; a run destroys thousands."""

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
    destroyed = frozenset(row[0] for row in rows)
    conn.execute(_SQL["drop_held_of_dead_keys"], {"subject": subject})
    return destroyed


def destroy_subject_classes(
    conn: Connection, subject: UUID, classes: Collection[str], why: str
) -> frozenset[str]:
    """Destroys every key of some classes of a subject: the class's own, and those of single facts.

    The class's own is barred when it was never made; the keys of later facts are barred by closing the subject
    (`closing`), which has to come first.

    Args:
        conn: at READ COMMITTED; the caller commits.
        subject: whose keys.
        classes: without the part that names a fact.
        why: a code; never personal data.

    Returns:
        The names of the keys that were live.

    Raises:
        CallerError: a name of one fact's key stands among the classes.
    """
    _expect_classes(classes)
    conn.execute(_SQL["lock_subject"], {"subject": subject})
    return destroy_subject(conn, subject, {*classes, *_keys_of_classes(conn, subject, classes)}, why)


def destroy_epochs(conn: Connection, names: Collection[EpochKeyName], why: str) -> frozenset[EpochKeyName]:
    """Destroys epoch keys: one row each, however many records that day had; one never made is barred.

    One statement, so all or none.

    Args:
        conn: at READ COMMITTED; the caller commits.
        names: (controller, retention class, day).
        why: a code such as `retention_ended`; never personal data.

    Returns:
        Those that had a live key.
    """
    columns = keys.epoch_columns(set(names))
    rows = conn.execute(_SQL["destroy_epoch_keys"], {**columns, "why": why}, binary=True)
    return frozenset(
        (controller, retention_class, day) for controller, retention_class, day, had_key in rows if had_key
    )


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
    names = sorted(set(classes))
    ring = keys.read(conn, kek, [(subject, name) for name in names], [])
    _expect_tombstones(
        (f"{subject} {name}", ring.subject(subject, name) is not None, ring.subject_destroyed(subject, name))
        for name in names
    )
    (left,) = conn.execute(_SQL["held_of_keys"], {"subject": subject, "classes": names}).fetchall()
    if left[0]:
        raise _not_destroyed(
            [f"{subject} {name}" for name in names], f"{left[0]} fields held beyond their keys"
        )


def confirm_subject_classes_destroyed(
    conn: Connection, kek: KeyEncryption, subject: UUID, classes: Collection[str]
) -> None:
    """Tries to open every key of some classes of a subject; content only when tombstones prevent it.

    Args:
        conn: in another transaction than the one that destroyed.
        kek: as for reading.
        subject: whose keys.
        classes: classes, of which every key must be destroyed, and names of single keys, likewise.

    Raises:
        NotDestroyed: a key still opens, or its tombstone is missing.
    """
    of_classes = _keys_of_classes(conn, subject, classes)
    confirm_subject_destroyed(conn, kek, subject, {*classes, *of_classes})


def confirm_epochs_destroyed(conn: Connection, kek: KeyEncryption, names: Collection[EpochKeyName]) -> None:
    """Tries to open epoch keys, and is content only when that fails because of tombstones.

    Raises:
        NotDestroyed: a key still opens, or its tombstone is missing.
    """
    ring = keys.read(conn, kek, [], names)
    _expect_tombstones(
        (" ".join(map(str, name)), ring.epoch(*name) is not None, ring.epoch_destroyed(*name))
        for name in sorted(set(names))
    )


def confirm_released(
    conn: Connection, subject: UUID, classes: Collection[str] | None, offset: int | None = None
) -> None:
    """Looks whether anything is still held of a subject, in another transaction than the one that released.

    The arguments are those of `held.release`.

    Raises:
        NotDestroyed: a field is still held.
    """
    if (left := held.held_count(conn, subject, classes, offset)) > 0:
        raise _not_destroyed([f"{subject} (held fields)"], f"{left} that still open")


def _keys_of_classes(conn: Connection, subject: UUID, classes: Collection[str]) -> set[str]:
    rows = conn.execute(_SQL["keys_of_classes"], {"subject": subject, "classes": sorted(set(classes))})
    return {row[0] for row in rows}


def _expect_classes(classes: Collection[str]) -> None:
    if any(":" in name for name in classes):
        raise CallerError(
            "cannot destroy by class",
            expected="names of classes",
            found="the name of one fact's key",
            do="Destroy single keys by `destroy_subject_key`.",
        )


def _expect_tombstones(looked_at: Iterable[tuple[str, bool, bool]]) -> None:
    """Takes (name, whether it opens, whether it has a tombstone) of each key."""
    rows = list(looked_at)
    if still_open := [name for name, opens, _ in rows if opens]:
        raise _not_destroyed(still_open, "a key that still opens")
    if bare := [name for name, _, has_tombstone in rows if not has_tombstone]:
        raise _not_destroyed(bare, "no tombstone")


def _not_destroyed(names: Collection[str], found: str) -> NotDestroyed:
    shown = ", ".join([*names][:NAMED_IN_ERROR_MAX])
    more = f" and {len(names) - NAMED_IN_ERROR_MAX} more" if len(names) > NAMED_IN_ERROR_MAX else ""
    return NotDestroyed(
        f"key {shown}{more} was not destroyed",
        expected="a tombstone and nothing to open",
        found=found,
        do="Destroy it again; do not report the erasure or the end of retention as done.",
    )
