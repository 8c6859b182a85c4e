"""One table of a policy pack: each key is taken once and checked, and what is left over is unknown. Pure."""

import re
from collections.abc import Iterable, Mapping

from ledger.rules.packs.pack_values import ITEMS_MAX, expected_of, read_value
from ledger.rules.packs.rule_kind import Parameter, Shape

ENTRIES_MAX = 1_000
FOUND_CHARACTERS_MAX = 40

_ENTRY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", re.ASCII)


class PackError(ValueError):
    """A pack cannot be read.

    Attributes:
        entry: the entry's id, or its place when it has none; empty for the pack itself.
        expected: what would have been right; it is ours and may be shown to anyone.
        found: what was there; it quotes the pack.
        key: the key at fault; empty when it is the whole.
        item: which item of the key's list, from 1; None when it is no list.
    """

    def __init__(
        self, entry: str, expected: str, found: str, *, key: str = "", item: int | None = None
    ) -> None:
        self.entry = entry
        self.expected = expected
        self.found = found
        self.key = key
        self.item = item
        super().__init__(f"{f'entry {entry}' if entry else 'pack'}: expected {expected}, found {found}")


class PackTable:
    """One table of a pack. Each key is taken once; what is left at the end is unknown.

    Attributes:
        where: the entry's id, or its place while it has none; empty for the pack itself.

    Args:
        where: see above.
        content: the table as it was parsed.
        parent: the key of the entry that the table is the value of; empty for the entry itself.
        item: which item of that key's list, from 1; None when it is no list.
    """

    def __init__(self, where: str, content: object, *, parent: str = "", item: int | None = None) -> None:
        self.where = where
        self._parent = parent
        self._item = item
        if not isinstance(content, Mapping):
            raise self.wrong("", "a table", content)
        self._left = dict(content)

    def take(self, parameter: Parameter) -> object:
        """Takes a key of any shape but a list of tables; None when it may be left out and is, but false for a flag."""
        name = parameter.name
        if name not in self._left and not parameter.required:
            return False if parameter.shape is Shape.FLAG else None
        value = self._left.pop(name, None)
        found = read_value(parameter, value)
        if found is None:
            raise self.wrong(name, expected_of(parameter), value)
        return found

    def text(self, key: str) -> str:
        """Takes a text that can be shown as it is: a line of printable characters."""
        return str(self.take(Parameter(name=key, shape=Shape.TEXT, says="")))

    def choice(self, key: str, choices: Iterable[str]) -> str:
        """Takes one of several words."""
        return str(self.take(Parameter(name=key, shape=Shape.CHOICE, says="", choices=tuple(choices))))

    def name(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        """Takes a name of a given form."""
        value = self._left.pop(key, None)
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise self.wrong(key, f"{key}: {expected}", value)

    def entry_id(self, key: str) -> str:
        """Takes the name of an entry."""
        return self.name(key, _ENTRY_ID, "letters, digits and dashes")

    def entries(self, key: str) -> list["PackTable"]:
        """Takes a list of entries, each by its id."""
        tables = [
            PackTable(f"number {place}", content)
            for place, content in self._items(key, "entries", ENTRIES_MAX)
        ]
        for table in tables:
            table.where = table.entry_id("id")
        return tables

    def rows(self, key: str) -> list["PackTable"]:
        """Takes a list of tables that belong to this one."""
        return [
            PackTable(self.where, content, parent=key, item=item)
            for item, content in self._items(key, "tables", ITEMS_MAX)
        ]

    def table(self, key: str) -> "PackTable":
        """Takes a table that belongs to this one; an empty one when the key is not there."""
        return PackTable(self.where, self._left.pop(key, {}), parent=key)

    def has(self, key: str) -> bool:
        """Whether a key is still to be taken."""
        return key in self._left

    def wrong(self, key: str, expected: str, value: object) -> PackError:
        """The error about a value that was found."""
        place = self._parent + (f", number {self._item}" if self._item else "")
        return PackError(
            self.where,
            f"{place}: {expected}" if place else expected,
            kind_of(value),
            key=self._parent or key,
            item=self._item,
        )

    def finish(self) -> None:
        """Raises when a key was not taken."""
        if self._left:
            unknown = min(map(str, self._left))
            raise self.wrong(unknown, "known keys only", unknown)

    def _items(self, key: str, what: str, items_max: int) -> Iterable[tuple[int, object]]:
        value = self._left.pop(key, None)
        if not isinstance(value, list) or not 1 <= len(value) <= items_max:
            raise self.wrong(key, f"{key}: a list of 1 to {items_max} {what}", value)
        return enumerate(value, start=1)


def kind_of(value: object) -> str:
    """What was found, short: text is quoted and clipped, anything else is named by its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return ascii(value[:FOUND_CHARACTERS_MAX])
    return f"{type(value).__name__}"
