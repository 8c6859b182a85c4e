"""A small forward-only migration runner: numbered `.sql` files, checksummed, one transaction each.

Files are `NNNN_name.sql`, numbered from 0001 without gaps, and name their tables without a schema, so that
the same files build the live schema and a replay's shadow schema. What was applied stands in
`schema_migration` of that schema; a file that differs from what was applied stops everything.

Owns: schema_migration and the schema's existence. Leaves to others: what the files hold.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from psycopg import sql
from psycopg.pq import TransactionStatus

from ledger.errors import CallerError, IntegrityError
from ledger.postgres.connection import Connection, checked_schema, translated_errors
from ledger.postgres.named_sql import load_sql

_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_SQL = load_sql(Path(__file__).with_name("migrations.sql"))
ADVISORY_LOCK_CLASS = 0x6C656467
"""First half of the advisory lock's key, "ledg" in ASCII: keeps clear of other users of advisory locks."""


class NotMigrated(CallerError):
    """The database lacks migrations this program needs: run `ledger migrate`."""


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One migration file: its number, its name and its bytes."""

    version: int
    name: str
    statements: bytes

    @property
    def checksum(self) -> bytes:
        """SHA-256 of the file."""
        return sha256(self.statements).digest()


def read_migrations(directory: Path) -> list[Migration]:
    """The migrations in a package directory, in order.

    Raises:
        IntegrityError: a file is misnamed, or the numbers do not run 1, 2, 3 …
    """
    migrations = []
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if not match:
            raise _damaged(directory, "files named NNNN_name.sql", path.name)
        migrations.append(Migration(version=int(match[1]), name=match[2], statements=path.read_bytes()))
    versions = [migration.version for migration in migrations]
    if not versions or versions != list(range(1, len(versions) + 1)):
        raise _damaged(directory, "numbers 0001, 0002, … each once", str(versions))
    return migrations


def migrate(conn: Connection, directory: Path, schema: str) -> list[Migration]:
    """Brings a schema up to date, creating it when missing.

    Each migration commits with its row in `schema_migration`: a crash leaves whole migrations only, and the
    next run goes on from there. Migrators of one schema take turns by an advisory lock, so any number may
    start at once.

    Args:
        conn: not in a transaction.
        directory: the `.sql` files.
        schema: any usable name; created when missing.

    Returns:
        What was applied now, in order; empty when nothing was due.

    Raises:
        CallerError: the connection is inside a transaction, or the schema name is not usable.
        IntegrityError: the files do not continue what was applied.
    """
    _expect_idle(conn)
    migrations = read_migrations(directory)
    _create_schema(conn, schema)
    applied: list[Migration] = []
    while (migration := _apply_next(conn, migrations, schema)) is not None:
        applied.append(migration)
    return applied


def check(conn: Connection, directory: Path, schema: str) -> None:
    """Makes sure a schema has exactly this program's migrations; changes nothing.

    Raises:
        NotMigrated: some are missing.
        IntegrityError: what was applied is not what the files hold.
    """
    _expect_idle(conn)
    migrations = read_migrations(directory)
    with translated_errors(f"check the migrations of schema {schema}"), conn.transaction():
        row = conn.execute(_SQL["history_exists"], {"schema": checked_schema(schema)}).fetchone()
        _enter(conn, schema)
        pending = _pending(conn, migrations) if row and row[0] else migrations
    if pending:
        raise NotMigrated(
            f"schema {schema} is not up to date",
            expected=f"migration {migrations[-1].version:04d}",
            found=f"{len(pending)} of {len(migrations)} missing",
            do="Run `ledger migrate`.",
        )


def _create_schema(conn: Connection, schema: str) -> None:
    name = sql.Identifier(checked_schema(schema))
    with translated_errors(f"create schema {schema}"), conn.transaction():
        _lock(conn, schema)  # two CREATE … IF NOT EXISTS at once can still collide in the catalogue
        conn.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
        _enter(conn, schema)
        conn.execute(_SQL["create_history"])


def _apply_next(conn: Connection, migrations: Sequence[Migration], schema: str) -> Migration | None:
    """Applies the first migration that is due. A crash in here leaves nothing behind: one transaction."""
    with translated_errors(f"migrate schema {schema}"), conn.transaction():
        _lock(conn, schema)  # before reading what was applied: another migrator may just have finished
        _enter(conn, schema)
        pending = _pending(conn, migrations)
        if not pending:
            return None
        migration = pending[0]
        conn.execute(migration.statements)
        conn.execute(
            _SQL["record_migration"],
            {"version": migration.version, "name": migration.name, "checksum": migration.checksum},
        )
        return migration


def _pending(conn: Connection, migrations: Sequence[Migration]) -> Sequence[Migration]:
    """What is still to be applied, after checking that what was applied is what the files begin with."""
    applied = conn.execute(_SQL["applied_migrations"]).fetchall()
    for (version, name, checksum), migration in zip(applied, migrations, strict=False):
        if (version, name, bytes(checksum)) != (migration.version, migration.name, migration.checksum):
            raise IntegrityError(
                f"migration {version:04d}_{name} was applied but its file is missing, renamed or edited",
                expected=f"SHA-256 {bytes(checksum).hex()[:16]}…",
                found=f"{migration.version:04d}_{migration.name}, {migration.checksum.hex()[:16]}…",
                do="Restore the file as it was applied; put the change into a new migration.",
            )
    if len(applied) > len(migrations):
        raise IntegrityError(
            "the database was migrated by another version of this program",
            expected=f"{len(migrations)} migrations",
            found=f"{len(applied)}, the last {applied[-1][0]:04d}_{applied[-1][1]}",
            do="Run the program version that made it, or a newer one.",
        )
    return migrations[len(applied) :]


def _enter(conn: Connection, schema: str) -> None:
    """Makes unqualified names mean this schema until the transaction ends."""
    conn.execute(_SQL["set_search_path"], {"schema": schema})


def _lock(conn: Connection, schema: str) -> None:
    """Waits for other migrators of this schema; given back when the transaction ends, however it ends."""
    key = int.from_bytes(sha256(schema.encode()).digest()[:4], "big", signed=True)
    conn.execute(_SQL["lock_migrations"], {"class": ADVISORY_LOCK_CLASS, "key": key})


def _expect_idle(conn: Connection) -> None:
    if conn.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        raise CallerError(
            "migrations need a connection that is not in a transaction",
            do="Commit or roll back first.",
        )


def _damaged(directory: Path, expected: str, found: str) -> IntegrityError:
    return IntegrityError(
        f"cannot use the migrations in {directory.name}",
        expected=expected,
        found=found,
        do="Reinstall the program.",
    )
