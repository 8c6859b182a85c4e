"""A rights request is its facts in order of when they happened, whatever the order they are recorded in."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.registry import EVENT_CLASSES, SNAPSHOT_CLASSES, unseen_for
from ledger.aggregates.request_statements import Answered, Refused
from ledger.aggregates.rights_request import CARRYING_OUT, REQUEST_FACTS, RightsRequest, request_of
from ledger.aggregates.streams import LedgerSnapshot
from ledger.aggregates.subject_facts import FACTS
from ledger.aggregates.unattributed import Unattributed
from ledger.entry import Entry
from tests.unit.aggregates.facts import STREAM, make_entry, make_rejected
from tests.unit.aggregates.request_facts import REQUEST_ID, request_facts, stated


def fold(facts: Iterable[Entry]) -> DataSubject:
    """The person after the facts, each with its occurrence as offset so that order of arrival leaves no trace."""
    subject = DataSubject.unseen(STREAM)
    for fact in facts:
        subject.record(fact, fact.occurred_at)
    return subject


def request(*facts: Entry) -> RightsRequest:
    """The one request of the facts."""
    return fold(facts).requests[REQUEST_ID]


def conclusions(subject: DataSubject) -> dict[str, Any]:
    """What is known of requests and minority, but for the rules of the last fact."""
    state = subject.to_state()
    known = {name: state[name] for name in ("requests", "minority", "erasures")}
    for each in (*known["requests"].values(), known["minority"]):
        del each["rules_at"]
    return known


@given(request_facts(), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(facts: list[Entry], random: Any) -> None:
    """Late or early: the same facts are the same request."""
    shuffled = random.sample(facts, len(facts))
    assert conclusions(fold(facts)) == conclusions(fold(shuffled))


@given(request_facts(), st.data())
def test_snapshot_restores_requests_and_minority(facts: list[Entry], data: st.DataObject) -> None:
    """Folded on from a snapshot as JSON, at any version, the person is the same."""
    place = data.draw(st.integers(0, len(facts)))
    snapshot = LedgerSnapshot.take(fold(facts[:place]))
    state = json.loads(json.dumps(snapshot.state))
    restored = LedgerSnapshot(STREAM, place, snapshot.topic, state).mutate(None)
    assert isinstance(restored, DataSubject)
    for fact in facts[place:]:
        restored.record(fact, fact.occurred_at)
    assert fold(facts) == restored
    assert fold(facts).to_state() == restored.to_state()


@given(request_facts())
def test_statements_are_in_order_of_time(facts: list[Entry]) -> None:
    """Every list, so that the first receipt, answer or check is the earliest."""
    for each in fold(facts).requests.values():
        for name in ("receipts", "checks", "extensions", "answers", "refusals", "withdrawals", "carried_out"):
            moments = [one.occurred_at for one in getattr(each, name)]
            assert sorted(moments) == moments


def test_answer_recorded_before_its_receipt_is_kept() -> None:
    """Nothing of it is lost: the receipt makes it an answer in time."""
    early = request(stated("request.answered", 50))
    assert (early.receipt, early.phase) == (None, "answered")
    whole = request(stated("request.answered", 50), stated("request.received", 10))
    assert whole.receipt is not None
    assert (whole.receipt.occurred_at, whole.receipt.right, whole.phase) == (10, "access", "answered")


def test_earliest_receipt_counts() -> None:
    """A request that is said to have come in twice came in the first time."""
    twice = request(stated("request.received", 20, right="erasure"), stated("request.received", 10))
    assert twice.receipt is not None
    assert (twice.receipt.occurred_at, twice.receipt.offset) == (10, 10)


@pytest.mark.parametrize(
    ("facts", "phase"),
    [
        ((), "received"),
        (("request.identity_checked", "request.forwarded", "request.extended"), "received"),
        (("request.withdrawn",), "withdrawn"),
        (("request.answered",), "answered"),
        (("request.refused",), "refused"),
        (("request.answered", "request.refused"), "answered"),
        (("request.refused", "request.answered"), "refused"),
        (("request.withdrawn", "request.answered"), "answered"),
    ],
)
def test_phase_is_what_the_person_heard_first(facts: Sequence[str], phase: str) -> None:
    """An answer or a refusal, whichever went out first; else whether it was taken back."""
    later = [stated(kind, 20 + place) for place, kind in enumerate(facts)]
    found = request(stated("request.received", 10), *later)
    assert phase == found.phase
    kind = {"answered": Answered, "refused": Refused}.get(phase)
    assert isinstance(found.response, kind) if kind else found.response is None


def test_request_remembers_the_rules_of_the_last_recorded_fact() -> None:
    """It is judged by those before the next fact, to say what that fact changed."""
    subject = fold([stated("request.received", 10, rules_at=3), stated("request.answered", 5, rules_at=9)])
    assert subject.requests[REQUEST_ID].rules_at == 9
    subject.record(make_entry(rules_at=12), 99)
    assert subject.requests[REQUEST_ID].rules_at == 9


@pytest.mark.parametrize(
    ("kind", "fields", "informed"),
    [
        ("data.erased", {"recipients_informed": ["Printer BV"]}, ("Printer BV", "mail.example")),
        ("data.rectified", {}, ("crm.example",)),
        ("erasure.started", {"recipients": [{"name": "twilio"}, {"name": "vapi"}]}, ("twilio", "vapi")),
        ("processing.restricted", {}, ()),
    ],
)
def test_what_was_done_for_a_request_belongs_to_it(
    kind: str, fields: dict[str, Any], informed: tuple[str, ...]
) -> None:
    """With everyone it shows to know of it: those told, the service that did it, those the ledger instructs."""
    [done] = request(stated("request.received", 1), stated(kind, 2, **fields)).carried_out
    assert (done.event_type, done.informed, done.offset) == (kind, informed, 2)


def test_what_was_done_without_a_request_is_of_none() -> None:
    """An erasure at the end of a period carries out no request."""
    subject = fold([stated("data.erased", 1, request_id=None), stated("erasure.started", 2, request_id="")])
    assert subject.requests == {}


def test_answer_knows_who_had_handled_the_data_by_then() -> None:
    """In small letters; who came later is not asked after, and nobody is known of a person nobody processed."""
    answered = request(
        make_entry(processors=["Twilio", "VAPI"], occurred_at=5),
        make_entry(processors=["ElevenLabs"], occurred_at=80),
        stated("request.answered", 50),
    )
    assert answered.answers[0].known_recipients == ("twilio", "vapi")
    assert request(stated("request.answered", 50)).answers[0].known_recipients == ()


@pytest.mark.parametrize("open_fields", ["{}", "[]", "", '{"request_id":7}', '{"request_id":"x"}'])
@pytest.mark.parametrize("kind", sorted(REQUEST_FACTS | CARRYING_OUT))
def test_fact_of_another_shape_is_folded_without_a_word(kind: str, open_fields: str) -> None:
    """A fold does not fail on a fact; what cannot be read is not said."""
    for each in fold([make_entry(event_type=kind, open_fields=open_fields)]).requests.values():
        assert not any(
            (each.receipts, each.answers, each.refusals, each.extensions, each.checks, each.passed)
        )


def test_passed_deadline_is_known_by_its_rule_and_end() -> None:
    """A later end that has passed means this one has too; an earlier end does not."""
    passed = request(stated("request.deadline_passed", 9, rule="p:A", ends_at=9))
    assert passed.has_passed("answer", "p:A", 9)
    assert passed.has_passed("answer", "p:A", 8)
    assert not passed.has_passed("answer", "p:A", 10)
    assert not passed.has_passed("answer", "", 9)


OBJECTION = {"right": "objection", "requester": "customer"}


@pytest.mark.parametrize(
    ("facts", "purpose", "basis", "barred"),
    [
        pytest.param([], "profiling", "legitimate_interests", (10, 11, 99), id="from the receipt on"),
        pytest.param([], "profiling", "public_task", (10, 11, 99), id="public task"),
        pytest.param([], "telephony", "contract", (), id="nobody can object to a contract"),
        pytest.param([], "marketing", "consent", (10, 11, 99), id="direct marketing, whatever it rests on"),
        pytest.param(
            [stated("request.refused", 50, ground="compelling_grounds")],
            "profiling", "legitimate_interests", (), id="compelling grounds",
        ),
        pytest.param(
            [stated("request.refused", 50, ground="legal_claim")],
            "profiling", "legitimate_interests", (), id="legal claim",
        ),
        pytest.param(
            [stated("request.refused", 50, ground="compelling_grounds")],
            "direct_marketing", "legitimate_interests", (10, 11, 99), id="no ground against direct marketing",
        ),
        pytest.param(
            [stated("request.refused", 50, ground="excessive")],
            "profiling", "legitimate_interests", (10, 11, 99), id="another ground does not lift it",
        ),
        pytest.param(
            [stated("request.withdrawn", 50)], "profiling", "legitimate_interests", (10, 11), id="withdrawn",
        ),
        pytest.param(
            [stated("request.answered", 50)], "profiling", "legitimate_interests", (10, 11, 99), id="honoured",
        ),
    ],
)  # fmt: skip
def test_objection_bars_processing(
    facts: list[Entry], purpose: str, basis: str, barred: tuple[int, ...]
) -> None:
    """From its receipt, before anybody decided; the withdrawal ends it, and some refusals undo it."""
    subject = fold([*facts, stated("request.received", 10, **OBJECTION)])
    assert barred == tuple(at for at in (9, 10, 11, 99) if subject.objected_at(purpose, basis, at))


def test_objection_to_some_purposes_bars_those() -> None:
    """Naming none means all that one can object to; naming some leaves the others."""
    subject = fold([stated("request.received", 10, purposes=["profiling"], **OBJECTION)])
    assert subject.objected_at("profiling", "legitimate_interests", 20)
    assert not subject.objected_at("security", "legitimate_interests", 20)
    assert not subject.objected_at("marketing", "legitimate_interests", 20)


def test_other_rights_object_to_nothing() -> None:
    """A request for access bars no processing, nor does a request nobody received yet."""
    assert not fold([stated("request.received", 10)]).objected_at("profiling", "legitimate_interests", 20)
    assert not fold([stated("request.refused", 10)]).objected_at("profiling", "legitimate_interests", 20)


@pytest.mark.parametrize(
    ("facts", "found_at"),
    [
        pytest.param([(10, False)], 10, id="found"),
        pytest.param([(10, True)], None, id="a parent consented"),
        pytest.param([(10, False), (20, False)], 10, id="found twice"),
        pytest.param([(20, True), (10, False)], None, id="consent comes later"),
        pytest.param([(10, True), (20, False)], 20, id="consent is gone"),
    ],
)
def test_minor_is_found_once_no_parent_consents(facts: list[tuple[int, bool]], found_at: int | None) -> None:
    """In any order of arrival."""
    subject = fold([stated("minor.found", at, parental_consent=consent) for at, consent in facts])
    assert found_at == subject.minor_found_at


@pytest.mark.parametrize(
    ("fact", "gone"),
    [
        (stated("erasure.verified", 30), True),
        (stated("data.erased", 30, trigger="child_found"), True),
        (stated("data.erased", 30, trigger="child_found", outcome="nothing_found"), True),
        (stated("data.erased", 30, trigger="child_found", outcome="refused"), False),
        (stated("data.erased", 30, trigger="child_found", outcome="partly_erased"), False),
        (stated("data.erased", 30, trigger="request"), False),
        (stated("erasure.verified", 9), False),
    ],
)
def test_minors_data_went(fact: Entry, gone: bool) -> None:
    """By a verified erasure, or by a service that erased for that very reason; not before it was found."""
    minority = fold([stated("minor.found", 10), fact]).minority
    assert gone == (minority.erased_after(10) is not None)


def test_time_to_erase_a_minor_is_no_request() -> None:
    """Its facts travel as those of requests do, and are kept with the minor."""
    passed = stated(
        "request.deadline_passed", 40, request_id="minor", deadline="erase_minor", rule="p:M", ends_at=40
    )
    subject = fold([passed])
    assert (subject.requests, request_of(passed)) == ({}, None)
    assert subject.minority.has_passed("p:M", 40)
    assert not subject.minority.has_passed("p:M", 41)


def test_first_verified_erasure_is_when_the_person_was_erased() -> None:
    """A second one finds what a hold had kept."""
    assert fold([stated("erasure.verified", 30), stated("erasure.verified", 20)]).erased_at == 20
    assert fold([stated("erasure.started", 30)]).erased_at is None


def test_request_of_nobody_identified_is_folded() -> None:
    """Its clock runs in the unattributed stream; the stream counts as before."""
    received = stated("request.received", 10, stream_kind="unattributed")
    stream = unseen_for(received)
    assert isinstance(stream, Unattributed)
    stream.record(received, 7)
    stream.record(make_entry(stream_kind="unattributed"), 8)
    stream.record(make_rejected(stream_kind="unattributed"), 9)
    assert (stream.version, stream.kind, stream.controller) == (3, "unattributed", "switchboard-example")
    [receipt] = stream.requests[REQUEST_ID].receipts
    assert (receipt.occurred_at, receipt.offset) == (10, 7)
    snapshot = LedgerSnapshot.take(stream)
    state = json.loads(json.dumps(snapshot.state))
    assert stream == LedgerSnapshot(STREAM, 3, snapshot.topic, state).mutate(None)
    assert SNAPSHOT_CLASSES[snapshot.topic] is Unattributed


def test_request_facts_have_classes_of_their_own() -> None:
    """Every fact of a request and every own fact about one is known by its name."""
    assert REQUEST_FACTS | CARRYING_OUT | {"minor.found"} <= set(FACTS)
    assert "unattributed.recorded" in EVENT_CLASSES
