"""On whose instruction: one on record, and none the provider called unlawful."""

import pytest

from ledger.entry import Entry
from tests.unit.aggregates.case_facts import DAY, case_fact
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.processed import NOW, codes, governed, held, marks, processed, signed

RULE = promise("CB-07", "instruction")
UNKNOWN, RECORDED = ("instruction_unknown", "pack:CB-07"), ("instruction_recorded", "pack:CB-07")
UNLAWFUL = ("unlawful_instruction_carried_out", "")


def judged(*facts: Entry, instruction: str | None = "i-1") -> list[tuple[str, str]]:
    """What an entry under an instruction comes to."""
    found = held(processed(instruction_id=instruction), governed(RULE, facts=facts))
    return [each for each in codes(found) + marks(found) if each[0] != "agreement_signed"]


@pytest.mark.parametrize(("at", "expected"), [(NOW - 1, [RECORDED]), (NOW, [RECORDED]), (NOW + 1, [UNKNOWN])])
def test_instruction_is_on_record_from_when_it_was_given(at: int, expected: list[tuple[str, str]]) -> None:
    """CB-07: a click in the dashboard is an instruction, from that moment on."""
    assert judged(case_fact("instruction.received", at)) == expected


def test_instruction_nobody_gave() -> None:
    """It is named, and nothing is known of it."""
    assert judged() == [UNKNOWN]
    assert judged(case_fact("instruction.received", 0), instruction="i-2") == [UNKNOWN]


def test_entry_that_names_none_is_held_to_none() -> None:
    """The field is there where there is an instruction."""
    assert judged(instruction=None) == []


def test_agreement_is_the_first_instruction() -> None:
    """GDPR Art. 28(3)(a): entries may name it; one not yet signed is none."""
    assert judged(signed(NOW), instruction="main") == [RECORDED]
    assert judged(signed(NOW + 1), instruction="main") == [UNKNOWN]


@pytest.mark.parametrize(
    ("at", "expected"), [(NOW, [UNKNOWN]), (NOW + 1, [RECORDED])], ids=["taken back", "taken back afterwards"]
)
def test_instruction_taken_back(at: int, expected: list[tuple[str, str]]) -> None:
    """From then on nobody may act on it."""
    given = case_fact("instruction.received", 0)
    assert judged(given, case_fact("instruction.withdrawn", at)) == expected


@pytest.mark.parametrize(("at", "unlawful"), [(NOW - 1, True), (NOW, True), (NOW + 1, False)])
def test_unlawful_instruction_carried_out(at: int, unlawful: bool) -> None:
    """CD-08: the provider said it was unlawful, and did it all the same."""
    facts = [case_fact("instruction.received", 0), case_fact("instruction.objected", at)]
    assert (UNLAWFUL in judged(*facts)) is unlawful


def test_objection_to_an_instruction_that_was_withdrawn_is_settled() -> None:
    """What is wrong then is that there is no instruction."""
    facts = [
        case_fact("instruction.received", 0),
        case_fact("instruction.objected", DAY),
        case_fact("instruction.withdrawn", 2 * DAY),
    ]
    assert judged(*facts) == [UNKNOWN]
