"""Processing held against objections, restrictions, erasure and minority, also when these are heard of afterwards."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from tests.unit.recording.logs import LogBuilder, split
from tests.unit.recording.memory_store import MemoryStore, recorded

ALICE, ANNA = UUID(int=1), UUID(int=2)
AFTER_OBJECTION, UNDER_RESTRICTION = "processing_after_objection", "processing_under_restriction"
AFTER_ERASURE, KEPT = "processing_after_erasure", "minor_data_kept"

Told = dict[str, Any]


def call(at: int, **changes: Any) -> Told:
    """Processing on the basis of a legitimate interest."""
    return {
        "event_type": "call.completed",
        "occurred_at": at,
        "lawful_basis": "legitimate_interests",
        **changes,
    }


def fact(event_type: str, at: int, **fields: Any) -> Told:
    """A fact about the person."""
    return {"event_type": event_type, "occurred_at": at, "open_fields": json.dumps(fields)}


def objection(at: int, **fields: Any) -> Told:
    """Somebody objected."""
    asked = {"right": "objection", "channel": "email", "requester": "end_user", "received_by": "controller"}
    return fact(
        "request.received", at, **{"request_id": "r", **asked, "purposes": [], "bulk_id": None, **fields}
    )


def refused(at: int, ground: str) -> Told:
    """The objection was refused, and everything told that is to be told."""
    told = {"reasons_told": True, "complaint_told": True, "remedy_told": True}
    return fact("request.refused", at, request_id="r", ground=ground, **told)


def withdrawn(at: int) -> Told:
    """The objection was taken back."""
    return fact("request.withdrawn", at, request_id="r")


def restricted(at: int, restriction: str = "x") -> Told:
    """Processing was restricted."""
    return fact("processing.restricted", at, restriction_id=restriction, ground="accuracy_contested")


def lifted(at: int, restriction: str = "x") -> Told:
    """A restriction ended."""
    return fact("restriction.lifted", at, restriction_id=restriction, subject_informed=True)


def erased(at: int) -> Told:
    """The person's erasure was verified."""
    return fact("erasure.verified", at, erasure_id="e", places=[], fields_closed=1, fields_kept=0)


def stores(*facts: Told) -> list[MemoryStore]:
    """The facts of one person in this order of arrival, in one batch, one by one, and in twos."""
    builder = LogBuilder()
    for number, each in enumerate(facts):
        about = {name: value for name, value in each.items() if name != "stream"}
        builder.fact(each.get("stream", ALICE), event_id=f"event-{number}", **about)
    count = len(facts)
    cuts = (set[int](), set(range(count)), set(range(0, count, 2)))
    return [recorded(split(builder.records, each)) for each in cuts]


def judged(*facts: Told) -> Sequence[tuple[object, ...]]:
    """Every judgement of these families as (on, by, code, state), the same however the facts were batched."""
    families = {AFTER_OBJECTION, UNDER_RESTRICTION, AFTER_ERASURE, KEPT}
    results = [
        [
            (row.offset, row.judged_by, row.code, row.state)
            for row in store.judgements()
            if row.code in families
        ]
        for store in stores(*facts)
    ]
    assert results[0] == results[1] == results[2]
    return results[0]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([objection(5), call(4)], [], id="before the objection"),
        pytest.param([objection(5), call(5)], [(1, 1, AFTER_OBJECTION, "open")], id="at its receipt"),
        pytest.param([call(5), objection(5)], [(0, 1, AFTER_OBJECTION, "open")], id="heard of afterwards"),
        pytest.param([call(4), objection(5)], [], id="it does not work backwards"),
        pytest.param([call(5, lawful_basis="contract"), objection(1)], [], id="a basis nobody can object to"),
        pytest.param(
            [call(5, lawful_basis="contract", purpose="direct_marketing"), objection(1)],
            [(0, 1, AFTER_OBJECTION, "open")],
            id="direct marketing whatever it rests on (Art. 21(3))",
        ),
        pytest.param([call(5), objection(1, purposes=["other"])], [], id="another purpose"),
        pytest.param([call(5), objection(1, right="access")], [], id="another right"),
        pytest.param([call(5, purpose="rights_request"), objection(1)], [], id="what the law asks for"),
        pytest.param(
            [objection(1), call(5), refused(9, "compelling_grounds")],
            [(1, 1, AFTER_OBJECTION, "open"), (1, 2, AFTER_OBJECTION, "resolved")],
            id="refused on compelling grounds, so it barred nothing",
        ),
        pytest.param(
            [objection(1), call(5), refused(9, "excessive")],
            [(1, 1, AFTER_OBJECTION, "open")],
            id="refused on another ground",
        ),
        pytest.param(
            [refused(9, "legal_claim"), call(5), objection(1)], [], id="the refusal is heard of first"
        ),
        pytest.param(
            [objection(1), call(5), withdrawn(5)],
            [(1, 1, AFTER_OBJECTION, "open"), (1, 2, AFTER_OBJECTION, "resolved")],
            id="taken back at that very moment",
        ),
        pytest.param(
            [objection(1), call(5), withdrawn(6)],
            [(1, 1, AFTER_OBJECTION, "open")],
            id="taken back afterwards",
        ),
        pytest.param(
            [objection(6), call(5), objection(2)],
            [(1, 2, AFTER_OBJECTION, "open")],
            id="it was received earlier than we knew",
        ),
    ],
)
def test_objection(facts: list[Told], expected: list[tuple[object, ...]]) -> None:
    """GDPR Art. 21, MB-44: from its receipt, before anybody decided about it."""
    assert judged(*facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([restricted(5), call(4)], [], id="before"),
        pytest.param([restricted(5), call(5)], [(1, 1, UNDER_RESTRICTION, "open")], id="the moment it begins"),
        pytest.param([restricted(5), lifted(8), call(7)], [(2, 2, UNDER_RESTRICTION, "open")], id="meanwhile"),
        pytest.param([restricted(5), lifted(8), call(8)], [], id="the moment it ends"),
        pytest.param([call(7), restricted(5)], [(0, 1, UNDER_RESTRICTION, "open")], id="heard of afterwards"),
        pytest.param(
            [restricted(5), call(7), lifted(6)],
            [(1, 1, UNDER_RESTRICTION, "open"), (1, 2, UNDER_RESTRICTION, "resolved")],
            id="it had ended before",
        ),
        pytest.param([lifted(6), call(5), restricted(3)], [(1, 2, UNDER_RESTRICTION, "open")], id="in any order"),
        pytest.param(
            [restricted(3), lifted(6), call(7), lifted(9)],
            [(2, 3, UNDER_RESTRICTION, "open")],
            id="it ended later than we knew",
        ),
        pytest.param(
            [restricted(1), restricted(2, "y"), call(5), lifted(3)],
            [(2, 2, UNDER_RESTRICTION, "open")],
            id="one of two ends",
        ),
        pytest.param([restricted(1), call(5, lawful_basis="consent")], [], id="with consent (Art. 18(2))"),
        pytest.param([restricted(1), call(5, purpose="legal_claim")], [], id="for a claim (Art. 18(2))"),
        pytest.param([restricted(1), call(5, purpose="audit")], [], id="what the law asks for"),
    ],
)  # fmt: skip
def test_restriction(facts: list[Told], expected: list[tuple[object, ...]]) -> None:
    """GDPR Art. 18: storage, and what the person agrees to; nothing else."""
    assert judged(*facts) == expected


def test_restriction_is_each_persons_own() -> None:
    """Two people share a ledger partition, and one of them asked for it."""
    anna = {"stream": ANNA}
    facts = [restricted(1), {**call(5), **anna}, {**restricted(2), **anna}, call(5)]
    assert judged(*facts) == [(1, 2, UNDER_RESTRICTION, "open"), (3, 3, UNDER_RESTRICTION, "open")]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([erased(5), call(5)], [], id="at that very moment"),
        pytest.param([erased(5), call(6)], [(1, 1, AFTER_ERASURE, "open")], id="after it"),
        pytest.param([erased(5), call(4)], [], id="a late fact of before"),
        pytest.param([call(6), erased(5)], [(0, 1, AFTER_ERASURE, "open")], id="heard of afterwards"),
        pytest.param([erased(5), call(9, purpose="accountability")], [], id="what the law asks for"),
        pytest.param(
            [erased(7), call(6), erased(5)], [(1, 2, AFTER_ERASURE, "open")], id="it was verified earlier"
        ),
    ],
)
def test_erasure(facts: list[Told], expected: list[tuple[object, ...]]) -> None:
    """GDPR Art. 17: who calls again is somebody new, so nothing new reaches the old pseudonym."""
    assert judged(*facts) == expected


def test_no_processing_is_held_against_these() -> None:
    """A withdrawal, or the erasure that carries the objection out, is what was asked for."""
    assert (
        judged(
            objection(1),
            restricted(1),
            erased(1),
            {**fact("consent.withdrawn", 5), "lawful_basis": "legitimate_interests"},
            {**fact("data.erased", 5, trigger="request"), "lawful_basis": "legitimate_interests"},
        )
        == []
    )


def shown(*facts: Told) -> set[object]:
    """The marks shown, the same however the facts were batched."""
    results = [{row[4] for row in store.rows.get("promise_evidence", [])} for store in stores(*facts)]
    assert results[0] == results[1] == results[2]
    return results[0]


ANSWERED = fact(
    "request.answered",
    9,
    request_id="r",
    outcome="fulfilled",
    kept=[],
    confirmation_sent=True,
    charged_to="nobody",
    charge_ground=None,
    recipients_informed=[],
)


@pytest.mark.parametrize(
    ("facts", "mark", "expected"),
    [
        pytest.param([restricted(1), lifted(9)], "restriction_respected", True, id="nothing meanwhile"),
        pytest.param(
            [call(0), restricted(1), call(9), lifted(9)], "restriction_respected", True, id="beside it"
        ),
        pytest.param([restricted(1), call(5), lifted(9)], "restriction_respected", False, id="something"),
        pytest.param(
            [restricted(0, "y"), call(1), restricted(5), lifted(9), restricted(0, "y")],
            "restriction_respected",
            True,
            id="something under another one before, which another fact of the batch looks back at",
        ),
        pytest.param([objection(1), ANSWERED], "objection_respected", True, id="nothing until the answer"),
        pytest.param([call(0), objection(1), ANSWERED], "objection_respected", True, id="before it"),
        pytest.param(
            [objection(1), call(5), ANSWERED], "objection_respected", False, id="processed all the same"
        ),
        pytest.param(
            [objection(1, right="access"), ANSWERED], "objection_respected", False, id="another right"
        ),
        pytest.param([erased(5)], "erasure_verified", True, id="verified"),
    ],
)
def test_respected(facts: list[Told], mark: str, expected: bool) -> None:
    """What the end of a restriction or objection shows: that nothing was processed against it."""
    assert (mark in shown(*facts)) is expected


def test_processing_with_consent_is_shown() -> None:
    """Where consent was in force; without it there is a finding instead."""
    given = {**fact("consent.given", 1), "lawful_basis": "consent"}
    assert "processing_with_consent" in shown(given, call(5, lawful_basis="consent"))
    assert "processing_with_consent" not in shown(call(5, lawful_basis="consent"))
    assert "processing_with_consent" not in shown(given, call(5))


NEWS = {"lawful_basis": "consent"}


def consent(state: str, at: int) -> Told:
    """A change of consent."""
    return {**fact(f"consent.{state}", at), **NEWS}


@pytest.mark.parametrize(
    ("facts", "mark", "expected"),
    [
        ([call(5, **NEWS), consent("given", 1)], "processing_with_consent", True),
        ([call(5, **NEWS), consent("given", 6)], "processing_with_consent", False),
        ([call(5, **NEWS), consent("refused", 1)], "processing_with_consent", False),
        ([call(5, **NEWS), consent("withdrawn", 3), consent("given", 1)], "processing_with_consent", False),
        ([objection(1), call(5), refused(9, "compelling_grounds")], "objection_respected", True),
        ([objection(1), call(5), refused(9, "unfounded")], "objection_respected", False),
        ([objection(1), refused(9, "compelling_grounds")], "objection_respected", False),
    ],
)
def test_late_fact_that_justifies_what_was_done_shows_it(
    facts: list[Told], mark: str, expected: bool
) -> None:
    """What resolves a finding is evidence, as it would have been had it come in time."""
    assert (mark in shown(*facts)) is expected
