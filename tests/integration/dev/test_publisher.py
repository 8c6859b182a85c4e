"""The publisher in a process of its own, against the embedded broker."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition

from ledger.config import INBOX_TOPICS, Settings
from ledger.contract.catalogue import Catalogue
from ledger.contract.reading import Unreadable, read_fact
from ledger.dev.services import EmbeddedServices
from ledger.log.topics import ensure_topics

pytestmark = pytest.mark.timeout(120)
EVENTS = 600


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The publisher's command."""
    return subprocess.run(
        [sys.executable, "-m", "ledger.dev.publisher", *arguments],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )


def test_what_it_says_it_published_is_in_the_inbox(state_dir: Path) -> None:
    """One JSON document on stdout, its counts those of the topics."""
    with EmbeddedServices(state_dir) as services:
        ensure_topics(Settings(), services.kafka)
        answer = run("--kafka", services.kafka, "--events", str(EVENTS), "--seed", "5")
        assert (answer.returncode, answer.stderr) == (0, "")
        counts = msgspec.json.decode(answer.stdout)
        consumer = KafkaConsumer(bootstrap_servers=services.kafka, auto_offset_reset="earliest")
        partitions = [
            TopicPartition(topic, number)
            for topic in INBOX_TOPICS
            for number in consumer.partitions_for_topic(topic) or ()
        ]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        records: list[Any] = []
        while len(records) < EVENTS and (found := consumer.poll(timeout_ms=5000)):
            records += [record for batch in found.values() for record in batch]
        consumer.close()
    assert counts["published"] == len(records) == EVENTS
    assert counts["published"] == counts["bad_input"] + sum(counts["by_type"].values())
    catalogue = Catalogue.load()
    unreadable = 0
    ids = set()
    for record in records:
        try:
            fact = read_fact(record.value, record.headers, catalogue)
        except Unreadable:
            unreadable += 1
        else:
            ids.add((fact.event_source, fact.event_id))
    assert unreadable == counts["bad_input"] > 0
    assert EVENTS - unreadable - len(ids) == counts["repeats"] + counts["conflicts"]


def test_broker_away_is_told_with_exit_5() -> None:
    """Cannot reach Kafka: exit code 5, a message, nothing on stdout."""
    answer = run("--kafka", "127.0.0.1:1", "--events", "1")
    assert (answer.returncode, answer.stdout) == (5, "")
    assert "Kafka" in answer.stderr
    assert "Traceback" not in answer.stderr
