"""A real PostgreSQL for these tests."""

from collections.abc import Iterator

import pytest

from ledger.postgres.connection import Connection, connect
from tests.postgres_server import server_dsn, temporary_schema


@pytest.fixture(scope="session")
def postgres_dsn() -> str:
    """The test run's server."""
    return server_dsn()


@pytest.fixture
def schema(postgres_dsn: str) -> Iterator[str]:
    """The name of a schema nobody made yet; dropped afterwards."""
    with temporary_schema(postgres_dsn) as name:
        yield name


@pytest.fixture
def conn(postgres_dsn: str) -> Iterator[Connection]:
    """A connection without a schema of ours."""
    with connect(postgres_dsn, schema=None, application_name="test") as connection:
        yield connection
