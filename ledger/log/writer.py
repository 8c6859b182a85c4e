"""The writer of the ledger topic: idempotent, every send checked, no transactions.

No Kafka transactions: kafka-python 3 can commit one partially, and they leave holes in the offsets
(DESIGN section 4). An idempotent producer plus the source chain is enough.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from kafka import errors as kafka_errors

from ledger.config import LEDGER_TOPIC
from ledger.log.failures import AppendUnclear
from ledger.log.producer import connect_producer, send_all
from ledger.log.records import OutgoingRecord
from ledger.log.topics import LEDGER_MESSAGE_BYTES_MAX

PRODUCE_BATCH_BYTES = 256 * 1024


class LedgerWriter:
    """Appends records to the ledger topic.

    Ordering: records of one partition land in the order given. Durability: when `append` returns, every
    record is acknowledged by all in-sync replicas. After any error the state of the batch is unclear and the
    writer MUST NOT be used again.
    """

    def __init__(self, bootstrap: str) -> None:
        self._producer = connect_producer(
            bootstrap, batch_size=PRODUCE_BATCH_BYTES, max_request_size=LEDGER_MESSAGE_BYTES_MAX
        )

    def append(self, records: Sequence[OutgoingRecord]) -> None:
        """Appends a batch and waits for every acknowledgement.

        Raises:
            AppendUnclear: any send failed or was not acknowledged in time.
        """
        try:
            send_all(
                self._producer,
                (
                    {
                        "topic": LEDGER_TOPIC,
                        "key": record.key,
                        "value": record.value,
                        "partition": record.partition,
                        "timestamp_ms": record.timestamp_ms,
                    }
                    for record in records
                ),
            )
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
