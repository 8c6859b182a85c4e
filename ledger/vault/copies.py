"""Second copies of what the vault makes: what a back-up of the vault does not hold yet.

A key is made, and at once personal data is sealed under it that stays in the log for years. If the vault is then
lost and restored from yesterday's back-up, that data is lost with the key, although nobody wanted it destroyed. So
whatever a sealer makes is appended to a topic of its own as well, wrapped, before the transaction that makes it
commits. The topic forgets after some weeks, by when back-ups hold everything; it completes a back-up and replaces
none. A copy opens nothing without the KEK, like the row it copies, and nothing at all once the KEK is rotated.

**The copy with the greatest number is the right one.** A copy may exist of a transaction that never committed
(the process died in between), and the same name may be made again later, with another key. Each copy carries a
number of the vault's sequence `copy_order`, drawn inside the transaction, after its rows were inserted. Let two
transactions make the same name. The second's insert waits, in the primary key's index, for the first to end, and
inserts only if that one rolled back (or its row, an identifier's, was removed later): so the first drew its number
before it ended, the second after it had inserted, and the second's is greater. Once one commits, nobody makes the
name again as long as the row stands. So the greatest number belongs to whoever made it last, and if any committed,
that is the one. The order in the topic does not show this: a send that was given up may still arrive late.

Numbers also show that a vault was restored: see `Vault.expect_not_older`.

Owns: the port, the form of a copy, its number. Leaves to others: the topic (`ledger.log.key_copies`), putting copies
back (`ledger.vault.recovery`). DESIGN section 7; FAULTS, row 46.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from ledger.errors import IntegrityError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.vault.made import Made

COPY_FORM = 1
"""Version of the form of a copy, its first element."""
ROWS_OF_A_KIND_MAX = 2000
"""In one copy: with five kinds of rows of some 200 bytes, well below what the topic takes in one record."""

_SQL = load_sql(Path(__file__).parent / "sql" / "copies.sql")
_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")


class Copies(Protocol):
    """Where second copies go.

    Durability: when `append` returns, every copy is acknowledged by all in-sync replicas. After an error it is
    unclear what was kept, and the port MUST NOT be used again. Order: none is promised, and none is needed.
    """

    def append(self, values: Sequence[bytes]) -> None:
        """Appends copies; raises InfrastructureError, and then the rows MUST NOT be committed."""


class KeyCopy(msgspec.Struct, frozen=True, array_like=True):
    """Rows that one transaction made, or a part of them, and the number it drew."""

    form: int
    order: int
    made: Made

    def __repr__(self) -> str:
        return f"KeyCopy({self.order})"


_DECODER = msgspec.msgpack.Decoder(KeyCopy)


class VaultOlderThanCopies(IntegrityError):
    """The vault was restored from a back-up, and what was made since is not in it."""


def append_copy(conn: Connection, copies: Copies, made: Made) -> None:
    """Copies what a transaction made, before it commits; at most one round trip to the log.

    Args:
        conn: inside that transaction, after its inserts.
        copies: the port.
        made: the rows; not empty.

    Raises:
        InfrastructureError: not acknowledged; the transaction must be rolled back.
    """
    (drawn,) = conn.execute(_SQL["next_order"]).fetchall()
    # A crash after this leaves a copy of rows that never were: keys that sealed nothing.
    copies.append([_ENCODER.encode(KeyCopy(COPY_FORM, drawn[0], part)) for part in _portions(made)])


def decode(value: bytes | None) -> KeyCopy:
    """A copy as it was appended.

    Raises:
        IntegrityError: it is no copy: damage, or a foreign writer.
    """
    try:
        copy = _DECODER.decode(value or b"")
    except msgspec.MsgspecError:
        copy = None
    if copy is None or copy.form != COPY_FORM:
        raise IntegrityError(
            "a second copy in the topic cannot be read",
            expected=f"a copy of form {COPY_FORM}",
            found="other bytes",
            do="Only sealers may write that topic: look at its access list.",
        )
    return copy


def last_order(conn: Connection) -> int:
    """The greatest number the vault has drawn; 0 when it has drawn none."""
    (drawn,) = conn.execute(_SQL["last_order"]).fetchall()
    return int(drawn[0])


def expect_not_older(conn: Connection, newest: int) -> None:
    """Refuses a vault that does not know numbers which stand in the topic.

    A sequence is not part of a transaction: it never goes back while the server lives. So a greater number in the
    topic means that the vault is older than the topic. (Two exceptions, both small. A crash of the database server
    can take back a number drawn in its last moments: recovering is then needless and harmless. And a server
    restored to a point in time skips up to 32 numbers, so that losing fewer transactions than that goes unnoticed
    here: the runbook recovers after every restore.)

    Args:
        conn: any.
        newest: the greatest number among the last copies in the topic.

    Raises:
        VaultOlderThanCopies: it is older.
    """
    known = last_order(conn)
    if newest > known:
        raise VaultOlderThanCopies(
            "the vault is older than the second copies of its keys: it was restored from a back-up",
            expected=f"copies up to number {known}",
            found=f"number {newest}",
            do="Run `ledger vault recover` before anything is sealed; see docs/keys.md.",
        )


def _portions(made: Made) -> Iterator[Made]:
    for start in range(0, max(map(len, made)), ROWS_OF_A_KIND_MAX):
        yield Made._make(rows[start : start + ROWS_OF_A_KIND_MAX] for rows in made)
