"""Each slot of each job at most once: rows of `job_run` in the vault's database.

A slot is taken before its job starts and finished after it ends. One that was taken and not finished belongs to a
scheduler that died: the next leader takes it up, a few times at most, because a job may be what killed it.

Owns: job_run. Leaves to others: which slot is due (`slots`), who leads (`scheduler`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from ledger.postgres.connection import Connection, connect, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.vault.vault import VAULT_SCHEMA

_SQL = load_sql(Path(__file__).parent / "sql" / "job_runs.sql")
ATTEMPTS_MAX = 3
"""As with inbox records: what died three times is left alone until its next slot."""
KEPT = timedelta(days=400)
"""A year of slots to look back on."""


class JobRuns:
    """The slots, as one leader takes them. Each call opens a connection of its own: there are six an hour.

    Args:
        dsn: libpq connection string of the vault's database.
        leader: names this leadership.
    """

    def __init__(self, dsn: str, leader: UUID) -> None:
        self._dsn = dsn
        self._leader = leader

    def claim(self, job: str, slot: datetime) -> bool:
        """Takes a slot; whether it is ours to run. Committed when it returns.

        Args:
            job: its name.
            slot: when it was due, aware.

        Raises:
            InfrastructureError: nobody knows whether it was taken; as this leader, it is not run again.
        """
        with self._transaction("taking a job's slot") as connection:
            parameters = {"job": job, "slot": slot, "leader": self._leader, "attempts_max": ATTEMPTS_MAX}
            return connection.execute(_SQL["claim"], parameters).fetchone() is not None

    def finish(self, job: str, slot: datetime, outcome: str) -> None:
        """Says how a slot we took ended; `outcome` is a code."""
        with self._transaction("finishing a job's slot") as connection:
            parameters = {"job": job, "slot": slot, "leader": self._leader, "outcome": outcome}
            connection.execute(_SQL["finish"], parameters)
            connection.execute(_SQL["forget_old"], {"job": job, "before": slot - KEPT})

    @contextmanager
    def _transaction(self, what: str) -> Iterator[Connection]:
        with (
            translated_errors(what),
            connect(self._dsn, schema=VAULT_SCHEMA, application_name="ledger jobs") as connection,
        ):
            yield connection
