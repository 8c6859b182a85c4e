"""Held fields: what opens single fields of one person after the epoch key of their day is destroyed.

A hold on one person must not keep a whole day of everyone else's calls. So before that day's epoch key is
destroyed, the secrets of the held person's fields of that day are derived and stored here, wrapped; whoever opens
a record falls back on them. A secret opens one field of one record and tells nothing about the epoch key it came
from (HKDF).

**What was released never comes back**: its row stays as a tombstone, which neither holding nor a second copy writes
over. A row also keeps how far the vault had followed the governance partition when it was put aside, so that a release
that is applied again, in a vault that was restored, ends what it ended then and no later hold's share.

**A held field dies with its subject key.** Destroying that key deletes what was held under it, in the same
transaction, and holding locks the key's row first: so a person who is erased is not kept by an old hold, and a
hold that comes a moment too late stores nothing.

Owns: the table held_field. Leaves to others: who is held and since when, deriving (`field_cipher`), confirming a
release (`destruction`), transactions.
"""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

import msgspec

from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.vault.kek import KeyEncryption, held_field_place
from ledger.vault.made import Made, MadeHeldField, OnMade

_SQL = load_sql(Path(__file__).parent / "sql" / "held.sql")

HeldName = tuple[bytes, str]
"""(the record's salt, field): names one ciphertext in the log"""


class HeldField(msgspec.Struct, frozen=True, kw_only=True):
    """One field to hold.

    Args:
        salt: its record's, 32 bytes.
        field: its name in the record.
        subject: the record's stream.
        retention_class: as in the name of its subject key: with the fact, where each fact has its own key.
        secret: from `field_cipher.derive_secret`. Never in a repr.
    """

    salt: bytes
    field: str
    subject: UUID
    retention_class: str
    secret: bytes

    @property
    def name(self) -> HeldName:
        """What it is found by."""
        return (self.salt, self.field)

    def __repr__(self) -> str:
        return f"HeldField({self.subject}, {self.retention_class}, {self.field})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec gives structs one of their own, which a rich traceback with locals would print.
        return [("subject", self.subject), ("field", self.field)]


def hold(
    conn: Connection, kek: KeyEncryption, rows: Collection[HeldField], *, on_made: OnMade | None = None
) -> None:
    """Stores secrets, wrapped; those held already stay, those released or whose subject key is dead are left out.

    Args:
        conn: at READ COMMITTED; the caller commits.
        kek: wraps.
        rows: any number.
        on_made: told what was stored, before the commit.
    """
    made = {row.name: _wrapped(kek, row) for row in rows}
    if not made:
        return
    stored = conn.execute(
        _SQL["hold"],
        {
            "salts": [row.salt for row in made.values()],
            "fields": [row.field for row in made.values()],
            "subjects": [row.subject for row in made.values()],
            "classes": [row.retention_class for row in made.values()],
            "kek_ids": [row.kek_id for row in made.values()],
            "wrapped": [row.wrapped for row in made.values()],
        },
        binary=True,
    ).fetchall()
    if stored and on_made is not None:
        rows_made = (made[salt, field]._replace(rules_at=rules_at) for salt, field, rules_at in stored)
        on_made(Made(held_fields=tuple(rows_made)))


def read(conn: Connection, kek: KeyEncryption, salts: Collection[bytes]) -> dict[HeldName, bytes]:
    """The secrets held for some records: (salt, field) -> secret.

    Raises:
        NotPermitted: one is wrapped under a KEK we do not have.
        IntegrityError: one was altered, or moved to another row.
    """
    if not salts:
        return {}
    rows = conn.execute(_SQL["read"], {"salts": list(salts)}, binary=True)
    return {
        (salt, field): kek.unwrap(kek_id, wrapped, held_field_place(salt, field, subject, retention_class))
        for salt, field, subject, retention_class, kek_id, wrapped in rows
    }


def subjects(conn: Connection) -> list[tuple[str, UUID, str]]:
    """Of whom anything is held: (controller, subject, class), in byte order; each fact's own keys are their class's."""
    return [(controller, subject, name) for controller, subject, name in conn.execute(_SQL["subjects"])]


def release(
    conn: Connection, subject: UUID, classes: Collection[str] | None, offset: int | None = None
) -> int:
    """Makes tombstones of what is held of a subject; of how many fields.

    Args:
        conn: the caller commits.
        subject: whose fields.
        classes: of these classes, each fact's own among them; None for all.
        offset: of the release in the governance partition: what was put aside after it stays; None for all.
    """
    asked = None if classes is None else sorted(set(classes))
    return conn.execute(_SQL["release"], {"subject": subject, "classes": asked, "offset": offset}).rowcount


def held_count(
    conn: Connection, subject: UUID, classes: Collection[str] | None, offset: int | None = None
) -> int:
    """How many fields are held of a subject; the arguments are those of `release`."""
    asked = None if classes is None else sorted(set(classes))
    parameters = {"subject": subject, "classes": asked, "offset": offset}
    (count,) = conn.execute(_SQL["count"], parameters).fetchall()
    return int(count[0])


def _wrapped(kek: KeyEncryption, row: HeldField) -> MadeHeldField:
    place = held_field_place(row.salt, row.field, row.subject, row.retention_class)
    wrapped = kek.wrap(row.secret, place)
    return MadeHeldField(
        row.salt, row.field, row.subject, row.retention_class, wrapped.kek_id, wrapped.wrapped
    )
