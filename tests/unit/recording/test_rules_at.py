"""Judgement by the rules as of exactly `rules_at`: the same whatever the interleaving of partitions, or the batches.

DESIGN section 8; docs/adr/0023-judged-by-the-rules-at-rules-at.md.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from ledger.recording import subject_judgements
from ledger.recording.differences import Outcome
from ledger.recording.effects import LogRecord
from ledger.recording.governance_facts import GovernanceFacts
from ledger.rules.controller_state import ControllerState
from tests.unit.recording import memory_store
from tests.unit.recording.governed_logs import governed_log, read_in_another_order, with_later_rules
from tests.unit.recording.logs import split
from tests.unit.recording.memory_store import MemoryStore, recorded

SEEDS = range(3)
STEPS = 160
INTERLEAVINGS = 50
BATCHES = 8

JUDGED = ("findings", "promise_evidence", "deadlines")
"""The tables that follow from judging."""


def read_once(log: Sequence[LogRecord], random: Random) -> MemoryStore:
    """The log recorded in some order of partitions and some batches."""
    order = read_in_another_order(log, random)
    return recorded(split(order, {random.randrange(len(order)) for _ in range(BATCHES)}))


def judged(store: MemoryStore) -> dict[str, Any]:
    """What judging came to, each ledger partition's rows in the order they were written."""
    rows = store.by_partition()["rows"]
    assert isinstance(rows, dict)
    return {name: rows.get(name, []) for name in JUDGED}


@pytest.mark.parametrize("seed", SEEDS)
def test_fifty_interleavings_give_the_same_findings(seed: int) -> None:
    """Findings, evidence and deadlines are equal, row by row, and so is everything else."""
    log, random = governed_log(seed, STEPS), Random(seed)
    expected = recorded([log]).by_partition()
    for _ in range(INTERLEAVINGS):
        assert expected == read_once(log, random).by_partition()


def test_logs_hold_what_this_module_is_about() -> None:
    """The made-up logs reach every table, most rules and both states, or the properties say nothing."""
    stores = [recorded([governed_log(seed, STEPS)]) for seed in SEEDS]
    rows = [row for store in stores for row in store.judgements(unknown_controllers=True)]
    assert {
        "controller_unknown",
        "processing_before_agreement",
        "purpose_outside_promise",
        "processor_not_announced",
        "processor_not_listed",
        "processor_not_opted_in",
        "transfer_without_mechanism",
        "recording_without_purpose",
        "instruction_unknown",
        "consent_not_as_promised",
        "processing_without_consent",
        "processing_after_objection",
        "processing_under_restriction",
        "processing_after_erasure",
        "minor_data_kept",
        "retention_undefined",
    } <= {row.code for row in rows}
    resolved = {row.code for row in rows if row.state == "resolved"}
    assert {"processing_after_objection", "processing_under_restriction"} <= resolved
    assert {row.rule for row in rows} >= {"", "pack:E-3", "pack:E-14", "pack:E-15"}
    for name in JUDGED:
        assert all(store.rows.get(name) for store in stores), name
    assert len({row.partition for row in rows}) == 3


def differs_somewhere() -> bool:
    """Whether some interleaving of some log gives other rows than another."""
    for seed in SEEDS:
        log, random = governed_log(seed, STEPS), Random(seed)
        expected = judged(recorded([log]))
        if any(expected != judged(read_once(log, random)) for _ in range(INTERLEAVINGS)):
            return True
    return False


def test_mutant_that_judges_by_the_newest_rules_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens to be recorded of partition 0 depends on the order of reading, and with it such a judgement."""

    class Newest(GovernanceFacts):
        def as_of(self, controller: str, offset: int) -> ControllerState:
            """Whatever is known by now."""
            return super().as_of(controller, max(offset, self.next_offset))

    monkeypatch.setattr(memory_store, "GovernanceFacts", Newest)
    assert differs_somewhere()


def test_mutant_that_forgets_its_batch_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processing of the same batch is looked back at as well as what is stored."""
    original = subject_judgements.record_about_subject

    def forgetful(subject: Any, entry: Any, offset: int, known: Any) -> tuple[Any, Outcome]:
        before = {stream: list(entries) for stream, entries in known.processed.items()}
        result = original(subject, entry, offset, known)
        known.processed.update(before)
        return result

    monkeypatch.setattr("ledger.recording.fold.record_about_subject", forgetful)
    assert differs_somewhere()


@pytest.mark.parametrize("seed", SEEDS)
def test_rules_that_come_later_change_no_judgement_of_people(seed: int) -> None:
    """A fact of governance after a record was sealed shows nothing of that record in another light."""
    log, later = with_later_rules(seed, STEPS, 40)
    before, after = recorded([log]), recorded([log, later])
    assert people(before) == people(after)
    assert judged(before) != judged(after), "the later facts are judged themselves, or the test says nothing"


def people(store: MemoryStore) -> dict[str, Any]:
    """What judging came to beside partition 0."""
    return {name: [row for row in rows if row[0] != 0] for name, rows in judged(store).items()}
