"""Bringing a vault that was restored from a back-up up to the log, before it serves anything.

The steps; behind each, what a crash leaves:

1. read the topic of second copies, put back what is lost, in one   the vault as it was, or with what was lost; run
   transaction, and have every destruction carried out again        it again
2. read the whole ledger topic: which data subjects and keys it
   names, and how far each inbox partition was sealed;              as after 1
3. put back data subjects that only the log names, and the
   identifiers in the copies that lead to them;                     as after 1
4. mark what is in the log beyond what was sealed whole, so that
   nobody is forgotten before it is sealed again, and move the
   positions and chains of the sealers to where the log is, so
   that nothing is sealed a second time;                            some moved; the others when it is run again
5. follow the governance partition from its start: what was
   destroyed since the back-up is destroyed again;                  done by whoever opens the vault next
6. count what could not be put back.                                nothing is owed

Run on a vault that lacks nothing, it changes nothing. Nothing is served: keys are opened to see that they are whole,
and wrapped anew where the KEK was rotated. Sealers refuse a vault that needs this (`Vault.expect_not_older`); one at
work meanwhile loses the race for its progress, ends and starts again. Memory grows with the records that were sealed
since the back-up, by some 300 bytes each.

Owns: this order. Leaves to others: rows (`ledger.vault.recovery`), the chains' rules
(`ledger.recording.source_progress`), destructions (`ledger.sealing.governance`). FAULTS, row 46.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS, LEDGER_TOPIC
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry, LedgerRecord, Rejected, Sealed, StreamKind
from ledger.log.key_copies import every_copy
from ledger.log.reader import PartitionReader
from ledger.log.records import Partition
from ledger.recording.source_progress import InboxPartition, SourceProgress
from ledger.sealing.key_names import record_key_class
from ledger.sealing.sealer import REJECTED_CONTROLLER
from ledger.vault.copies import decode
from ledger.vault.keys import EpochKeyName, SubjectKeyName
from ledger.vault.recovery import PutBack, VaultRecovery, in_batches

POLL_S = 1.0

OnProgress = Callable[[str, int, int], None]
"""Told (what is being read, records read, records in all)."""
KeyName = SubjectKeyName | EpochKeyName


class MovedProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A sealer's position that was moved to where the log is."""

    topic: str
    partition: int
    before: int
    now: int


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """What a recovery did.

    Args:
        put_back: rows of each kind, and copies that could not be used.
        moved: positions of sealers.
        unrecoverable: retention class -> sealed fields in the log one of whose keys exists nowhere, neither as a
            key nor as the tombstone of one.
        copies: how many were read.
        records: how many ledger records were read.
    """

    put_back: PutBack
    moved: list[MovedProgress]
    unrecoverable: dict[str, int]
    copies: int
    records: int


def recover(parts: Runtime, on_progress: OnProgress = lambda *_: None) -> Recovered:
    """Recovers the vault; see the module.

    Args:
        parts: where everything is.
        on_progress: told now and then.

    Raises:
        NotPermitted: the vault is under another KEK than the KEK file holds: it is from before a rotation.
        InfrastructureError: a service did not answer; run it again.
        IntegrityError: a copy or a ledger record cannot be read.
    """
    with VaultRecovery(parts.vault_dsn, parts.newest_keks()) as vault, parts.reader({}) as reader:
        copies = _stage(vault, reader, on_progress)
        first = vault.put_back({})
        log = _Log(vault, _known(vault, reader))
        records = log.read(reader, on_progress)
        put_back = first.then(vault.put_back(log.subjects))
        moved = [each for inbox in log.sources.inbox_partitions if (each := _move(vault, reader, log, inbox))]
        with parts.vault():
            pass  # opening it to serve follows the governance partition to its end
        return Recovered(
            put_back=put_back, moved=moved, unrecoverable=log.unrecoverable(), copies=copies, records=records
        )


class _Log:
    """What the ledger topic says, and of that what the vault lacks."""

    def __init__(self, vault: VaultRecovery, known: Mapping[InboxPartition, int]) -> None:
        self._vault = vault
        self.known = known
        self._lost: Counter[tuple[frozenset[KeyName], str]] = Counter()
        self.sources = SourceProgress(known)
        self.subjects: dict[UUID, str] = {}

    def read(self, reader: PartitionReader, on_progress: OnProgress) -> int:
        """Reads the whole topic; returns how many records it holds."""
        ends = reader.ends(reader.partitions_of(LEDGER_TOPIC))
        begins = reader.begins(ends)
        reader.assign(begins)
        done, total = 0, sum(ends.values()) - sum(begins.values())
        while done < total:
            for partition, batch in reader.poll(POLL_S).items():
                records = [
                    decode_record(each.value or b"") for each in batch if each.offset < ends[partition]
                ]
                for record in records:
                    self.sources.observe(partition.number, record)
                self._look_for_lost(records)
                done += len(records)
            on_progress("ledger records", done, total)
        return total

    def unrecoverable(self) -> dict[str, int]:
        """Retention class -> fields one of whose keys is nowhere; what was destroyed meanwhile is not lost."""
        names = {name for needed, _ in self._lost for name in needed}
        absent = _absent(self._vault, names)
        counted: Counter[str] = Counter()
        for (needed, retention_class), fields in self._lost.items():
            if needed & absent:
                counted[retention_class] += fields
        return dict(sorted(counted.items()))

    def _look_for_lost(self, records: Sequence[LedgerRecord]) -> None:
        controllers = {
            record.stream: record.controller
            for record in records
            if isinstance(record, Entry) and record.stream_kind == StreamKind.SUBJECT
        }
        absent_subjects = self._vault.absent_subjects(controllers)
        self.subjects.update({subject: controllers[subject] for subject in absent_subjects})
        needed = [(_key_names(record, sealed), sealed) for record in records for sealed in record.sealed]
        absent = _absent(self._vault, {name for names, _ in needed for name in names})
        for names, sealed in needed:
            if not absent.isdisjoint(names):
                self._lost[absent & set(names), sealed.retention_class] += 1


def _key_names(record: LedgerRecord, sealed: Sealed) -> tuple[SubjectKeyName, EpochKeyName]:
    controller = REJECTED_CONTROLLER if isinstance(record, Rejected) else record.controller
    return (
        (record.stream, record_key_class(record, sealed.retention_class)),
        (controller, sealed.retention_class, record.occurred_day),
    )


def _absent(vault: VaultRecovery, names: Iterable[KeyName]) -> frozenset[KeyName]:
    asked = set(names)
    subject_keys = {name for name in asked if len(name) == 2}
    return vault.absent(subject_keys, {name for name in asked if len(name) == 3})


def _stage(vault: VaultRecovery, reader: PartitionReader, on_progress: OnProgress) -> int:
    """Step 1's reading; returns how many copies there were."""
    read = 0
    for batch in in_batches(every_copy(reader)):
        vault.stage([decode(record.value) for record, _ in batch])
        read += len(batch)
        last, end = batch[-1]
        on_progress("second copies", read, read + end - last.offset - 1)
    return read


def _inbox(reader: PartitionReader) -> list[Partition]:
    return [partition for topic in INBOX_TOPICS for partition in reader.partitions_of(topic)]


def _known(vault: VaultRecovery, reader: PartitionReader) -> dict[InboxPartition, int]:
    """Where the restored vault takes each sealer to be."""
    progress = {p: vault.load_progress(p.topic, p.number) for p in _inbox(reader)}
    return {(p.topic, p.number): at.next_offset for p, at in progress.items() if at is not None}


def _move(
    vault: VaultRecovery, reader: PartitionReader, log: _Log, inbox: InboxPartition
) -> MovedProgress | None:
    """Step 4 for one inbox partition; None when the vault is not behind."""
    partition, before = Partition(*inbox), log.known.get(inbox, 0)
    sent_until = log.sources.end(inbox)
    # First: moved and not marked, somebody could be forgotten whose batch landed in part.
    vault.mark_sent(*inbox, reader.begins([partition])[partition], sent_until)
    held = _offsets(reader, partition, before, sent_until)
    until = log.sources.sealed_until(inbox, held)
    if until <= before:
        return None
    moved = vault.move_progress(*inbox, until, log.sources.chain(inbox, until))
    return MovedProgress(topic=inbox[0], partition=inbox[1], before=before, now=until) if moved else None


def _offsets(reader: PartitionReader, partition: Partition, start: int, end: int) -> list[int]:
    """The offsets an inbox partition still holds between two; what is in its records is not looked at."""
    begin, end = (
        max(start, reader.begins([partition])[partition]),
        min(end, reader.ends([partition])[partition]),
    )
    reader.assign({partition: begin})
    offsets: list[int] = []
    while begin < end:
        for record in reader.poll(POLL_S).get(partition, []):
            offsets.append(record.offset)
            begin = record.offset + 1
    return offsets
