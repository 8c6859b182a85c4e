"""What identifies a person to a telephony provider, and the blind index it is found by.

One person is written in many ways (`020 123 4567`, `+31201234567`): normalising makes them one. The directory
never stores an identifier, only a keyed HMAC of it: phone numbers have so little entropy that any unkeyed
hash, salted or not, is found by trying them all.

Owns: normal forms and the index. Leaves to others: who an identifier belongs to (`ledger.vault.directory`).
Source: ITU-T E.164; RFC 3966 (`;ext=`); Unicode Standard Annex 15 (NFC).
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from hmac import digest
from uuid import UUID

import msgspec
import phonenumbers
from phonenumbers import CountryCodeSource, PhoneNumber, PhoneNumberFormat, ValidationResult

from ledger.vault.encoding import encode_tuple

DEFAULT_REGION = "NL"
"""Where a number without a country code is read as being; the providers' own numbering plan."""
PHONE_CACHE_ENTRIES = 16_384
"""Reading a number costs twice what sealing a field does (13 µs), and a company's own number is on every one
of its calls. About 5 MiB. The cache holds identifiers, as the inbox does for hours; no key, and no link to a
subject."""
PHONE_CHARACTERS_MAX = 250
"""As in phonenumbers; anything longer is no number."""
_SEPARATORS = re.compile(r"[\s().\-/]+")
_SIP_NUMBER = re.compile(r"sips?:(\+?[0-9().\-*#]+)(?:[@;].*)?", re.IGNORECASE | re.DOTALL)
_INTERNATIONAL = (CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN, CountryCodeSource.FROM_NUMBER_WITH_IDD)


class IdentifierKind(StrEnum):
    """The kinds of identifier the contract's `identifies` annotations name."""

    PHONE = "phone"
    EMAIL = "email"
    ACCOUNT = "account"
    PSEUDONYM = "pseudonym"


class Identifier(msgspec.Struct, frozen=True):
    """One identifier as a publisher wrote it.

    Args:
        kind: how to read it.
        value: a phone number, e-mail address, account id, or a subject's UUID. Never in a repr.
    """

    kind: IdentifierKind
    value: str

    def __repr__(self) -> str:
        return f"Identifier({self.kind.value}, …)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec gives structs one of their own, which a rich traceback with locals would print.
        return [("kind", self.kind.value)]


def normalise(identifier: Identifier) -> str | None:
    """The one way this identifier is written.

    Returns:
        None when it identifies nobody: empty, or a withheld number (`anonymous`, `000000`). Treating those as
        identifiers would make one person of all anonymous callers.
    """
    match identifier.kind:
        case IdentifierKind.PHONE:
            return _phone(identifier.value)
        case IdentifierKind.EMAIL:
            # Casefolding can undo NFC, hence composed last. The local part is folded too: RFC 5321 lets a
            # mail server tell A@ from a@, none does.
            text = unicodedata.normalize(
                "NFC", unicodedata.normalize("NFC", identifier.value.strip()).casefold()
            )
            return text if "@" in text else None
        case IdentifierKind.ACCOUNT:
            return unicodedata.normalize("NFC", identifier.value).strip() or None
        case IdentifierKind.PSEUDONYM:
            pseudonym = as_pseudonym(identifier)
            return str(pseudonym) if pseudonym else None


def as_pseudonym(identifier: Identifier) -> UUID | None:
    """The subject a pseudonym identifier names; None when it is of another kind or no UUID."""
    if identifier.kind is not IdentifierKind.PSEUDONYM:
        return None
    try:
        return UUID(identifier.value.strip())
    except ValueError:
        return None


def blind_index(index_key: bytes, controller: str, identifier: Identifier) -> bytes | None:
    """What an identifier is found by in one controller's directory.

    HMAC-SHA256 over controller, kind and normal form, each with its length. Another controller gives another
    index, so that two controllers' directories cannot be laid side by side.

    Args:
        index_key: 32 bytes, the vault's own.
        controller: the controller's id.
        identifier: as the publisher wrote it.

    Returns:
        32 bytes; None when the identifier identifies nobody.
    """
    normal = normalise(identifier)
    if normal is None:
        return None
    message = encode_tuple(b"ledger/identifier/1", controller, identifier.kind.value, normal)
    return digest(index_key, message, "sha256")


@lru_cache(maxsize=PHONE_CACHE_ENTRIES)
def _phone(value: str) -> str | None:
    """E.164 where the value reads as a number one can dial from outside, else its own characters.

    A value with a country code is E.164 whether or not its length is right for that country: the length rules
    change with the library's version, and the index must not. Extensions and short codes (`201`, `112`) and
    senders' names (`BANK24`) are kept apart from E.164 by a prefix.
    """
    if not any(character.isdigit() and unicodedata.digit(character, 0) for character in value):
        return None
    if sip := _SIP_NUMBER.fullmatch(value.strip()):
        value = sip[1]
    number = _parsed(value)
    if number is not None:
        extension = f";ext={number.extension}" if number.extension else ""
        return phonenumbers.format_number(number, PhoneNumberFormat.E164) + extension
    return "local:" + unicodedata.normalize("NFKC", _SEPARATORS.sub("", value)).casefold()


def _parsed(value: str) -> PhoneNumber | None:
    if len(value) > PHONE_CHARACTERS_MAX:
        return None
    try:
        number = phonenumbers.parse(value, DEFAULT_REGION, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return number if possible or number.country_code_source in _INTERNATIONAL else None
