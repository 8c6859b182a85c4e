"""What is said of a deadline, and when: the very same fact however often, in the stream the deadline is of."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.aggregates.cases import case_stream
from ledger.aggregates.streams import named_stream
from ledger.contract.catalogue import Catalogue
from ledger.contract.cloudevents import parse_time
from ledger.contract.writing import encode_single_object
from ledger.deadlines.deadline_facts import DeadlineFact, Phase, fact_about, phase_of, warned_at
from ledger.entry import StreamKind
from ledger.forgetting.own_facts import COMMON, OWN_SOURCE
from ledger.recording.repeats import fact_key
from ledger.rules.calendar.legal_calendar import answer_end, hours_end
from ledger.store.deadlines import OPEN, DeadlineRow

CONTROLLER = "dentist-example"
PERSON = UUID("0190a1b2-0000-7000-8000-000000000001")
RECEIVED = parse_time("2026-03-05T10:00:00Z")
HOUR = 3_600_000_000


def deadline(**changes: Any) -> DeadlineRow:
    """A request of a person that is to be answered, or as changed."""
    row = DeadlineRow(
        controller=CONTROLLER,
        stream=PERSON,
        case_kind="request",
        case_id="DSR-1",
        name="answer",
        rule="",
        article="GDPR Art. 12(3)",
        starts_at=RECEIVED,
        ends_at=answer_end(RECEIVED).ends_at,
        other_ends_at=None,
        calendar="nl-1",
        state=OPEN,
        partition=3,
        offset=17,
        started_by=17,
        about="access",
    )
    return row._replace(**changes)


def breach(**changes: Any) -> DeadlineRow:
    """A breach that the controller is to hear of within 48 hours."""
    return deadline(
        stream=case_stream(CONTROLLER, "breach", "B-1"),
        case_kind="breach",
        case_id="B-1",
        name="notify_controller",
        rule="callingbird-dpa:breach",
        ends_at=hours_end(RECEIVED, 48),
        calendar=None,
        partition=0,
    )._replace(**changes)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        pytest.param("2026-04-07T22:00:00Z", "2026-03-31T22:00:00Z", id="a month: a week before"),
        pytest.param("2026-04-02T10:00:00Z", "2026-03-26T10:00:00Z", id="four weeks: a week before"),
        pytest.param("2026-03-07T10:00:00Z", "2026-03-06T22:00:00Z", id="48 hours: twelve before"),
        pytest.param("2026-03-08T10:00:00Z", "2026-03-07T16:00:00Z", id="72 hours: eighteen before"),
        pytest.param("2026-03-05T10:00:00Z", "2026-03-05T10:00:00Z", id="at once: never near"),
        pytest.param("2026-03-04T10:00:00Z", "2026-03-04T10:00:00Z", id="over before it began: never near"),
    ],
)
def test_warned_before_the_end(ends: str, expected: str) -> None:
    """The last quarter of a period is near its end, a week at most."""
    assert parse_time(expected) == warned_at(deadline(ends_at=parse_time(ends)))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-31T21:59:59.999999Z", None),
        ("2026-03-31T22:00:00Z", Phase.NEAR),
        ("2026-04-07T21:59:59.999999Z", Phase.NEAR),
        ("2026-04-07T22:00:00Z", Phase.PASSED),
        ("2030-01-01T00:00:00Z", Phase.PASSED),
    ],
)
def test_phase_at_the_boundaries(now: str, expected: Phase | None) -> None:
    """Near from the very moment of the warning, passed from the first moment that is too late."""
    assert expected == phase_of(deadline(), parse_time(now))


def test_nothing_is_near_that_never_had_time() -> None:
    """A deadline that ended as it began goes from nothing to passed."""
    at_once = deadline(ends_at=RECEIVED)
    assert [phase_of(at_once, RECEIVED - 1), phase_of(at_once, RECEIVED)] == [None, Phase.PASSED]


def test_fact_is_the_very_same_again() -> None:
    """It follows from the deadline and from nothing else, its time included."""
    assert fact_about(deadline(), Phase.NEAR) == fact_about(deadline(), Phase.NEAR)
    assert [each.fact.occurred_at for each in facts(deadline())] == [
        warned_at(deadline()),
        deadline().ends_at,
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"stream": uuid4()},
        {"case_kind": "minor"},
        {"case_id": "DSR-2"},
        {"name": "erase_minor"},
        {"rule": "p:e"},
        {"ends_at": RECEIVED},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_deadline_has_another_fact(changes: dict[str, object]) -> None:
    """One that moves has another end, and is said again; and each phase is a fact of its own."""
    ids = {each.fact.event_id for row in (deadline(), deadline(**changes)) for each in facts(row)}
    assert len(ids) == 4


def test_what_came_of_it_makes_no_other_fact() -> None:
    """The coordinates, the state and the other reading are not what is said."""
    same = deadline(state="missed", offset=99, started_by=98, partition=5, other_ends_at=RECEIVED)
    assert fact_about(deadline(), Phase.PASSED) == fact_about(same, Phase.PASSED)


def facts(row: DeadlineRow) -> list[DeadlineFact]:
    """Both facts of a deadline."""
    return [fact_about(row, phase) for phase in Phase]


def test_deadline_of_a_case_is_said_to_the_case() -> None:
    """Its kind and id name its stream."""
    near, passed = (each.fact for each in facts(breach()))
    assert [near.event_type, passed.event_type] == ["deadline.near", "deadline.passed"]
    assert passed.fields == {
        "case_kind": "breach",
        "case_id": "B-1",
        "deadline": "notify_controller",
        "rule": "callingbird-dpa:breach",
        "ends_at": RECEIVED + 48 * HOUR,
        "calendar": None,
    }


def test_deadline_of_a_request_names_the_person() -> None:
    """By the ledger's own pseudonym, so that it reaches their stream whatever became of their identifiers."""
    near, passed = (each.fact for each in facts(deadline()))
    assert [near.event_type, passed.event_type] == ["request.deadline_near", "request.deadline_passed"]
    assert passed.fields == {
        "subject_pseudonym": str(PERSON),
        "request_id": "DSR-1",
        "deadline": "answer",
        "rule": "",
        "ends_at": answer_end(RECEIVED).ends_at,
        "calendar": "nl-1",
    }


def test_deadline_of_a_request_of_nobody_names_nobody() -> None:
    """A request of somebody who could not be identified is owed an answer all the same."""
    row = deadline(stream=named_stream(StreamKind.UNATTRIBUTED, CONTROLLER))
    assert fact_about(row, Phase.PASSED).fact.fields["subject_pseudonym"] is None


def test_key_is_that_of_the_recorded_fact() -> None:
    """What is recorded is not published again: the recorder knows it by the same key."""
    for row in (deadline(), breach()):
        for each in facts(row):
            assert each.key == fact_key(row.stream, OWN_SOURCE, each.fact.event_id)


def test_facts_are_what_their_schemas_say() -> None:
    """Each can be written, and only the ledger may say it."""
    catalogue = Catalogue.load()
    for each in (each for row in (deadline(), breach()) for each in facts(row)):
        schema = catalogue.latest(each.fact.event_type)
        assert schema is not None
        assert schema.own
        assert encode_single_object(schema, {"controller": CONTROLLER, **COMMON, **each.fact.fields})
