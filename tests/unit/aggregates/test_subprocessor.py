"""A sub-processor answers about any moment, whatever the order in which its facts arrived."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.aggregates.subprocessor import Subprocessor
from ledger.entry import Entry
from tests.unit.aggregates.case_facts import DAY, case_fact, fold_case


def announced(at: int, **fields: Any) -> Entry:
    """Told on a day."""
    return case_fact("subprocessor.announced", at * DAY, **fields)


def mechanism(at: int, name: str, since: int, until: int | None = None, **fields: Any) -> Entry:
    """What transfers rest on from a day on, until another."""
    bounds = {"valid_from": since * DAY, "valid_until": None if until is None else until * DAY}
    return case_fact("transfer.mechanism_set", at * DAY, mechanism=name, **bounds, **fields)


def resting_on(subprocessor: Subprocessor, country: str, moment: int) -> str | None:
    """The mechanism's name."""
    found = subprocessor.mechanism_at(country, moment)
    return None if found is None else found.mechanism


def test_cd_15_announced_from_the_announcement_on() -> None:
    """The latest announcement says what the controller knows."""
    subprocessor = fold_case(
        Subprocessor,
        [announced(5, countries=["FR", "US"], optional=False), announced(2, subprocessor="mistral")],
    )
    assert [subprocessor.announced_at(at) for at in (2 * DAY - 1, 2 * DAY)] == [False, True]
    assert [subprocessor.countries_at(at * DAY) for at in (1, 2, 5)] == [(), ("FR",), ("FR", "US")]
    assert [subprocessor.optional_at(at * DAY) for at in (1, 2, 5)] == [False, True, False]
    assert (subprocessor.case_id, subprocessor.name) == ("mistral", "Mistral")


@pytest.mark.parametrize(
    ("outcome", "objected"),
    [("withdrawn", False), ("agreement_ends", False), ("not_used_for_controller", True), ("replaced", True)],
)
def test_cd_15_objection_stands_until_it_is_settled_so_that_it_may_be_used(
    outcome: str, objected: bool
) -> None:
    """Settled by not using it, the objection stands: use would be against it."""
    facts = [
        case_fact("subprocessor.objection_settled", 6 * DAY, outcome=outcome),
        case_fact("subprocessor.objected", 3 * DAY),
    ]
    subprocessor = fold_case(Subprocessor, facts)
    asked = [3 * DAY - 1, 3 * DAY, 6 * DAY - 1, 6 * DAY]
    assert [subprocessor.objected_at(at) for at in asked] == [False, True, True, objected]


def test_settlement_without_an_objection_is_none() -> None:
    """There is nothing to settle yet; the objection may be late."""
    facts = [case_fact("subprocessor.objection_settled", 6 * DAY, outcome="replaced")]
    assert not fold_case(Subprocessor, facts).objected_at(9 * DAY)


def test_active_from_its_start_until_its_end() -> None:
    """The moment it ends it does not process any more; it can start again."""
    facts = [
        case_fact("subprocessor.ended", 5 * DAY),
        case_fact("subprocessor.activated", 2 * DAY),
        case_fact("subprocessor.activated", 8 * DAY),
    ]
    subprocessor = fold_case(Subprocessor, facts)
    asked = [2 * DAY - 1, 2 * DAY, 5 * DAY - 1, 5 * DAY, 8 * DAY]
    assert [subprocessor.active_at(at) for at in asked] == [False, True, True, False, True]


@pytest.mark.parametrize(
    ("facts", "bound"),
    [
        ([announced(1)], False),
        ([announced(1, agreement_concluded=True)], True),
        ([announced(1), case_fact("subprocessor.contracted", 2 * DAY)], True),
        ([announced(1), case_fact("subprocessor.contracted", 2 * DAY, same_duties=False)], False),
        (
            [
                announced(1, agreement_concluded=True),
                case_fact("subprocessor.contracted", 2 * DAY, same_duties=False),
            ],
            False,
        ),
        ([case_fact("subprocessor.contracted", 1 * DAY), announced(2)], True),
        (
            [
                case_fact("subprocessor.contracted", 1 * DAY, same_duties=False),
                announced(2, agreement_concluded=True),
            ],
            True,
        ),
    ],
)
def test_cd_16_bound_by_an_agreement_with_the_same_duties(facts: list[Entry], bound: bool) -> None:
    """The latest word that says something about it holds; an announcement that says nothing takes none back."""
    for order in (facts, facts[::-1]):
        assert fold_case(Subprocessor, order).has_agreement_at(2 * DAY) is bound
        assert not fold_case(Subprocessor, order).has_agreement_at(DAY - 1)


def test_mechanism_holds_within_its_validity() -> None:
    """From its beginning, at its end no more; for its countries only, also when it was stated afterwards."""
    subprocessor = fold_case(Subprocessor, [mechanism(50, "scc", 10, 20, countries=["US", "CA"])])
    asked = [10 * DAY - 1, 10 * DAY, 20 * DAY - 1, 20 * DAY]
    assert [resting_on(subprocessor, "US", at) for at in asked] == [None, "scc", "scc", None]
    assert resting_on(subprocessor, "CA", 15 * DAY) == "scc"
    assert resting_on(subprocessor, "GB", 15 * DAY) is None


def test_announcement_states_a_mechanism_too() -> None:
    """Without a beginning it always was valid."""
    subprocessor = fold_case(
        Subprocessor, [announced(5, countries=["US"], mechanism="bcr", mechanism_valid_until=9 * DAY)]
    )
    assert [resting_on(subprocessor, "US", at * DAY) for at in (-9, 5, 9)] == ["bcr", "bcr", None]
    found = subprocessor.mechanism_at("US", 5 * DAY)
    assert found is not None
    assert found.allows_transfer


def test_x16_mechanism_can_fall_away_and_another_take_its_place() -> None:
    """Struck down, nothing; replaced, the replacement; an older one that still holds is used again after it."""
    facts = [
        mechanism(1, "adequacy", 0),
        mechanism(10, "none", 10),
        mechanism(20, "scc", 20),
        mechanism(30, "adequacy", 30, 40),
    ]
    subprocessor = fold_case(Subprocessor, facts)
    asked = [9, 10, 19, 20, 29, 30, 39, 40]
    expected = ["adequacy", None, None, "scc", "scc", "adequacy", "adequacy", "scc"]
    assert [resting_on(subprocessor, "US", day * DAY) for day in asked] == expected


def test_mechanism_whose_end_becomes_known_ends() -> None:
    """The later statement about the same mechanism holds, not the one that knew no end."""
    subprocessor = fold_case(Subprocessor, [mechanism(1, "adequacy", 0), mechanism(9, "adequacy", 0, 10)])
    assert [resting_on(subprocessor, "US", day * DAY) for day in (9, 10)] == ["adequacy", None]


FACTS = [
    announced(2, countries=["US"], mechanism="adequacy", mechanism_valid_until=6 * DAY),
    announced(7, agreement_concluded=True),
    mechanism(6, "scc", 6, 11),
    mechanism(9, "none", 12),
    case_fact("subprocessor.objected", 3 * DAY),
    case_fact("subprocessor.objection_settled", 5 * DAY),
    case_fact("subprocessor.objected", 10 * DAY),
    case_fact("subprocessor.contracted", 8 * DAY, same_duties=False),
    case_fact("subprocessor.activated", 4 * DAY),
    case_fact("subprocessor.ended", 13 * DAY),
]


def answers_at(subprocessor: Subprocessor, at: int) -> tuple[object, ...]:
    """Everything a sub-processor is asked about a moment."""
    return (
        subprocessor.announced_at(at),
        subprocessor.optional_at(at),
        subprocessor.countries_at(at),
        subprocessor.active_at(at),
        subprocessor.objected_at(at),
        subprocessor.has_agreement_at(at),
        resting_on(subprocessor, "US", at),
    )


@given(st.permutations(FACTS))
def test_answers_do_not_depend_on_the_order_of_arrival(facts: list[Entry]) -> None:
    """What happened when decides, not what was recorded when."""
    expected, subprocessor = fold_case(Subprocessor, FACTS), fold_case(Subprocessor, facts)
    for at in range(0, 15 * DAY, DAY // 2):
        assert answers_at(expected, at) == answers_at(subprocessor, at)


@given(st.permutations(FACTS), st.integers(0, 15 * DAY))
def test_answers_change_at_named_moments_only(facts: list[Entry], at: int) -> None:
    """Between two of its moments a sub-processor answers the same: whoever caches answers rests on that."""
    subprocessor = fold_case(Subprocessor, facts)
    since = max((moment for moment in subprocessor.moments() if moment <= at), default=-1)
    assert answers_at(subprocessor, since) == answers_at(subprocessor, at)
