"""The embedded services as their users see them: enter the context, get the addresses.

The first user starts them, later ones (other processes too) attach, the last one to leave stops them; a user
that is killed leaves no trace but running services, which the next last user stops. Steps on entering, all
while holding `start.lock`:

1. count ourselves as a user;
2. for each service: does the remembered process live and answer? else start it (its state is on disk);
3. write services.json. A crash before this leaves a service that the next start finds by its own pid file.

On leaving, again holding `start.lock`: are we the last? then stop both and say so in services.json.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from ledger.dev import broker, postgres
from ledger.dev.broker import RunningBroker
from ledger.dev.cluster import STORE_DATABASE, STORE_ROLE, VAULT_DATABASE, VAULT_ROLE
from ledger.dev.postgres import RunningPostgres
from ledger.dev.processes import ProcessIdentity
from ledger.dev.service_state import Remembered, ServiceState, StateDirectory
from ledger.errors import CallerError
from ledger.vault.kek import generate_kek_file

log = structlog.get_logger(__name__)


class EmbeddedServices:
    """Context manager: a broker and a PostgreSQL on this machine, shared by all processes of one directory.

    Args:
        state_dir: where their state is (`Settings.state_dir`); made when missing.
        keep_running: leave them up even when this is the last user; `stop_services` or the last user without
            this option stops them.
    """

    def __init__(self, state_dir: Path, *, keep_running: bool = False) -> None:
        self._state_dir = state_dir
        self._keep_running = keep_running
        self._directory: StateDirectory | None = None
        self._user: int | None = None
        self._owner = os.getpid()
        self._broker: RunningBroker | None = None
        self._postgres: RunningPostgres | None = None

    def __enter__(self) -> Self:
        """Starts or attaches.

        Raises:
            CallerError: the extra `embedded` is not installed, or the object is entered twice.
            InfrastructureError: a service did not start.
        """
        if self._user is not None:
            raise CallerError("the embedded services are already entered", do="Make another object.")
        directory = self._directory = StateDirectory(self._state_dir)
        self._owner = os.getpid()
        with directory.starting():
            self._user = directory.register_user()
            try:
                _ensure_kek(directory)
                self._broker = _ensure_broker(directory)
                self._postgres = _ensure_postgres(directory)
            except BaseException:
                self._leave(directory, self._user)
                raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves; the last user stops the services.

        Raises:
            InfrastructureError: a service does not stop.
        """
        if self._directory is None or self._user is None:
            return
        if self._owner != os.getpid():
            return  # a forked copy: the original leaves, not we
        with self._directory.starting():
            self._leave(self._directory, self._user)

    def _leave(self, directory: StateDirectory, user: int) -> None:
        try:
            if directory.is_last_user(user) and not self._keep_running:
                _stop_both(directory)
        finally:
            os.close(user)
            self._user = self._broker = self._postgres = None

    def alone(self) -> bool:
        """Whether no other process uses the services now, a sealer or recorder among them."""
        if self._directory is None or self._user is None:
            raise _not_entered()
        with self._directory.starting():
            return self._directory.is_only_user(self._user)

    @property
    def kafka(self) -> str:
        """Bootstrap address of the broker, host:port."""
        if self._broker is None:
            raise _not_entered()
        return self._broker.address

    @property
    def store_dsn(self) -> str:
        """Connection string of the event store's database, as its owner."""
        return self._server().dsn(database=STORE_DATABASE, role=STORE_ROLE)

    @property
    def vault_dsn(self) -> str:
        """Connection string of the vault's database, as its owner."""
        return self._server().dsn(database=VAULT_DATABASE, role=VAULT_ROLE)

    @property
    def store_tcp_dsn(self) -> str:
        """`store_dsn` through 127.0.0.1, with a password in it: for tests that put a proxy in between."""
        return self._tcp_dsn(STORE_DATABASE, STORE_ROLE)

    @property
    def vault_tcp_dsn(self) -> str:
        """`vault_dsn` through 127.0.0.1, with a password in it."""
        return self._tcp_dsn(VAULT_DATABASE, VAULT_ROLE)

    @property
    def kek_file(self) -> Path:
        """File with the key-encryption key: 64 hex digits and a newline, mode 0600, made once."""
        if self._directory is None:
            raise _not_entered()
        return self._directory.kek_file

    def _server(self) -> RunningPostgres:
        if self._postgres is None:
            raise _not_entered()
        return self._postgres

    def _tcp_dsn(self, database: str, role: str) -> str:
        server = self._server()
        if self._directory is None:
            raise _not_entered()
        return server.tcp_dsn(database=database, role=role, password=self._directory.password())


def stop_services(state_dir: Path) -> None:
    """Stops services that were left running.

    Raises:
        CallerError: another process uses them.
        InfrastructureError: one does not stop.
    """
    directory = StateDirectory(state_dir)
    with directory.starting():
        user = directory.register_user()
        try:
            if not directory.is_last_user(user):
                raise CallerError(
                    "the embedded services are in use",
                    found="another process that uses them",
                    do="End it first; the last user stops them.",
                )
            _stop_both(directory)
        finally:
            os.close(user)


def _ensure_broker(directory: StateDirectory) -> RunningBroker:
    state = directory.load()
    known = _known_broker(state)
    if known is not None and known.answers:
        return known
    if known is not None and known.process.alive:
        broker.stop(known)  # it lives and does not answer: a clean stop saves what it holds
    running = broker.start(
        directory.broker_data,
        log=directory.logs / "broker.log",
        remembered_port=state.broker.port if state.broker else None,
    )
    log.info("embedded.broker.started", address=running.address)
    directory.save(_with_broker(state, running))
    return running


def _ensure_postgres(directory: StateDirectory) -> RunningPostgres:
    state = directory.load()
    known = _known_postgres(state)
    if known is not None and known.answers:
        return known
    running = postgres.start(
        directory.postgres_data,
        log=directory.logs / "postgres.log",
        remembered_port=state.postgres.port if state.postgres else None,
        password=directory.password(),
    )
    log.info("embedded.postgres.started", port=running.port)
    remembered = Remembered(
        pid=running.process.pid, born=running.process.born, port=running.port, socket_dir=running.socket_dir
    )
    directory.save(ServiceState(broker=state.broker, postgres=remembered))
    return running


def _stop_both(directory: StateDirectory) -> None:
    state = directory.load()
    known = _known_broker(state)
    if known is not None:
        broker.stop(known)
    postgres.stop(directory.postgres_data)
    # A crash before this leaves dead pids in the file; the next start sees that they are dead.
    directory.save(ServiceState(broker=_stopped(state.broker), postgres=_stopped(state.postgres)))
    log.info("embedded.services.stopped")


def _stopped(service: Remembered | None) -> Remembered | None:
    return service and Remembered(pid=None, born="", port=service.port, socket_dir=service.socket_dir)


def _with_broker(state: ServiceState, running: RunningBroker) -> ServiceState:
    remembered = Remembered(pid=running.process.pid, born=running.process.born, port=running.port)
    return ServiceState(broker=remembered, postgres=state.postgres)


def _known_broker(state: ServiceState) -> RunningBroker | None:
    known = state.broker
    if known is None or known.pid is None:
        return None
    return RunningBroker(process=ProcessIdentity(pid=known.pid, born=known.born), port=known.port)


def _known_postgres(state: ServiceState) -> RunningPostgres | None:
    known = state.postgres
    if known is None or known.pid is None:
        return None
    process = ProcessIdentity(pid=known.pid, born=known.born)
    return RunningPostgres(process=process, port=known.port, socket_dir=known.socket_dir)


def _ensure_kek(directory: StateDirectory) -> None:
    if directory.kek_file.exists():
        return
    # A crash here leaves the `.new` file, which the next start throws away: a KEK under its name is whole.
    fresh = directory.kek_file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    generate_kek_file(fresh)
    fresh.rename(directory.kek_file)


def _not_entered() -> CallerError:
    return CallerError("the embedded services are not started", do="Use the object as a context manager.")
