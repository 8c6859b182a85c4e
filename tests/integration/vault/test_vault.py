"""The vault as a port: opened only when in order, one index key for all, back after a lost connection."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import psycopg
import pytest

from ledger.errors import InfrastructureError, IntegrityError
from ledger.postgres.connection import Connection
from ledger.postgres.migrations import NotMigrated
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.kek import KeyEncryption
from ledger.vault.vault import INDEX_KEY_NAME, OWN_FACTS_KEY_NAME, Vault, migrate_vault

OPENERS = 16
PHONE = Identifier(IdentifierKind.PHONE, "+3197010200001")
MENTION = Mention(controller="acme", identifiers=(PHONE,))
TABLES = (
    "kek",
    "vault_secret",
    "subject",
    "directory",
    "subject_key",
    "epoch_key",
    "held_field",
    "sealer_progress",
    "sealer_chain",
    "governance_position",
    "retention_setting",
    "forget_after",
    "issued_export",
    "job_run",
    "schema_migration",
)


def test_vault_that_was_not_migrated_is_not_opened(postgres_dsn: str, key_encryption: KeyEncryption) -> None:
    """The message names the command."""
    with pytest.raises(NotMigrated, match="ledger migrate"):
        Vault(postgres_dsn, key_encryption, schema="vault_nobody_made")


def test_migrating_twice_is_once(postgres_dsn: str, schema: str) -> None:
    """Nothing is due the second time."""
    assert migrate_vault(postgres_dsn, schema=schema) == []


def test_openers_at_once_agree_on_one_index_key(open_vault: Callable[[], Vault], conn: Connection) -> None:
    """Whoever opens a new vault first makes the directory's key; all use that one."""
    start = Barrier(OPENERS)

    def opened() -> bytes:
        start.wait()
        return open_vault()._index_key

    with ThreadPoolExecutor(OPENERS) as pool:
        index_keys = {task.result() for task in [pool.submit(opened) for _ in range(OPENERS)]}
    assert len(index_keys) == 1
    names = [row[0] for row in conn.execute('SELECT name FROM vault_secret ORDER BY name COLLATE "C"')]
    assert names == [INDEX_KEY_NAME, OWN_FACTS_KEY_NAME]


def test_tables_are_all_there_are(vault: Vault, conn: Connection) -> None:
    """A search for a value looks through every table; a new one is a new place to think of."""
    tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").fetchall()
    assert sorted(row[0] for row in tables) == sorted(TABLES)


def test_clock_is_the_servers_now(vault: Vault) -> None:
    """It moves between two calls, and is near ours on one machine."""
    first = vault.database_clock()
    assert first < vault.database_clock()
    assert abs(first - time.time_ns() // 1000) < 60_000_000


def test_positions_of_all_sealers(vault: Vault) -> None:
    """Every inbox partition that was ever initialised."""
    assert vault.sealer_positions() == {}
    vault.initialise_progress("inbox.processing", 0, 5)
    vault.initialise_progress("inbox.consent", 1, 0)
    vault.advance("inbox.processing", 0, 5, 9, {})
    assert vault.sealer_positions() == {("inbox.processing", 0): 9, ("inbox.consent", 1): 0}


def test_people_are_found_after_a_restart(open_vault: Callable[[], Vault]) -> None:
    """The index key is stored, wrapped, and the same for every process."""
    first = open_vault()
    subjects = first.resolve_subjects([MENTION])
    first.close()
    assert open_vault().resolve_subjects([MENTION]) == subjects


def test_lost_connection_fails_one_call_and_the_next_connects(vault: Vault, conn: Connection) -> None:
    """Nothing is promised by the failed call; nothing is needed to go on."""
    subjects = vault.resolve_subjects([MENTION])
    conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ledger vault'"
    )
    with pytest.raises(InfrastructureError):
        vault.resolve_subjects([MENTION])
    assert vault.resolve_subjects([MENTION]) == subjects


def test_closed_vault_stays_closed(vault: Vault) -> None:
    """Closing is the owner's decision, not a fault to recover from."""
    vault.close()
    with pytest.raises(InfrastructureError):
        vault.resolve_subjects([MENTION])


def test_server_that_is_away_is_infrastructure(key_encryption: KeyEncryption) -> None:
    """Opening the vault without its server ends with exit code 5."""
    with pytest.raises(InfrastructureError) as failed:
        Vault("host=/nonexistent dbname=vault", key_encryption)
    assert failed.value.exit_code == 5


def test_failed_call_leaves_nothing_behind(vault: Vault, conn: Connection) -> None:
    """Each call is one transaction: epochs that cannot be stored undo the subject keys too."""
    conn.execute("ALTER TABLE epoch_key ADD CONSTRAINT broken CHECK (false)")
    with pytest.raises(IntegrityError, match="broken"):
        vault.keys_for([(uuid4(), "content")], [("acme", "content", 1)])
    assert conn.execute("SELECT count(*) FROM subject_key").fetchone() == (0,)


def test_commit_is_durable_whatever_the_servers_default(
    postgres_dsn: str, schema: str, key_encryption: KeyEncryption
) -> None:
    """A key must not be lost in a crash of the server after its record reached the log."""
    dsn = psycopg.conninfo.make_conninfo(postgres_dsn, options="-c synchronous_commit=off")
    with Vault(dsn, key_encryption, schema=schema) as vault, vault._transaction("look") as own:
        assert own.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_vanished_keys_are_an_integrity_error(vault: Vault, conn: Connection) -> None:
    """Rows that will not stay are never taken for destroyed keys."""
    conn.execute(
        "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER drop_it BEFORE INSERT ON subject_key FOR EACH ROW EXECUTE FUNCTION drop_it()"
    )
    with pytest.raises(IntegrityError, match="vanished"):
        vault.keys_for([(uuid4(), "content")], [])
