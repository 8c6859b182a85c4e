"""Migrations run forward, once, whole, and notice every file that is not what was applied."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from ledger.errors import CallerError, IntegrityError
from ledger.postgres.connection import Connection, connect
from ledger.postgres.migrations import NotMigrated, check, migrate, read_migrations

MIGRATORS = 8


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Two migrations."""
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE one (id int);\nINSERT INTO one VALUES (1);")
    (tmp_path / "0002_second.sql").write_text("ALTER TABLE one ADD COLUMN name text DEFAULT '100%';")
    return tmp_path


def _tables(conn: Connection, schema: str) -> set[str]:
    rows = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
    conn.rollback()
    return {row[0] for row in rows}


def test_migrates_a_schema_that_is_not_there(conn: Connection, schema: str, directory: Path) -> None:
    """Everything is applied in order, committed, and found up to date."""
    assert [m.name for m in migrate(conn, directory, schema)] == ["first", "second"]
    check(conn, directory, schema)
    assert _tables(conn, schema) == {"one", "schema_migration"}


def test_second_run_does_nothing(conn: Connection, schema: str, directory: Path) -> None:
    """Twice is once."""
    migrate(conn, directory, schema)
    assert migrate(conn, directory, schema) == []


def test_two_schemas_do_not_meet(conn: Connection, schema: str, directory: Path) -> None:
    """The same files build a shadow schema beside the live one."""
    shadow = f"{schema}_b"
    migrate(conn, directory, schema)
    try:
        assert len(migrate(conn, directory, shadow)) == 2
        assert _tables(conn, shadow) == _tables(conn, schema)
    finally:
        conn.execute(f"DROP SCHEMA {shadow} CASCADE".encode())
        conn.commit()


def test_works_on_an_autocommit_connection(postgres_dsn: str, schema: str, directory: Path) -> None:
    """The runner brings its own transactions."""
    with connect(postgres_dsn, schema=None, application_name="test", autocommit=True) as conn:
        migrate(conn, directory, schema)
        check(conn, directory, schema)


def test_search_path_of_the_connection_is_left_as_it_was(
    conn: Connection, schema: str, directory: Path
) -> None:
    """What runs afterwards on the connection does not land in the migrated schema."""
    before = conn.execute("SHOW search_path").fetchone()
    conn.rollback()
    migrate(conn, directory, schema)
    assert conn.execute("SHOW search_path").fetchone() == before


def test_not_migrated_says_what_to_run(conn: Connection, schema: str, directory: Path) -> None:
    """Missing entirely, or behind: the command that mends it is named."""
    with pytest.raises(NotMigrated, match="ledger migrate"):
        check(conn, directory, schema)
    migrate(conn, directory, schema)
    (directory / "0003_third.sql").write_text("SELECT 1;")
    with pytest.raises(NotMigrated, match="ledger migrate"):
        check(conn, directory, schema)


def test_check_changes_nothing(conn: Connection, schema: str, directory: Path) -> None:
    """Looking does not create the schema."""
    with pytest.raises(NotMigrated):
        check(conn, directory, schema)
    assert _tables(conn, schema) == set()


def _edit(directory: Path) -> None:
    (directory / "0001_first.sql").write_text("CREATE TABLE one (id bigint);")


def _edit_white_space(directory: Path) -> None:
    with (directory / "0002_second.sql").open("a") as file:
        file.write("\n")


def _rename(directory: Path) -> None:
    (directory / "0002_second.sql").rename(directory / "0002_other.sql")


def _swap(directory: Path) -> None:
    (directory / "0001_first.sql").rename(directory / "0003_first.sql")
    (directory / "0002_second.sql").rename(directory / "0001_second.sql")
    (directory / "0003_first.sql").rename(directory / "0002_first.sql")


def _remove_last(directory: Path) -> None:
    (directory / "0002_second.sql").unlink()


def _remove_first(directory: Path) -> None:
    (directory / "0001_first.sql").unlink()


def _misname(directory: Path) -> None:
    (directory / "3_third.sql").write_text("SELECT 1;")


def _repeat_a_number(directory: Path) -> None:
    (directory / "0002_also.sql").write_text("SELECT 1;")


def _leave_a_gap(directory: Path) -> None:
    (directory / "0004_fourth.sql").write_text("SELECT 1;")


@pytest.mark.parametrize(
    "damage",
    [
        _edit,
        _edit_white_space,
        _rename,
        _swap,
        _remove_last,
        _remove_first,
        _misname,
        _repeat_a_number,
        _leave_a_gap,
    ],
)
def test_files_that_are_not_what_was_applied_stop_everything(
    conn: Connection, schema: str, directory: Path, damage: Callable[[Path], None]
) -> None:
    """Edited, renamed, reordered, missing, misnumbered: neither migrate nor check goes on."""
    migrate(conn, directory, schema)
    damage(directory)
    with pytest.raises(IntegrityError):
        migrate(conn, directory, schema)
    with pytest.raises(IntegrityError):
        check(conn, directory, schema)


def test_failed_migration_leaves_the_ones_before_it(conn: Connection, schema: str, directory: Path) -> None:
    """Each migration is one transaction: a failure half-way undoes only itself; the mended file goes on."""
    (directory / "0003_third.sql").write_text("CREATE TABLE half (id int); SELECT 1/0;")
    with pytest.raises(Exception, match="migrate schema"):
        migrate(conn, directory, schema)
    assert _tables(conn, schema) == {"one", "schema_migration"}
    (directory / "0003_third.sql").write_text("CREATE TABLE half (id int);")
    assert [m.version for m in migrate(conn, directory, schema)] == [3]


def test_concurrent_migrators_apply_each_migration_once(
    postgres_dsn: str, schema: str, directory: Path
) -> None:
    """Any number may start at once; together they apply each file once and all succeed."""
    barrier = Barrier(MIGRATORS)

    def run() -> int:
        with connect(postgres_dsn, schema=None, application_name="test") as own:
            barrier.wait()
            return len(migrate(own, directory, schema))

    with ThreadPoolExecutor(MIGRATORS) as pool:
        applied = list(pool.map(lambda _: run(), range(MIGRATORS)))
    assert sum(applied) == 2
    with connect(postgres_dsn, schema=schema, application_name="test") as conn:
        assert conn.execute("SELECT count(*) FROM one").fetchone() == (1,)


def test_open_transaction_is_refused(conn: Connection, schema: str, directory: Path) -> None:
    """Inside a transaction nothing would be committed when migrate returns."""
    conn.execute("SELECT 1")
    with pytest.raises(CallerError, match="transaction"):
        migrate(conn, directory, schema)


def test_empty_directory_is_refused(tmp_path: Path) -> None:
    """A package built without its SQL files is damaged, not up to date."""
    with pytest.raises(IntegrityError):
        read_migrations(tmp_path)
