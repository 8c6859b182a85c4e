"""Who processes: announced, not objected to, chosen where optional, bound by contract."""

from typing import Any

import pytest

from ledger.rules.packs.listed_processor import ListedProcessor
from ledger.rules.packs.policy_pack import PackEntry
from tests.unit.aggregates.case_facts import DAY, case_fact
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.processed import NOW, announced, codes, governed, held, marks, processed

MICROSECOND = 1
AS_AGREED = [("processor_as_agreed", "pack:CD-35"), ("subprocessor_contracted", "")]
NOT_ANNOUNCED, NOT_LISTED = ("processor_not_announced", ""), ("processor_not_listed", "pack:CD-35")


def listing(*rows: dict[str, Any], entry: str = "CD-35", **parameters: object) -> PackEntry:
    """A document's list of sub-processors."""
    listed = tuple(ListedProcessor(service="s", **row) for row in rows)
    return promise(entry, "subprocessors", processors=listed, **parameters)


LISTED = listing({"name": "Kwebbl", "agreement": True}, {"name": "Mistral", "optional": True})
EVERYONE = listing({"name": "Kwebbl", "agreement": True}, complete=True)
OPTIONAL = listing({"name": "RedCactus", "agreement": True, "optional": True}, entry="CD-36")


@pytest.mark.parametrize("name", ["Kwebbl", "kwebbl", "KWEBBL"])
def test_listed_processor_is_as_agreed(name: str) -> None:
    """CD-35: in any spelling."""
    found = held(processed(processors=[name]), governed(LISTED))
    assert (codes(found), marks(found)) == ([], AS_AGREED)


def test_processor_on_no_list_and_never_announced() -> None:
    """CD-15: named once, however often the entry does."""
    found = held(processed(processors=["Nobody", "nobody", "Kwebbl"]), governed(LISTED))
    assert codes(found) == [NOT_ANNOUNCED]
    assert found.findings[0].found == "call.completed with Nobody, of whom nothing was announced"
    assert marks(found) == [("processor_as_agreed", "pack:CD-35")]


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
    """GDPR Art. 28(2) binds processors; a document's list, where it is the whole list, binds a controller too."""
    entry = processed(role="controller", processors=["Nobody"])
    assert codes(held(entry, governed())) == []
    assert codes(held(entry, governed(LISTED))) == []
    assert codes(held(entry, governed(EVERYONE))) == [NOT_LISTED]


@pytest.mark.parametrize(
    ("told_at", "expected"),
    [
        pytest.param(None, [NOT_ANNOUNCED, NOT_LISTED], id="never"),
        pytest.param(NOW, [], id="at that very moment"),
        pytest.param(NOW + MICROSECOND, [NOT_ANNOUNCED, NOT_LISTED], id="afterwards"),
    ],
)
def test_whole_list_and_what_was_announced_beside_it(
    told_at: int | None, expected: list[tuple[str, str]]
) -> None:
    """CD-35, MB-48: who is not in the table was announced since, or breaks the table."""
    facts = [] if told_at is None else [announced(told_at, "Newcomer")]
    found = held(processed(processors=["newcomer"]), governed(EVERYONE, facts=facts))
    assert codes(found) == expected
    assert (("processor_as_agreed", "pack:CD-35") in marks(found)) is (not expected)


def test_sentence_names_who_is_not_listed() -> None:
    """As a lawyer reads it, with the place of the list."""
    entry = processed(role="controller", processors=["Kwebbl", "Newcomer"])
    [finding] = held(entry, governed(EVERYONE)).findings
    assert finding.article == "art. CD-35"
    assert finding.expected == "only sub-processors that the document lists, or that were announced since"
    assert finding.found == "call.completed with Newcomer, not on its list and not announced"


@pytest.mark.parametrize("pack_lists_it", [True, False])
def test_two_lists_of_a_document_are_one(pack_lists_it: bool) -> None:
    """CD-35 with CD-36: the optional ones are in the other annex, and break only that one (C1)."""
    lists = [EVERYONE, OPTIONAL] if pack_lists_it else [EVERYONE]
    found = held(processed(processors=["RedCactus"]), governed(*lists))
    assert codes(found) == (
        [("processor_not_opted_in", "pack:CD-36")] if pack_lists_it else [NOT_ANNOUNCED, NOT_LISTED]
    )
    assert "processor_as_agreed" not in {mark for mark, _ in marks(found)}


def test_each_list_is_kept_by_its_own() -> None:
    """What one annex lists shows nothing of the other, and neither does another's flaw."""
    state = governed(EVERYONE, OPTIONAL)
    assert marks(held(processed(processors=["Kwebbl"]), state)) == AS_AGREED
    both = held(processed(processors=["Kwebbl", "RedCactus"]), state)
    assert codes(both) == [("processor_not_opted_in", "pack:CD-36")]
    assert ("processor_as_agreed", "pack:CD-35") in marks(both)
    chosen = governed(EVERYONE, OPTIONAL, facts=[case_fact(CHOSEN, 0, subprocessor="RedCactus")])
    assert marks(held(processed(processors=["RedCactus"]), chosen))[0] == (
        "processor_as_agreed",
        "pack:CD-36",
    )


@pytest.mark.parametrize(
    ("purpose", "name", "expected"),
    [
        ("web_analytics", "Microsoft", []),
        ("web_analytics", "Newcomer", [("processor_not_listed", "pack:CB-23")]),
        ("telephony", "Newcomer", []),
        ("telephony", "Microsoft", []),
    ],
)
def test_list_for_some_purposes(purpose: str, name: str, expected: list[tuple[str, str]]) -> None:
    """CB-23: a list of who sets cookies says nothing of telephony, neither for nor against."""
    cookies = listing({"name": "Microsoft"}, entry="CB-23", complete=True, purposes=("web_analytics",))
    entry = processed(role="controller", purpose=purpose, processors=[name])
    found = held(entry, governed(cookies))
    assert codes(found) == expected
    kept = purpose == "web_analytics" and not expected
    assert marks(found) == ([("processor_as_agreed", "pack:CB-23")] if kept else [])


def test_list_for_other_purposes_announces_nobody() -> None:
    """A processor of telephony is not announced by a list of cookies."""
    cookies = listing({"name": "Microsoft"}, entry="CB-23", purposes=("web_analytics",))
    assert codes(held(processed(processors=["Microsoft"]), governed(cookies))) == [NOT_ANNOUNCED]


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
    found = held(processed(processors=["Mistral"]), governed(EVERYONE, facts=facts))
    assert codes(found) == expected
    assert (("processor_as_agreed", "pack:CD-35") in marks(found)) is (not expected)


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
    code = ("processor_not_opted_in", "pack:CD-35") if told == "list" else ("processor_not_chosen", "")
    row = {"name": "Mistral", "agreement": True, "optional": True}
    state = (
        governed(listing(row), facts=facts)
        if told == "list"
        else governed(EVERYONE, facts=[announced(0, optional=True), *facts])
    )
    found = held(processed(processors=["mistral"]), state)
    assert codes(found) == ([] if kept else [code])
    assert (("processor_as_agreed", "pack:CD-35") in marks(found)) is kept


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
