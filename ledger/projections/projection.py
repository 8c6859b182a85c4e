"""What a projection is: a name, its tables, and a pure function from a recorded fact to rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from ledger.entry import LedgerRecord
from ledger.rules.findings import Judgement

Row = tuple[object, ...]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger record with what recording it decided.

    `version` is its place in its stream, from 1; None for a record without effect (a publisher's repeat),
    which can still be judged. A judgement may be on an
    earlier entry of the same stream.
    """

    partition: int
    offset: int
    version: int | None
    record: LedgerRecord
    judgements: tuple[Judgement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of a projection: columns with their PostgreSQL types, and the columns that order its rows.

    The digest of a projection is SHA-256 over the rows of its tables in that order. `caused_by` is the column
    with the offset, in the row's ledger partition, of the record that caused the row.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    order_by: tuple[str, ...]
    caused_by: str = "ledger_offset"

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

    `apply` MUST be a pure function of its argument: no clock, no random number, no state between calls.
    """

    name: str
    tables: tuple[Table, ...]
    apply: Callable[[Recorded], Iterable[tuple[Table, Row]]]


COORDINATES = (("ledger_partition", "int4"), ("ledger_offset", "int8"))
"""Every projected row says which ledger entry it comes from."""
BY_COORDINATES = ("ledger_partition", "ledger_offset")
