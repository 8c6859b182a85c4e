"""What registers of processing activities are made of, with ledger coordinates.

Owns the questions; the statements are in `sql/register.sql`. Whoever needs them of one moment asks within
`ledger.store.ledger_store.repeatable_read`. Leaves to others: the registers themselves
(`ledger.rules.register.records`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.rules.register.records import Aspect, Facts, Measures, Mechanism, Party, ShownTransfer
from ledger.rules.register.stated_mechanisms import StatedMechanism, in_force

SQL = load_sql(Path(__file__).parent / "sql" / "register.sql")

Row = tuple[Any, ...]


def register_facts(connection: Connection, *, controller: str | None, as_of: int | None, now: int) -> Facts:
    """All facts that registers are made of.

    Args:
        connection: to one schema of the store.
        controller: only this one's; None for all.
        as_of: only what had been sealed by then.
        now: statements that happen later do not hold yet; microseconds UTC.
    """
    parameters = {"controller": controller, "as_of": as_of, "now": now}
    return Facts(
        aspects=[Aspect(*row) for row in _rows(connection, "aspects", parameters)],
        parties=[Party(*row) for row in _rows(connection, "parties", parameters)],
        measures=[Measures(*row) for row in _rows(connection, "measures", parameters)],
        mechanisms=in_force(
            (
                StatedMechanism(Mechanism(*stated), stated_by, occurred_at)
                for *stated, stated_by, occurred_at in _rows(connection, "mechanisms", parameters)
            ),
            now,
        ),
        transfers=[ShownTransfer(*row) for row in _rows(connection, "transfers", parameters)],
    )


def _rows(connection: Connection, name: str, parameters: Mapping[str, object]) -> list[Row]:
    with translated_errors(f"reading {name} of the register"), connection.transaction():
        return connection.execute(SQL[name], parameters).fetchall()
