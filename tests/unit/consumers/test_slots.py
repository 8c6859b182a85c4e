"""Slots share out partitions without consumer groups: each partition to exactly one of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.lifecycle import StopRequest, in_slot
from ledger.cli.processes import parse_slot
from ledger.errors import CallerError


@settings(deadline=None)
@given(st.integers(1, 64), st.integers(0, 2000))
def test_every_partition_is_in_exactly_one_slot(of: int, number: int) -> None:
    """None is left out, none is worked on twice."""
    assert sum(in_slot(number, (index, of)) for index in range(1, of + 1)) == 1


@settings(deadline=None)
@given(st.integers(1, 64), st.integers(1, 1024))
def test_slots_differ_by_one_partition_at_most(of: int, partitions: int) -> None:
    """The work is shared evenly."""
    sizes = [sum(in_slot(number, (index, of)) for number in range(partitions)) for index in range(1, of + 1)]
    assert max(sizes) - min(sizes) <= 1


def test_one_slot_of_one_has_everything() -> None:
    """The default."""
    assert all(in_slot(number, (1, 1)) for number in range(100))


def test_slots_are_counted_from_one() -> None:
    """Slot 2/3 has partitions 1, 4, 7."""
    assert [number for number in range(9) if in_slot(number, (2, 3))] == [1, 4, 7]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1/1", (1, 1)), ("2/8", (2, 8)), ("8/8", (8, 8)), ("01/08", (1, 8)), ("9999/9999", (9999, 9999))],
)
def test_slot_read(text: str, expected: tuple[int, int]) -> None:
    """i/n with 1 <= i <= n."""
    assert expected == parse_slot(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "1",
        "1/",
        "/1",
        "0/1",
        "0/0",
        "1/0",
        "2/1",
        "9/8",
        "-1/2",
        "1/-2",
        "+1/2",
        "1/2/3",
        " 1/2",
        "1/2 ",
        "1/2\n",
        "1 / 2",
        "1.0/2",
        "1e0/2",
        "a/b",
        "1\\2",
        "1:2",
        "10000/10000",
        "1/10000",
    ],
    ids=ascii,
)
def test_other_text_is_no_slot(text: str) -> None:
    """A process in no slot, or in one nobody shares, would leave partitions lying or work on them twice."""
    with pytest.raises(CallerError, match="1 <= i <= n"):
        parse_slot(text)


def test_stop_is_asked_for_once_and_stays() -> None:
    """A loop asks between batches; the answer does not change back."""
    stop = StopRequest()
    assert not stop
    stop.set()
    assert stop
    stop.set()
    assert stop
