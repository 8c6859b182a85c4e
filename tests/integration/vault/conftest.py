"""Vaults on a real PostgreSQL."""

import os
from collections.abc import Callable, Iterator

import pytest

from ledger.postgres.connection import Connection, connect
from ledger.vault.kek import Kek, KeyEncryption
from ledger.vault.vault import Vault, migrate_vault
from tests.integration.vault.blocking import RunBlocked, blocked_runner
from tests.integration.vault.commit_cutter import CommitCutter, commit_cutter
from tests.postgres_server import server_dsn, temporary_schema

OpenVault = Callable[[], Vault]


@pytest.fixture(scope="session")
def postgres_dsn() -> str:
    """The test run's server."""
    return server_dsn()


@pytest.fixture
def schema(postgres_dsn: str) -> Iterator[str]:
    """A migrated vault in a schema of its own."""
    with temporary_schema(postgres_dsn) as name:
        migrate_vault(postgres_dsn, schema=name)
        yield name


@pytest.fixture
def key_encryption() -> KeyEncryption:
    """A KEK of this test only."""
    return KeyEncryption(Kek(os.urandom(32)))


@pytest.fixture
def open_vault(postgres_dsn: str, schema: str, key_encryption: KeyEncryption) -> Iterator[OpenVault]:
    """Opens any number of vaults on the test's schema, each with its own connection."""
    opened: list[Vault] = []

    def one_more() -> Vault:
        opened.append(Vault(postgres_dsn, key_encryption, schema=schema))
        return opened[-1]

    yield one_more
    for vault in opened:
        vault.close()


@pytest.fixture
def vault(open_vault: OpenVault) -> Vault:
    """One vault."""
    return open_vault()


@pytest.fixture
def open_connection(postgres_dsn: str, schema: str) -> Iterator[Callable[[], Connection]]:
    """Opens any number of bare connections, to look behind the vault's back or hold a transaction open."""
    opened: list[Connection] = []

    def one_more() -> Connection:
        opened.append(connect(postgres_dsn, schema=schema, application_name="test", autocommit=True))
        return opened[-1]

    yield one_more
    for conn in opened:
        conn.close()


@pytest.fixture
def conn(open_connection: Callable[[], Connection]) -> Connection:
    """One bare connection."""
    return open_connection()


@pytest.fixture
def run_blocked(open_connection: Callable[[], Connection]) -> Iterator[RunBlocked]:
    """See RunBlocked."""
    with blocked_runner(open_connection) as run:
        yield run


@pytest.fixture
def cutter(postgres_dsn: str) -> Iterator[CommitCutter]:
    """A line to the server that can be cut at a COMMIT."""
    with commit_cutter(postgres_dsn) as made:
        yield made


@pytest.fixture
def cut_vault(cutter: CommitCutter, schema: str, key_encryption: KeyEncryption) -> Iterator[Vault]:
    """A vault on that line."""
    with Vault(cutter.dsn, key_encryption, schema=schema) as vault:
        yield vault
