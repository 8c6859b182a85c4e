"""The governance facts a recorder knows: which are kept, and what they come to at any offset."""

import json

import pytest

from ledger.aggregates.registry import EVENT_CLASSES
from ledger.entry import Entry
from ledger.recording import governance_facts
from ledger.recording.governance_facts import FACT_TYPES, GovernanceFacts
from ledger.rules.packs.policy_pack import PolicyPack
from tests.unit.aggregates.case_facts import CONTROLLER, case_fact
from tests.unit.aggregates.facts import make_entry
from tests.unit.recording.governed_logs import CONTROLLERS, governed_log
from tests.unit.recording.logs import consent_entry

ANNOUNCED, OBJECTED = case_fact("subprocessor.announced", 0), case_fact("subprocessor.objected", 0)


def known(*facts: Entry) -> GovernanceFacts:
    """Facts at the first offsets of partition 0."""
    governance = GovernanceFacts()
    for offset, fact in enumerate(facts):
        governance.add(offset, fact)
    return governance


def objected(governance: GovernanceFacts, offset: int) -> bool:
    """Whether the controller objects to its sub-processor, by what is known below an offset."""
    case = governance.as_of(CONTROLLER, offset).subprocessors.get("mistral")
    return case is not None and case.objected_at(0)


def test_state_is_that_of_the_facts_below_the_offset() -> None:
    """The fact at the offset itself is not yet known; asked again, or out of order, the answer stays."""
    governance = known(ANNOUNCED, OBJECTED, case_fact("subprocessor.objection_settled", 0))
    assert [objected(governance, offset) for offset in (2, 0, 3, 1, 2, 3)] == [
        True,
        False,
        False,
        False,
        True,
        False,
    ]


def test_state_is_remembered_as_long_as_no_fact_of_the_controller_comes() -> None:
    """An entry's judgement is remembered with its state, so other controllers' facts must not make it another."""
    other = make_entry(event_type="retention.set", stream_kind="governance", controller="baker-example")
    governance = known(ANNOUNCED, other, make_entry(event_type="key.destroyed", stream_kind="governance"))
    assert governance.as_of(CONTROLLER, 1) is governance.as_of(CONTROLLER, 3)
    assert governance.as_of(CONTROLLER, 1) is not governance.as_of(CONTROLLER, 0)


def test_offset_beyond_what_is_known_is_refused() -> None:
    """Judging by too few facts would be another judgement than a replay's."""
    governance = known(ANNOUNCED)
    with pytest.raises(ValueError, match="below 2 asked for, those below 1 known"):
        governance.as_of(CONTROLLER, 2)
    governance.reach(2)
    assert governance.as_of(CONTROLLER, 2).known() is False


def test_fact_known_already_is_not_taken_twice() -> None:
    """A batch that goes over a stretch that was loaded adds nothing."""
    governance = known(ANNOUNCED, OBJECTED)
    governance.add(1, OBJECTED)
    assert governance.as_of(CONTROLLER, 2).facts == 2
    governance.reach(1)
    assert governance.next_offset == 2


def test_only_what_judging_needs_is_kept() -> None:
    """Keys destroyed and periods ended are the most of partition 0, and say nothing of rules."""
    assert FACT_TYPES.isdisjoint({"retention.ended", "measures.described", "party.registered"})
    assert EVENT_CLASSES.keys() >= FACT_TYPES, "a store finds them by their stored names"
    assert {
        "policy.adopted",
        "agreement.concluded",
        "deadline.passed",
        "retention.set",
        "export.made",
    } <= FACT_TYPES
    governance = known(
        make_entry(event_type="key.destroyed", stream_kind="governance", controller=CONTROLLER)
    )
    assert (governance.next_offset, governance.as_of(CONTROLLER, 1).facts) == (1, 0)


def test_fact_about_a_person_is_no_governance() -> None:
    """Whatever type it claims."""
    governance = known(
        make_entry(event_type="policy.adopted", stream_kind="unattributed", controller=CONTROLLER)
    )
    assert governance.as_of(CONTROLLER, 1).facts == 0


def test_everything_is_forgotten_but_what_is_judged_by_instead() -> None:
    """A batch that failed may have added facts that are not recorded."""
    governance = known(ANNOUNCED)
    governance.forget()
    assert governance.next_offset == 0
    assert governance.as_of(CONTROLLER, 0).cases == {}


def test_content_of_a_pack_is_read_once_and_not_kept() -> None:
    """It is by far the largest of all governance facts, and every controller of a provider adopts the same."""
    log = governed_log(1, 0)
    governance = GovernanceFacts()
    for record in log:
        governance.add(record.offset, consent_entry(record.record))
    facts = [fact for facts in governance._facts.values() for fact in facts]
    assert facts
    assert all(json.loads(fact.entry.open_fields) == {"region": None} for fact in facts)
    assert all(fact.pack is not None for fact in facts)


def test_pack_is_judged_by_another_of_the_same_id() -> None:
    """What would the same history come to under other rules? Adopted when the one it replaces was."""
    another = PolicyPack(id="pack", version="2", title="t")
    governance = GovernanceFacts({"pack": another, "unheard-of": another})
    for record in governed_log(1, 0):
        governance.add(record.offset, consent_entry(record.record))
    states = [governance.as_of(controller, governance.next_offset) for controller in CONTROLLERS]
    packs = [adoption.pack for state in states for adoption in state.rules.adoptions]
    assert packs
    assert all(pack is another for pack in packs)
    governance.forget()
    governance.add(0, consent_entry(governed_log(1, 0)[0].record))
    state = governance.as_of(consent_entry(governed_log(1, 0)[0].record).controller, 1)
    assert [adoption.pack for adoption in state.rules.adoptions] == [another]


def test_states_are_forgotten_beyond_a_weight_and_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder's memory is flat over time; what is forgotten comes out the same."""
    facts = [ANNOUNCED, OBJECTED] * 20
    expected = [objected(known(*facts), offset) for offset in range(len(facts))]
    monkeypatch.setattr(governance_facts, "STATES_WEIGHT_MAX", 200)
    governance = known(*facts)
    assert [objected(governance, offset) for offset in range(len(facts))] == expected
    assert len(governance._states) <= 4
    assert [objected(governance, offset) for offset in reversed(range(len(facts)))] == expected[::-1]
