"""How far the vault has followed the ledger's governance partition, and what it keeps of it.

The position stands in the vault itself. So it is as old as the keys beside it: a vault restored from a back-up has
the position of that day, and whoever opens it to serve carries out again what was destroyed since.

Owns: governance_position, retention_setting, forget_after. Leaves to others: reading the log and destroying keys
(`ledger.sealing.governance`), transactions (`ledger.vault.vault`). DESIGN sections 7 and 8.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from ledger.errors import IntegrityError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql
from ledger.rules.calendar.local_day import local_day

_SQL = load_sql(Path(__file__).parent / "sql" / "governance.sql")

NO_END = 2**31 - 1
"""A last day that no day is after: what is set to 0 days and never set again."""


class LeftOut(NamedTuple):
    """A setting of 0 days: since when it holds, microseconds UTC, and the last local day of whose facts it acts on."""

    since: int
    last_day: int


InboxEnds = Mapping[tuple[str, int], int]
"""(inbox topic, partition) -> the offset after its last record."""


class RetentionSetting(NamedTuple):
    """How many days, 0 to 365, a customer has a class kept, from when, and where it stands in partition 0.

    `fact` is the key a repeat of it is known by; `occurred_at` is in microseconds since the epoch, UTC.
    """

    fact: UUID
    controller: str
    retention_class: str
    days: int
    occurred_at: int
    ledger_offset: int


class GovernanceState(NamedTuple):
    """What a sealer goes by.

    Args:
        next_offset: the next offset of ledger partition 0 to apply.
        left_out: (controller, class) -> the settings of 0 days, oldest first; the later one's last day is the later.
        forgetting: whether subjects wait to be forgotten.
    """

    next_offset: int
    left_out: Mapping[tuple[str, str], Sequence[LeftOut]]
    forgetting: bool

    def not_kept(self, at: int) -> dict[tuple[str, str], int]:
        """(controller, class) -> the last local day of whose facts nothing is kept in what is sealed at a moment.

        A setting holds from its own moment: until then, what comes in is kept as if it were not there.
        """
        return {
            name: max(one.last_day for one in settings if one.since <= at)
            for name, settings in self.left_out.items()
            if settings[0].since <= at
        }


def load(conn: Connection) -> GovernanceState:
    """The state as it stands.

    Days are reckoned as for the end of a day's data (`ledger.rules.keeping.retention`): of the setting in force
    before the day began and every one since, the shortest holds. So after 0 days, whatever is set acts from the day
    after, and 0 days acts on days before it too, whose facts may come late; but not before its own moment.

    Raises:
        IntegrityError: the position's row is gone.
    """
    row = conn.execute(_SQL["position"]).fetchone()
    if row is None:
        raise IntegrityError(
            "the vault lost its position in the governance partition",
            do="Insert 0 into governance_position: everything is then applied again, which is safe.",
        )
    left_out: dict[tuple[str, str], list[LeftOut]] = {}
    for controller, retention_class, since, set_again_at in conn.execute(_SQL["not_kept"]):
        last_day = NO_END if set_again_at is None else local_day(set_again_at)
        left_out.setdefault((controller, retention_class), []).append(LeftOut(since, last_day))
    return GovernanceState(next_offset=row[0], left_out=left_out, forgetting=row[1])


def advance(
    conn: Connection,
    expected_next: int,
    new_next: int,
    *,
    settings: Collection[RetentionSetting],
    forget: Collection[UUID],
    inbox_ends: InboxEnds,
) -> bool:
    """Moves the position, if nobody else did, and keeps what was learnt on the way.

    Args:
        conn: the caller commits; every destruction below `new_next` is done and confirmed.
        expected_next: the position as this follower knows it.
        new_next: the first offset it has not applied.
        settings: customers' settings in between.
        forget: subjects to be forgotten once the sealers are past `inbox_ends`.
        inbox_ends: where the inbox ends now; of every partition when there is anybody to forget.

    Returns:
        False when another follower moved it; then nothing was done.
    """
    if conn.execute(_SQL["advance"], {"expected_next": expected_next, "new_next": new_next}).rowcount != 1:
        return False
    if settings:
        facts, controllers, classes, days, occurred_at, offsets = zip(*settings, strict=True)
        conn.execute(
            _SQL["add_settings"],
            {
                "facts": list(facts),
                "controllers": list(controllers),
                "classes": list(classes),
                "days": list(days),
                "occurred_at": list(occurred_at),
                "offsets": list(offsets),
            },
        )
    if forget:
        conn.execute(
            _SQL["add_waits"],
            {
                "subjects": list(forget),
                "topics": [topic for topic, _ in inbox_ends],
                "partitions": [partition for _, partition in inbox_ends],
                "offsets": list(inbox_ends.values()),
            },
        )
    return True


def not_forgotten(conn: Connection, subjects: Collection[UUID]) -> frozenset[UUID]:
    """Which of these subjects identifiers may still lead to; one that does not exist is not among them."""
    return frozenset(row[0] for row in conn.execute(_SQL["not_forgotten"], {"subjects": list(subjects)}))


def due_to_forget(conn: Connection) -> list[UUID]:
    """Subjects whose wait is over: the sealers are past what the inbox held."""
    return [row[0] for row in conn.execute(_SQL["due_to_forget"])]


def end_wait(conn: Connection, subject: UUID) -> None:
    """Notes that a subject is forgotten."""
    conn.execute(_SQL["end_wait"], {"subject": subject})
