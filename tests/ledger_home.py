"""One ledger of its own in a directory: the embedded services, and `ledger` as a user runs it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from consumers.sealer import inbox_positions
from ledger.bootstrap import Runtime, runtime
from ledger.config import INBOX_TOPICS, LEDGER_TOPIC, Settings
from ledger.contract.catalogue import Catalogue
from ledger.contract.writing import cloudevent_headers, encode_single_object
from ledger.draining import drain
from ledger.log.publisher import InboxPublisher, InboxRecord, Published
from ledger.log.records import Partition, ReadRecord
from ledger.replay import Until, live_state, replay
from tests.command_server import command_server

COMMAND_TIMEOUT_S = 120
STOP_TIMEOUT_S = 15
"""A process abandons its batch before this."""
CATALOGUE = Catalogue.load()
NOON = 1_774_609_200_000_000
"""2026-03-27T11:00:00Z, in microseconds."""
MINUTE = 60_000_000

COMMON: Mapping[str, object] = {
    "controller": "dentist-example",
    "role": "processor",
    "purpose": "telephony",
    "lawful_basis": "contract",
    "data_categories": ["phone_number"],
    "processors": [],
    "storage_country": "NL",
    "instruction_id": None,
    "notice_version": "2026-01",
}


class LedgerHome:
    """A state directory and the command line on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = Settings(state_dir=path)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("LEDGER_")}
        self.environment["LEDGER_STATE_DIR"] = str(path)

    def run(
        self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Runs `ledger` with these arguments, as a process."""
        return command_server().run(
            arguments,
            stdin=stdin,
            environment={**self.environment, **(environment or {})},
            timeout_s=COMMAND_TIMEOUT_S,
        )

    def json(self, *arguments: str, stdin: bytes = b"", expected_exit: int = 0) -> Any:
        """The JSON document that `ledger … --json` prints."""
        done = self.run(*arguments, "--json", stdin=stdin)
        assert expected_exit == done.returncode, done.stderr.decode()
        return msgspec.json.decode(done.stdout)

    @contextmanager
    def process(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A long-running `ledger` command, ended with the block."""
        started = subprocess.Popen(
            [sys.executable, "-m", "ledger.cli", *arguments],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Sealer and recorder beside the commands, as in production, so that a command waits for them briefly.

        Without the scheduler: a year after `NOON` it would begin to end what the tests seal then, and say so in facts
        that nobody counts on.
        """
        with self.process("seal"), self.process("record"):
            yield

    @contextmanager
    def parts(self) -> Iterator[Runtime]:
        """The composition root on this ledger."""
        with runtime(self.settings) as parts:
            yield parts


@contextmanager
def new_home() -> Iterator[LedgerHome]:
    """A ledger in a directory of its own, removed at the end.

    Not in pytest's own directory, which every starting pytest closes to other users: as root, PostgreSQL runs
    as one of those.
    """
    path = Path(tempfile.mkdtemp(prefix="ledger-home-"))
    try:
        yield LedgerHome(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def fact(event_type: str, **fields: Any) -> dict[str, object]:
    """A payload of an event type: the common fields, nulls where the schema allows, and what is given."""
    schema = CATALOGUE.latest(event_type)
    assert schema is not None
    datum: dict[str, object] = {}
    raw_fields: Any = schema.raw["fields"]
    for field in raw_fields:
        datum[field["name"]] = _plain_value(field)
    return {**datum, **COMMON, **fields}


def _plain_value(field: Mapping[str, Any]) -> object:
    """The least value a field's type allows."""
    kind = field["type"]
    if isinstance(kind, list):
        return None
    if isinstance(kind, dict):
        kind = kind["symbols"] if kind["type"] == "enum" else kind["type"]
    if isinstance(kind, list):
        return kind[0]
    return {"string": "", "boolean": False, "int": 0, "long": 0, "array": []}[kind]


def inbox_record(
    event_type: str, event_id: str, *, occurred_at: int = NOON, source: str = "urn:test:pbx", **fields: Any
) -> InboxRecord:
    """An inbox record in Avro."""
    schema = CATALOGUE.latest(event_type)
    assert schema is not None
    return InboxRecord(
        topic=schema.topic,
        key=None,
        value=encode_single_object(schema, fact(event_type, **fields)),
        headers=cloudevent_headers(schema, event_id, source, occurred_at),
    )


def call(event_id: str, caller: str, called: str, **fields: Any) -> InboxRecord:
    """A completed call between two numbers."""
    return inbox_record(
        "call.completed", event_id, call_id=event_id, caller_number=caller, called_number=called, **fields
    )


def publish(parts: Runtime, *records: InboxRecord) -> list[Published]:
    """Publishes records and waits for their acknowledgement."""
    with InboxPublisher(parts.kafka) as publisher:
        return publisher.publish(records)


def seal_all(parts: Runtime) -> None:
    """Seals whatever the inbox holds, in this process."""
    with parts.vault() as vault, parts.reader({}) as reader:
        positions = inbox_positions(reader, vault, (1, 1))
        due = sum(reader.ends(positions).values()) - sum(positions.values())
    with parts.sealer_loop((1, 1)) as loop:
        while due > 0:
            due -= loop.step()


def record_all(parts: Runtime) -> None:
    """Records whatever the ledger topic holds, in this process."""
    with parts.reader({}) as reader:
        end = sum(reader.ends(reader.partitions_of(LEDGER_TOPIC)).values())
    with parts.recorder_loop() as loop:
        while sum(loop.positions.values()) < end:
            loop.step()


def settle(parts: Runtime) -> None:
    """Seals and records everything."""
    seal_all(parts)
    record_all(parts)


def await_recorded(home: LedgerHome) -> None:
    """Returns once processes of this ledger have sealed and recorded whatever is in the inbox."""
    with home.parts() as parts:
        with parts.reader({}) as reader:
            ends = reader.ends([p for topic in INBOX_TOPICS for p in reader.partitions_of(topic)])
        drain(parts, ends, ourselves=False, on_progress=lambda _done, _all: None)


def ledger_records(parts: Runtime) -> list[ReadRecord]:
    """Everything on the ledger topic, partition by partition."""
    with parts.reader({}) as reader:
        partitions = reader.partitions_of(LEDGER_TOPIC)
        ends = reader.ends(partitions)
        reader.assign(dict.fromkeys(partitions, 0))
        records: list[ReadRecord] = []
        while len(records) < sum(ends.values()):
            for batch in reader.poll(1.0).values():
                records.extend(batch)
    return sorted(records, key=lambda record: (record.partition, record.offset))


def verify_whole_log(parts: Runtime) -> None:
    """After any test that writes: offsets dense, no hole in any chain, and a replay gives the same digests."""
    positions, live = live_state(parts)
    for partition, offsets in _offsets(parts).items():
        assert list(range(len(offsets))) == offsets, f"partition {partition.number} is not dense"
    replayed = replay(
        parts, until=Until(positions=positions), into=None, on_progress=lambda _done, _all: None
    )
    assert live == replayed.digests


def _offsets(parts: Runtime) -> dict[Partition, list[int]]:
    offsets: dict[Partition, list[int]] = {}
    for record in ledger_records(parts):
        offsets.setdefault(record.partition, []).append(record.offset)
    return offsets
