"""Every case has a stream of its own, and folds whatever reaches it, in any order, without failing."""

import json
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.application import project_aggregate
from eventsourcing.domain import OriginatorIDError
from eventsourcing.utils import get_topic, resolve_topic
from hypothesis import given
from hypothesis import strategies as st

from ledger.aggregates.agreement import Agreement
from ledger.aggregates.cases import (
    CASE_OF,
    COMMON_FACTS,
    DEADLINE_FACTS,
    Case,
    CaseFactRecorded,
    DeadlineReached,
    case_name,
    case_stream,
    governance_stream,
)
from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.registry import CASE_EVENTS, CASES, EVENT_CLASSES, SNAPSHOT_CLASSES, unseen_for
from ledger.aggregates.streams import STREAM_EVENTS, LedgerSnapshot, Stream, named_stream
from ledger.aggregates.subject_facts import FACTS
from ledger.aggregates.subprocessor import Subprocessor
from ledger.entry import StreamKind
from tests.unit.aggregates.case_facts import CONTROLLER, DAY, DEFAULTS, case_fact, fold_case
from tests.unit.aggregates.facts import make_entry, make_rejected

JSON_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
SHAPES = st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=3) | st.lists(JSON_VALUES) | JSON_VALUES
PASSED = {"case_kind": "agreement", "case_id": "main", "deadline": "answer", "rule": "", "ends_at": 3 * DAY}


def test_every_case_fact_has_an_event_class_and_every_class_a_fact() -> None:
    """A fact without a class would be kept unread; a class without a fact would never be used."""
    assert set(CASE_OF) | DEADLINE_FACTS | {CaseFactRecorded.TOPIC} == set(CASE_EVENTS)
    for case in CASES:
        assert {event_type for event_type, kind in CASE_OF.items() if kind.kind == case.KIND} == set(
            case.FACTS
        )
        for topic, event_class in case.FACTS.items():
            assert (topic, case.KIND) == (event_class.TOPIC, event_class.CASE)
    assert {kind.kind for kind in CASE_OF.values()} == {case.KIND for case in CASES}


def test_stored_names_of_cases_are_for_ever() -> None:
    """Names of events and of snapshots stand in databases; none of them is a Python path or taken twice."""
    assert not set(CASE_EVENTS) & (set(FACTS) | set(STREAM_EVENTS))
    for topic, event_class in CASE_EVENTS.items():
        assert topic == event_class.TOPIC == get_topic(event_class)
        assert EVENT_CLASSES[topic] is event_class
    for case in CASES:
        assert f"{case.KIND}.v1" == case.TOPIC
        assert resolve_topic(case.TOPIC) is case is SNAPSHOT_CLASSES[case.TOPIC]


@pytest.mark.parametrize(
    ("kind", "stream"),
    [
        ("agreement", "a70c6791-f38b-596f-b434-c895bb9bfa77"),
        ("breach", "7d859589-6eb8-50db-b4c4-943660f9b6a3"),
    ],
)
def test_case_streams_are_for_ever(kind: str, stream: str) -> None:
    """The same case is the same stream in ten years, or its history would break in two."""
    assert UUID(stream) == case_stream(CONTROLLER, kind, "main")


def test_cases_of_other_controllers_kinds_and_ids_are_apart() -> None:
    """No two of them share a stream, not even where their parts run together to the same text."""
    named = [
        ("dentist", "audit", "2026"),
        ("dentist", "breach", "2026"),
        ("dentist", "audit", "2027"),
        ("florist", "audit", "2026"),
        ("dentist:audit", "audit", "2026"),
        ("dentist", "audit", "audit:2026"),
    ]
    controllers = {controller for controller, _, _ in named} | {"audit:7:dentist:2026"}
    streams = {case_stream(*name) for name in named}
    streams |= {named_stream(StreamKind.GOVERNANCE, controller) for controller in controllers}
    assert len(streams) == len(named) + len(controllers)


def test_subprocessor_is_one_case_in_every_spelling() -> None:
    """Documents and facts write one company in several ways."""
    names = {
        case_name("subprocessor.announced", {"subprocessor": name}) for name in ("OpenAI", "openai", "OPENAI")
    }
    assert names == {("subprocessor", "openai")}
    deadline = {**PASSED, "case_kind": "subprocessor", "case_id": "OpenAI"}
    assert case_name("deadline.passed", deadline) == ("subprocessor", "openai")
    assert case_name("agreement.concluded", {"agreement_id": "Main"}) == ("agreement", "Main")


def test_governance_fact_of_no_case_stays_with_its_controller() -> None:
    """Also one that should name a case, and does not."""
    controllers = named_stream(StreamKind.GOVERNANCE, CONTROLLER)
    assert controllers == governance_stream("policy.adopted", CONTROLLER, {"pack": "main"})
    assert controllers == governance_stream("breach.aware", CONTROLLER, {})
    assert controllers != governance_stream("breach.aware", CONTROLLER, {"breach_id": "b-1"})


def test_first_record_decides_what_its_stream_is() -> None:
    """A case only in the case's own stream: what an older sealer put with the controller's facts is only counted."""
    concluded = case_fact("agreement.concluded", DAY)
    older = msgspec.structs.replace(concluded, stream=named_stream(StreamKind.GOVERNANCE, CONTROLLER))
    adopted = make_entry(event_type="policy.adopted", stream_kind="governance")
    assert isinstance(unseen_for(concluded), Agreement)
    assert isinstance(unseen_for(case_fact("subprocessor.ended", DAY)), Subprocessor)
    assert isinstance(unseen_for(case_fact("deadline.passed", DAY, **PASSED)), Agreement)
    assert type(unseen_for(older)) is Stream
    assert type(unseen_for(adopted)) is Stream
    assert type(unseen_for(make_rejected())) is Stream
    assert isinstance(unseen_for(make_entry()), DataSubject)


def test_governance_facts_that_judging_needs_are_found_by_their_names() -> None:
    """A store looks them up by their stored name; as events of a stream they are like any other."""
    stream = Stream.unseen(make_entry().stream)
    types = ["policy.adopted", "retention.set", "party.registered", "measures.described", "hold.placed"]
    events = [
        stream.record(make_entry(event_type=each, stream_kind="governance"), offset)
        for offset, each in enumerate(types)
    ]
    assert [event.TOPIC for event in events] == [*types[:4], "stream.entry_recorded"]
    assert (stream.version, stream.kind) == (5, "governance")
    assert [event.offset for event in events] == [0, 1, 2, 3, 4]


def test_deadline_that_passed_is_known_by_its_own_end() -> None:
    """A clock that turns out to have started earlier has another end, and that one has not passed yet."""
    near = case_fact("deadline.near", 2 * DAY, **PASSED)
    passed = case_fact("deadline.passed", 3 * DAY, **PASSED)
    case = fold_case(Agreement, [passed, near])
    reached = DeadlineReached(occurred_at=3 * DAY, offset=0, deadline="answer", rule="", ends_at=3 * DAY)
    assert reached == case.has_passed("answer", "", 3 * DAY)
    assert case.has_passed("answer", "", 4 * DAY) is None
    assert case.has_passed("answer", "pack:CB-27", 3 * DAY) is None
    assert case.came_near("answer", "", 3 * DAY) == msgspec.structs.replace(
        reached, occurred_at=2 * DAY, offset=1
    )


def test_deadline_may_be_the_first_that_is_known_of_a_case() -> None:
    """The event alone says which kind of case it makes."""
    entry = case_fact("deadline.passed", DAY, **PASSED)
    event = Agreement.unseen(entry.stream).record(entry, 7)
    case: Case | None = event.mutate(None)
    assert isinstance(case, Agreement)
    assert case.passed[0].offset == 7


def test_unknown_fact_in_a_case_is_counted() -> None:
    """A later program's fact changes nothing an earlier one understands."""
    case = fold_case(Agreement, [case_fact("agreement.concluded", DAY)])
    event = case.record(
        make_entry(event_type="agreement.renamed", stream=case.id, stream_kind="governance"), 1
    )
    assert (event.TOPIC, case.version, case.case_id) == ("case.fact_recorded", 2, "main")


def test_copy_goes_on_apart() -> None:
    """What one learns the other does not, and until then they are equal."""
    case = fold_case(Agreement, [case_fact("agreement.concluded", DAY)])
    copied = case.copy()
    assert case == copied
    copied.record(case_fact("agreement.terminated", 2 * DAY), 1)
    assert (len(case.ends), case.version, case.modified_on) == (0, 1, case.created_on)
    assert (len(copied.ends), copied.version) == (1, 2)
    assert copied == fold_case(
        Agreement, [case_fact("agreement.concluded", DAY), case_fact("agreement.terminated", 2 * DAY)]
    )


def test_record_of_another_case_refused() -> None:
    """A recorder that mixes cases up learns it."""
    case = fold_case(Agreement, [case_fact("agreement.concluded", DAY)])
    with pytest.raises(OriginatorIDError):
        case.record(case_fact("agreement.concluded", DAY, agreement_id="other"), 1)
    assert case.version == 1


@given(st.sampled_from(sorted({**CASE_OF, "deadline.near": None, "deadline.passed": None})), SHAPES)
def test_fact_nobody_can_read_says_nothing(event_type: str, shape: object) -> None:
    """Whatever stands in its open fields, the fold goes on, and the case is as it was."""
    stream = uuid4()
    for case_class in CASES:
        if event_type in case_class.FACTS or event_type in COMMON_FACTS:
            case = case_class.unseen(stream)
            case.record(
                make_entry(
                    event_type=event_type,
                    stream=stream,
                    stream_kind="governance",
                    open_fields=json.dumps(shape),
                )
            )
            assert case.version == 1
            assert case.moments() <= {0}


@given(st.data())
def test_case_folded_through_a_snapshot_is_the_same(data: st.DataObject) -> None:
    """Restored at any version and folded on, a case is the case folded in one go, offsets and all."""
    kind: type[Case] = data.draw(st.sampled_from([Agreement, Subprocessor]))
    types = st.sampled_from(sorted(name for name in DEFAULTS if name in kind.FACTS))
    facts = data.draw(
        st.lists(st.builds(case_fact, types, st.integers(-DAY, DAY)), min_size=1, max_size=8), label="facts"
    )
    place = data.draw(st.integers(1, len(facts)))
    whole = fold_case(kind, facts)
    state = json.loads(json.dumps(LedgerSnapshot.take(fold_case(kind, facts[:place])).state))
    restored = kind.from_state(whole.id, place, state)
    for offset, entry in enumerate(facts[place:], start=place):
        restored.record(entry, offset)
    event_of = kind.unseen(whole.id)
    events = [event_of.record(entry, offset) for offset, entry in enumerate(facts)]
    assert whole == restored == project_aggregate(None, events)
    assert sorted(state) == list(state)
