"""The audit trail's months in one schema of the store: what is past an end, and dropping it.

Leaves deciding where the trail ends to `ledger.forgetting.trail_end`, and making months to the recorder.
"""

from pathlib import Path

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql

_SQL = load_sql(Path(__file__).parent / "sql" / "trail_months.sql")


def has_entries_before(connection: Connection, before: int) -> bool:
    """Whether the trail still shows entries sealed before a moment, microseconds since the epoch, UTC."""
    with translated_errors("looking at the audit trail's begin"), connection.transaction():
        row = connection.execute(_SQL["entries_before"], {"before": before}).fetchone()
    return bool(row and row[0])


def drop_months(connection: Connection, *, sealed_before: int) -> int:
    """Drops the months that `trail.ended` facts sealed before a moment have ended, all or none.

    Returns:
        how many months were dropped.
    """
    with translated_errors("dropping months of the audit trail"), connection.transaction():
        row = connection.execute(_SQL["drop_months"], {"sealed_before": sealed_before}).fetchone()
    return int(row[0] or 0) if row else 0
