"""One table of a policy pack: each key is taken once and checked, and what is left over is unknown. Pure."""

import re
from collections.abc import Mapping

from ledger.rules.periods import Period

TEXT_CHARACTERS_MAX = 500
ENTRIES_MAX = 1_000
FOUND_CHARACTERS_MAX = 40

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
"""A retention class or a region."""

_ENTRY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", re.ASCII)


class PackError(ValueError):
    """A pack cannot be read. `entry` is the entry's id, or its place when it has none; empty for the pack itself.

    `expected` is ours and may be shown to anyone; `found` quotes the pack.
    """

    def __init__(self, entry: str, expected: str, found: str) -> None:
        self.entry = entry
        self.expected = expected
        self.found = found
        super().__init__(f"{f'entry {entry}' if entry else 'pack'}: expected {expected}, found {found}")


class PackTable:
    """One table of a pack. Each key is taken once; what is left at the end is unknown.

    `where` is the entry's id, or its place while it has none; empty for the pack itself.
    """

    def __init__(self, where: str, content: object) -> None:
        self.where = where
        if not isinstance(content, Mapping):
            raise PackError(where, "a table", kind_of(content))
        self._left = dict(content)

    def text(self, key: str) -> str:
        """Takes a text that can be shown as it is: a line of printable characters."""
        value = self._left.pop(key, None)
        if isinstance(value, str) and value.isprintable() and 0 < len(value) <= TEXT_CHARACTERS_MAX:
            return value
        raise self.wrong(f"{key}: a line of 1 to {TEXT_CHARACTERS_MAX} printable characters", value)

    def name(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        """Takes a name of a given form."""
        value = self._left.pop(key, None)
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise self.wrong(f"{key}: {expected}", value)

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Takes one of several words."""
        value = self._left.pop(key, default)
        if isinstance(value, str) and value in choices:
            return value
        raise self.wrong(f"{key}: one of {', '.join(choices)}", value)

    def period(self) -> Period:
        """Takes the period."""
        value = self._left.pop("period", None)
        try:
            return Period.parse(value if isinstance(value, str) else "")
        except ValueError:
            raise self.wrong("period: ISO 8601 in years, months, weeks or days", value) from None

    def flag(self, key: str) -> bool:
        """Takes true or false; false when the key is not there."""
        value = self._left.pop(key, False)
        if isinstance(value, bool):
            return value
        raise self.wrong(f"{key}: true or false", value)

    def names(self, key: str) -> frozenset[str]:
        """Takes a list of names; none when the key is not there."""
        value = self._left.pop(key, [])
        if isinstance(value, list) and all(isinstance(one, str) and NAME.fullmatch(one) for one in value):
            return frozenset(value)
        raise self.wrong(f"{key}: a list of retention classes", value)

    def tables(self, key: str) -> list["PackTable"]:
        """Takes a list of entries, each by its id."""
        value = self._left.pop(key, None)
        if not isinstance(value, list) or not 1 <= len(value) <= ENTRIES_MAX:
            raise self.wrong(f"{key}: a list of 1 to {ENTRIES_MAX} entries", value)
        entries = [PackTable(f"number {place}", content) for place, content in enumerate(value, start=1)]
        for entry in entries:
            entry.where = entry.name("id", _ENTRY_ID, "letters, digits and dashes")
        return entries

    def has(self, key: str) -> bool:
        """Whether a key is still to be taken."""
        return key in self._left

    def wrong(self, expected: str, value: object) -> PackError:
        """The error about a value that was found."""
        return PackError(self.where, expected, kind_of(value))

    def finish(self) -> None:
        """Raises when a key was not taken."""
        if self._left:
            raise PackError(self.where, "known keys only", kind_of(min(map(str, self._left))))


def kind_of(value: object) -> str:
    """What was found, short: text is quoted and clipped, anything else is named by its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return ascii(value[:FOUND_CHARACTERS_MAX])
    return f"{type(value).__name__}"
