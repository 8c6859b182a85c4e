"""Readers of topics by assigned partitions and positions we keep ourselves; no consumer groups."""

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer
from kafka import TopicPartition as KafkaTopicPartition
from kafka import errors as kafka_errors

from ledger.errors import InfrastructureError
from ledger.log.failures import (
    BOOTSTRAP_TIMEOUT_MS,
    InboxDataLost,
    LogHole,
    LogRegressed,
    TopicMissing,
    translated_kafka_errors,
)
from ledger.log.header_names import accept_any_header_name
from ledger.log.records import Partition, ReadRecord

FETCH_WAIT_MS = 100
"""How long the broker may hold an empty fetch: bounds the delay of a quiet log."""
EAGER_POLL_MS = 20
"""While records flow the next ones arrive within this."""
IDLE_PAUSE_S = 0.05
"""Between looks at a quiet log: what it adds to the delay of the first record after a pause."""
accept_any_header_name()

QUIET_S = 15.0
"""A log that is quiet for this long is asked whether it holds more; twice before anything is made of it."""
FRAME_BYTES_MAX = 1024 * 1024 * 1024
"""The embedded broker answers a fetch with all it has, whatever it was asked; real brokers keep to the fetch sizes."""
FETCH_BYTES_MAX = 8 * 1024 * 1024
"""Per partition and fetch; bounds memory together with the batch size."""


class PartitionReader:
    """Reads assigned partitions from given positions, in offset order within each.

    It never jumps: a position outside the log raises, whatever the client's defaults.
    """

    def __init__(self, bootstrap: str, positions: Mapping[Partition, int], *, batch_size_max: int) -> None:
        with translated_kafka_errors("connecting to Kafka"):
            self._quiet_since = time.monotonic()
            self._suspected = False
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap,
                auto_offset_reset="none",
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                max_poll_records=batch_size_max,
                fetch_max_wait_ms=FETCH_WAIT_MS,
                bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
                receive_message_max_bytes=FRAME_BYTES_MAX,
                max_partition_fetch_bytes=FETCH_BYTES_MAX,
            )
        self.assign(positions)

    def assign(self, positions: Mapping[Partition, int]) -> None:
        """Reads these partitions from these positions, and no others."""
        self._consumer.assign([KafkaTopicPartition(*partition) for partition in positions])
        for partition, offset in positions.items():
            self.seek(partition, offset)

    def poll(self, timeout_s: float) -> dict[Partition, list[ReadRecord]]:
        """The next records of each partition, at most the batch size in all; empty when there are none in time.

        Raises:
            LogRegressed: a position lies outside the log.
            InfrastructureError: Kafka did not answer.
        """
        deadline = time.monotonic() + timeout_s
        polled = self._poll_once(EAGER_POLL_MS)
        while not polled and time.monotonic() < deadline:
            # Not one long poll: the client asks again at once when a broker answers an empty fetch without
            # holding it, as the embedded one does, and then takes a whole core to wait.
            time.sleep(IDLE_PAUSE_S)
            polled = self._poll_once(0)
        self._check_served(bool(polled))
        return {
            Partition(tp.topic, tp.partition): [_read_record(record) for record in records]
            for tp, records in polled.items()
        }

    def _check_served(self, served: bool) -> None:
        """Finds out whether quiet means that there is nothing to read: the client does not say when it fails.

        Raises:
            InfrastructureError: Kafka does not answer, or holds records that it does not serve.
        """
        now = time.monotonic()
        if served:
            self._quiet_since, self._suspected = now, False
        if now - self._quiet_since <= QUIET_S:
            return
        self._quiet_since = now
        waiting = self._waiting()
        if waiting and self._suspected:
            raise InfrastructureError(
                "reading from Kafka",
                expected="the records that it says it holds",
                found=f"none in {2 * QUIET_S:.0f} s from {', '.join(f'{p.topic}:{p.number}' for p in waiting)}",
                do="Look at the brokers, and at fetch sizes and frame limits for very large records",
            )
        # Suspected only, the first time: records may have arrived between the last poll and the question.
        self._suspected = bool(waiting)

    def _waiting(self) -> list[Partition]:
        """The assigned partitions that hold more than was delivered."""
        partitions = [Partition(tp.topic, tp.partition) for tp in self._consumer.assignment()]
        with translated_kafka_errors("asking for the positions"):
            at = {p: self._consumer.position(KafkaTopicPartition(*p)) for p in partitions}
        return [partition for partition, end in self.ends(partitions).items() if end > at[partition]]

    def _poll_once(self, timeout_ms: int) -> dict[KafkaTopicPartition, list[object]]:
        try:
            polled: dict[KafkaTopicPartition, list[object]] = self._consumer.poll(timeout_ms=timeout_ms)
        except kafka_errors.OffsetOutOfRangeError as error:
            raise LogRegressed(
                "reading from a stored position",
                expected="the position to lie within the log",
                found="OffsetOutOfRange",
                do="Do not reset offsets: find out whether the topic lost its tail or was recreated",
            ) from error
        except (kafka_errors.KafkaError, OSError) as error:
            raise InfrastructureError(
                "reading from Kafka",
                found=type(error).__name__,
                do="Check the brokers, then start again",
            ) from error
        return polled

    def seek(self, partition: Partition, offset: int) -> None:
        """Moves the reading position of an assigned partition."""
        self._consumer.seek(KafkaTopicPartition(*partition), offset)

    def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The first offset each partition still holds."""
        wanted = [KafkaTopicPartition(*partition) for partition in partitions]
        with translated_kafka_errors("asking for the first offsets"):
            return {Partition(*tp): offset for tp, offset in self._consumer.beginning_offsets(wanted).items()}

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The offset the next record of each partition will get."""
        wanted = [KafkaTopicPartition(*partition) for partition in partitions]
        with translated_kafka_errors("asking for the end offsets"):
            return {Partition(*tp): offset for tp, offset in self._consumer.end_offsets(wanted).items()}

    def partitions_of(self, topic: str) -> list[Partition]:
        """All partitions of a topic, in order.

        Raises:
            TopicMissing: the topic does not exist.
        """
        with translated_kafka_errors("asking for the partitions"):
            numbers = self._consumer.partitions_for_topic(topic)
        if not numbers:
            raise TopicMissing(f"topic {topic} does not exist", do="Run `ledger topics` first")
        return [Partition(topic, number) for number in sorted(numbers)]

    def close(self) -> None:
        """Closes the consumer; positions are ours, so nothing is committed."""
        self._consumer.close(autocommit=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read_record(record: object) -> ReadRecord:
    return ReadRecord(
        Partition(record.topic, record.partition),  # type: ignore[attr-defined] # kafka-python has no types
        record.offset,  # type: ignore[attr-defined]
        record.key,  # type: ignore[attr-defined]
        record.value,  # type: ignore[attr-defined]
        record.headers,  # type: ignore[attr-defined]
        record.timestamp,  # type: ignore[attr-defined]
    )


def check_dense(records: Sequence[ReadRecord], expected_offset: int) -> None:
    """Refuses a batch of the ledger topic that skips an offset.

    Raises:
        LogHole: names the first missing offset.
    """
    for expected, record in enumerate(records, start=expected_offset):
        if record.offset != expected:
            raise LogHole(
                f"the log has a hole in {record.partition.topic} partition {record.partition.number}",
                expected=f"offset {expected}",
                found=f"offset {record.offset}",
                do="Nothing is recorded past a hole: restore the topic, or rebuild it from PostgreSQL",
            )


def check_within_log(partition: Partition, position: int, begin: int, end: int) -> None:
    """Refuses a ledger position the log does not reach back or forward to.

    Raises:
        LogRegressed: the log ends before the position.
        LogHole: the log begins after it.
    """
    where = f"{partition.topic} partition {partition.number}"
    if end < position:
        raise LogRegressed(
            f"log regressed: {where} is shorter than what was recorded",
            expected=f"at least {position} records",
            found=str(end),
            do="Its tail was lost or the topic was recreated; rebuild it from PostgreSQL",
        )
    if begin > position:
        raise LogHole(
            f"{where} no longer holds the next record",
            expected=f"offset {position}",
            found=f"the log begins at {begin}",
            do="The ledger topic must keep everything; rebuild it from PostgreSQL",
        )


def check_inbox_kept(partition: Partition, position: int, begin: int, end: int) -> None:
    """Refuses to jump over inbox records that were trimmed before they were sealed.

    Raises:
        InboxDataLost: the inbox begins after the sealer's position, or ends before it.
    """
    if begin <= position <= end:
        return
    raise InboxDataLost(
        f"inbox data lost before sealing: {partition.topic} partition {partition.number}",
        expected=f"offset {position}",
        found=f"an inbox that holds offsets {begin} to {end}",
        do="Records expired before they were sealed, or the topic was recreated; have the publishers send them again",
    )
