"""Following the ledger's governance partition: its destructions are carried out here too, its settings applied.

Whoever opens the vault to serve follows partition 0 to its end first: a sealer at its start and before each batch,
a reader before it gets the vault. In normal operation the job or saga that published a destruction has carried it
out, or is about to; a follower that comes first does it for them, since each asks for the same tombstone. **In a
vault restored from a back-up the position is old, so the same code destroys again what was destroyed since**,
before anything is served (FAULTS, row 46).

The steps for each stretch of the log, and what a crash after each leaves:

1. read records below the end, all offsets dense;                 nothing
2. close subjects, destroy keys, each confirmed by a failed
   attempt to open it;                                            destroyed; done again, to the same end
3. move the vault's position, by compare-and-swap, together with
   settings and with who is to be forgotten once the sealers are
   past what the inbox holds now;                                 nothing is owed
4. forget those for whom that is so, once no batch is in flight.  forgotten; done again, to the same end

So the position says: destroyed, and looked at. The intent counts, not only the confirmation: what was announced
is done. What a hold keeps of an epoch MUST therefore be in the vault before the intent is published.

Repeats and records out of chain need no thought: destroying is idempotent, and a setting counts once, by the key of
its fact. Owns: when the vault follows. Leaves to others: the tables (`ledger.vault.governance`), destroying.
DESIGN sections 4, 7 and 8.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from ledger.config import INBOX_TOPICS, LEDGER_TOPIC
from ledger.contract.ledger_record import decode_record
from ledger.log.failures import TopicMissing
from ledger.log.placement import GOVERNANCE_PARTITION
from ledger.log.reader import check_dense, check_within_log
from ledger.log.records import Partition, ReadRecord
from ledger.sealing.consequences import Consequences, consequences
from ledger.sealing.fields import NotKept
from ledger.vault.in_flight import BatchInFlight
from ledger.vault.vault import Vault

GOVERNANCE = Partition(LEDGER_TOPIC, GOVERNANCE_PARTITION)
POLL_S = 1.0
"""How long a broker that has said it holds more is waited for in one go; the reader gives up on its own."""
FORGET_AGAIN_S = 10.0
"""After a batch in flight kept us from forgetting. Each try keeps batches from beginning while it waits, and a dead
sealer's batch ends when that sealer is back, in seconds."""

log = structlog.get_logger()


class LogReader(Protocol):
    """What of `ledger.log.reader.PartitionReader` a follower uses; it MUST be the follower's own."""

    def assign(self, positions: Mapping[Partition, int]) -> None:
        """Reads from these positions."""

    def poll(self, timeout_s: float) -> Mapping[Partition, Sequence[ReadRecord]]:
        """The next records; empty when none come in time."""

    def begins(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """The first offset each partition still holds."""

    def ends(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """The offset the next record of each partition will get."""

    def partitions_of(self, topic: str) -> Collection[Partition]:
        """All partitions of a topic; raises TopicMissing when there is none."""


class GovernanceFollower:
    """Keeps one vault up with the governance partition.

    Args:
        vault: the vault to keep up; used by this thread only.
        reader: of this follower alone.
        monotonic: a clock in seconds, for waiting.
    """

    def __init__(
        self, vault: Vault, reader: LogReader, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._vault = vault
        self._reader = reader
        self._monotonic = monotonic
        self._forget_not_before = monotonic()
        self._state = vault.governance_state()
        self._topic_seen = False

    @property
    def rules_at(self) -> int:
        """The next offset of ledger partition 0 not applied."""
        return self._state.next_offset

    def not_kept(self, sealed_at: int) -> NotKept:
        """What is left out of a batch that is sealed at a moment, microseconds UTC, as of `rules_at`."""
        return self._state.not_kept(sealed_at)

    def follow(self) -> None:
        """Applies whatever the partition holds now; one look-up of its end when there is nothing new.

        Raises:
            LogRegressed, LogHole: the log is not the one the vault has followed; the vault must not serve.
            NotDestroyed: a key that the ledger says is destroyed still opens.
            InfrastructureError: Kafka or the vault's database did not answer.
        """
        end = self._end()
        if self._state.next_offset != end:
            self._state = self._vault.governance_state()  # another follower may have been first
            self._catch_up(end)
        self.forget_due()

    def forget_due(self) -> None:
        """Forgets who waited for the sealers, where those are far enough; costs nothing when nobody waits.

        A batch in flight puts it off: whoever follows next tries again.
        """
        if not self._state.forgetting or self._monotonic() < self._forget_not_before:
            return
        try:
            self._vault.forget_due()
        except BatchInFlight as waits:
            self._forget_not_before = self._monotonic() + FORGET_AGAIN_S
            log.info("governance.forgetting.waits", found=waits.found)
        self._state = self._vault.governance_state()

    def _end(self) -> int:
        if not self._topic_seen:
            try:
                self._reader.partitions_of(LEDGER_TOPIC)
            except TopicMissing:
                # Nothing was ever recorded, or the topic is lost: which, the position tells.
                check_within_log(GOVERNANCE, self._state.next_offset, 0, 0)
                return 0
            self._topic_seen = True
        return self._reader.ends([GOVERNANCE])[GOVERNANCE]

    def _catch_up(self, end: int) -> None:
        at = self._state.next_offset
        if at == end:
            return
        if at > end:
            # Another follower has seen more since our look-up; or the log is shorter than it was.
            end = self._reader.ends([GOVERNANCE])[GOVERNANCE]
        check_within_log(GOVERNANCE, at, self._reader.begins([GOVERNANCE])[GOVERNANCE], end)
        self._reader.assign({GOVERNANCE: at})
        while self._state.next_offset < end:
            records = self._reader.poll(POLL_S).get(GOVERNANCE, [])
            if records and not self._apply(records):
                self._state = self._vault.governance_state()
                self._reader.assign({GOVERNANCE: self._state.next_offset})

    def _apply(self, records: Sequence[ReadRecord]) -> bool:
        """Applies one stretch; False when another follower moved the position."""
        at, new_next = self._state.next_offset, records[-1].offset + 1
        check_dense(records, at)
        caused = consequences((record.offset, decode_record(record.value or b"")) for record in records)
        self._destroy(caused)
        forget = self._vault.not_forgotten(caused.ended) if caused.ended else frozenset()
        moved = self._vault.advance_governance(
            at,
            new_next,
            settings=caused.settings,
            forget=forget,
            inbox_ends=self._inbox_ends() if forget else {},
        )
        if moved:
            self._state = self._vault.governance_state()
        return moved

    def _destroy(self, caused: Consequences) -> None:
        """Makes sure that everything is destroyed, and that each subject is closed before its keys go."""
        fact_keys = {(subject, name) for (subject, _), names in caused.fact_keys.items() for name in names}
        ring = self._vault.read_keys(fact_keys, {name for names in caused.epochs.values() for name in names})
        for subject, closing in caused.closed.items():
            self._vault.close_subject(subject, closing.why, controller=closing.controller)
        keys = 0
        for (subject, why), classes in caused.classes.items():
            keys += len(self._vault.destroy_subject_classes(subject, classes, why))
        for (subject, why), names in caused.fact_keys.items():
            left = [name for name in names if not ring.subject_destroyed(subject, name)]
            keys += len(self._vault.destroy_subject(subject, left, why)) if left else 0
        epochs = 0
        for why, doomed in caused.epochs.items():
            standing = [name for name in doomed if not ring.epoch_destroyed(*name)]
            epochs += len(self._vault.destroy_epochs(standing, why)) if standing else 0
        released = 0
        for (subject, retention_class), offset in caused.released.items():
            released += self._vault.release_held(subject, [retention_class], offset=offset)
        if keys or epochs or released:
            log.info("governance.keys.destroyed", subject_keys=keys, epoch_keys=epochs, held_fields=released)

    def _inbox_ends(self) -> dict[tuple[str, int], int]:
        every = [partition for topic in INBOX_TOPICS for partition in self._reader.partitions_of(topic)]
        return {(p.topic, p.number): end for p, end in self._reader.ends(every).items()}
