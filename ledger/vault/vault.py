"""The vault as the sealer and the readers see it: one connection, each call a committed transaction.

The contract, for both sides:

- **Order.** A subject exists before it is returned, a key before it is returned; a record sealed with them
  may be sent as soon as the call is back. Callers MUST NOT send before.
- **Batches.** A sealer MUST call `begin_sealing` before it resolves anybody of a batch, and `end_sealing` after the
  last `advance` of it: in between nobody is forgotten. After an error in between it MUST NOT go on with the batch, nor
  begin another, but close the vault. What `forget_subject` refuses with `BatchInFlight` comes about later: call again.
- **Durability.** Each call has committed when it returns and survives a crash of the database server (we ask
  for `synchronous_commit` whatever the server's default), save for `mark_trying` and `clear_trying`.
- **Atomicity.** Each call takes effect wholly or not at all.
- **Idempotence.** All but `advance`, `mark_trying` and `begin_sealing` may be repeated. After an error in `advance`,
  load the progress again; the move may have happened. A repeated `mark_trying` counts one attempt too many.
- **Destroyed stays destroyed.** No call makes a key where there is a tombstone, nor any key of a closed
  subject. Callers MUST NOT keep a `KeyRing` beyond its batch.
- **Gone means looked for.** What destroys, closes, forgets or releases looks again in a later transaction before
  it returns. After an error of it nothing is known: call again, which is safe, and ends the same.
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
from ledger.errors import CallerError, IntegrityError
from ledger.postgres import migrations
from ledger.postgres.connection import Connection, connect, translated_errors
from ledger.postgres.migrations import Migration
from ledger.postgres.named_sql import load_sql
from ledger.vault import closing, destruction, directory, governance, held, issued_exports, keys, progress
from ledger.vault.copies import Copies, append_copy, expect_not_older
from ledger.vault.directory import Mention
from ledger.vault.governance import GovernanceState, InboxEnds, RetentionSetting
from ledger.vault.held import HeldField, HeldName
from ledger.vault.identifiers import Identifier
from ledger.vault.in_flight import Gate, Stretch
from ledger.vault.issued_exports import IssuedExport
from ledger.vault.kek import KEY_BYTES, KeyEncryption, secret_place
from ledger.vault.kek_register import register_first, retired_kek_refused
from ledger.vault.keys import EpochKeyName, KeyRing, SubjectKeyName
from ledger.vault.made import Made, OnMade
from ledger.vault.progress import Progress

VAULT_SCHEMA = "vault"
INDEX_KEY_NAME = "identifier_index"
FORGOTTEN_WHY = "erasure_request"
OWN_FACTS_KEY_NAME = "own_facts"
MIGRATIONS = Path(__file__).parent / "migrations"
FORGOTTEN_AT_ONCE = 100
"""Subjects forgotten in one transaction, which no batch can begin before the end of: some 0.2 s."""
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
        on_made: told of every subject, link, key and held field that is added; see `made.OnMade`.
        copies: gets a second copy of each, before it is committed; takes the place of `on_made`.

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
        on_made: OnMade | None = None,
        copies: Copies | None = None,
    ) -> None:
        self._dsn = dsn
        self._kek = key_encryption
        self._schema = schema
        self._application_name = application_name
        self._copies = copies
        self._on_made = on_made if copies is None else self._copy
        self._gate = Gate(schema)
        self._sealing = False
        self._conn = self._connect()
        try:
            migrations.check(self._conn, MIGRATIONS, schema)
            with self._transaction("open the vault") as conn:
                register_first(conn, key_encryption.current.kek_id)
                self._index_key = _secret(conn, key_encryption, INDEX_KEY_NAME)
                self._own_facts_key = _secret(conn, key_encryption, OWN_FACTS_KEY_NAME)
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

    @property
    def own_facts_key(self) -> bytes:
        """What the ledger's own facts are authenticated with, 32 bytes; never in a log or message."""
        return self._own_facts_key

    # Subjects

    def resolve_subjects(self, mentions: Sequence[Mention]) -> list[UUID | None]:
        """The subjects mentions mean, made where nobody is known; see `directory.resolve`."""
        if not mentions:
            return []
        with self._transaction("resolve data subjects") as conn:
            return directory.resolve(conn, self._index_key, mentions, on_made=self._on_made)

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

    # Closing and forgetting a subject; see `closing`

    def close_subject(self, subject: UUID, why: str, *, controller: str | None = None) -> None:
        """Bars every key not made yet; those that exist live on. Returns when another look shows it closed.

        Args:
            subject: whose keys.
            why: a code such as `erasure`; it stands in the tombstones made from now on.
            controller: for a subject that a restored back-up does not know: it is made, closed.

        Raises:
            NotFound: no such subject, and no controller given.
        """
        with self._transaction("close a data subject") as conn:
            closing.close(conn, subject, why, controller=controller)
        # A crash here leaves it closed and unconfirmed; the caller asks again.
        with self._transaction("confirm that a data subject is closed") as conn:
            closing.confirm_closed(conn, subject)

    def is_closed(self, subject: UUID) -> bool:
        """Whether no key is made for a subject any more; False also when there is no such subject."""
        with self._transaction("look whether a data subject is closed") as conn:
            return closing.is_closed(conn, subject)

    def closed_subjects(self) -> list[UUID]:
        """Every closed subject, in order of its pseudonym."""
        with self._transaction("list closed data subjects") as conn:
            return closing.closed_subjects(conn)

    def forget_subject(self, subject: UUID) -> int:
        """Removes all identifiers of a closed subject and bars new ones; only its pseudonym still names it.

        Returns:
            How many there were.

        Raises:
            NotFound: no such subject.
            CallerError: it is not closed; or a batch of this very vault is in flight.
            BatchInFlight: a sealer's batch does not let us now; call again.
            NotForgotten: another look still finds identifiers.
        """
        return self._forget([subject])

    def _forget(self, subjects: Sequence[UUID]) -> int:
        """Forgets some subjects in one transaction, of which those that are forgotten need none."""
        if self._sealing:
            raise CallerError("nobody is forgotten in the middle of a batch", do="End the batch first.")
        with self._statement("look who is forgotten") as conn:
            left = closing.still_known(conn, subjects)
        removed = 0
        if left:
            with self._transaction("forget data subjects") as conn:
                self._close_gate(conn)
                removed = sum(closing.forget(conn, subject) for subject in left)
        # A crash here leaves them forgotten and unconfirmed; the caller asks again.
        with self._transaction("confirm that data subjects are forgotten") as conn:
            for subject in subjects:
                closing.confirm_forgotten(conn, subject)
        return removed

    def _close_gate(self, conn: Connection) -> None:
        """Keeps batches out until the transaction ends."""
        self._gate.close(conn)

    def directory_count(self, subject: UUID) -> int:
        """How many identifiers lead to a subject."""
        with self._transaction("count a data subject's identifiers") as conn:
            return closing.directory_count(conn, subject)

    # Keys

    def keys_for(self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]) -> KeyRing:
        """The keys to seal a batch with, made where there is neither key nor tombstone."""
        with self._transaction("make keys") as conn:
            return keys.get_or_create(conn, self._kek, subject_keys, epochs, on_made=self._on_made)

    def read_keys(
        self, subject_keys: Collection[SubjectKeyName], epochs: Collection[EpochKeyName]
    ) -> KeyRing:
        """The keys to open a batch with; makes none."""
        with self._transaction("read keys") as conn:
            return keys.read(conn, self._kek, subject_keys, epochs)

    def live_epochs(self, controller: str | None = None) -> list[EpochKeyName]:
        """The epochs that still have a key, of one controller or of all, in byte order."""
        with self._transaction("list live epochs") as conn:
            return keys.live_epochs(conn, controller)

    def epochs_made_since(self, moment: int) -> frozenset[EpochKeyName]:
        """The live epochs whose key was made after a moment, microseconds since the epoch, UTC."""
        with self._transaction("list new epochs") as conn:
            return keys.epochs_made_since(conn, moment)

    def subject_key_classes(self, subject: UUID) -> dict[str, keys.KeyState]:
        """The state of every subject key there is of a subject: class, or class and fact -> state."""
        with self._transaction("list a subject's keys") as conn:
            return keys.subject_key_classes(conn, subject)

    # Fields a hold keeps beyond their epoch; see `held`

    def hold_fields(self, rows: Collection[HeldField]) -> frozenset[HeldName]:
        """Stores what opens single fields, so that they outlive their epoch key.

        Returns:
            Which of these fields another look found held; without those whose subject key is destroyed.
        """
        with self._transaction("hold fields") as conn:
            held.hold(conn, self._kek, rows, on_made=self._on_made)
        # A crash here leaves them held, and the caller, not knowing it, holds them again: the same rows.
        return frozenset(self.held_fields({row.salt for row in rows})) & {row.name for row in rows}

    def held_fields(self, salts: Collection[bytes]) -> dict[HeldName, bytes]:
        """What opens the held fields of some records: (salt, field) -> secret; see `field_cipher`."""
        with self._transaction("read held fields") as conn:
            return held.read(conn, self._kek, salts)

    def held_subjects(self) -> list[tuple[str, UUID, str]]:
        """Of whom anything is held: (controller, subject, class), in byte order."""
        with self._transaction("list held subjects") as conn:
            return held.subjects(conn)

    def release_held(
        self, subject: UUID, classes: Collection[str] | None, *, offset: int | None = None
    ) -> int:
        """Ends what is held of a subject, for ever, and confirms it.

        Args:
            subject: whose fields.
            classes: of these classes, each fact's own among them; None for all.
            offset: of the release in the governance partition: what was put aside after it stays; None for all.

        Returns:
            How many fields were released.

        Raises:
            NotDestroyed: one is still held.
        """
        with self._transaction("release held fields") as conn:
            released = held.release(conn, subject, classes, offset)
        # A crash here leaves them released and unconfirmed; the caller asks again.
        with self._transaction("confirm a release") as conn:
            destruction.confirm_released(conn, subject, classes, offset)
        return released

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

    def destroy_subject_classes(self, subject: UUID, classes: Collection[str], why: str) -> frozenset[str]:
        """Destroys every key of some classes, each fact's own among them, and confirms it.

        Returns:
            The keys that were live: class, or class and fact.

        Raises:
            NotDestroyed: one still opens.
            CallerError: a name of one fact's key stands among the classes.
        """
        with self._transaction("destroy subject keys") as conn:
            destroyed = destruction.destroy_subject_classes(conn, subject, classes, why)
        # A crash here leaves it destroyed and unconfirmed; the caller asks again.
        self.confirm_subject_classes_destroyed(subject, {*classes, *destroyed})
        return destroyed

    def destroy_epoch(self, controller: str, retention_class: str, day: int, why: str) -> bool:
        """Destroys one epoch key and confirms it.

        Returns:
            Whether there was a live key.

        Raises:
            NotDestroyed: it still opens.
        """
        return bool(self.destroy_epochs([(controller, retention_class, day)], why))

    def destroy_epochs(self, names: Collection[EpochKeyName], why: str) -> frozenset[EpochKeyName]:
        """Destroys epoch keys, all or none, and confirms it.

        Returns:
            Those that had a live key.

        Raises:
            NotDestroyed: one still opens.
        """
        with self._statement("destroy epoch keys") as conn:
            destroyed = destruction.destroy_epochs(conn, names, why)
        # A crash here leaves them destroyed and unconfirmed; the caller asks again.
        self.confirm_epochs_destroyed(names)
        return destroyed

    def confirm_subject_destroyed(self, subject: UUID, classes: Collection[str]) -> None:
        """Tries to open a subject's keys; raises NotDestroyed unless tombstones prevent it."""
        with self._transaction("confirm a destruction") as conn:
            destruction.confirm_subject_destroyed(conn, self._kek, subject, classes)

    def confirm_subject_classes_destroyed(self, subject: UUID, classes: Collection[str]) -> None:
        """Tries to open every key of a subject's classes; raises NotDestroyed unless tombstones prevent it."""
        with self._transaction("confirm a destruction") as conn:
            destruction.confirm_subject_classes_destroyed(conn, self._kek, subject, classes)

    def confirm_epoch_destroyed(self, controller: str, retention_class: str, day: int) -> None:
        """Tries to open an epoch key; raises NotDestroyed unless a tombstone prevents it."""
        self.confirm_epochs_destroyed([(controller, retention_class, day)])

    def confirm_epochs_destroyed(self, names: Collection[EpochKeyName]) -> None:
        """Tries to open epoch keys; raises NotDestroyed unless tombstones prevent it."""
        with self._statement("confirm a destruction") as conn:
            destruction.confirm_epochs_destroyed(conn, self._kek, names)

    # What was applied of the ledger's governance partition; see `governance`

    def governance_state(self) -> GovernanceState:
        """How far the vault has followed the ledger's governance partition, and what is not kept since."""
        with self._transaction("read the governance position") as conn:
            return governance.load(conn)

    def advance_governance(
        self,
        expected_next: int,
        new_next: int,
        *,
        settings: Collection[RetentionSetting],
        forget: Collection[UUID],
        inbox_ends: InboxEnds,
    ) -> bool:
        """Moves the position by compare-and-swap and keeps what was learnt; False when another moved it."""
        with self._transaction("advance the governance position") as conn:
            return governance.advance(
                conn, expected_next, new_next, settings=settings, forget=forget, inbox_ends=inbox_ends
            )

    def not_forgotten(self, subjects: Collection[UUID]) -> frozenset[UUID]:
        """Which of these subjects identifiers may still lead to."""
        with self._transaction("look who is forgotten") as conn:
            return governance.not_forgotten(conn, subjects)

    def forget_due(self) -> None:
        """Forgets the subjects that waited for the sealers, where those are past what the inbox held.

        Raises:
            BatchInFlight: a sealer's batch does not let us now; call again.
        """
        with self._transaction("look who is to be forgotten") as conn:
            due = governance.due_to_forget(conn)
        for first in range(0, len(due), FORGOTTEN_AT_ONCE):
            subjects = due[first : first + FORGOTTEN_AT_ONCE]
            for subject in subjects:
                # Closed long before, unless somebody undid it; the confirmed erasure is in the log, so it holds.
                if not self.is_closed(subject):
                    self.close_subject(subject, FORGOTTEN_WHY)
            self._forget(subjects)
            # A crash here leaves them forgotten and still waiting; the next call forgets them again.
            with self._transaction("end a wait") as conn:
                for subject in subjects:
                    governance.end_wait(conn, subject)

    # Archives of personal data; see `issued_exports`

    def note_issued_export(self, export: IssuedExport) -> None:
        """Notes where an archive of personal data was put."""
        with self._transaction("note an export") as conn:
            issued_exports.note(conn, export)

    def complete_issued_export(self, export_id: UUID, sha256: str) -> None:
        """Adds the digest of an archive that is whole to its note."""
        with self._transaction("complete an export") as conn:
            issued_exports.complete(conn, export_id, sha256)

    def closed_of(self, controller: str, subject: UUID | None) -> int:
        """How many closed subjects a controller has; of one subject, 1 or 0."""
        with self._transaction("count closed subjects") as conn:
            return issued_exports.closed_of(conn, controller, subject)

    def issued_exports(self, controller: str, subject: UUID) -> Sequence[IssuedExport]:
        """The archives that can hold a data subject's data, oldest first; whether they still stand is not known."""
        with self._transaction("read issued exports") as conn:
            return issued_exports.of_subject(conn, controller, subject)

    def forget_issued_export(self, export_id: UUID) -> bool:
        """Takes the note of an archive away, once it is gone; whether there was one."""
        with self._transaction("forget an export") as conn:
            return issued_exports.forget(conn, export_id)

    # Batches in flight; see `in_flight`

    def begin_sealing(self, batch: Collection[Stretch]) -> None:
        """Keeps how far a batch reaches, and keeps everybody from being forgotten until `end_sealing`.

        Raises:
            ProgressMoved: another sealer moved the position of one of its inbox partitions; nothing is in flight.
            CallerError: a batch of this vault is in flight, or ended in an error.
        """
        with self._statement("begin a batch") as conn:
            if self._sealing:
                raise CallerError(
                    "a batch is in flight", do="End it first; after an error in it, open another vault."
                )
            self._sealing = True
            try:
                self._gate.begin(conn, batch)
            except progress.ProgressMoved:
                self._sealing = False
                raise

    def end_sealing(self) -> None:
        """Ends a batch of which every position has moved.

        Raises:
            InfrastructureError: the session of `begin_sealing` ended before; open another vault.
        """
        with self._statement("end a batch") as conn:
            self._gate.end(conn)
        self._sealing = False

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

    def sealer_positions(self) -> dict[tuple[str, int], int]:
        """(inbox topic, partition) -> the first offset its sealer has not sealed, for all there are."""
        with self._transaction("read the sealers' positions") as conn:
            return progress.positions(conn)

    def database_clock(self) -> int:
        """What the vault's server takes for now, microseconds since the epoch, UTC."""
        with self._transaction("read the vault's clock") as conn:
            ((now,),) = conn.execute(_SQL["clock"]).fetchall()
        return int(now)

    # Second copies; see `copies`

    def expect_not_older(self, newest_copy: int) -> None:
        """Raises VaultOlderThanCopies when this vault was restored, and a copy shows what it has lost."""
        with self._transaction("compare the vault with its second copies") as conn:
            expect_not_older(conn, newest_copy)

    def _copy(self, made: Made) -> None:
        """Copies what the transaction in hand made; what this raises undoes it."""
        if self._copies is not None:
            append_copy(self._conn, self._copies, made)

    @contextmanager
    def _transaction(self, what: str) -> Iterator[Connection]:
        """One transaction, committed when the block ends, its errors ours."""
        with self._statement(what) as conn, conn.transaction():
            yield conn

    @contextmanager
    def _statement(self, what: str) -> Iterator[Connection]:
        """For one statement, a transaction of its own: the connection commits each that stands in no other."""
        with translated_errors(what), retired_kek_refused():
            if self._conn.broken:
                self._conn = self._connect()
                self._sealing = False  # the gate went with the session; the mark stands
            yield self._conn

    def _connect(self) -> Connection:
        conn = connect(
            self._dsn, schema=self._schema, application_name=self._application_name, autocommit=True
        )
        with translated_errors("set up the vault's connection"):
            # A key lost in a crash of the server after its record reached the log is a field lost for ever.
            conn.execute("SET synchronous_commit = on")
        return conn


def _secret(conn: Connection, kek: KeyEncryption, name: str) -> bytes:
    """A key of the vault itself, made by whichever process opens the vault first."""
    place = secret_place(name)
    row = conn.execute(_SQL["read_secret"], {"name": name}).fetchone()
    if row is None:
        made = kek.wrap(token_bytes(KEY_BYTES), place)
        conn.execute(_SQL["add_secret"], {"name": name, "kek_id": made.kek_id, "wrapped": made.wrapped})
        # Read back, not returned: if another process was first, its key holds.
        row = conn.execute(_SQL["read_secret"], {"name": name}).fetchone()
    if row is None:
        raise IntegrityError(
            f"the vault lost its key {name}",
            do="Find out who deletes rows of vault_secret, and restore it from a back-up.",
        )
    return kek.unwrap(row[0], row[1], place)
