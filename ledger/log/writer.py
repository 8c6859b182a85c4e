"""The writer of the ledger topic: idempotent, every send checked, no transactions.

No Kafka transactions: kafka-python 3 can commit one partially, and they leave holes in the offsets
(DESIGN section 4). An idempotent producer plus the source chain is enough.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from ledger.config import LEDGER_TOPIC
from ledger.log.failures import BOOTSTRAP_TIMEOUT_MS, AppendUnclear, translated_kafka_errors
from ledger.log.records import OutgoingRecord
from ledger.log.topics import LEDGER_MESSAGE_BYTES_MAX

ACKNOWLEDGE_TIMEOUT_S = 30.0
"""How long a batch may wait for its acknowledgements; past that it is unclear and the sealer restarts."""
LINGER_MS = 5
"""Records of one batch are sent back to back: a few milliseconds fill the produce requests."""
PRODUCE_BATCH_BYTES = 256 * 1024


class LedgerWriter:
    """Appends records to the ledger topic.

    Ordering: records of one partition land in the order given. Durability: when `append` returns, every
    record is acknowledged by all in-sync replicas. After any error the state of the batch is unclear and the
    writer MUST NOT be used again.
    """

    def __init__(self, bootstrap: str) -> None:
        with translated_kafka_errors("connecting to Kafka"):
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap,
                enable_idempotence=True,
                acks="all",
                linger_ms=LINGER_MS,
                batch_size=PRODUCE_BATCH_BYTES,
                max_request_size=LEDGER_MESSAGE_BYTES_MAX,
                allow_auto_create_topics=False,
                bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
                delivery_timeout_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000),
                request_timeout_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000 / 2),
                max_block_ms=int(ACKNOWLEDGE_TIMEOUT_S * 1000),
            )

    def append(self, records: Sequence[OutgoingRecord]) -> None:
        """Appends a batch and waits for every acknowledgement.

        Raises:
            AppendUnclear: any send failed or was not acknowledged in time.
        """
        try:
            futures = [
                self._producer.send(
                    LEDGER_TOPIC,
                    key=record.key,
                    value=record.value,
                    partition=record.partition,
                    timestamp_ms=record.timestamp_ms,
                )
                for record in records
            ]
            # flush() alone proves nothing: a failed send does not make it raise. Each future is asked.
            self._producer.flush(timeout=ACKNOWLEDGE_TIMEOUT_S)
            for future in futures:
                future.get(timeout=ACKNOWLEDGE_TIMEOUT_S)
        except (kafka_errors.KafkaError, OSError, TimeoutError) as error:
            raise AppendUnclear(
                "appending to the ledger topic",
                expected=f"{len(records)} acknowledgements",
                found=type(error).__name__,
                do="The sealer stops without moving its progress; start it again when Kafka is back",
            ) from error

    def close(self) -> None:
        """Closes the producer; what was not acknowledged was never believed, so nothing is owed."""
        self._producer.close(timeout=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
