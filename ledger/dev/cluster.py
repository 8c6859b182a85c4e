"""The databases and roles of the embedded cluster.

`ledger_store` owns the database `ledger`, `ledger_vault` owns `vault`, and neither may connect to the
other's: what the vault can forget must not be joined to what the ledger keeps.
"""

import psycopg
from psycopg import sql

from ledger.errors import InfrastructureError

SUPERUSER = "postgres"
STORE_DATABASE = "ledger"
STORE_ROLE = "ledger_store"
VAULT_DATABASE = "vault"
VAULT_ROLE = "ledger_vault"

_OWNERS = {STORE_DATABASE: STORE_ROLE, VAULT_DATABASE: VAULT_ROLE}


def create_databases(admin_dsn: str, *, password: str) -> None:
    """Creates what is missing and sets the roles' password; run at every start, it changes nothing twice.

    A crash between two statements leaves a database without its restriction; the next start adds it, before
    any address is given out.

    Raises:
        InfrastructureError: the server refused a statement.
    """
    try:
        with psycopg.connect(admin_dsn, autocommit=True) as connection:
            for database, owner in _OWNERS.items():
                _ensure_role(connection, owner, password)
                _ensure_database(connection, database, owner)
            for database in (SUPERUSER, "template1"):
                connection.execute(
                    sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
                )
    except psycopg.Error as error:
        raise InfrastructureError(
            "the embedded PostgreSQL could not be set up",
            found=f"SQLSTATE {error.sqlstate}",
            do="Look in logs/postgres.log of the state directory.",
        ) from error


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    present = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if present else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(password))
    )


def _ensure_database(connection: psycopg.Connection, database: str, owner: str) -> None:
    present = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    if not present:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
        )
    connection.execute(
        sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
    )
