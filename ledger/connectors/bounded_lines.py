"""Lines of a binary stream, one at a time, none longer than a bound.

Nothing of a file is ever held but the line at hand, so memory does not grow with the input.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple


class Line(NamedTuple):
    """One physical line, its end included; `complete` is False when it was longer than the bound."""

    number: int
    content: bytes
    complete: bool


def bounded_lines(stream: BinaryIO, *, size_bytes_max: int) -> Iterator[Line]:
    """Yields lines; of one that is too long only the first part, its rest is skipped."""
    number = 0
    while content := stream.readline(size_bytes_max + 1):
        number += 1
        complete = len(content) <= size_bytes_max
        rest = content
        while not complete and rest and not rest.endswith(b"\n"):
            rest = stream.readline(size_bytes_max)
        yield Line(number, content, complete)
