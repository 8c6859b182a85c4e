"""Refusals: a ground the law has for that right, and everything the person must be told."""

import pytest

from ledger.rules.requests.request_refusals import ALWAYS_GROUNDS, GROUNDS
from tests.unit.aggregates.request_facts import stated
from tests.unit.rules.judged_requests import codes, finding, judge, local, promise, promised

AT = local("2026-03-05")
NO_GROUND, INCOMPLETE = "request_refused_without_ground", "request_refusal_incomplete"
RIGHTS = (
    "access", "rectification", "erasure", "restriction", "portability", "objection", "withdraw_consent",
    "no_automated_decision",
)  # fmt: skip
ALL_GROUNDS = (
    "manifestly_unfounded", "excessive", "legal_obligation", "legal_claim", "compelling_grounds",
    "identity_not_shown", "invalid_channel", "others_rights", "not_the_controller",
)  # fmt: skip


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("ground", [*ALL_GROUNDS, None])
def test_ground_is_one_the_law_has_for_the_right(right: str, ground: str | None) -> None:
    """No ground at all is always a finding; so is a channel."""
    received = stated("request.received", AT, right=right)
    judged = judge(received, stated("request.refused", AT + 9, ground=ground))
    allowed = ground in ALWAYS_GROUNDS | GROUNDS[right]
    assert [(2, NO_GROUND, "")] * (not allowed) == codes(judged)
    assert not allowed or ground not in {None, "invalid_channel"}


@pytest.mark.parametrize(
    ("purposes", "broken"),
    [
        (["marketing"], True),
        (["marketing", "direct_marketing"], True),
        (["marketing", "profiling"], False),
        ([], False),
    ],
)
def test_objection_to_direct_marketing_has_no_ground(purposes: list[str], broken: bool) -> None:
    """Art. 21(3): compelling grounds do not count against it."""
    received = stated("request.received", AT, right="objection", purposes=purposes)
    judged = judge(received, stated("request.refused", AT + 9, ground="compelling_grounds"))
    assert [(2, NO_GROUND, "")] * broken == codes(judged)


@pytest.mark.parametrize(
    ("ground", "found"),
    [
        (None, "refused without a ground"),
        ("compelling_grounds", "refused on compelling grounds, which is no ground for it"),
    ],
)
def test_sentence_names_right_and_ground(ground: str | None, found: str) -> None:
    """In words, not in codes."""
    judged = judge(stated("request.received", AT), stated("request.refused", AT + 9, ground=ground))
    said = finding(judged, NO_GROUND)
    assert (said.article, said.found) == ("GDPR Art. 12(4)", found)
    assert said.expected == "a request for access refused only on a ground the law has for it"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ((True, True, True), None),
        ((False, True, True), "a refusal without the reasons"),
        ((True, False, True), "a refusal without the right to complain to an authority"),
        ((True, True, False), "a refusal without the judicial remedy"),
        (
            (False, False, False),
            "a refusal without the reasons, the right to complain to an authority and the judicial remedy",
        ),
    ],
)
def test_refusal_tells_reasons_complaint_and_remedy(told: tuple[bool, bool, bool], found: str | None) -> None:
    """Each of the three, Art. 12(4)."""
    refused = stated(
        "request.refused", AT + 9, reasons_told=told[0], complaint_told=told[1], remedy_told=told[2]
    )
    judged = judge(stated("request.received", AT), refused)
    if found is None:
        assert codes(judged) == []
    else:
        assert codes(judged) == [(2, INCOMPLETE, "")]
        assert finding(judged, INCOMPLETE).found == found


def test_promise_to_honour_a_right_breaks_with_it() -> None:
    """MB-44: an objection is refused only on compelling grounds or a legal claim; CF-09 is about other rights."""
    by = promised(
        promise("request_rights", "MB-44", rights=("objection",)),
        promise("request_rights", "CF-09", rights=("access", "rectification", "erasure")),
    )
    received = stated("request.received", AT, right="objection")
    broken = judge(received, stated("request.refused", AT + 9, ground="others_rights"), by=by)
    assert codes(broken) == [(2, NO_GROUND, ""), (2, NO_GROUND, "p:MB-44")]
    kept = judge(received, stated("request.refused", AT + 9, ground="compelling_grounds"), by=by)
    assert codes(kept) == []
    shown = [(each.mark, each.rule, each.detail) for each in kept.shown if each.rule]
    assert shown == [("request_honoured", "p:MB-44", "objection refused")]


@pytest.mark.parametrize("right", RIGHTS)
def test_answer_honours_the_right(right: str) -> None:
    """Of the rights that are promised; the mark says which."""
    by = promised(promise("request_rights", rights=RIGHTS[:7]))
    judged = judge(stated("request.received", AT, right=right), stated("request.answered", AT + 9), by=by)
    shown = [each.detail for each in judged.shown if each.mark == "request_honoured"]
    assert shown == [right] * (right in RIGHTS[:7])


def test_refusal_that_is_incomplete_shows_nothing() -> None:
    """A promise to honour a right is not kept by a refusal that hides the remedy."""
    by = promised(promise("request_rights", rights=RIGHTS))
    judged = judge(
        stated("request.received", AT), stated("request.refused", AT + 9, remedy_told=False), by=by
    )
    assert [each for each in judged.shown if each.mark == "request_honoured"] == []
