"""What a projection says of its tables is what the migration makes of them."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings

import ledger.store
from ledger.projections import PROJECTIONS
from ledger.projections.projection import BY_COORDINATES, COORDINATES, Table
from ledger.recording.effects import LogRecord
from tests.unit.recording.logs import logs
from tests.unit.recording.memory_store import recorded

MIGRATIONS = Path(ledger.store.__file__).parent / "migrations"
FILES = ("0002_projections.sql", "0003_forgetting.sql", "0005_rights.sql")
TABLES = [table for projection in PROJECTIONS for table in projection.tables]
TYPE_NAMES = {
    "integer": "int4",
    "bigint": "int8",
    "boolean": "bool",
    "text": "text",
    "text[]": "text[]",
    "uuid": "uuid",
}
_TABLE = re.compile(r"^CREATE TABLE (\w+) \(\n(.*?)\n\);$", re.MULTILINE | re.DOTALL)
_COLUMN = re.compile(r"^    ([a-z0-9_]+) +([a-z]+(?:\[\])?)( +NOT NULL)?(?: CHECK \(.*\))?,?$")
_KEY = re.compile(r"^    PRIMARY KEY \((.*)\)$")


class Made(NamedTuple):
    """A table as the migration makes it."""

    columns: tuple[tuple[str, str], ...]
    required: frozenset[str]
    key: tuple[str, ...]


def made_by_migration() -> dict[str, Made]:
    """Every table of the migrations; a line that is not understood fails."""
    tables = {}
    whole = "".join((MIGRATIONS / name).read_text() for name in FILES)
    for name, body in _TABLE.findall(whole):
        columns, required, key = [], set(), ()
        for line in body.splitlines():
            if found := _KEY.match(line):
                key = tuple(found[1].split(", "))
                continue
            column = _COLUMN.match(line)
            assert column is not None, line
            columns.append((column[1], TYPE_NAMES[column[2]]))
            if column[3]:
                required.add(column[1])
        tables[name] = Made(tuple(columns), frozenset(required), key)
    return tables


MADE = made_by_migration()


def test_migration_makes_every_table_and_no_other() -> None:
    """A table without a projection would be in no digest and in no replay."""
    assert {table.name for table in TABLES} == MADE.keys()
    assert len(TABLES) == len(MADE)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_are_the_migrations(table: Table) -> None:
    """Names, order and types: rows are copied in binary, where a wrong type is a wrong value."""
    assert MADE[table.name].columns == table.columns


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_rows_begin_with_their_entrys_coordinates(table: Table) -> None:
    """Everything shown is backed by an entry."""
    assert table.columns[: len(COORDINATES)] == COORDINATES
    assert table.order_by[: len(BY_COORDINATES)] == BY_COORDINATES


def test_names_are_taken_once() -> None:
    """A digest is found by its projection's name."""
    names = [projection.name for projection in PROJECTIONS]
    assert len(set(names)) == len(names)


@settings(max_examples=100, deadline=None)
@given(logs())
def test_rows_fit_the_migration(log: list[LogRecord]) -> None:
    """No row leaves a required column empty, and no two share a primary key."""
    for name, rows in recorded([log]).rows.items():
        made = MADE[name]
        columns = [column for column, _ in made.columns]
        keys = [tuple(row[columns.index(column)] for column in made.key) for row in rows]
        assert len(keys) == len(set(keys)), name
        empty = {column for row in rows for column, value in zip(columns, row, strict=True) if value is None}
        assert set() == empty & made.required, name
