"""Findings on governance facts, and on erasures that could not be shown to be complete."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from ledger.rules.findings import Finding
from tests.unit.recording.logs import LogBuilder, split
from tests.unit.recording.memory_store import MemoryStore, recorded

ALICE, BOB, GOVERNANCE = UUID(int=1), UUID(int=3), UUID(int=10)
SILENT = {"kind": "silent", "name": "storage-example", "detail": "no answer by 2026-04-27"}


def result(
    log: LogBuilder, outcome: str, *, stream: UUID = ALICE, erasure: str = "e1", **fields: Any
) -> None:
    """An erasure's result."""
    document = {"erasure_id": erasure, "places": [], "problems": [SILENT], **fields}
    log.fact(
        stream,
        event_id=f"result {len(log.records)}",
        event_type=f"erasure.{outcome}",
        open_fields=json.dumps(document),
    )


def judged(store: MemoryStore) -> list[tuple[object, ...]]:
    """Partition, offset, code, judged by, state of each judgement."""
    return [(row.partition, row.offset, row.code, row.judged_by, row.state) for row in store.judgements()]


def stores(log: LogBuilder) -> Sequence[MemoryStore]:
    """The log recorded in one batch, one by one, and in twos: a judgement must not depend on it."""
    count = len(log.records)
    cuts = (set[int](), set(range(count)), set(range(0, count, 2)))
    return [recorded(split(log.records, each)) for each in cuts]


def test_incomplete_erasure_is_found_with_what_stands_in_the_way() -> None:
    """The place or the silent service is named, and the articles."""
    log = LogBuilder()
    result(log, "incomplete")
    for store in stores(log):
        assert judged(store) == [(1, 0, "erasure_incomplete", 0, "open")]
        (row,) = store.judgements()
        assert row.article == "GDPR Art. 17, 19"
        assert row.found == "silent storage-example: no answer by 2026-04-27"


def test_later_verification_resolves_it() -> None:
    """The last service has answered; what was open stays in the judgements, and open no longer."""
    log = LogBuilder()
    result(log, "incomplete")
    log.fact(ALICE, event_id="between")
    result(log, "verified")
    for store in stores(log):
        assert judged(store) == [
            (1, 0, "erasure_incomplete", 0, "open"),
            (1, 0, "erasure_incomplete", 2, "resolved"),
        ]


def test_verification_without_anything_incomplete_judges_nothing() -> None:
    """All is well."""
    log = LogBuilder()
    result(log, "verified")
    assert [judged(store) for store in stores(log)] == [[], [], []]


def test_later_incomplete_result_takes_the_place_of_an_earlier_one() -> None:
    """The last result holds, so an erasure has one open finding at most."""
    log = LogBuilder()
    result(log, "incomplete")
    result(log, "incomplete", problems=[])
    result(log, "verified")
    result(log, "verified")
    for store in stores(log):
        assert judged(store) == [
            (1, 0, "erasure_incomplete", 0, "open"),
            (1, 0, "erasure_incomplete", 1, "resolved"),
            (1, 1, "erasure_incomplete", 1, "open"),
            (1, 1, "erasure_incomplete", 2, "resolved"),
        ]


def test_verification_of_another_erasure_resolves_nothing() -> None:
    """Another person's, or another one of the same person."""
    log = LogBuilder()
    result(log, "incomplete")
    result(log, "verified", stream=BOB)
    result(log, "verified", erasure="e2")
    for store in stores(log):
        assert judged(store) == [(1, 0, "erasure_incomplete", 0, "open")]


def test_result_nobody_can_read_is_found_all_the_same() -> None:
    """That an erasure is incomplete never goes unnoticed."""
    log = LogBuilder()
    log.fact(ALICE, event_id="result", event_type="erasure.incomplete", open_fields="[]")
    for store in stores(log):
        assert judged(store) == [(1, 0, "erasure_incomplete", 0, "open")]


def test_many_problems_are_counted_and_not_all_named() -> None:
    """A finding is a sentence; the fact has them all."""
    log = LogBuilder()
    result(log, "incomplete", problems=[{**SILENT, "name": f"service {n}"} for n in range(25)])
    (row,) = recorded([log.records]).judgements()
    assert "service 19" in row.found
    assert "service 20" not in row.found
    assert row.found.endswith("and 5 more")


def test_governance_fact_is_judged() -> None:
    """Days nobody promised are recorded and found, on the entry itself."""
    log = LogBuilder()
    fields = {"retention_class": "recording", "days": 999}
    log.fact(GOVERNANCE, event_id="set", event_type="retention.set", open_fields=json.dumps(fields))
    for store in stores(log):
        assert judged(store) == [(0, 0, "retention_out_of_range", 0, "open")]


@pytest.mark.parametrize("codes", [("a", "b"), ("a", "b", "a")])
def test_governance_fact_can_break_several_rules_each_once(
    codes: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding is known by its code."""
    found = [Finding(code=code, article="Art. 1", expected="this", found="that") for code in codes]
    monkeypatch.setattr("ledger.recording.judgements.judge_governance", lambda _: found)
    log = LogBuilder()
    log.fact(GOVERNANCE, event_id="one", event_type="hold.placed")
    assert judged(recorded([log.records])) == [(0, 0, "a", 0, "open"), (0, 0, "b", 0, "open")]


def test_fact_about_nobody_is_not_held_to_rules_for_governance() -> None:
    """An unattributed stream is nobody's, and nobody's rules."""
    log = LogBuilder()
    fields = {"retention_class": "recording", "days": 999}
    log.fact(UUID(int=11), event_id="set", event_type="retention.set", open_fields=json.dumps(fields))
    assert judged(recorded([log.records])) == []
