"""What stops a reader: a hole, a log that got shorter, an inbox that lost records before they were sealed."""

from collections.abc import Sequence

import pytest

from ledger.errors import IntegrityError
from ledger.log.failures import InboxDataLost, LogHole, LogRegressed
from ledger.log.reader import check_dense, check_inbox_kept, check_within_log
from ledger.log.records import Partition, ReadRecord

LEDGER, INBOX = Partition("ledger", 3), Partition("inbox.processing", 1)


def records(offsets: Sequence[int]) -> list[ReadRecord]:
    """Records of one ledger partition at these offsets."""
    return [ReadRecord(LEDGER, offset, b"", b"", [], 0) for offset in offsets]


@pytest.mark.parametrize(("offsets", "expected"), [((), 0), ((), 7), ((0,), 0), ((5, 6, 7), 5)], ids=str)
def test_dense_batch_passes(offsets: tuple[int, ...], expected: int) -> None:
    """Each offset is the one after the last."""
    check_dense(records(offsets), expected)


@pytest.mark.parametrize(
    ("offsets", "expected_next", "missing", "found"),
    [
        pytest.param((6,), 5, 5, 6, id="the first is missing"),
        pytest.param((5, 7), 5, 6, 7, id="one in the middle is missing"),
        pytest.param((5, 6, 9), 5, 7, 9, id="several are missing"),
        pytest.param((5, 5), 5, 6, 5, id="one comes twice"),
        pytest.param((4, 5), 5, 5, 4, id="one comes again"),
        pytest.param((6, 5), 5, 5, 6, id="out of order"),
    ],
)
def test_hole_refused(offsets: tuple[int, ...], expected_next: int, missing: int, found: int) -> None:
    """The first offset that is missing is named, and what was there instead."""
    with pytest.raises(LogHole) as refused:
        check_dense(records(offsets), expected_next)
    assert (f"offset {missing}", f"offset {found}") == (refused.value.expected, refused.value.found)
    assert "ledger partition 3" in str(refused.value)


@pytest.mark.parametrize(
    ("position", "begin", "end"),
    [
        pytest.param(0, 0, 0, id="an empty log"),
        pytest.param(0, 0, 9, id="nothing recorded yet"),
        pytest.param(9, 0, 9, id="all recorded"),
        pytest.param(5, 5, 9, id="the log begins at the position"),
        pytest.param(9, 9, 9, id="everything before was pruned"),
    ],
)
def test_position_within_the_log_passes(position: int, begin: int, end: int) -> None:
    """From the first offset that is kept to the one the next record will get."""
    check_within_log(LEDGER, position, begin, end)


@pytest.mark.parametrize(
    ("position", "begin", "end"),
    [
        pytest.param(9, 0, 8, id="its last record is gone"),
        pytest.param(9, 0, 0, id="the topic was made anew"),
    ],
)
def test_log_shorter_than_what_was_recorded_refused(position: int, begin: int, end: int) -> None:
    """Acknowledged records are gone: going on would record others under their offsets."""
    with pytest.raises(LogRegressed, match="log regressed: ledger partition 3") as refused:
        check_within_log(LEDGER, position, begin, end)
    assert (f"at least {position} records", str(end)) == (refused.value.expected, refused.value.found)


def test_log_that_begins_after_the_position_refused() -> None:
    """The next record was trimmed before it was recorded."""
    with pytest.raises(LogHole) as refused:
        check_within_log(LEDGER, 4, 5, 9)
    assert (refused.value.expected, refused.value.found) == ("offset 4", "the log begins at 5")


@pytest.mark.parametrize(
    ("position", "begin", "end"), [(0, 0, 0), (5, 5, 9), (5, 0, 9), (9, 0, 9), (9, 9, 9)]
)
def test_inbox_that_still_holds_the_next_record_passes(position: int, begin: int, end: int) -> None:
    """What was sealed already may expire."""
    check_inbox_kept(INBOX, position, begin, end)


@pytest.mark.parametrize(
    ("begin", "end"), [pytest.param(5, 9, id="expired unsealed"), pytest.param(0, 3, id="recreated, shorter")]
)
def test_inbox_that_lost_unsealed_records_refused(begin: int, end: int) -> None:
    """Jumping over them, or sealing others under their offsets, would lose facts in silence."""
    with pytest.raises(InboxDataLost, match=r"inbox\.processing partition 1") as refused:
        check_inbox_kept(INBOX, 4, begin, end)
    assert ("offset 4", f"an inbox that holds offsets {begin} to {end}") == (
        refused.value.expected,
        refused.value.found,
    )


@pytest.mark.parametrize("failure", [LogHole, LogRegressed, InboxDataLost])
def test_integrity_failures_are_not_tried_again(failure: type[IntegrityError]) -> None:
    """A retry cannot bring back what is gone: a person must look."""
    assert issubclass(failure, IntegrityError)
    assert not failure.retriable
