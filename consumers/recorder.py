"""The recorder's loop: ledger partitions in, PostgreSQL out.

Each step, in this order; behind each, what a crash there leaves and what repairs it:

1. read the next records of each ledger partition; a hole stops the loop;   nothing
2. decode, link to the chains, hold back what needs later governance;       nothing
3. in one transaction:                                                      nothing: PostgreSQL rolls back
   a. move each position by compare-and-swap, in partition order: whoever lost a partition learns it here;
   b. load what is known: marks, facts seen, aggregates, governance facts;
   c. fold, judge, project;
   d. write every row;
4. commit.                                                                  after it nothing is owed

A position that somebody else moved rolls everything back; the loop reads the positions again and goes on.
Two recorders on one partition are slow, never wrong. DESIGN section 4.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from consumers.lifecycle import StopRequest, in_slot
from ledger.config import LEDGER_TOPIC
from ledger.contract.ledger_record import decode_record
from ledger.log.placement import GOVERNANCE_PARTITION
from ledger.log.reader import PartitionReader, check_dense, check_within_log
from ledger.log.records import Partition, ReadRecord
from ledger.recording.effects import Effects, LogRecord
from ledger.recording.fold import fold
from ledger.recording.governance_facts import GovernanceFacts
from ledger.recording.judgements import erasures_concluded
from ledger.recording.known import Known, consent_changes, governance_needed, personal_changes
from ledger.recording.linking import link
from ledger.recording.readiness import ready_count
from ledger.store.event_recorder import PositionMoved
from ledger.store.ledger_store import Batch, LedgerStore, Memory

POLL_S = 1.0
"""How long a quiet log is waited for; bounds how fast a stop is noticed."""

HELD_BACK_S = 0.1
"""Between looks at records that wait for governance facts."""

log = structlog.get_logger()


class Reader(Protocol):
    """Reads partitions in offset order."""

    def poll(self, timeout_s: float) -> dict[Partition, list[ReadRecord]]:
        """The next records of each partition."""

    def seek(self, partition: Partition, offset: int) -> None:
        """Moves the reading position."""


class RecorderLoop:
    """One loop over some partitions of the ledger topic.

    Args:
        reader: reads them from `positions` on.
        store: where to.
        positions: the next offset of each partition.
        governance: knows no fact yet, and what to judge by instead of adopted packs; None for the rules as they are.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        store: LedgerStore,
        positions: Mapping[int, int],
        governance: GovernanceFacts | None = None,
    ) -> None:
        self._reader = reader
        self._store = store
        self._next = dict(positions)
        self._memory = Memory(governance=governance or GovernanceFacts())

    @property
    def positions(self) -> dict[int, int]:
        """The next offset of each partition to be recorded."""
        return dict(self._next)

    def run(self, stop: StopRequest) -> None:
        """Records until asked to stop."""
        while not stop:
            self.step()

    def step(self) -> int:
        """Records the next batch; returns how many ledger records it held."""
        polled = self._reader.poll(POLL_S)
        batches = {
            partition.number: self._decode(partition, records)
            for partition, records in sorted(polled.items())
        }
        try:
            recorded = self._record(batches)
        except PositionMoved:
            self._reread_positions()
            return 0
        except BaseException:
            self._memory.forget()
            raise
        for number, records in batches.items():
            if recorded.get(number, 0) < len(records):
                self._reader.seek(Partition(LEDGER_TOPIC, number), self._next[number])
        if batches and not any(recorded.values()):
            # Everything waits for governance facts that another recorder has yet to record.
            time.sleep(HELD_BACK_S)
        return sum(recorded.values())

    def _decode(self, partition: Partition, records: Sequence[ReadRecord]) -> list[LogRecord]:
        check_dense(records, self._next[partition.number])
        return [
            LogRecord(
                partition.number, record.offset, record.value or b"", decode_record(record.value or b"")
            )
            for record in records
        ]

    def _record(self, batches: Mapping[int, Sequence[LogRecord]]) -> dict[int, int]:
        """Records what is ready; returns how many records of each partition that was."""
        if not batches:
            return {}
        with self._store.batch(self._memory) as batch:
            governance = self._governance_position(batch, batches)
            ready = {
                number: list(records[: ready_count(records, governance)])
                for number, records in batches.items()
            }
            records = [record for part in ready.values() for record in part]
            if not records:
                return {}
            moves = {number: self._next[number] + len(part) for number, part in ready.items() if part}
            for number, end in moves.items():
                batch.advance(number, self._next[number], end)
            effects = take_effects(batch, records)
            batch.write(effects)
        self._next.update(moves)
        stray = sum(counters.out_of_chain for counters in effects.counters.values())
        if stray:
            # A restarted sealer heals this. If it goes on, facts are lost until somebody looks.
            log.error("recorder.out_of_chain", records=stray, partitions=sorted(moves))
        log.info("recorder.batch.committed", records=len(records), entries=len(effects.entries))
        return {number: len(part) for number, part in ready.items()}

    def _governance_position(self, batch: Batch, batches: Mapping[int, Sequence[LogRecord]]) -> int:
        """The next governance offset once this batch is in: partition 0 is folded first."""
        if GOVERNANCE_PARTITION in self._next:
            return self._next[GOVERNANCE_PARTITION] + len(batches.get(GOVERNANCE_PARTITION, ()))
        return batch.position(GOVERNANCE_PARTITION)

    def _reread_positions(self) -> None:
        """Somebody else recorded one of our partitions: what we remember is stale."""
        self._memory.forget()
        stored = self._store.positions()
        for number in self._next:
            self._next[number] = stored.get(number, 0)
            self._reader.seek(Partition(LEDGER_TOPIC, number), self._next[number])
        log.warning("recorder.position.moved", partitions=sorted(self._next))


def take_effects(batch: Batch, records: Sequence[LogRecord]) -> Effects:
    """Links, loads what is known, and folds: bytes in, rows out."""
    linked = link(records, batch.marks())
    accepted = [item.log_record.record for item in linked if item.takes_effect]
    aggregates = batch.aggregates({record.stream for record in accepted})
    consents, people = consent_changes(accepted), personal_changes(accepted, aggregates)
    known = Known(
        seen=batch.facts_seen([item.fact_key for item in linked if item.fact_key is not None]),
        aggregates=aggregates,
        judge=batch.judge(governance_needed(linked, aggregates)),
        under_consent=batch.processing_under_consent(consents),
        processed=batch.processing_since(people),
        incomplete=batch.incomplete_erasures(erasures_concluded(accepted)),
        firsts=batch.firsts(),
        # Only what shows earlier processing in another light looks back along the trail.
        trail_ends=batch.trail_ends() if consents or people else [],
    )
    return fold(linked, known)


def ledger_positions(reader: PartitionReader, store: LedgerStore, slot: tuple[int, int]) -> dict[int, int]:
    """Where each ledger partition of a slot goes on.

    Raises:
        LogRegressed: the log is shorter than what was recorded.
        LogHole: the log no longer holds the next record.
    """
    partitions = [p for p in reader.partitions_of(LEDGER_TOPIC) if in_slot(p.number, slot)]
    stored = store.positions()
    begins, ends = reader.begins(partitions), reader.ends(partitions)
    for partition in partitions:
        check_within_log(partition, stored.get(partition.number, 0), begins[partition], ends[partition])
    return {partition.number: stored.get(partition.number, 0) for partition in partitions}
