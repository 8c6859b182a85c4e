"""Batches in flight: while records of one may be in the log that the progress does not know of, nobody is forgotten.

A sealer resolves a number to a subject, appends records to that subject's ledger partition, and moves its progress. If
the number's directory row goes in between and the sealer dies before its progress, the next start resolves the same
inbox record to somebody new, in another ledger partition: it takes effect a second time, and the old partition's mark
stays ahead of the sealer's chain, so that nothing of that pair is accepted any more. Two things keep this from
happening:

- **A mark**, `sealing_until`, kept before a batch resolves anybody: no record of an offset from there on was sent.
  As long as it is above `next_offset` somebody may have sent what is between. Nothing takes it back: it stops to count
  once the position has reached it, and the position moves only when everything before it is in the log. So a shorter
  batch after a restart leaves it standing for the rest.
- **A gate**, a PostgreSQL advisory lock. Whoever seals holds it shared from the mark to the end of the batch; whoever
  forgets holds it alone, looks for marks that count, and removes rows only if there is none. PostgreSQL queues fairly:
  forgetting waits for the batches that run, later batches wait for it, and so it comes about under full load, too.

The gate makes forgetting possible while sealers run; what makes it safe when one dies, or loses its session, is the
mark. The gate is no transaction, because a batch waits for Kafka and one has several transactions in the vault; it ends
with the session, and therefore MUST NOT go through a pooler that shares sessions.

A batch begins only where the position is the one its sealer knows. A sealer that was asleep while another took over and
a person was forgotten would else resolve old records to somebody new.

Owns: sealing_until and the gate. Leaves to others: the position (`progress`), directory rows (`closing`), transactions.
ADR 21. Source: PostgreSQL, "Advisory Locks" and "lock_timeout".
"""

from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from psycopg import errors

from ledger.errors import InfrastructureError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.vault.progress import ProgressMoved

LOCK_CLASS = 0x6C676174
"""First half of the gate's key, "lgat" in ASCII: keeps clear of other users of advisory locks."""
PATIENCE_S = 5.0
"""How long forgetting waits for batches that run. A batch takes a second; while we wait, no other begins, so one that
hangs for the minutes Kafka is given must not stop every sealer."""

_SQL = load_sql(Path(__file__).parent / "sql" / "in_flight.sql")


class BatchInFlight(InfrastructureError):
    """Nobody can be forgotten now: records under the old pseudonym may be in the log, or on their way. Ask again."""


class Stretch(NamedTuple):
    """What a batch holds of one inbox partition: from the sealer's position to before `until`."""

    topic: str
    partition: int
    next_offset: int
    until: int


class Gate:
    """The gate of one vault.

    Args:
        schema: whose tables it guards; vaults in one database have a gate each.
    """

    def __init__(self, schema: str) -> None:
        key = int.from_bytes(sha256(schema.encode()).digest()[:4], "big", signed=True)
        self._name = {"class": LOCK_CLASS, "key": key}

    def begin(self, conn: Connection, batch: Collection[Stretch]) -> None:
        """Goes through the gate and keeps the marks of a batch, in one statement that commits by itself.

        A crash of the sealer behind it leaves the marks, and the next batch that reaches them ends their meaning. Waits
        for whoever is forgetting; that one's session is ended by PostgreSQL when it falls silent
        (`connection.IDLE_IN_TRANSACTION_TIMEOUT_MS`).

        Args:
            conn: in no transaction; it holds the gate when this returns, and may also after another error than
                ProgressMoved.
            batch: one stretch per inbox partition.

        Raises:
            ProgressMoved: a position is not the expected one; nothing is marked, and the gate is given back.
        """
        ((begun,),) = conn.execute(
            _SQL["begin"],
            {
                **self._name,
                "topics": [stretch.topic for stretch in batch],
                "partitions": [stretch.partition for stretch in batch],
                "expected": [stretch.next_offset for stretch in batch],
                "untils": [stretch.until for stretch in batch],
            },
        ).fetchall()
        if not begun:
            raise ProgressMoved(
                "the progress of an inbox partition moved before it was sealed",
                expected=f"the {len(batch)} positions this sealer knows",
                found="another one: a second sealer, or a row never initialised",
                do="Load it again; if this repeats, run one sealer per inbox partition.",
            )

    def end(self, conn: Connection) -> None:
        """Gives the gate back.

        Raises:
            InfrastructureError: this session does not have it.
        """
        ((held,),) = conn.execute(_SQL["end"], self._name).fetchall()
        if not held:
            raise InfrastructureError(
                "the gate of a batch was lost before its end",
                expected="one PostgreSQL session for the whole batch",
                found="another one",
                do="Start again; if it repeats, connect to the vault's database directly, not through a pooler.",
            )

    def close(self, conn: Connection) -> None:
        """Waits until no batch is in flight and lets none begin before the caller's transaction ends.

        Args:
            conn: in a transaction in which nothing was locked yet; the caller commits soon.

        Raises:
            BatchInFlight: a batch did not end in time, or a dead sealer's was not sealed again yet.
        """
        conn.execute(_SQL["wait_at_most"], {"milliseconds": str(round(PATIENCE_S * 1000))})
        try:
            conn.execute(_SQL["close_gate"], self._name)
        except errors.LockNotAvailable:
            raise BatchInFlight(
                "nobody can be forgotten while a batch is in flight",
                expected=f"the sealers to end theirs within {PATIENCE_S:.0f} s",
                found="one that goes on",
                do="Ask again; if it repeats, look whether Kafka takes what the sealers send.",
            ) from None
        self.expect_nothing_unfinished(conn)

    def expect_nothing_unfinished(self, conn: Connection) -> None:
        """Looks for marks that count.

        Raises:
            BatchInFlight: there is one.
        """
        row = conn.execute(_SQL["unfinished"]).fetchone()
        if row is not None:
            raise BatchInFlight(
                "nobody can be forgotten before a batch is sealed to its end",
                expected="no inbox partition with records sent and no progress",
                found=f"{row[0]} partition {row[1]}: its sealer ended in the middle",
                do="Start the sealer of that partition, and ask again.",
            )
