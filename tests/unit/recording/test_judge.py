"""Remembering changes no judgement, and costs no more memory than it says."""

from random import Random
from typing import Any

import pytest

from ledger.recording import judge as judge_module
from ledger.recording.governance_facts import GovernanceFacts
from ledger.recording.judge import Judge
from ledger.rules.processing.judgement import Held, judge_processing, judge_retention, judge_unknown
from ledger.rules.processing.processing_facts import processing_of
from tests.unit.recording.governed_logs import governed_log
from tests.unit.recording.logs import consent_entry


def judged_afresh(governance: GovernanceFacts, entry: Any, *, first: bool) -> Held:
    """The obvious way: each rule asked about each entry, at the moment it happened."""
    state = governance.as_of(entry.controller, entry.rules_at)
    if not state.known():
        return judge_unknown(first=first)
    classes = [sealed.retention_class for sealed in entry.sealed]
    processed = judge_processing(processing_of(entry, first=first), state, entry.occurred_at)
    kept = judge_retention(state, classes, entry.occurred_day, first=first)
    return Held(processed.findings + kept.findings, processed.shown + kept.shown)


@pytest.mark.parametrize("seed", range(5))
def test_remembered_judgement_is_that_of_judging_afresh(seed: int) -> None:
    """For every entry, in any order, asked twice."""
    log, random = governed_log(seed, 150), Random(seed)
    governance = GovernanceFacts()
    for record in log:
        if record.partition == 0:
            governance.add(record.offset, consent_entry(record.record))
    judge = Judge(governance)
    entries = [consent_entry(record.record) for record in log if record.partition] * 2
    random.shuffle(entries)
    results = [(judge.entry(entry, first=first), judged_afresh(governance, entry, first=first))
               for entry in entries for first in (False, True)]  # fmt: skip
    assert all(remembered == afresh for remembered, afresh in results)
    assert any(held.findings for held, _ in results)
    assert any(held.shown for held, _ in results)


def test_forgets_all_at_once_beyond_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder's memory is flat over time."""
    monkeypatch.setattr(judge_module, "ENTRIES_REMEMBERED_MAX", 10)
    log, governance = governed_log(1, 150), GovernanceFacts()
    for record in log:
        if record.partition == 0:
            governance.add(record.offset, consent_entry(record.record))
    judge, sizes = Judge(governance), []
    for record in log:
        if record.partition:
            judge.entry(consent_entry(record.record), first=False)
            sizes.append(len(judge._entries))
    assert max(sizes) == 10
    assert sizes[-1] < len(sizes)


def test_entries_that_are_alike_share_one_judgement() -> None:
    """Nearly every entry is like one before it; the result is the same object."""
    log, governance = governed_log(3, 60), GovernanceFacts()
    for record in log:
        if record.partition == 0:
            governance.add(record.offset, consent_entry(record.record))
    judge = Judge(governance)
    entry = next(consent_entry(each.record) for each in log if each.partition)
    assert judge.entry(entry, first=False) is judge.entry(entry, first=False)


def test_failed_batch_is_forgotten() -> None:
    """What was judged by facts that were never recorded as well."""
    log, governance = governed_log(1, 0), GovernanceFacts()
    for record in log:
        governance.add(record.offset, consent_entry(record.record))
    judge = Judge(governance)
    entry = consent_entry(governed_log(1, 30)[-1].record)
    judge.entry(entry, first=False)
    judge.forget()
    assert (governance.next_offset, judge._entries) == (0, {})
