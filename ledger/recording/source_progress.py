"""What the log itself says of how far each inbox partition was sealed. Pure.

The vault says so too, and a sealer goes by the vault. After a restore the vault is older than the log, and must
catch up without sealing again what is sealed: with the rules of `chain`, folded over the whole log, it follows which
inbox records took effect, with all their parts, and where each chain stood below them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ledger.entry import LedgerRecord, SourcePosition
from ledger.recording.chain import ChainVerdict, judge_link

InboxPartition = tuple[str, int]
"""(inbox topic, partition)"""


class SourceProgress:
    """Folds ledger records, each partition's in its order.

    Args:
        known: inbox partition -> the first offset that the vault does not know to be sealed; what comes before it is
            not remembered one by one. 0 where none is named.
    """

    def __init__(self, known: Mapping[InboxPartition, int]) -> None:
        self._known = dict(known)
        self._marks: dict[tuple[InboxPartition, int], SourcePosition] = {}
        self._below: dict[tuple[InboxPartition, int], SourcePosition] = {}
        self._since: defaultdict[tuple[InboxPartition, int], list[SourcePosition]] = defaultdict(list)
        self._missing: defaultdict[InboxPartition, dict[int, int]] = defaultdict(dict)

    @property
    def inbox_partitions(self) -> list[InboxPartition]:
        """Those from which something was sealed that the vault does not know of."""
        return sorted(self._missing)

    def observe(self, ledger_partition: int, record: LedgerRecord) -> None:
        """Takes the next record of a ledger partition."""
        inbox = (record.source_topic, record.source_partition)
        key = (inbox, ledger_partition)
        verdict = judge_link(record.position, record.previous, self._marks.get(key))
        if verdict is not ChainVerdict.ACCEPTED:
            return
        self._marks[key] = record.position
        if record.source_offset < self._known.get(inbox, 0):
            self._below[key] = record.position
            return
        self._since[key].append(record.position)
        missing = self._missing[inbox]
        missing[record.source_offset] = missing.get(record.source_offset, record.parts) - 1

    def end(self, inbox: InboxPartition) -> int:
        """The offset after the last that took effect, in part at least; 0 when none did."""
        return max(self._missing.get(inbox, {}), default=-1) + 1

    def sealed_until(self, inbox: InboxPartition, offsets: Iterable[int]) -> int:
        """The first offset that is still to be sealed: everything before it took effect, with all its parts.

        Args:
            inbox: an inbox partition.
            offsets: those the inbox still holds. Of one that it no longer holds and the log does not name, nobody
                can tell whether it ever held a record.
        """
        until, missing = self._known.get(inbox, 0), self._missing.get(inbox, {})
        for offset in sorted({*missing, *(each for each in offsets if each >= until)}):
            if missing.get(offset, 1) > 0:
                break
            until = offset + 1
        return until

    def chain(self, inbox: InboxPartition, below: int) -> dict[int, SourcePosition]:
        """Ledger partition -> the last source position that took effect there, of those with offsets below."""
        ends = {number: at for (of, number), at in self._below.items() if of == inbox}
        for (of, number), positions in self._since.items():
            before = [at for at in positions if at.offset < below]
            if of == inbox and before:
                ends[number] = before[-1]
        return ends
