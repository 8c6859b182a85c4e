"""Where in the text of a policy pack something stands, so that an error can name the line.

Owns: finding an entry and a key in TOML text that was already parsed. The text is read line by line, as packs are
written: a header or a key at the start of its line. What is written otherwise is given the line of its entry.
"""

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

_ENTRY = re.compile(r"\s*\[\[\s*entry\s*\]\]")
_ID = re.compile(r"""\s*id\s*=\s*["']([^"']*)["']""")
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")
_PLACE = re.compile(r"number (\d+)")
_SYNTAX = re.compile(r"\(at line (\d+), ")


def line_of(text: str, *, entry: str, key: str, item: int | None = None) -> int:
    """The line where a key of an entry stands.

    Args:
        text: of the pack, TOML.
        entry: the entry's id, or `number n`; empty for the pack itself.
        key: the key; empty for the whole entry.
        item: which table of the key's list, from 1.

    Returns:
        The line, from 1: of the item, else of the key, else of the entry's header, else 1.
    """
    lines = text.splitlines()
    headers = [number for number, line in enumerate(lines) if _ENTRY.match(line)]
    begin, end = _block(lines, headers, entry, second=key == "id")
    found = _key(lines, begin, end, key)
    if found is None:
        return begin + 1
    return (found if item is None else _item(lines, found, end, item)) + 1


def syntax_line(text: str, error: Exception) -> int:
    """The line at which a TOML parser gave up: the one its error names, else the last."""
    found = _SYNTAX.search(str(error))
    return int(found[1]) if found else max(1, len(text.splitlines()))


def _block(lines: Sequence[str], headers: list[int], entry: str, *, second: bool) -> tuple[int, int]:
    """The first line of an entry and the line after its last."""
    blocks = list(pairwise((*headers, len(lines))))
    if not entry:
        return 0, blocks[0][0] if blocks else len(lines)
    place = _PLACE.fullmatch(entry)
    if place:
        return blocks[int(place[1]) - 1] if int(place[1]) <= len(blocks) else (0, len(lines))
    named = [
        (begin, end)
        for begin, end in blocks
        if any((found := _ID.match(line)) and found[1] == entry for line in lines[begin:end])
    ]
    # An id that is there twice is wrong the second time.
    return named[1 if second and len(named) > 1 else 0] if named else (0, len(lines))


def _key(lines: Sequence[str], begin: int, end: int, key: str) -> int | None:
    if not key:
        return None
    stands = re.compile(
        rf"""\s*(?:["']?{re.escape(key)}["']?\s*[=.]|\[{{1,2}}(?:entry\.)?{re.escape(key)}\]{{1,2}})"""
    )
    return next((number for number in range(begin, end) if stands.match(lines[number])), None)


def _item(lines: Sequence[str], begin: int, end: int, item: int) -> int:
    """The line where the n-th table of a list opens; the line of the list itself when it has none."""
    opened = accumulate(_STRING.sub("", line).count("{") for line in lines[begin:end])
    return begin + next((number for number, count in enumerate(opened) if count >= item), 0)
