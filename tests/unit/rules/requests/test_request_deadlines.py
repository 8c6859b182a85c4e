"""The month to answer a request: where it ends, what extends it, what meets it, to the microsecond."""

from typing import Any

import pytest

from ledger.rules.calendar.periods import Period
from ledger.rules.judged import NOTHING, DeadlineState
from tests.unit.aggregates.request_facts import stated
from tests.unit.rules.judged_requests import (
    NO_PROMISES,
    codes,
    deadline,
    end_of,
    finding,
    judge,
    local,
    marks,
    promise,
    promised,
    promised_by,
)

RECEIVED_ON = "2026-03-05"
RECEIVED = stated("request.received", local(RECEIVED_ON))
MONTH_ENDS = end_of("2026-04-07")
"""One month is Easter Sunday, and Easter Monday follows: the Tuesday."""
EXTENDED_ENDS = end_of("2026-06-05")
LATE, IN_TIME = "request_answered_late", "request_answered_in_time"

GOLDEN = (
    ("2026-01-31", "2026-03-02", "2026-04-28", "2026-04-30"),
    ("2026-03-05", "2026-04-07", "2026-06-05", "2026-06-05"),
    ("2026-04-14", "2026-05-15", "2026-07-14", "2026-07-14"),
    ("2026-08-31", "2026-09-30", "2026-11-30", "2026-11-30"),
    ("2026-11-25", "2026-12-28", "2027-02-25", "2027-02-25"),
    ("2026-11-30", "2026-12-30", "2027-03-01", "2027-03-01"),
    ("2026-12-31", "2027-02-01", "2027-03-31", "2027-03-31"),
)
"""STANDARDS section 3: received, the end of the month, and of the extension by the earlier and the later reading."""


@pytest.mark.parametrize(("received", "month", "earlier", "later"), GOLDEN)
def test_golden_ends(received: str, month: str, earlier: str, later: str) -> None:
    """The law's ends in working days of the Dutch calendar; of two readings of the extension the earlier binds."""
    asked = stated("request.received", local(received))
    first = deadline(judge(asked))
    assert (first.ends_at, first.other_ends_at, first.state) == (end_of(month), None, DeadlineState.OPEN)
    assert (first.starts_at, first.offset, first.article) == (asked.occurred_at, 1, "GDPR Art. 12(3)")
    assert first.key == ("request", "DSR-2026-1", "answer", "")
    assert first.calendar
    extended = deadline(judge(asked, stated("request.extended", local(received), told_at=local(received))))
    assert (extended.ends_at, extended.other_ends_at) == (end_of(earlier), end_of(later))


@pytest.mark.parametrize(("named", "clocks"), [("access", ["", "p:E-1"]), ("objection", [""])])
def test_promise_about_some_rights_has_a_clock_for_those(named: str, clocks: list[str]) -> None:
    """The law's clock runs for every right, and tells which one was asked for."""
    entry = promise("request_answer", "E-1", within=Period(weeks=2), rights=(named,))
    judged = judge(stated("request.received", local(RECEIVED_ON), right="access"), by=promised(entry))
    assert [each.rule for each in judged.deadlines] == clocks
    assert {each.about for each in judged.deadlines} == {"access"}


@pytest.mark.parametrize("clock", ["00:00", "23:59:59.999999"])
def test_whole_day_of_receipt_does_not_count(clock: str) -> None:
    """Received at its first or last microsecond, local time: the same end."""
    assert deadline(judge(stated("request.received", local(RECEIVED_ON, clock)))).ends_at == MONTH_ENDS


@pytest.mark.parametrize(
    ("answered_at", "state", "late"),
    [
        pytest.param(local(RECEIVED_ON), DeadlineState.MET, [], id="at once"),
        pytest.param(MONTH_ENDS - 1, DeadlineState.MET, [], id="in the last microsecond"),
        pytest.param(MONTH_ENDS, DeadlineState.MISSED, [(2, LATE, "")], id="one microsecond later"),
    ],
)
def test_answer_to_the_microsecond(answered_at: int, state: DeadlineState, late: list[object]) -> None:
    """Midnight that ends the last day is too late."""
    judged = judge(RECEIVED, stated("request.answered", answered_at))
    assert deadline(judged).state is state
    assert late == codes(judged)
    assert ((IN_TIME, "") in marks(judged)) == (not late)


def test_late_answer_is_said_in_a_sentence() -> None:
    """Local dates, what was owed and by how much it was missed."""
    found = finding(judge(RECEIVED, stated("request.answered", local("2026-04-10"))), LATE)
    assert found.article == "GDPR Art. 12(3)"
    assert found.expected == "an answer by the end of 2026-04-07: 1 month from receipt on 2026-03-05"
    assert found.found == "a reply on 2026-04-10, 3 days late"


def test_no_answer_is_late_once_the_ledger_says_the_time_has_passed() -> None:
    """No fold reads a clock: until the fact, the deadline is open; then the receipt bears the finding."""
    assert deadline(judge(RECEIVED)).state is DeadlineState.OPEN
    judged = judge(RECEIVED, stated("request.deadline_passed", MONTH_ENDS, ends_at=MONTH_ENDS))
    assert deadline(judged).state is DeadlineState.MISSED
    assert codes(judged) == [(1, LATE, "")]
    assert finding(judged, LATE).found == "no answer and no refusal by then"


def test_answer_in_time_that_is_recorded_late_undoes_the_miss() -> None:
    """What happened counts, not when it was heard of."""
    passed = stated("request.deadline_passed", MONTH_ENDS, ends_at=MONTH_ENDS)
    judged = judge(RECEIVED, passed, stated("request.answered", MONTH_ENDS - 1))
    assert (deadline(judged).state, codes(judged)) == (DeadlineState.MET, [])


def test_earlier_end_that_passed_does_not_count_for_a_later_one() -> None:
    """An extension told in time and recorded late moves the end that had passed."""
    passed = stated("request.deadline_passed", MONTH_ENDS, ends_at=MONTH_ENDS)
    extended = stated("request.extended", MONTH_ENDS - 1, told_at=MONTH_ENDS - 1)
    judged = judge(RECEIVED, passed, extended)
    assert (deadline(judged).ends_at, deadline(judged).state) == (EXTENDED_ENDS, DeadlineState.OPEN)
    assert codes(judged) == []


@pytest.mark.parametrize(
    ("told_at", "reasons", "why"),
    [
        pytest.param(MONTH_ENDS - 1, ["complexity"], None, id="told in the last microsecond"),
        pytest.param(MONTH_ENDS - 1, ["number_of_requests"], None, id="many requests"),
        pytest.param(
            MONTH_ENDS, ["complexity"], "the data subject was told on 2026-04-08", id="one microsecond late"
        ),
        pytest.param(None, ["complexity"], "the data subject was not told", id="not told"),
        pytest.param(
            local(RECEIVED_ON) - 1,
            ["complexity"],
            "the data subject was told on 2026-03-05, before the request was received",
            id="told before there was a request",
        ),
        pytest.param(MONTH_ENDS - 1, [], "no reasons were given", id="without reasons"),
    ],
)
def test_extension_counts_only_when_told_in_time_with_reasons(
    told_at: int | None, reasons: list[str], why: str | None
) -> None:
    """Otherwise the month stays the month, and the extension is the finding."""
    extended = stated("request.extended", local("2026-03-20"), told_at=told_at, reasons=reasons)
    judged = judge(RECEIVED, extended, stated("request.answered", EXTENDED_ENDS - 1))
    if why is None:
        assert (deadline(judged).ends_at, codes(judged)) == (EXTENDED_ENDS, [])
        return
    assert deadline(judged).ends_at == MONTH_ENDS
    assert codes(judged) == [(2, "request_extension_invalid", ""), (3, LATE, "")]
    found = finding(judged, "request_extension_invalid")
    assert found.found == f"{why}; the time to answer is not extended"
    assert "by the end of 2026-04-07" in found.expected


@pytest.mark.parametrize(
    ("dated", "state"),
    [
        pytest.param(-86_400_000_000, DeadlineState.MET, id="clocks a day apart"),
        pytest.param(-86_400_000_001, DeadlineState.OPEN, id="dated before there was anything to answer"),
    ],
)
def test_answer_dated_before_the_receipt_answers_nothing(dated: int, state: DeadlineState) -> None:
    """Else a wrong date would meet every deadline."""
    answered = stated("request.answered", local(RECEIVED_ON) + dated)
    assert state == deadline(judge(RECEIVED, answered)).state


def test_invalid_extension_does_not_spoil_a_valid_one() -> None:
    """Told again in time, it counts; the first stays a finding."""
    judged = judge(
        RECEIVED,
        stated("request.extended", local("2026-03-10"), told_at=None),
        stated("request.extended", local("2026-03-20"), told_at=local("2026-03-20")),
    )
    assert deadline(judged).ends_at == EXTENDED_ENDS
    assert codes(judged) == [(2, "request_extension_invalid", "")]


@pytest.mark.parametrize(("answered_at", "late"), [(EXTENDED_ENDS - 1, []), (EXTENDED_ENDS, [(3, LATE, "")])])
def test_extended_answer_to_the_microsecond(answered_at: int, late: list[object]) -> None:
    """Three months of receipt, and not a microsecond more."""
    extended = stated("request.extended", local("2026-03-20"), told_at=local("2026-03-20"))
    judged = judge(RECEIVED, extended, stated("request.answered", answered_at))
    assert late == codes(judged)
    if late:
        assert finding(judged, LATE).expected == (
            "an answer by the end of 2026-06-05: 1 month from receipt on 2026-03-05, extended by 2 months"
        )


@pytest.mark.parametrize(("refused_at", "late"), [(MONTH_ENDS - 1, []), (MONTH_ENDS, [(3, LATE, "")])])
def test_refusal_is_due_within_the_month_whatever_was_extended(refused_at: int, late: list[object]) -> None:
    """Art. 12(4) gives a refusal one month, and an extension is for acting on the request."""
    extended = stated("request.extended", local("2026-03-20"), told_at=local("2026-03-20"))
    judged = judge(RECEIVED, extended, stated("request.refused", refused_at))
    assert deadline(judged).ends_at == MONTH_ENDS
    assert late == codes(judged)
    if late:
        found = finding(judged, LATE)
        assert found.article == "GDPR Art. 12(4)"
        assert found.expected.endswith("an extension does not count for a refusal")
        assert found.found == "a refusal on 2026-04-08, 1 day late"


@pytest.mark.parametrize("outcome", ["confirmed", "doubtful", "failed"])
def test_check_of_identity_does_not_stop_the_clock(outcome: str) -> None:
    """It is recorded, and the end stays where it was."""
    check = stated("request.identity_checked", local("2026-04-01"), outcome=outcome)
    assert deadline(judge(RECEIVED, check)).ends_at == MONTH_ENDS


@pytest.mark.parametrize(
    ("withdrawn_at", "state"),
    [(MONTH_ENDS - 1, DeadlineState.VOID), (MONTH_ENDS, DeadlineState.MISSED)],
)
def test_withdrawn_request_is_owed_nothing_if_it_was_not_late_by_then(
    withdrawn_at: int, state: DeadlineState
) -> None:
    """Taken back in time, nothing is owed; taken back after the end, it had been missed."""
    judged = judge(RECEIVED, stated("request.withdrawn", withdrawn_at))
    assert deadline(judged).state is state
    assert (codes(judged) != []) == (state is DeadlineState.MISSED)


def test_answer_after_a_withdrawal_is_not_late() -> None:
    """Nothing was owed any more."""
    judged = judge(
        RECEIVED, stated("request.withdrawn", local("2026-03-10")), stated("request.answered", MONTH_ENDS)
    )
    assert (deadline(judged).state, codes(judged)) == (DeadlineState.VOID, [])


def test_first_of_two_answers_counts() -> None:
    """What follows an answer in time is not late."""
    judged = judge(
        RECEIVED, stated("request.answered", MONTH_ENDS + 5), stated("request.answered", MONTH_ENDS - 5)
    )
    assert (deadline(judged).state, codes(judged)) == (DeadlineState.MET, [])


def test_request_without_a_receipt_is_not_judged() -> None:
    """There is nothing to hold it against, until the receipt comes."""
    assert judge(stated("request.answered", 5), stated("request.refused", 6, ground=None)) == NOTHING


def test_promise_with_its_own_period_has_a_clock_of_its_own() -> None:
    """Two weeks promised and a month by law: an answer in the third week breaks the promise alone."""
    by = promised(promise("request_answer", within=Period(weeks=2)))
    judged = judge(RECEIVED, stated("request.answered", local("2026-03-25")), by=by)
    own = deadline(judged, "p:A")
    assert (own.ends_at, own.state, own.article) == (end_of("2026-03-19"), DeadlineState.MISSED, "art. A")
    assert deadline(judged).state is DeadlineState.MET
    assert codes(judged) == [(2, LATE, "p:A")]
    assert (IN_TIME, "") in marks(judged)


def test_promise_without_a_period_is_the_laws() -> None:
    """It says nothing of its own, so the law's clock is its clock."""
    judged = judge(RECEIVED, by=promised(promise("request_answer")))
    assert [each.rule for each in judged.deadlines] == [""]


@pytest.mark.parametrize(
    ("parameters", "end"),
    [
        ({"within": Period(months=1), "extension": Period(months=2)}, "2026-06-05"),
        ({"within": Period(months=1)}, "2026-06-05"),
        ({"extension": Period(months=1)}, "2026-05-05"),
    ],
)
def test_promised_extension_extends_the_promise(parameters: dict[str, Any], end: str) -> None:
    """What the promise leaves out is the law's; 5 May is a holiday, and 5 June is not."""
    extended = stated("request.extended", local("2026-03-20"), told_at=local("2026-03-20"))
    judged = judge(RECEIVED, extended, by=promised(promise("request_answer", **parameters)))
    expected = "2026-05-06" if end == "2026-05-05" else end
    assert deadline(judged, "p:A").ends_at == end_of(expected)


def test_promise_made_after_the_receipt_does_not_bind() -> None:
    """What was promised later is not owed for this request; at the very moment of receipt it is."""
    entry = promise("request_answer", within=Period(weeks=2))
    assert len(judge(RECEIVED, by=promised(entry, at=RECEIVED.occurred_at + 1)).deadlines) == 1
    assert len(judge(RECEIVED, by=promised(entry, at=RECEIVED.occurred_at)).deadlines) == 2


ANSWER = promise("request_answer", "MB-42", within=Period(months=1), extension=Period(months=2))
STRICT = promise("request_channel", "MB-40", customer=("dashboard", "api"), strict=True)


@pytest.mark.parametrize(
    ("requester", "channel", "rules"),
    [
        pytest.param("customer", "email", [""], id="a customer's e-mail: the law's clock alone (X15)"),
        pytest.param("customer", "dashboard", ["", "p:MB-42"], id="a customer by the dashboard"),
        pytest.param("end_user", "email", ["", "p:MB-42"], id="somebody else by e-mail"),
        pytest.param("visitor", "in_person", ["", "p:MB-42"], id="somebody else by any channel"),
    ],
)
def test_clocks_that_run_for_a_channel(requester: str, channel: str, rules: list[str]) -> None:
    """The law's runs always; a promise that does not admit the request promises it no answer."""
    asked = stated("request.received", local(RECEIVED_ON), requester=requester, channel=channel)
    assert rules == [each.rule for each in judge(asked, by=promised(ANSWER, STRICT)).deadlines]


def test_channel_rule_of_one_document_leaves_anothers_promise() -> None:
    """Each document is held to its own words."""
    asked = stated("request.received", local(RECEIVED_ON), requester="customer")
    by = promised_by({"strict": (STRICT, ANSWER), "plain": (ANSWER,)})
    assert {each.rule for each in judge(asked, by=by).deadlines} == {"", "plain:MB-42"}


def test_law_runs_where_nothing_is_promised() -> None:
    """A controller nobody knows anything of owes an answer all the same."""
    assert [each.rule for each in judge(RECEIVED, by=NO_PROMISES).deadlines] == [""]
