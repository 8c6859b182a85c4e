"""Which line of a pack an error is about."""

import tomllib

import pytest

from ledger.pack_lines import line_of, syntax_line

TEXT = """\
# a comment
id = "example"
version = "1"

[[entry]]
id = "E-1"
kind = "retention"
"period" = "P1Y"

[[ entry ]]
kind = "subprocessors"
id = 'E-2'
processors = [
  { name = "{", service = "braces" },
  { name = "Two" },
]
[entry.states]
count = 2

[[entry]]
id = "E-1"
text = "id = 'E-9'"
"""


@pytest.mark.parametrize(
    ("entry", "key", "item", "line"),
    [
        ("", "", None, 1),
        ("", "version", None, 3),
        ("", "title", None, 1),
        ("", "kind", None, 1),
        ("E-1", "", None, 5),
        ("E-1", "period", None, 8),
        ("E-1", "article", None, 5),
        ("E-1", "id", None, 21),
        ("E-2", "id", None, 12),
        ("E-2", "processors", None, 13),
        ("E-2", "processors", 1, 14),
        ("E-2", "processors", 2, 15),
        ("E-2", "processors", 9, 13),
        ("E-2", "states", None, 17),
        ("number 2", "kind", None, 11),
        ("number 3", "", None, 20),
        ("number 4", "", None, 1),
        ("E-9", "id", None, 2),
    ],
)
def test_line_of_a_key(entry: str, key: str, item: int | None, line: int) -> None:
    """The line of the item, else of the key, else of the entry; of an id that is there twice the second."""
    assert line == line_of(TEXT, entry=entry, key=key, item=item)


@pytest.mark.parametrize("text", ["", "\n", "id = 7"])
def test_line_in_a_text_without_entries(text: str) -> None:
    """There is always a line to look at."""
    assert line_of(text, entry="E-1", key="kind") == 1
    assert line_of(text, entry="number 3", key="") == 1
    assert line_of(text, entry="", key="version") == 1


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = ]\n", 2), ("a = 1\n\nb", 3), ('a = """\n\n', 2), ("=", 1)]
)
def test_line_of_a_syntax_error(text: str, line: int) -> None:
    """Where the parser gave up, or the last line when the text ended too soon."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert line == syntax_line(text, caught.value)
