"""Publishing to the inbox, as any service does: idempotent, every send checked."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from kafka import KafkaProducer

from ledger.errors import InfrastructureError
from ledger.log.failures import BOOTSTRAP_TIMEOUT_MS, translated_kafka_errors

ACKNOWLEDGE_TIMEOUT_S = 30.0
LINGER_MS = 5


class InboxRecord(NamedTuple):
    """One record for an inbox topic. The key MUST NOT be personal: it is the publisher's choice of order."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes | None]]


class Published(NamedTuple):
    """Where a record landed."""

    topic: str
    partition: int
    offset: int


class InboxPublisher:
    """Publishes records to inbox topics."""

    def __init__(self, bootstrap: str) -> None:
        with translated_kafka_errors("connecting to Kafka"):
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap,
                enable_idempotence=True,
                acks="all",
                linger_ms=LINGER_MS,
                allow_auto_create_topics=False,
                bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
                delivery_timeout_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000),
                request_timeout_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000 / 2),
                max_block_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000),
            )

    def publish(self, records: Iterable[InboxRecord]) -> list[Published]:
        """Publishes a batch; returns where each record landed, in order, once all are acknowledged.

        Raises:
            InfrastructureError: a record may or may not have landed; publishing the batch again is safe, because
                the ledger knows a fact by its source and id.
        """
        with translated_kafka_errors("publishing to the inbox"):
            futures = [
                self._producer.send(
                    record.topic, key=record.key, value=record.value, headers=list(record.headers)
                )
                for record in records
            ]
            self._producer.flush(timeout=ACKNOWLEDGE_TIMEOUT_S)
            landed = [future.get(timeout=ACKNOWLEDGE_TIMEOUT_S) for future in futures]
        if any(metadata.offset < 0 for metadata in landed):
            raise InfrastructureError("publishing to the inbox", found="an acknowledgement without an offset")
        return [Published(metadata.topic, metadata.partition, metadata.offset) for metadata in landed]

    def close(self) -> None:
        """Closes the producer."""
        self._producer.close(timeout=ACKNOWLEDGE_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
