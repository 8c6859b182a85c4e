"""The writer of the ledger topic: idempotent, every send checked, no transactions.

No Kafka transactions: kafka-python 3 can commit one partially, and they leave holes in the offsets
(DESIGN section 4). An idempotent producer plus the source chain is enough.
"""

from collections.abc import Sequence

from ledger.config import LEDGER_TOPIC
from ledger.log.producer import TopicWriter
from ledger.log.records import OutgoingRecord
from ledger.log.topics import LEDGER_MESSAGE_BYTES_MAX

PRODUCE_BATCH_BYTES = 256 * 1024


class LedgerWriter(TopicWriter):
    """Appends records to the ledger topic.

    Ordering: records of one partition land in the order given. Durability: when `append` returns, every
    record is acknowledged by all in-sync replicas. After any error the state of the batch is unclear and the
    writer MUST NOT be used again.
    """

    def __init__(self, bootstrap: str) -> None:
        super().__init__(bootstrap, batch_size=PRODUCE_BATCH_BYTES, max_request_size=LEDGER_MESSAGE_BYTES_MAX)

    def append(self, records: Sequence[OutgoingRecord]) -> None:
        """Appends a batch and waits for every acknowledgement.

        Raises:
            AppendUnclear: any send failed or was not acknowledged in time.
        """
        self._append(
            [
                {
                    "topic": LEDGER_TOPIC,
                    "key": record.key,
                    "value": record.value,
                    "partition": record.partition,
                    "timestamp_ms": record.timestamp_ms,
                }
                for record in records
            ],
            what="appending to the ledger topic",
            do="The sealer stops without moving its progress; start it again when Kafka is back",
        )
