"""What comes from outside is shown as it is: it neither moves the cursor nor styles, links or hides anything."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text

from ledger.cli.output import instant, parse_instant, plain
from ledger.contract.cloudevents import MICROS_MAX, MICROS_MIN
from ledger.errors import CallerError

HOSTILE = st.text(
    st.sampled_from(
        "ab[]\\/=:@#()\x1b\x07\x00\n\r\t\x7f\x9b\u202e\u2066\u2069\u200b\u200f\ufeff\u061c\u2028\ud800"
    )
    | st.characters()
)


def shown(text: str) -> Text:
    """What rich makes of text that a command prints."""
    return Text.from_markup(plain(text), emoji=False)


@given(HOSTILE | st.text())
def test_no_control_character_survives(text: str) -> None:
    """Neither C0, C1 nor bidirectional controls, separators of lines, or lone surrogates."""
    assert {character for character in plain(text) if _is_control(character)} == set()


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"}


@given(st.text(st.sampled_from("ab[]/=:@#() ") | st.characters(exclude_characters="\\")))
@example("[bold]x[/bold]")
@example("[link=https://example.com]x[/link]")
@example("[/]")
@example("[[bold]]")
@example("x[")
def test_no_markup_survives(text: str) -> None:
    """Rich prints the very characters, in no style."""
    rendered = shown(text)
    assert [] == rendered.spans
    assert "".join(_escaped(character) for character in text) == rendered.plain


def _escaped(character: str) -> str:
    """Printable characters stand for themselves."""
    return character if character.isprintable() else f"\\x{ord(character):02x}"


@pytest.mark.xfail(strict=True, reason="plain() escapes '[' but not a backslash before it: rich pairs the two")
@pytest.mark.parametrize(
    "text",
    [
        "\\[bold]x[/bold]",
        "\\[link=https://example.com]x",
        "\\\\\\[red]x",
        "\\[/]",
    ],
)
def test_no_markup_survives_behind_a_backslash(text: str) -> None:
    """A publisher that writes its own backslash must not undo ours."""
    rendered = shown(text)
    assert [] == rendered.spans
    assert text == rendered.plain


def test_absent_value_is_empty() -> None:
    """Null is shown as nothing, not as the word None."""
    assert plain(None) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, "7"),
        ("caf\u00e9", "caf\u00e9"),
        ("a\nb", "a\\x0ab"),
        ("\x1b]8;;", "\\x1b]8;;"),
        ("[b]", "\\[b]"),
        ("x\u202ey", "x\\x202ey"),
    ],
)
def test_shown_as(value: object, expected: str) -> None:
    """What can be read stays; what cannot is named by its code."""
    assert expected == plain(value)


@given(st.integers(MICROS_MIN, MICROS_MAX))
@example(MICROS_MIN)
@example(MICROS_MAX)
@example(0)
@example(-1)
def test_instant_read_back_is_the_same(micros: int) -> None:
    """What a command prints can be given to a command, to the microsecond."""
    assert micros == parse_instant("--as-of", instant(micros))


@pytest.mark.parametrize(
    ("micros", "expected"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1_774_596_716_250_000, "2026-03-27T07:31:56.250000Z"),
        (MICROS_MIN, "0001-01-01T00:00:00.000000Z"),
        (MICROS_MAX, "9999-12-31T23:59:59.999999Z"),
        (None, None),
    ],
)
def test_instant_as_text(micros: int | None, expected: str | None) -> None:
    """RFC 3339 in UTC, always with six decimals."""
    assert expected == instant(micros)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("1970-01-01", 0),
        ("1970-01-02", 86_400_000_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.5Z", 500_000),
    ],
)
def test_time_option_read(text: str | None, expected: int | None) -> None:
    """A date means its first moment in UTC."""
    assert expected == parse_instant("--since", text)


@pytest.mark.parametrize(
    "text",
    ["", "now", "1970", "1970-01", "1970-13-01", "2026-02-30", "1970-01-01T00:00:00", "19700101", "1970/01/01"],
)
def test_other_text_is_no_time(text: str) -> None:
    """The option is named, what was given is quoted, and what would do is shown."""
    with pytest.raises(CallerError, match="--since is not a time") as refused:
        parse_instant("--since", text)
    assert ascii(text) == refused.value.found
