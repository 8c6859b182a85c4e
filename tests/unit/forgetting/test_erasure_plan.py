"""What stays of a person although they asked to be erased, and why. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from ledger.aggregates.erasure_details import KeptClass
from ledger.contract.cloudevents import parse_time
from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.forgetting.erasure_plan import (
    TRIGGER_ARTICLES,
    Holdings,
    destroyed_classes,
    erasure_id_of,
    is_told,
    kept_classes,
    restriction_article,
)
from ledger.rules.calendar.local_day import local_day
from ledger.rules.calendar.periods import Period, first_moment_after, last_day
from ledger.rules.keeping.holds import Hold
from ledger.rules.keeping.proof import ConsentFact
from ledger.rules.keeping.retention_facts import ControllerRules

NOW = parse_time("2026-11-22T12:00:00Z")
DAY = 86_400_000_000
PERSON, OTHER = UUID(int=1), UUID(int=2)
NOTHING = Holdings(classes=frozenset(), days={}, consents=())
CALLS = replace(NOTHING, classes=frozenset({"call_history", "content_check"}))
HOLD = Hold(hold_id="claim-7", kind="legal", subject=PERSON, placed_at=NOW - DAY, ends_at=NOW + DAY)


def kept(
    holdings: Holdings, *holds: Hold, articles: Mapping[str, str] | None = None, now: int = NOW
) -> list[KeptClass]:
    """What is kept by holds and the duties that bind every controller."""
    return kept_classes(PERSON, holdings, ControllerRules(holds=holds), articles or {}, now)


def test_nothing_is_kept_without_a_reason() -> None:
    """Every class of the ledger is among those that go."""
    assert kept(CALLS) == []
    assert sorted(RETENTION_CLASSES) == destroyed_classes([])


def test_class_under_a_duty_is_kept_only_when_there_is_data_of_it() -> None:
    """An erasure names what stays of this person, not what could stay of anybody."""
    assert kept(replace(CALLS, classes=CALLS.classes | {"consent_proof"})) == [
        KeptClass(retention_class="consent_proof", why="legal_duty", article="GDPR Art. 7(1)", until=None)
    ]


def test_proof_is_kept_until_five_years_after_the_consent_was_withdrawn() -> None:
    """Both facts have their own end; the class stays until the later one."""
    changes = [
        ConsentFact(uuid4(), "given", parse_time("2024-05-01T10:00:00Z")),
        ConsentFact(uuid4(), "withdrawn", parse_time("2025-03-15T10:00:00Z")),
    ]
    (found,) = kept(replace(NOTHING, classes=frozenset({"consent_proof"}), consents=[changes]))
    assert found.until == parse_time("2030-03-15T23:00:00Z"), "the first moment after 15 March, local time"


def test_erasure_ends_the_reliance_on_a_running_consent() -> None:
    """Nothing is processed of an erased person: the five years of a consent still in force begin with the erasure."""
    ended = [ConsentFact(uuid4(), "refused", NOW - DAY)]
    running = [ConsentFact(uuid4(), "given", NOW - DAY)]
    (found,) = kept(replace(NOTHING, classes=frozenset({"consent_proof"}), consents=[ended, running]))
    assert found.until == first_moment_after(last_day(local_day(NOW), Period(years=5)))


def test_duty_with_a_clock_per_day_ends_with_the_last_day() -> None:
    """The confirmation of an honoured request stays five years after it."""
    days = frozenset(
        {local_day(parse_time("2026-01-10T12:00:00Z")), local_day(parse_time("2026-06-01T12:00:00Z"))}
    )
    holdings = replace(
        NOTHING, classes=frozenset({"request_confirmation"}), days={"request_confirmation": days}
    )
    (found,) = kept(holdings)
    assert found.until == parse_time("2031-06-01T22:00:00Z")


def test_hold_keeps_the_classes_it_names_with_its_article_and_end() -> None:
    """What it does not name goes."""
    hold = replace(HOLD, classes=frozenset({"call_history", "voicemail"}))
    assert kept(CALLS, hold, articles={"claim-7": "BW 3:310"}) == [
        KeptClass(
            retention_class="call_history",
            why="legal_hold",
            article="BW 3:310",
            hold_id="claim-7",
            until=NOW + DAY,
        )
    ]


@pytest.mark.parametrize(
    ("hold", "classes"),
    [
        pytest.param(HOLD, {"call_history", "content_check"}, id="no class named: all"),
        pytest.param(replace(HOLD, subject=None), {"call_history", "content_check"}, id="on the controller"),
        pytest.param(replace(HOLD, subject=OTHER), set(), id="on somebody else"),
        pytest.param(replace(HOLD, ends_at=NOW), set(), id="ended this moment"),
        pytest.param(replace(HOLD, ends_at=NOW + 1), {"call_history", "content_check"}, id="ends next"),
        pytest.param(replace(HOLD, lifted_at=NOW - 1), set(), id="lifted"),
        pytest.param(replace(HOLD, placed_at=NOW + 1, ends_at=None), set(), id="placed later"),
    ],
)
def test_hold_keeps_while_it_is_in_force_and_is_about_the_person(hold: Hold, classes: set[str]) -> None:
    """From its placing to its end, on this person or on the whole controller."""
    assert classes == {each.retention_class for each in kept(CALLS, hold)}


@pytest.mark.parametrize(
    ("kind", "why", "article"),
    [
        ("legal", "legal_hold", "GDPR Art. 17(3)(e)"),
        ("export", "export_hold", "GDPR Art. 28(3)(g)"),
        ("restriction", "restriction", "GDPR Art. 18(1)"),
    ],
)
def test_reason_says_what_kind_of_hold_it_is(kind: str, why: str, article: str) -> None:
    """Each with the article it rests on when it names none."""
    assert {(why, article)} == {(each.why, each.article) for each in kept(CALLS, replace(HOLD, kind=kind))}


def test_class_kept_for_two_reasons_names_both() -> None:
    """When one of them ends, the other still stands in the certificate."""
    other = replace(HOLD, hold_id="claim-8")
    assert [each.hold_id for each in kept(CALLS, HOLD, other) if each.retention_class == "call_history"] == [
        "claim-7",
        "claim-8",
    ]


def test_id_of_an_erasure_follows_from_the_person() -> None:
    """A crash before the fact is recorded and a second command give one erasure; a second one has another id."""
    assert erasure_id_of(PERSON) == erasure_id_of(PERSON)
    assert (
        len({erasure_id_of(PERSON), erasure_id_of(OTHER), erasure_id_of(PERSON, 1), erasure_id_of(PERSON, 2)})
        == 4
    )


@pytest.mark.parametrize(
    ("recipient", "told"),
    [
        ("urn:ledger:self", False),
        ("urn:ledger:operator", False),
        ("urn:example:pbx", True),
        ("Speech Example", True),
    ],
)
def test_ledger_gives_itself_no_instruction(recipient: str, told: bool) -> None:
    """Its own part is the erasure itself."""
    assert told is is_told(recipient)


def test_every_ground_of_a_restriction_is_counted_as_the_law_counts_it() -> None:
    """Art. 18(1)(a) to (d); a ground of later has the paragraph."""
    grounds = ("accuracy_contested", "processing_unlawful", "needed_for_claim", "objection_pending")
    assert [restriction_article(ground)[-3:] for ground in grounds] == ["(a)", "(b)", "(c)", "(d)"]
    assert restriction_article("another") == "GDPR Art. 18(1)"


def test_every_trigger_of_the_schema_has_an_article(triggers: frozenset[str]) -> None:
    """The certificate states the basis of each erasure there can be."""
    assert triggers == TRIGGER_ARTICLES.keys()


@pytest.fixture
def triggers() -> frozenset[str]:
    """The symbols of `erasure.started`'s trigger."""
    from tests.ledger_home import CATALOGUE  # noqa: PLC0415

    schema = CATALOGUE.latest("erasure.started")
    assert schema is not None
    fields: object = schema.raw["fields"]
    assert isinstance(fields, list)
    (trigger,) = (field for field in fields if field["name"] == "trigger")
    return frozenset(trigger["type"]["symbols"])
