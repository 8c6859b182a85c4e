"""Where streams live, for ever, and how the topics are set."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.config import INBOX_TOPICS, INSTRUCTIONS_TOPIC, LEDGER_TOPIC, Settings
from ledger.contract.reading import VALUE_BYTES_MAX
from ledger.entry import StreamKind
from ledger.log.topics import LEDGER_MESSAGE_BYTES_MAX, TopicPlan, planned_topics, stream_partition

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


def plans(**settings: int) -> dict[str, TopicPlan]:
    """The planned topics by name."""
    return {plan.name: plan for plan in planned_topics(Settings(**settings))}


def test_every_topic_is_planned_once() -> None:
    """Four inboxes, the ledger, and the instructions."""
    planned = planned_topics(Settings())
    assert sorted([*INBOX_TOPICS, LEDGER_TOPIC, INSTRUCTIONS_TOPIC]) == sorted(plan.name for plan in planned)


@pytest.mark.parametrize("name", [LEDGER_TOPIC, INSTRUCTIONS_TOPIC])
def test_log_is_kept_for_ever_and_never_compacted(name: str) -> None:
    """No limit in time or bytes; compaction would remove facts."""
    config = plans()[name].config
    assert ("delete", "-1", "-1") == (
        config["cleanup.policy"],
        config["retention.ms"],
        config["retention.bytes"],
    )


@pytest.mark.parametrize("name", INBOX_TOPICS)
def test_inbox_forgets_within_hours(name: str) -> None:
    """It is plaintext."""
    config = plans(inbox_retention_hours=5)[name].config
    assert ("delete", str(5 * 3_600_000)) == (config["cleanup.policy"], config["retention.ms"])


def test_inbox_forgets_by_default() -> None:
    """Nobody has to remember to set it."""
    assert all(0 < int(plans()[name].config["retention.ms"]) <= 72 * 3_600_000 for name in INBOX_TOPICS)


@pytest.mark.parametrize(("replication", "expected"), [(1, None), (2, None), (3, "2"), (5, "2")])
def test_acknowledged_means_on_two_brokers_where_there_are_three(
    replication: int, expected: str | None
) -> None:
    """With fewer replicas that would stop every write, so it is for production only."""
    for plan in plans(replication_factor=replication).values():
        assert expected == plan.config.get("min.insync.replicas"), plan.name


def test_no_topic_elects_an_unclean_leader() -> None:
    """A leader that lacks acknowledged records would take them out of the log."""
    assert {"false"} == {plan.config["unclean.leader.election.enable"] for plan in plans().values()}


def test_partition_counts_are_the_configured_ones() -> None:
    """The ledger's is fixed for ever; inboxes may have any."""
    planned = plans(ledger_partitions=5, inbox_partitions=3)
    assert {5} == {planned[LEDGER_TOPIC].partitions}
    assert {3} == {planned[name].partitions for name in (*INBOX_TOPICS, INSTRUCTIONS_TOPIC)}


def test_ledger_takes_the_largest_inbox_record_sealed() -> None:
    """Otherwise one large call would stop its sealer for ever."""
    assert str(LEDGER_MESSAGE_BYTES_MAX) == plans()[LEDGER_TOPIC].config["max.message.bytes"]
    assert LEDGER_MESSAGE_BYTES_MAX >= 3 * VALUE_BYTES_MAX
