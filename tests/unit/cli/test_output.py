"""What comes from outside is shown as it is: it neither moves the cursor nor styles, links or hides anything."""

import re
import unicodedata
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

import ledger.cli
from ledger.cli.output import emit, instant, parse_instant, plain, stderr, table
from ledger.contract.cloudevents import MICROS_MAX, MICROS_MIN
from ledger.errors import CallerError

HOSTILE = st.text(
    st.sampled_from(
        "ab[]\\/=:@#()\x1b\x07\x00\n\r\t\x7f\x9b\u202e\u2066\u2069\u200b\u200f\ufeff\u061c\u2028\ud800"
    )
    | st.characters()
)


SHORT = st.text(
    st.sampled_from("ab[]\\\\/=:@#() ") | st.characters(min_codepoint=33, max_codepoint=0x24F), max_size=60
)
"""No longer than a line, and no wider than one column per character."""

LOOKS_LIKE_MARKUP = [
    "[bold]x[/bold]",
    "[link=https://example.com]x[/link]",
    "[/]",
    "[[bold]]",
    "[red",
    "x]",
    "\\[bold]x[/bold]",
    "\\\\\\[red]x",
    "C:\\",
    "\\[1]",
    "inbox.processing:100:5",
    ":smile:",
]


def printed(*values: str, columns: tuple[str, ...] = ()) -> str:
    """What a command prints for people: one line of the values, or a table of one row."""

    def text(console: Console) -> None:
        if columns:
            rows = table(*columns)
            rows.add_row(*map(plain, values))
            console.print(rows)
        else:
            console.print(" ".join(map(plain, values)))

    with redirect_stdout(StringIO()) as stdout:
        emit(None, as_json=False, text=text)
    return stdout.getvalue()


@settings(deadline=None)
@given(HOSTILE | st.text())
def test_no_control_character_survives(text: str) -> None:
    """Neither C0, C1 nor bidirectional controls, separators of lines, or lone surrogates."""
    assert set() == {character for character in plain(text) if _is_control(character)}


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"}


@settings(deadline=None)
@given(SHORT)
def test_text_is_printed_as_it_is(text: str) -> None:
    """Brackets, colons and backslashes mean themselves: no style, no link, no emoji, nothing eaten."""
    assert f"{plain(text)}\n" == printed(text)


@pytest.mark.parametrize("text", LOOKS_LIKE_MARKUP, ids=ascii)
def test_text_that_looks_like_markup_is_printed_as_it_is(text: str) -> None:
    """In a line and in a table cell."""
    assert f"{text}\n" == printed(text)
    assert text == printed(text, columns=("a column wide enough for all of it",)).splitlines()[1].rstrip()


def test_two_values_do_not_make_markup_together() -> None:
    """One opens a bracket, the next closes it."""
    assert printed("[link=https://example.com", "x]") == "[link=https://example.com x]\n"


@pytest.mark.parametrize("text", LOOKS_LIKE_MARKUP, ids=ascii)
def test_progress_and_errors_are_printed_as_they_are(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What goes to stderr reads no markup either."""
    stderr.print(plain(text))
    assert ("", f"{text}\n") == tuple(capsys.readouterr())


def test_no_command_writes_markup_of_its_own() -> None:
    """Our consoles read none, so a tag in the source would be printed."""
    sources = sorted(Path(ledger.cli.__file__).parent.glob("*.py"))
    tags = re.compile(r"\[/?(?:bold|dim|italic|red|green|yellow|blue|cyan|magenta)\b[^\]]*\]")
    found = [
        f"{path.name}:{number}"
        for path in sources
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if tags.search(line) and not line.strip().startswith("#")
    ]
    assert found == []


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
        ("x\u202ey", "x\\x202ey"),
    ],
)
def test_shown_as(value: object, expected: str) -> None:
    """What can be read stays; what cannot is named by its code."""
    assert expected == plain(value)


@settings(deadline=None)
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
