"""How the topics are set: the log is kept for ever, inboxes forget within hours."""

from typing import Any

import pytest

from ledger.config import COPIES_TOPIC, INBOX_TOPICS, INSTRUCTIONS_TOPIC, LEDGER_TOPIC, Settings
from ledger.contract.reading import VALUE_BYTES_MAX
from ledger.log.topics import LEDGER_MESSAGE_BYTES_MAX, TopicPlan, planned_topics


def plans(**settings: Any) -> dict[str, TopicPlan]:
    """The planned topics by name."""
    return {plan.name: plan for plan in planned_topics(Settings(**settings))}


def test_every_topic_is_planned_once() -> None:
    """Four inboxes, the ledger, the instructions, and the vault's second copies."""
    planned = planned_topics(Settings())
    every = [*INBOX_TOPICS, LEDGER_TOPIC, INSTRUCTIONS_TOPIC, COPIES_TOPIC]
    assert sorted(every) == sorted(plan.name for plan in planned)


def test_second_copies_are_kept_for_weeks_in_one_partition_and_never_compacted() -> None:
    """Whoever recovers a vault reads all of it; back-ups hold what is older."""
    plan = plans(key_copy_days=40)[COPIES_TOPIC]
    assert plan.partitions == 1
    assert ("delete", str(40 * 86_400_000)) == (plan.config["cleanup.policy"], plan.config["retention.ms"])
    assert plans()[COPIES_TOPIC].config["retention.ms"] == str(35 * 86_400_000)


@pytest.mark.parametrize("name", [LEDGER_TOPIC, INSTRUCTIONS_TOPIC])
def test_log_is_kept_for_ever_and_never_compacted(name: str) -> None:
    """No limit in time or bytes; compaction would remove facts."""
    config = plans()[name].config
    assert (
        config["cleanup.policy"],
        config["retention.ms"],
        config["retention.bytes"],
    ) == ("delete", "-1", "-1")


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
    assert LEDGER_MESSAGE_BYTES_MAX > 6 * VALUE_BYTES_MAX, "JSON writes some characters in six bytes"
