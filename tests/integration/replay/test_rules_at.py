"""On a real store: findings, evidence and deadlines are the same however partitions interleave.

The pure fold is tried in fifty orders in `tests/unit/recording/test_rules_at.py`. Here the governance facts come out of
PostgreSQL, for one recorder of all partitions, and for two, of which one has only the partitions of people.

DESIGN section 8; docs/adr/0023-judged-by-the-rules-at-rules-at.md.
"""

import random
from typing import Any

import pytest

from ledger.bootstrap import Runtime
from ledger.policies import load_pack
from ledger.recording.governance_facts import GovernanceFacts
from ledger.replay import live_state
from ledger.rules.controller_state import ControllerState
from tests.integration.replay.interleaved import Interleaved, record_interleaved
from tests.ledger_home import (
    MINUTE,
    NOON,
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    publish,
    settle,
)

SEEDS = range(4)
ALICE, BORIS = "+3197010000001", "+3197010000002"
JUDGED = ("findings", "promises", "deadlines")
PACK = load_pack("callvoip-dpa")
OBJECTION: dict[str, Any] = {"request_id": "r-1", "subject_phone": ALICE}


def tell(parts: Runtime) -> None:
    """Calls, and between them what changes how they are judged, each sealed under the rules of its time."""
    adoption: dict[str, Any] = {
        "pack": PACK.pack.id,
        "pack_version": PACK.pack.version,
        "content": PACK.content,
        "content_sha256": PACK.sha256,
    }
    agreed: dict[str, Any] = {"signed_by_controller_at": NOON, "signed_by_provider_at": NOON + 2 * MINUTE}
    on_partition_0 = (
        inbox_record("policy.adopted", "adopted", **adoption),
        inbox_record("subprocessor.announced", "announced", subprocessor="speech-example", countries=["US"]),
        inbox_record("agreement.concluded", "signed", agreement_id="a", **agreed),
        inbox_record("breach.discovered", "breach", breach_id="b"),
        inbox_record("subprocessor.objected", "objected", subprocessor="speech-example"),
        inbox_record("breach.notified", "notified", breach_id="b", recipient="controller"),
    )
    of_people = (
        inbox_record("request.received", "asked", right="objection", **OBJECTION),
        inbox_record("processing.restricted", "restricted", subject_phone=BORIS, restriction_id="x"),
        inbox_record("request.answered", "answered", outcome="fulfilled", **OBJECTION),
        inbox_record("restriction.lifted", "lifted", subject_phone=BORIS, restriction_id="x"),
        inbox_record("minor.found", "minor", subject_phone=ALICE),
        inbox_record("consent.given", "given", subject_phone=ALICE, purpose="news"),
    )
    for number, (rule, person) in enumerate(zip(on_partition_0, of_people, strict=True)):
        publish(parts, *(_call(number, n) for n in range(6)), rule)
        settle(parts)
        publish(parts, *(_call(number, n) for n in range(6, 12)), person)
        settle(parts)


def _call(phase: int, number: int) -> Any:
    basis = ("contract", "consent", "legitimate_interests")[number % 3]
    return call(
        f"call {phase} {number}",
        ALICE,
        BORIS,
        occurred_at=NOON + (phase - 2) * MINUTE,
        lawful_basis=basis,
        processors=["speech-example"] if number % 2 else [],
    )


@pytest.fixture(scope="module")
def told(home: LedgerHome) -> LedgerHome:
    """The module's ledger with that log, and proof that its findings depend on rules that changed."""
    with home.parts() as parts:
        tell(parts)
        with parts.store_connection(parts.settings.store_schema) as connection:
            codes = {code for (code,) in connection.execute("SELECT DISTINCT code FROM findings")}
            marks = connection.execute("SELECT count(*) FROM promise_evidence").fetchone()
            states = {state for (state,) in connection.execute("SELECT DISTINCT state FROM deadlines")}
    assert codes >= {
        "controller_unknown",
        "processor_not_announced",
        "processor_objected",
        "transfer_without_mechanism",
        "processing_before_agreement",
        "processing_after_objection",
        "processing_under_restriction",
    }
    assert marks is not None
    assert marks[0] > 5
    assert {"open", "met"} <= states
    return home


def readers(parts: Runtime, chance: random.Random, *, apart: bool) -> list[Interleaved]:
    """One reader of all partitions, or two: of partition 0 and of all others."""
    records, count = ledger_records(parts), parts.settings.ledger_partitions
    slots = ([0], range(1, count)) if apart else (range(count),)
    return [Interleaved(records, slot, chance) for slot in slots]


@pytest.mark.parametrize("apart", [False, True], ids=["one recorder", "two recorders"])
@pytest.mark.parametrize("seed", SEEDS)
def test_judgements_do_not_depend_on_how_partitions_interleave(
    told: LedgerHome, parts: Runtime, monkeypatch: pytest.MonkeyPatch, seed: int, apart: bool
) -> None:
    """Any order of partitions, any cut into batches, and whoever records partition 0."""
    monkeypatch.setattr("consumers.recorder.HELD_BACK_S", 0.0)
    _, live = live_state(parts)
    assert live == record_interleaved(parts, *readers(parts, random.Random(seed), apart=apart))


def test_mutant_that_judges_by_the_newest_rules_is_noticed(
    told: LedgerHome, parts: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is recorded of partition 0 by then depends on the order of reading: digests of what is judged differ."""

    class Newest(GovernanceFacts):
        def as_of(self, controller: str, offset: int) -> ControllerState:
            """Whatever is known by now."""
            return super().as_of(controller, max(offset, self.next_offset))

    monkeypatch.setattr("consumers.recorder.HELD_BACK_S", 0.0)
    _, live = live_state(parts)
    different = {
        name
        for seed in SEEDS
        for name, digest in record_interleaved(
            parts, *readers(parts, random.Random(seed), apart=False), governance=Newest
        ).items()
        if digest != live[name]
    }
    assert "findings" in different
    assert different <= {*JUDGED, "all"}
