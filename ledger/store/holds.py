"""Holds for those who look after them: each with its law, its coordinates and whether it still holds.

The rules have their own reading of the same facts (`ledger.store.forgetting`), which decides what may be destroyed.
"""

from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql

SQL = load_sql(Path(__file__).parent / "sql" / "holds.sql")


class PlacedHold(NamedTuple):
    """A hold as it was placed; times in microseconds since the epoch, UTC. No classes means every class.

    One that is placed again under the same id is there twice, and both hold: what is kept too long can be mended.
    """

    hold_id: str
    controller: str
    kind: str
    subject: UUID | None
    retention_classes: list[str]
    article: str | None
    ends_at: int | None
    placed_at: int
    lifted_at: int | None
    partition: int
    offset: int

    def state(self, at: int) -> str:
        """What it does at a moment: `held`, `lifted`, or `ended` when its own end has passed."""
        if self.lifted_at is not None and self.lifted_at <= at:
            return "lifted"
        return "ended" if self.ends_at is not None and self.ends_at <= at else "held"


def read_holds(
    connection: Connection, *, controller: str | None = None, hold_id: str | None = None
) -> list[PlacedHold]:
    """The holds of a controller, or of all, by controller and in the order of the log; those of one id when given."""
    parameters = {"controller": controller, "hold_id": hold_id}
    with translated_errors("reading holds"), connection.transaction():
        return [PlacedHold(*row) for row in connection.execute(SQL["holds"], parameters).fetchall()]
