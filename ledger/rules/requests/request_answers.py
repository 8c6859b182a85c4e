"""How a rights request was answered: confirmation, what is kept, costs, and who else was told. Pure.

Source: GDPR Art. 12(5), 15(3), 19, 28(3)(e); CB-36, CB-38, CD-21, MB-35, MB-36, MB-43.
"""

from ledger.aggregates.request_statements import (
    ACCESS,
    ERASURE,
    PROCESSOR,
    RECTIFICATION,
    RESTRICTION,
    Answered,
)
from ledger.aggregates.rights_request import ANSWER
from ledger.rules.calendar.moment_text import listed
from ledger.rules.judged import Judged, OnEntry, Shown
from ledger.rules.requests.request_case import LAW, RequestCase, joined, on_entry, spelt
from ledger.rules.requests.request_refusals import HONOURED, promises_of_right

UNCONFIRMED, CONFIRMED = "request_unconfirmed", "request_confirmed"
KEPT_UNNAMED, KEPT_NAMED = "request_kept_unnamed", "request_kept_named"
NOT_FORWARDED, FORWARDED = "request_not_forwarded", "request_forwarded"
CHARGED, FREE = "request_charged", "request_free"
RECIPIENTS_NOT_INFORMED, RECIPIENTS_INFORMED = "recipients_not_informed", "recipients_informed"

LAWFUL_CHARGES = frozenset({"manifestly_unfounded", "excessive"})
"""What allows a fee for any right, Art. 12(5)."""
FURTHER_COPIES = "further_copies"
"""What allows one for access, Art. 15(3)."""
NOBODY, DATA_SUBJECT = "nobody", "data_subject"

TOLD_TO_RECIPIENTS = frozenset({RECTIFICATION, ERASURE, RESTRICTION})
DONE = frozenset({"fulfilled", "partly_fulfilled"})
RECIPIENTS_NAMED_MAX = 20
"""Recipients a finding names."""


def judge_answers(case: RequestCase) -> Judged:
    """What the request's answers come to, and whether the controller had it to answer."""
    return joined(
        [
            *(_judge_answer(case, answer) for answer in case.request.answers),
            _judge_forwarding(case),
        ]
    )


def _judge_answer(case: RequestCase, answer: Answered) -> Judged:
    right = case.receipt.right
    honoured = tuple(Shown(HONOURED, rule, None, right) for rule, _ in promises_of_right(case))
    return joined(
        [
            Judged(shown=honoured),
            _judge_confirmation(case, answer),
            _judge_kept(case, answer),
            _judge_costs(case, answer),
            _judge_recipients(case, answer),
        ]
    )


def _judge_confirmation(case: RequestCase, answer: Answered) -> Judged:
    promised = case.promises("request_confirmation")
    if answer.confirmation_sent:
        return Judged(shown=tuple(Shown(CONFIRMED, rule) for rule, _ in promised))
    return Judged(
        findings=tuple(
            on_entry(
                answer,
                code=UNCONFIRMED,
                article=entry.article,
                expected="a confirmation in writing that the request was honoured",
                found="answered without one",
                rule=rule,
            )
            for rule, entry in promised
        )
    )


def _judge_kept(case: RequestCase, answer: Answered) -> Judged:
    promised = case.promises("request_kept_named")
    if not answer.kept or not promised:
        return Judged()
    unnamed = sorted({each.retention_class for each in answer.kept if not each.named_in_answer})
    if not unnamed:
        return Judged(shown=tuple(Shown(KEPT_NAMED, rule) for rule, _ in promised))
    return Judged(
        findings=tuple(
            on_entry(
                answer,
                code=KEPT_UNNAMED,
                article=entry.article,
                expected="an answer that names what is kept, and why",
                found=f"an answer that does not name what is kept of {listed([spelt(name) for name in unnamed])}",
                rule=rule,
            )
            for rule, entry in promised
        )
    )


def _judge_costs(case: RequestCase, answer: Answered) -> Judged:
    lawful = answer.charge_ground in LAWFUL_CHARGES or (
        answer.charge_ground == FURTHER_COPIES and case.receipt.right == ACCESS
    )
    findings, shown = [], []
    if answer.charged_to == DATA_SUBJECT and not lawful:
        findings.append(_charged(answer, LAW, "GDPR Art. 12(5)", NOBODY))
    for rule, entry in case.promises("request_costs"):
        party = str(entry.parameters.get("charged_to", NOBODY))
        if answer.charged_to in {NOBODY, party}:
            shown.append(Shown(FREE, rule, None, answer.charged_to))
        elif answer.charged_to != DATA_SUBJECT or not lawful:
            findings.append(_charged(answer, rule, entry.article, party))
    return Judged(findings=tuple(findings), shown=tuple(shown))


def _charged(answer: Answered, rule: str, article: str, party: str) -> OnEntry:
    return on_entry(
        answer,
        code=CHARGED,
        article=article,
        expected=f"costs charged to {spelt(party)}"
        + (
            ", unless the request is manifestly unfounded or excessive, or asks for further copies"
            if answer.charged_to == DATA_SUBJECT
            else ""
        ),
        found=f"charged to the {spelt(answer.charged_to)}, "
        + (f"for {spelt(answer.charge_ground)}" if answer.charge_ground else "without a ground"),
        rule=rule,
    )


def _judge_recipients(case: RequestCase, answer: Answered) -> Judged:
    """Whether everyone known to have handled the data was told; nothing when nobody is known (Art. 19)."""
    known = frozenset(answer.known_recipients)
    if case.receipt.right not in TOLD_TO_RECIPIENTS or answer.outcome not in DONE or not known:
        return Judged()
    told = [
        *answer.recipients_informed,
        *(name for each in case.request.carried_out for name in each.informed),
    ]
    missing = sorted(known - {name.lower() for name in told})
    if not missing:
        return Judged(shown=(Shown(RECIPIENTS_INFORMED, LAW),))
    more = len(missing) - RECIPIENTS_NAMED_MAX
    return Judged(
        findings=(
            on_entry(
                answer,
                code=RECIPIENTS_NOT_INFORMED,
                article="GDPR Art. 19",
                expected=f"every recipient told of the {spelt(case.receipt.right)}",
                found=f"not told: {', '.join(missing[:RECIPIENTS_NAMED_MAX])}"
                + (f" and {more} more" if more > 0 else ""),
            ),
        )
    )


def _judge_forwarding(case: RequestCase) -> Judged:
    """A request a processor received: passed on before it is answered or refused, and before its month is over."""
    if case.receipt.received_by != PROCESSOR:
        return Judged()
    request, response = case.request, case.request.response
    forwarded_at = request.forwards[0].occurred_at if request.forwards else None
    if forwarded_at is not None and (response is None or forwarded_at <= response.occurred_at):
        return Judged(shown=tuple(Shown(FORWARDED, rule) for rule, _ in case.promises("request_forwarding")))
    if response is None and not any(each.deadline == ANSWER for each in request.passed):
        return Judged()
    how = "answered" if isinstance(response, Answered) else "refused"
    return Judged(
        findings=tuple(
            on_entry(
                response or case.receipt,
                code=NOT_FORWARDED,
                article=entry.article,
                expected="a request that the processor receives passed on to the controller",
                found="not passed on by the time to answer"
                if response is None
                else f"{how} without the controller",
                rule=rule,
            )
            for rule, entry in case.promises("request_forwarding")
        )
    )
