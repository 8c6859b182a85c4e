"""Reading a topic from its first record to where it ends now, in the order of each partition.

Owns: that nothing is left out and that the reading ends while others go on appending. Leaves to others: what is
looked for (`places`, `verification`).
"""

from collections.abc import Collection, Iterator

from ledger.bootstrap import Runtime
from ledger.log.reader import PartitionReader
from ledger.log.records import Partition, ReadRecord

POLL_S = 1.0
"""How long a quiet broker is waited for at a time; the reader itself gives up on one that never serves."""


class TopicScan:
    """One reading of a topic; `total` is how many offsets there are to pass.

    Args:
        reader: assigned to nothing yet.
        topic: which topic.
        partitions: which of its partitions; None for all.
    """

    def __init__(
        self, reader: PartitionReader, topic: str, partitions: Collection[int] | None = None
    ) -> None:
        self._reader = reader
        wanted = [p for p in reader.partitions_of(topic) if partitions is None or p.number in partitions]
        begins, self._ends = reader.begins(wanted), reader.ends(wanted)
        self._at = {p: begin for p, begin in begins.items() if begin < self._ends[p]}
        self.total = sum(self._ends[p] - begin for p, begin in self._at.items())

    def batches(self) -> Iterator[list[ReadRecord]]:
        """The records, a poll at a time; those appended after the scan began are left out.

        Raises:
            InfrastructureError: Kafka does not serve what it says it holds.
        """
        self._reader.assign(self._at)
        while any(at < self._ends[p] for p, at in self._at.items()):
            for partition, records in self._reader.poll(POLL_S).items():
                self._at[partition] = records[-1].offset + 1
                yield [record for record in records if record.offset < self._ends[partition]]


def stream_records(parts: Runtime, topic: str, partition: int, key: bytes) -> Iterator[list[ReadRecord]]:
    """The records of one partition that carry a key, batch by batch; empty batches are left out."""
    with parts.reader({}) as reader:
        for batch in TopicScan(reader, topic, [partition]).batches():
            if ours := [record for record in batch if record.key == key]:
                yield ours


def inbox_partitions(reader: PartitionReader, topics: Collection[str]) -> list[Partition]:
    """Every partition of some topics."""
    return [partition for topic in topics for partition in reader.partitions_of(topic)]
