"""Statements are found by name; a damaged file is noticed when the program starts."""

from pathlib import Path

import pytest

from ledger.errors import IntegrityError
from ledger.postgres.connection import Connection
from ledger.postgres.named_sql import load_sql

GOOD = """-- What the file is about.

-- name: first
-- Adds one.
-- And says so.
SELECT %(n)s::int + 1;

-- name: second
-- Two lines, and a comment of its own.
SELECT
    -- not the purpose
    2;
"""


def test_statements_by_name(tmp_path: Path, conn: Connection) -> None:
    """Each statement runs as it is, without its heading."""
    path = tmp_path / "good.sql"
    path.write_text(GOOD)
    statements = load_sql(path)
    assert list(statements) == ["first", "second"]
    assert conn.execute(statements["first"], {"n": 41}).fetchone() == (42,)
    assert statements["second"] == b"SELECT\n    -- not the purpose\n    2"


def test_loaded_once_and_read_only(tmp_path: Path) -> None:
    """The same mapping serves everyone, so nobody may change it."""
    path = tmp_path / "good.sql"
    path.write_text(GOOD)
    statements = load_sql(path)
    assert load_sql(path) is statements
    with pytest.raises(TypeError):
        statements["third"] = b""  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;",
        "-- name: a\nSELECT 1;",
        "-- name: a\n-- Purpose.\n",
        "-- name: a\n--\nSELECT 1;",
        "-- name: a\n-- Purpose.\nSELECT 1;\n-- name: a\n-- Purpose.\nSELECT 2;",
    ],
    ids=["no name", "no purpose", "no statement", "empty purpose", "twice"],
)
def test_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    """No name, no purpose, no statement, or one name twice."""
    (tmp_path / "bad.sql").write_text(text)
    with pytest.raises(IntegrityError, match=r"bad\.sql"):
        load_sql(tmp_path / "bad.sql")
