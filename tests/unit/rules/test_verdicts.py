"""Verdicts on promises: which evidence counts, and what it comes to."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.policies import load_pack, pack_ids
from ledger.rules.packs.policy_pack import PackEntry, PolicyPack
from ledger.rules.packs.rule_kinds import RULE_KINDS, deadlines_of
from ledger.rules.verdicts import (
    Binding,
    Evidence,
    PromiseVerdict,
    Source,
    Verdict,
    by_promise,
    hold,
    judge_promises,
    promises_broken,
    sort_evidence,
    worst,
)

GARAGE, DENTIST = "garage-example", "dentist-example"
BOUND_SINCE = 100
RULE = "p:E-1"
PACKS = [load_pack(pack_id).pack for pack_id in pack_ids()]


def entry(kind: str, name: str = "E-1", *, promise: str | None = "E-1", **parameters: object) -> PackEntry:
    """An entry of an invented pack."""
    return PackEntry(
        id=name,
        promise=promise,
        kind=kind,
        article="art. 1",
        text="An invented promise.",
        parameters=parameters,
        reason="it asks for nothing" if kind == "text_only" else None,
    )


def finding(code: str, rule: str = RULE, at: int = 200, **changes: Any) -> Evidence:
    """An open finding."""
    return Evidence(Source.FINDING, code, rule, Verdict.BROKEN, at, 3, 41)._replace(**changes)


def deadline(name: str, verdict: Verdict, rule: str = RULE, at: int = 200) -> Evidence:
    """A deadline that is open (due) or was missed (broken)."""
    return Evidence(Source.DEADLINE, name, rule, verdict, at, 3, 42, until=300)


def mark(
    name: str, verdict: Verdict = Verdict.KEPT, rule: str = RULE, at: int = 200, **changes: Any
) -> Evidence:
    """A mark that shows a promise kept, or something owed."""
    return Evidence(Source.MARK, name, rule, verdict, at, 3, 43)._replace(**changes)


def ended(rule: str, verdict: Verdict, detail: str = "recording") -> Evidence:
    """A retention period that was late (broken), or waits for its destruction (due)."""
    return Evidence(Source.RETENTION, detail, rule, verdict, 50, 3, 44, detail=detail)


def verdict(of: PackEntry, *evidence: Evidence, since: int = BOUND_SINCE) -> Verdict:
    """What an entry comes to for one controller."""
    return hold(f"p:{of.id}", of, sort_evidence(evidence), since=since).verdict


STORAGE = entry("storage", region="eea")
ANSWER = entry("request_answer")
OF_RECORDINGS: dict[str, Any] = {"class": "recording"}
RETENTION = entry("retention", customer_set=True, **OF_RECORDINGS)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([], Verdict.NO_EVIDENCE),
        ([mark("stored_within_region")], Verdict.KEPT),
        ([mark("stored_within_region"), finding("stored_outside_region")], Verdict.BROKEN),
        ([finding("stored_outside_region", rule="p:another")], Verdict.NO_EVIDENCE),
        ([finding("stored_outside_region", rule="q:E-1")], Verdict.NO_EVIDENCE),
        ([finding("transfer_without_mechanism")], Verdict.NO_EVIDENCE),
        ([mark("encrypted")], Verdict.NO_EVIDENCE),
    ],
)
def test_verdict_on_a_promise_about_storage(evidence: list[Evidence], expected: Verdict) -> None:
    """Its own findings and marks count, those of another promise or kind do not."""
    assert expected == verdict(STORAGE, *evidence)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([deadline("answer", Verdict.DUE)], Verdict.DUE),
        ([deadline("answer", Verdict.DUE), mark("request_answered_in_time")], Verdict.DUE),
        ([deadline("answer", Verdict.BROKEN), mark("request_answered_in_time")], Verdict.BROKEN),
        ([deadline("answer", Verdict.BROKEN), deadline("answer", Verdict.DUE)], Verdict.BROKEN),
        ([deadline("notify_controller", Verdict.BROKEN)], Verdict.NO_EVIDENCE),
        ([deadline("answer", Verdict.DUE, rule="")], Verdict.DUE),
    ],
)
def test_verdict_on_a_promise_with_a_deadline(evidence: list[Evidence], expected: Verdict) -> None:
    """What was missed breaks it; what is open makes it due, whatever was kept before."""
    assert expected == verdict(ANSWER, *evidence)


def test_breach_deadline_counts_for_its_own_recipient_only() -> None:
    """48 hours to the controller say nothing of the authority."""
    of_controller = entry("breach_notice", recipient="controller")
    missed = deadline("notify_controller", Verdict.BROKEN, rule="")
    assert verdict(of_controller, missed) is Verdict.BROKEN
    assert verdict(entry("breach_notice", recipient="authority"), missed) is Verdict.NO_EVIDENCE


def test_what_the_law_says_counts_from_the_adoption_on() -> None:
    """Before it there was no promise; at the very moment there is one."""
    basis = entry("consent_basis")
    before, at = (finding("processing_without_consent", rule="", at=when) for when in (99, 100))
    assert verdict(basis, before) is Verdict.NO_EVIDENCE
    assert verdict(basis, at) is Verdict.BROKEN


def test_what_was_judged_by_the_promise_counts_whenever_it_happened() -> None:
    """A rule can reach back; then it was the promise that was broken."""
    assert verdict(STORAGE, finding("stored_outside_region", at=1)) is Verdict.BROKEN


def test_mark_of_the_law_counts_for_the_whole_of_its_month() -> None:
    """Of a month the first entry stands for all, so a promise made within the month has it."""
    shown = mark("processing_with_consent", rule="", at=90)
    basis = entry("consent_basis")
    assert verdict(basis, shown) is Verdict.NO_EVIDENCE
    assert verdict(basis, shown._replace(through=120)) is Verdict.KEPT


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([ended(RULE, Verdict.BROKEN)], Verdict.BROKEN),
        ([ended(RULE, Verdict.DUE), mark("retention_ended")], Verdict.DUE),
        ([ended("customer", Verdict.BROKEN)], Verdict.BROKEN),
        ([ended("customer", Verdict.BROKEN, "fax")], Verdict.NO_EVIDENCE),
        ([ended("ledger:agreement-end", Verdict.BROKEN)], Verdict.NO_EVIDENCE),
        ([mark("retention_due", Verdict.DUE, detail="recording")], Verdict.DUE),
        ([mark("retention_ended", rule="customer", detail="recording")], Verdict.KEPT),
    ],
)
def test_verdict_on_a_retention_promise(evidence: list[Evidence], expected: Verdict) -> None:
    """Late is broken; days a customer set are those of the promise that it may set them."""
    assert expected == verdict(RETENTION, *evidence)


def test_days_a_customer_set_say_nothing_of_a_period_it_cannot_set() -> None:
    """The text's own period is another promise."""
    fixed = entry("retention", **OF_RECORDINGS)
    assert verdict(fixed, ended("customer", Verdict.BROKEN)) is Verdict.NO_EVIDENCE


def test_retention_that_is_late_breaks_no_promise_of_another_kind() -> None:
    """Even under the same rule name."""
    assert verdict(STORAGE, ended(RULE, Verdict.BROKEN)) is Verdict.NO_EVIDENCE


def test_text_only_stays_text_only() -> None:
    """Nothing is bound to it, so nothing counts."""
    assert verdict(entry("text_only"), finding("stored_outside_region")) is Verdict.TEXT_ONLY


def pack(*entries: PackEntry) -> PolicyPack:
    """An invented pack."""
    return PolicyPack(id="p", version="1", title="Invented", entries=entries)


def judged(
    made: PolicyPack, evidence: Mapping[str, Sequence[Evidence]], *controllers: str
) -> dict[str, PromiseVerdict]:
    """The verdicts on a pack's promises, by promise."""
    bindings = [Binding(controller=name, pack=made, since=BOUND_SINCE) for name in controllers]
    return {each.promise: each for each in judge_promises([made], bindings, evidence)}


def test_promise_is_as_bad_as_the_worst_of_its_entries() -> None:
    """CF-07 has four: one that is broken breaks the promise."""
    made = pack(
        entry("storage", "E-1", promise="P"),
        entry("encryption", "E-2", promise="P"),
        entry("text_only", "E-3", promise="P"),
    )
    kept = mark("stored_within_region")
    assert judged(made, {GARAGE: [kept]}, GARAGE)["P"].verdict is Verdict.KEPT
    broken = finding("not_encrypted", rule="p:E-2")
    assert judged(made, {GARAGE: [kept, broken]}, GARAGE)["P"].verdict is Verdict.BROKEN


def test_promise_is_as_bad_as_the_worst_of_its_controllers() -> None:
    """One controller's evidence is not another's."""
    made = pack(STORAGE)
    evidence = {GARAGE: [mark("stored_within_region")], DENTIST: [finding("stored_outside_region")]}
    promise = judged(made, evidence, GARAGE, DENTIST)["E-1"]
    assert promise.verdict is Verdict.BROKEN
    assert promise.by_controller == {DENTIST: Verdict.BROKEN, GARAGE: Verdict.KEPT}


def test_pack_that_binds_nobody_has_no_evidence() -> None:
    """Whatever others did; what is text only stays that."""
    made = pack(STORAGE, entry("text_only", "E-2", promise="E-2"))
    found = judged(made, {GARAGE: [mark("stored_within_region")]})
    assert [each.verdict for each in found.values()] == [Verdict.NO_EVIDENCE, Verdict.TEXT_ONLY]


def test_settings_of_the_ledger_are_no_promises() -> None:
    """An entry without a promise is in no verdict."""
    made = pack(STORAGE, entry("trail", "trail", promise=None))
    assert by_promise(made).keys() == {"E-1"}


def test_evidence_is_shown_oldest_first() -> None:
    """Whatever kind it is of."""
    held = hold(
        RULE,
        ANSWER,
        sort_evidence([finding("request_answered_late", at=300), deadline("answer", Verdict.BROKEN, at=250)]),
        since=BOUND_SINCE,
    )
    assert [each.at for each in held.broken] == [250, 300]


NEWSLETTER = ("newsletter", "marketing")
SCOPED = [
    pytest.param(
        "consent_withdrawal", {"purposes": NEWSLETTER}, "processing_after_withdrawal", id="withdrawal"
    ),
    pytest.param("consent_basis", {"purposes": NEWSLETTER}, "processing_without_consent", id="consent"),
    pytest.param("objection", {"purposes": NEWSLETTER}, "processing_after_objection", id="objection"),
    pytest.param("request_rights", {"rights": NEWSLETTER}, "request_refusal_incomplete", id="rights"),
    pytest.param("request_answer", {"rights": NEWSLETTER}, "request_answered_late", id="answer"),
]


@pytest.mark.parametrize(("kind", "scope", "code"), SCOPED)
@pytest.mark.parametrize(
    ("about", "within"),
    [("newsletter", True), ("marketing, quality", True), ("quality", False), ("news", False), ("", False)],
)
def test_law_counts_for_what_an_entry_is_about(
    kind: str, scope: dict[str, Any], code: str, about: str, *, within: bool
) -> None:
    """An entry with a scope is held to what is about it; one without to everything."""
    broken = finding(code, rule="", about=about)
    assert verdict(entry(kind, **scope), broken) is (Verdict.BROKEN if within else Verdict.NO_EVIDENCE)
    assert verdict(entry(kind), broken) is Verdict.BROKEN


def test_scope_holds_for_marks_and_deadlines() -> None:
    """What is owed or shown of another right or purpose says nothing either."""
    rights = entry("request_rights", rights=("objection",))
    missed = deadline("answer", Verdict.BROKEN, rule="")
    assert verdict(rights, missed._replace(about="erasure")) is Verdict.NO_EVIDENCE
    assert verdict(rights, missed._replace(about="objection")) is Verdict.BROKEN
    stored = entry("consent_withdrawal", purposes=("stored_payment_methods",))
    shown = mark("withdrawal_recorded", rule="", about="newsletter")
    assert verdict(stored, shown) is Verdict.NO_EVIDENCE
    assert verdict(stored, shown._replace(about="stored_payment_methods")) is Verdict.KEPT


def test_scope_does_not_touch_what_the_entry_itself_judged() -> None:
    """It was judged by its own words already."""
    late = finding("request_answered_late", about="erasure")
    assert verdict(entry("request_answer", rights=("objection",)), late) is Verdict.BROKEN


def test_worst_entry_decides() -> None:
    """The first of those that came to what the promise came to."""
    made = pack(STORAGE, entry("consent_basis", "E-2"), entry("consent_basis", "E-3"))
    found = {GARAGE: [finding("processing_without_consent", rule="")]}
    [promise] = judge_promises([made], [Binding(controller=GARAGE, pack=made, since=BOUND_SINCE)], found)
    assert (promise.verdict, promise.deciding.entry.id) == (Verdict.BROKEN, "E-2")


def test_finding_tells_which_promises_it_breaks() -> None:
    """Of the packs that bind its controller, by the promise itself or by the law."""
    made = pack(entry("consent_basis", "E-1"), STORAGE, entry("consent_basis", "E-3", promise=None))
    bindings = [Binding(controller=GARAGE, pack=made, since=BOUND_SINCE)]
    law = list(promises_broken("processing_without_consent", "", "newsletter", 200, bindings))
    assert [(of.id, one.id) for of, one in law] == [("p", "E-1")]
    scoped = pack(entry("consent_basis", purposes=("quality",)))
    of_scope = [Binding(controller=GARAGE, pack=scoped, since=BOUND_SINCE)]
    assert list(promises_broken("processing_without_consent", "", "newsletter", 200, of_scope)) == []
    assert list(promises_broken("processing_without_consent", "", "newsletter", 99, bindings)) == []
    assert list(promises_broken("stored_outside_region", "q:E-1", "", 200, bindings)) == []


def test_installed_packs_have_161_promises() -> None:
    """Every row of OBLIGATIONS.md, each in one pack."""
    promises = [name for each in PACKS for name in by_promise(each)]
    assert len(promises) == len(set(promises)) == 161


RULES = [f"{each.id}:{one.id}" for each in PACKS for one in each.entries]
NAMES = {
    Source.FINDING: sorted({code for kind in RULE_KINDS.values() for code in kind.breaks}),
    Source.DEADLINE: sorted({name for kind in RULE_KINDS.values() for name in kind.deadlines}),
    Source.MARK: sorted({name for kind in RULE_KINDS.values() for name in kind.shows}),
    Source.RETENTION: ["recording", "fax", "call_history"],
}
VERDICTS = {
    Source.FINDING: [Verdict.BROKEN],
    Source.DEADLINE: [Verdict.BROKEN, Verdict.DUE],
    Source.MARK: [Verdict.KEPT, Verdict.DUE],
    Source.RETENTION: [Verdict.BROKEN, Verdict.DUE],
}


@st.composite
def some_evidence(draw: st.DrawFn) -> Evidence:
    """Evidence of any kind, by the law or by any rule of the installed packs."""
    source = draw(st.sampled_from(Source))
    name = draw(st.sampled_from(NAMES[source]))
    return Evidence(
        source,
        name,
        draw(st.sampled_from(["", "customer", *RULES])),
        draw(st.sampled_from(VERDICTS[source])),
        draw(st.integers(90, 110)),
        draw(st.integers(0, 3)),
        draw(st.integers(0, 99)),
        detail=name if source is Source.RETENTION else "",
    )


def reference(rule: str, of: PackEntry, evidence: Sequence[Evidence]) -> Verdict:
    """The obvious way: each piece looked at against each part of decision 6, one after the other."""
    if of.kind == "text_only":
        return Verdict.TEXT_ONLY
    kind, found = RULE_KINDS[of.kind], set()
    for each in evidence:
        settable = of.parameters.get("customer_set") and of.parameters["class"] in {each.detail, "*"}
        own = each.rule == rule or (each.rule == "customer" and settable)
        law = each.rule == "" and each.at >= BOUND_SINCE
        if each.source is Source.RETENTION:
            counts = own and of.kind == "retention"
        elif each.source is Source.FINDING:
            counts = (own or law) and each.name in kind.breaks
        elif each.source is Source.DEADLINE:
            counts = (own or law) and each.name in deadlines_of(of)
        else:
            counts = (own or law) and each.name in kind.shows
        if counts:
            found.add(each.verdict)
    return next(
        (one for one in (Verdict.BROKEN, Verdict.DUE, Verdict.KEPT) if one in found), Verdict.NO_EVIDENCE
    )


@settings(deadline=None)
@given(st.sampled_from(PACKS), st.lists(some_evidence(), max_size=30))
def test_verdicts_are_those_of_the_reference(of: PolicyPack, evidence: list[Evidence]) -> None:
    """For every entry of every installed pack."""
    bindings = [Binding(controller=GARAGE, pack=of, since=BOUND_SINCE)]
    for promise in judge_promises([of], bindings, {GARAGE: evidence}):
        each = [reference(one.rule, one.entry, evidence) for one in promise.entries]
        assert each == [one.verdict for one in promise.entries]
        assert worst(each) is promise.verdict


@settings(deadline=None)
@given(st.lists(some_evidence(), max_size=20), some_evidence(), st.randoms())
def test_more_evidence_of_a_broken_promise_never_makes_it_better(
    evidence: list[Evidence], more: Evidence, random: Any
) -> None:
    """And the order in which it is given says nothing."""
    more = more._replace(verdict=Verdict.BROKEN)
    order = list(Verdict)
    shuffled = random.sample([*evidence, more], len(evidence) + 1)
    for of in PACKS:
        bindings = [Binding(controller=GARAGE, pack=of, since=BOUND_SINCE)]
        before = judge_promises([of], bindings, {GARAGE: evidence})
        after = judge_promises([of], bindings, {GARAGE: [*evidence, more]})
        again = judge_promises([of], bindings, {GARAGE: shuffled})
        for one, other in zip(before, after, strict=True):
            assert order.index(other.verdict) <= order.index(one.verdict)
        assert [each.verdict for each in after] == [each.verdict for each in again]
