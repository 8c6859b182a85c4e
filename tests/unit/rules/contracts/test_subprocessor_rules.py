"""A sub-processor's own facts, held to Art. 28(2) and 28(4): kept, broken, and at the boundary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.aggregates.subprocessor import Subprocessor
from ledger.entry import Entry
from ledger.rules.contracts.judgement import judge_case
from ledger.rules.contracts.subprocessor_rules import judge_subprocessor
from ledger.rules.judged import Judged
from ledger.rules.packs.listed_processor import ListedProcessor
from tests.unit.aggregates.case_facts import DAY, case_fact, fold_case
from tests.unit.rules.promised import Promised, Seen, marks, said, seen

START = 10 * DAY
STARTED = case_fact("subprocessor.activated", START)
CONTRACTED = case_fact("subprocessor.contracted", DAY)
ANNOUNCED = case_fact("subprocessor.announced", DAY)


def judged(*facts: Entry) -> Judged:
    """The facts in this order, from offset 0 on."""
    return judge_subprocessor(fold_case(Subprocessor, facts), Promised())


@pytest.mark.parametrize(("told_at", "kept"), [(START - 1, True), (START, False), (START + 1, False)])
def test_cd_15_announced_before_it_starts(told_at: int, kept: bool) -> None:
    """Beforehand: told at the very moment of the start is too late to object."""
    result = judged(STARTED, CONTRACTED, case_fact("subprocessor.announced", told_at))
    assert ([] if kept else [Seen("subprocessor_not_announced", "", 0)]) == seen(result)
    assert (("subprocessor_announced", "") in marks(result)) is kept


def test_cd_15_never_announced() -> None:
    """Found on the start, with nothing to show."""
    result = judged(STARTED, CONTRACTED)
    assert [Seen("subprocessor_not_announced", "", 0)] == seen(result)
    assert said(result) == [
        (
            "the controller is told of a sub-processor before it starts to process, so that it can object",
            "mistral started on 1970-01-11, and the controller was not told of it",
        )
    ]


def test_cd_15_announced_and_not_started_yet() -> None:
    """The announcement alone shows it."""
    result = judged(ANNOUNCED)
    assert (seen(result), marks(result)) == ([], {("subprocessor_announced", "")})


@pytest.mark.parametrize(
    ("objected_at", "settled_at", "outcome", "kept"),
    [
        (START + 1, None, None, True),
        (START, None, None, False),
        (5 * DAY, None, None, False),
        (5 * DAY, START, "withdrawn", True),
        (5 * DAY, START + 1, "withdrawn", False),
        (5 * DAY, 6 * DAY, "not_used_for_controller", False),
    ],
)
def test_cd_15_not_started_against_an_objection(
    objected_at: int, settled_at: int | None, outcome: str | None, kept: bool
) -> None:
    """An objection of the very moment stands; one that was settled by then, so that it may be used, does not."""
    facts = [STARTED, ANNOUNCED, CONTRACTED, case_fact("subprocessor.objected", objected_at)]
    if settled_at is not None:
        facts.append(case_fact("subprocessor.objection_settled", settled_at, outcome=outcome))
    assert ([] if kept else [Seen("processor_objected", "", 0)]) == seen(judged(*facts))


def test_cd_15_objection_is_named_in_words() -> None:
    """Its ground and its day."""
    objected = case_fact("subprocessor.objected", 5 * DAY, ground="country")
    assert said(judged(STARTED, ANNOUNCED, CONTRACTED, objected)) == [
        (
            "a sub-processor is not used for a controller while its objection stands",
            "Mistral started on 1970-01-11, and the controller's objection (country) of 1970-01-06 stood",
        )
    ]


@pytest.mark.parametrize(("contracted_at", "kept"), [(START - 1, True), (START, True), (START + 1, False)])
def test_cd_16_bound_by_an_agreement_when_it_starts(contracted_at: int, kept: bool) -> None:
    """At the latest at the moment it starts."""
    result = judged(STARTED, ANNOUNCED, case_fact("subprocessor.contracted", contracted_at))
    assert ([] if kept else [Seen("subprocessor_without_agreement", "", 0)]) == seen(result)


@pytest.mark.parametrize(
    ("contract", "found"),
    [
        (None, "Mistral started on 1970-01-11, and no agreement with it is on record"),
        (
            case_fact("subprocessor.contracted", 12 * DAY),
            "Mistral started on 1970-01-11, and an agreement with it was concluded only on 1970-01-13",
        ),
        (
            case_fact("subprocessor.contracted", 5 * DAY, same_duties=False),
            "Mistral started on 1970-01-11, and the agreement of 1970-01-06 does not impose the provider's own duties",
        ),
    ],
)
def test_cd_16_what_is_lacking_is_said_in_words(contract: Entry | None, found: str) -> None:
    """None, too late, or without the same duties (CD-36: empty cells in the list)."""
    facts = [STARTED, ANNOUNCED] if contract is None else [STARTED, ANNOUNCED, contract]
    result = judged(*facts)
    assert [Seen("subprocessor_without_agreement", "", 0)] == seen(result)
    assert [found] == [each for _, each in said(result)]


def test_cd_16_announced_agreement_counts() -> None:
    """Shown by the start under it."""
    result = judged(STARTED, case_fact("subprocessor.announced", DAY, agreement_concluded=True))
    assert seen(result) == []
    assert marks(result) == {("subprocessor_announced", ""), ("subprocessor_contracted", "")}


def test_cd_16_agreement_without_the_same_duties_while_it_processes() -> None:
    """Found on the agreement; after its end nobody is bound by it any more."""
    worse = case_fact("subprocessor.contracted", 12 * DAY, document_version="2", same_duties=False)
    ended = case_fact("subprocessor.ended", 11 * DAY)
    assert [Seen("subprocessor_without_agreement", "", 3)] == seen(
        judged(STARTED, ANNOUNCED, CONTRACTED, worse)
    )
    assert seen(judged(STARTED, ANNOUNCED, CONTRACTED, worse, ended)) == []


@pytest.mark.parametrize(("since", "kept"), [(START - 1, True), (START, False)])
def test_cd_35_list_of_an_adopted_document_tells_of_it(since: int, kept: bool) -> None:
    """From the adoption on, in any spelling; an agreement the list names counts as well."""
    listed = {"processors": (ListedProcessor(name="MISTRAL", agreement=True),)}
    state = Promised("subprocessors", since=since, parameters=listed)
    result = judge_subprocessor(fold_case(Subprocessor, [STARTED]), state)
    assert ([] if kept else [Seen("subprocessor_not_announced", "", 0)]) == seen(result)
    assert (("subprocessor_announced", "") in marks(result)) is kept
    assert ("subprocessor_contracted", "") in marks(result)


@pytest.mark.parametrize("cell", [False, None])
def test_x6_empty_cell_in_a_list_of_agreements_is_no_agreement(cell: bool | None) -> None:
    """Where the list says it of others, silence says no."""
    rows = (ListedProcessor(name="Mistral", agreement=cell), ListedProcessor(name="Kwebbl", agreement=True))
    state = Promised("subprocessors", parameters={"processors": rows})
    result = judge_subprocessor(fold_case(Subprocessor, [STARTED]), state)
    assert [Seen("subprocessor_without_agreement", "", 0)] == seen(result)


def test_list_without_agreements_says_nothing_of_them() -> None:
    """No finding, and nothing shown."""
    state = Promised("subprocessors", parameters={"processors": (ListedProcessor(name="Mistral"),)})
    result = judge_subprocessor(fold_case(Subprocessor, [STARTED]), state)
    assert (seen(result), marks(result)) == ([], {("subprocessor_announced", "")})


def test_each_start_is_judged() -> None:
    """A second start against an objection is found, though the first was as agreed."""
    again = case_fact("subprocessor.activated", 20 * DAY)
    objected = case_fact("subprocessor.objected", 15 * DAY)
    facts = [ANNOUNCED, CONTRACTED, STARTED, case_fact("subprocessor.ended", 12 * DAY), objected, again]
    assert [Seen("processor_objected", "", 5)] == seen(judged(*facts))


@given(st.permutations([STARTED, CONTRACTED, ANNOUNCED, case_fact("subprocessor.objected", 5 * DAY)]))
def test_judgement_does_not_depend_on_the_order_of_arrival(facts: list[Entry]) -> None:
    """But for the offsets, which say where the facts came to stand."""
    subprocessor = fold_case(Subprocessor, facts)
    result = judge_case(subprocessor, Promised())
    assert [Seen("processor_objected", "", facts.index(STARTED))] == seen(result)
    assert marks(result) == {("subprocessor_announced", ""), ("subprocessor_contracted", "")}
