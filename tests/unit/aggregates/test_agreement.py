"""An agreement answers about any moment, whatever the order in which its facts arrived."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.aggregates.agreement import Agreement
from ledger.entry import Entry
from tests.unit.aggregates.case_facts import DAY, case_fact, fold_case


def concluded(at: int, controller: int | None, provider: int | None, **fields: Any) -> Entry:
    """Signatures as days."""
    signed = {"signed_by_controller_at": controller, "signed_by_provider_at": provider}
    days = {name: None if day is None else day * DAY for name, day in signed.items()}
    return case_fact("agreement.concluded", at * DAY, **days, **fields)


def amended(at: int, controller: int | None, provider: int | None, **fields: Any) -> Entry:
    """Acceptances as days."""
    accepted = {"accepted_by_controller_at": controller, "accepted_by_provider_at": provider}
    days = {name: None if day is None else day * DAY for name, day in accepted.items()}
    return case_fact("agreement.amended", at * DAY, **days, **fields)


def terminated(at: int, ends: int) -> Entry:
    """The end as a day."""
    return case_fact("agreement.terminated", at * DAY, ends_at=ends * DAY)


def purposes(**roles: str) -> list[dict[str, str]]:
    """Agreed purposes, as a fact has them."""
    return [{"purpose": purpose, "role": role} for purpose, role in roles.items()]


@pytest.mark.parametrize(
    ("controller", "provider", "moment", "in_force"),
    [
        (3, 5, 5 * DAY - 1, False),
        (3, 5, 5 * DAY, True),
        (5, 3, 5 * DAY - 1, False),
        (5, 3, 5 * DAY, True),
        (5, None, 9 * DAY, False),
        (None, 5, 9 * DAY, False),
        (None, None, 9 * DAY, False),
    ],
)
def test_cd_30_agreement_holds_from_the_last_signature(
    controller: int | None, provider: int | None, moment: int, in_force: bool
) -> None:
    """Not before the second one, whoever gave it; never while one is missing; by when it was signed, not stated."""
    agreement = fold_case(Agreement, [concluded(7, controller, provider)])
    assert agreement.in_force_at(moment) is in_force


def test_signature_may_be_stated_later() -> None:
    """Of each party the latest statement that names a signature holds; silence takes none back."""
    agreement = fold_case(Agreement, [concluded(3, 3, None), concluded(4, None, 4), concluded(6, None, 5)])
    assert agreement.starts() == [5 * DAY]
    assert [text.document_version for text in agreement.texts()] == ["1"]


def test_agreement_ends_when_it_says_so() -> None:
    """At that very moment it is over; the latest statement about an end holds."""
    facts = [concluded(1, 1, 1), terminated(5, 10), terminated(6, 20)]
    agreement = fold_case(Agreement, facts)
    assert [agreement.in_force_at(day * DAY) for day in (0, 1, 10, 19, 20, 30)] == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]


def test_agreement_concluded_anew_holds_again() -> None:
    """A later text that both signed opens it anew; the time between stays without an agreement."""
    facts = [
        concluded(1, 1, 1),
        terminated(5, 10),
        concluded(15, 15, 15, document_version="2"),
        terminated(16, 30),
    ]
    agreement = fold_case(Agreement, facts)
    assert [day for day in range(32) if agreement.in_force_at(day * DAY)] == [*range(1, 10), *range(15, 30)]
    assert agreement.start_at(20 * DAY) == 15 * DAY


def test_end_of_what_never_began_ends_nothing() -> None:
    """The statement is kept; there was nothing to end."""
    agreement = fold_case(Agreement, [terminated(1, 2), concluded(5, 5, 5)])
    assert agreement.in_force_at(6 * DAY)


def test_purposes_change_when_both_accepted_the_amendment() -> None:
    """An amendment nobody consented to changes nothing; one that lists no purposes leaves them."""
    first = purposes(telephony="processor")
    second = purposes(telephony="processor", quality="controller")
    third = purposes(marketing="controller")
    agreement = fold_case(
        Agreement,
        [
            concluded(1, 1, 1, purposes=first),
            amended(5, 5, 7, purposes=second),
            amended(8, 8, 8, document_version="3"),
            amended(9, None, 9, document_version="4", purposes=third),
        ],
    )
    assert agreement.purposes_at(DAY - 1) == {}
    assert agreement.purposes_at(DAY) == {"telephony": {"processor"}}
    assert agreement.purposes_at(7 * DAY - 1) == {"telephony": {"processor"}}
    assert agreement.purposes_at(7 * DAY) == {"quality": {"controller"}, "telephony": {"processor"}}
    assert agreement.purposes_at(20 * DAY) == agreement.purposes_at(7 * DAY)


def test_purpose_may_be_agreed_in_several_roles() -> None:
    """One text can make the provider processor and controller for the same purpose."""
    both = [*purposes(security="processor"), *purposes(security="controller")]
    agreement = fold_case(Agreement, [concluded(1, 1, 1, purposes=both)])
    assert agreement.purposes_at(DAY) == {"security": {"controller", "processor"}}


def test_amendment_of_the_same_moment_holds_over_what_it_amends() -> None:
    """Signed and amended in one sitting: the amendment is the later word."""
    agreement = fold_case(
        Agreement,
        [
            amended(1, 1, 1, purposes=purposes(quality="processor")),
            concluded(1, 1, 1, purposes=purposes(telephony="processor")),
        ],
    )
    assert list(agreement.purposes_at(DAY)) == ["quality"]


def test_cf_13_recording_purpose_is_declared_until_revoked() -> None:
    """The very moment counts; each purpose by itself."""
    agreement = fold_case(
        Agreement,
        [
            case_fact("recording.purpose_revoked", 9 * DAY),
            case_fact("recording.purpose_declared", 3 * DAY),
            case_fact("recording.purpose_declared", 4 * DAY, recording_purpose="training"),
        ],
    )
    asked = [3 * DAY - 1, 3 * DAY, 9 * DAY - 1, 9 * DAY]
    assert [agreement.recording_declared_at("quality", at) for at in asked] == [False, True, True, False]
    assert [agreement.recording_declared_at("training", at) for at in asked] == [False, False, True, True]


def test_cd_36_optional_processor_is_chosen_explicitly() -> None:
    """From the choice on, in any spelling, until the customer takes it back."""
    agreement = fold_case(
        Agreement,
        [
            case_fact("processor.opted_in", 3 * DAY, subprocessor="RedCactus"),
            case_fact("processor.opted_out", 9 * DAY, subprocessor="redcactus"),
        ],
    )
    asked = [3 * DAY - 1, 3 * DAY, 9 * DAY - 1, 9 * DAY]
    assert [agreement.opted_in_at("REDCACTUS", at) for at in asked] == [False, True, True, False]
    assert not agreement.opted_in_at("Mistral", 5 * DAY)


def test_cb_07_click_in_the_dashboard_is_an_instruction() -> None:
    """It is known like one in writing, with its channel and what is to be done."""
    agreement = fold_case(Agreement, [case_fact("instruction.received", 3 * DAY)])
    instruction = agreement.instruction("i-1")
    assert instruction is not None
    received = instruction.received_at(3 * DAY)
    assert received is not None
    assert (received.channel, received.action) == ("dashboard", "record_calls")
    assert instruction.received_at(3 * DAY - 1) is None
    assert agreement.instruction("i-2") is None


def test_cd_08_objection_stands_until_the_instruction_is_withdrawn() -> None:
    """From the objection on; given anew after that, it is another instruction and free of it."""
    agreement = fold_case(
        Agreement,
        [
            case_fact("instruction.received", 3 * DAY),
            case_fact("instruction.objected", 4 * DAY),
            case_fact("instruction.withdrawn", 8 * DAY),
            case_fact("instruction.received", 9 * DAY),
        ],
    )
    instruction = agreement.instruction("i-1")
    assert instruction is not None
    asked = [3 * DAY, 4 * DAY - 1, 4 * DAY, 8 * DAY - 1, 8 * DAY, 9 * DAY]
    assert [instruction.objected_at(at) is not None for at in asked] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    assert [instruction.received_at(at) is not None for at in asked] == [True, True, True, True, False, True]


FACTS = [
    concluded(2, 1, None),
    concluded(4, 1, 3, purposes=purposes(telephony="processor")),
    amended(6, 6, 6, purposes=purposes(quality="processor")),
    terminated(8, 12),
    concluded(14, 14, 13, document_version="2"),
    case_fact("recording.purpose_declared", 3 * DAY),
    case_fact("recording.purpose_revoked", 9 * DAY),
    case_fact("processor.opted_in", 4 * DAY),
    case_fact("processor.opted_out", 10 * DAY),
    case_fact("instruction.received", 5 * DAY),
    case_fact("instruction.objected", 7 * DAY),
    case_fact("instruction.withdrawn", 11 * DAY),
]


def answers(agreement: Agreement) -> list[object]:
    """Everything an agreement is asked, about each half day."""
    instruction = agreement.instruction("i-1")
    assert instruction is not None
    return [
        (
            agreement.in_force_at(at),
            agreement.purposes_at(at),
            agreement.recording_declared_at("quality", at),
            agreement.opted_in_at("Mistral", at),
            instruction.received_at(at) is not None,
            instruction.objected_at(at) is not None,
        )
        for at in range(0, 16 * DAY, DAY // 2)
    ]


@given(st.permutations(FACTS))
def test_answers_do_not_depend_on_the_order_of_arrival(facts: list[Entry]) -> None:
    """What happened when decides, not what was recorded when."""
    agreement = fold_case(Agreement, facts)
    assert answers(fold_case(Agreement, FACTS)) == answers(agreement)
    assert agreement.moments() == fold_case(Agreement, FACTS).moments()


@given(st.permutations(FACTS), st.integers(0, 16 * DAY))
def test_answers_change_at_named_moments_only(facts: list[Entry], at: int) -> None:
    """Between two of its moments an agreement answers the same: whoever caches answers rests on that."""
    agreement = fold_case(Agreement, facts)
    since = max((moment for moment in agreement.moments() if moment <= at), default=-1)
    assert agreement.in_force_at(since) == agreement.in_force_at(at)
    assert agreement.purposes_at(since) == agreement.purposes_at(at)
    assert agreement.recording_declared_at("quality", since) == agreement.recording_declared_at("quality", at)
    assert agreement.opted_in_at("Mistral", since) == agreement.opted_in_at("Mistral", at)
