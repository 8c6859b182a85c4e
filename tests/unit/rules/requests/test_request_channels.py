"""Channels and identity: each promise by its own words, the law by its own (X15)."""

from typing import Any

import pytest

from ledger.entry import Entry
from tests.unit.aggregates.request_facts import stated
from tests.unit.rules.judged_requests import codes, finding, judge, local, marks, promise, promised

AT = local("2026-03-05")
ANSWERED = stated("request.answered", AT + 9)
STRICT = promise("request_channel", "MB-40", customer=("dashboard", "api"), strict=True)
OTHERS = promise("request_channel", "MB-41", others=("email", "post", "support"))
ONLY_MAIL = promise("request_channel", "CF-16", customer=("email", "web_form"), others=("email", "web_form"))
PROCESSED, FOR_CHANNEL = "request_invalid_channel_processed", "request_refused_for_channel"
RESPECTED = "request_channel_respected"
NO_GROUND = "request_refused_without_ground"


def asked(requester: str, channel: str, right: str = "access") -> Entry:
    """A request that came in."""
    return stated("request.received", AT, requester=requester, channel=channel, right=right)


def refused() -> Entry:
    """It was refused because of how it came in."""
    return stated("request.refused", AT + 9, ground="invalid_channel")


@pytest.mark.parametrize(
    ("received", "response", "promises", "found", "shown"),
    [
        pytest.param(
            asked("customer", "email"), ANSWERED, STRICT, [(2, PROCESSED, "p:MB-40")], [],
            id="a customer's e-mail processed where that is not done",
        ),
        pytest.param(
            asked("customer", "email"), refused(), STRICT, [(2, NO_GROUND, "")], [(RESPECTED, "p:MB-40")],
            id="the same refused: the promise is kept, and the law knows no such ground",
        ),
        pytest.param(
            asked("customer", "dashboard"), ANSWERED, STRICT, [], [(RESPECTED, "p:MB-40")],
            id="a customer by the dashboard",
        ),
        pytest.param(
            asked("customer", "api"), refused(), STRICT, [(2, FOR_CHANNEL, "p:MB-40"), (2, NO_GROUND, "")], [],
            id="a valid channel refused for being none",
        ),
        pytest.param(
            asked("end_user", "email"), ANSWERED, STRICT, [], [], id="it says nothing about other people"
        ),
        pytest.param(
            asked("visitor", "post"), ANSWERED, OTHERS, [], [(RESPECTED, "p:MB-41")], id="a visitor by letter"
        ),
        pytest.param(
            asked("visitor", "phone"), ANSWERED, OTHERS, [], [],
            id="another channel answered all the same: nothing broken, nothing shown",
        ),
        pytest.param(
            asked("visitor", "phone"), refused(), OTHERS, [(2, NO_GROUND, "")], [(RESPECTED, "p:MB-41")],
            id="another channel refused: the law knows no form",
        ),
        pytest.param(
            asked("customer", "email"), ANSWERED, ONLY_MAIL, [], [(RESPECTED, "p:CF-16")],
            id="the only channel at another provider",
        ),
        pytest.param(
            asked("customer", "email"), refused(), ONLY_MAIL, [(2, FOR_CHANNEL, "p:CF-16"), (2, NO_GROUND, "")],
            [], id="and refused there",
        ),
    ],
)  # fmt: skip
def test_channel(
    received: Entry, response: Entry, promises: Any, found: list[object], shown: list[object]
) -> None:
    """Kept, broken, and what the law says beside it."""
    judged = judge(received, response, by=promised(promises))
    assert found == codes(judged)
    assert shown == [each for each in marks(judged) if each[0] == RESPECTED]


def test_channel_says_nothing_before_a_response() -> None:
    """A request that waits was neither processed nor refused."""
    judged = judge(asked("customer", "email"), by=promised(STRICT))
    assert (codes(judged), marks(judged)) == ([], [])


def test_sentences_name_the_channels() -> None:
    """What the document allows, and what happened."""
    found = finding(judge(asked("customer", "email"), ANSWERED, by=promised(STRICT)), PROCESSED, "p:MB-40")
    assert (
        found.expected == "a customer asks by dashboard, api; what comes by another channel is not processed"
    )
    assert found.found == "answered although it came by email"


IDENTITY = promise("request_identity", "MB-40-identity")
UNCHECKED, CHECKED = "request_identity_unchecked", "request_identity_checked"


def checked(outcome: str, at: int = AT + 5, **fields: Any) -> Entry:
    """A check of identity."""
    return stated("request.identity_checked", at, outcome=outcome, **fields)


@pytest.mark.parametrize(
    ("facts", "broken"),
    [
        pytest.param([asked("end_user", "email"), ANSWERED], True, id="never checked"),
        pytest.param([asked("end_user", "email"), checked("confirmed"), ANSWERED], False, id="confirmed"),
        pytest.param(
            [asked("end_user", "email"), checked("confirmed", AT + 9), ANSWERED], False, id="at that very moment"
        ),
        pytest.param([asked("end_user", "email"), checked("confirmed", AT + 10), ANSWERED], True, id="after it"),
        pytest.param([asked("end_user", "email"), checked("failed"), ANSWERED], True, id="failed"),
        pytest.param(
            [asked("end_user", "email"), checked("doubtful", AT + 1), checked("confirmed"), ANSWERED], False,
            id="doubtful, then confirmed",
        ),
        pytest.param(
            [asked("end_user", "email"), checked("confirmed", AT + 1), checked("failed"), ANSWERED], True,
            id="confirmed, then failed",
        ),
        pytest.param([asked("customer", "dashboard"), ANSWERED], False, id="logged in"),
        pytest.param([asked("customer", "api"), ANSWERED], False, id="by token"),
    ],
)  # fmt: skip
def test_identity_is_confirmed_before_the_answer(facts: list[Entry], broken: bool) -> None:
    """Where it is promised; the last check before the answer counts."""
    judged = judge(*facts, by=promised(IDENTITY))
    assert [(len(facts), UNCHECKED, "p:MB-40-identity")] * broken == codes(judged)
    assert ((CHECKED, "p:MB-40-identity") in marks(judged)) == (not broken)


@pytest.mark.parametrize(
    ("right", "outcome"),
    [("objection", "fulfilled"), ("withdraw_consent", "fulfilled"), ("access", "nothing_held")],
)
def test_identity_is_not_needed_for_what_reveals_nothing(right: str, outcome: str) -> None:
    """To object or withdraw is as easy as it was to consent, and an answer about nobody reveals nobody."""
    answered = stated("request.answered", AT + 9, outcome=outcome)
    judged = judge(asked("end_user", "email", right), answered, by=promised(IDENTITY))
    assert UNCHECKED not in {code for _, code, _ in codes(judged)}


@pytest.mark.parametrize(
    ("doubt", "demanded", "broken"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_more_is_demanded_only_on_doubt(doubt: bool, demanded: bool, broken: bool) -> None:
    """Art. 12(6), whatever was promised."""
    check = checked("confirmed", reasonable_doubt=doubt, more_demanded=demanded)
    judged = judge(asked("end_user", "email"), check)
    assert [(2, "identity_demanded_without_doubt", "")] * broken == codes(judged)
