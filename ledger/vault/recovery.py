"""Putting back what a vault restored from a back-up has lost, from the second copies and the ledger itself.

Nothing is ever written over a key or a tombstone, and everything is put back in one transaction, so that a crash
leaves the vault as it was and running it again is safe. Keys that were destroyed since the back-up are put back too,
and die again: the transaction also sets back the vault's position in the governance partition, so that whoever
opens the vault to serve first carries out every destruction there is (`ledger.sealing.governance`).

Owns: these rows. Leaves to others: reading the topic and the log, and in which order (`ledger.vault_recovery`).
FAULTS, row 46.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar
from uuid import UUID

from ledger.entry import SourcePosition
from ledger.errors import IntegrityError, NotPermitted
from ledger.postgres import migrations
from ledger.postgres.connection import connect, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.vault import copies, keys, progress
from ledger.vault.copies import KeyCopy
from ledger.vault.kek import KeyEncryption, Wrapped, epoch_key_place, held_field_place, subject_key_place
from ledger.vault.kek_register import retired_kek_refused
from ledger.vault.keys import EpochKeyName, SubjectKeyName
from ledger.vault.progress import Progress
from ledger.vault.vault import MIGRATIONS, VAULT_SCHEMA

T = TypeVar("T")
ROWS_PER_BATCH = 2000
"""Fetched, opened and inserted at once."""

_SQL = load_sql(Path(__file__).parent / "sql" / "recovery.sql")
_STAGES = (
    "COPY staged_subject FROM STDIN",
    "COPY staged_link FROM STDIN",
    "COPY staged_subject_key FROM STDIN",
    "COPY staged_epoch_key FROM STDIN",
    "COPY staged_held_field FROM STDIN",
)
"""In the order of the fields of `Made`."""


class PutBack(NamedTuple):
    """How many rows were put back, and how many copies of lost rows could not be used.

    Args:
        other_kek: keys whose copy is wrapped under a KEK that the KEK file does not hold.
        damaged: keys whose copy does not open.
    """

    subjects: int = 0
    links: int = 0
    subject_keys: int = 0
    epoch_keys: int = 0
    held_fields: int = 0
    other_kek: int = 0
    damaged: int = 0

    def then(self, again: "PutBack") -> "PutBack":
        """Both together, where the second put back what the first could not; what it could not either counts once."""
        rows = PutBack._make(map(sum, zip(self, again, strict=True)))
        return rows._replace(other_kek=again.other_kek, damaged=again.damaged)


class _Kind(NamedTuple):
    """A kind of key: its statements' suffix, its columns, and the place its bytes belong to, by the first of them."""

    name: str
    columns: int
    place: Callable[..., bytes]
    in_place: int


_KINDS = (
    _Kind("subject_key", 2, subject_key_place, 2),
    _Kind("epoch_key", 3, epoch_key_place, 3),
    _Kind("held_field", 5, held_field_place, 4),
)


class VaultRecovery:
    """The tables of one vault, for recovering it; serves nothing.

    Args:
        dsn: of the vault's database.
        key_encryption: opens copies, and wraps anew those under an older KEK.
        schema: where its tables are.
    """

    def __init__(self, dsn: str, key_encryption: KeyEncryption, *, schema: str = VAULT_SCHEMA) -> None:
        self._kek = key_encryption
        self._newest = 0
        self._conn = connect(dsn, schema=schema, application_name="ledger vault recover", autocommit=True)
        try:
            migrations.check(self._conn, MIGRATIONS, schema)
            with self._errors():
                self._conn.execute(_SQL["stage"])
        except BaseException:
            self._conn.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._conn.close()

    def stage(self, batch: Collection[KeyCopy]) -> None:
        """Takes copies, in any order; nothing is put back yet."""
        self._newest = max([self._newest, *(copy.order for copy in batch)])
        with self._errors():
            for kind, statement in enumerate(_STAGES):
                rows = [(copy.order, *row) for copy in batch for row in copy.made[kind]]
                if rows:
                    with self._conn.cursor().copy(statement) as copying:
                        for row in rows:
                            copying.write_row(row)

    def put_back(self, subjects: Mapping[UUID, str]) -> PutBack:
        """Puts back whatever was staged and is lost, in one transaction; repeated, what is still lost.

        Args:
            subjects: further subjects and their controllers, as the log names them.

        Raises:
            NotPermitted: the KEK was rotated meanwhile.
        """
        with self._errors(), self._conn.transaction():
            known = copies.last_order(self._conn)
            made = self._conn.execute(_SQL["add_subjects"]).rowcount
            of_log = {"subjects": list(subjects), "controllers": list(subjects.values())}
            made += self._conn.execute(_SQL["add_subjects_of_log"], of_log).rowcount
            links = self._conn.execute(_SQL["replace_links"], {"known": known}).rowcount
            links += self._conn.execute(_SQL["add_links"]).rowcount
            done = PutBack(subjects=made, links=links)
            for kind in _KINDS:
                count, other_kek, damaged = self._put_back_keys(kind)
                done = done._replace(
                    **{f"{kind.name}s": count},
                    other_kek=done.other_kek + other_kek,
                    damaged=done.damaged + damaged,
                )
            self._conn.execute(_SQL["raise_order"], {"newest": max(self._newest, 1)})
            self._conn.execute(_SQL["follow_from_start"])
        return done

    def absent_subjects(self, subjects: Collection[UUID]) -> list[UUID]:
        """Which of these pseudonyms the vault does not know."""
        with self._errors():
            rows = self._conn.execute(_SQL["absent_subjects"], {"subjects": list(subjects)}).fetchall()
        return [row[0] for row in rows]

    def absent(
        self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]
    ) -> frozenset[SubjectKeyName | EpochKeyName]:
        """Which of these keys have neither key nor tombstone: lost, as it seems, for ever."""
        with self._errors():
            names = list(subject_keys)
            asked = {"subjects": [name[0] for name in names], "classes": [name[1] for name in names]}
            rows = self._conn.execute(_SQL["absent_subject_keys"], asked).fetchall()
            days = keys.epoch_columns(epochs)
            rows += self._conn.execute(_SQL["absent_epoch_keys"], days).fetchall()
        return frozenset(rows)

    def load_progress(self, topic: str, partition: int) -> Progress | None:
        """Progress of one inbox partition as it was restored."""
        with self._errors():
            return progress.load(self._conn, topic, partition)

    def mark_sent(self, topic: str, partition: int, begin: int, sent_until: int) -> None:
        """Keeps that records are in the log that the position does not know of, as their sealer did; never less.

        Marks are raised only: one that stands may be of records on their way, and loses its meaning when the position
        reaches it.

        Args:
            topic: of the inbox.
            partition: its partition.
            begin: the first offset it holds; the position of one that the vault does not know.
            sent_until: the offset after the last of which the log holds anything.
        """
        name = {"topic": topic, "partition": partition}
        with self._errors():
            self._conn.execute(_SQL["mark_sent"], {**name, "begin": begin, "sent_until": sent_until})

    def move_progress(
        self, topic: str, partition: int, next_offset: int, chain: Mapping[int, SourcePosition]
    ) -> bool:
        """Moves a position forward, with its chains, to where the log is; False when it is there already.

        Args:
            topic: of the inbox.
            partition: its partition.
            next_offset: everything below it is in the log.
            chain: ledger partition -> the last source position below `next_offset` that took effect.
        """
        name = {"topic": topic, "partition": partition}
        with self._errors(), self._conn.transaction():
            moved = self._conn.execute(_SQL["move_progress"], {**name, "next_offset": next_offset}).rowcount
            if moved:
                columns = {
                    "ledger_partitions": list(chain),
                    "offsets": [position.offset for position in chain.values()],
                    "parts": [position.part for position in chain.values()],
                }
                self._conn.execute(_SQL["set_chain"], {**name, **columns})
        return bool(moved)

    def _put_back_keys(self, kind: _Kind) -> tuple[int, int, int]:
        """(put back, under another KEK, damaged)"""
        done = other_kek = damaged = 0
        for rows in self._lost(kind):
            fresh: list[tuple[Wrapped, tuple[Any, ...]]] = []
            for kek_id, wrapped, *columns in rows:
                try:
                    place = kind.place(*columns[: kind.in_place])
                    fresh.append((self._under_current(kek_id, wrapped, place), tuple(columns)))
                except NotPermitted:
                    other_kek += 1
                except IntegrityError:
                    damaged += 1
            names = {
                f"c{number}": [columns[number] for _, columns in fresh] for number in range(kind.columns)
            }
            bytes_ = {"kek_ids": [w.kek_id for w, _ in fresh], "wrapped": [w.wrapped for w, _ in fresh]}
            done += self._conn.execute(_SQL[f"add_{kind.name}"], {**bytes_, **names}).rowcount
        return done, other_kek, damaged

    def _lost(self, kind: _Kind) -> Iterator[Sequence[tuple[Any, ...]]]:
        # A cursor in the server: the rows may be millions, and inserting goes on beside it.
        with self._conn.cursor(name=f"lost_{kind.name}") as cursor:
            cursor.execute(_SQL[f"lost_{kind.name}"])
            while rows := cursor.fetchmany(ROWS_PER_BATCH):
                yield rows

    def _under_current(self, kek_id: bytes, wrapped: bytes, place: bytes) -> Wrapped:
        key = self._kek.unwrap(kek_id, wrapped, place)
        if kek_id == self._kek.current.kek_id:
            return Wrapped(self._kek.current.kek_id, wrapped)
        return self._kek.wrap(key, place)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with translated_errors("recover the vault"), retired_kek_refused():
            yield


def in_batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Values by the batch, for staging."""
    remaining = iter(values)
    while batch := list(islice(remaining, ROWS_PER_BATCH)):
        yield batch
