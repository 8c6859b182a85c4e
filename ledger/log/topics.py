"""Which topics there are and how they are set.

DESIGN section 4: the ledger topic is kept for ever, never compacted, and its partition count never changes.
"""

from dataclasses import dataclass
from typing import Any

from kafka.admin import KafkaAdminClient, NewTopic

from ledger.config import COPIES_TOPIC, INBOX_TOPICS, INSTRUCTIONS_TOPIC, LEDGER_TOPIC, Settings
from ledger.errors import IntegrityError
from ledger.log.failures import BOOTSTRAP_TIMEOUT_MS, translated_kafka_errors
from ledger.log.reader import PartitionReader

LEDGER_MESSAGE_BYTES_MAX = 8 * 1024 * 1024
"""A ledger record holds at most one inbox record of 1 MiB, whose text JSON escapes to at most six times that."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, kw_only=True)
class TopicPlan:
    """One topic as it should be."""

    name: str
    partitions: int
    config: dict[str, str]


def planned_topics(settings: Settings) -> list[TopicPlan]:
    """Every topic of the ledger with the settings DESIGN section 4 asks for."""
    durable = {"min.insync.replicas": "2"} if settings.replication_factor >= 3 else {}
    safe = {"unclean.leader.election.enable": "false", **durable}
    inbox = {
        "cleanup.policy": "delete",
        "retention.ms": str(settings.inbox_retention_hours * HOUR_MS),
        **safe,
    }
    copies = {
        "cleanup.policy": "delete",
        "retention.ms": str(settings.key_copy_days * DAY_MS),
        "retention.bytes": "-1",
        "max.message.bytes": str(LEDGER_MESSAGE_BYTES_MAX),
        **safe,
    }
    for_ever = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", **safe}
    return [
        *(TopicPlan(name=name, partitions=settings.inbox_partitions, config=inbox) for name in INBOX_TOPICS),
        TopicPlan(
            name=LEDGER_TOPIC,
            partitions=settings.ledger_partitions,
            config={**for_ever, "max.message.bytes": str(LEDGER_MESSAGE_BYTES_MAX)},
        ),
        TopicPlan(name=INSTRUCTIONS_TOPIC, partitions=settings.inbox_partitions, config=for_ever),
        # One partition: whoever reads it from its beginning has read everything.
        TopicPlan(name=COPIES_TOPIC, partitions=1, config=copies),
    ]


def ensure_topics(settings: Settings, bootstrap: str) -> dict[str, str]:
    """Creates what is missing and refuses a ledger topic with another partition count.

    Returns:
        topic name -> "created" or "present".

    Raises:
        IntegrityError: the ledger topic's partition count is not the configured one.
        InfrastructureError: Kafka did not answer.
    """
    with translated_kafka_errors("creating the topics"):
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS)
        try:
            present = {name: _partition_count(admin, name) for name in admin.list_topics()}
            plans = planned_topics(settings)
            missing = [plan for plan in plans if plan.name not in present]
            if missing:
                admin.create_topics([_new_topic(plan, settings.replication_factor) for plan in missing])
        finally:
            admin.close()
    check_count(present.get(LEDGER_TOPIC, settings.ledger_partitions), settings.ledger_partitions)
    return {plan.name: "present" if plan.name in present else "created" for plan in plans}


def check_partition_count(reader: PartitionReader, expected: int) -> None:
    """Refuses to place streams by another partition count than the ledger topic has.

    Raises:
        IntegrityError: as `check_count`.
        InfrastructureError: the topic does not exist, or Kafka did not answer.
    """
    check_count(len(reader.partitions_of(LEDGER_TOPIC)), expected)


def check_count(found: int, expected: int) -> None:
    """Compares the ledger topic's partition count with the configured one.

    Raises:
        IntegrityError: they differ: streams would go to other partitions than before.
    """
    if found != expected:
        raise IntegrityError(
            "the ledger topic has another partition count",
            expected=f"{expected} (LEDGER_LEDGER_PARTITIONS)",
            found=str(found),
            do="The count is fixed for ever: set LEDGER_LEDGER_PARTITIONS to what was found",
        )


def _partition_count(admin: KafkaAdminClient, topic: str) -> int:
    described: list[dict[str, Any]] = admin.describe_topics([topic])
    return len(described[0]["partitions"])


def _new_topic(plan: TopicPlan, replication_factor: int) -> NewTopic:
    return NewTopic(
        plan.name,
        num_partitions=plan.partitions,
        replication_factor=replication_factor,
        topic_configs=plan.config,
    )
