"""Who looks at data, and which authorities get it."""

import pytest

from tests.unit.rules.judged_cases import promise
from tests.unit.rules.processed import codes, governed, held, marks, processed

MASKING = promise("CF-14", "masking", hide_last=3)


@pytest.mark.parametrize(
    ("role", "masked", "expected"),
    [
        ("support", True, [("number_masked", "pack:CF-14")]),
        ("support", False, [("number_shown_in_full", "pack:CF-14")]),
        ("operator", True, [("number_masked", "pack:CF-14")]),
        ("operator", False, [("number_shown_in_full", "pack:CF-14")]),
        ("automated", False, []),
        ("controller_user", False, []),
        ("data_subject", False, []),
    ],
)
def test_staff_sees_no_number_in_full(role: str, masked: bool, expected: list[tuple[str, str]]) -> None:
    """CF-14: the last three digits are hidden from the provider's staff; the customer sees its own."""
    fields = {"actor_role": role, "numbers_masked": masked}
    found = held(processed("data.accessed", fields=fields), governed(MASKING))
    assert codes(found) + marks(found) == expected


def test_sentence_says_how_many_digits() -> None:
    """X14: three here; a card's last four stay elsewhere, which is another rule."""
    fields = {"actor_role": "operator", "numbers_masked": False}
    [finding] = held(processed("data.accessed", fields=fields), governed(MASKING)).findings
    assert finding.expected == "the last 3 digits hidden from the provider's staff"
    assert finding.found == "operator saw numbers in full"


@pytest.mark.parametrize("role", ["support", "operator"])
@pytest.mark.parametrize(
    ("reference", "expected"),
    [("ticket-7", ("access_with_reason", "pack:CD-11")), (None, ("access_without_reason", "pack:CD-11"))],
)
def test_staff_name_what_they_look_for(role: str, reference: str | None, expected: tuple[str, str]) -> None:
    """CD-11: only by functional need."""
    entry = processed("data.accessed", fields={"actor_role": role, "reference": reference})
    found = held(entry, governed(promise("CD-11", "access")))
    assert codes(found) + marks(found) == [expected]


@pytest.mark.parametrize("role", ["auditor", "dpo", "automated", "controller_user"])
def test_others_have_reasons_of_their_own(role: str) -> None:
    """The promise is about the provider's people."""
    entry = processed("data.accessed", fields={"actor_role": role, "reference": None})
    assert held(entry, governed(promise("CD-11", "access"))) == ((), ())


CONDITIONS = ("from_public_body", "within_jurisdiction", "enforceable", "states_scope")
KEPT, BROKEN = ("disclosure_with_conditions", "pack:MB-25"), ("disclosure_without_condition", "pack:MB-25")


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize(
    ("outcome", "expected"), [("disclosed", BROKEN), ("partly_disclosed", BROKEN), ("refused", KEPT)]
)
def test_disclosure_that_lacks_a_condition(condition: str, outcome: str, expected: tuple[str, str]) -> None:
    """MB-25: each of the four by itself; a refusal needs none."""
    entry = processed("data.disclosed", fields={condition: False, "outcome": outcome})
    state = governed(promise("MB-25", "disclosure", conditions=CONDITIONS))
    found = held(entry, state)
    assert codes(found) + marks(found) == [expected]


def test_disclosure_that_meets_every_condition() -> None:
    """MB-25."""
    state = governed(promise("MB-25", "disclosure", conditions=CONDITIONS))
    found = held(processed("data.disclosed"), state)
    assert codes(found) + marks(found) == [KEPT]


def test_condition_nobody_promised_is_not_asked_for() -> None:
    """CF-04 asks that it is required by law, and says nothing of its scope."""
    entry = processed("data.disclosed", fields={"states_scope": False})
    state = governed(promise("MB-25", "disclosure", conditions=("from_public_body", "enforceable")))
    assert codes(held(entry, state)) == []


def test_sentence_names_each_condition_that_is_not_met() -> None:
    """A lawyer reads what was wrong with the demand."""
    fields = {"from_public_body": False, "states_scope": False, "outcome": "partly_disclosed"}
    state = governed(promise("MB-25", "disclosure", conditions=CONDITIONS))
    [finding] = held(processed("data.disclosed", fields=fields), state).findings
    assert finding.found == (
        "data partly disclosed on a demand although it did not come from a public body and "
        "it did not state the categories of data and the period"
    )
