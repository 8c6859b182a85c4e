"""Recordings, transcripts and exports: declared, announced, encrypted, not used for training."""

from typing import Any

import pytest

from tests.unit.aggregates.case_facts import case_fact
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.processed import NOW, codes, governed, held, marks, processed

DECLARED, REVOKED = "recording.purpose_declared", "recording.purpose_revoked"


@pytest.mark.parametrize(
    ("declarations", "kept"),
    [
        pytest.param([], False, id="never"),
        pytest.param([(DECLARED, NOW - 1)], True, id="before"),
        pytest.param([(DECLARED, NOW)], True, id="at that very moment"),
        pytest.param([(DECLARED, NOW + 1)], False, id="afterwards"),
        pytest.param([(DECLARED, 0), (REVOKED, NOW)], False, id="revoked"),
        pytest.param([(DECLARED, 0), (REVOKED, NOW + 1)], True, id="revoked afterwards"),
        pytest.param([(REVOKED, 0), (DECLARED, 1)], True, id="declared again"),
    ],
)
def test_recording_purpose_is_stated_beforehand(declarations: list[tuple[str, int]], kept: bool) -> None:
    """CF-13: the customer must state why calls are recorded before any is."""
    facts = [case_fact(event_type, at) for event_type, at in declarations]
    found = held(processed("call.recorded"), governed(promise("CF-13", "recording_purpose"), facts=facts))
    expected = "recording_with_purpose" if kept else "recording_without_purpose"
    assert codes(found) + marks(found) == [(expected, "pack:CF-13")]


def test_another_purpose_than_the_stated_one() -> None:
    """Stated for quality, recorded as evidence."""
    state = governed(promise("CF-13", "recording_purpose"), facts=[case_fact(DECLARED, 0)])
    [finding] = held(processed("call.recorded", fields={"recording_purpose": "evidence"}), state).findings
    assert finding.found == "call recorded for evidence, which had not been stated"


@pytest.mark.parametrize(
    ("kind", "event_type", "broken", "code", "mark"),
    [
        (
            "recording_announced",
            "call.recorded",
            {"announced": False},
            "recording_not_announced",
            "recording_announced",
        ),
        ("encryption", "call.recorded", {"encrypted_at_rest": False}, "not_encrypted", "encrypted"),
        ("encryption", "data.exported", {"encrypted": False}, "not_encrypted", "encrypted"),
        (
            "quality_use",
            "call.transcribed",
            {"used_for_training": True},
            "used_for_training",
            "not_used_for_training",
        ),
    ],
)
def test_kept_and_broken(kind: str, event_type: str, broken: dict[str, Any], code: str, mark: str) -> None:
    """What the entry itself states decides; entries of another kind say nothing of it."""
    state = governed(promise("CB-26", kind))
    found = held(processed(event_type, fields=broken), state)
    assert (codes(found), marks(found)) == ([(code, "pack:CB-26")], [])
    kept = held(processed(event_type), state)
    assert (codes(kept), marks(kept)) == ([], [(mark, "pack:CB-26")])
    assert held(processed(), state) == ((), ())


@pytest.mark.parametrize(
    "event_type", ["call.recorded", "call.transcribed", "data.exported", "data.accessed"]
)
def test_fact_of_another_shape_is_judged_by_what_can_be_read(event_type: str) -> None:
    """A fold must not fail on a fact, whatever a later schema makes of it."""
    kinds = ("recording_announced", "encryption", "quality_use", "masking", "access")
    state = governed(*(promise(kind, kind) for kind in kinds))
    assert held(processed(event_type, open_fields="[]"), state) == ((), ())
