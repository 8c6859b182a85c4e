"""Ledger coordinates as text, which publishers may write."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.entry import parse_coordinates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:0", (0, 0)),
        ("3:1042", (3, 1042)),
        ("007:08", (7, 8)),
        ("999999999:999999999999999999", (999_999_999, 999_999_999_999_999_999)),
    ],
)
def test_coordinates_read(text: str, expected: tuple[int, int]) -> None:
    """Digits, a colon, digits."""
    assert expected == parse_coordinates(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "1",
        "1:",
        ":1",
        "1:2:3",
        "-1:2",
        "1:-2",
        "+1:2",
        " 1:2",
        "1: 2",
        "1:2\n",
        "1:2\x00",
        "1.0:2",
        "1e3:2",
        "0x1:2",
        "1_0:2",
        "a:b",
        "1\uff1a2",  # a full-width colon
        "\u0661:\u0662",  # Arabic-Indic digits, which int() reads
        "\u00b2:1",  # a superscript two is a digit but no number
        "1:\u0967",
        "9999999999:1",
        "1:9999999999999999999",
        "9" * 5000 + ":1",
        "'; DROP TABLE rejections; --:1",
    ],
    ids=ascii,
)
def test_other_text_is_no_coordinates(text: str) -> None:
    """A publisher may write anything into `retryof`; it must neither stop the recorder nor lead anywhere."""
    assert parse_coordinates(text) is None


@settings(deadline=None)
@given(st.text(st.characters() | st.sampled_from("0123456789:")) | st.from_regex(r"\d{0,22}:\d{0,22}"))
def test_coordinates_fit_their_columns(text: str) -> None:
    """Whatever is read fits an int4 and an int8."""
    coordinates = parse_coordinates(text)
    if coordinates is not None:
        assert 0 <= coordinates[0] < 2**31
        assert 0 <= coordinates[1] < 2**63
