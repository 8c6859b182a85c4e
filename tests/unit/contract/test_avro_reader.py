"""The strict reader: the same values as fastavro, and none that fastavro only guesses at."""

from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.avro_reader import FieldError, Malformed, TooManyItems, compile_reader
from ledger.contract.schema_files import parse_plain
from ledger.errors import DataError

WIDE: dict[str, Any] = {
    "type": "record",
    "name": "Wide",
    "namespace": "test.v1",
    "fields": [
        {"name": "nothing", "type": "null"},
        {"name": "truth", "type": "boolean"},
        {"name": "small", "type": "int"},
        {"name": "large", "type": "long"},
        {"name": "single", "type": "float"},
        {"name": "double", "type": "double"},
        {"name": "content", "type": "bytes"},
        {"name": "text", "type": "string"},
        {"name": "fixed", "type": {"type": "fixed", "name": "Four", "size": 4}},
        {"name": "again", "type": "Four"},
        {"name": "colour", "type": {"type": "enum", "name": "Colour", "symbols": ["red", "green"]}},
        {"name": "choice", "type": ["null", "long", "string"]},
        {"name": "list", "type": {"type": "array", "items": ["null", "string"]}},
        {"name": "map", "type": {"type": "map", "values": "long"}},
        {
            "name": "inner",
            "type": {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": {"type": "long"}}]},
        },
    ],
}
PARSED = parse_plain(WIDE)
READ = compile_reader(PARSED)

_LONGS = st.integers(-(1 << 63), (1 << 63) - 1)
_FOUR = st.binary(min_size=4, max_size=4)
_WIDE = st.fixed_dictionaries(
    {
        "nothing": st.none(),
        "truth": st.booleans(),
        "small": st.integers(-(1 << 31), (1 << 31) - 1),
        "large": _LONGS,
        "single": st.floats(width=32, allow_nan=False),
        "double": st.floats(allow_nan=False),
        "content": st.binary(),
        "text": st.text(st.characters(exclude_categories=["Cs"])),
        "fixed": _FOUR,
        "again": _FOUR,
        "colour": st.sampled_from(["red", "green"]),
        "choice": st.none() | _LONGS | st.text(st.characters(exclude_categories=["Cs"])),
        "list": st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]))),
        "map": st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), _LONGS),
        "inner": st.fixed_dictionaries({"x": _LONGS}),
    }
)


def written(datum: dict[str, Any]) -> bytes:
    """Return what fastavro writes."""
    out = BytesIO()
    fastavro.schemaless_writer(out, PARSED, datum)
    return out.getvalue()


@given(datum=_WIDE)
def test_reader_agrees_with_fastavro(datum: dict[str, Any]) -> None:
    """Every Avro type comes back as fastavro wrote it, to the last byte."""
    content = written(datum)
    assert (datum, len(content)) == READ(content, 0)


@given(content=st.binary(max_size=100))
def test_reader_raises_field_errors_only(content: bytes) -> None:
    """Any bytes are a record or a field at fault; what is read never ends past the content."""
    try:
        _, end = READ(content, 0)
    except FieldError as error:
        place, end = error.field, 0
    else:
        place = "inner"
    assert place in {field["name"] for field in WIDE["fields"]}
    assert end <= len(content)


@pytest.mark.parametrize(
    ("schema", "content", "error"),
    [
        ("boolean", b"\x02", Malformed),
        ("int", b"\x80\x80\x80\x80\x10", Malformed),
        ("long", b"\xff" * 10, Malformed),
        ("long", b"\xff" * 9 + b"\x7f", Malformed),
        ("long", b"\x80\x80", IndexError),
        ("string", b"\x01", Malformed),
        ("string", b"\x04a", IndexError),
        ("string", b"\x80\x80\x80\x80\x80\x40", IndexError),
        ("string", b"\x02\xff", UnicodeDecodeError),
        ("double", b"\x00" * 7, IndexError),
        (["null", "string"], b"\x04", Malformed),
        (["null", "string"], b"\x01", Malformed),
        ({"type": "enum", "name": "E", "symbols": ["a", "b"]}, b"\x04", Malformed),
        ({"type": "enum", "name": "E", "symbols": ["a", "b"]}, b"\x01", Malformed),
        ({"type": "fixed", "name": "F", "size": 4}, b"\x00" * 3, IndexError),
        ({"type": "array", "items": "string"}, b"\x80\x80\x80\x80\x80\x40", TooManyItems),
        ({"type": "array", "items": "string"}, b"\xff" * 9 + b"\x01", TooManyItems),
        ({"type": "array", "items": "string"}, b"\x02", IndexError),
        ({"type": "array", "items": "string"}, b"\x01\x00\x00\x00", Malformed),
        ({"type": "map", "values": "long"}, b"\x80\x80\x80\x80\x80\x40", TooManyItems),
    ],
)
def test_malformed_content_refused(schema: Any, content: bytes, error: type[Exception]) -> None:
    """Negative indexes, wide integers, false lengths and bombs are refused at once."""
    with pytest.raises(error):
        compile_reader(parse_plain(schema))(content, 0)


@pytest.mark.parametrize("schema", ["Unknown", {"type": "record"}, 5])
def test_unknown_type_not_compiled(schema: Any) -> None:
    """A reader is made of Avro's types only."""
    with pytest.raises(DataError):
        compile_reader(schema)
