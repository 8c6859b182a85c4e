"""The certificate of an erasure: every line from a fact, with its coordinates. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ledger.contract.cloudevents import parse_time
from ledger.forgetting.certificate import certificate, certificate_text, state_of
from ledger.forgetting.erasure_plan import erasure_id_of
from ledger.store.forgetting_rows import (
    ConfirmationRow,
    DestructionRow,
    ErasureState,
    ErasureStep,
    InstructionRow,
)

PERSON = UUID(int=7)
ERASURE = erasure_id_of(PERSON)
NOW = parse_time("2026-11-22T12:00:00Z")
DUE = parse_time("2026-12-22T23:00:00Z")
STARTED: Mapping[str, Any] = {
    "erasure_id": ERASURE,
    "trigger": "request",
    "request_id": "DSR-1",
    "destroyed_classes": ["call_history", "voicemail"],
    "kept": [
        {"retention_class": "consent_proof", "why": "legal_duty", "article": "GDPR Art. 7(1)", "until": None},
        {
            "retention_class": "recording",
            "why": "legal_hold",
            "article": "BW 3:310",
            "hold_id": "claim-7",
            "until": DUE,
        },
    ],
    "recipients": [{"name": "urn:example:pbx", "kind": "service", "confirm_by": DUE}],
    "inbox_ends": [],
}
PLACES = [
    {"place": "topic ledger", "looked_at": 9, "found": 0},
    {"place": "store stored_events", "looked_at": 9, "found": 0},
]
SEARCHED: Mapping[str, Any] = {"erasure_id": ERASURE, "values": 3, "places": PLACES}
VERIFIED: Mapping[str, Any] = {
    "erasure_id": ERASURE,
    "places": PLACES,
    "fields_closed": 4,
    "fields_kept": 1,
    "backups_until": None,
}
INCOMPLETE: Mapping[str, Any] = {
    "erasure_id": ERASURE,
    "places": PLACES,
    "problems": [
        {"kind": "silent", "name": "urn:example:pbx", "detail": "expected a confirmation, found none"}
    ],
}


def step(phase: str, document: Mapping[str, Any], offset: int) -> ErasureStep:
    """One recorded step, on partition 5."""
    return ErasureStep(5, offset, phase, msgspec.json.encode(document).decode(), NOW, NOW)


def destruction(phase: str, offset: int) -> DestructionRow:
    """One of the two facts about the destruction of call_history."""
    name = "call_history"
    return DestructionRow(
        0,
        offset,
        f"erasure:{ERASURE}:{name}",
        phase,
        "subject",
        "dentist-example",
        PERSON,
        None,
        name,
        None,
        "erasure_request",
        "DSR-1",
        NOW,
        NOW,
    )


def instruction(outcome: str | None = None) -> InstructionRow:
    """The instruction and its answer."""
    answered = outcome is not None
    return InstructionRow(
        "i-1",
        "dentist-example",
        "urn:example:pbx",
        "service",
        "erase",
        ERASURE,
        None,
        PERSON,
        ["call_history"],
        [],
        DUE,
        NOW,
        NOW if answered else None,
        outcome,
        None,
        12 if answered else None,
        DUE if answered else None,
        "confirmed" if answered else "waiting",
        0,
        3,
        5 if answered else None,
        8 if answered else None,
    )


def confirmation(outcome: str) -> ConfirmationRow:
    """What the recipient said."""
    return ConfirmationRow(
        5,
        8,
        ERASURE,
        "urn:example:pbx",
        "urn:example:pbx",
        "dentist-example",
        outcome,
        None,
        12,
        DUE,
        NOW,
        NOW,
    )


def erasure(
    *steps: ErasureStep, phases: tuple[str, ...] = ("intent", "confirmed"), outcome: str | None = None
) -> ErasureState:
    """An erasure as it is recorded."""
    return ErasureState(
        erasure_id=ERASURE,
        stream=PERSON,
        controller="dentist-example",
        trigger="request",
        request_id="DSR-1",
        steps=[step("started", STARTED, 3), *steps],
        instructions=[instruction(outcome)],
        confirmations=[confirmation(outcome)] if outcome else [],
        destructions=[destruction(phase, 6 + place) for place, phase in enumerate(phases)],
    )


FOUND = step("searched", SEARCHED, 4)
UNDERWAY = erasure(FOUND, phases=("intent",))
WAITING = erasure(FOUND)
SILENT = erasure(FOUND, step("incomplete", INCOMPLETE, 7))
DONE = erasure(FOUND, step("verified", VERIFIED, 9), outcome="erased")


def document(state: ErasureState, now: int = NOW) -> dict[str, Any]:
    """The certificate."""
    return certificate(state, now=now, inbox_retention_hours=72)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(erasure(phases=()), "underway", id="started"),
        pytest.param(UNDERWAY, "underway", id="announced, not confirmed"),
        pytest.param(WAITING, "waiting", id="destroyed, nobody has answered"),
        pytest.param(SILENT, "incomplete", id="somebody is silent"),
        pytest.param(DONE, "verified", id="verified"),
        pytest.param(
            erasure(step("incomplete", INCOMPLETE, 7), step("verified", VERIFIED, 9)),
            "verified",
            id="verified after a late answer",
        ),
    ],
)
def test_state_of_an_erasure(state: ErasureState, expected: str) -> None:
    """The last result holds; before there is one, whether it is others' turn."""
    assert expected == state_of(state)


def test_certificate_of_a_verified_erasure() -> None:
    """What went, what stays and why, who confirmed, what was read, the bounds; each with coordinates."""
    shown = document(DONE)
    at = "2026-11-22T12:00:00.000000Z"
    assert shown["basis"] == {"trigger": "request", "article": "GDPR Art. 17(1)", "request_id": "DSR-1"}
    assert shown["destroyed"] == [
        {
            "retention_class": "call_history",
            "why": "erasure_request",
            "announced": {"at": at, "ledger": "0:6"},
            "confirmed": {"at": at, "ledger": "0:7"},
        }
    ]
    assert shown["never_made_again"] == ["voicemail"]
    assert [(each["hold_id"], each["until"], each["ledger"]) for each in shown["kept"]] == [
        (None, None, "5:3"),
        ("claim-7", "2026-12-22T23:00:00.000000Z", "5:3"),
    ]
    (recipient,) = shown["recipients"]
    assert (recipient["state"], recipient["instructed"]["ledger"]) == ("confirmed", "0:3")
    assert (recipient["answer"]["object_count"], recipient["answer"]["ledger"]) == (12, "5:8")
    assert (shown["searched"]["ledger"], shown["reread"]["ledger"], shown["problems"]) == ("5:4", "5:9", [])
    assert shown["bounds"]["recipients_backups_until"] == "2026-12-22T23:00:00.000000Z"
    assert shown["bounds"]["inbox_plain_text_hours"] == 72


def test_silence_shows_in_the_certificate_from_the_moment_the_time_is_over() -> None:
    """Also before anything has reported it."""
    assert [each["state"] for each in document(WAITING, DUE - 1)["recipients"]] == ["waiting"]
    assert [each["state"] for each in document(WAITING, DUE)["recipients"]] == ["silent"]


def test_problems_are_those_of_the_last_result_and_gone_once_verified() -> None:
    """An old problem must not be read as standing."""
    assert [each["name"] for each in document(SILENT)["problems"]] == ["urn:example:pbx"]
    late = erasure(step("incomplete", INCOMPLETE, 7), step("verified", VERIFIED, 9), outcome="erased")
    assert document(late)["problems"] == []


@pytest.mark.parametrize("state", [erasure(phases=()), UNDERWAY, WAITING, SILENT, DONE])
def test_text_says_the_same_as_the_document(state: ErasureState) -> None:
    """Every class, recipient, hold and problem of the document stands in the text."""
    shown = document(state)
    text = "\n".join(certificate_text(shown))
    named = [each["retention_class"] for each in (*shown["destroyed"], *shown["kept"])]
    named += [each["name"] for each in (*shown["recipients"], *shown["problems"])]
    assert [
        name for name in (*named, ERASURE, shown["state"], "claim-7", "GDPR Art. 17(1)") if name not in text
    ] == []


def test_answer_is_shown_with_its_source_and_one_that_does_not_count_with_the_reason() -> None:
    """Whoever doubts who confirmed sees from where it was published."""
    stranger = confirmation("refused")._replace(source="urn:evil:svc", offset=11)
    doubted = replace(DONE, confirmations=[*DONE.confirmations, stranger])
    shown = document(doubted)
    assert shown["recipients"][0]["answer"]["source"] == "urn:example:pbx"
    (found,) = shown["disregarded_answers"]
    assert (found["service"], found["source"], found["why"], found["outcome"], found["ledger"]) == (
        "urn:example:pbx",
        "urn:evil:svc",
        "stranger",
        "refused",
        "5:11",
    )
    text = "\n".join(certificate_text(shown))
    assert "erased, 12 objects, from urn:example:pbx" in text
    assert "not counted, stranger: refused, 12 objects, from urn:evil:svc" in text


def test_certificate_without_anything_to_look_for_says_that_nothing_was_searched() -> None:
    """A search for nothing finds nothing, and must not read as if it had looked."""
    shown = document(erasure(step("searched", {**SEARCHED, "values": 0, "places": []}, 4)))
    assert (shown["searched"]["values"], shown["searched"]["not_searched"]) == (
        0,
        "nothing known to look for",
    )
    text = "\n".join(certificate_text(shown))
    assert "Searched before the keys went: not searched: nothing known to look for" in text
    assert document(WAITING)["searched"]["not_searched"] is None


def test_text_names_a_place_in_which_something_was_found() -> None:
    """The other places of a kind are summed up; one that holds something is not."""
    leaky = {**SEARCHED, "places": [*PLACES, {"place": "store findings", "looked_at": 4, "found": 2}]}
    text = "\n".join(certificate_text(document(erasure(step("searched", leaky, 4)))))
    assert "store: 2 places, 13 looked at, readable: store findings (2)" in text


def test_another_erasures_destructions_are_not_in_the_certificate() -> None:
    """A person may have two erasures, and proofs that ended on their own."""
    other = destruction("confirmed", 20)._replace(destruction_id="erasure:another:call_history")
    mixed = replace(UNDERWAY, destructions=[*UNDERWAY.destructions, other])
    assert document(mixed)["destroyed"][0]["confirmed"] is None
