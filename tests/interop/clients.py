"""Publishers and readers that are not ours: Node with avsc and kafkajs, Java with Apache's Avro and Kafka client.

Owns building and running them. What they publish is in `events.json`.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

HERE = Path(__file__).resolve().parent
SCHEMAS = HERE.parents[1] / "schemas"
EVENTS_FILE = HERE / "events.json"

ASKED_FOR = os.environ.get("LEDGER_INTEROP") == "1"
BUILD_TIMEOUT_S = 600
"""The first build fetches 30 MB; later ones take seconds."""
RUN_TIMEOUT_S = 120
"""A run takes a second in Node and two in Java."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """One foreign client, built: how to start its two programs."""

    name: str
    publishing: tuple[str, ...]
    reading: tuple[str, ...]

    @property
    def source(self) -> str:
        """The CloudEvents source it publishes under."""
        return f"urn:example:{self.name}"

    def publish(self, bootstrap: str) -> Any:
        """What it prints after publishing the events: where each landed."""
        return _printed(*self.publishing, bootstrap, str(SCHEMAS), str(EVENTS_FILE), self.source)

    def read_log(self, bootstrap: str) -> Any:
        """What it prints of the ledger topic."""
        return _printed(*self.reading, bootstrap, str(SCHEMAS))


def node() -> Client:
    """The Node client, with exactly the packages of its lock file."""
    program, npm = _tool("node"), _tool("npm")
    here = HERE / "node"
    _build(npm, "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", directory=here)
    return Client(
        name="node",
        publishing=(program, str(here / "publish.mjs")),
        reading=(program, str(here / "readback.mjs")),
    )


def java() -> Client:
    """The Java client; Maven fetches only what this machine does not have yet."""
    program, mvn = _tool("java"), _tool("mvn")
    here = HERE / "java"
    shutil.rmtree(here / "target", ignore_errors=True)
    compiling = (mvn, "--quiet", "--batch-mode", "compile")
    if _run(*compiling, "--offline", directory=here, timeout_s=BUILD_TIMEOUT_S).returncode != 0:
        _build(*compiling, directory=here)
    jars = os.pathsep.join(str(here / "target" / place) for place in ("classes", "lib/*"))
    start = (program, "-cp", jars)
    return Client(
        name="java",
        publishing=(*start, "example.publisher.Publish"),
        reading=(*start, "example.publisher.ReadBack"),
    )


CLIENTS: Mapping[str, Callable[[], Client]] = {"node": node, "java": java}
"""How each client is built."""


def _tool(name: str) -> str:
    """Where a tool is; a missing one is an error, because whoever sets LEDGER_INTEROP wants to know."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed: install it, or unset LEDGER_INTEROP")
    return found


def _build(*command: str, directory: Path) -> None:
    done = _run(*command, directory=directory, timeout_s=BUILD_TIMEOUT_S)
    assert done.returncode == 0, f"{directory.name} does not build:\n{done.stdout}{done.stderr}"


def _printed(*command: str) -> Any:
    done = _run(*command, directory=HERE, timeout_s=RUN_TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout)


def _run(*command: str, directory: Path, timeout_s: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=directory, capture_output=True, encoding="utf-8", timeout=timeout_s, check=False
    )
