"""text[] columns written from our cache are what psycopg would have written."""

import pytest

from ledger.bootstrap import Runtime
from ledger.store.text_arrays import register_text_arrays

ARRAYS: list[list[str]] = [
    [],
    [""],
    ["a"],
    ["phone_number", "naam"],
    ['"', "\\", "{", ",", "é", "\U0001f4de"],
    ["x" * 5000],
]


@pytest.mark.parametrize("array", ARRAYS, ids=range(len(ARRAYS)))
def test_array_is_read_back_as_it_was_written(parts: Runtime, array: list[str]) -> None:
    """PostgreSQL takes our binary form, and it means the same list."""
    with parts.store_connection(None) as connection:
        register_text_arrays(connection)
        connection.execute("CREATE TEMPORARY TABLE arrays (texts text[])")
        with connection.cursor() as cursor, cursor.copy("COPY arrays FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["text[]"])
            copy.write_row((array,))
        assert [(array,)] == connection.execute("SELECT texts FROM arrays").fetchall()


def test_digest_bytes_do_not_depend_on_who_wrote_the_array(parts: Runtime) -> None:
    """PostgreSQL sends an array written by us as it sends one of its own."""
    with parts.store_connection(None) as connection:
        register_text_arrays(connection)
        connection.execute("CREATE TEMPORARY TABLE arrays (texts text[])")
        with connection.cursor() as cursor, cursor.copy("COPY arrays FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["text[]"])
            copy.write_row((["b", "a"],))
        connection.execute("INSERT INTO arrays VALUES (ARRAY['b', 'a'])")
        (ours,), (theirs,) = connection.execute("SELECT array_send(texts) FROM arrays").fetchall()
        assert theirs == ours
