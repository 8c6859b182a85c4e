"""Where streams live, for ever."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.entry import StreamKind
from ledger.log.placement import stream_partition

COUNTS = (2, 3, 8, 64, 1024)


@pytest.mark.parametrize("kind", ["subject", "unattributed", "rejected"])
@pytest.mark.parametrize(
    ("stream", "expected"),
    [  # 1 + first 8 bytes of SHA-256 mod (count - 1), worked out outside this program
        ("00000000-0000-4000-8000-000000000001", (1, 1, 7, 42, 681)),
        ("6f1c1f0e-2d5b-4b7e-9a53-0d6f3c1b2a10", (1, 1, 6, 55, 784)),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", (1, 2, 3, 31, 829)),
        ("00000000-0000-0000-0000-000000000000", (1, 2, 3, 52, 658)),
    ],
)
def test_stream_never_moves(stream: str, expected: tuple[int, ...], kind: str) -> None:
    """A person's history stays in one partition, in one order, whatever version of this program writes it."""
    assert expected == tuple(stream_partition(UUID(stream), kind, count) for count in COUNTS)


@settings(deadline=None)
@given(st.uuids(), st.integers(2, 1024))
def test_governance_lives_in_partition_0_alone(stream: UUID, partitions: int) -> None:
    """Everything else is kept out of it, and within the topic."""
    for kind in StreamKind:
        partition = stream_partition(stream, kind, partitions)
        assert (kind is StreamKind.GOVERNANCE) == (partition == 0)
        assert 0 <= partition < partitions


def test_streams_spread_over_all_other_partitions() -> None:
    """No partition is left out, none has more than twice its share."""
    counts = [0] * 8
    for number in range(7000):
        counts[stream_partition(UUID(int=number), "subject", 8)] += 1
    assert counts[0] == 0
    assert min(counts[1:]) > 500
    assert max(counts[1:]) < 2000
