"""A controller's governance as a value: what holds when, what is shared, and between which moments nothing changes."""

import hashlib
import json
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aggregates.audit import Audit
from ledger.aggregates.subprocessor import Subprocessor
from ledger.entry import Entry
from ledger.rules.controller_state import BEFORE_EVERYTHING, ControllerState, GovernanceFact
from ledger.rules.packs.listed_processor import ListedProcessor
from ledger.rules.packs.policy_pack import PackEntry, PolicyPack
from ledger.rules.processing.eea import LEFT
from ledger.rules.processing.judgement import judge_processing, processing_of
from tests.unit.aggregates.case_facts import CONTROLLER, DAY, case_fact
from tests.unit.aggregates.facts import make_entry
from tests.unit.aggregates.stated_cases import announced, assessed, audit_fact, aware, published
from tests.unit.recording.governed_logs import MOMENTS, PROCESSORS, governed_log
from tests.unit.recording.logs import consent_entry
from tests.unit.rules.judged_cases import pack_of, promise
from tests.unit.rules.made_packs import noon
from tests.unit.rules.processed import governed


def adoption(
    offset: int, *entries: PackEntry, at: int, pack: str = "pack", region: str | None = None
) -> GovernanceFact:
    """A pack of these entries was adopted at a moment."""
    fact = make_entry(
        event_type="policy.adopted",
        stream_kind="governance",
        controller=CONTROLLER,
        occurred_at=at,
        open_fields=json.dumps({"region": region}),
    )
    return GovernanceFact(offset, fact, pack_of(*entries, pack=pack))


def rules_of(state: ControllerState, kind: str, at: int) -> list[str]:
    """The rules of a kind that hold at a moment."""
    return [rule for rule, _ in state.entries(kind, at)]


def test_entries_hold_from_the_moment_of_adoption() -> None:
    """At the very moment it binds."""
    state = ControllerState.of(CONTROLLER, [adoption(0, promise("A", "access"), at=DAY)])
    assert [rules_of(state, "access", at) for at in (DAY - 1, DAY, DAY + 1)] == [[], ["pack:A"], ["pack:A"]]
    assert rules_of(state, "masking", DAY) == []


def test_latest_adoption_of_a_pack_holds_and_packs_hold_side_by_side() -> None:
    """By when each was adopted, not by when it reached the ledger; of one moment the later recorded."""
    state = ControllerState.of(
        CONTROLLER,
        [
            adoption(0, promise("B", "access"), at=2 * DAY),
            adoption(1, promise("A", "access"), at=DAY),
            adoption(2, promise("Z", "access"), at=DAY, pack="another"),
            adoption(3, promise("C", "access"), at=2 * DAY),
        ],
    )
    assert rules_of(state, "access", DAY) == ["another:Z", "pack:A"]
    assert rules_of(state, "access", 2 * DAY) == ["another:Z", "pack:C"]


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("eu", ["pack:all", "pack:eu"]),
        ("us", ["pack:all", "pack:other"]),
        (None, ["pack:all", "pack:eu", "pack:other"]),
    ],
)
def test_retention_entries_of_the_region(region: str | None, expected: list[str]) -> None:
    """MB-29: as retention itself reads regions; other kinds know none."""
    entries = (
        promise("all", "retention"),
        promise("eu", "retention", region="eu"),
        promise("other", "retention", region="other"),
        promise("S", "storage", region="eea"),
    )
    state = ControllerState.of(CONTROLLER, [adoption(0, *entries, at=0, region=region)])
    assert rules_of(state, "retention", DAY) == expected
    assert rules_of(state, "storage", DAY) == ["pack:S"]


def test_adoption_that_carries_its_content_is_read() -> None:
    """The rules in force are in the log itself."""
    content = json.dumps(
        {
            "id": "p",
            "version": "1",
            "title": "t",
            "entry": [{"id": "A", "kind": "access", "article": "art. 1", "text": "A promise."}],
        }
    )
    fields = {
        "pack": "p",
        "pack_version": "1",
        "content": content,
        "content_sha256": hashlib.sha256(content.encode()).hexdigest(),
    }
    entry = make_entry(event_type="policy.adopted", stream_kind="governance", open_fields=json.dumps(fields))
    assert rules_of(ControllerState.of(CONTROLLER, [GovernanceFact(0, entry)]), "access", 0) == ["p:A"]
    for broken in ({**fields, "content_sha256": "0" * 64}, {**fields, "content": 7}, {}):
        entry = make_entry(
            event_type="policy.adopted", stream_kind="governance", open_fields=json.dumps(broken)
        )
        assert not ControllerState.of(CONTROLLER, [GovernanceFact(0, entry)]).known()


def test_one_more_fact_makes_another_state_and_leaves_the_first() -> None:
    """States of different offsets are needed side by side; what a fact is not about is shared."""
    before = governed(facts=[case_fact("subprocessor.announced", 0), published(0, "1")])
    after = before.after(GovernanceFact(500, case_fact("subprocessor.objected", DAY)))
    assert [state.subprocessors["mistral"].objected_at(DAY) for state in (before, after)] == [False, True]
    assert before.notices["website"] is after.notices["website"]
    assert (before.facts + 1, after.facts) == (after.facts, 4)


def test_cases_know_where_their_facts_are() -> None:
    """A finding on a case names the entry it is on."""
    state = governed(facts=[case_fact("subprocessor.announced", 0), case_fact("subprocessor.objected", DAY)])
    case = state.subprocessors["mistral"]
    assert isinstance(case, Subprocessor)
    assert (case.announcements[0].offset, case.objections[0].offset) == (100, 101)


def test_audit_is_judged_by_the_last_breach_as_well() -> None:
    """CD-25: a breach can justify an extra audit, so its facts judge audits anew."""
    facts = [announced(0, DAY), aware(1), audit_fact("begun", 2), assessed(3, "high")]
    state = governed(facts=facts)
    assert isinstance(state.audits["a-1"], Audit)
    assert state.last_judged(("audit", "a-1")) == 103
    assert state.last_judged(("breach", "b-1")) == 103
    assert state.last_judged(("audit", "a-2")) is None
    assert governed(facts=facts[:3]).last_judged(("audit", "a-1")) == 102


def test_facts_of_no_case_and_unreadable_ones_leave_everything_as_it_was() -> None:
    """A fold must not fail on a fact."""
    said_nothing = [
        make_entry(event_type=event_type, stream_kind="governance", open_fields=fields)
        for event_type in (
            "retention.set",
            "agreement.terminated",
            "export.made",
            "deadline.passed",
            "hold.placed",
        )
        for fields in ("[]", "{}", '{"case_kind":"minor","case_id":"x"}', "")
    ]
    state = governed(facts=said_nothing)
    assert (state.cases, state.rules.settings, state.rules.terminations, state.rules.returned) == (
        {},
        (),
        (),
        (),
    )


@pytest.mark.parametrize(
    ("fields", "returned"),
    [
        ({"reason": "end_of_agreement", "subject_pseudonym": None}, (DAY,)),
        ({"reason": "end_of_agreement", "subject_pseudonym": "x"}, ()),
        ({"reason": "audit", "subject_pseudonym": None}, ()),
    ],
)
def test_what_was_returned_is_known(fields: dict[str, Any], returned: tuple[int, ...]) -> None:
    """Only all of the controller's data, because the agreement ends."""
    entry = make_entry(
        event_type="export.made", stream_kind="governance", occurred_at=DAY, open_fields=json.dumps(fields)
    )
    assert governed(facts=[entry]).rules.returned == returned


def test_days_and_ends_are_known() -> None:
    """As retention knows them."""
    days = make_entry(
        event_type="retention.set",
        stream_kind="governance",
        occurred_at=DAY,
        open_fields=json.dumps({"retention_class": "fax", "days": 7}),
    )
    state = governed(facts=[days, case_fact("agreement.terminated", 2 * DAY, ends_at=3 * DAY)])
    assert [(one.retention_class, one.days, one.at) for one in state.rules.settings] == [("fax", 7, DAY)]
    assert [(one.agreement_id, one.ends_at, one.at) for one in state.rules.terminations] == [
        ("main", 3 * DAY, 2 * DAY)
    ]


def test_moments_of_documents_and_of_the_world_are_breakpoints() -> None:
    """The first day of a listed mechanism, the day after its last, and when the United Kingdom left."""
    row = ListedProcessor(
        name="Twilio", service="s", valid_from=date(2016, 7, 12), valid_until=date(2020, 7, 16)
    )
    state = governed(promise("MB-48", "subprocessors", processors=(row,)))
    half_a_day = 12 * 3_600_000_000
    around = {noon("2016-07-11") + half_a_day, noon("2020-07-16") + half_a_day}
    assert LEFT["GB"] in state.breakpoints
    assert len([one for one in state.breakpoints if any(abs(one - it) <= half_a_day for it in around)]) == 4


def test_a_stretch_of_time_has_a_moment_of_its_own() -> None:
    """Before the first breakpoint as well."""
    state = governed(facts=[case_fact("processor.opted_in", DAY)])
    assert state.moment_of(0) == BEFORE_EVERYTHING
    for segment in range(1, len(state.breakpoints) + 1):
        assert state.segment(state.moment_of(segment)) == segment


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_within_a_stretch_of_time_every_rule_says_the_same(seed: int, drawn: int) -> None:
    """What makes remembering exact: an entry comes to the same as one at the first moment of its stretch."""
    random = Random(drawn)
    facts = [record for record in governed_log(seed, 60) if record.partition == 0]
    controller = consent_entry(facts[0].record).controller if facts else ""
    state = ControllerState.of(
        controller,
        [
            GovernanceFact(each.offset, entry)
            for each in facts
            if (entry := consent_entry(each.record)).controller == controller
        ],
    )
    for moment in (*range(-1, MOMENTS + 1), LEFT["GB"] - 1, LEFT["GB"], LEFT["GB"] + 1):
        entry = _drawn(random)
        seen = processing_of(entry, first=random.random() < 0.5)
        first_moment = state.moment_of(state.segment(moment))
        assert judge_processing(seen, state, moment) == judge_processing(seen, state, first_moment)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_state_by_state_is_the_same_as_all_at_once(seed: int) -> None:
    """However the facts were added, and a case that was copied on the way is the case."""
    facts = [record for record in governed_log(seed, 60) if record.partition == 0]
    governance = [GovernanceFact(each.offset, consent_entry(each.record)) for each in facts]
    whole = ControllerState.of("c", governance)
    half = ControllerState.of("c", governance[: len(governance) // 2])
    for fact in governance[len(governance) // 2 :]:
        half = half.after(fact)
    assert whole.rules == half.rules
    assert whole.breakpoints == half.breakpoints
    assert {key: case.to_state() for key, case in whole.cases.items()} == {
        key: case.to_state() for key, case in half.cases.items()
    }


def _drawn(random: Random) -> Entry:
    return make_entry(
        event_type=random.choice(("call.completed", "call.recorded", "consent.given")),
        role=random.choice(("processor", "controller")),
        purpose=random.choice(("telephony", "recording")),
        processors=random.sample(PROCESSORS, 2),
        storage_country=random.choice(("NL", "US", "GB")),
        instruction_id=random.choice((None, "i-1", "main")),
        notice_version=random.choice((None, "1", "2")),
        open_fields=json.dumps(
            {"recording_purpose": "quality", "announced": True, "encrypted_at_rest": True}
        ),
    )


def test_states_between_two_adoptions_share_what_holds() -> None:
    """A click in the dashboard is a fact, and a state is made for each: the packs' entries stand once."""
    first = ControllerState.of(CONTROLLER, [adoption(0, promise("A", "access"), at=DAY)])
    second = first.after(GovernanceFact(1, aware(DAY)))
    assert first.entries("access", DAY) is second.entries("access", DAY)
    third = second.after(adoption(2, promise("B", "access"), at=DAY))
    assert rules_of(third, "access", DAY) == ["pack:B"]
    assert rules_of(second, "access", DAY) == ["pack:A"]


def test_packs_are_values() -> None:
    """Two states of the same pack share it."""
    assert isinstance(adoption(0, promise("A", "access"), at=0).pack, PolicyPack)
