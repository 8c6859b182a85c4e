"""Breaches, audits, demands and notices are their facts folded: by when they happened, in whatever order they came."""

import json
from typing import Any

import pytest
from eventsourcing.application import project_aggregate
from hypothesis import given
from hypothesis import strategies as st

from ledger.aggregates.audit import Audit
from ledger.aggregates.breach import Breach
from ledger.aggregates.breach_statements import ITEMS, Notification
from ledger.aggregates.cases import Case
from ledger.aggregates.disclosure import Disclosure
from ledger.aggregates.notice import Notice
from ledger.aggregates.registry import SNAPSHOT_CLASSES
from ledger.aggregates.streams import LedgerSnapshot
from ledger.entry import Entry
from tests.unit.aggregates.case_facts import CONTROLLER, DAY, case_fact, fold_case
from tests.unit.aggregates.facts import make_entry
from tests.unit.aggregates.stated_cases import (
    announced,
    assessed,
    audit_fact,
    aware,
    breach_closed,
    communicated,
    deadline_passed,
    decided,
    demanded,
    discovered,
    notified,
    published,
)

FACTS: dict[type[Case], list[Entry]] = {
    Breach: [
        discovered(3 * DAY, breach_began_at=DAY),
        discovered(2 * DAY),
        aware(4 * DAY),
        assessed(5 * DAY, "risk"),
        assessed(6 * DAY, "high"),
        notified(4 * DAY, more_follows=True, measures=None),
        notified(7 * DAY, "authority", delay_reasons="x"),
        deadline_passed("breach", "b-1", "notify_controller", 5 * DAY),
        breach_closed(8 * DAY, effects=None),
    ],
    Audit: [
        announced(DAY, 40 * DAY, independent=False),
        announced(2 * DAY, None, kind="extra", ground="breach", ground_reference="b-1"),
        audit_fact("refused", 3 * DAY, ground="too_soon"),
        audit_fact("access_granted", 4 * DAY, covers=["staff"], other_customers_shielded=False),
        audit_fact("begun", 41 * DAY),
        audit_fact("finding_reported", 42 * DAY, finding="1", severity="low", implemented=None),
        audit_fact("closed", 43 * DAY, report_sha256=None, costs_borne_by="shared"),
        deadline_passed("audit", "a-1", "audit_access", 40 * DAY),
    ],
    Disclosure: [demanded(DAY, enforceable=False), decided(2 * DAY), decided(3 * DAY, "refused")],
    Notice: [
        published(DAY, "1"),
        published(2 * DAY, "2", effective_at=9 * DAY, materially_changed=True),
        published(3 * DAY, None),
        communicated(4 * DAY, "2"),
    ],
}
CASES = sorted(FACTS, key=lambda kind: kind.KIND)


def test_cases_are_registered() -> None:
    """A store finds their snapshots, and their events make them."""
    assert {kind.TOPIC: kind for kind in CASES}.items() <= SNAPSHOT_CLASSES.items()


def statements_of(case: Case) -> dict[str, Any]:
    """The state but for when it was made and by which fact: what was stated, and when it happened."""
    state = case.to_state()
    return {
        name: [{key: one[key] for key in one if key != "offset"} for one in state[name]]
        for name in type(case).STATEMENTS
    }


@pytest.mark.parametrize("kind", CASES)
def test_case_is_of_its_controller_and_named_by_its_facts(kind: type[Case]) -> None:
    """Any of its facts may be the first."""
    for fact in FACTS[kind]:
        case = fold_case(kind, [fact])
        assert (case.controller, bool(case.case_id), case.version) == (CONTROLLER, True, 1)


@given(st.sampled_from(CASES), st.data())
def test_order_of_arrival_changes_no_statement(kind: type[Case], data: st.DataObject) -> None:
    """Every permutation states the same, in order of when it happened; only the offsets are those of the arrival."""
    facts = FACTS[kind]
    shuffled = data.draw(st.permutations(facts))
    assert statements_of(fold_case(kind, shuffled)) == statements_of(fold_case(kind, facts))


@given(st.sampled_from(CASES), st.data())
def test_folding_through_a_snapshot_changes_nothing(kind: type[Case], data: st.DataObject) -> None:
    """A case restored at any version and folded on is the case folded in one go, offsets and all."""
    facts = data.draw(st.permutations(FACTS[kind]))
    place = data.draw(st.integers(1, len(facts)))
    snapshot = LedgerSnapshot.take(fold_case(kind, facts[:place]))
    state = json.loads(json.dumps(snapshot.state))
    restored = LedgerSnapshot(facts[0].stream, place, snapshot.topic, state).mutate(None)
    assert isinstance(restored, kind)
    for offset, entry in enumerate(facts[place:], start=place):
        restored.record(entry, offset)
    unseen = kind.unseen(facts[0].stream)
    events = [unseen.record(entry, offset) for offset, entry in enumerate(facts)]
    assert restored == fold_case(kind, facts) == project_aggregate(None, events)


@pytest.mark.parametrize("kind", CASES)
def test_field_of_another_shape_says_nothing(kind: type[Case]) -> None:
    """A fold never fails on a fact: what it cannot read it leaves out, and the rest of the case stands."""
    whole = fold_case(kind, FACTS[kind])
    for event_type in kind.FACTS:
        for shape in ("", "[]", "{}", '{"kind":7,"recipient":[],"effective_at":"soon","version":{}}'):
            fact = make_entry(
                event_type=event_type,
                stream=whole.id,
                stream_kind="governance",
                controller=CONTROLLER,
                open_fields=shape,
            )
            assert fold_case_on(kind, fact).version == len(FACTS[kind]) + 1


def fold_case_on(kind: type[Case], fact: Entry) -> Case:
    """A whole case, and one more fact."""
    case = fold_case(kind, FACTS[kind])
    case.record(fact, 99)
    return case


def test_breach_keeps_its_four_moments_apart() -> None:
    """When it happened, was discovered, became known to the controller, and was told."""
    breach = fold_case(Breach, FACTS[Breach])
    assert breach.began_at == DAY
    assert breach.discovery is not None
    assert breach.discovery.occurred_at == 2 * DAY
    assert [each.occurred_at for each in breach.awareness] == [4 * DAY]
    assert [(each.recipient, each.occurred_at) for each in breach.notifications] == [
        ("controller", 4 * DAY),
        ("authority", 7 * DAY),
    ]
    assert (breach.risk, breach.known_since) == ("high", 2 * DAY)


def test_unseen_breach_knows_nothing() -> None:
    """Every answer is that it is not known, also when only the ledger spoke of it."""
    only_passed = fold_case(Breach, [deadline_passed("breach", "b-1", "notify_controller", DAY)])
    for breach in (Breach.unseen(only_passed.id), only_passed):
        assert (breach.discovery, breach.began_at, breach.risk) == (None, None, None)
        assert (breach.closing, breach.known_since, breach.told("controller")) == (None, None, [])


def test_discovery_counts_although_its_fields_cannot_be_read() -> None:
    """The clock of a contract must not stop for a field a later schema changed."""
    entry = case_fact("breach.discovered", DAY, breach_id="b-1", breach_began_at="last week")
    breach = fold_case(Breach, [entry])
    assert breach.discovery is not None
    assert (breach.discovery.occurred_at, breach.began_at) == (DAY, None)


def test_notification_keeps_which_items_it_told_and_none_of_its_words() -> None:
    """Words stay in the entry; a snapshot holds no copy."""
    breach = fold_case(Breach, [notified(DAY, contact="  ", subject_categories=["", " "])])
    told = tuple(item for item in ITEMS if item not in {"contact", "subject_categories"})
    expected = Notification(
        occurred_at=DAY, offset=0, recipient="controller", tells=told, reasoned=False, more_follows=False
    )
    assert breach.notifications == [expected]
    assert "canary" not in json.dumps(breach.to_state())


def test_audit_is_what_all_its_announcements_say() -> None:
    """The later one holds for what both state, the earlier for what the later leaves out."""
    announced_first = announced(DAY, 40 * DAY, qualifications=None)
    announced_again = announced(2 * DAY, None, scope=None, auditor=None, independent=False)
    for facts in ([announced_first, announced_again], [announced_again, announced_first]):
        together = fold_case(Audit, facts).announced
        assert together is not None
        last = together.last
        assert (last.scope, last.auditor, last.qualifications, last.independent) == (True, True, True, False)
        assert (last.occurred_at, last.begins_at, together.received_at) == (2 * DAY, 40 * DAY, DAY)
    by_then = fold_case(Audit, [announced_first, announced_again]).announced_by(2 * DAY - 1)
    assert by_then is not None
    assert not by_then.last.qualifications
    assert "canary" not in json.dumps(fold_case(Audit, [announced_first]).to_state())


@pytest.mark.parametrize("phase", ["announced", "access_granted", "begun"])
def test_refusal_stands_until_the_audit_goes_on(phase: str) -> None:
    """Announced anew, allowed or begun since; what happened before it does not undo it."""
    refusal = audit_fact("refused", 3 * DAY, ground="other")

    def going_on(at: int) -> Entry:
        if phase == "announced":
            return announced(at, 40 * DAY)
        return audit_fact(phase, at, covers=[], other_customers_shielded=True)

    assert fold_case(Audit, [going_on(4 * DAY), refusal]).refusal is None
    assert fold_case(Audit, [refusal, going_on(2 * DAY)]).refusal is not None


def test_audit_begins_when_it_began() -> None:
    """Else when it is to begin; and what first let the auditor work is access, or the begin itself."""
    facts = [announced(DAY, 40 * DAY)]
    assert (fold_case(Audit, facts).begins_at, fold_case(Audit, facts).provided) == (40 * DAY, None)
    facts.append(audit_fact("begun", 41 * DAY))
    begun = fold_case(Audit, facts)
    assert begun.begins_at == 41 * DAY
    assert begun.provided is begun.begins[0]
    unseen = Audit.unseen(begun.id)
    assert (unseen.begins_at, unseen.announced, unseen.known_since) == (None, None, None)
    assert (unseen.refusal, unseen.is_regular) == (None, False)


VERSIONS = [
    published(DAY, "1"),
    published(2 * DAY, "2", effective_at=9 * DAY),
    published(3 * DAY, "3", effective_at=6 * DAY),
]


@pytest.mark.parametrize(
    ("moment", "version"),
    [
        (DAY - 1, None),
        (DAY, "1"),
        (6 * DAY - 1, "1"),
        (6 * DAY, "3"),
        (9 * DAY - 1, "3"),
        (9 * DAY, "2"),
        (99 * DAY, "2"),
    ],
)
def test_version_in_force_is_the_last_that_came_into_force(moment: int, version: str | None) -> None:
    """By when each holds, not by when it was published; at that very moment it holds."""
    for facts in (VERSIONS, VERSIONS[::-1]):
        assert fold_case(Notice, facts).version_in_force(moment) == version


def test_of_two_versions_from_one_moment_the_later_published_holds() -> None:
    """A second thought before anything held."""
    facts = [published(2 * DAY, "b", effective_at=9 * DAY), published(DAY, "a", effective_at=9 * DAY)]
    assert fold_case(Notice, facts).version_in_force(9 * DAY) == "b"


def test_version_published_again_is_stated_anew() -> None:
    """It then holds from another day; in force or not, the notice knows it."""
    notice = fold_case(Notice, [*VERSIONS, published(4 * DAY, "2", effective_at=5 * DAY)])
    assert [notice.version_in_force(at * DAY) for at in (5, 6, 9)] == ["2", "3", "3"]
    assert notice.knows("2")
    assert not notice.knows("4")
    assert {5 * DAY, 6 * DAY, 9 * DAY} <= notice.moments()


def test_publication_without_a_version_is_no_version() -> None:
    """Processing cannot name it, so it is never in force."""
    notice = fold_case(Notice, [published(DAY, None)])
    assert (notice.version_in_force(2 * DAY), notice.versions()) == (None, [])
    assert len(notice.publications) == 1
