"""A lock that one process in all may hold, for as long as its connection lives.

PostgreSQL gives it back when the session ends, however that happens: a holder that was killed or cut off keeps nobody
waiting. So a holder MUST look now and then whether it still holds it, and work done under it MUST be safe to repeat.

Owns: one connection per lock. Leaves to others: what the lock is for.
Source: PostgreSQL, "Advisory Locks".
"""

from hashlib import sha256
from types import TracebackType
from typing import Self

from ledger.errors import InfrastructureError
from ledger.postgres.connection import Connection, connect, translated_errors

LOCK_CLASS = 0x6C6A6F62
"""First half of the lock's key, "ljob" in ASCII: keeps clear of migrations and of other users of advisory locks."""


class AdvisoryLock:
    """One named lock in one database.

    Args:
        dsn: libpq connection string of the database.
        name: what is locked; the same name in the same database is the same lock.
    """

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._key = int.from_bytes(sha256(name.encode()).digest()[:4], "big", signed=True)
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        """Takes the lock if nobody has it; whether we have it now. Asking again while we have it changes nothing.

        Raises:
            InfrastructureError: the database did not answer.
        """
        if self.held():
            return True
        self.close()
        connection = connect(
            self._dsn, schema=None, application_name=f"ledger lock {self._name}", autocommit=True
        )
        try:
            with translated_errors(f"locking {self._name}"):
                row = connection.execute(
                    "SELECT pg_try_advisory_lock(%s, %s)", (LOCK_CLASS, self._key)
                ).fetchone()
        except BaseException:
            connection.close()
            raise
        if row is None or not row[0]:
            connection.close()
            return False
        self._connection = connection
        return True

    def held(self) -> bool:
        """Whether we have it: its connection still answers, so its session still lives."""
        if self._connection is None:
            return False
        try:
            with translated_errors(f"looking after the lock {self._name}"):
                self._connection.execute("SELECT 1")
        except InfrastructureError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Gives the lock back, if we have it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
