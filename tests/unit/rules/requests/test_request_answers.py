"""Answers: confirmed, saying what is kept, free, passed on to whom it concerns."""

from typing import Any

import pytest

from ledger.entry import Entry
from ledger.rules.requests.request_answers import RECIPIENTS_NAMED_MAX
from tests.unit.aggregates.facts import make_entry
from tests.unit.aggregates.request_facts import stated
from tests.unit.rules.judged_requests import codes, end_of, finding, judge, local, marks, promise, promised

AT = local("2026-03-05")
MONTH_ENDS = end_of("2026-04-07")


def received(right: str = "access", **fields: Any) -> Entry:
    """A request that came in."""
    return stated("request.received", AT, right=right, **fields)


def answered(**fields: Any) -> Entry:
    """Its answer."""
    return stated("request.answered", AT + 9, **fields)


@pytest.mark.parametrize("sent", [True, False])
def test_confirmation_is_sent(sent: bool) -> None:
    """MB-36; what nobody promised is not asked for."""
    facts = (received(), answered(confirmation_sent=sent))
    judged = judge(*facts, by=promised(promise("request_confirmation", "MB-36")))
    assert [(2, "request_unconfirmed", "p:MB-36")] * (not sent) == codes(judged)
    assert (("request_confirmed", "p:MB-36") in marks(judged)) == sent
    assert codes(judge(*facts)) == []


def kept(name: str, *, named: bool) -> dict[str, object]:
    """A class that stays."""
    return {"retention_class": name, "ground": "legal_obligation", "named_in_answer": named}


@pytest.mark.parametrize(
    ("classes", "broken", "shown"),
    [
        pytest.param([], False, False, id="nothing kept"),
        pytest.param([kept("account", named=True)], False, True, id="kept and named"),
        pytest.param(
            [kept("account", named=False), kept("consent_proof", named=True)], True, False, id="one not named"
        ),
    ],
)
def test_what_is_kept_is_named(classes: list[object], broken: bool, shown: bool) -> None:
    """MB-43, X11: one erasure, several outcomes, and the answer says which."""
    judged = judge(
        received("erasure"),
        answered(outcome="partly_fulfilled", kept=classes),
        by=promised(promise("request_kept_named", "MB-43")),
    )
    assert [(2, "request_kept_unnamed", "p:MB-43")] * broken == codes(judged)
    assert (("request_kept_named", "p:MB-43") in marks(judged)) == shown
    if broken:
        said = finding(judged, "request_kept_unnamed", "p:MB-43").found
        assert said == "an answer that does not name what is kept of account"


@pytest.mark.parametrize(
    ("charge", "right", "party", "found", "free"),
    [
        pytest.param(("nobody", None), "access", "customer", [], True, id="free"),
        pytest.param(("customer", None), "access", "customer", [], True, id="the customer pays, as agreed (CB-38)"),
        pytest.param(("customer", None), "access", "nobody", ["p:A"], False, id="the customer pays, not agreed"),
        pytest.param(("data_subject", None), "access", "customer", ["", "p:A"], False, id="the person pays"),
        pytest.param(
            ("data_subject", "manifestly_unfounded"), "erasure", "customer", [], False, id="manifestly unfounded"
        ),
        pytest.param(("data_subject", "excessive"), "erasure", "nobody", [], False, id="excessive"),
        pytest.param(("data_subject", "further_copies"), "access", "nobody", [], False, id="a second copy"),
        pytest.param(
            ("data_subject", "further_copies"), "erasure", "nobody", ["", "p:A"], False,
            id="a copy of what is erased is no ground",
        ),
        pytest.param(("data_subject", None), "access", "data_subject", [""], True, id="promised, and not lawful"),
    ],
)  # fmt: skip
def test_costs(charge: tuple[str, str | None], right: str, party: str, found: list[str], free: bool) -> None:
    """Art. 12(5): free for the person, but for a ground; what a promise adds is who else may pay."""
    judged = judge(
        received(right),
        answered(charged_to=charge[0], charge_ground=charge[1], outcome="nothing_held"),
        by=promised(promise("request_costs", charged_to=party)),
    )
    assert [(2, "request_charged", rule) for rule in found] == codes(judged)
    assert (("request_free", "p:A") in marks(judged)) == free


def test_charge_is_said_in_a_sentence() -> None:
    """Who was to pay at most, who did, and why."""
    said = finding(
        judge(received("erasure"), answered(charged_to="data_subject", charge_ground="further_copies")),
        "request_charged",
    )
    assert said.article == "GDPR Art. 12(5)"
    assert said.expected == (
        "costs charged to nobody, unless the request is manifestly unfounded or excessive, or asks for further copies"
    )
    assert said.found == "charged to the data subject, for further copies"


CALL = make_entry(occurred_at=AT - 5, processors=["Twilio", "Vapi"])


@pytest.mark.parametrize("right", ["rectification", "erasure", "restriction"])
@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ([], "twilio, vapi"),
        (["twilio"], "vapi"),
        (["TWILIO", "vapi"], None),
    ],
)
def test_recipients_are_told(right: str, told: list[str], missing: str | None) -> None:
    """Art. 19: everyone known to have handled the data, names in any spelling."""
    judged = judge(CALL, received(right), answered(recipients_informed=told))
    if missing is None:
        assert codes(judged) == []
        assert ("recipients_informed", "") in marks(judged)
    else:
        assert codes(judged) == [(3, "recipients_not_informed", "")]
        assert finding(judged, "recipients_not_informed").found == f"not told: {missing}"


@pytest.mark.parametrize(
    "done",
    [
        stated("data.erased", AT + 20, recipients_informed=["twilio", "vapi"]),
        stated("erasure.started", AT + 3, recipients=[{"name": "Twilio"}, {"name": "Vapi"}]),
    ],
)
def test_recipients_told_by_what_was_done_count(done: Entry) -> None:
    """By a service that erased, or by the ledger's own instruction; before the answer or after it."""
    judged = judge(CALL, received("erasure"), answered(), done)
    assert codes(judged) == []


@pytest.mark.parametrize(
    ("right", "outcome"),
    [
        ("access", "fulfilled"),
        ("portability", "fulfilled"),
        ("objection", "fulfilled"),
        ("erasure", "nothing_held"),
    ],
)
def test_recipients_need_not_hear_of_what_changes_nothing(right: str, outcome: str) -> None:
    """A copy for the person, or nothing found: there is nothing to tell."""
    assert codes(judge(CALL, received(right), answered(outcome=outcome))) == []


def test_nobody_known_is_nobody_told() -> None:
    """It shows nothing either: no recipient, no evidence."""
    judged = judge(received("erasure"), answered())
    assert (codes(judged), [mark for mark, _ in marks(judged)]) == ([], ["request_answered_in_time"])


def test_long_list_of_recipients_is_cut() -> None:
    """A finding names some and counts the rest."""
    names = [f"processor-{number:02}" for number in range(RECIPIENTS_NAMED_MAX + 3)]
    judged = judge(make_entry(occurred_at=AT - 5, processors=names), received("erasure"), answered())
    assert finding(judged, "recipients_not_informed").found.endswith("processor-19 and 3 more")


FORWARDED = stated("request.forwarded", AT + 5)
REFUSED = stated("request.refused", AT + 9)
PASSED = stated("request.deadline_passed", MONTH_ENDS, ends_at=MONTH_ENDS)


@pytest.mark.parametrize(
    ("received_by", "facts", "found", "shown"),
    [
        pytest.param("controller", [answered()], None, False, id="it was the controller who received it"),
        pytest.param("processor", [], None, False, id="there is time"),
        pytest.param("processor", [FORWARDED], None, True, id="passed on"),
        pytest.param("processor", [FORWARDED, answered()], None, True, id="passed on, then answered"),
        pytest.param(
            "processor", [stated("request.forwarded", AT + 9), answered()], None, True, id="at that very moment"
        ),
        pytest.param("processor", [answered()], 2, False, id="answered alone"),
        pytest.param("processor", [REFUSED], 2, False, id="refused alone"),
        pytest.param(
            "processor", [answered(), stated("request.forwarded", AT + 10)], 2, False, id="passed on after it"
        ),
        pytest.param("processor", [PASSED], 1, False, id="kept until the month was over"),
    ],
)  # fmt: skip
def test_processor_passes_a_request_on(
    received_by: str, facts: list[Entry], found: int | None, shown: bool
) -> None:
    """CD-21: by mutual consultation, and the controller is responsible."""
    by = promised(promise("request_forwarding", "CD-21"))
    judged = judge(received(received_by=received_by), *facts, by=by)
    ours = [each for each in codes(judged) if each[1] == "request_not_forwarded"]
    assert ours == ([] if found is None else [(found, "request_not_forwarded", "p:CD-21")])
    assert (("request_forwarded", "p:CD-21") in marks(judged)) == shown
