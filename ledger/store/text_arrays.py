"""text[] columns written from a cache: few different arrays, many rows.

psycopg builds the binary form of a list anew for every value, which is half the cost of copying an audit trail
row. What an entry lists (categories, processors, roles) repeats from row to row.
Source: PostgreSQL, src/backend/utils/adt/arrayfuncs.c, array_recv: the binary format of an array.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache

from psycopg.adapt import Dumper
from psycopg.pq import Format

from ledger.postgres.connection import Connection

TEXT_OID = 25
TEXT_ARRAY_OID = 1009
ARRAYS_CACHED = 1024
CACHED_ITEMS_MAX = 16
CACHED_CHARACTERS_MAX = 512
"""Longer arrays are rare, and a hostile publisher's; they are encoded each time instead of filling memory."""
_ONE_DIMENSION = struct.Struct("!iiIii")  # dimensions, has nulls, element oid, length, lower bound
_NO_DIMENSION = struct.Struct("!iiI").pack(0, 0, TEXT_OID)
_LENGTH = struct.Struct("!i")


class TextArrayDumper(Dumper):
    """Dumps a list of str to text[], binary; no nulls, one dimension."""

    format = Format.BINARY
    oid = TEXT_ARRAY_OID

    def dump(self, obj: Sequence[str]) -> bytes:
        """The binary array."""
        if len(obj) > CACHED_ITEMS_MAX or sum(map(len, obj)) > CACHED_CHARACTERS_MAX:
            return _encode(obj)
        return _cached(tuple(obj))


@lru_cache(maxsize=ARRAYS_CACHED)
def _cached(texts: tuple[str, ...]) -> bytes:
    return _encode(texts)


def _encode(texts: Sequence[str]) -> bytes:
    if not texts:
        return _NO_DIMENSION
    parts = [_ONE_DIMENSION.pack(1, 0, TEXT_OID, len(texts), 1)]
    for text in texts:
        content = text.encode()
        parts += (_LENGTH.pack(len(content)), content)
    return b"".join(parts)


def register_text_arrays(connection: Connection) -> None:
    """Makes COPY on this connection write text[] columns from the cache."""
    connection.adapters.register_dumper(None, TextArrayDumper)
