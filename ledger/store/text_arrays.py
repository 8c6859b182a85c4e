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
ARRAYS_CACHED = 4096
_ONE_DIMENSION = struct.Struct("!iiIii")  # dimensions, has nulls, element oid, length, lower bound
_NO_DIMENSION = struct.Struct("!iiI").pack(0, 0, TEXT_OID)
_LENGTH = struct.Struct("!i")


class TextArrayDumper(Dumper):
    """Dumps a list of str to text[], binary; no nulls, one dimension."""

    format = Format.BINARY
    oid = TEXT_ARRAY_OID

    def dump(self, obj: Sequence[str]) -> bytes:
        """The binary array."""
        return _encoded(tuple(obj))


@lru_cache(maxsize=ARRAYS_CACHED)
def _encoded(texts: tuple[str, ...]) -> bytes:
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
