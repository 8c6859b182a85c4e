"""What a person's data reads like: the values a search looks for, in the spellings they may stand in somewhere.

They are held in memory for one search and nowhere else: never in a repr, a message, a log or a fact.

Owns: which values are worth looking for, and how. Leaves to others: opening them, and where to look (`places`).
Pure.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

import phonenumbers

from ledger.contract.catalogue import Catalogue
from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.contract.schema_files import record_fields
from ledger.vault.identifiers import Identifier, IdentifierKind, normalise

CHARACTERS_MIN = 5
"""Shorter texts (`Ann`, `201`) stand everywhere by chance."""
DIGITS_MIN = 9
"""Digits alone need more: a time in microseconds has sixteen of them. A number without its prefix has nine."""
CHARACTERS_LOOKED_FOR = 64
"""Of a long text its beginning, so that a copy that was cut short is found too."""
VALUES_MAX = 500
"""The time a search takes grows with them. Those the person's records repeat most, identifiers first, are kept."""

_PARTED = r"[ .()/\-]{0,3}"
"""What may stand between two digits of a number."""
_NUMBER = re.compile(r"(?:sips?:)?[+0-9(][0-9().\-\s/]{3,30}(?:@.*)?", re.ASCII | re.IGNORECASE)


class PersonValues:
    """Values gathered from a person's opened fields, most frequent first."""

    def __init__(self, words: Collection[str] = ()) -> None:
        """Starts empty.

        Args:
            words: what the contract itself says (`contract_words`): found everywhere, it tells of nobody.
        """
        self._words = {word.lower() for word in words}
        self._counts: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"PersonValues({len(self._counts)})"

    def __len__(self) -> int:
        return min(len(self._counts), VALUES_MAX)

    def add(self, opened: Mapping[str, object], times: int = 1) -> None:
        """Takes the values of one record's opened fields, as if it was repeated so many times."""
        for value in opened.values():
            for text in _texts(value):
                if _worth_looking_for(text) and text.lower() not in self._words:
                    self._counts[text] += times

    def needles(self) -> "Needles":
        """What to look for."""
        chosen = [text for text, _ in self._counts.most_common(VALUES_MAX)]
        return Needles(
            {spelling for text in chosen if not text.isdigit() for spelling in _spellings(text)},
            {pattern for text in chosen if (pattern := _number_pattern(text))},
        )


class Needles:
    """The spellings of all values as one pattern over bytes; case does not matter.

    Args:
        texts: looked for as they are.
        numbers: patterns of numbers, as `_number_pattern` makes them.
    """

    def __init__(self, texts: Collection[bytes], numbers: Collection[str] = ()) -> None:
        self._count = len(texts) + len(numbers)
        patterns = {re.escape(text.lower()) for text in texts}
        patterns |= {number.encode() for number in numbers}
        self._pattern = re.compile(b"|".join(sorted(patterns))) if patterns else None

    def __repr__(self) -> str:
        return f"Needles({self._count})"

    def __len__(self) -> int:
        return self._count

    def found_in(self, content: bytes) -> bool:
        """Whether any of them stands in some bytes."""
        return self._pattern is not None and self._pattern.search(content.lower()) is not None


def contract_words(catalogue: Catalogue, controller: str) -> frozenset[str]:
    """What the ledger says of everybody: event types, names of fields, roles, classes and symbols, the controller."""
    words = {controller, *RETENTION_CLASSES}
    for versions in catalogue.versions.values():
        for schema in versions:
            words |= {schema.event_type, schema.name, schema.topic, *schema.field_names}
            words |= {field.role for field in schema.identifying_fields}
            for field in record_fields(schema.raw):
                words |= set(_symbols(field["type"]))
    return frozenset(words)


def _symbols(kind: object) -> Iterator[str]:
    """The symbols of the enums within a schema's type."""
    if isinstance(kind, list):
        for branch in kind:
            yield from _symbols(branch)
    elif isinstance(kind, dict):
        yield from map(str, kind.get("symbols", ()))
        for key in ("items", "type"):
            yield from _symbols(kind.get(key))
        for nested in kind.get("fields", ()):
            yield from _symbols(nested["type"])


def _texts(value: object) -> Iterator[str]:
    """The texts within a value; personal fields hold texts, lists and records of them."""
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _worth_looking_for(text: str) -> bool:
    return len(text) >= (DIGITS_MIN if text.isdigit() else CHARACTERS_MIN)


def _spellings(text: str) -> Iterator[bytes]:
    piece = text[:CHARACTERS_LOOKED_FOR]
    yield piece.encode()
    if not piece.isascii():
        # `bytes.lower` folds ASCII only, so both cases of the rest; JSON may write it in escapes.
        for each in (piece.lower(), piece.upper()):
            yield each.encode()
        yield json.dumps(piece).strip('"').encode()
        with suppress(UnicodeEncodeError):
            yield piece.encode("latin-1")


def _number_pattern(text: str) -> str | None:
    """A number in all its spellings: with and without country code and trunk zero, parted or not; None for other texts.

    A telephone number's, or an account's that is digits only. It is no part of a longer run of digits, or every time in
    microseconds would be somebody's number. One digit beside it is let pass: the length that a binary format writes
    before a text can look like one.
    """
    digits, before = (text, "") if text.isdigit() else ("", "")
    normal = normalise(Identifier(IdentifierKind.PHONE, text)) or "" if _NUMBER.fullmatch(text) else ""
    if normal.startswith("+"):
        number = phonenumbers.parse(normal)
        digits, country = str(number.national_number), _parted(str(number.country_code))
        if len(digits) + len(str(number.country_code)) < DIGITS_MIN:
            return None
        # Too few digits stand everywhere by chance, unless the country's are before them.
        known = "" if len(digits) < DIGITS_MIN else "?"
        before = f"(?:(?:{_parted('00')})?{country}){known}(?:{_parted('0')})?"
    return f"(?<![0-9][0-9]){before}{_PARTED.join(digits)}(?![0-9][0-9])" if digits else None


def _parted(digits: str) -> str:
    """Digits, each with what may stand behind it."""
    return "".join(digit + _PARTED for digit in digits)
