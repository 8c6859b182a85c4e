"""What comes from outside is shown as it is: it neither moves the cursor nor styles, links or hides anything."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text

from ledger.cli.output import instant, parse_instant, plain, printable
from ledger.contract.cloudevents import MICROS_MAX, MICROS_MIN
from ledger.errors import CallerError

HOSTILE = st.text(
    st.sampled_from(
        "ab[]\\/=:@#()\x1b\x07\x00\n\r\t\x7f\x9b\u202e\u2066\u2069\u200b\u200f\ufeff\u061c\u2028\ud800"
    )
    | st.characters()
)


def shown(markup: str) -> Text:
    """What rich makes of markup that a command prints."""
    return Text.from_markup(markup, emoji=False)


@given(HOSTILE | st.text())
def test_no_control_character_survives(text: str) -> None:
    """Neither C0, C1 nor bidirectional controls, separators of lines, or lone surrogates."""
    assert set() == {character for character in printable(text) + plain(text) if _is_control(character)}


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"}


@given(HOSTILE | st.text())
@example("[bold]x[/bold]")
@example("[link=https://example.com]x[/link]")
@example("[/]")
@example("[[bold]]")
@example("x[")
@example("\\[bold]x[/bold]")
@example("\\\\\\[red]x")
@example("\\[/]")
def test_no_markup_survives(text: str) -> None:
    """Nothing from outside is styled, linked or an error, whatever backslashes it brings along."""
    assert shown(plain(text)).spans == []


@given(st.text(st.sampled_from("ab[]/=:@#() ") | st.characters(exclude_characters="\\")))
@example("[bold]x[/bold]")
@example("[[bold]]")
@example("x[")
def test_text_is_shown_as_it_is(text: str) -> None:
    """Every printable character stands for itself, brackets too."""
    assert printable(text) == shown(plain(text)).plain


BACKSLASHES = (
    "rich.markup.escape leaves a backslash alone unless a whole tag follows, and rendering then eats it"
)


@pytest.mark.xfail(strict=True, reason=BACKSLASHES)
@pytest.mark.parametrize("text", ["C:\\", "\\[1]", "a\\["], ids=ascii)
def test_backslash_is_shown_as_it_is(text: str) -> None:
    """A path or a pattern that somebody stated must not be shown as another."""
    assert text == shown(plain(text)).plain


@pytest.mark.xfail(strict=True, reason=BACKSLASHES)
@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        pytest.param("[bold]", "purpose\\\\\\", "[/bold]", id="three backslashes undo the tag behind them"),
        pytest.param(
            "", "[link=https://example.com", " (y])", id="a bracket left open is closed by what follows"
        ),
    ],
)
def test_text_cannot_change_the_markup_around_it(before: str, text: str, after: str) -> None:
    """A value between tags is shown between them: it neither undoes nor completes one."""
    expected = shown(f"{before}x{after}").plain.replace("x", text, 1)
    assert expected == shown(f"{before}{plain(text)}{after}").plain


def test_absent_value_is_empty() -> None:
    """Null is shown as nothing, not as the word None."""
    assert (plain(None), printable(None)) == ("", "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, "7"),
        ("caf\u00e9", "caf\u00e9"),
        ("a\nb", "a\\x0ab"),
        ("\x1b]8;;", "\\x1b]8;;"),
        ("x\u202ey", "x\\x202ey"),
    ],
)
def test_printable_text(value: object, expected: str) -> None:
    """What can be read stays; what cannot is named by its code."""
    assert expected == printable(value)


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
    [
        "",
        "now",
        "1970",
        "1970-01",
        "1970-13-01",
        "2026-02-30",
        "1970-01-01T00:00:00",
        "19700101",
        "1970/01/01",
    ],
)
def test_other_text_is_no_time(text: str) -> None:
    """The option is named, what was given is quoted, and what would do is shown."""
    with pytest.raises(CallerError, match="--since is not a time") as refused:
        parse_instant("--since", text)
    assert ascii(text) == refused.value.found
