"""How far an inbox was sealed, as the log tells it: a sealer that goes on from there takes every record once."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Entry, SourcePosition
from ledger.recording.chain import ChainVerdict, judge_link
from ledger.recording.source_progress import SourceProgress
from tests.unit.aggregates.facts import make_entry

INBOX = ("inbox.processing", 0)
Chain = dict[int, SourcePosition]


@dataclass
class Sealed:
    """A log, and a sealer of one inbox partition that may die in the middle of a batch.

    `inbox` names, for each offset it holds, the ledger partition of each part.
    """

    inbox: dict[int, list[int]]
    log: list[tuple[int, Entry]] = field(default_factory=list)
    next_offset: int = 0
    chain: Chain = field(default_factory=dict)

    def seal(self, count: int, lost: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        """Seals some records; with `lost`, those of its sends never landed and it died before moving its progress."""
        chain, sends = dict(self.chain), []
        batch = [offset for offset in sorted(self.inbox) if offset >= self.next_offset][:count]
        for offset in batch:
            for part, partition in enumerate(self.inbox[offset]):
                sends.append((partition, self._entry(offset, part, chain.get(partition))))
                chain[partition] = SourcePosition(offset, part)
        self.log += [send for number, send in enumerate(sends) if number not in lost]
        if not lost and batch:
            self.next_offset, self.chain = batch[-1] + 1, chain

    def effects(self) -> Counter[SourcePosition]:
        """How often each source position took effect."""
        marks: Chain = {}
        counted: Counter[SourcePosition] = Counter()
        for partition, entry in self.log:
            if judge_link(entry.position, entry.previous, marks.get(partition)) is ChainVerdict.ACCEPTED:
                marks[partition] = entry.position
                counted[entry.position] += 1
        return counted

    def read(self, known: int) -> SourceProgress:
        """What the log says to a vault that knows of everything below an offset."""
        progress = SourceProgress({INBOX: known})
        for partition, entry in self.log:
            progress.observe(partition, entry)
        return progress

    def _entry(self, offset: int, part: int, previous: SourcePosition | None) -> Entry:
        return make_entry(
            stream=UUID(int=1),
            source_topic=INBOX[0],
            source_partition=INBOX[1],
            source_offset=offset,
            part=part,
            parts=len(self.inbox[offset]),
            previous_offset=previous and previous.offset,
            previous_part=previous and previous.part,
        )


def test_everything_sealed_is_behind_it() -> None:
    """The position after the last record, and the chains as they stand."""
    sealed = Sealed({0: [1, 2], 1: [1], 2: [2, 1]})
    sealed.seal(3)
    progress = sealed.read(0)
    assert progress.sealed_until(INBOX, [0, 1, 2]) == 3
    assert sealed.chain == progress.chain(INBOX, 3)


def test_record_with_a_part_missing_is_still_to_be_sealed() -> None:
    """One of two people's records landed: the event is sealed again, and the chains are those below it."""
    sealed = Sealed({0: [1, 2], 1: [1, 2]})
    sealed.seal(1)
    sealed.seal(1, lost={1})
    progress = sealed.read(0)
    assert progress.sealed_until(INBOX, [0, 1]) == 1
    assert {1: SourcePosition(0, 0), 2: SourcePosition(0, 1)} == progress.chain(INBOX, 1)


def test_record_of_which_nothing_landed_is_not_jumped_over() -> None:
    """A later one of the same batch landed, in another partition: the inbox shows that something is missing."""
    sealed = Sealed({0: [1], 1: [2]})
    sealed.seal(2, lost={0})
    assert sealed.read(0).sealed_until(INBOX, [0, 1]) == 0


def test_hole_in_the_inbox_is_jumped_over() -> None:
    """Offsets that never held a record are no reason to stop."""
    sealed = Sealed({0: [1], 5: [1]})
    sealed.seal(2)
    assert sealed.read(0).sealed_until(INBOX, [0, 5]) == 6


def test_what_expired_in_the_inbox_counts_by_the_log() -> None:
    """The inbox keeps hours; the log tells what was sealed before."""
    sealed = Sealed({number: [1] for number in range(10)})
    sealed.seal(10)
    assert sealed.read(3).sealed_until(INBOX, [8, 9, 10]) == 10


def test_vault_that_knows_everything_is_not_moved() -> None:
    """No partition is named that needs anything."""
    sealed = Sealed({0: [1]})
    sealed.seal(1)
    progress = sealed.read(1)
    assert progress.inbox_partitions == []
    assert progress.sealed_until(INBOX, [0]) == 1
    assert {1: SourcePosition(0, 0)} == progress.chain(INBOX, 1)


@pytest.mark.parametrize("known", [0, 4])
def test_other_inbox_partitions_do_not_enter(known: int) -> None:
    """Each has a position and chains of its own."""
    sealed = Sealed({number: [1] for number in range(5)})
    sealed.seal(5)
    progress = sealed.read(known)
    assert progress.end(("inbox.consent", 0)) == 0
    assert progress.sealed_until(("inbox.consent", 0), []) == 0
    assert progress.chain(("inbox.consent", 0), 10) == {}


@given(
    inbox=st.dictionaries(
        st.integers(0, 40), st.lists(st.integers(1, 3), min_size=1, max_size=3), min_size=1, max_size=25
    ),
    batches=st.lists(st.tuples(st.integers(1, 6), st.sets(st.integers(0, 17), max_size=6)), max_size=12),
    restored=st.integers(0, 12),
    after=st.integers(1, 6),
)
def test_sealer_that_goes_on_from_there_takes_every_record_once(
    inbox: dict[int, list[int]], batches: list[tuple[int, set[int]]], restored: int, after: int
) -> None:
    """Whatever batches died half-way, and however old the vault's position is."""
    sealed = Sealed(inbox)
    known = [0]
    for count, lost in batches:
        sealed.seal(count, lost)
        known.append(sealed.next_offset)
    before = known[min(restored, len(known) - 1)]
    progress = sealed.read(before)
    until = progress.sealed_until(INBOX, inbox)
    assert sealed.next_offset <= until <= progress.end(INBOX) or until == before
    sealed.next_offset, sealed.chain = until, progress.chain(INBOX, until)
    for _ in inbox:
        sealed.seal(after)
    every = {SourcePosition(offset, part) for offset, parts in inbox.items() for part in range(len(parts))}
    assert dict.fromkeys(every, 1) == dict(sealed.effects())
