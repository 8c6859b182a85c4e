"""Publishes a planned day from a process of its own, as the services of a provider would.

    python -m ledger.dev.publisher --kafka 127.0.0.1:9092 --events 2000 --seed 1 --date 2026-03-27

`--part opening` publishes what governs the day, `--part rest` what happens in it. Who wants each call to be judged by
the rules of its day publishes the first, waits until it is sealed, and publishes the second.

Prints one JSON document: how many records were published, by event type, how many of them cannot be read
(`bad_input`, not counted by type), how many are repeats of an id with the same content (`repeats`) or other
content (`conflicts`). The inbox topics must exist.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain, islice

import msgspec
from kafka import KafkaProducer

from ledger.contract.catalogue import Catalogue
from ledger.dev.planned import PlannedRecord, Repeat
from ledger.dev.traffic import EVENTS_DEFAULT, Day, plan
from ledger.dev.wire import encode
from ledger.errors import LedgerError
from ledger.log.failures import translated_kafka_errors

BATCH_SIZE = 1000
"""Records sent before their acknowledgements are asked for: bounds memory, and fills produce requests."""
CONNECT_TIMEOUT_S = 10
ACKNOWLEDGE_TIMEOUT_S = 30
EXIT_INTERRUPTED = 130
PARTS = Day._fields


class Published(msgspec.Struct, kw_only=True):
    """What was acknowledged by Kafka."""

    published: int = 0
    by_type: dict[str, int] = msgspec.field(default_factory=dict)
    bad_input: int = 0
    repeats: int = 0
    conflicts: int = 0


def publish(bootstrap: str, records: Iterable[PlannedRecord]) -> Published:
    """Publishes records in order and counts them, once every one is acknowledged by all replicas.

    Raises:
        InfrastructureError: Kafka refused or did not acknowledge; a part may have been published.
        DataError: a planned record does not fit its schema.
    """
    catalogue = Catalogue.load()
    with translated_kafka_errors("connecting to Kafka"):
        producer = KafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            linger_ms=5,
            bootstrap_timeout_ms=CONNECT_TIMEOUT_S * 1000,
            max_block_ms=ACKNOWLEDGE_TIMEOUT_S * 1000,
            request_timeout_ms=ACKNOWLEDGE_TIMEOUT_S * 500,
            delivery_timeout_ms=ACKNOWLEDGE_TIMEOUT_S * 1000,
        )
    types: Counter[str] = Counter()
    result = Published()
    waiting = iter(records)
    try:
        while batch := list(islice(waiting, BATCH_SIZE)):
            _send(producer, batch, catalogue)
            for record in batch:
                _count(record, result, types)
    finally:
        producer.close(timeout=1)  # every future was asked already: nothing is owed
    result.by_type = dict(sorted(types.items()))
    return result


def _send(producer: KafkaProducer, batch: Sequence[PlannedRecord], catalogue: Catalogue) -> None:
    wire = [encode(record, catalogue) for record in batch]
    with translated_kafka_errors("publishing the day's records"):
        futures = [
            producer.send(record.topic, key=record.key, value=record.value, headers=record.headers)
            for record in wire
        ]
        producer.flush(timeout=ACKNOWLEDGE_TIMEOUT_S)
        # flush proves nothing: a failed send does not make it raise
        for future in futures:
            future.get(timeout=ACKNOWLEDGE_TIMEOUT_S)


def _count(record: PlannedRecord, result: Published, types: Counter[str]) -> None:
    result.published += 1
    if record.fault is not None:
        result.bad_input += 1
        return
    types[record.event_type] += 1
    result.repeats += record.repeat is Repeat.SAME_CONTENT
    result.conflicts += record.repeat is Repeat.OTHER_CONTENT


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m ledger.dev.publisher", description=__doc__)
    parser.add_argument("--kafka", required=True, help="bootstrap servers, host:port[,host:port]")
    parser.add_argument("--events", type=int, default=EVENTS_DEFAULT, help="how many records")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same day")
    parser.add_argument("--date", type=date.fromisoformat, default=date(2026, 3, 27), help="YYYY-MM-DD")
    parser.add_argument("--part", choices=PARTS, help="only this part of the day")
    options = parser.parse_args(arguments)
    planned = plan(options.events, options.seed, options.date)
    parts = [options.part] if options.part else PARTS
    try:
        result = publish(options.kafka, chain.from_iterable(getattr(planned, part) for part in parts))
    except LedgerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
