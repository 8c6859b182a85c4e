"""What the digests cover: every projection and what is stored of the log, each row in one order."""

import hashlib
import re
from pathlib import Path

import pytest

import ledger.store
from ledger.projections import PROJECTIONS
from ledger.projections.projection import BY_COORDINATES, Table
from ledger.store.digest import STORED, digested_tables, overall

MIGRATIONS = Path(ledger.store.__file__).parent / "migrations"
TABLES = [table for tables in digested_tables().values() for table in tables]
_TABLE = re.compile(r"^CREATE TABLE (\w+) \(\n(.*?)\n\)(?: WITH [^\n]*)?;$", re.MULTILINE | re.DOTALL)
_PRIMARY_KEY = re.compile(r"PRIMARY KEY \((.*?)\)|^    (\w+) .* PRIMARY KEY", re.MULTILINE)
_UNIQUE_INDEX = re.compile(r"CREATE UNIQUE INDEX \w+ ON (\w+) \((.*?)\)")

UNDIGESTED = {
    "ledger_tracking": "positions, which a replay reaches by itself",
    "chain_marks": "follow from the entries and ignored records",
    "ledger_counters": "follow from the entries and ignored records",
}


def keys_in_migrations() -> dict[str, list[set[str]]]:
    """Table -> the column sets that are unique in it."""
    keys: dict[str, list[set[str]]] = {}
    for path in sorted(MIGRATIONS.glob("*.sql")):
        text = path.read_text()
        for name, body in _TABLE.findall(text):
            keys[name] = [set((many or one).split(", ")) for many, one in _PRIMARY_KEY.findall(body)]
        for name, columns in _UNIQUE_INDEX.findall(text):
            keys[name].append(set(columns.split(", ")))
    return keys


KEYS = keys_in_migrations()


def test_every_projection_has_a_digest() -> None:
    """A projection without one could drift from the log unseen."""
    covered = digested_tables()
    for projection in PROJECTIONS:
        assert projection.tables == covered[projection.name]


def test_every_table_is_digested_or_has_a_reason_not_to_be() -> None:
    """A table added by a migration must be decided upon."""
    assert KEYS.keys() == {table.name for table in TABLES} | UNDIGESTED.keys()


def test_no_digest_takes_the_name_of_another() -> None:
    """What is stored and what is projected stand side by side."""
    names = [name for name, _ in STORED] + [projection.name for projection in PROJECTIONS]
    assert len(set(names)) == len(names) == len(digested_tables())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_rows_are_ordered_by_a_unique_key(table: Table) -> None:
    """Rows that tie would come in any order, and the digest would differ by chance."""
    assert set(table.order_by) in KEYS[table.name]


@pytest.mark.parametrize("table", [table for table in TABLES if table.first_of], ids=lambda table: table.name)
def test_first_rows_are_kept_by_a_unique_index(table: Table) -> None:
    """A recorder that forgot what it wrote must find it there."""
    assert {"ledger_partition", *table.first_of} in KEYS[table.name]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_rows_are_ordered_by_columns_they_have(table: Table) -> None:
    """What orders the rows is hashed with them."""
    assert set(table.order_by) <= set(table.column_names)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_rows_can_be_bounded_by_what_caused_them(table: Table) -> None:
    """As of an earlier offset the rows of later records are left out; a judgement's cause is not what it is on."""
    if set(BY_COORDINATES) <= set(table.column_names):
        expected = "judged_by" if table.name == "findings" else "ledger_offset"
        assert expected == table.caused_by
        assert table.caused_by in table.column_names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}),
        ({"findings": "00", "audit_trail": "ff"}, {"audit_trail": "ff", "findings": "00"}),
    ],
)
def test_overall_digest_does_not_depend_on_order(one: dict[str, str], other: dict[str, str]) -> None:
    """It is over the names in order, whatever the dict's."""
    assert overall(one) == overall(other)


def test_overall_digest_is_over_lines() -> None:
    """Anyone can work it out with `sort` and `sha256sum`."""
    assert hashlib.sha256(b"a 11\nb 22\n").hexdigest() == overall({"b": "22", "a": "11"})


@pytest.mark.parametrize(
    "changed",
    [{"a": "1", "b": "3"}, {"a": "2", "b": "1"}, {"a": "1"}, {"a": "1", "b": "2", "c": ""}, {}],
    ids=str,
)
def test_overall_digest_changes_with_any_digest(changed: dict[str, str]) -> None:
    """Another digest, one swapped, one missing, one more."""
    assert overall({"a": "1", "b": "2"}) != overall(changed)
