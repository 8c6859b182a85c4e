"""The sealer's loop: inbox partitions in, the ledger topic out.

Each step, in this order; behind each, what a crash there leaves and what repairs it:

1. read the next records of each inbox partition;                 nothing
2. count the attempt, decode, clear the count;                    the count: bad bytes that kill us are found
3. follow the ledger's governance partition to its end, so that
   what was destroyed or is not kept is known (`rules_at`);       see `ledger.sealing.governance`
4. go through the gate, and note how far this batch reaches,
   where the positions are still the ones we know;                the note: nobody is forgotten until the next start
                                                                  has sealed as far (`ledger.vault.in_flight`)
5. subjects and keys, committed in the vault;                     unused keys
6. append to the ledger topic, every acknowledgement waited for;  records without progress: sealed again to the same
                                                                  subjects, and the recorder drops them by source
                                                                  position
7. move the progress in the vault, by compare-and-swap;           the gate goes with us
8. give the gate back: whoever forgets may go on.                 nothing is owed

Anything unclear ends the process with progress where it was; the supervisor starts it again.
DESIGN section 4.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from consumers.lifecycle import StopRequest, in_slot
from ledger.config import INBOX_TOPICS
from ledger.contract.reading import RejectionReason
from ledger.entry import SourcePosition
from ledger.errors import InfrastructureError
from ledger.log.reader import PartitionReader, check_inbox_kept
from ledger.log.records import OutgoingRecord, Partition, ReadRecord
from ledger.sealing.governance import GovernanceFollower
from ledger.sealing.sealer import ChainKey, Reading, Refusal, Sealer
from ledger.vault.in_flight import Stretch
from ledger.vault.vault import Vault

POLL_S = 1.0
"""How long a quiet inbox is waited for; bounds how fast a stop is noticed."""
ATTEMPTS_MAX = 3
"""Decoding that killed the process this often makes a record `attempts_exhausted`."""

log = structlog.get_logger()


class Writer(Protocol):
    """Appends in order and durably, or raises and must not be used again."""

    def append(self, records: Sequence[OutgoingRecord]) -> None:
        """Returns only when every record is acknowledged."""


def now_micros() -> int:
    """The sealer's clock, microseconds since the epoch, UTC; folds never read one."""
    return time.time_ns() // 1000


class SealerLoop:
    """One loop over some inbox partitions."""

    def __init__(
        self,
        *,
        reader: PartitionReader,
        writer: Writer,
        vault: Vault,
        sealer: Sealer,
        governance: GovernanceFollower,
        progress: Mapping[Partition, int],
        clock: Callable[[], int] = now_micros,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._vault = vault
        self._sealer = sealer
        self._governance = governance
        self._clock = clock
        self._next = dict(progress)
        self._chain: dict[ChainKey, SourcePosition] = {}
        self._one_by_one_until: dict[Partition, int] = {}
        for partition in progress:
            self._load(partition)

    def run(self, stop: StopRequest) -> None:
        """Seals until asked to stop."""
        while not stop:
            self.step()

    def step(self) -> int:
        """Seals the next batch; returns how many inbox records it held."""
        polled = self._reader.poll(POLL_S)
        readings: list[Reading | Refusal] = []
        ends: dict[Partition, int] = {}
        for partition, records in polled.items():
            batch = self._portion(partition, records)
            readings.extend(self._read(partition, batch))
            ends[partition] = batch[-1].offset + 1
        if not readings:
            self._governance.forget_due()
            return 0
        self._governance.follow()  # before the gate: it may forget, which nobody does in the middle of a batch
        self._vault.begin_sealing(
            [Stretch(at.topic, at.number, self._next[at], end) for at, end in ends.items()]
        )
        sealed_at = self._clock()
        sealed = self._sealer.seal(
            readings,
            self._chain,
            sealed_at=sealed_at,
            rules_at=self._governance.rules_at,
            not_kept=self._governance.not_kept(sealed_at),
        )
        self._writer.append(sealed.records)
        for partition, end in ends.items():
            chain = {key[1]: at for key, at in sealed.chain.items() if key[0] == partition}
            self._vault.advance(partition.topic, partition.number, self._next[partition], end, chain)
            self._next[partition] = end
        self._vault.end_sealing()
        self._chain = sealed.chain
        log.info(
            "sealer.batch.sealed", inbox=len(readings), records=len(sealed.records), rejected=sealed.rejected
        )
        return len(readings)

    def _load(self, partition: Partition) -> None:
        chain = self._vault.load_chain(partition.topic, partition.number)
        self._chain.update({(partition, number): at for number, at in chain.items()})
        progress = self._vault.load_progress(partition.topic, partition.number)
        if progress is not None and progress.trying_until is not None:
            # The last process died while decoding. Somewhere up to here may be a record that kills.
            self._one_by_one_until[partition] = progress.trying_until
            log.warning("sealer.decoding.died", topic=partition.topic, partition=partition.number)

    def _portion(self, partition: Partition, records: Sequence[ReadRecord]) -> Sequence[ReadRecord]:
        """The whole batch, or a single record where a batch has killed a process before."""
        if records[0].offset > self._one_by_one_until.get(partition, -1) or len(records) == 1:
            return records
        self._reader.seek(partition, records[1].offset)
        return records[:1]

    def _read(self, partition: Partition, records: Sequence[ReadRecord]) -> list[Reading | Refusal]:
        first, last = records[0].offset, records[-1].offset
        until = max(last, self._one_by_one_until.get(partition, last))
        attempts = self._vault.mark_trying(partition.topic, partition.number, first, until)
        if attempts > ATTEMPTS_MAX and len(records) == 1:
            refusal = Refusal(
                record=records[0],
                reason=RejectionReason.ATTEMPTS_EXHAUSTED,
                detail="value",
                attempts=attempts - 1,
            )
            read: list[Reading | Refusal] = [refusal]
        else:
            try:
                read = [self._sealer.read(record, attempts) for record in records]
            except InfrastructureError:
                # The schema registry is down: no record is at fault, so none may be counted towards rejection.
                self._vault.clear_trying(partition.topic, partition.number)
                raise
        self._vault.clear_trying(partition.topic, partition.number)
        return read


def inbox_positions(reader: PartitionReader, vault: Vault, slot: tuple[int, int]) -> dict[Partition, int]:
    """Where each inbox partition of a slot goes on; a partition never seen before starts at its beginning.

    Raises:
        InboxDataLost: an inbox partition no longer holds the next record.
    """
    every = [partition for topic in INBOX_TOPICS for partition in reader.partitions_of(topic)]
    mine = [partition for number, partition in enumerate(every) if in_slot(number, slot)]
    begins, ends = reader.begins(mine), reader.ends(mine)
    positions = {}
    for partition in mine:
        progress = vault.load_progress(partition.topic, partition.number)
        if progress is None:
            vault.initialise_progress(partition.topic, partition.number, begins[partition])
            positions[partition] = begins[partition]
        else:
            check_inbox_kept(partition, progress.next_offset, begins[partition], ends[partition])
            positions[partition] = progress.next_offset
    return positions
