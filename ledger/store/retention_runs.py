"""Which retention run found what to be over: what a run that goes on where another died has to know.

Owns the question; the statement is in `sql/retention_runs.sql`. DESIGN section 7.
"""

from collections.abc import Collection
from pathlib import Path

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql

SQL = load_sql(Path(__file__).parent / "sql" / "retention_runs.sql")

Day = tuple[str, str, int]
"""(controller, retention class, local day)"""


def runs_of_days(connection: Connection, days: Collection[Day]) -> dict[Day, str]:
    """The run whose `retention.ended` says that each day's data is to be destroyed; a day without one is absent.

    Args:
        connection: to the store.
        days: any number.
    """
    parameters = {
        "controllers": [controller for controller, _, _ in days],
        "classes": [retention_class for _, retention_class, _ in days],
        "days": [day for _, _, day in days],
    }
    with translated_errors("reading runs of days"), connection.transaction():
        rows = connection.execute(SQL["runs_of_days"], parameters).fetchall()
    return {(controller, retention_class, day): run_id for controller, retention_class, day, run_id in rows}
