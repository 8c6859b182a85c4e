"""A data subject is its entries folded: in any batches, through any snapshot, whatever they claim."""

import json
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.application import project_aggregate
from eventsourcing.domain import OriginatorIDError, OriginatorVersionError
from eventsourcing.utils import construct_topic, get_topic, resolve_topic
from hypothesis import given
from hypothesis import strategies as st

from ledger.aggregates.data_subject import ACTIONS, DataSubject
from ledger.aggregates.rights_request import REQUEST_FACTS
from ledger.aggregates.streams import LedgerSnapshot
from ledger.aggregates.subject_facts import FACTS, CallCompleted, ConsentGiven, FactRecorded
from ledger.aggregates.subject_state import ConsentState
from ledger.entry import Entry
from tests.unit.aggregates.facts import MOMENTS, PURPOSES, STREAM, entries, make_entry

CONSENT_TYPES = ("consent.given", "consent.refused", "consent.withdrawn")
NO_PROCESSING = (
    *CONSENT_TYPES,
    "processing.restricted",
    "restriction.lifted",
    "erasure.started",
    "erasure.searched",
    "erasure.verified",
    "erasure.incomplete",
    "minor.found",
    *REQUEST_FACTS,
)
STORED_NAMES = {
    "call.completed": "CallCompleted",
    "call.recorded": "CallRecorded",
    "call.transcribed": "CallTranscribed",
    "consent.given": "ConsentGiven",
    "consent.refused": "ConsentRefused",
    "consent.withdrawn": "ConsentWithdrawn",
    "data.accessed": "DataAccessed",
    "data.disclosed": "DataDisclosed",
    "data.erased": "DataErased",
    "data.exported": "DataExported",
    "data.rectified": "DataRectified",
    "erasure.incomplete": "ErasureIncomplete",
    "erasure.searched": "ErasureSearched",
    "erasure.started": "ErasureStarted",
    "erasure.verified": "ErasureVerified",
    "fact.recorded": "FactRecorded",
    "fax.transmitted": "FaxTransmitted",
    "message.sent": "MessageSent",
    "minor.found": "MinorFound",
    "number.dialled": "NumberDialled",
    "processing.restricted": "RestrictionSet",
    "request.answered": "RequestAnswered",
    "request.deadline_near": "RequestDeadlineNear",
    "request.deadline_passed": "RequestDeadlinePassed",
    "request.extended": "RequestExtended",
    "request.forwarded": "RequestForwarded",
    "request.identity_checked": "RequestIdentityChecked",
    "request.received": "RequestReceived",
    "request.refused": "RequestRefused",
    "request.withdrawn": "RequestWithdrawn",
    "restriction.lifted": "RestrictionLifted",
    "signalling.logged": "SignallingLogged",
    "voicemail.left": "VoicemailLeft",
}
"""What stands in databases: a name may be added, never changed."""


def fold(facts: list[Entry], subject: DataSubject | None = None) -> DataSubject:
    """The subject after the facts."""
    subject = subject or DataSubject.unseen(STREAM)
    for fact in facts:
        subject.record(fact)
    return subject


def through_json(subject: DataSubject) -> DataSubject:
    """The subject as a snapshot gives it back."""
    snapshot = LedgerSnapshot.take(subject)
    state = json.loads(json.dumps(snapshot.state))
    restored = LedgerSnapshot(STREAM, snapshot.originator_version, snapshot.topic, state).mutate(None)
    assert isinstance(restored, DataSubject)
    return restored


def reference_consent(facts: list[Entry], purpose: str, occurred_at: int) -> ConsentState | None:
    """The obvious way: of the changes that happened by then, the latest, and of those the last recorded."""
    latest: Entry | None = None
    for fact in facts:
        if fact.event_type not in CONSENT_TYPES or fact.purpose != purpose or fact.occurred_at > occurred_at:
            continue
        if latest is None or fact.occurred_at >= latest.occurred_at:
            latest = fact
    if latest is None:
        return None
    state = ConsentState(latest.event_type.removeprefix("consent."))
    try:
        fields = json.loads(latest.open_fields)
    except ValueError:
        fields = {}
    if isinstance(fields, dict) and isinstance(fields.get("category"), str | None):
        expires_at = fields.get("expires_at")
        if isinstance(expires_at, int) and expires_at <= occurred_at and state is ConsentState.GIVEN:
            return ConsentState.EXPIRED
    return state


@given(st.lists(entries(), min_size=1), st.data())
def test_folding_through_a_snapshot_changes_nothing(facts: list[Entry], data: st.DataObject) -> None:
    """A subject restored at any version and folded on is the subject folded in one go."""
    place = data.draw(st.integers(1, len(facts)))
    assert fold(facts) == fold(facts[place:], through_json(fold(facts[:place])))


@given(st.lists(entries(), min_size=1))
def test_events_replayed_by_the_library_give_the_subject(facts: list[Entry]) -> None:
    """The library's projector needs the events alone, the first one included."""
    subject = DataSubject.unseen(STREAM)
    events = [subject.record(fact) for fact in facts]
    assert subject == project_aggregate(None, events)
    assert len(facts) == subject.version


@given(st.lists(entries(CONSENT_TYPES)), st.sampled_from(PURPOSES), MOMENTS)
def test_consent_at_equals_the_obvious_reference(facts: list[Entry], purpose: str, moment: int) -> None:
    """Late facts, equal moments and expiry included."""
    assert reference_consent(facts, purpose, moment) == fold(facts).consent_at(purpose, moment)


@given(st.lists(entries()))
def test_counts_equal_an_obvious_count(facts: list[Entry]) -> None:
    """Consents, restrictions, requests and erasures are no processing; a name an entry repeats counts once."""
    subject = fold(facts)
    processing = [fact for fact in facts if fact.event_type not in NO_PROCESSING]
    assert Counter((fact.event_type, fact.purpose) for fact in processing) == {
        (event_type, purpose): tally.count
        for event_type, purposes in subject.processing.items()
        for purpose, tally in purposes.items()
    }
    for names, tallies in (
        ([set(fact.data_categories) for fact in processing], subject.categories),
        ([set(fact.processors) for fact in processing], subject.processors),
    ):
        assert Counter(name for of in names for name in of) == {
            name: tally.count for name, tally in tallies.items()
        }
    moments = [fact.occurred_at for fact in facts]
    assert (min(moments, default=None), max(moments, default=None)) == (subject.first_seen, subject.last_seen)


@given(st.lists(entries(), max_size=5), st.randoms(use_true_random=False))
def test_state_is_canonical_json(facts: list[Entry], random: Any) -> None:
    """Sorted keys, no floats; and counts do not depend on the order of facts."""
    state = fold(facts).to_state()
    assert json.dumps(state, sort_keys=True) == json.dumps(state)

    def no_float(text: str) -> float:
        raise AssertionError(text)

    assert state == json.loads(json.dumps(state), parse_float=no_float)
    counted = [fact for fact in facts if fact.event_type not in CONSENT_TYPES]
    shuffled = random.sample(counted, len(counted))
    times = ("created_on", "modified_on")
    states = [fold(order).to_state() for order in (counted, shuffled)]
    assert {key: value for key, value in states[0].items() if key not in times} == {
        key: value for key, value in states[1].items() if key not in times
    }


def test_action_families_are_counted_with_first_and_last() -> None:
    """Accesses, disclosures, erasures, exports, rectifications: how often, and when."""
    subject = fold(
        [
            make_entry(event_type="data.exported", occurred_at=9),
            make_entry(event_type="data.exported", occurred_at=3),
            make_entry(event_type="data.erased", occurred_at=5),
        ]
    )
    assert set(ACTIONS) == set(subject.actions)
    export = subject.actions["exports"]
    assert (export.count, export.first_at, export.last_at) == (2, 3, 9)
    assert subject.actions["erasures"].count == 1
    assert subject.actions["accesses"].count == 0


@pytest.mark.parametrize(
    ("statements", "restricted"),
    [
        pytest.param([("processing.restricted", "r1", 5)], {5, 6, 9}, id="set"),
        pytest.param(
            [("processing.restricted", "r1", 5), ("restriction.lifted", "r1", 6)], {5}, id="set, then lifted"
        ),
        pytest.param(
            [("restriction.lifted", "r1", 6), ("processing.restricted", "r1", 5)],
            {5},
            id="lifting came first",
        ),
        pytest.param([("restriction.lifted", "r1", 6)], set(), id="lifted and never set"),
        pytest.param(
            [("processing.restricted", "r1", 5), ("restriction.lifted", "r2", 6)],
            {5, 6, 9},
            id="another's end",
        ),
        pytest.param(
            [("processing.restricted", "r1", 9), ("processing.restricted", "r1", 6)], {6, 9}, id="set twice"
        ),
        pytest.param(
            [
                ("processing.restricted", "r1", 4),
                ("restriction.lifted", "r1", 5),
                ("processing.restricted", "r2", 6),
            ],
            {4, 6, 9},
            id="two, one after the other",
        ),
    ],
)
def test_restricted_from_the_setting_to_the_lifting(
    statements: list[tuple[str, str, int]], restricted: set[int]
) -> None:
    """In any order of arrival; the first moment is restricted, the moment of lifting is not."""
    subject = fold(
        [
            make_entry(event_type=kind, occurred_at=at, open_fields=json.dumps({"restriction_id": name}))
            for kind, name, at in statements
        ]
    )
    assert restricted == {moment for moment in (4, 5, 6, 9) if subject.restricted_at(moment)}
    assert subject.restrictions == through_json(subject).restrictions


def test_controller_is_that_of_the_first_entry() -> None:
    """A pseudonym belongs to one controller; a foreign one does not take the subject over."""
    subject = fold([make_entry(controller="first-example"), make_entry(controller="second-example")])
    assert subject.controller == "first-example"


def test_times_come_from_the_seal() -> None:
    """Created at the first entry's seal, modified at the last one's, even at a time no datetime can hold."""
    subject = fold([make_entry(sealed_at=1_000_000), make_entry(sealed_at=2_500_000)])
    assert (subject.created_on.timestamp(), subject.modified_on.timestamp()) == (1.0, 2.5)
    assert fold([make_entry(sealed_at=2**63 - 1)]).modified_on.year == 9999
    assert fold([make_entry(sealed_at=-(2**63))]).modified_on.year == 1


def test_consent_keeps_what_proves_it() -> None:
    """The change names its version, seal, notice, category and expiry."""
    fields = '{"category":"marketing","expires_at":99,"method":"web"}'
    subject = fold(
        [
            make_entry(
                event_type="consent.given",
                occurred_at=5,
                sealed_at=6,
                notice_version="7",
                open_fields=fields,
            )
        ]
    )
    (change,) = subject.consents["telephony"]
    assert (change.state, change.occurred_at, change.sealed_at, change.version) == (
        ConsentState.GIVEN,
        5,
        6,
        1,
    )
    assert (change.notice_version, change.category, change.expires_at) == ("7", "marketing", 99)


def test_entry_of_another_stream_refused() -> None:
    """A recorder that mixes streams up learns it, and the subject is unchanged."""
    subject = fold([make_entry()])
    before = subject.to_state()
    with pytest.raises(OriginatorIDError):
        DataSubject.unseen(UUID(int=1)).record(make_entry())
    with pytest.raises(OriginatorVersionError):
        CallCompleted(STREAM, 3, make_entry()).mutate(subject)
    with pytest.raises(OriginatorVersionError):
        CallCompleted(STREAM, 2, make_entry()).mutate(None)
    assert (1, before) == (subject.version, subject.to_state())


def test_stored_names_are_for_ever() -> None:
    """The literal table of names is the one in databases, and each class answers to its name."""
    assert {topic: event_class.__name__ for topic, event_class in FACTS.items()} == STORED_NAMES
    for topic, event_class in FACTS.items():
        assert topic == event_class.TOPIC == get_topic(event_class)
        assert resolve_topic(topic) is event_class


def test_moved_class_keeps_its_stored_name() -> None:
    """The name does not follow the module or the class name."""
    moved = type("Renamed", (ConsentGiven,), {"__module__": "somewhere.else"})
    assert construct_topic(moved) == "consent.given"


def test_unknown_type_falls_to_fact_recorded_and_counts() -> None:
    """A family this program does not know is processing under its own type."""
    subject = DataSubject.unseen(STREAM)
    event = subject.record(make_entry(event_type="fact.of_tomorrow"))
    assert type(event) is FactRecorded
    assert subject.processing["fact.of_tomorrow"]["telephony"].count == 1


def test_no_clock_and_no_random_id() -> None:
    """The library's defaults for both are closed."""
    with pytest.raises(TypeError, match="time"):
        CallCompleted.create_timestamp()
    with pytest.raises(TypeError, match="id"):
        DataSubject.create_id()


def test_recording_keeps_nothing_pending() -> None:
    """A recorder keeps aggregates for long: events must not pile up in them."""
    assert list(fold([make_entry()]).collect_events()) == []


def test_event_shows_no_personal_data() -> None:
    """The repr of an event names its place, not its content; events with one place and content are equal."""
    event = CallCompleted(STREAM, 1, make_entry())
    assert repr(event) == f"CallCompleted(stream={STREAM}, version=1)"
    assert event == CallCompleted(STREAM, 1, make_entry())
    assert event != CallCompleted(STREAM, 2, make_entry())
    assert len({event, CallCompleted(STREAM, 1, make_entry())}) == 1
