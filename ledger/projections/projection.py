"""What a projection is: a name, its tables, and a pure function from a recorded fact to rows."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

import msgspec

from ledger.entry import LedgerRecord
from ledger.rules.findings import Judgement
from ledger.rules.judged import Deadline, Shown

Row = tuple[object, ...]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger record with what recording it decided.

    `version` is its place in its stream, from 1; None for a record without effect (a publisher's repeat),
    which can still be judged. A judgement may be on an
    earlier entry of the same stream. `shown` is what the record shows of promises, `deadlines` are those it starts or
    changes.
    """

    partition: int
    offset: int
    version: int | None
    record: LedgerRecord
    judgements: tuple[Judgement, ...] = ()
    shown: tuple[Shown, ...] = ()
    deadlines: tuple[Deadline, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of a projection: columns with their PostgreSQL types, and the columns that order its rows.

    The digest of a projection is SHA-256 over the rows of its tables in that order. `caused_by` is the column
    with the offset, in the row's ledger partition, of the record that caused the row. `months_of` is the column,
    microseconds since the epoch, by whose UTC months the table is partitioned and ends; "" for one that stays whole.

    With `first_of` only the first row of each ledger partition with the same values in these columns is kept. That
    is a function of the log, because each ledger partition is recorded in offset order; the migration MUST have a
    unique index over them and the ledger partition.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    order_by: tuple[str, ...]
    caused_by: str = "ledger_offset"
    months_of: str = ""
    first_of: tuple[str, ...] = ()

    def __hash__(self) -> int:
        # By the name alone, which is the table's in the database: a recorder looks tables up for every row.
        return hash(self.name)

    @cached_property
    def first_key(self) -> Callable[[Row], tuple[object, ...]]:
        """From a row to what `first_of` tells rows by, within any ledger partition."""
        return itemgetter(*map(self.column_names.index, ("ledger_partition", *self.first_of)))

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns in row order."""
        return tuple(name for name, _ in self.columns)

    @property
    def column_types(self) -> tuple[str, ...]:
        """Their PostgreSQL types in row order."""
        return tuple(kind for _, kind in self.columns)


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A read model of the ledger.

    `apply` MUST be a pure function of its argument: no clock, no random number, no state between calls. It is asked
    about entries of `event_types` only; None means about every record.

    `follows_from` gives what the rows of a record follow from, but for coordinates and times. A recorder passes over a
    record when it has seen the same in the same ledger partition, so a projection that is asked about every entry costs
    one look-up; all its tables MUST keep the first row of a key only.
    """

    name: str
    tables: tuple[Table, ...]
    apply: Callable[[Recorded], Iterable[tuple[Table, Row]]]
    event_types: frozenset[str] | None = None
    follows_from: Callable[[Recorded], Hashable] | None = None

    @cached_property
    def followed_name(self) -> str:
        """What a recorder keeps the answers of `follows_from` under, apart from the names of tables."""
        return f"{self.name}: followed"


COORDINATES = (("ledger_partition", "int4"), ("ledger_offset", "int8"))
"""Every projected row says which ledger entry it comes from."""
BY_COORDINATES = ("ledger_partition", "ledger_offset")
TIMES = (("occurred_at", "int8"), ("sealed_at", "int8"))
"""When it happened by its publisher, and when the ledger learned of it; microseconds since the epoch."""
