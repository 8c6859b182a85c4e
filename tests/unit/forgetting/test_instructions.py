"""What recipients are told: messages, their ids, and when an answer is due."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ledger.forgetting import instructions
from ledger.forgetting.instructions import (
    Except,
    Instruction,
    Reference,
    confirm_by,
    instruction_id,
    messages,
)
from ledger.rules.calendar.periods import Period, first_moment_after
from ledger.rules.packs.policy_pack import PolicyPack

NOW = 1_774_609_200_000_000
"""2026-03-27T11:00:00Z."""
DAY = 20_539
"""2026-03-27."""
SUBJECT = UUID("6f7b0a52-0000-4000-8000-000000000001")


def instruction(**more: Any) -> Instruction:
    """An instruction of a retention run."""
    stated: dict[str, Any] = {
        "instruction": "i-1",
        "recipient": "urn:test:pbx",
        "recipient_kind": "service",
        "action": "erase",
        "controller": "dentist-example",
        "confirm_by": NOW,
        "retention_classes": ["call_history"],
        "epochs": [("call_history", DAY)],
        "run_id": "run-1",
    }
    return Instruction(**{**stated, **more})


def pack(name: str, within: Mapping[str, Period], default: Period) -> PolicyPack:
    """A pack that says how long recipients may take."""
    return PolicyPack(id=name, version="1", title=name, confirm_within=within, confirm_within_default=default)


def test_message_is_a_cloudevent_keyed_by_its_recipient() -> None:
    """A service reads its own key's partition and needs no Avro."""
    (message,) = messages(instruction(), NOW)
    event = msgspec.json.decode(message.value)
    expected = {
        "instruction": "i-1",
        "part": 1,
        "parts": 1,
        "recipient": "urn:test:pbx",
        "recipient_kind": "service",
        "action": "erase",
        "controller": "dentist-example",
        "erasure_id": None,
        "run_id": "run-1",
        "subject_pseudonym": None,
        "retention_classes": ["call_history"],
        "epochs": [{"retention_class": "call_history", "day": "2026-03-27"}],
        "references": [],
        "except": [],
        "confirm_by": "2026-03-27T11:00:00.000000Z",
        "confirm": {"type": "data.erased", "erasure_id": "i-1", "service": "urn:test:pbx"},
    }
    assert (b"urn:test:pbx", "ledger.instruction", "i-1", expected) == (
        message.key,
        event["type"],
        event["id"],
        event["data"],
    )


def test_instruction_of_an_erasure_is_confirmed_by_the_erasures_id() -> None:
    """All recipients of one erasure confirm the same."""
    (message,) = messages(instruction(erasure_id="e-1", subject=SUBJECT, epochs=(), run_id=None), NOW)
    data = msgspec.json.decode(message.value)["data"]
    assert ("e-1", str(SUBJECT)) == (data["confirm"]["erasure_id"], data["subject_pseudonym"])


@pytest.mark.parametrize(("limit", "parts"), [("REFERENCES_MAX", 3), ("REFERENCE_BYTES_MAX", 5)])
def test_references_that_do_not_fit_go_into_further_messages(
    limit: str, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each message has an id of its own and says which part it is; nothing is lost between them."""
    monkeypatch.setattr(instructions, limit, 2)
    references = [Reference("urn:test:pbx", f"call-{number}") for number in range(5)]
    events = [msgspec.json.decode(each.value) for each in messages(instruction(references=references), NOW)]
    assert [f"i-1/{number}" for number in range(1, parts + 1)] == [event["id"] for event in events]
    assert [each.id for each in references] == [
        r["id"] for event in events for r in event["data"]["references"]
    ]


def test_person_on_hold_is_excepted_by_the_recipients_own_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named with the pseudonym in every part that has events of that person; never among those to erase."""
    monkeypatch.setattr(instructions, "REFERENCES_MAX", 2)
    kept = [Except(SUBJECT, [Reference("urn:test:pbx", f"call-{number}") for number in range(3)])]
    parts = [msgspec.json.decode(each.value)["data"] for each in messages(instruction(excepts=kept), NOW)]
    assert [(part["part"], part["parts"]) for part in parts] == [(1, 2), (2, 2)]
    assert [part["references"] for part in parts] == [[], []]
    found = [each for part in parts for each in part["except"]]
    assert {str(SUBJECT)} == {each["subject_pseudonym"] for each in found}
    assert [event["id"] for each in found for event in each["references"]] == ["call-0", "call-1", "call-2"]


def test_id_follows_from_what_it_is_for() -> None:
    """Asked again after a crash, the same instruction has the same id."""
    assert instruction_id("run-1", "dentist", "pbx") == instruction_id("run-1", "dentist", "pbx")


@pytest.mark.parametrize("other", [("run-2", "a", "b"), ("run-1", "ab", ""), ("run-1", "a", "b", "1")])
def test_ids_of_different_instructions_differ(other: tuple[str, ...]) -> None:
    """Names that run together are different names."""
    assert instruction_id("run-1", "a", "b") != instruction_id(*other)


def test_confirmation_is_due_after_the_recipients_own_time() -> None:
    """A processor that takes 30 days is not called silent after two."""
    adopted = pack("a", {"twilio": Period(days=14)}, Period(days=2))
    assert first_moment_after(DAY + 14) == confirm_by([adopted], "Twilio Ireland Ltd", NOW)


def test_confirmation_of_anybody_else_is_due_after_the_packs_default() -> None:
    """Named times are for those named."""
    adopted = pack("a", {"twilio": Period(days=14)}, Period(days=2))
    assert first_moment_after(DAY + 2) == confirm_by([adopted], "urn:test:pbx", NOW)


def test_earliest_time_of_several_packs_counts() -> None:
    """Both promises are to be kept."""
    adopted = [pack("a", {}, Period(days=9)), pack("b", {}, Period(days=3))]
    assert first_moment_after(DAY + 3) == confirm_by(adopted, "urn:test:pbx", NOW)


def test_confirmation_without_any_policy_is_due_after_thirty_days() -> None:
    """Silence has an end, whatever was adopted."""
    assert first_moment_after(DAY + 30) == confirm_by([], "urn:test:pbx", NOW)
