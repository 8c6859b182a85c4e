"""Who processes: announced, not objected to, chosen where optional, bound by contract."""

from typing import Any

import pytest

from ledger.rules.listed_processor import ListedProcessor
from ledger.rules.policy_pack import PackEntry
from tests.unit.aggregates.case_facts import DAY, case_fact
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.processed import NOW, announced, codes, governed, held, marks, processed

MICROSECOND = 1
AS_AGREED = [("processor_as_agreed", ""), ("subprocessor_contracted", "")]


def listing(*rows: dict[str, Any]) -> PackEntry:
    """A document's list of sub-processors."""
    return promise(
        "CD-35", "subprocessors", processors=tuple(ListedProcessor(service="s", **row) for row in rows)
    )


LISTED = listing({"name": "Kwebbl", "agreement": True}, {"name": "Mistral", "optional": True})


@pytest.mark.parametrize("name", ["Kwebbl", "kwebbl", "KWEBBL"])
def test_listed_processor_is_as_agreed(name: str) -> None:
    """CD-35: in any spelling."""
    found = held(processed(processors=[name]), governed(LISTED))
    assert (codes(found), marks(found)) == ([], AS_AGREED)


def test_processor_on_no_list_and_never_announced() -> None:
    """CD-15: named once, however often the entry does."""
    found = held(processed(processors=["Nobody", "nobody", "Kwebbl"]), governed(LISTED))
    assert codes(found) == [("processor_not_announced", "")]
    assert found.findings[0].found == "call.completed with Nobody, of whom nothing was announced"
    assert marks(found) == []


@pytest.mark.parametrize(
    ("told_at", "expected"),
    [
        pytest.param(NOW - MICROSECOND, [], id="before"),
        pytest.param(NOW, [], id="at that very moment"),
        pytest.param(NOW + MICROSECOND, [("processor_not_announced", "")], id="after"),
    ],
)
def test_announcement_counts_from_when_it_was_made(told_at: int, expected: list[tuple[str, str]]) -> None:
    """CD-15: beforehand."""
    state = governed(facts=[announced(told_at)])
    assert codes(held(processed(processors=["Mistral"]), state)) == expected


@pytest.mark.parametrize(
    ("adopted_at", "expected"),
    [(NOW, []), (NOW + MICROSECOND, [("processor_not_announced", "")])],
)
def test_list_counts_from_the_adoption(adopted_at: int, expected: list[tuple[str, str]]) -> None:
    """A document tells nobody of anybody before it is adopted."""
    state = governed(LISTED, adopted_at=adopted_at)
    assert codes(held(processed(processors=["Kwebbl"]), state)) == expected


def test_controller_announces_its_own_processors_to_nobody() -> None:
    """GDPR Art. 28(2) binds processors; where a document has a list, the list binds a controller too."""
    entry = processed(role="controller", processors=["Nobody"])
    assert codes(held(entry, governed())) == []
    assert codes(held(entry, governed(LISTED))) == [("processor_not_announced", "")]


def test_no_processor_shows_nothing() -> None:
    """Most entries name none."""
    assert held(processed(), governed(LISTED)) == ((), ())


@pytest.mark.parametrize(
    ("objected_at", "settled", "expected"),
    [
        pytest.param(NOW + MICROSECOND, None, [], id="not yet"),
        pytest.param(NOW, None, [("processor_objected", "")], id="at that very moment"),
        pytest.param(NOW - DAY, "withdrawn", [], id="withdrawn"),
        pytest.param(NOW - DAY, "not_used_for_controller", [("processor_objected", "")], id="not to be used"),
    ],
)
def test_objection(objected_at: int, settled: str | None, expected: list[tuple[str, str]]) -> None:
    """CD-15: the controller may object, and what was settled so that it is not used is not used."""
    facts = [announced(0), case_fact("subprocessor.objected", objected_at)]
    if settled:
        facts.append(case_fact("subprocessor.objection_settled", objected_at + 1, outcome=settled))
    assert codes(held(processed(processors=["Mistral"]), governed(facts=facts))) == expected


CHOSEN, GIVEN_UP = "processor.opted_in", "processor.opted_out"


@pytest.mark.parametrize(
    ("choices", "kept"),
    [
        pytest.param([], False, id="never chosen"),
        pytest.param([(CHOSEN, NOW)], True, id="at that very moment"),
        pytest.param([(CHOSEN, NOW + MICROSECOND)], False, id="afterwards"),
        pytest.param([(CHOSEN, 0), (GIVEN_UP, NOW)], False, id="given up"),
        pytest.param([(CHOSEN, 0), (GIVEN_UP, NOW + MICROSECOND)], True, id="given up afterwards"),
    ],
)
@pytest.mark.parametrize("told", ["list", "announcement"])
def test_optional_processor(choices: list[tuple[str, int]], kept: bool, told: str) -> None:
    """CD-36: only after the customer's explicit choice, whoever says that it is optional."""
    facts = [case_fact(event_type, at) for event_type, at in choices]
    row = {"name": "Mistral", "agreement": True, "optional": True}
    state = (
        governed(listing(row), facts=facts)
        if told == "list"
        else governed(facts=[announced(0, optional=True), *facts])
    )
    found = held(processed(processors=["mistral"]), state)
    assert codes(found) == ([] if kept else [("processor_not_opted_in", "")])
    assert (("processor_as_agreed", "") in marks(found)) is kept


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([{"name": "A", "agreement": False}], True, id="the document says no"),
        pytest.param([{"name": "A"}, {"name": "B", "agreement": True}], True, id="an empty cell (X6)"),
        pytest.param([{"name": "A"}, {"name": "B"}], False, id="a list that says it of nobody (CB-03)"),
        pytest.param([{"name": "A", "agreement": True}], False, id="the document says yes"),
    ],
)
def test_agreement_by_a_documents_list(rows: list[dict[str, Any]], expected: bool) -> None:
    """GDPR Art. 28(4), X6: an agreement with each, where the document speaks of agreements at all."""
    found = held(processed(processors=["A"]), governed(listing(*rows)))
    assert codes(found) == ([("processor_without_agreement", "")] if expected else [])


@pytest.mark.parametrize(
    ("contracted_at", "same_duties", "expected"),
    [
        pytest.param(None, True, [("processor_without_agreement", "")], id="never"),
        pytest.param(NOW, True, [], id="at that very moment"),
        pytest.param(NOW + MICROSECOND, True, [("processor_without_agreement", "")], id="afterwards"),
        pytest.param(0, False, [("processor_without_agreement", "")], id="with fewer duties (CD-16)"),
    ],
)
def test_agreement_by_facts(
    contracted_at: int | None, same_duties: bool, expected: list[tuple[str, str]]
) -> None:
    """CD-16: before it processes, with the same duties."""
    facts = [announced(0, agreement_concluded=False)]
    if contracted_at is not None:
        facts.append(case_fact("subprocessor.contracted", contracted_at, same_duties=same_duties))
    assert codes(held(processed(processors=["Mistral"]), governed(facts=facts))) == expected
