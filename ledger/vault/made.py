"""What one transaction added to the vault: the rows a second copy needs, as they are stored.

Keys stand here wrapped and identifiers as blind indexes, exactly as in the tables, so that a copy opens nothing
without the KEK. Tombstones are not among them: they follow from the ledger. Owns: these types. Leaves to others:
when they are made (`keys`, `directory`, `held`), and where the copy goes.
"""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID


class MadeSubject(NamedTuple):
    """A row of `subject`."""

    subject: UUID
    controller: str


class MadeLink(NamedTuple):
    """A row of `directory`."""

    controller: str
    identifier_index: bytes
    subject: UUID


class MadeSubjectKey(NamedTuple):
    """A live row of `subject_key`."""

    subject: UUID
    retention_class: str
    kek_id: bytes
    wrapped: bytes


class MadeEpochKey(NamedTuple):
    """A live row of `epoch_key`; the day is counted since 1970-01-01, local time."""

    controller: str
    retention_class: str
    day: int
    kek_id: bytes
    wrapped: bytes


class MadeHeldField(NamedTuple):
    """A row of `held_field` that is not released; `rules_at`: see `held`."""

    salt: bytes
    field: str
    subject: UUID
    retention_class: str
    kek_id: bytes
    wrapped: bytes
    rules_at: int = 0


class Made(NamedTuple):
    """The rows one call inserted itself; what another process inserted first is in that one's."""

    subjects: tuple[MadeSubject, ...] = ()
    links: tuple[MadeLink, ...] = ()
    subject_keys: tuple[MadeSubjectKey, ...] = ()
    epoch_keys: tuple[MadeEpochKey, ...] = ()
    held_fields: tuple[MadeHeldField, ...] = ()


OnMade = Callable[[Made], None]
"""Called inside the transaction that made the rows, before it commits, and only when there are any. What it raises
undoes them. A crash after it and before the commit leaves rows in the copy that the vault never had: such keys
sealed nothing."""
