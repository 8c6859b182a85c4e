"""The topic of second copies of the vault's keys: `vault.copies`, one partition, kept for some weeks.

Values are opaque here; `ledger.vault.copies` knows their form. Whoever writes ledger records may write this topic,
and nobody else; only whoever may read the vault may read it.
"""

from collections.abc import Iterator, Sequence

from ledger.config import COPIES_TOPIC
from ledger.log.producer import TopicWriter
from ledger.log.reader import PartitionReader
from ledger.log.records import Partition, ReadRecord
from ledger.log.topics import LEDGER_MESSAGE_BYTES_MAX

COPIES = Partition(COPIES_TOPIC, 0)
LAST_COPIES = 100
"""How many copies at the topic's end are looked at for the newest: sealers append side by side, out of order."""
POLL_S = 1.0


class KeyCopyWriter(TopicWriter):
    """Appends copies; see `ledger.vault.copies.Copies` for what it promises."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(bootstrap, max_request_size=LEDGER_MESSAGE_BYTES_MAX)

    def append(self, values: Sequence[bytes]) -> None:
        """Appends copies and waits for every acknowledgement.

        Raises:
            AppendUnclear: one failed or was not acknowledged in time.
        """
        self._append(
            [{"topic": COPIES.topic, "partition": COPIES.number, "value": value} for value in values],
            what=f"appending to the topic {COPIES_TOPIC}",
            do="Nothing was made; start again when Kafka is back. Is the topic there? Run `ledger topics`",
        )


def every_copy(reader: PartitionReader) -> Iterator[tuple[ReadRecord, int]]:
    """Every copy the topic holds now, in its order, each with the offset at which reading ends.

    Args:
        reader: assigned to the topic by this, and to nothing else.

    Raises:
        InfrastructureError: Kafka did not answer, or the topic does not exist.
    """
    return _until_end(reader, None)


def last_copies(reader: PartitionReader) -> Iterator[tuple[ReadRecord, int]]:
    """The last few copies, as `every_copy`."""
    return _until_end(reader, LAST_COPIES)


def _until_end(reader: PartitionReader, last: int | None) -> Iterator[tuple[ReadRecord, int]]:
    reader.partitions_of(COPIES.topic)  # raises when there is none
    at, end = reader.begins([COPIES])[COPIES], reader.ends([COPIES])[COPIES]
    if last is not None:
        at = max(at, end - last)
    reader.assign({COPIES: at})
    while at < end:
        for record in reader.poll(POLL_S).get(COPIES, []):
            at = record.offset + 1
            yield record, end
