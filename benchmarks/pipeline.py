"""Inbox to queryable, against the bare pipe and the event-sourcing library used the way its docs show.

    make bench            a table
    make bench JSON=1     one JSON document

The bare pipe makes the same two hops with the same clients and batch sizes: inbox -> topic -> COPY into a table with a
primary key; no decoding, no crypto, no chain, no fold, no projection. Both run in one process, hop after hop, on
the same broker and PostgreSQL.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from psycopg.conninfo import conninfo_to_dict

from ledger.bootstrap import Runtime, runtime
from ledger.config import INBOX_TOPICS, LEDGER_TOPIC, Settings
from ledger.dev import publisher, traffic
from ledger.dev.planned import PlannedRecord
from ledger.draining import Loop
from ledger.log.producer import LINGER_MS
from ledger.log.records import Partition
from ledger.log.writer import PRODUCE_BATCH_BYTES
from ledger.observability import configure_logs
from ledger.replay import Until, replay
from ledger.store.queries import Queries

EVENTS = int(os.environ.get("EVENTS", "20000"))
SEED, DATE = 1, date(2026, 3, 27)
LIBRARY_SAVES = 500
"""One save per event is slow enough for its rate to show in this many."""
BARE_TOPIC = "bare"


def main() -> None:
    """Runs everything once and prints it."""
    configure_logs("warning", "text")
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as directory:
        Path(directory).chmod(0o711)
        with runtime(Settings(state_dir=Path(directory))) as parts:
            result = measure(parts)
    if os.environ.get("JSON"):
        sys.stdout.write(json.dumps(result) + "\n")
        return
    for name, value in result.items():
        sys.stdout.write(f"{name:<34} {value:>12,.2f}\n")


def measure(parts: Runtime) -> dict[str, float]:
    """Seconds and rates of each way, and the ratios between them."""
    planned = traffic.plan(EVENTS, SEED, DATE)
    governing = govern(parts, planned.opening)
    publisher.publish(parts.kafka, planned.rest)
    events = float(EVENTS - len(planned.opening))
    with parts.sealer_loop((1, 1)) as sealer, timed() as seal_s:
        run_through(sealer, int(events))
    records = log_size(parts, [LEDGER_TOPIC]) - governing
    with parts.recorder_loop() as recorder, timed() as record_s:
        run_through(recorder, records)
    with parts.store_connection(parts.settings.store_schema) as connection:
        queries = Queries(connection)
        entries = float(queries.totals().entries)
        store_bytes = float(connection.execute(STORE_BYTES).fetchall()[0][0])
    ledger_bytes = sum(len(value) for _, _, value in read_all(parts, [LEDGER_TOPIC]))
    with timed() as bare_hop_1_s:
        pass_through(parts)
    with timed() as bare_hop_2_s:
        copied = copy_only(parts, BARE_TOPIC)
    with timed() as replay_s:
        replay(parts, until=Until(), into=None, on_progress=lambda _done, _all: None)
    with timed() as copy_ledger_s:
        copy_only(parts, LEDGER_TOPIC)
    library = library_saves_per_s(parts)
    ours, bare = events / (seal_s() + record_s()), copied / (bare_hop_1_s() + bare_hop_2_s())
    return {
        "events": events,
        "entries": entries,
        "seal_events_per_s": events / seal_s(),
        "record_entries_per_s": records / record_s(),
        "events_per_s": ours,
        "bare_events_per_s": bare,
        "ratio_to_bare": ours / bare,
        "replay_entries_per_s": entries / replay_s(),
        "copy_only_entries_per_s": entries / copy_ledger_s(),
        "replay_ratio_to_copy_only": copy_ledger_s() / replay_s(),
        "library_saves_per_s": library,
        "ratio_to_library": (records / record_s()) / library,
        "bytes_per_entry_in_postgres": store_bytes / entries,
        "bytes_ratio_to_ledger_record": store_bytes / ledger_bytes,
    }


def govern(parts: Runtime, opening: list[PlannedRecord]) -> int:
    """Seals and records what governs the day, untimed: then each call is judged by the rules of its controller.

    Returns:
        How many ledger records that is.
    """
    publisher.publish(parts.kafka, opening)
    with parts.sealer_loop((1, 1)) as sealer:
        run_through(sealer, len(opening))
    records = log_size(parts, [LEDGER_TOPIC])
    with parts.recorder_loop() as recorder:
        run_through(recorder, records)
    return records


STORE_BYTES = """
SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
"""


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Seconds the block took."""
    started, ended = time.perf_counter(), 0.0
    yield lambda: ended - started
    ended = time.perf_counter()


def run_through(loop: Loop, records: int) -> None:
    """Steps a loop until it has handled this many records."""
    handled = 0
    while handled < records:
        handled += loop.step()


def log_size(parts: Runtime, topics: list[str]) -> int:
    """How many records some topics hold."""
    with parts.reader({}) as reader:
        return sum(reader.ends([p for topic in topics for p in reader.partitions_of(topic)]).values())


def read_all(parts: Runtime, topics: list[str]) -> Iterator[tuple[Partition, int, bytes]]:
    """Every record of some topics."""
    with parts.reader({}) as reader:
        partitions = [p for topic in topics for p in reader.partitions_of(topic)]
        left = sum(reader.ends(partitions).values())
        reader.assign(dict.fromkeys(partitions, 0))
        while left:
            for partition, records in reader.poll(1.0).items():
                left -= len(records)
                for record in records:
                    yield partition, record.offset, record.value or b""


def pass_through(parts: Runtime) -> None:
    """The bare first hop: inbox to another topic, every future checked."""
    admin = KafkaAdminClient(bootstrap_servers=parts.kafka)
    admin.create_topics([NewTopic(BARE_TOPIC, num_partitions=8, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(
        bootstrap_servers=parts.kafka, acks="all", linger_ms=LINGER_MS, batch_size=PRODUCE_BATCH_BYTES
    )
    futures = []
    for number, (_, _, value) in enumerate(read_all(parts, list(INBOX_TOPICS))):
        futures.append(producer.send(BARE_TOPIC, value=value, partition=number % 8))
        if len(futures) == parts.settings.batch_size_max:
            producer.flush()
            for future in futures:
                future.get(timeout=10)
            futures.clear()
    producer.flush()
    for future in futures:
        future.get(timeout=10)
    producer.close()


def copy_only(parts: Runtime, topic: str) -> float:
    """The bare second hop: a topic into a table, one transaction per batch; how many records."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        connection.execute(
            "CREATE TABLE bare (partition int4, at int8, value bytea, PRIMARY KEY (partition, at))"
        )
        connection.commit()
        count = 0
        batch: list[tuple[int, int, bytes]] = []

        def write() -> None:
            with (
                connection.cursor() as cursor,
                cursor.copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types(("int4", "int8", "bytea"))
                for row in batch:
                    copy.write_row(row)
            connection.commit()
            batch.clear()

        for partition, offset, value in read_all(parts, [topic]):
            batch.append((partition.number, offset, value))
            count += 1
            if len(batch) == parts.settings.batch_size_max:
                write()
        write()
    return float(count)


class Person(Aggregate):
    """The library's own way, as its documentation shows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0

    @event("Called")
    def call(self, number: str) -> None:
        """A call."""
        self.number = number
        self.calls += 1


def library_saves_per_s(parts: Runtime) -> float:
    """One save per event through the library's application, on the same PostgreSQL."""
    dsn = conninfo_to_dict(parts.store_dsn)
    with parts.store_connection(None) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS library")
        connection.commit()
    application: Application[UUID] = Application(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(dsn["dbname"]),
            "POSTGRES_HOST": str(dsn["host"]),
            "POSTGRES_PORT": str(dsn.get("port", 5432)),
            "POSTGRES_USER": str(dsn["user"]),
            "POSTGRES_PASSWORD": str(dsn.get("password", "")),
            "POSTGRES_SCHEMA": "library",
        }
    )
    started = time.perf_counter()
    for number in range(LIBRARY_SAVES):
        person = Person(f"person-{uuid5(NAMESPACE_URL, str(number))}")
        application.save(person)
    rate = LIBRARY_SAVES / (time.perf_counter() - started)
    application.close()
    return rate


if __name__ == "__main__":
    main()
