"""Subject keys and epoch keys, for a batch at a time.

Each key is 32 random bytes, derived from nothing, stored wrapped. A row is a key or the tombstone of one:
making (`INSERT … ON CONFLICT DO NOTHING`) and destroying (`ledger.vault.destruction`) meet on its primary
key, and the loser sees what the winner committed. So a destroyed key is not made again even in a race,
without any lock that batches would queue for. This holds at READ COMMITTED, where each statement sees all
that was committed before it.

**Nothing is cached between batches.** A key kept in a process would go on sealing and opening after its
destruction, with nobody to tell it; a `KeyRing` is to be dropped with its batch.

A subject that is closed gets tombstones instead of keys, also in a race with its closing: `ledger.vault.closing`
says how.

Owns: reading, listing and making keys. Leaves to others: destroying them, wrapping (`ledger.vault.kek`), transactions.
DESIGN section 7.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from pathlib import Path
from secrets import token_bytes
from typing import Literal
from uuid import UUID

from ledger.errors import CallerError, IntegrityError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.vault.kek import KEY_BYTES, KeyEncryption, epoch_key_place, subject_key_place
from ledger.vault.made import Made, MadeEpochKey, MadeSubjectKey, OnMade

_SQL = load_sql(Path(__file__).parent / "sql" / "keys.sql")


SubjectKeyName = tuple[UUID, str]
"""(subject, retention class); the class with the fact, `class:fact`, where each fact has a key of its own"""
EpochKeyName = tuple[str, str, int]
"""(controller, retention class, day); days since 1970-01-01, local time"""
KeyState = Literal["live", "destroyed"]


class KeyRing:
    """The keys of one batch. Its repr shows counts only.

    Args:
        subjects: the subject keys asked for that have a row; None for a tombstone.
        epochs: the epoch keys, likewise.
        asked: every name asked for.
    """

    def __init__(
        self,
        subjects: Mapping[SubjectKeyName, bytes | None],
        epochs: Mapping[EpochKeyName, bytes | None],
        asked: Set[SubjectKeyName | EpochKeyName],
    ) -> None:
        self._subjects = subjects
        self._epochs = epochs
        self._asked = asked

    def __repr__(self) -> str:
        return f"KeyRing({len(self._subjects)} subject keys, {len(self._epochs)} epoch keys)"

    def subject(self, subject: UUID, retention_class: str) -> bytes | None:
        """The subject key, 32 bytes; None when it was destroyed, or never made.

        Raises:
            CallerError: this key was not asked for; answering None would pass for a destruction.
        """
        key = self._subjects.get((subject, retention_class))
        if key is None:
            self._expect_asked((subject, retention_class))
        return key

    def epoch(self, controller: str, retention_class: str, day: int) -> bytes | None:
        """The epoch key, 32 bytes; None when it was destroyed, or never made.

        Raises:
            CallerError: this key was not asked for.
        """
        key = self._epochs.get((controller, retention_class, day))
        if key is None:
            self._expect_asked((controller, retention_class, day))
        return key

    def subject_destroyed(self, subject: UUID, retention_class: str) -> bool:
        """Whether the subject key has a tombstone; False also when it was never made."""
        return self._subjects.get((subject, retention_class), b"") is None

    def epoch_destroyed(self, controller: str, retention_class: str, day: int) -> bool:
        """Whether the epoch key has a tombstone; False also when it was never made."""
        return self._epochs.get((controller, retention_class, day), b"") is None

    def _expect_asked(self, name: SubjectKeyName | EpochKeyName) -> None:
        if name not in self._asked:
            raise CallerError(
                "a key is wanted that this key ring was not asked for",
                expected="a key named when the ring was read",
                found=" ".join(map(str, name)),
                do="Name every key of the batch when asking for its keys.",
            )


def read(
    conn: Connection,
    kek: KeyEncryption,
    subject_keys: Collection[SubjectKeyName],
    epochs: Collection[EpochKeyName],
) -> KeyRing:
    """The keys of a batch as they stand, one query per kind; makes none.

    Raises:
        NotPermitted: a key is wrapped under a KEK we do not have.
        IntegrityError: a wrapped key was altered, or moved to another row.
    """
    subjects, days = set(subject_keys), set(epochs)
    return KeyRing(
        _read_subject_keys(conn, kek, subjects), _read_epoch_keys(conn, kek, days), {*subjects, *days}
    )


def get_or_create(
    conn: Connection,
    kek: KeyEncryption,
    subject_keys: Collection[SubjectKeyName],
    epochs: Collection[EpochKeyName],
    *,
    on_made: OnMade | None = None,
) -> KeyRing:
    """The keys of a batch, made where there is neither key nor tombstone.

    One query per kind when all exist, two when some are made, a third when another process made one of those
    in between. The caller commits before anything sealed under a new key leaves the process.

    Args:
        conn: at READ COMMITTED.
        kek: wraps new keys, opens stored ones.
        subject_keys: (subject, retention class).
        epochs: (controller, retention class, day).
        on_made: told of the keys made here, wrapped, before the commit; not called when none were.

    Raises:
        NotPermitted: a key is wrapped under a KEK we do not have.
        IntegrityError: a wrapped key was altered or moved, or a row vanished: rows are never deleted.
    """
    subjects, days = set(subject_keys), set(epochs)
    made = Made()
    subject_ring = _read_subject_keys(conn, kek, subjects)
    if missing := subjects - subject_ring.keys():
        added, subject_rows = _add_subject_keys(conn, kek, missing)
        made = made._replace(subject_keys=subject_rows)
        subject_ring |= added
        # Made by another process meanwhile, or its tombstone: our insert waited for that commit, so it shows
        # now.
        subject_ring |= _read_subject_keys(conn, kek, subjects - subject_ring.keys())
    epoch_ring = _read_epoch_keys(conn, kek, days)
    if absent := days - epoch_ring.keys():
        new, epoch_rows = _add_epoch_keys(conn, kek, absent)
        made = made._replace(epoch_keys=epoch_rows)
        epoch_ring |= new
        epoch_ring |= _read_epoch_keys(conn, kek, days - epoch_ring.keys())
    vanished = len(subjects - subject_ring.keys()) + len(days - epoch_ring.keys())
    if vanished:
        raise IntegrityError(
            "keys vanished while they were being made",
            expected="a key or a tombstone for each name",
            found=f"{vanished} with neither",
            do="Find out who deletes rows of subject_key or epoch_key: tombstones are there to stay.",
        )
    if on_made is not None and any(made):
        on_made(made)
    return KeyRing(subject_ring, epoch_ring, {*subjects, *days})


def live_epochs(conn: Connection, controller: str | None) -> list[EpochKeyName]:
    """The epochs that have a key and no tombstone, in byte order.

    Args:
        conn: any.
        controller: whose; None for all.
    """
    if controller is None:
        rows = conn.execute(_SQL["live_epochs"], binary=True)
    else:
        rows = conn.execute(_SQL["live_epochs_of"], {"controller": controller}, binary=True)
    return [(controller, retention_class, day) for controller, retention_class, day in rows]


def epochs_made_since(conn: Connection, moment: int) -> frozenset[EpochKeyName]:
    """The epochs that have a key which the server made after a moment, microseconds since the epoch, UTC."""
    rows = conn.execute(_SQL["epochs_made_since"], {"moment": moment}, binary=True)
    return frozenset((controller, retention_class, day) for controller, retention_class, day in rows)


def subject_key_classes(conn: Connection, subject: UUID) -> dict[str, KeyState]:
    """The name of every key there is of a subject -> whether it lives."""
    rows = conn.execute(_SQL["subject_key_classes"], {"subject": subject})
    return {name: "live" if lives else "destroyed" for name, lives in rows}


def _read_subject_keys(
    conn: Connection, kek: KeyEncryption, names: Set[SubjectKeyName]
) -> dict[SubjectKeyName, bytes | None]:
    if not names:
        return {}
    asked = list(names)
    rows = conn.execute(
        _SQL["read_subject_keys"],
        {"subjects": [name[0] for name in asked], "classes": [name[1] for name in asked]},
        binary=True,
    )
    return {
        (subject, cls): None
        if wrapped is None
        else kek.unwrap(kek_id, wrapped, subject_key_place(subject, cls))
        for subject, cls, kek_id, wrapped in rows
    }


def _add_subject_keys(
    conn: Connection, kek: KeyEncryption, names: Set[SubjectKeyName]
) -> tuple[dict[SubjectKeyName, bytes | None], tuple[MadeSubjectKey, ...]]:
    """Keys, None for those of closed subjects, and the rows of the live ones; only what we inserted ourselves."""
    made = {name: token_bytes(KEY_BYTES) for name in names}
    wrapped = {name: kek.wrap(key, subject_key_place(*name)) for name, key in made.items()}
    rows = conn.execute(
        _SQL["add_subject_keys"],
        {
            "subjects": [name[0] for name in made],
            "classes": [name[1] for name in made],
            "kek_ids": [each.kek_id for each in wrapped.values()],
            "wrapped": [each.wrapped for each in wrapped.values()],
        },
        binary=True,
    )
    lives = {(subject, cls): is_live for subject, cls, is_live in rows}
    stored = tuple(MadeSubjectKey(*name, *wrapped[name]) for name, is_live in lives.items() if is_live)
    return {name: made[name] if is_live else None for name, is_live in lives.items()}, stored


def _read_epoch_keys(
    conn: Connection, kek: KeyEncryption, names: Set[EpochKeyName]
) -> dict[EpochKeyName, bytes | None]:
    if not names:
        return {}
    rows = conn.execute(_SQL["read_epoch_keys"], epoch_columns(names), binary=True)
    return {
        (controller, cls, day): None
        if wrapped is None
        else kek.unwrap(kek_id, wrapped, epoch_key_place(controller, cls, day))
        for controller, cls, day, kek_id, wrapped in rows
    }


def _add_epoch_keys(
    conn: Connection, kek: KeyEncryption, names: Set[EpochKeyName]
) -> tuple[dict[EpochKeyName, bytes], tuple[MadeEpochKey, ...]]:
    """Keys and their rows; only what we inserted ourselves."""
    made = {name: token_bytes(KEY_BYTES) for name in names}
    wrapped = {name: kek.wrap(key, epoch_key_place(*name)) for name, key in made.items()}
    rows = conn.execute(
        _SQL["add_epoch_keys"],
        {
            **epoch_columns(made),
            "kek_ids": [each.kek_id for each in wrapped.values()],
            "wrapped": [each.wrapped for each in wrapped.values()],
        },
        binary=True,
    )
    added = {(controller, cls, day): made[controller, cls, day] for controller, cls, day in rows}
    return added, tuple(MadeEpochKey(*name, *wrapped[name]) for name in added)


def epoch_columns(names: Iterable[EpochKeyName]) -> dict[str, list[str] | list[int]]:
    """The parameters that carry epoch key names into a statement."""
    asked = list(names)
    return {
        "controllers": [name[0] for name in asked],
        "classes": [name[1] for name in asked],
        "days": [name[2] for name in asked],
    }
