"""Publishing to the inbox, as any service does: idempotent, every send checked."""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from ledger.errors import InfrastructureError
from ledger.log.failures import translated_kafka_errors
from ledger.log.producer import ACKNOWLEDGE_TIMEOUT_S, connect_producer, send_all


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
        self._producer = connect_producer(bootstrap)

    def publish(self, records: Iterable[InboxRecord]) -> list[Published]:
        """Publishes a batch; returns where each record landed, in order, once all are acknowledged.

        Raises:
            InfrastructureError: a record may or may not have landed; publishing the batch again is safe, because
                the ledger knows a fact by its source and id.
        """
        with translated_kafka_errors("publishing to the inbox"):
            landed = send_all(
                self._producer,
                (
                    {"topic": r.topic, "key": r.key, "value": r.value, "headers": list(r.headers)}
                    for r in records
                ),
            )
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
