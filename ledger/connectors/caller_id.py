"""Who called whom, from the columns a switch writes: numbers, names, and whether they were withheld."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

import phonenumbers

WITHHELD = frozenset(
    {"", "anonymous", "anoniem", "afgeschermd", "onbekend", "unknown", "private", "restricted", "withheld"}
)
"""What switches and carriers write in place of a number or name that was withheld, lower case."""
NOT_A_PARTY = frozenset({"s", "h", "i", "t", "o", "e", "failed", "fax", "talk", "hang"})
"""Asterisk's special extensions: a `dst` of these is a place in the dial plan, nobody's number."""
REGION = "NL"
NUMBERS_CACHED = 4096
"""Reading a number is most of a line's work, and a switch's own numbers are on every line. About 1 MB."""
_E164_DIGITS_MIN = 7
"""Shorter ones are extensions and short codes, which have no E.164 form."""
_CALLER_ID = re.compile(
    r'\s*"(?P<name>.*)"\s*(?:<(?P<number>[^<>]*)>)?\s*|\s*(?:<(?P<bare>[^<>]*)>)?\s*', re.DOTALL
)


@dataclass(frozen=True, kw_only=True)
class CallerId:
    """A caller's name and number; None where withheld. Not shown in a repr."""

    name: str | None = field(repr=False)
    number: str | None = field(repr=False)


def parse_caller_id(text: str) -> CallerId:
    """Reads Asterisk's `"Name" <number>`; the name may hold quotation marks, and either half may miss."""
    match = _CALLER_ID.fullmatch(text)
    if match is None:
        # no quotation marks at all: Asterisk writes a bare name or a bare number so
        bare = text.strip()
        is_number = not any(character.isalpha() for character in bare)
        return CallerId(
            name=None if is_number else given(bare), number=party_number(bare) if is_number else None
        )
    return CallerId(
        name=given(match["name"] or ""),
        number=party_number(match["number"] or match["bare"] or ""),
    )


def given(text: str) -> str | None:
    """The text, or None when it says that it was withheld."""
    stripped = text.strip()
    return None if stripped.lower() in WITHHELD else stripped


def party_number(text: str) -> str | None:
    """A party's number, in E.164 where it has that form; None when withheld or not a party's.

    Numbers are not checked against the numbering plan: the ledger records what the switch saw.
    """
    number = given(text)
    if number is None or number.lower() in NOT_A_PARTY:
        return None
    if not number.lstrip("+").isdecimal() or len(number) < _E164_DIGITS_MIN:
        return number
    return _e164(number)


@lru_cache(maxsize=NUMBERS_CACHED)
def _e164(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def is_extension(text: str) -> bool:
    """Whether a number is a switch's own extension: two to five digits."""
    return text.isdecimal() and 2 <= len(text) <= 5
