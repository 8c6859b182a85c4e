"""A subject record waits until the governance facts it was sealed under are recorded."""

import pytest

from ledger.recording.effects import LogRecord
from ledger.recording.readiness import ready_count
from tests.unit.aggregates.facts import make_entry, make_rejected


def records(partition: int, *rules_at: int) -> list[LogRecord]:
    """Records of one ledger partition, each sealed under the rules below an offset."""
    return [
        LogRecord(partition, offset, b"", make_entry(rules_at=wanted))
        for offset, wanted in enumerate(rules_at)
    ]


@pytest.mark.parametrize(
    ("rules_at", "position", "expected"),
    [
        pytest.param((), 0, 0, id="nothing"),
        pytest.param((0, 0), 0, 2, id="no rules yet"),
        pytest.param((3, 3), 3, 2, id="recorded exactly so far"),
        pytest.param((3, 4), 3, 1, id="the second one offset too early"),
        pytest.param((4, 3, 3), 3, 0, id="none passes the one that waits"),
        pytest.param((2, 5, 1), 4, 1, id="a later one does not overtake"),
        pytest.param((1, 2, 3), 9, 3, id="recorded further"),
    ],
)
def test_only_the_front_that_has_its_rules_is_ready(
    rules_at: tuple[int, ...], position: int, expected: int
) -> None:
    """Records keep their order, so the first that waits holds back all behind it."""
    assert expected == ready_count(records(1, *rules_at), position)


def test_governance_never_waits_for_itself() -> None:
    """Partition 0 is what others wait for; a record of it was sealed before those it names."""
    assert ready_count(records(0, 5, 9), 0) == 2


def test_rejected_input_waits_too() -> None:
    """It has coordinates like any other, and offsets must stay dense."""
    assert ready_count([LogRecord(1, 0, b"", make_rejected(rules_at=1))], 0) == 0
