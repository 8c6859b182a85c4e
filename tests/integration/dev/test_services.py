"""The embedded services with real processes: shared, restarted, repaired, and never left behind."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from psycopg.conninfo import conninfo_to_dict

from ledger.dev.processes import identify, wait_until
from ledger.dev.service_state import StateDirectory
from ledger.dev.services import EmbeddedServices, stop_services
from ledger.errors import CallerError
from ledger.vault.kek import KeyEncryption

pytestmark = pytest.mark.timeout(120)

USER = """
import sys
from pathlib import Path
import structlog
from ledger.dev.services import EmbeddedServices
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
with EmbeddedServices(Path(sys.argv[1])) as services:
    print(services.kafka, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_user(state_dir: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that uses the services until its stdin is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(state_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def alive(state_dir: Path) -> list[bool]:
    """Whether broker and PostgreSQL run, by the state file."""
    state = StateDirectory(state_dir).load()
    pids = [service.pid if service else None for service in (state.broker, state.postgres)]
    return [pid is not None and identify(pid) is not None for pid in pids]


def assert_work(services: EmbeddedServices) -> None:
    """Both databases and the broker answer."""
    for dsn in (services.store_dsn, services.vault_dsn, services.store_tcp_dsn, services.vault_tcp_dsn):
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    admin = KafkaAdminClient(bootstrap_servers=services.kafka)
    admin.list_topics()
    admin.close()


def test_last_user_stops_the_services_not_the_first_to_leave(state_dir: Path) -> None:
    """Two processes share; the one that started them leaves first, the other still works."""
    with another_user(state_dir) as first:
        assert first.stdout is not None
        address = first.stdout.readline().strip()
        with EmbeddedServices(state_dir) as services:
            assert services.kafka == address
            first.communicate("")
            assert first.returncode == 0
            assert_work(services)
            assert alive(state_dir) == [True, True]
    assert alive(state_dir) == [False, False]


def test_restart_keeps_topics_rows_and_addresses(state_dir: Path) -> None:
    """State survives a stop and start."""
    with EmbeddedServices(state_dir) as services:
        address, store_dsn, kek = services.kafka, services.store_dsn, services.kek_file.read_text()
        admin = KafkaAdminClient(bootstrap_servers=address)
        admin.create_topics([NewTopic("kept", num_partitions=3, replication_factor=1)])
        admin.close()
        producer = KafkaProducer(bootstrap_servers=address, acks="all")
        assert producer.send("kept", b"value", partition=2).get(timeout=10).offset == 0
        producer.close()
        with psycopg.connect(store_dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    with EmbeddedServices(state_dir) as services:
        assert (services.kafka, services.store_dsn) == (address, store_dsn)
        assert services.kek_file.read_text() == kek
        consumer = KafkaConsumer(bootstrap_servers=address)
        assert consumer.partitions_for_topic("kept") == {0, 1, 2}
        assert consumer.end_offsets([TopicPartition("kept", 2)]) == {TopicPartition("kept", 2): 1}
        consumer.close()
        with psycopg.connect(services.store_dsn) as connection:
            assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_killed_user_leaves_no_lock(state_dir: Path) -> None:
    """The kernel gives its lock back; the next last user stops what it left."""
    with another_user(state_dir) as victim:
        assert victim.stdout is not None
        victim.stdout.readline()
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    assert alive(state_dir) == [True, True]
    with EmbeddedServices(state_dir) as services:
        assert_work(services)
    assert alive(state_dir) == [False, False]


def test_killed_services_are_started_again(state_dir: Path) -> None:
    """A stale state file (a crash, a reboot) is repaired; PostgreSQL recovers what was committed."""
    with EmbeddedServices(state_dir, keep_running=True) as services:
        with psycopg.connect(services.store_dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        state = StateDirectory(state_dir).load()
        assert state.broker is not None
        assert state.postgres is not None
        pids = [state.broker.pid, state.postgres.pid]
    for pid in pids:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: alive(state_dir) == [False, False], timeout_s=10)
    with EmbeddedServices(state_dir) as services:
        assert_work(services)
        with psycopg.connect(services.store_dsn) as connection:
            assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_state_file_naming_another_process_is_repaired(state_dir: Path) -> None:
    """After a reboot a pid may be anybody's: that process is left alone."""
    with EmbeddedServices(state_dir):
        pass
    file = state_dir / "services.json"
    state = json.loads(file.read_text())
    for service in state.values():
        service |= {"pid": os.getpid(), "born": "1"}
    file.write_text(json.dumps(state))
    with EmbeddedServices(state_dir) as services:
        assert_work(services)


def test_lost_state_file_finds_the_running_services(state_dir: Path) -> None:
    """The services' own pid files tell; nothing runs twice on one directory."""
    with EmbeddedServices(state_dir, keep_running=True) as services:
        first = StateDirectory(state_dir).load()
    (state_dir / "services.json").unlink()
    with EmbeddedServices(state_dir) as services:
        assert_work(services)
    assert first.broker is not None
    assert first.broker.pid is not None
    assert identify(first.broker.pid) is None
    assert alive(state_dir) == [False, False]


def test_kept_services_run_until_stopped(state_dir: Path) -> None:
    """`keep_running` leaves them up; `stop_services` refuses while somebody uses them."""
    with (
        EmbeddedServices(state_dir, keep_running=True),
        pytest.raises(CallerError, match="in use"),
    ):
        stop_services(state_dir)
    assert alive(state_dir) == [True, True]
    stop_services(state_dir)
    assert alive(state_dir) == [False, False]


def test_each_role_reaches_its_own_database_only(state_dir: Path) -> None:
    """What can be forgotten is not joined to what is kept."""
    with EmbeddedServices(state_dir) as services:
        for dsn, other in ((services.store_dsn, "vault"), (services.vault_dsn, "ledger")):
            for database in (other, "postgres", "template1"):
                with pytest.raises(psycopg.OperationalError, match="permission denied"):
                    psycopg.connect(dsn, dbname=database)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(services.store_tcp_dsn, password="guess")


def test_failing_statement_is_not_in_the_log(state_dir: Path) -> None:
    """PostgreSQL would write the statement, with what it carried, and values even in its message."""
    canary = "+31600009999"
    worked = 0
    with (
        EmbeddedServices(state_dir) as services,
        psycopg.connect(services.store_dsn, autocommit=True) as connection,
    ):
        for statement, values in (
            (f"SELECT '{canary}' FROM absent", None),
            (f"SELECT '{canary}'::date", None),
            ("SELECT %s::date", [canary]),
            ("CREATE TABLE t (number text PRIMARY KEY)", None),
            ("INSERT INTO t VALUES (%s)", [canary]),
            ("INSERT INTO t VALUES (%s)", [canary]),
        ):
            with suppress(psycopg.Error):
                connection.execute(statement, values)
                worked += 1
    assert worked == 2
    logs = b"".join(path.read_bytes() for path in (state_dir / "logs").iterdir())
    assert b"ready to accept connections" in logs
    assert canary.encode() not in logs


def test_kek_file_is_private_and_a_key(state_dir: Path) -> None:
    """64 hexadecimal digits and a newline, mode 0600: what the vault reads."""
    with EmbeddedServices(state_dir) as services:
        content = services.kek_file.read_text()
        assert len(content) == 65
        assert content.endswith("\n")
        assert stat.S_IMODE(services.kek_file.stat().st_mode) == 0o600
        assert KeyEncryption.from_file(services.kek_file)


def test_deep_state_directory_works(state_dir: Path) -> None:
    """A unix socket's path may have some hundred bytes only."""
    deep = state_dir / ("d" * 60) / ("e" * 60) / "met spatie"
    with EmbeddedServices(deep) as services:
        assert_work(services)
        socket_dir = conninfo_to_dict(services.store_dsn)["host"]
    assert alive(deep) == [False, False]
    assert isinstance(socket_dir, str)
    assert not Path(socket_dir).exists()


def test_failure_to_start_one_service_stops_the_other(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left running by a start that failed halfway."""
    monkeypatch.setenv("LEDGER_DEV_PG_BIN", str(state_dir))
    services = EmbeddedServices(state_dir)
    with pytest.raises(CallerError, match="LEDGER_DEV_PG_BIN"):
        services.__enter__()
    assert alive(state_dir) == [False, False]


@pytest.mark.skipif(not Path("/usr/lib/postgresql/15/bin/initdb").exists(), reason="Debian's PostgreSQL 15")
def test_another_postgres_can_be_used(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LEDGER_DEV_PG_BIN names its programs."""
    monkeypatch.setenv("LEDGER_DEV_PG_BIN", "/usr/lib/postgresql/15/bin")
    with EmbeddedServices(state_dir) as services:
        assert_work(services)
        with psycopg.connect(services.store_dsn) as connection:
            assert connection.info.server_version // 10_000 == 15


def test_many_users_starting_at_once_share_one_start(state_dir: Path) -> None:
    """Ten processes race; all get the same address and the last one leaves nothing."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", USER, str(state_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for _ in range(10)
    ]
    addresses = set()
    for process in processes:
        assert process.stdout is not None
        addresses.add(process.stdout.readline())
    assert len(addresses) == 1
    for process in processes:
        process.communicate("")
        assert process.returncode == 0
    assert alive(state_dir) == [False, False]


def test_addresses_are_refused_before_entering(state_dir: Path) -> None:
    """An address of a service that does not run helps nobody."""
    services = EmbeddedServices(state_dir)
    for name in ("kafka", "store_dsn", "vault_dsn", "store_tcp_dsn", "kek_file"):
        with pytest.raises(CallerError, match="not started"):
            getattr(services, name)
