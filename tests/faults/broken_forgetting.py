"""Vaults that are broken on purpose: each lacks one guarantee about batches in flight, and the tests must notice."""

from collections.abc import Collection
from typing import LiteralString

from ledger.postgres.connection import Connection
from ledger.vault.in_flight import Stretch
from ledger.vault.vault import Vault

MARK: LiteralString = "UPDATE sealer_progress SET sealing_until = %s WHERE topic = %s AND partition = %s"


class IgnoresMarks(Vault):
    """Waits for living sealers only: what a dead one has sent is forgotten about."""

    def _close_gate(self, conn: Connection) -> None:
        conn.execute("SELECT pg_advisory_xact_lock(%(class)s::integer, %(key)s::integer)", self._gate._name)


class BeginsAnywhere(Vault):
    """Goes through the gate and marks, without a look at where the position is by now."""

    def begin_sealing(self, batch: Collection[Stretch]) -> None:
        """What a sealer that slept must not get."""
        with self._statement("begin a batch") as conn:
            conn.execute(
                "SELECT pg_advisory_lock_shared(%(class)s::integer, %(key)s::integer)", self._gate._name
            )
            for stretch in batch:
                conn.execute(MARK, (stretch.until, stretch.topic, stretch.partition))
        self._sealing = True
