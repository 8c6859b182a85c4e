"""One person written in many ways has one index; two people never share one."""

from hmac import digest
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.vault.identifiers import Identifier, IdentifierKind, as_pseudonym, blind_index, normalise

KEY = bytes(range(32))


def _phone(value: str) -> Identifier:
    return Identifier(IdentifierKind.PHONE, value)


@pytest.mark.parametrize(
    "written",
    [
        "+3197010200001",
        "+31 970 102 00 001",
        "0031 97010200001",
        "097010200001",
        "0970-102.00.001",
        "tel:+31-97010200001",
        "sip:+3197010200001@pbx.example.com;user=phone",
        "+31 (0)97010200001",
        "+\uff13\uff1197010200001",
        "  +3197010200001\t",
    ],
)
def test_one_number_however_written(written: str) -> None:
    """National, international, with separators, as a URI, in full-width digits: one number."""
    assert normalise(_phone(written)) == "+3197010200001"


@pytest.mark.parametrize(
    "withheld",
    [
        "",
        " ",
        "anonymous",
        "Unavailable",
        "0",
        "000000000",
        "+",
        "\u0660\u0660\u0660",
        "sip:anonymous@example.invalid",
    ],
)
def test_withheld_number_identifies_nobody(withheld: str) -> None:
    """All anonymous callers together are not a person."""
    assert normalise(_phone(withheld)) is None
    assert blind_index(KEY, "acme", _phone(withheld)) is None


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("201", "local:201"),
        (" 2-01 ", "local:201"),
        ("112", "local:112"),
        ("BANK24", "local:bank24"),
        ("*21*201#", "local:*21*201#"),
        ("+4930123456 ext. 7", "+4930123456;ext=7"),
        ("9" * 300, "local:" + "9" * 300),
    ],
)
def test_what_is_no_full_number_keeps_its_characters(written: str, normal: str) -> None:
    """Extensions, short codes and senders' names are identifiers too, apart from E.164."""
    assert normalise(_phone(written)) == normal


def test_extensions_of_one_number_are_different_people() -> None:
    """A switchboard's extensions are not one person."""
    assert normalise(_phone("+4930123456 ext. 7")) != normalise(_phone("+4930123456 ext. 8"))


def test_letters_are_not_dropped_from_names() -> None:
    """Two senders whose names hold the same digits stay apart."""
    assert normalise(_phone("BANK24")) != normalise(_phone("SHOP24"))


@pytest.mark.parametrize(
    ("kind", "written", "normal"),
    [
        (IdentifierKind.EMAIL, " Someone@Example.COM ", "someone@example.com"),
        (IdentifierKind.EMAIL, "stra\u00dfe@example.com", "strasse@example.com"),
        (IdentifierKind.EMAIL, "cafe\u0301@example.com", "caf\u00e9@example.com"),
        (IdentifierKind.EMAIL, "no address", None),
        (IdentifierKind.EMAIL, "", None),
        (IdentifierKind.ACCOUNT, " K-1001 ", "K-1001"),
        (IdentifierKind.ACCOUNT, "k-1001", "k-1001"),
        (IdentifierKind.ACCOUNT, "cafe\u0301", "caf\u00e9"),
        (IdentifierKind.ACCOUNT, "  ", None),
        (
            IdentifierKind.PSEUDONYM,
            "{11111111-2222-4333-8444-555555555555}",
            "11111111-2222-4333-8444-555555555555",
        ),
        (IdentifierKind.PSEUDONYM, "someone", None),
    ],
)
def test_normal_forms(kind: IdentifierKind, written: str, normal: str | None) -> None:
    """E-mail ignores case, an account id does not; both ignore how accents are composed."""
    assert normalise(Identifier(kind, written)) == normal


@given(st.text(max_size=40))
def test_normalising_takes_any_text(written: str) -> None:
    """Publishers may write anything: no exception, and the same answer each time."""
    for kind in IdentifierKind:
        once = normalise(Identifier(kind, written))
        assert once == normalise(Identifier(kind, written))
        assert once != ""


@given(st.emails())
def test_normalised_email_is_its_own_normal_form(written: str) -> None:
    """Normalising twice is normalising once, so a stored normal form is found again."""
    once = normalise(Identifier(IdentifierKind.EMAIL, written))
    assert once is not None
    assert normalise(Identifier(IdentifierKind.EMAIL, once)) == once


def test_index_depends_on_key_controller_kind_and_value() -> None:
    """Two controllers' directories, or two vaults', cannot be laid side by side."""
    indexes = {
        blind_index(KEY, "acme", _phone("+3197010200001")),
        blind_index(bytes(32), "acme", _phone("+3197010200001")),
        blind_index(KEY, "acm", _phone("+3197010200001")),
        blind_index(KEY, "acme", _phone("+3197010200002")),
        blind_index(KEY, "acme", Identifier(IdentifierKind.ACCOUNT, "+3197010200001")),
    }
    assert len(indexes) == 5


def test_index_is_frozen() -> None:
    """Another make-up of the index would lose everyone in the directory."""
    message = (
        b"\x00\x00\x00\x13ledger/identifier/1\x00\x00\x00\x04acme"
        b"\x00\x00\x00\x05email\x00\x00\x00\x13someone@example.com"
    )
    index = blind_index(KEY, "acme", Identifier(IdentifierKind.EMAIL, "Someone@Example.com"))
    assert index == digest(KEY, message, "sha256")


def test_pseudonym_is_read_only_from_its_own_kind() -> None:
    """An account id that looks like a UUID is an account id."""
    value = "11111111-2222-4333-8444-555555555555"
    assert as_pseudonym(Identifier(IdentifierKind.PSEUDONYM, value)) == UUID(value)
    assert as_pseudonym(Identifier(IdentifierKind.ACCOUNT, value)) is None


def test_repr_shows_no_value() -> None:
    """Neither repr nor rich's show the identifier."""
    identifier = _phone("+3197010200001")
    assert "97010" not in repr(identifier) + str(identifier) + repr(identifier.__rich_repr__())
