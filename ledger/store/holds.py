"""Holds and restrictions for those who look after them: each with its law, its coordinates and whether it still holds.

The rules have their own reading of the same facts (`ledger.store.forgetting`), which decides what may be destroyed.
"""

from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql

SQL = load_sql(Path(__file__).parent / "sql" / "holds.sql")

PLANNED, HELD, ENDED, LIFTED = "planned", "held", "ended", "lifted"
"""What a hold does at a moment: it is to come, it keeps, its own end has passed, it was lifted."""


class PlacedHold(NamedTuple):
    """A hold as it was placed, or a restriction as it was set; times in microseconds since the epoch, UTC.

    No classes means every class. `ground` is a restriction's, of Art. 18(1) GDPR; only a hold names an article. One
    that is placed again under the same id is there twice, and both hold: what is kept too long can be mended.
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
    ground: str = ""

    def state(self, at: int) -> str:
        """What it does at a moment: `planned`, `held`, `ended` or `lifted`."""
        if self.lifted_at is not None and self.lifted_at <= max(at, self.placed_at):
            return LIFTED
        if self.ends_at is not None and self.ends_at <= max(at, self.placed_at):
            return ENDED
        return PLANNED if at < self.placed_at else HELD


def read_holds(
    connection: Connection, *, controller: str | None = None, hold_id: str | None = None
) -> list[PlacedHold]:
    """The holds of a controller, or of all, by controller and in the order of the log; those of one id when given."""
    parameters = {"controller": controller, "hold_id": hold_id}
    with translated_errors("reading holds"), connection.transaction():
        return [PlacedHold(*row) for row in connection.execute(SQL["holds"], parameters).fetchall()]


def read_restrictions(connection: Connection, *, controller: str | None = None) -> list[PlacedHold]:
    """The restrictions of a controller's people, or of all, by controller and in the order of the log."""
    with translated_errors("reading restrictions"), connection.transaction():
        rows = connection.execute(SQL["restrictions"], {"controller": controller}).fetchall()
    return [PlacedHold(*row) for row in rows]
