"""One entry held against governance: what is asked of which event, and what an unknown controller comes to."""

import pytest

from ledger.rules.calendar.periods import Period, first_moment_after
from ledger.rules.controller_state import ControllerState, GovernanceFact
from ledger.rules.judged import Shown
from ledger.rules.keeping.retention import Adoption, ControllerRules, Setting
from ledger.rules.packs.policy_pack import RetentionRule
from ledger.rules.processing.judgement import OF_PROCESSING, judge_retention, judge_unknown
from ledger.rules.processing.processing_facts import is_processing, processing_of
from tests.unit.aggregates.facts import make_entry
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.made_packs import day, noon, pack, rule
from tests.unit.rules.processed import codes, governed, held, processed

DAY = day("2026-03-27")
CONSENTS = ["consent.given", "consent.refused", "consent.withdrawn"]
NO_PROCESSING = [
    *CONSENTS,
    "processing.restricted",
    "restriction.lifted",
    "request.received",
    "erasure.started",
    "erasure.verified",
    "data.erased",
    "data.rectified",
    "minor.found",
    "policy.adopted",
]
PROCESSING = [
    "call.completed",
    "call.recorded",
    "call.transcribed",
    "call.of_tomorrow",
    "voicemail.left",
    "fax.transmitted",
    "message.sent",
    "signalling.logged",
    "number.dialled",
    "data.accessed",
    "data.disclosed",
    "data.exported",
]


@pytest.mark.parametrize("event_type", PROCESSING)
def test_processing_is_held_to_what_was_promised(event_type: str) -> None:
    """Also a kind of call this program does not know yet."""
    assert is_processing(event_type)
    state = governed(promise("CB-13", "purposes", purposes=("other",)))
    assert codes(held(processed(event_type), state)) == [("purpose_outside_promise", "pack:CB-13")]


@pytest.mark.parametrize("event_type", NO_PROCESSING)
def test_what_processing_is_held_against_is_no_processing(event_type: str) -> None:
    """A consent or a request has no purpose of its own to be outside of anything."""
    assert not is_processing(event_type)
    state = governed(
        promise("CB-13", "purposes", purposes=("other",)), promise("E", "storage", countries=("DE",))
    )
    entry = processed(event_type, processors=["Nobody"], notice_version="1")
    assert codes(held(entry, state)) == []


def test_an_unknown_controller_is_found_once_per_stream() -> None:
    """Nothing that depends on governance is judged then; the first entry of each person says so."""
    assert [finding.code for finding in judge_unknown(first=True).findings] == ["controller_unknown"]
    assert judge_unknown(first=False) == ((), ())


def test_a_controller_is_known_by_a_pack_or_an_agreement() -> None:
    """A pack nobody can read binds nobody."""
    assert not ControllerState("dentist-example").known()
    assert governed().known()
    unreadable = make_entry(event_type="policy.adopted", stream_kind="governance", open_fields="{}")
    assert not ControllerState.of("dentist-example", [GovernanceFact(0, unreadable)]).known()
    concluded = make_entry(event_type="agreement.concluded", stream_kind="governance", open_fields="{}")
    assert ControllerState.of("dentist-example", [GovernanceFact(0, concluded)]).known()
    set_days = make_entry(event_type="retention.set", stream_kind="governance", open_fields="{}")
    assert not ControllerState.of("dentist-example", [GovernanceFact(0, set_days)]).known()


def test_rules_see_nothing_that_differs_from_call_to_call() -> None:
    """Or entries that are alike to every rule would each be judged anew."""
    alike = [
        make_entry(
            event_id=f"call-{n}", occurred_at=n, open_fields=f'{{"call_id":"{n}"}}', salt=bytes([n] * 32)
        )
        for n in range(2)
    ]
    assert processing_of(alike[0], first=False) == processing_of(alike[1], first=False)
    tickets = [processed("data.accessed", fields={"reference": f"ticket-{n}"}) for n in range(2)]
    assert processing_of(tickets[0], first=False) == processing_of(tickets[1], first=False)
    assert hash(processing_of(tickets[0], first=False)) == hash(processing_of(tickets[1], first=False))


def test_every_rule_is_asked_once() -> None:
    """A rule that is listed twice would only cost time."""
    assert len(set(OF_PROCESSING)) == len(OF_PROCESSING)


def kept(*rules: RetentionRule, settings: tuple[Setting, ...] = ()) -> ControllerState:
    """A controller that adopted these retention rules and set these days."""
    state = ControllerState("dentist-example")
    state.rules = ControllerRules(
        adoptions=(Adoption(pack=pack("p", *rules), at=0),) if rules else (), settings=settings
    )
    return state


def test_entry_shows_until_when_each_class_is_owed() -> None:
    """CF-08: both steps of a signalling log, each by its own rule."""
    state = kept(rule("CF-08", "signalling", "P3M"), rule("CF-08-identity", "signalling_identity", "P2W"))
    found = judge_retention(state, ["signalling_identity", "signalling"], DAY, first=True)
    assert found.findings == ()
    assert found.shown == (
        Shown("retention_due", "p:CF-08", first_moment_after(day("2026-06-27")), "signalling"),
        Shown(
            "retention_due", "p:CF-08-identity", first_moment_after(day("2026-04-10")), "signalling_identity"
        ),
    )


def test_days_the_customer_set_are_owed_under_the_promise_that_it_may() -> None:
    """CF-07: the period is the customer's own, the promise the provider's."""
    setting = Setting(retention_class="fax", days=7, at=noon("2026-01-01"))
    state = governed(
        promise("CF-07", "retention", **{"class": "fax", "customer_set": True}),
        promise("CF-07-voicemail", "retention", **{"class": "voicemail", "customer_set": True}),
    )
    state.rules = ControllerRules(adoptions=state.rules.adoptions, settings=(setting,))
    due = first_moment_after(day("2026-04-03"))
    shown = judge_retention(state, ["fax"], DAY, first=False).shown
    assert shown == (Shown("retention_due", "pack:CF-07", due, "fax"),)


def test_data_is_owed_under_every_promise_about_it() -> None:
    """MB-29, MB-30: the strictest ends it, and the others are owed too."""
    state = kept(rule("A", "fax", "P1Y"), rule("B", "fax", "P1W"), rule("C", "voicemail", "P1D"))
    assert judge_retention(state, ["fax"], DAY, first=False).shown == (
        Shown("retention_due", "p:A", first_moment_after(day("2027-03-27")), "fax"),
        Shown("retention_due", "p:B", first_moment_after(day("2026-04-03")), "fax"),
    )


def test_the_ledgers_own_default_is_no_promise() -> None:
    """It ends data, and nobody promised that."""
    assert judge_retention(kept(), ["content_check", "rejected_input"], DAY, first=True) == ((), ())


@pytest.mark.parametrize("first", [True, False])
def test_classes_nobody_gave_an_end(first: bool) -> None:
    """GDPR Art. 13(2)(a): named once per stream; a proof of consent ends by itself."""
    state = kept(rule("A", "fax", "P1Y"), rule("B", "voicemail", None))
    found = judge_retention(state, ["voicemail", "fax", "recording", "consent_proof"], DAY, first=first)
    assert [finding.found for finding in found.findings] == (
        ["no end is known of recording and voicemail"] if first else []
    )
    assert [shown.detail for shown in found.shown] == ["fax"]


def test_a_period_of_nothing_is_an_end() -> None:
    """Zero days are a period."""
    assert judge_retention(kept(rule("A", "fax", str(Period()))), ["fax"], DAY, first=True).findings == ()
