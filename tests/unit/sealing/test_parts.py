"""Each data subject of an event gets a record of their own, with what concerns them and nothing else."""

from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aggregates.cases import case_stream, governance_stream
from ledger.aggregates.streams import named_stream
from ledger.contract.catalogue import EventSchema, PersonalField
from ledger.contract.reading import Fact
from ledger.entry import Dropped, StreamKind
from ledger.sealing.parts import NO_SUBJECT, Part, divide, mentions
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.unit.contract.samples import schema
from tests.unit.sealing.events import SCHEMAS, SUBJECT_SCHEMAS, canaries, fact

CALL, CONSENT, MESSAGE = schema("call.completed"), schema("consent.given"), schema("message.sent")
ALICE, BOB = UUID(int=1), UUID(int=2)
CONTROLLER = "example-garage"


def names(part: Part) -> set[str]:
    """The personal fields of a part."""
    return set(part.personal)


def test_call_has_a_part_for_each_party() -> None:
    """Each holds their own number, and what concerns both; the caller's name is the caller's."""
    caller, called = divide(fact(CALL), {"caller": ALICE, "called": BOB})
    assert (caller.stream, caller.kind, caller.roles) == (ALICE, StreamKind.SUBJECT, ("caller",))
    assert (called.stream, called.kind, called.roles) == (BOB, StreamKind.SUBJECT, ("called",))
    assert {"caller_number", "caller_name", "channel"} == names(caller)
    assert {"called_number", "channel"} == names(called)
    assert () == caller.dropped == called.dropped


def test_call_to_oneself_is_one_part_in_two_roles() -> None:
    """One person, one record: both roles, everything."""
    (part,) = divide(fact(CALL), {"caller": ALICE, "called": ALICE})
    assert (part.stream, part.roles) == (ALICE, ("caller", "called"))
    assert set(canaries(CALL)) == names(part)


@pytest.mark.parametrize("subjects", [{"called": BOB}, {"caller": None, "called": BOB}])
def test_withheld_caller_leaves_one_part(subjects: Mapping[str, UUID | None]) -> None:
    """Nobody can be told of an anonymous caller; what was still said of them is dropped, and that is said."""
    (part,) = divide(fact(CALL, caller_number=None), subjects)
    assert (part.stream, part.roles) == (BOB, ("called",))
    assert {"called_number", "channel"} == names(part)
    assert (Dropped(field="caller_name", reason=NO_SUBJECT),) == part.dropped


def test_number_that_identifies_nobody_is_dropped_too() -> None:
    """A caller id such as `anonymous` is a value of nobody's: it is not kept with the other party."""
    (part,) = divide(fact(CALL, caller_number="anonymous"), {"caller": None, "called": BOB})
    assert {
        Dropped(field="caller_number", reason=NO_SUBJECT),
        Dropped(field="caller_name", reason=NO_SUBJECT),
    } == set(part.dropped)


@pytest.mark.parametrize("subjects", [{}, {"caller": None, "called": None}])
def test_call_of_nobody_is_unattributed(subjects: Mapping[str, UUID | None]) -> None:
    """It goes whole to the controller's stream of facts about nobody we know."""
    (part,) = divide(fact(CALL), subjects)
    assert named_stream(StreamKind.UNATTRIBUTED, CONTROLLER) == part.stream
    assert (part.kind, part.roles) == (StreamKind.UNATTRIBUTED, ())
    assert set(canaries(CALL)) == names(part)


@pytest.mark.parametrize("event_type", ["policy.adopted", "key.destroyed"])
def test_governance_fact_goes_to_its_controllers_stream(event_type: str) -> None:
    """It is about no person, whoever else might be named beside it."""
    (part,) = divide(fact(schema(event_type)), {"subject": ALICE})
    assert (named_stream(StreamKind.GOVERNANCE, CONTROLLER), StreamKind.GOVERNANCE, ()) == (
        part.stream,
        part.kind,
        part.roles,
    )
    assert part.personal == {}


@pytest.mark.parametrize(
    ("event_type", "kind", "named_by"),
    [
        ("notice.published", "notice", "notice_id"),
        ("agreement.terminated", "agreement", "agreement_id"),
        ("breach.aware", "breach", "breach_id"),
    ],
)
def test_fact_of_a_case_goes_to_the_cases_stream(event_type: str, kind: str, named_by: str) -> None:
    """Each agreement, breach or notice has a history of its own, beside the controller's."""
    stated = fact(schema(event_type), **{named_by: "first"})
    (part,) = divide(stated, {})
    assert (case_stream(CONTROLLER, kind, "first"), StreamKind.GOVERNANCE) == (part.stream, part.kind)
    assert governance_stream(event_type, CONTROLLER, stated.datum) == part.stream


def test_absent_value_is_neither_kept_nor_dropped() -> None:
    """Null was never there."""
    caller, called = divide(fact(CALL, channel=None, caller_name=None), {"caller": ALICE, "called": BOB})
    assert {"caller_number"} == names(caller)
    assert {"called_number"} == names(called)
    assert caller.dropped == ()


def test_values_carry_their_retention_class() -> None:
    """The class names the keys."""
    (part,) = divide(fact(CONSENT), {"subject": ALICE})
    assert {"consent_proof"} == {retention_class for retention_class, _ in part.personal.values()}
    assert canaries(CONSENT) == {name: value for name, (_, value) in part.personal.items()}


@pytest.mark.parametrize(
    ("kind", "stream"),
    [
        (StreamKind.GOVERNANCE, "e0ae7678-3d20-5264-84cd-9ac3a97a6517"),
        (StreamKind.UNATTRIBUTED, "e60b0adb-136a-582d-90a1-f59bfcf765a4"),
    ],
)
def test_named_streams_are_for_ever(kind: StreamKind, stream: str) -> None:
    """The same name is the same stream in ten years, or its history would break in two."""
    assert UUID(stream) == named_stream(kind, "dentist-example")


def test_mentions_name_each_role_by_all_its_identifiers() -> None:
    """In schema order, so that the most telling comes first."""
    values = canaries(MESSAGE)
    phone, email = IdentifierKind.PHONE, IdentifierKind.EMAIL
    expected = {
        role: Mention(
            controller=CONTROLLER,
            identifiers=(
                Identifier(phone, values[f"{role}_number"]),
                Identifier(email, values[f"{role}_email"]),
            ),
        )
        for role in ("sender", "recipient")
    }
    assert expected == mentions(fact(MESSAGE))


@pytest.mark.parametrize("event", SUBJECT_SCHEMAS, ids=lambda event: event.event_type)
def test_event_that_names_nobody_mentions_nobody(event: EventSchema) -> None:
    """Withheld identifiers are null; they make no person."""
    assert mentions(fact(event, **dict.fromkeys((f.name for f in event.identifying_fields), None))) == {}


def concerned(field: PersonalField) -> tuple[str, ...] | None:
    """The roles a field is about; None for everyone."""
    return (field.identifies,) if field.identifies else field.concerns


@st.composite
def events(draw: st.DrawFn) -> tuple[Fact, dict[str, UUID | None]]:
    """Any event of the catalogue, some of its personal fields null, its roles held by anyone or nobody."""
    event = draw(st.sampled_from(SCHEMAS))
    nulls = draw(st.sets(st.sampled_from([f.name for f in event.personal_fields] or ["controller"])))
    stated = fact(event, **dict.fromkeys(nulls - {"controller"}, None))
    roles = dict.fromkeys(field.role for field in event.identifying_fields)
    subjects = {role: draw(st.sampled_from((ALICE, BOB, None))) for role in roles}
    return stated, subjects


@settings(max_examples=300, deadline=None)
@given(events())
def test_no_part_holds_what_concerns_somebody_else_only(event: tuple[Fact, dict[str, UUID | None]]) -> None:
    """For every event type: the other party's identifiers, and what is said of them alone, are never in it."""
    stated, subjects = event
    for part in divide(stated, subjects):
        if part.kind is not StreamKind.SUBJECT:
            continue
        held = {value for _, value in part.personal.values()}
        for field in stated.schema.personal_fields:
            roles = concerned(field)
            if roles is not None and not set(roles) & set(part.roles):
                assert field.name not in part.personal
                assert stated.datum[field.name] not in held or stated.datum[field.name] is None


@settings(max_examples=300, deadline=None)
@given(events())
def test_no_value_is_lost_in_silence(event: tuple[Fact, dict[str, UUID | None]]) -> None:
    """Every value is kept with everyone it concerns, or its loss is said, once; never both."""
    stated, subjects = event
    parts = divide(stated, subjects)
    kept = [name for part in parts for name in part.personal]
    lost = [dropped.field for part in parts for dropped in part.dropped]
    present = {f.name for f in stated.schema.personal_fields if stated.datum[f.name] is not None}
    assert present == set(kept) | set(lost)
    assert set() == set(kept) & set(lost)
    assert sorted(set(lost)) == sorted(lost)
    for part in parts:
        for name, (_, value) in part.personal.items():
            assert stated.datum[name] == value


@settings(max_examples=200, deadline=None)
@given(events())
def test_each_person_has_one_part(event: tuple[Fact, dict[str, UUID | None]]) -> None:
    """Streams differ, every identified role is in exactly one part, and there is always a part."""
    stated, subjects = event
    parts = divide(stated, subjects)
    assert len({part.stream for part in parts}) == len(parts) >= 1
    roles = [role for part in parts for role in part.roles]
    governance = stated.schema.stream == StreamKind.GOVERNANCE
    identified = [] if governance else [role for role, subject in subjects.items() if subject is not None]
    assert sorted(identified) == sorted(roles)
