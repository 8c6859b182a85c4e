"""Strict Avro decoding, compiled once per schema: what does not decode in exactly one way is refused.

Publishers' bytes are not trusted, and fastavro's reader is made for those that are: it takes a negative enum
or union index for one counted from the end, any byte for a boolean, a long for an int, and ignores the byte
size of a block. Compiled closures cost no more than it does for records of our size, know the field at fault,
and cannot crash the process. A property test compares the two. Source: Avro 1.12 specification, "Binary
Encoding".
"""

import struct
from collections.abc import Callable
from typing import cast

from ledger.errors import DataError

Reader = Callable[[bytes, int], tuple[object, int]]
"""From content and a position to a value and the position after it.

Raises IndexError where the content ends early, `Malformed` where no value is encoded, and UnicodeDecodeError.
"""

ARRAY_ITEMS_MAX = 10_000
"""Items of one array or map: a fact lists categories and processors, not data."""

LONG_BYTES_MAX = 10
"""Bytes of the longest variable-length integer of 64 bits."""

_INT_MIN, _INT_MAX = -(1 << 31), (1 << 31) - 1


class Malformed(ValueError):
    """Content that no Avro writer produces for the schema."""


class TooManyItems(Malformed):
    """An array or map of more than `ARRAY_ITEMS_MAX` items."""


class FieldError(Exception):
    """A field of a record that could not be read; its cause says why."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


def read_long(content: bytes, at: int) -> tuple[int, int]:
    """Read a zigzag variable-length integer of at most 64 bits."""
    byte = content[at]
    if byte < 128:
        return (byte >> 1) ^ -(byte & 1), at + 1
    bits, shift, end = byte & 127, 7, at + LONG_BYTES_MAX
    while True:
        at += 1
        if at >= end:
            raise Malformed("an integer longer than 64 bits")
        byte = content[at]
        bits |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    if bits >> 64:
        raise Malformed("an integer longer than 64 bits")
    return (bits >> 1) ^ -(bits & 1), at + 1


def _read_int(content: bytes, at: int) -> tuple[int, int]:
    number, at = read_long(content, at)
    if not _INT_MIN <= number <= _INT_MAX:
        raise Malformed("an int longer than 32 bits")
    return number, at


def _read_null(_content: bytes, at: int) -> tuple[None, int]:
    return None, at


def _read_boolean(content: bytes, at: int) -> tuple[bool, int]:
    byte = content[at]
    if byte > 1:
        raise Malformed("a boolean that is neither 0 nor 1")
    return byte == 1, at + 1


def _slice(content: bytes, start: int, length: int) -> bytes:
    if length < 0:
        raise Malformed("a negative length")
    end = start + length
    if end > len(content):
        raise IndexError("content ends early")
    return content[start:end]


def _read_bytes(content: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_long(content, at)
    return _slice(content, at, length), at + length


def _read_string(content: bytes, at: int) -> tuple[str, int]:
    length, at = read_long(content, at)
    return _slice(content, at, length).decode(), at + length


def _read_float(content: bytes, at: int) -> tuple[float, int]:
    return struct.unpack("<f", _slice(content, at, 4))[0], at + 4


def _read_double(content: bytes, at: int) -> tuple[float, int]:
    return struct.unpack("<d", _slice(content, at, 8))[0], at + 8


_PRIMITIVE_READERS: dict[str, Reader] = {
    "null": _read_null,
    "boolean": _read_boolean,
    "int": _read_int,
    "long": read_long,
    "float": _read_float,
    "double": _read_double,
    "bytes": _read_bytes,
    "string": _read_string,
}


def _union_reader(branches: list[Reader]) -> Reader:
    def read(content: bytes, at: int) -> tuple[object, int]:
        index, at = read_long(content, at)
        if not 0 <= index < len(branches):
            raise Malformed("a union index without a branch")
        return branches[index](content, at)

    return read


def _enum_reader(symbols: list[str]) -> Reader:
    def read(content: bytes, at: int) -> tuple[str, int]:
        index, at = read_long(content, at)
        if not 0 <= index < len(symbols):
            raise Malformed("an enum index without a symbol")
        return symbols[index], at

    return read


def _fixed_reader(size: int) -> Reader:
    def read(content: bytes, at: int) -> tuple[bytes, int]:
        return _slice(content, at, size), at + size

    return read


def _blocks_reader(item: Reader) -> Callable[[bytes, int], tuple[list[object], int]]:
    """Read the blocks of an array or a map; each item takes at least one byte, or its schema was refused."""

    def read(content: bytes, at: int) -> tuple[list[object], int]:
        items: list[object] = []
        while True:
            count, at = read_long(content, at)
            if count == 0:
                return items, at
            if len(items) + abs(count) > ARRAY_ITEMS_MAX:
                raise TooManyItems("too many items")
            size = None
            if count < 0:
                count = -count
                size, at = read_long(content, at)
            start = at
            for _ in range(count):
                value, at = item(content, at)
                items.append(value)
            if size is not None and at - start != size:
                raise Malformed("a block that is not as long as it says")

    return read


def _map_reader(value: Reader) -> Reader:
    def entry(content: bytes, at: int) -> tuple[object, int]:
        key, at = _read_string(content, at)
        found, at = value(content, at)
        return (key, found), at

    blocks = _blocks_reader(entry)

    def read(content: bytes, at: int) -> tuple[object, int]:
        pairs, at = blocks(content, at)
        return dict(cast("list[tuple[str, object]]", pairs)), at

    return read


def _record_reader(fields: list[tuple[str, Reader]]) -> Reader:
    def read(content: bytes, at: int) -> tuple[dict[str, object], int]:
        record: dict[str, object] = {}
        name = ""
        try:
            for name, field in fields:
                record[name], at = field(content, at)
        except (IndexError, ValueError) as error:
            raise FieldError(name) from error
        return record, at

    return read


def compile_reader(parsed: object) -> Reader:
    """Make the reader of a schema.

    Args:
        parsed: a schema as `schema_files.parse_plain` returns it: safe, names in full, no logical types.

    Raises:
        DataError: the schema holds a type Avro does not have.
    """
    return _compile(parsed, {})


def _compile(schema: object, named: dict[str, Reader]) -> Reader:
    if isinstance(schema, str):
        reader = _PRIMITIVE_READERS.get(schema) or named.get(schema)
        if reader is None:
            raise DataError("a schema uses a type it does not define")
        return reader
    if isinstance(schema, list):
        return _union_reader([_compile(branch, named) for branch in schema])
    return _compile_object(schema, named)


def _compile_object(schema: object, named: dict[str, Reader]) -> Reader:
    match schema:
        case {"type": "record", "name": str(name), "fields": list(fields)}:
            plan = [(field["name"], _compile(field["type"], named)) for field in fields]
            reader = named[name] = _record_reader(plan)
        case {"type": "enum", "name": str(name), "symbols": list(symbols)}:
            reader = named[name] = _enum_reader(symbols)
        case {"type": "fixed", "name": str(name), "size": int(size)}:
            reader = named[name] = _fixed_reader(size)
        case {"type": "array", "items": items}:
            reader = _blocks_reader(_compile(items, named))
        case {"type": "map", "values": values}:
            reader = _map_reader(_compile(values, named))
        case {"type": (str() | list() | dict()) as inner}:
            reader = _compile(inner, named)
        case _:
            raise DataError("a schema holds a type Avro does not have")
    return reader
