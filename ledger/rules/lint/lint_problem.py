"""What the linter finds in packs, and where. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.rules.lint.lint_consequences import CONSEQUENCES
from ledger.rules.packs.policy_pack import PackEntry, PolicyPack


class Row(NamedTuple):
    """An entry of a pack."""

    pack: PolicyPack
    entry: PackEntry

    @property
    def rule(self) -> str:
        """As facts name it, pack:entry."""
        return f"{self.pack.id}:{self.entry.id}"

    @property
    def promise(self) -> str:
        """The row of the document it belongs to; a setting of the ledger's own is called by its own id."""
        return self.entry.promise or self.entry.id


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A contradiction or hole in one text, or between several.

    Attributes:
        code: a name of `CONSEQUENCES`: X1 to X17, or what is only worth knowing.
        rows: the entries it is about.
        says: what contradicts, or is missing.
    """

    code: str
    rows: tuple[Row, ...]
    says: str

    @property
    def follows(self) -> str:
        """What the ledger makes of it."""
        return CONSEQUENCES[self.code]

    @property
    def contradiction(self) -> bool:
        """Whether it is one of X1 to X17."""
        return self.code.startswith("X")

    @property
    def promises(self) -> tuple[str, ...]:
        """The promises it is about, each once."""
        return tuple(dict.fromkeys(row.promise for row in self.rows))


Packs = Sequence[PolicyPack]


def rows_of(packs: Iterable[PolicyPack], *kinds: str) -> list[Row]:
    """The entries of some kinds; all entries when none is named."""
    return [Row(pack, entry) for pack in packs for entry in pack.entries if not kinds or entry.kind in kinds]


def rows_that_state(packs: Iterable[PolicyPack], statement: str) -> list[Row]:
    """The entries that make a statement; a flag that is false is none."""
    return [row for row in rows_of(packs) if row.entry.states.get(statement)]


def by_provider(packs: Packs) -> Iterator[Packs]:
    """The documents of each provider together; one that names no provider stands alone."""
    groups: dict[tuple[bool, str], list[PolicyPack]] = {}
    for pack in packs:
        groups.setdefault((pack.provider is not None, pack.provider or pack.id), []).append(pack)
    yield from groups.values()


def names_of(entry: PackEntry, statement: str) -> tuple[str, ...]:
    """The words of a statement."""
    found = entry.states.get(statement, ())
    return tuple(str(word) for word in found) if isinstance(found, tuple) else ()


def listed(words: Iterable[str]) -> str:
    """Words as part of a sentence."""
    return ", ".join(words)
