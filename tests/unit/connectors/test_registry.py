"""The table of formats."""

import io

import pytest

from ledger.connectors import CONVERTERS, convert
from ledger.errors import CallerError


def test_formats_are_those_of_the_command_line() -> None:
    """People and scripts rely on these names."""
    assert set(CONVERTERS) == {"asterisk-csv", "cloudevents-jsonl"}


def test_unknown_format_tells_the_known_ones() -> None:
    """A mistyped format is the caller's error."""
    with pytest.raises(CallerError, match="asterisk-csv or cloudevents-jsonl"):
        convert("asterisk", io.BytesIO(), "een-klant")


def test_empty_controller_is_refused() -> None:
    """Every fact names its controller."""
    with pytest.raises(CallerError, match="controller"):
        convert("asterisk-csv", io.BytesIO(), " ")


@pytest.mark.parametrize("name", sorted(CONVERTERS))
def test_conversion_is_streaming(name: str) -> None:
    """The first result is there before the file was read to its end."""
    stream = io.BytesIO(b"rommel\n" * 100_000)
    next(convert(name, stream, "een-klant"))
    assert stream.tell() < 100
