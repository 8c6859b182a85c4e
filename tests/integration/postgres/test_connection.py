"""Sessions start as correctness needs them, and errors come out as ours, without anybody's data."""

import socket

import psycopg
import pytest

from ledger.errors import CallerError, DataError, InfrastructureError, IntegrityError, LedgerError
from ledger.postgres.connection import Connection, connect, translated_errors

CANARY = "+3197010200001"


def _setting(conn: Connection, name: str) -> str:
    row = conn.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def test_session_settings(postgres_dsn: str) -> None:
    """UTC, READ COMMITTED, one schema, a name, and an end to silent transactions, from the start."""
    with connect(postgres_dsn, schema="some_schema", application_name="ledger test") as conn:
        assert _setting(conn, "TimeZone") == "UTC"
        assert _setting(conn, "transaction_isolation") == "read committed"
        assert _setting(conn, "search_path") == "some_schema"
        assert _setting(conn, "application_name") == "ledger test"
        assert _setting(conn, "idle_in_transaction_session_timeout") == "1min"


def test_options_of_the_dsn_are_kept(postgres_dsn: str) -> None:
    """An operator's own options stay; where both speak, ours win."""
    dsn = psycopg.conninfo.make_conninfo(
        postgres_dsn, options="-c statement_timeout=5000 -c TimeZone=Asia/Tokyo"
    )
    with connect(dsn, schema=None, application_name="test") as conn:
        assert _setting(conn, "statement_timeout") == "5s"
        assert _setting(conn, "TimeZone") == "UTC"


@pytest.mark.parametrize("name", ["", "Upper", "1st", "a-b", "a b", 'a"b', "a,public", "a" * 64, "é", "a\n"])
def test_unusable_schema_names_are_refused(postgres_dsn: str, name: str) -> None:
    """A name that could mean more than one schema never reaches the search path."""
    with pytest.raises(CallerError):
        connect(postgres_dsn, schema=name, application_name="test")


def test_unreadable_dsn_is_refused_without_repeating_it() -> None:
    """libpq quotes what it could not read; the password in it stays out of our message."""
    with pytest.raises(CallerError) as refused:
        connect("host=localhost password=secret nonsense", schema=None, application_name="test")
    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_server_that_does_not_listen_is_infrastructure() -> None:
    """Exit code 5, worth a retry."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(InfrastructureError) as failed:
        connect(f"host=127.0.0.1 port={port}", schema=None, application_name="test")
    assert failed.value.retriable
    assert failed.value.exit_code == 5


def test_lost_connection_is_infrastructure(postgres_dsn: str, conn: Connection) -> None:
    """A server that ends our session is no fault of the data."""
    with connect(postgres_dsn, schema=None, application_name="test") as victim:
        conn.execute("SELECT pg_terminate_backend(%s)", (victim.info.backend_pid,))
        with pytest.raises(InfrastructureError), translated_errors("ask"):
            victim.execute("SELECT 1")
        with pytest.raises(InfrastructureError), translated_errors("ask again"):
            victim.execute("SELECT 1")


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (f"SELECT '{CANARY}x'::integer", DataError),
        ("SELECT 1/0", DataError),
        (f"INSERT INTO person VALUES ('{CANARY}')", IntegrityError),
        (f"INSERT INTO person SELECT NULL FROM (SELECT '{CANARY}') AS t", IntegrityError),
        (f"SELECT * FROM missing WHERE name = '{CANARY}'", IntegrityError),
        (f"SELECT missing FROM person WHERE name = '{CANARY}'", IntegrityError),
    ],
)
def test_statement_errors_carry_no_value(conn: Connection, statement: str, kind: type[LedgerError]) -> None:
    """Driver messages quote rows (`Key (name)=(…)`); ours do not, and the driver's is cut off."""
    conn.execute("CREATE TEMPORARY TABLE person (name text PRIMARY KEY)")
    conn.execute("INSERT INTO person VALUES (%s)", (CANARY,))
    with pytest.raises(kind) as failed, translated_errors("store a person"):
        conn.execute(statement.encode())
    assert CANARY not in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    assert "SQLSTATE" in failed.value.found


def test_deadlock_and_serialisation_may_be_retried(conn: Connection) -> None:
    """What succeeds when tried again says so."""
    with pytest.raises(InfrastructureError) as failed, translated_errors("fold"):
        conn.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")
    assert failed.value.retriable


def test_our_own_errors_pass_unchanged() -> None:
    """A refusal raised inside stays what it is."""
    with pytest.raises(CallerError, match="no such thing"), translated_errors("anything"):
        raise CallerError("no such thing")
