"""The vault as the sealer and the readers see it: one connection, each call a committed transaction.

The contract, for both sides:

- **Order.** A subject exists before it is returned, a key before it is returned; a record sealed with them
  may be sent as soon as the call is back. Callers MUST NOT send before.
- **Durability.** Each call has committed when it returns and survives a crash of the database server (we ask
  for `synchronous_commit` whatever the server's default), save for `mark_trying` and `clear_trying`.
- **Atomicity.** Each call takes effect wholly or not at all.
- **Idempotence.** All but `advance` and `mark_trying` may be repeated. After an error in `advance`, load the
  progress again; the move may have happened. A repeated `mark_trying` counts one attempt too many.
- **Destroyed stays destroyed.** No call makes a key where there is a tombstone. Callers MUST NOT keep a
  `KeyRing` beyond its batch.
- **Errors.** `InfrastructureError`: nothing was promised, call again; the next call opens a new connection.
  `NotPermitted`: wrong KEK. `IntegrityError`: stop. `DataError`: a value no database text can hold (NUL).
- **Threads.** A Vault MUST be used by one thread at a time; make one per thread or process.

Leaves to others: when to destroy, and what the ledger is told of it (DESIGN section 7).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes
from types import TracebackType
from uuid import UUID

from ledger.entry import SourcePosition
from ledger.errors import IntegrityError
from ledger.postgres import migrations
from ledger.postgres.connection import Connection, connect, translated_errors
from ledger.postgres.migrations import Migration
from ledger.postgres.named_sql import load_sql
from ledger.vault import destruction, directory, keys, progress
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier
from ledger.vault.kek import KEY_BYTES, KeyEncryption, secret_place
from ledger.vault.keys import EpochKeyName, KeyRing, SubjectKeyName
from ledger.vault.progress import Progress

VAULT_SCHEMA = "vault"
INDEX_KEY_NAME = "identifier_index"
MIGRATIONS = Path(__file__).parent / "migrations"
_SQL = load_sql(Path(__file__).parent / "sql" / "secrets.sql")


def migrate_vault(dsn: str, *, schema: str = VAULT_SCHEMA) -> list[Migration]:
    """Brings the vault's database up to date.

    Returns:
        What was applied now; empty when nothing was due.
    """
    conn = connect(dsn, schema=None, application_name="ledger migrate vault")
    with conn:
        return migrations.migrate(conn, MIGRATIONS, schema)


class Vault:
    """See the module's docstring for the contract.

    Args:
        dsn: libpq connection string of the vault's own database.
        key_encryption: the KEK, and older ones.
        schema: where its tables are.
        application_name: as shown in pg_stat_activity.

    Raises:
        NotMigrated: the tables are missing or old.
        InfrastructureError: the database did not answer.
        NotPermitted: the vault was made with another KEK.
    """

    def __init__(
        self,
        dsn: str,
        key_encryption: KeyEncryption,
        *,
        schema: str = VAULT_SCHEMA,
        application_name: str = "ledger vault",
    ) -> None:
        self._dsn = dsn
        self._kek = key_encryption
        self._schema = schema
        self._application_name = application_name
        self._conn = self._connect()
        try:
            migrations.check(self._conn, MIGRATIONS, schema)
            with self._transaction("open the vault") as conn:
                self._index_key = _index_key(conn, key_encryption)
        except BaseException:
            self._conn.close()
            raise

    def __repr__(self) -> str:
        return f"Vault(schema={self._schema!r})"

    def __enter__(self) -> "Vault":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; the vault cannot be used afterwards."""
        self._conn.close()

    # Subjects

    def resolve_subjects(self, mentions: Sequence[Mention]) -> list[UUID | None]:
        """The subjects mentions mean, made where nobody is known; see `directory.resolve`."""
        if not mentions:
            return []
        with self._transaction("resolve data subjects") as conn:
            return directory.resolve(conn, self._index_key, mentions)

    def find_subject(self, controller: str, identifier: Identifier) -> UUID | None:
        """The subject one controller knows by an identifier; makes none."""
        with self._transaction("find a data subject") as conn:
            return directory.find(conn, self._index_key, controller, identifier)

    def find_subjects(self, identifier: Identifier) -> list[tuple[str, UUID]]:
        """Every (controller, subject) an identifier leads to."""
        with self._transaction("find data subjects") as conn:
            return directory.find_any(conn, self._index_key, identifier)

    def controller_of(self, subject: UUID) -> str | None:
        """The controller a subject belongs to; None when there is no such subject."""
        with self._transaction("find a subject's controller") as conn:
            return directory.controller_of(conn, subject)

    # Keys

    def keys_for(self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]) -> KeyRing:
        """The keys to seal a batch with, made where there is neither key nor tombstone."""
        with self._transaction("make keys") as conn:
            return keys.get_or_create(conn, self._kek, subject_keys, epochs)

    def read_keys(
        self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]
    ) -> KeyRing:
        """The keys to open a batch with; makes none."""
        with self._transaction("read keys") as conn:
            return keys.read(conn, self._kek, subject_keys, epochs)

    # Destruction

    def destroy_subject_key(self, subject: UUID, retention_class: str, why: str) -> bool:
        """Destroys one subject key and confirms it; see `destruction`.

        Returns:
            Whether there was a live key.

        Raises:
            NotDestroyed: it still opens.
        """
        return bool(self.destroy_subject(subject, [retention_class], why))

    def destroy_subject(self, subject: UUID, classes: Collection[str] | None, why: str) -> frozenset[str]:
        """Destroys a subject's keys and confirms it; None for `classes` means those that exist now.

        Returns:
            The classes that had a live key.

        Raises:
            NotDestroyed: one still opens.
        """
        with self._transaction("destroy subject keys") as conn:
            destroyed = destruction.destroy_subject(conn, subject, classes, why)
        # A crash here leaves it destroyed and unconfirmed; the caller asks again.
        self.confirm_subject_destroyed(subject, destroyed if classes is None else classes)
        return destroyed

    def destroy_epoch(self, controller: str, retention_class: str, day: int, why: str) -> bool:
        """Destroys one epoch key and confirms it.

        Returns:
            Whether there was a live key.

        Raises:
            NotDestroyed: it still opens.
        """
        with self._transaction("destroy an epoch key") as conn:
            destroyed = destruction.destroy_epoch(conn, controller, retention_class, day, why)
        # A crash here leaves it destroyed and unconfirmed; the caller asks again.
        self.confirm_epoch_destroyed(controller, retention_class, day)
        return destroyed

    def confirm_subject_destroyed(self, subject: UUID, classes: Collection[str]) -> None:
        """Tries to open a subject's keys; raises NotDestroyed unless tombstones prevent it."""
        with self._transaction("confirm a destruction") as conn:
            destruction.confirm_subject_destroyed(conn, self._kek, subject, classes)

    def confirm_epoch_destroyed(self, controller: str, retention_class: str, day: int) -> None:
        """Tries to open an epoch key; raises NotDestroyed unless a tombstone prevents it."""
        with self._transaction("confirm a destruction") as conn:
            destruction.confirm_epoch_destroyed(conn, self._kek, controller, retention_class, day)

    # Sealer progress; see `progress`

    def initialise_progress(self, topic: str, partition: int, next_offset: int) -> Progress:
        """Makes the row of an inbox partition seen for the first time; returns what holds now."""
        with self._transaction("initialise progress") as conn:
            return progress.initialise(conn, topic, partition, next_offset)

    def load_progress(self, topic: str, partition: int) -> Progress | None:
        """Progress of one inbox partition; None when it was never initialised."""
        with self._transaction("load progress") as conn:
            return progress.load(conn, topic, partition)

    def load_chain(self, topic: str, partition: int) -> dict[int, SourcePosition]:
        """Ledger partition -> the last source position sent to it from this inbox partition."""
        with self._transaction("load the chain") as conn:
            return progress.load_chain(conn, topic, partition)

    def advance(
        self,
        topic: str,
        partition: int,
        expected_next: int,
        new_next: int,
        chain: Mapping[int, SourcePosition],
    ) -> None:
        """Moves the position and the chains by compare-and-swap; raises ProgressMoved if another did."""
        with self._transaction("advance progress") as conn:
            progress.advance(conn, topic, partition, expected_next, new_next, chain=chain)

    def mark_trying(self, topic: str, partition: int, offset: int, until: int) -> int:
        """Counts an attempt at `offset` before it is made; returns the count, this one included."""
        with self._transaction("mark an attempt") as conn:
            return progress.mark_trying(conn, topic, partition, offset, until)

    def clear_trying(self, topic: str, partition: int) -> None:
        """Forgets what was being tried."""
        with self._transaction("clear an attempt") as conn:
            progress.clear_trying(conn, topic, partition)

    @contextmanager
    def _transaction(self, what: str) -> Iterator[Connection]:
        """One transaction, committed when the block ends, its errors ours."""
        with translated_errors(what):
            if self._conn.broken:
                self._conn = self._connect()
            with self._conn.transaction():
                yield self._conn

    def _connect(self) -> Connection:
        conn = connect(
            self._dsn, schema=self._schema, application_name=self._application_name, autocommit=True
        )
        with translated_errors("set up the vault's connection"):
            # A key lost in a crash of the server after its record reached the log is a field lost for ever.
            conn.execute("SET synchronous_commit = on")
        return conn


def _index_key(conn: Connection, kek: KeyEncryption) -> bytes:
    """The directory's key, made by whichever process opens the vault first."""
    place = secret_place(INDEX_KEY_NAME)
    row = conn.execute(_SQL["read_secret"], {"name": INDEX_KEY_NAME}).fetchone()
    if row is None:
        made = kek.wrap(token_bytes(KEY_BYTES), place)
        conn.execute(
            _SQL["add_secret"], {"name": INDEX_KEY_NAME, "kek_id": made.kek_id, "wrapped": made.wrapped}
        )
        # Read back, not returned: if another process was first, its key holds.
        row = conn.execute(_SQL["read_secret"], {"name": INDEX_KEY_NAME}).fetchone()
    if row is None:
        raise IntegrityError(
            "the vault lost its identifier index key",
            do="Find out who deletes rows of vault_secret, and restore it from a back-up.",
        )
    return kek.unwrap(row[0], row[1], place)
