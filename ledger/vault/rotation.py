"""Replacing the KEK: every key that lives is wrapped anew, and the old KEK is thrown away.

A destroyed key's bytes stay in the table's file, the WAL and every back-up, wrapped. They end here: no row is
under the old KEK any more but those that were destroyed, and they are under it in copies only. The steps; behind
each, what a crash leaves, and what the next start makes of it:

1. write a new key above the old one:    a file `….rotation`, or an id in table `kek` that nobody has the key of;
   register it first, then show it       the next start makes another key, and step 2 removes that id
2. retire the old KEK (`kek_register`)   two lines in the file: the next start goes on here; whoever wraps under the
                                         old one is refused and comes back with both
3. rewrap every row, a batch each        the rest, still opened by the second line: goes on with what is left
4. check: no row is under another KEK,   as after 3
   every row opens, and not with the old
5. rewrite the file without the old key  as after 4, or a file of one line, which is the end
6. try the file as it is now             nothing is owed

Nothing is lost between the steps: as long as a row is under the old KEK, the old KEK is in the file. Rows are read
and written by compare-and-swap, so a key destroyed meanwhile stays destroyed. Sealers run on; one that was started
before step 1 ends at the first key it cannot open or wrap, and its supervisor starts it with both.

Owns: the order of these steps. Leaves to others: the file (`kek_file`), who may wrap (`kek_register`), and back-ups:
**one made before a rotation opens nothing after it**, see docs/keys.md. DESIGN section 7.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from secrets import token_bytes
from typing import Any, NamedTuple

import msgspec

from ledger.errors import CallerError, IntegrityError, LedgerError, NotPermitted
from ledger.postgres import migrations
from ledger.postgres.connection import Connection, connect, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.vault import kek_file, kek_register
from ledger.vault.kek import (
    KEY_BYTES,
    Kek,
    KeyEncryption,
    epoch_key_place,
    held_field_place,
    read_kek_lines,
    secret_place,
    subject_key_place,
)
from ledger.vault.vault import MIGRATIONS, VAULT_SCHEMA

ROWS_PER_BATCH = 1000
"""Rewrapped in one transaction of some ten milliseconds: destroyers wait no longer for a row."""
ADVISORY_LOCK_CLASS = 0x6B656B72
"""First half of the advisory lock's key, "kekr" in ASCII."""
NIL_UUID = "00000000-0000-0000-0000-000000000000"
DAY_MIN = -(2**31)

_SQL = load_sql(Path(__file__).parent / "sql" / "rotation.sql")


class Step(StrEnum):
    """What a rotation is about to do."""

    REGISTER_NEW = "register the new key"
    RETIRE_OLD = "retire the old key"
    REWRAP = "rewrap"
    CHECK = "check"
    DROP_OLD = "drop the old key"
    TRY_FILE = "try the file"


OnStep = Callable[[Step, int, int], None]
"""Told (step, rows done, rows in all) before a step, and within one after each batch."""


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """What a rotation did. KEK ids are 16 hexadecimal digits and no secret.

    Args:
        new: the KEK that wraps now.
        old: those it replaces, or replaced.
        rewrapped: table -> rows wrapped anew by this run.
        checked: rows that were opened with the new KEK, and not with an old one.
        old_dropped: whether the old KEKs are gone from the file.
    """

    new: str
    old: list[str]
    rewrapped: dict[str, int]
    checked: int
    old_dropped: bool


class _Table(NamedTuple):
    """A table of wrapped keys: where its walk starts, how many columns its primary key has, and a row's place."""

    name: str
    start: tuple[object, ...]
    place: Callable[..., bytes]


_TABLES = (
    _Table("subject_key", (NIL_UUID, ""), subject_key_place),
    _Table("epoch_key", ("", "", DAY_MIN), epoch_key_place),
    _Table("held_field", (b"", ""), held_field_place),
    _Table("vault_secret", ("",), secret_place),
)


def begin(
    dsn: str, file: Path, *, schema: str = VAULT_SCHEMA, on_step: OnStep = lambda *_: None
) -> tuple[str, list[str]]:
    """Step 1 alone: puts a new key into the file, for bringing it to other machines before it is used.

    Does nothing when the file has two keys already.

    Returns:
        The id of the file's first key, and those of the others.

    Raises:
        CallerError: another rotation of this vault is at work.
        LedgerError: as `rotate`.
    """
    with _alone(dsn, schema) as conn:
        current, older = _begin(conn, file, on_step)
    return current.kek_id.hex(), [kek.kek_id.hex() for kek in older]


def rotate(
    dsn: str,
    file: Path,
    *,
    keep_old: bool = False,
    schema: str = VAULT_SCHEMA,
    on_step: OnStep = lambda *_: None,
) -> Rotated:
    """Replaces the KEK of a vault, or goes on with a rotation that was begun.

    Args:
        dsn: of the vault's database.
        file: the KEK file; with one key in it a rotation begins, with more it goes on.
        keep_old: stop before the old key is dropped, so that back-ups made under it can still be read until there
            is a newer one; run again to drop it.
        schema: where the vault's tables are.
        on_step: told how far it is; what it raises ends the rotation there.

    Raises:
        CallerError: another rotation of this vault is at work, or the file is no KEK file.
        NotPermitted: the file cannot be replaced, or a row is under a KEK that is not in it.
        IntegrityError: a row does not open, or is under another KEK after all were rewrapped.
        InfrastructureError: PostgreSQL did not answer; run it again.
    """
    with _alone(dsn, schema) as conn:
        current, older = _begin(conn, file, on_step)
        on_step(Step.RETIRE_OLD, 0, 0)
        with conn.transaction():
            kek_register.retire_others(conn, current.kek_id)
        rewrapped = _rewrap_all(conn, KeyEncryption(current, older), on_step)
        checked = _check_all(conn, current, older, on_step)
        on_step(Step.DROP_OLD, 0, 0)
        if not keep_old:
            kek_file.keep_first_key(file)
            on_step(Step.TRY_FILE, 0, 0)
            _try_file(conn, file, current, older)
    return Rotated(
        new=current.kek_id.hex(),
        old=[kek.kek_id.hex() for kek in older],
        rewrapped=rewrapped,
        checked=checked,
        old_dropped=not keep_old,
    )


@contextmanager
def _alone(dsn: str, schema: str) -> Iterator[Connection]:
    """A connection to the vault, while no other rotation of it is at work."""
    conn = connect(dsn, schema=schema, application_name="ledger kek rotate", autocommit=True)
    with translated_errors("rotate the key-encryption key"), kek_register.retired_kek_refused(), conn:
        migrations.check(conn, MIGRATIONS, schema)
        (alone,) = conn.execute(_SQL["try_lock"], {"class": ADVISORY_LOCK_CLASS}).fetchall()
        if not alone[0]:
            raise CallerError(
                "the key-encryption key is being rotated already",
                found="another `ledger kek rotate` on this vault",
                do="Wait for it; if it died, its database session ends by itself within half a minute.",
            )
        yield conn


def _begin(conn: Connection, file: Path, on_step: OnStep) -> tuple[Kek, list[Kek]]:
    """Step 1; the file's keys as they are then, the one that wraps apart."""
    _open_secrets(conn, KeyEncryption.from_file(file))  # another vault's file is refused before it is changed

    def register(new: Kek) -> None:
        on_step(Step.REGISTER_NEW, 0, 0)
        with conn.transaction():
            kek_register.register(conn, new.kek_id)
        # A crash here leaves the id of a key that nobody has; step 2 removes it.

    if len(read_kek_lines(file)) == 1:
        kek_file.put_new_key_first(file, register)
    current, *older = (Kek.from_hex(line) for line in read_kek_lines(file))
    return current, older


def _rewrap_all(conn: Connection, kek: KeyEncryption, on_step: OnStep) -> dict[str, int]:
    """Step 3: one pass. Nothing can come under an old KEK behind it, because those are retired."""
    due = _count_others(conn, kek.current)
    done = dict.fromkeys(due, 0)
    on_step(Step.REWRAP, 0, sum(due.values()))
    for table in _TABLES:
        for rows in _walk(conn, table, kek.current, under=False):
            # A crash in here leaves whole batches.
            done[table.name] += _rewrap(conn, table, kek, rows)
            on_step(Step.REWRAP, sum(done.values()), sum(due.values()))
    return done


def _rewrap(conn: Connection, table: _Table, kek: KeyEncryption, rows: Sequence[tuple[Any, ...]]) -> int:
    fresh = []
    for kek_id, wrapped, *columns in rows:
        place = table.place(*columns)
        fresh.append(kek.wrap(kek.unwrap(kek_id, wrapped, place), place).wrapped)
    names = {f"k{number}": [row[2 + number] for row in rows] for number in range(len(table.start))}
    with conn.transaction():
        return conn.execute(
            _SQL[f"rewrap_{table.name}"],
            {**names, "was": [row[1] for row in rows], "wrapped": fresh, "kek_id": kek.current.kek_id},
        ).rowcount


def _check_all(conn: Connection, current: Kek, older: Sequence[Kek], on_step: OnStep) -> int:
    """Step 4: what makes it safe to throw the old keys away; returns how many rows were opened.

    Raises:
        IntegrityError: a row is under another KEK, does not open, or opens with an old one.
    """
    left = sum(_count_others(conn, current).values())
    if left:
        raise IntegrityError(
            "keys are still wrapped under another key-encryption key",
            expected=f"every row under {current.kek_id.hex()}",
            found=f"{left} that are not",
            do="Nothing was thrown away. Run `ledger kek rotate` again; if it repeats, find out who writes them.",
        )
    checked = 0
    on_step(Step.CHECK, 0, 0)
    for table in _TABLES:
        for rows in _walk(conn, table, current, under=True):
            for _, wrapped, *columns in rows:
                place = table.place(*columns)
                current.unwrap(wrapped, place)
                for old in older:
                    _expect_refused(IntegrityError, old.unwrap, wrapped, place)
            checked += len(rows)
            on_step(Step.CHECK, checked, 0)
    return checked


def _try_file(conn: Connection, file: Path, current: Kek, older: Sequence[Kek]) -> None:
    """Step 6: the file opens the vault, and a key from an old back-up no longer.

    Raises:
        IntegrityError: the old key is still in the file, or the file has lost the new one.
    """
    now = KeyEncryption.from_file(file)
    _open_secrets(conn, now)
    for old in older:
        from_backup = KeyEncryption(old).wrap(token_bytes(KEY_BYTES), b"")
        _expect_refused(NotPermitted, now.unwrap, from_backup.kek_id, from_backup.wrapped, b"")
    if now.current.kek_id != current.kek_id:
        raise IntegrityError(
            "the KEK file holds another key than was rotated to", do="Find out who wrote it."
        )


def _expect_refused(refusal: type[LedgerError], unwrap: Callable[..., bytes], *wrapped: bytes) -> None:
    try:
        unwrap(*wrapped)
    except refusal:
        return
    raise IntegrityError(
        "an old key-encryption key still opens what it must not",
        do="Do not count the rotation as done: find out who changed the KEK file or the vault.",
    )


def _open_secrets(conn: Connection, kek: KeyEncryption) -> None:
    """Opens the vault's own keys, and drops them."""
    table = _TABLES[-1]
    for under in (True, False):
        for rows in _walk(conn, table, kek.current, under=under):
            for kek_id, wrapped, *columns in rows:
                kek.unwrap(kek_id, wrapped, table.place(*columns))


def _count_others(conn: Connection, current: Kek) -> dict[str, int]:
    """Table -> rows under another KEK."""
    (counts,) = conn.execute(_SQL["count_others"], {"kek_id": current.kek_id}).fetchall()
    return {table.name: count for table, count in zip(_TABLES, counts, strict=True)}


def _walk(
    conn: Connection, table: _Table, current: Kek, *, under: bool
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of a table in batches, each (KEK id, wrapped, columns of the place…)."""
    after = table.start
    while True:
        rows = conn.execute(
            _SQL[f"walk_{table.name}"],
            {
                **{f"k{number}": value for number, value in enumerate(after)},
                "kek_id": current.kek_id,
                "under": under,
                "limit": ROWS_PER_BATCH,
            },
            binary=True,
        ).fetchall()
        if not rows:
            return
        yield rows
        after = rows[-1][2 : 2 + len(table.start)]
