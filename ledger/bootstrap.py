"""The composition root: settings in, connected parts out. The only place that knows them all.

Without configuration the embedded services stand in; they are started for the duration of a command when
they are not running yet (DESIGN section 14).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import stamina

from consumers.lifecycle import tune_garbage_collection
from consumers.recorder import Reader, RecorderLoop, ledger_positions
from consumers.sealer import SealerLoop, inbox_positions, now_micros
from ledger.config import LEDGER_TOPIC, Settings
from ledger.contract.catalogue import Catalogue
from ledger.contract.registry import SchemaRegistry
from ledger.errors import CallerError, InfrastructureError
from ledger.log.key_copies import KeyCopyWriter, last_copies
from ledger.log.reader import PartitionReader
from ledger.log.records import Partition
from ledger.log.topics import check_partition_count, ensure_topics
from ledger.log.writer import LedgerWriter
from ledger.postgres.connection import Connection, connect
from ledger.postgres.migrations import check as check_migrations
from ledger.postgres.migrations import migrate
from ledger.recording.governance_facts import GovernanceFacts
from ledger.sealing.governance import GovernanceFollower
from ledger.sealing.sealer import Sealer
from ledger.store.ledger_store import LedgerStore
from ledger.vault.copies import Copies, decode
from ledger.vault.kek import Kek, KeyEncryption
from ledger.vault.vault import Vault, migrate_vault

T = TypeVar("T")
STORE_MIGRATIONS = Path(__file__).parent / "store" / "migrations"
CONNECT_ATTEMPTS = 5
CONNECT_PATIENCE_S = 15.0
"""A service that is being started answers within this; one that does not is reported, exit code 5."""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Where everything is, and how to connect to it."""

    settings: Settings
    kafka: str
    store_dsn: str
    vault_dsn: str
    key_encryption: KeyEncryption
    kek_file: Path | None = None
    """Where the KEK came from; None when it is in the environment."""
    clock: Callable[[], int] = now_micros
    """Now, in microseconds since the epoch, UTC: for the sealer and the jobs; folds never read one."""
    alone: Callable[[], bool] = lambda: False
    """Whether it is known that no other process seals or records."""

    @cached_property
    def catalogue(self) -> Catalogue:
        """The event schemas this version knows."""
        return Catalogue.load()

    def prepare(self) -> dict[str, object]:
        """Creates topics and tables, or brings them up to date; safe to repeat.

        Returns:
            what was done: topics, and migrations of the store and the vault.
        """
        return {
            "topics": self.create_topics(),
            "store": self.migrate_store(self.settings.store_schema),
            "vault": self.migrate_vault(),
        }

    def create_topics(self) -> dict[str, str]:
        """Creates the topics that are missing; name -> "created" or "present"."""
        return patiently(lambda: ensure_topics(self.settings, self.kafka))

    def migrate_store(self, schema: str) -> list[str]:
        """Brings one schema of the store up to date; the names of the migrations applied."""
        with self.store_connection(None) as connection:
            return [migration.name for migration in migrate(connection, STORE_MIGRATIONS, schema)]

    def migrate_vault(self) -> list[str]:
        """Brings the vault up to date; the names of the migrations applied."""
        return [migration.name for migration in patiently(lambda: migrate_vault(self.vault_dsn))]

    @contextmanager
    def store_connection(self, schema: str | None) -> Iterator[Connection]:
        """A connection to the store, on one schema."""
        connection = patiently(
            lambda: connect(self.store_dsn, schema=schema, application_name="ledger-query")
        )
        try:
            yield connection
        finally:
            connection.close()

    def newest_keks(self) -> KeyEncryption:
        """The KEKs as their file has them now: a process that runs for weeks outlives a rotation."""
        return KeyEncryption.from_file(self.kek_file) if self.kek_file else self.key_encryption

    @contextmanager
    def vault(self, copies: Copies | None = None) -> Iterator[Vault]:
        """The vault, up with the destructions in the ledger; see its docstring for what it promises.

        Args:
            copies: where second copies go of what is made; see `making_vault`.

        Raises:
            LogRegressed, LogHole: the ledger topic is not the one the vault followed; it must not serve.
            VaultOlderThanCopies: it was restored from a back-up, and nothing may be made in it yet.
        """
        vault = patiently(lambda: Vault(self.vault_dsn, self.newest_keks(), copies=copies))
        try:
            with self.reader({}) as reader:
                if copies is not None:
                    newest = max((decode(copy.value).order for copy, _ in last_copies(reader)), default=0)
                    vault.expect_not_older(newest)
                patiently(GovernanceFollower(vault, reader).follow)
            yield vault
        finally:
            vault.close()

    @contextmanager
    def making_vault(self) -> Iterator[Vault]:
        """The vault for whoever makes what data is sealed under or held by: all of it gets a second copy.

        Raises:
            VaultOlderThanCopies: as `vault`.
        """
        with patiently(lambda: KeyCopyWriter(self.kafka)) as copies, self.vault(copies) as vault:
            yield vault

    @contextmanager
    def reader(self, positions: dict[Partition, int]) -> Iterator[PartitionReader]:
        """A reader of some partitions."""
        reader = patiently(
            lambda: PartitionReader(self.kafka, positions, batch_size_max=self.settings.batch_size_max)
        )
        with reader:
            yield reader

    @contextmanager
    def sealer_loop(self, slot: tuple[int, int]) -> Iterator[SealerLoop]:
        """A sealer over the inbox partitions of a slot."""
        tune_garbage_collection()
        registry = SchemaRegistry(self.settings.schema_registry) if self.settings.schema_registry else None
        with (
            self.making_vault() as vault,
            self.reader({}) as reader,
            self.reader({}) as governance,
        ):
            check_partition_count(reader, self.settings.ledger_partitions)
            positions = inbox_positions(reader, vault, slot)
            reader.assign(positions)
            with LedgerWriter(self.kafka) as writer:
                sealer = Sealer(
                    vault,
                    self.catalogue,
                    ledger_partitions=self.settings.ledger_partitions,
                    registry=registry,
                )
                yield SealerLoop(
                    reader=reader,
                    writer=writer,
                    vault=vault,
                    sealer=sealer,
                    governance=GovernanceFollower(vault, governance),
                    progress=positions,
                    clock=self.clock,
                )

    @contextmanager
    def recorder_loop(
        self,
        slot: tuple[int, int] = (1, 1),
        *,
        schema: str | None = None,
        read_through: Callable[[PartitionReader], Reader] = lambda reader: reader,
        governance: GovernanceFacts | None = None,
    ) -> Iterator[RecorderLoop]:
        """A recorder over the ledger partitions of a slot.

        Args:
            slot: (i, n): every n-th partition.
            schema: into which schema; None for the live one.
            read_through: wraps the reader, for a replay that ends.
            governance: what to judge by instead of adopted packs, for a replay by other rules; as `RecorderLoop`.
        """
        tune_garbage_collection()
        schema = schema or self.settings.store_schema
        with self.store_connection(schema) as connection:
            check_migrations(connection, STORE_MIGRATIONS, schema)
        store = patiently(lambda: LedgerStore(self.store_dsn, schema))
        try:
            with self.reader({}) as reader:
                positions = ledger_positions(reader, store, slot)
                reader.assign({Partition(LEDGER_TOPIC, number): at for number, at in positions.items()})
                yield RecorderLoop(
                    reader=read_through(reader), store=store, positions=positions, governance=governance
                )
        finally:
            store.close()


@contextmanager
def runtime(settings: Settings, *, prepared: bool = True) -> Iterator[Runtime]:
    """The runtime of a command: configured services, or the embedded ones.

    Args:
        settings: where things are.
        prepared: bring topics and tables of the embedded services up to date first; configured services are
            prepared by `ledger migrate` and `ledger topics` only.

    Raises:
        CallerError: half of the services are configured.
    """
    if settings.embedded:
        # Imported here: production installs leave the embedded extra out.
        from ledger.dev.services import EmbeddedServices  # noqa: PLC0415

        with EmbeddedServices(settings.state_dir) as services:
            embedded = Runtime(
                settings=settings,
                kafka=services.kafka,
                store_dsn=services.store_dsn,
                vault_dsn=services.vault_dsn,
                key_encryption=KeyEncryption.from_file(services.kek_file),
                kek_file=services.kek_file,
                alone=services.alone,
            )
            if prepared:
                embedded.prepare()
            yield embedded
        return
    yield configured(settings)


def configured(settings: Settings) -> Runtime:
    """The runtime against services that are configured.

    Raises:
        CallerError: a setting is missing.
    """
    store_dsn, vault_dsn = settings.store_dsn.get_secret_value(), settings.vault_dsn.get_secret_value()
    kek = settings.kek.get_secret_value()
    missing = [
        name
        for name, value in (
            ("LEDGER_KAFKA", settings.kafka),
            ("LEDGER_STORE_DSN", store_dsn),
            ("LEDGER_VAULT_DSN", vault_dsn),
            ("LEDGER_KEK or LEDGER_KEK_FILE", kek or settings.kek_file),
        )
        if not value
    ]
    if missing:
        raise CallerError(
            "the configuration is incomplete",
            expected="all of LEDGER_KAFKA, LEDGER_STORE_DSN, LEDGER_VAULT_DSN and LEDGER_KEK_FILE, or none of them",
            found=f"missing {', '.join(missing)}",
            do="Set what is missing, or unset the others to use the embedded services",
        )
    file = settings.kek_file
    return Runtime(
        settings=settings,
        kafka=settings.kafka,
        store_dsn=store_dsn,
        vault_dsn=vault_dsn,
        key_encryption=KeyEncryption.from_file(file) if file else KeyEncryption(Kek.from_hex(kek)),
        kek_file=file,
    )


def patiently(attempt: Callable[[], T]) -> T:
    """Tries to reach a service a few times before giving up.

    Raises:
        InfrastructureError: the last attempt's.
    """
    for again in stamina.retry_context(
        on=InfrastructureError, attempts=CONNECT_ATTEMPTS, timeout=CONNECT_PATIENCE_S
    ):
        with again:
            return attempt()
    raise AssertionError("retry_context ends by returning or raising")
