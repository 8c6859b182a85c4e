"""Deadlines become facts: near, then passed, each once, whatever is killed; and never by a wrong clock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from consumers.sealer import now_micros
from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.deadlines import deadlines_run
from ledger.deadlines.deadline_facts import Phase, fact_about
from ledger.deadlines.deadlines_run import DeadlinesRun, Said
from ledger.entry import Entry
from ledger.forgetting.guard import ClockRefused, ReferenceClock, database_clocks
from ledger.forgetting.own_facts import OwnFacts
from ledger.jobs.table import JOBS, say_deadlines
from ledger.rules.calendar.legal_calendar import answer_end
from ledger.store.deadlines import DeadlineRow, read_deadlines
from tests.ledger_home import inbox_record, ledger_records, publish, settle

DAY = 86_400_000_000
HOUR = 3_600_000_000
NUMBER = "+31970105550001"
FACTS = {"deadline.near", "deadline.passed", "request.deadline_near", "request.deadline_passed"}
NOTHING = Said(0, 0)


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> str:
    """A controller of the test's own."""
    return f"c-{request.node.name}"[:80]


@pytest.fixture
def received(parts: Runtime, controller: str) -> int:
    """When a request of somebody known was received; it is recorded, and nothing is done about it."""
    at = now_micros() - 2 * DAY
    request(parts, controller, at)
    settle(parts)
    return at


def request(parts: Runtime, controller: str, at: int, number: str | None = NUMBER) -> None:
    """Publishes that somebody asked for access; without a number, nobody knows who."""
    publish(
        parts,
        inbox_record(
            "request.received",
            f"request {controller}",
            controller=controller,
            occurred_at=at,
            request_id="DSR-1",
            right="access",
            subject_phone=number,
        ),
    )


def answer(parts: Runtime, controller: str, at: int) -> None:
    """Publishes that it was answered."""
    publish(
        parts,
        inbox_record(
            "request.answered",
            f"answer {controller}",
            controller=controller,
            occurred_at=at,
            request_id="DSR-1",
            subject_phone=NUMBER,
        ),
    )


def agreeing(parts: Runtime) -> Any:
    """Other clocks that say what ours does: it really is that late."""
    return lambda _store, _vault: [ReferenceClock("the store", parts.clock())]


@contextmanager
def a_run(parts: Runtime, **more: Any) -> Iterator[DeadlinesRun]:
    """A run of this process."""
    with parts.vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
        store.autocommit = True
        yield DeadlinesRun(parts, vault, store, **{"settle": settle, "clocks": agreeing(parts)} | more)


def run(parts: Runtime, now: int, **more: Any) -> Said:
    """What a run at a time says."""
    with a_run(replace(parts, clock=lambda: now), **more) as one:
        return one.carry_out()


def row(parts: Runtime, controller: str, case_kind: str = "request") -> DeadlineRow:
    """The controller's one deadline of a kind of case by the law."""
    with parts.store_connection(parts.settings.store_schema) as store:
        [only] = [
            each
            for each in read_deadlines(store, controller=controller)
            if each.case_kind == case_kind and not each.rule
        ]
    return only


def said(parts: Runtime, controller: str) -> list[Entry]:
    """The facts about a controller's deadlines, in the order of the log, repeats included."""
    records = [decode_record(record.value or b"") for record in ledger_records(parts)]
    return [
        record
        for record in records
        if isinstance(record, Entry) and record.controller == controller and record.event_type in FACTS
    ]


def types(entries: Sequence[Entry]) -> list[str]:
    """What each says."""
    return [entry.event_type for entry in entries]


def test_near_then_passed(parts: Runtime, controller: str, received: int) -> None:
    """A week before the end it is near, at the end it has passed: then it is missed. Both are said to the person."""
    ends = answer_end(received).ends_at
    seen = []
    for now in (ends - 7 * DAY - 1, ends - 7 * DAY, ends - 1, ends):
        run(parts, now)
        seen.append((len(said(parts, controller)), row(parts, controller).state))
    assert seen == [(0, "open"), (1, "open"), (1, "open"), (2, "missed")]
    deadline = row(parts, controller)
    assert ("missed", ends, "nl-1") == (deadline.state, deadline.ends_at, deadline.calendar)
    near, passed = said(parts, controller)
    assert types([near, passed]) == ["request.deadline_near", "request.deadline_passed"]
    assert {near.stream, passed.stream} == {deadline.stream}
    assert [ends - 7 * DAY, ends] == [near.occurred_at, passed.occurred_at]


def test_said_once_however_often(parts: Runtime, controller: str, received: int) -> None:
    """What is recorded is not published again, by whomever it was said."""
    ends = answer_end(received).ends_at
    outcomes = [run(parts, ends + n * HOUR) for n in range(3)]
    assert outcomes[0].passed >= 1
    assert (outcomes[1:], len(said(parts, controller))) == ([NOTHING, NOTHING], 1)


def test_after_downtime_only_what_is_so_now_is_said(parts: Runtime, controller: str, received: int) -> None:
    """A deadline that passed while nobody looked was near once, which helps nobody any more."""
    run(parts, answer_end(received).ends_at + 90 * DAY)
    assert types(said(parts, controller)) == ["request.deadline_passed"]


def test_two_schedulers_at_once_say_it_once(parts: Runtime, controller: str, received: int) -> None:
    """Both publish the very same fact; the second is a repeat, without effect and without a finding."""
    ends = answer_end(received).ends_at
    deadline = row(parts, controller)
    with parts.vault() as vault:
        OwnFacts(parts, vault).publish([fact_about(deadline, Phase.PASSED).fact], ends)
        OwnFacts(parts, vault).publish([fact_about(deadline, Phase.PASSED).fact], ends + 5)
    settle(parts)
    run(parts, ends)
    first, second = said(parts, controller)
    assert (first.event_id, first.occurred_at) == (second.event_id, second.occurred_at)
    with parts.store_connection(parts.settings.store_schema) as store:
        [[effects]] = store.execute(
            "SELECT count(*) FROM audit_trail WHERE controller = %s AND event_type = 'request.deadline_passed'",
            (controller,),
        ).fetchall()
    assert effects == 1


class Killed(BaseException):
    """The process is gone."""


def test_killed_between_publishing_and_waiting(
    parts: Runtime, controller: str, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was published is recorded by whoever seals and records; the next run finds it said."""

    def killed(_own: OwnFacts) -> None:
        raise Killed

    ends = answer_end(received).ends_at
    with monkeypatch.context() as patched:
        patched.setattr(OwnFacts, "settle", killed)
        with pytest.raises(Killed):
            run(parts, ends)
    assert row(parts, controller).state == "open"
    run(parts, ends)
    assert (row(parts, controller).state, len(said(parts, controller))) == ("missed", 1)


def test_killed_before_publishing(
    parts: Runtime, controller: str, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was said, and the next run says it."""

    def killed(*_: object) -> None:
        raise Killed

    ends = answer_end(received).ends_at
    with monkeypatch.context() as patched:
        patched.setattr(OwnFacts, "publish", killed)
        with pytest.raises(Killed):
            run(parts, ends)
    assert said(parts, controller) == []
    run(parts, ends)
    assert types(said(parts, controller)) == ["request.deadline_passed"]


def test_answer_on_its_way_counts(parts: Runtime, controller: str, received: int) -> None:
    """What is in the inbox is recorded before anything is said: a request that was answered has no passed deadline."""
    ends = answer_end(received).ends_at
    answer(parts, controller, ends - 1)
    run(parts, ends)
    assert (row(parts, controller).state, said(parts, controller)) == ("met", [])


def test_answer_in_time_that_is_heard_of_late_still_counts(
    parts: Runtime, controller: str, received: int
) -> None:
    """The deadline was missed by what was known; the fact that comes later happened before its end."""
    ends = answer_end(received).ends_at
    run(parts, ends)
    assert row(parts, controller).state == "missed"
    answer(parts, controller, ends - 1)
    settle(parts)
    assert row(parts, controller).state == "met"


def test_request_of_nobody_is_owed_an_answer_too(parts: Runtime, controller: str) -> None:
    """Its deadline passes in the controller's stream of people nobody could identify."""
    at = now_micros() - DAY
    request(parts, controller, at, number=None)
    settle(parts)
    run(parts, answer_end(at).ends_at)
    [passed] = said(parts, controller)
    deadline = row(parts, controller)
    assert (deadline.stream, "unattributed", "missed") == (
        passed.stream,
        passed.stream_kind,
        deadline.state,
    )


def test_deadline_of_a_case_passes_in_the_case(parts: Runtime, controller: str) -> None:
    """The authority's 72 hours: governance, in the stream of the breach, to the hour."""
    at = now_micros() - DAY
    publish(
        parts,
        inbox_record(
            "breach.discovered",
            f"found {controller}",
            controller=controller,
            role="controller",
            breach_id="B-1",
            occurred_at=at,
        ),
        inbox_record(
            "breach.aware", f"aware {controller}", controller=controller, breach_id="B-1", occurred_at=at
        ),
    )
    settle(parts)
    deadline = row(parts, controller, "breach")
    assert ("notify_authority", at + 72 * HOUR) == (deadline.name, deadline.ends_at)
    run(parts, at + 54 * HOUR)
    run(parts, at + 72 * HOUR)
    near, passed = said(parts, controller)
    assert types([near, passed]) == ["deadline.near", "deadline.passed"]
    assert {near.stream, passed.stream} == {deadline.stream}
    assert row(parts, controller, "breach").state == "missed"


@pytest.mark.parametrize("off", [-6 * 60 * 1_000_000, 400 * DAY], ids=["behind", "ahead"])
def test_clock_that_the_databases_contradict_says_nothing(
    parts: Runtime, controller: str, received: int, off: int
) -> None:
    """A deadline that passed by a wrong clock would have passed for ever."""
    now = answer_end(received).ends_at
    others = [ReferenceClock("the store", now - off)]
    with pytest.raises(ClockRefused, match="the store"):
        run(parts, now, clocks=lambda _store, _vault: others)
    assert said(parts, controller) == []


def test_real_clocks_contradict_a_clock_that_is_ahead(parts: Runtime, controller: str, received: int) -> None:
    """The two databases have clocks of their own; a month ahead of them, nothing passes."""
    with pytest.raises(ClockRefused, match="the store"):
        run(parts, answer_end(received).ends_at, clocks=database_clocks)
    assert said(parts, controller) == []


def test_without_the_guard_it_would_pass(
    parts: Runtime, controller: str, received: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: it shows that the two tests above look at something."""
    monkeypatch.setattr(deadlines_run, "check_together", lambda *_, **__: None)
    run(parts, answer_end(received).ends_at, clocks=database_clocks)
    with pytest.raises(AssertionError):
        assert said(parts, controller) == []


def test_job_says_what_is_so_now(parts: Runtime, controller: str) -> None:
    """By its own connections and the real clocks, from a request that was received two months ago."""
    [job] = [job for job in JOBS if job.name == "deadlines"]
    assert job.work is say_deadlines
    request(parts, controller, now_micros() - 70 * DAY)
    settle(parts)
    job.work(parts)
    assert row(parts, controller).state == "missed"
