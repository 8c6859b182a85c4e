"""Until when a rights request is to be answered, and whether it was. Pure.

The law's month always runs, from the earliest receipt, whoever asks and by whatever channel; a check of identity does
not stop it (STANDARDS section 2). A promise that names its own period has a clock of its own beside it, but not for a
request that its own channel rule does not admit (X15). Ends are those of the legal calendar, also for a promise: it
promises what Art. 12(3) asks, maybe sooner.

An extension counts only when the data subject was told, with reasons, within the first period. It gives time to act,
not to refuse: a refusal is due within the first period whatever was extended.

Source: GDPR Art. 12(3), 12(4); Regulation (EEC, Euratom) 1182/71; EDPB Guidelines 01/2022; MB-42.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ledger.aggregates.request_statements import Extended, Refused
from ledger.aggregates.rights_request import ANSWER
from ledger.rules.calendar.legal_calendar import ONE_MONTH, TWO_MONTHS, LegalEnd, extended_end, legal_end
from ledger.rules.calendar.moment_text import counted, period_text
from ledger.rules.calendar.periods import Period, day_of
from ledger.rules.judged import Deadline, DeadlineState, Judged, OnEntry, Shown
from ledger.rules.requests.request_case import (
    LAW,
    RequestCase,
    date_of,
    date_of_day,
    joined,
    on_entry,
    pack_of,
)
from ledger.rules.requests.request_channels import packs_that_do_not_admit

REQUEST = "request"
"""The kind of case a request is, as deadlines name it."""
ANSWERED_LATE = "request_answered_late"
EXTENSION_INVALID = "request_extension_invalid"
ANSWERED_IN_TIME = "request_answered_in_time"

ANSWER_ARTICLE = "GDPR Art. 12(3)"
REFUSAL_ARTICLE = "GDPR Art. 12(4)"


class Clock(NamedTuple):
    """Who asks for an answer in time: a rule, how long it gives, and by how much that may be extended."""

    rule: str
    article: str
    within: Period
    extension: Period


class End(NamedTuple):
    """Where a clock ends: by the reading that ends first, by the other one, and how that came about in words."""

    end: LegalEnd
    other_ends_at: int | None
    why: str


LAWFUL = Clock(LAW, ANSWER_ARTICLE, ONE_MONTH, TWO_MONTHS)


def judge_deadlines(case: RequestCase) -> Judged:
    """The request's deadlines, what came of them, and extensions that do not count."""
    invalid = tuple(_invalid_extensions(case))
    return joined([*(_judge_clock(case, clock) for clock in clocks(case)), Judged(findings=invalid)])


def clocks(case: RequestCase) -> Iterator[Clock]:
    """The clocks that run for a request: the law's, and those of promises with a period of their own."""
    yield LAWFUL
    elsewhere = packs_that_do_not_admit(case)
    for rule, entry in case.promises("request_answer"):
        within, extension = entry.parameters.get("within"), entry.parameters.get("extension")
        rights = entry.names("rights")
        if (within is None and extension is None) or pack_of(rule) in elsewhere:
            continue
        if rights and case.receipt.right not in rights:
            continue
        yield Clock(
            rule,
            entry.article,
            within if isinstance(within, Period) else LAWFUL.within,
            extension if isinstance(extension, Period) else LAWFUL.extension,
        )


def _judge_clock(case: RequestCase, clock: Clock) -> Judged:
    end = _end(case, clock)
    state = _state(case, clock, end.end.ends_at)
    deadline = Deadline(
        case_kind=REQUEST,
        case_id=case.request.request_id,
        name=ANSWER,
        rule=clock.rule,
        article=clock.article,
        offset=case.receipt.at_offset,
        starts_at=case.receipt.occurred_at,
        ends_at=end.end.ends_at,
        other_ends_at=end.other_ends_at,
        calendar=end.end.calendar,
        state=state,
        about=case.receipt.right,
    )
    return Judged(
        deadlines=(deadline,),
        findings=(_late(case, clock, end),) if state is DeadlineState.MISSED else (),
        shown=(Shown(ANSWERED_IN_TIME, clock.rule, detail=case.receipt.right),)
        if state is DeadlineState.MET
        else (),
    )


def _end(case: RequestCase, clock: Clock) -> End:
    received_at = case.receipt.occurred_at
    first = legal_end(received_at, clock.within)
    since = f"{period_text(clock.within)} from receipt on {date_of(received_at)}"
    extended = any(_counts(case, each, first) for each in case.request.extensions)
    if not extended:
        return End(first, None, since)
    if isinstance(case.request.response, Refused):
        return End(first, None, f"{since}; an extension does not count for a refusal")
    both = extended_end(received_at, clock.within, clock.extension)
    return End(
        both.earlier,
        max(both.from_receipt.ends_at, both.from_first_end.ends_at),
        f"{since}, extended by {period_text(clock.extension)}",
    )


def _counts(case: RequestCase, extension: Extended, first: LegalEnd) -> bool:
    return _why_not(case, extension, first) is None


def _why_not(case: RequestCase, extension: Extended, first: LegalEnd) -> str | None:
    """Why an extension does not count; None when it does."""
    if extension.told_at is None:
        return "the data subject was not told"
    if extension.told_at < case.receipt.occurred_at:
        return f"the data subject was told on {date_of(extension.told_at)}, before the request was received"
    if extension.told_at >= first.ends_at:
        return f"the data subject was told on {date_of(extension.told_at)}"
    return None if extension.reasons else "no reasons were given"


def _state(case: RequestCase, clock: Clock, ends_at: int) -> DeadlineState:
    request = case.request
    response = request.response
    if response is not None and response.occurred_at < ends_at:
        return DeadlineState.MET
    if request.withdrawn_at is not None and request.withdrawn_at < ends_at:
        return DeadlineState.VOID
    missed = response is not None or request.withdrawn_at is not None
    if missed or request.has_passed(ANSWER, clock.rule, ends_at):
        return DeadlineState.MISSED
    return DeadlineState.OPEN


def _late(case: RequestCase, clock: Clock, end: End) -> OnEntry:
    """The finding: on the late answer or refusal, or on the receipt while there is none."""
    response = case.request.response
    refused = isinstance(response, Refused)
    last = date_of_day(end.end.last_day)
    if response is None:
        found = "no answer and no refusal by then"
    else:
        late = counted(day_of(response.occurred_at) - end.end.last_day, "day")
        found = f"a {'refusal' if refused else 'reply'} on {date_of(response.occurred_at)}, {late} late"
    return on_entry(
        case.receipt if response is None else response,
        code=ANSWERED_LATE,
        article=REFUSAL_ARTICLE if refused and clock.rule == LAW else clock.article,
        expected=f"{'a refusal' if refused else 'an answer'} by the end of {last}: {end.why}",
        found=found,
        rule=clock.rule,
    )


def _invalid_extensions(case: RequestCase) -> Iterator[OnEntry]:
    """The extensions that do not extend the law's month."""
    first = legal_end(case.receipt.occurred_at, LAWFUL.within)
    for extension in case.request.extensions:
        why = _why_not(case, extension, first)
        if why is not None:
            yield on_entry(
                extension,
                code=EXTENSION_INVALID,
                article=ANSWER_ARTICLE,
                expected="an extension of which the data subject is told, with reasons, by the end of "
                f"{date_of_day(first.last_day)}: {period_text(LAWFUL.within)} from receipt on "
                f"{date_of(case.receipt.occurred_at)}",
                found=f"{why}; the time to answer is not extended",
            )
