"""How this project connects to PostgreSQL, and where the driver's errors become ours.

Owns: session settings that correctness rests on, limits on waiting, and the translation of psycopg's errors.
Leaves to others: statements, transactions and what to do after an error.
Source: PostgreSQL, "Database Connection Control Functions" and "Client Connection Defaults"; PEP 249.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from ledger.errors import CallerError, DataError, InfrastructureError, IntegrityError

CONNECT_TIMEOUT_S = 5
"""A server that does not answer in this time is down for our purposes; the supervisor tries again."""
TCP_USER_TIMEOUT_MS = 20_000
"""Data unacknowledged for this long means a half-open connection: fail, rather than hang for the kernel's 15
min."""
KEEPALIVE_IDLE_S = 10
"""An idle connection is probed after this, so that a vanished server is noticed within half a minute."""
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_COUNT = 3
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
"""A transaction whose client fell silent gives its locks back after this; ours are busy for milliseconds."""

_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

Connection = psycopg.Connection[TupleRow]
"""A connection whose rows are plain tuples."""


def connect(dsn: str, *, schema: str | None, application_name: str, autocommit: bool = False) -> Connection:
    """Opens a connection on which names without a schema mean tables of `schema` only.

    `public` is left off the search path: a table missing from a shadow schema is then an error, never a quiet
    write into the live one. Isolation is READ COMMITTED whatever the server's default, because the vault's
    and the store's statements rely on each statement seeing what was committed before it.

    Args:
        dsn: libpq connection string or URI; options in it are kept, ours win.
        schema: PostgreSQL schema, lower-case letters, digits and underscores; None keeps the server's path.
        application_name: as shown in pg_stat_activity; names the process, never a person.
        autocommit: False starts a transaction at the first statement.

    Raises:
        CallerError: the DSN or the schema name cannot be read.
        InfrastructureError: the server did not answer or refused us.
    """
    settings = {
        "TimeZone": "UTC",
        "default_transaction_isolation": "read\\ committed",
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
    }
    if schema is not None:
        settings["search_path"] = checked_schema(schema)
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        # The cause is left out: libpq quotes the string it could not read, password and all.
        raise CallerError(
            "cannot read the PostgreSQL connection string",
            expected="host=… dbname=… or postgresql://host/database",
            do="Check LEDGER_STORE_DSN and LEDGER_VAULT_DSN.",
        ) from None
    options = " ".join(
        [str(given.pop("options", "") or ""), *(f"-c {name}={value}" for name, value in settings.items())]
    )
    limits: dict[str, str | int] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": TCP_USER_TIMEOUT_MS,
        "keepalives_idle": KEEPALIVE_IDLE_S,
        "keepalives_interval": KEEPALIVE_INTERVAL_S,
        "keepalives_count": KEEPALIVE_COUNT,
    }
    given = {**limits, **given, "options": options.strip(), "application_name": application_name}
    with translated_errors("connect to PostgreSQL"):
        conn: Connection = psycopg.connect(autocommit=autocommit, **given)  # type: ignore[arg-type]
    return conn


def checked_schema(schema: str) -> str:
    """The name itself when it can stand unquoted in a search path.

    Raises:
        CallerError: it cannot.
    """
    if not _SCHEMA_NAME.fullmatch(schema):
        raise CallerError(
            "not a usable schema name",
            expected="1 to 63 of a-z, 0-9 and _, not starting with a digit",
            found=repr(schema),
        )
    return schema


@contextmanager
def translated_errors(what: str) -> Iterator[None]:
    """Turns psycopg's errors into ours, by who must act; the only place that does.

    Driver messages about a statement may quote the values of a row (`Key (…)=(…)`, `COPY …, line 1`), so only
    errors of the service itself keep their cause; of the others the SQLSTATE and the names of table and
    constraint remain.

    Args:
        what: what is being done, a short clause; no personal data.

    Raises:
        InfrastructureError: connection lost, server shutting down, deadlock, serialisation, disk full.
        DataError: a value PostgreSQL cannot hold.
        IntegrityError: a constraint broken, stored data corrupt, or tables that are not ours.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise InfrastructureError(
            f"{what}: PostgreSQL failed",
            found=_kind(error),
            do="Check that the server runs and can be reached, then try again.",
        ) from error
    except psycopg.DataError as error:
        raise DataError(
            f"{what}: a value does not fit its column",
            found=_kind(error),
            do="Refuse such a value before it reaches the database.",
        ) from None
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName) as error:
        raise IntegrityError(
            f"{what}: the tables are not those of this program",
            found=_kind(error),
            do="Run `ledger migrate`.",
        ) from None
    except errors.InvalidTransactionState as error:
        # Class 25: among others a session that PostgreSQL ended because it was idle for too long.
        raise InfrastructureError(
            f"{what}: PostgreSQL ended the transaction",
            found=_kind(error),
            do="Try again; if it repeats, look for what keeps the process busy in mid-transaction.",
        ) from None
    except (psycopg.IntegrityError, psycopg.InternalError) as error:
        raise IntegrityError(
            f"{what}: PostgreSQL refused the change or found its data damaged",
            found=_kind(error),
            do="Stop, and look at the server's log before going on.",
        ) from None


def _kind(error: psycopg.Error) -> str:
    """SQLSTATE, its name, and the names of what was involved; never a value."""
    parts = [f"SQLSTATE {error.sqlstate}" if error.sqlstate else "no SQLSTATE", type(error).__name__]
    if error.diag.table_name:
        parts.append(f"table {error.diag.table_name}")
    if error.diag.constraint_name:
        parts.append(f"constraint {error.diag.constraint_name}")
    return ", ".join(parts)
