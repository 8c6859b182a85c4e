"""What for, in which role, of which categories: by documents, and by the agreement in force."""

from typing import Any

import pytest

from ledger.entry import Entry
from ledger.rules.processing.processing_facts import ALLOWED_ALWAYS
from tests.unit.aggregates.case_facts import DAY, case_fact
from tests.unit.rules.judged_cases import promise
from tests.unit.rules.processed import NOW, codes, governed, held, marks, processed, signed

MICROSECOND = 1
AFTER = ("processing_after_agreement", "")
TELEPHONY = {"purpose": "telephony", "role": "processor"}
PURPOSES = promise("CB-13", "purposes", purposes=("telephony", "administration"))


@pytest.mark.parametrize("purpose", ["telephony", "administration"])
def test_promised_purpose_is_kept(purpose: str) -> None:
    """CB-13: any of those named."""
    found = held(processed(purpose=purpose), governed(PURPOSES))
    assert (codes(found), marks(found)) == ([], [("purpose_as_promised", "pack:CB-13")])


def test_other_purpose_is_outside_the_promise() -> None:
    """The sentence names what was promised and what happened."""
    [finding] = held(processed(purpose="profiling"), governed(PURPOSES)).findings
    assert (finding.code, finding.rule) == ("purpose_outside_promise", "pack:CB-13")
    assert finding.expected == "processing for telephony and administration only"
    assert finding.found == "call.completed for profiling"


@pytest.mark.parametrize("purpose", sorted(ALLOWED_ALWAYS))
def test_what_the_law_asks_for_is_outside_nothing(purpose: str) -> None:
    """No text has to name that requests are answered, or that security is looked after."""
    state = governed(
        PURPOSES,
        promise("CB-08", "role", role="controller"),
        promise("CD-30", "agreement_start"),
        facts=[signed(0, purposes=[TELEPHONY])],
    )
    assert held(processed(purpose=purpose), state) == ((), ())


def test_promise_for_one_role_is_not_held_against_another() -> None:
    """A list of what a processor does for its customers says nothing of what it does as a controller."""
    scoped = promise("CB-13", "purposes", purposes=("telephony",), role="processor")
    assert held(processed(purpose="invoicing", role="controller"), governed(scoped)) == ((), ())
    assert codes(held(processed(purpose="invoicing"), governed(scoped))) == [
        ("purpose_outside_promise", "pack:CB-13")
    ]


@pytest.mark.parametrize(
    ("purpose", "role", "expected"),
    [
        ("telephony", "processor", ("role_as_promised", "pack:CB-08")),
        ("telephony", "controller", ("role_not_as_promised", "pack:CB-08")),
        ("security_logging", "controller", ("role_as_promised", "pack:CB-09")),
        ("security_logging", "processor", ("role_not_as_promised", "pack:CB-09")),
        ("marketing", "joint", None),
    ],
)
def test_role_by_purpose(purpose: str, role: str, expected: tuple[str, str] | None) -> None:
    """CB-08, CB-09: a processor for callers, a controller for its own logging; nothing is said of the rest."""
    state = governed(
        promise("CB-08", "role", role="processor", purposes=("telephony",)),
        promise("CB-09", "role", role="controller", purposes=("security_logging",)),
    )
    found = held(processed(purpose=purpose, role=role), state)
    assert codes(found) + marks(found) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        ([], []),
        (["phone_number"], [("data_categories_as_promised", "pack:CF-01")]),
        (["phone_number", "voice"], [("data_categories_as_promised", "pack:CF-01")]),
        (["phone_number", "photo"], [("data_category_not_promised", "pack:CF-01")]),
    ],
)
def test_categories(categories: list[str], expected: list[tuple[str, str]]) -> None:
    """CF-01: of those named, and of no other; an entry without any says nothing."""
    state = governed(promise("CF-01", "data_categories", categories=("phone_number", "voice")))
    found = held(processed(data_categories=categories), state)
    assert codes(found) + marks(found) == expected


def test_categories_for_some_purposes_only() -> None:
    """A list with a scope is not held against what is outside it."""
    scoped = promise("MB-13", "data_categories", categories=("body",), purposes=("messaging",))
    assert held(processed(data_categories=["voice"]), governed(scoped)) == ((), ())
    assert codes(held(processed(data_categories=["voice"], purpose="messaging"), governed(scoped))) == [
        ("data_category_not_promised", "pack:MB-13")
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("purpose_as_agreed", "")),
        ({"purpose": "profiling"}, ("purpose_outside_agreement", "")),
        ({"role": "controller"}, ("role_outside_agreement", "")),
        ({"at": DAY - MICROSECOND}, None),
        ({"at": DAY}, ("purpose_as_agreed", "")),
    ],
)
def test_purposes_of_the_agreement_in_force(
    changes: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    """GDPR Art. 28(3): the purposes and roles the agreement names, from its last signature on."""
    state = governed(facts=[signed(DAY, purposes=[TELEPHONY])])
    found = held(processed(**changes), state)
    assert codes(found) + marks(found) == ([expected] if expected else [])


def test_purposes_of_an_agreement_that_ended_bind_no_more() -> None:
    """The moment it ends it is not in force."""
    facts = [signed(0, purposes=[TELEPHONY]), case_fact("agreement.terminated", DAY, ends_at=NOW)]
    entry = processed(purpose="profiling", at=NOW - MICROSECOND)
    assert codes(held(entry, governed(facts=facts))) == [("purpose_outside_agreement", "")]
    assert codes(held(processed(purpose="profiling"), governed(facts=facts))) == [AFTER]


def test_any_of_several_agreements_will_do() -> None:
    """A customer may have one for telephony and another for messages."""
    other = {"purpose": "messaging", "role": "processor"}
    facts = [signed(0, purposes=[TELEPHONY]), signed(0, agreement_id="second", purposes=[other])]
    assert codes(held(processed(purpose="messaging"), governed(facts=facts))) == []


def test_agreement_that_names_no_purposes_leaves_them_open() -> None:
    """Nothing was agreed, so nothing is outside it."""
    assert held(processed(purpose="profiling"), governed(facts=[signed(0)])) == ((), ())


def start(*facts: Entry, first: bool = False, **changes: Any) -> list[tuple[str, str]]:
    """What CD-30 comes to."""
    state = governed(promise("CD-30", "agreement_start"), facts=facts)
    found = held(processed(**changes), state, first=first)
    return codes(found) + marks(found)


BEFORE, SIGNED = [("processing_before_agreement", "pack:CD-30")], [("agreement_signed", "pack:CD-30")]


@pytest.mark.parametrize(
    ("at", "expected"), [(NOW - MICROSECOND, SIGNED), (NOW, SIGNED), (NOW + MICROSECOND, BEFORE)]
)
def test_processing_starts_with_the_last_signature(at: int, expected: list[tuple[str, str]]) -> None:
    """CD-30: at the very moment it is in force."""
    assert start(signed(0, signed_by_provider_at=at)) == expected


def test_one_signature_is_none() -> None:
    """CD-30: of both."""
    assert start(signed(0, signed_by_provider_at=None)) == BEFORE


def test_no_agreement_at_all_is_found_once_per_person() -> None:
    """It is one omission, not as many as there are calls."""
    assert start(first=True) == BEFORE
    assert start() == []


def test_controller_needs_no_agreement_with_itself() -> None:
    """CD-30 is about what is done on behalf of another."""
    assert start(first=True, role="controller") == []


def test_data_kept_after_the_end_is_no_processing_before_the_start() -> None:
    """That an agreement ended does not mean that it never began; and it shows nothing any more."""
    assert start(signed(0), over(2 * DAY)) == [AFTER]
    assert start(signed(0), over(2 * DAY), event_type="data.accessed") == []


def over(ends_at: int, agreement: str = "main", **fields: Any) -> Entry:
    """An agreement is to end at a moment, as was said on the first day."""
    return case_fact("agreement.terminated", DAY, agreement_id=agreement, ends_at=ends_at, **fields)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(NOW - MICROSECOND, SIGNED, id="its last microsecond"),
        pytest.param(NOW, [AFTER], id="the moment it ends"),
        pytest.param(NOW + MICROSECOND, [AFTER], id="after"),
    ],
)
def test_processing_ends_with_the_agreement(at: int, expected: list[tuple[str, str]]) -> None:
    """GDPR Art. 28(3)(g), CD-30: duration as the agreement; the moment it ends it is over."""
    assert start(signed(0, agreement_id="main"), over(NOW), at=at) == expected


def test_sentence_says_when_it_ended() -> None:
    """In local time."""
    facts = [signed(0, agreement_id="main"), over(NOW)]
    [finding] = held(processed(), governed(facts=facts)).findings
    assert (finding.code, finding.rule, finding.article) == (*AFTER, "GDPR Art. 28(3)(g)")
    assert finding.found == "call.completed after the agreement ended on 1970-01-11T01:00:00+01:00"


@pytest.mark.parametrize(
    ("event_type", "found"),
    [
        ("call.completed", True),
        ("call.recorded", True),
        ("voicemail.left", True),
        ("fax.transmitted", True),
        ("message.sent", True),
        ("signalling.logged", True),
        ("number.dialled", True),
        ("data.accessed", False),
        ("data.exported", False),
        ("data.disclosed", False),
    ],
)
def test_what_is_there_may_be_returned(event_type: str, found: bool) -> None:
    """Collecting ends with the agreement; looking at what is there and giving it back do not."""
    state = governed(facts=[signed(0, agreement_id="main"), over(DAY)])
    assert (AFTER in codes(held(processed(event_type), state))) is found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, True),
        ({"role": "controller"}, False),
        ({"role": "conduit"}, False),
        ({"purpose": "legal_duty"}, False),
        ({"purpose": "security"}, False),
    ],
)
def test_end_binds_what_is_done_on_behalf_of_the_controller(changes: dict[str, Any], found: bool) -> None:
    """Not what the provider does for itself, and not what the law asks for."""
    state = governed(facts=[signed(0, agreement_id="main"), over(DAY)])
    assert (AFTER in codes(held(processed(**changes), state))) is found


MAIN, OTHER = signed(0, agreement_id="main"), signed(0, agreement_id="other")


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        pytest.param([MAIN, OTHER, over(DAY)], False, id="another runs"),
        pytest.param([MAIN, OTHER, over(DAY), over(NOW, "other")], True, id="both ended"),
        pytest.param(
            [MAIN, OTHER, over(DAY), over(NOW + 1, "other")], False, id="the other ends a moment later"
        ),
        pytest.param([MAIN, over(DAY), signed(NOW, agreement_id="new")], False, id="a later one begins now"),
        pytest.param(
            [MAIN, over(DAY), signed(NOW + 1, agreement_id="new")],
            True,
            id="a later one begins a moment later",
        ),
        pytest.param(
            [MAIN, over(DAY), signed(NOW - 1, agreement_id="new", signed_by_provider_at=None)],
            True,
            id="a later one lacks a signature",
        ),
        pytest.param(
            [MAIN, over(DAY), signed(2 * DAY, agreement_id="main", document_version="2")],
            False,
            id="concluded anew",
        ),
        pytest.param([MAIN, over(DAY), over(NOW + 1)], False, id="the end was put off"),
        pytest.param([over(DAY)], True, id="its signatures are not known"),
        pytest.param([over(NOW + 1)], False, id="it is still to end"),
        pytest.param([], False, id="no agreement at all"),
    ],
)
def test_last_of_all_agreements_ends_processing(facts: list[Entry], found: bool) -> None:
    """While one runs, its customer is a customer."""
    assert (AFTER in codes(held(processed(), governed(facts=facts)))) is found


@pytest.mark.parametrize(
    ("adopted_at", "found"),
    [
        pytest.param(DAY, True, id="when it ended"),
        pytest.param(DAY + MICROSECOND, False, id="an instant later"),
        pytest.param(NOW, False, id="now"),
        pytest.param(NOW + MICROSECOND, True, id="later than now"),
    ],
)
def test_controller_that_adopts_a_policy_after_the_end_has_come_back(adopted_at: int, found: bool) -> None:
    """As for how long its data is kept."""
    state = governed(PURPOSES, facts=[MAIN, over(DAY)], adopted_at=adopted_at)
    assert (AFTER in codes(held(processed(), state))) is found
