"""Which KEKs a key may be wrapped under from now on: the table `kek`.

A process that was started with yesterday's KEK file would go on wrapping new keys under yesterday's KEK, also
after everything else was rewrapped, and those keys would be lost with that KEK. So every insert and update of a
wrapped key is checked by a trigger, once per statement, against this table. The trigger locks the KEK's row FOR
KEY SHARE until its transaction ends; many hold that lock at once, and it costs one index probe per statement.

`retire` takes the table in EXCLUSIVE mode, for which it waits in a fair queue: until every transaction that has
wrapped something has ended. Its commit is the line: whatever was wrapped under a retired KEK is committed and can
be seen, and nothing is wrapped under it any more. A process that lags gets `NotPermitted`, ends, and is started
again with the KEK file as it is now.

Owns: the table kek, and what its trigger's refusal means. Leaves to others: rewrapping (`rotation`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import errors

from ledger.errors import NotPermitted
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.vault.kek import KekId

REGISTERED = "wrapped_under_registered_kek"
"""The name under which the trigger refuses."""

_SQL = load_sql(Path(__file__).parent / "sql" / "kek_register.sql")


def register_first(conn: Connection, kek_id: KekId) -> None:
    """Registers the KEK a new vault is made with; does nothing once there is one."""
    conn.execute(_SQL["register_first"], {"kek_id": kek_id})


def register(conn: Connection, kek_id: KekId) -> None:
    """Lets keys be wrapped under a KEK."""
    conn.execute(_SQL["register"], {"kek_id": kek_id})


def retire_others(conn: Connection, kek_id: KekId) -> int:
    """Lets keys be wrapped under this KEK only, from this transaction's commit on.

    Waits for transactions that have wrapped keys and not ended; others wait for us meanwhile, so do nothing else
    in this transaction.

    Returns:
        How many KEKs were retired.
    """
    conn.execute(_SQL["lock"])
    register(conn, kek_id)
    return conn.execute(_SQL["retire_others"], {"kek_id": kek_id}).rowcount


@contextmanager
def retired_kek_refused() -> Iterator[None]:
    """Turns the trigger's refusal into ours.

    Raises:
        NotPermitted: a key was to be wrapped under a KEK that is retired.
    """
    try:
        yield
    except errors.ForeignKeyViolation as error:
        if error.diag.constraint_name != REGISTERED:
            raise
        raise NotPermitted(
            "no key is wrapped any more under the key-encryption key this process has",
            expected="the KEK this vault was rotated to",
            found="an older one",
            do="Start this process again with the KEK file as it is now; a supervisor does so by itself. Where "
            "each machine has its own KEK file, bring the new one there first: see docs/keys.md.",
        ) from None
