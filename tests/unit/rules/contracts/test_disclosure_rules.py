"""Demands of authorities: data goes out only when every promised condition was checked and held."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.rules.contracts.disclosure_rules import CONDITION_TEXTS
from ledger.rules.findings import Finding
from ledger.rules.judged import NOTHING, OnEntry
from ledger.rules.packs.kinds_of_processing import DISCLOSURE_CONDITIONS
from tests.unit.aggregates.stated_cases import HOUR, decided, demanded, moment
from tests.unit.rules.judged_cases import (
    FIRST_OFFSET,
    codes_of,
    findings_of,
    judged,
    judged_facts,
    marks_of,
    numbered,
    pack_of,
    promise,
)

T = moment("2026-06-01T10:00:00+02:00")
FOUR = ("from_public_body", "within_jurisdiction", "enforceable", "states_scope")
PROMISED = pack_of(promise("MB-25", "disclosure", conditions=FOUR), pack="mb")
ONLY_ENFORCEABLE = pack_of(promise("CF-04", "disclosure", conditions=("enforceable",)), pack="cf")
FIELDS = ("from_public_body", "within_jurisdiction", "enforceable", "states_categories", "states_period")
LAWFUL = {"disclosure_with_conditions"}


def test_conditions_have_one_set_of_names() -> None:
    """What packs may ask for, and what findings call it."""
    assert set(DISCLOSURE_CONDITIONS) == set(FOUR) == set(CONDITION_TEXTS)


@pytest.mark.parametrize("outcome", ["disclosed", "partly_disclosed"])
def test_disclosure_with_all_conditions_is_as_promised(outcome: str) -> None:
    """MB-25: all four hold, and were checked."""
    result = judged(demanded(T), decided(T + HOUR, outcome), by=PROMISED)
    assert not result.findings
    assert marks_of(result) == LAWFUL


@pytest.mark.parametrize("missing", [each for n in (1, 2, 5) for each in combinations(FIELDS, n)])
def test_disclosure_without_a_condition_is_found(missing: tuple[str, ...]) -> None:
    """Whichever of them lacks, alone or with others; and a refusal for the same lack is as promised."""
    demand = demanded(T, **dict.fromkeys(missing, False))
    assert codes_of(judged(demand, decided(T + HOUR), by=PROMISED)) == ["disclosure_without_condition"]
    assert codes_of(judged(demand, decided(T + HOUR, "partly_disclosed"), by=PROMISED)) == [
        "disclosure_without_condition"
    ]
    refused = judged(demand, decided(T + HOUR, "refused", conditions_checked=False), by=PROMISED)
    assert not refused.findings
    assert marks_of(refused) == LAWFUL


@pytest.mark.parametrize("field", ["states_categories", "states_period"])
def test_scope_is_the_categories_and_the_period(field: str) -> None:
    """MB-25 (4) asks for both, and a demand that states one lacks the condition."""
    found = findings_of(judged(demanded(T, **{field: False}), decided(T + HOUR), by=PROMISED))
    assert (
        found["disclosure_without_condition"].found
        == "disclosed although it does not hold that it states the categories of data and the specific period"
    )


def test_disclosure_is_a_finding_a_lawyer_can_read() -> None:
    """On the decision, with the conditions and what lacked."""
    demand = demanded(T, from_public_body=False, enforceable=False)
    finding = Finding(
        code="disclosure_without_condition",
        article="art. MB-25",
        expected=(
            "data disclosed only on a demand of which it is checked that it comes from a public body, the provider is "
            "under the jurisdiction it was issued in, it is an enforceable subpoena, warrant, court order or similar "
            "and it states the categories of data and the specific period"
        ),
        found=(
            "disclosed although it does not hold that it comes from a public body and it is an enforceable subpoena, "
            "warrant, court order or similar"
        ),
        rule="mb:MB-25",
    )
    expected = (OnEntry(FIRST_OFFSET + 1, T + HOUR, finding),)
    assert expected == judged(demand, decided(T + HOUR), by=PROMISED).findings


def test_conditions_that_were_not_checked_do_not_count() -> None:
    """That they happened to hold was luck."""
    found = findings_of(judged(demanded(T), decided(T + HOUR, conditions_checked=False), by=PROMISED))
    assert found["disclosure_without_condition"].found == "disclosed without checking the conditions first"


@pytest.mark.parametrize(("after", "found"), [(-1, True), (0, False), (1, False)])
def test_demand_comes_before_the_decision(after: int, found: bool) -> None:
    """At the same moment is before; a demand of later is not what was decided on."""
    result = judged(decided(T + after), demanded(T), by=PROMISED)
    assert found == (codes_of(result) == ["disclosure_without_condition"])
    if found:
        assert (
            findings_of(result)["disclosure_without_condition"].found
            == "disclosed without any demand recorded by then"
        )


def test_demand_recorded_late_resolves() -> None:
    """Until it arrives nothing shows that there was one."""
    decision = decided(T + HOUR)
    assert codes_of(judged(decision, by=PROMISED)) == ["disclosure_without_condition"]
    assert not judged(decision, demanded(T), by=PROMISED).findings


def test_demand_made_anew_is_decided_anew() -> None:
    """Refused for want of a period, stated anew with one, and lawfully disclosed; the other way round is found."""
    poor, good = demanded(T, states_period=False), demanded(T + 2 * HOUR)
    result = judged(poor, decided(T + HOUR, "refused"), good, decided(T + 3 * HOUR), by=PROMISED)
    assert not result.findings
    too_early = judged(poor, decided(T + HOUR), good, by=PROMISED)
    assert codes_of(too_early) == ["disclosure_without_condition"]


def test_refusal_of_a_demand_that_meets_all_conditions_shows_nothing() -> None:
    """Nobody promised to disclose, and nothing was disclosed that should not be."""
    result = judged(demanded(T), decided(T + HOUR, "refused"), by=PROMISED)
    assert (set(), ()) == (marks_of(result), result.findings)


def test_refusal_without_a_demand_is_as_promised() -> None:
    """Nothing shows a demand that meets the conditions."""
    assert marks_of(judged(decided(T, "refused"), by=PROMISED)) == LAWFUL


def test_demand_alone_comes_to_nothing() -> None:
    """Until it is decided on."""
    assert judged(demanded(T, enforceable=False), by=PROMISED) == NOTHING


def test_each_document_asks_for_its_own_conditions() -> None:
    """What one forbids another allows."""
    demand = demanded(T, states_period=False)
    result = judged(demand, decided(T + HOUR), by=[PROMISED, ONLY_ENFORCEABLE])
    assert [each.finding.rule for each in result.findings] == ["mb:MB-25"]
    assert [shown.rule for shown in result.shown] == ["cf:CF-04"]


@pytest.mark.parametrize(("adopted_at", "judged_by"), [(T, 1), (T + 1, 0)])
def test_promise_in_force_when_it_was_decided_counts(adopted_at: int, judged_by: int) -> None:
    """One adopted after the decision bound nobody."""
    facts = numbered(demanded(T - HOUR, enforceable=False), decided(T))
    assert judged_by == len(judged_facts(facts, PROMISED, adopted_at=adopted_at).findings)


STORY: list[Entry] = [
    demanded(T, states_period=False),
    decided(T + HOUR, "refused"),
    decided(T + 2 * HOUR, "partly_disclosed"),
    demanded(T + 3 * HOUR),
    decided(T + 4 * HOUR, conditions_checked=False),
]


@given(st.permutations(numbered(*STORY)))
def test_order_of_arrival_changes_nothing(facts: list[object]) -> None:
    """Every permutation comes to the same, and repeats no publisher's words."""
    in_order = judged_facts(numbered(*STORY), PROMISED)
    assert [on_entry.offset for on_entry in in_order.findings] == [FIRST_OFFSET + 2, FIRST_OFFSET + 4]
    assert in_order == judged_facts(facts, PROMISED)  # type: ignore[arg-type]  # hypothesis forgets what it permutes
    assert not any("canary" in on_entry.finding.found for on_entry in in_order.findings)
