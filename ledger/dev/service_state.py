"""What the state directory remembers of the embedded services, and the locks between their users.

    .ledger/
      services.json    processes, ports and socket of the last start; a process may be long dead
      start.lock       held while somebody starts or stops services
      users.lock       shared by every user; who can take it alone is the last
      broker/ postgres/ socket/ logs/    the services' own
      secrets/         kek (key-encryption key), postgres (password for TCP); mode 0600

Locks are flock(2): the kernel gives them back when a process ends, however it ends.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

PASSWORD_BYTES = 16


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """One service as it was last started; `pid` None after a clean stop, the port stays."""

    pid: int | None
    born: str
    port: int
    socket_dir: str = ""


class ServiceState(msgspec.Struct, frozen=True, kw_only=True):
    """Content of services.json."""

    broker: Remembered | None = None
    postgres: Remembered | None = None


class StateDirectory:
    """Paths, state file, secrets and locks of one state directory; made when missing."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.logs = self.path / "logs"
        self.logs.mkdir(mode=0o711, exist_ok=True)
        self.secrets = self.path / "secrets"
        self.secrets.mkdir(mode=0o700, exist_ok=True)
        self.broker_data = self.path / "broker"
        self.postgres_data = self.path / "postgres"
        self.kek_file = self.secrets / "kek"

    def load(self) -> ServiceState:
        """What was written last; nothing when the file is missing or unreadable, then we look again."""
        try:
            return msgspec.json.decode((self.path / "services.json").read_bytes(), type=ServiceState)
        except (OSError, msgspec.MsgspecError):
            return ServiceState()

    def save(self, state: ServiceState) -> None:
        """Replaces the state file whole: a crash leaves the old one, and liveness is checked anyway."""
        fresh = self.path / "services.json.new"
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n")
        fresh.replace(self.path / "services.json")

    def password(self) -> str:
        """The password of the database roles for TCP, made once. The first time, hold `starting`."""
        file = self.secrets / "postgres"
        if not file.exists():
            _create_secret(file, secrets.token_hex(PASSWORD_BYTES))
        return file.read_text(encoding="ascii").strip()

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Alone among all processes: whoever starts, stops or counts users holds this."""
        descriptor = self._open("start.lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def register_user(self) -> int:
        """Counts this process as a user until the returned descriptor is closed. Hold `starting`."""
        descriptor = self._open("users.lock")
        # Never waits: it is only held alone by somebody who also holds `starting`.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return descriptor

    def is_last_user(self, descriptor: int) -> bool:
        """Whether nobody else uses the services. Hold `starting`; close the descriptor afterwards.

        On False the shared lock may be lost (flock converts by letting go first), hence only for leaving.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_only_user(self, descriptor: int) -> bool:
        """Whether nobody else uses the services; the caller stays a user. Hold `starting`."""
        only = self.is_last_user(descriptor)
        # Never waits: nobody takes it alone without holding `starting`.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return only

    def _open(self, name: str) -> int:
        # not inheritable: a service started by us must not count as a user for ever
        return os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _create_secret(file: Path, value: str) -> None:
    # whole under its name or not there: a crash leaves the `.new` file, which the next start overwrites
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(value + "\n")
    fresh.rename(file)
