"""A real PostgreSQL for the contract tests, and a fresh schema with our migration for each test."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import eventsourcing.cryptography
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

import ledger.store
from tests.postgres_server import schema_name, server_dsn

# The library's shipped test cases import its older cipher, for cases we do not use; that one needs
# pycryptodome, which nothing else here does. Its newer one has the same class on top of `cryptography`.
sys.modules.setdefault("eventsourcing.cipher", eventsourcing.cryptography)

MIGRATION = Path(ledger.store.__file__).parent / "migrations" / "0001_event_store.sql"


@pytest.fixture(scope="session")
def dsn() -> str:
    """The test run's server."""
    return server_dsn()


@pytest.fixture
def empty_schema(dsn: str) -> Iterator[str]:
    """A schema without tables."""
    with _fresh_schema(dsn, migrated=False) as name:
        yield name


@pytest.fixture
def schema(dsn: str) -> Iterator[str]:
    """A schema with the event store's tables."""
    with _fresh_schema(dsn, migrated=True) as name:
        yield name


@pytest.fixture
def shadow_schema(dsn: str) -> Iterator[str]:
    """Another schema with the event store's tables, as a replay would build."""
    with _fresh_schema(dsn, migrated=True) as name:
        yield name


@contextmanager
def _fresh_schema(dsn: str, *, migrated: bool) -> Iterator[str]:
    with schema_name(dsn) as name:
        with psycopg.connect(dsn) as connection:
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
            connection.execute(SQL("SET LOCAL search_path TO {}").format(Identifier(name)))
            if migrated:
                connection.execute(MIGRATION.read_bytes())
        yield name
