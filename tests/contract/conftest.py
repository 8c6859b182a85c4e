"""A real PostgreSQL for the contract tests, and a fresh schema with our migration for each test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import eventsourcing.cryptography
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

import ledger.store
from tests.postgres_server import drop_schemas, schema_name, server_dsn

# The library's shipped test cases import its older cipher, for cases we do not use; that one needs
# pycryptodome, which nothing else here does. Its newer one has the same class on top of `cryptography`.
sys.modules.setdefault("eventsourcing.cipher", eventsourcing.cryptography)

MIGRATION = Path(ledger.store.__file__).parent / "migrations" / "0001_event_store.sql"


@pytest.fixture(scope="session")
def dsn() -> str:
    """The test run's server."""
    return server_dsn()


@pytest.fixture(scope="session")
def schemas(dsn: str) -> Iterator[list[str]]:
    """Schemas made during the run; dropped only at its end, when no test holds one in a transaction."""
    names: list[str] = []
    yield names
    drop_schemas(dsn, names)


@pytest.fixture
def empty_schema(dsn: str, schemas: list[str]) -> str:
    """A schema without tables."""
    return _fresh_schema(dsn, schemas, migrated=False)


@pytest.fixture
def schema(dsn: str, schemas: list[str]) -> str:
    """A schema with the event store's tables."""
    return _fresh_schema(dsn, schemas, migrated=True)


@pytest.fixture
def shadow_schema(dsn: str, schemas: list[str]) -> str:
    """Another schema with the event store's tables, as a replay would build."""
    return _fresh_schema(dsn, schemas, migrated=True)


def _fresh_schema(dsn: str, schemas: list[str], *, migrated: bool) -> str:
    """A schema of its own per test."""
    name = schema_name()
    with psycopg.connect(dsn) as connection:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        connection.execute(SQL("SET LOCAL search_path TO {}").format(Identifier(name)))
        if migrated:
            connection.execute(MIGRATION.read_bytes())
    schemas.append(name)
    return name
