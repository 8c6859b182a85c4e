"""Settings: environment variables `LEDGER_*`, secrets also from files through `LEDGER_*_FILE`.

Without `LEDGER_KAFKA`, `LEDGER_STORE_DSN` and `LEDGER_VAULT_DSN` the embedded services are used (`ledger.dev`).
"""

import os
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.errors import CallerError

LEDGER_TOPIC = "ledger"
INSTRUCTIONS_TOPIC = "ledger.instructions"
COPIES_TOPIC = "vault.copies"
"""A second copy of what the vault makes, for the time between its back-ups; wrapped, and kept for some weeks."""
INBOX_TOPICS = ("inbox.processing", "inbox.consent", "inbox.rights", "inbox.governance")
"""The four inbox topics of the contract; a publisher's ACL names the ones it may write."""


class Settings(BaseSettings):
    """What a process needs to know to start. `ledger config show` prints it, secrets hidden."""

    model_config = SettingsConfigDict(env_prefix="LEDGER_", extra="ignore", frozen=True)

    kafka: str = Field(default="", description="Kafka bootstrap servers, host:port[,host:port]")
    store_dsn: SecretStr = Field(default=SecretStr(""), description="PostgreSQL of the event store")
    vault_dsn: SecretStr = Field(
        default=SecretStr(""), description="PostgreSQL of the vault, another database"
    )
    kek: SecretStr = Field(default=SecretStr(""), description="key-encryption key, 64 hex digits")
    kek_file: Path | None = Field(default=None, description="file that holds the key-encryption key")
    schema_registry: str = Field(default="", description="Confluent schema registry base URL, optional")
    store_schema: str = Field(default="ledger", description="PostgreSQL schema of the live state")
    state_dir: Path = Field(
        default=Path(".ledger"), description="where the embedded services keep their state"
    )
    ledger_partitions: int = Field(default=8, ge=2, le=1024, description="fixed for ever; 0 is governance")
    inbox_partitions: int = Field(default=2, ge=1, le=1024, description="of each inbox topic")
    replication_factor: int = Field(default=1, ge=1, le=9)
    inbox_retention_hours: int = Field(default=72, ge=1, description="plaintext: hours, not days")
    key_copy_days: int = Field(
        default=35, ge=1, le=366, description="of second copies of new keys; longer than between two back-ups"
    )
    batch_size_max: int = Field(default=2000, ge=1, le=50_000, description="records per transaction")
    destructions_max: int = Field(
        default=2000, ge=0, description="keys one retention run may destroy without a second person"
    )
    log_level: str = Field(default="info")
    log_format: str = Field(default="auto", pattern="^(auto|json|text)$")

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, object]) -> dict[str, object]:
        """Fills a connection string from the file that `LEDGER_…_FILE` names; the KEK's file is read by the vault."""
        for name in ("store_dsn", "vault_dsn"):
            path = os.environ.get(f"LEDGER_{name.upper()}_FILE")
            if path and not values.get(name):
                values[name] = _read_secret(name, Path(path))
        return values

    @field_validator("kek_file", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @cached_property
    def embedded(self) -> bool:
        """Whether the embedded services stand in for Kafka and PostgreSQL."""
        return not (self.kafka or self.store_dsn.get_secret_value() or self.vault_dsn.get_secret_value())

    def child_environment(self) -> dict[str, str]:
        """The environment in which a child process reads the same settings."""
        return dict(os.environ, LEDGER_STATE_DIR=str(self.state_dir))


def _read_secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise CallerError(
            f"cannot read the file of LEDGER_{name.upper()}_FILE",
            found=type(error).__name__,
            do="Point it at a file this process may read",
        ) from error
