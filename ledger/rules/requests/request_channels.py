"""How a rights request came in, and who asked: whether channel and identity were handled as promised. Pure.

A promise is held to its own words: where it says that a customer's e-mail is not valid and not processed, processing
one breaks it and refusing one keeps it. The law is held to its own: it knows no form of a request, so the law's clock
runs all the same, and the channel is no ground to refuse (`request_refusals`). A provider that publishes such a rule
meets both only by treating the e-mail as a request and asking who sent it (X15).

Source: GDPR Art. 12(2), 12(6); EDPB Guidelines 01/2022, on the form of requests; MB-40, MB-41, CF-16, CB-39.
"""

from collections.abc import Iterator
from itertools import takewhile

from ledger.aggregates.request_statements import (
    CUSTOMER,
    INVALID_CHANNEL,
    OBJECTION,
    WITHDRAW_CONSENT,
    Answered,
    Refused,
)
from ledger.rules.judged import Judged, OnEntry, Shown
from ledger.rules.packs.policy_pack import PackEntry
from ledger.rules.requests.request_case import RequestCase, on_entry, pack_of

INVALID_CHANNEL_PROCESSED = "request_invalid_channel_processed"
REFUSED_FOR_CHANNEL = "request_refused_for_channel"
CHANNEL_RESPECTED = "request_channel_respected"
IDENTITY_UNCHECKED = "request_identity_unchecked"
DEMANDED_WITHOUT_DOUBT = "identity_demanded_without_doubt"
IDENTITY_CHECKED = "request_identity_checked"

LOGGED_IN = frozenset({"dashboard", "api"})
"""Channels whose use shows who asks: a login, or a token."""
NO_IDENTITY_NEEDED = frozenset({OBJECTION, WITHDRAW_CONSENT})
"""Rights that reveal and destroy nothing, and are to be as easy as the consent was: GDPR Art. 7(3), 21(5)."""
CONFIRMED = "confirmed"


def judge_channel(case: RequestCase) -> Judged:
    """What the promises about channels come to."""
    answer = next(iter(case.request.answers), None)
    refusal = next((each for each in case.request.refusals if each.ground == INVALID_CHANNEL), None)
    findings, shown = [], []
    for rule, entry in case.promises("request_channel"):
        admitted = _admits(entry, case)
        if admitted is None:
            continue
        expected = f"{_who(case)} asks by {', '.join(_listed(entry, case) or ())}"
        if admitted and refusal is not None:
            findings.append(_refused(refusal, rule, entry, expected, case))
        elif not admitted and answer is not None and _is_strict(entry):
            findings.append(_processed(answer, rule, entry, expected, case))
        elif (admitted and answer is not None) or (not admitted and refusal is not None):
            shown.append(Shown(CHANNEL_RESPECTED, rule, None, case.receipt.channel))
    return Judged(findings=tuple(findings), shown=tuple(shown))


def judge_identity(case: RequestCase) -> Judged:
    """Whether identity was checked where that is promised, and more demanded only on doubt."""
    findings = list(_demanded_without_doubt(case))
    shown = []
    answer = next((each for each in case.request.answers if each.outcome != "nothing_held"), None)
    if answer is not None and case.receipt.right not in NO_IDENTITY_NEEDED:
        checked = _is_checked(case, answer)
        for rule, entry in case.promises("request_identity"):
            if checked:
                shown.append(Shown(IDENTITY_CHECKED, rule))
            else:
                findings.append(
                    on_entry(
                        answer,
                        code=IDENTITY_UNCHECKED,
                        article=entry.article,
                        expected="the identity of who asks confirmed before the request is carried out",
                        found=f"answered with {_last_check(case, answer)}",
                        rule=rule,
                    )
                )
    return Judged(findings=tuple(findings), shown=tuple(shown))


def packs_that_do_not_admit(case: RequestCase) -> frozenset[str]:
    """The packs by whose own words this request is not valid: they promise no answer to it."""
    return frozenset(
        pack_of(rule)
        for rule, entry in case.promises("request_channel")
        if _is_strict(entry) and _admits(entry, case) is False
    )


def _listed(entry: PackEntry, case: RequestCase) -> tuple[str, ...] | None:
    """The channels an entry has for who asks; None when it says nothing about them."""
    listed = entry.parameters.get("customer" if case.receipt.requester == CUSTOMER else "others")
    return listed if isinstance(listed, tuple) else None


def _admits(entry: PackEntry, case: RequestCase) -> bool | None:
    listed = _listed(entry, case)
    return None if listed is None else case.receipt.channel in listed


def _is_strict(entry: PackEntry) -> bool:
    return entry.parameters.get("strict") is True


def _who(case: RequestCase) -> str:
    return "a customer" if case.receipt.requester == CUSTOMER else "somebody who is no customer"


def _refused(refusal: Refused, rule: str, entry: PackEntry, expected: str, case: RequestCase) -> OnEntry:
    return on_entry(
        refusal,
        code=REFUSED_FOR_CHANNEL,
        article=entry.article,
        expected=f"{expected}, and is answered",
        found=f"refused because it came by {case.receipt.channel}",
        rule=rule,
    )


def _processed(answer: Answered, rule: str, entry: PackEntry, expected: str, case: RequestCase) -> OnEntry:
    return on_entry(
        answer,
        code=INVALID_CHANNEL_PROCESSED,
        article=entry.article,
        expected=f"{expected}; what comes by another channel is not processed",
        found=f"answered although it came by {case.receipt.channel}",
        rule=rule,
    )


def _is_checked(case: RequestCase, answer: Answered) -> bool:
    return case.receipt.channel in LOGGED_IN or _last_outcome(case, answer) == CONFIRMED


def _last_outcome(case: RequestCase, answer: Answered) -> str | None:
    """What the last check before an answer came to; None when there was none."""
    before = takewhile(lambda each: each.occurred_at <= answer.occurred_at, case.request.checks)
    return next((each.outcome for each in reversed(list(before))), None)


def _last_check(case: RequestCase, answer: Answered) -> str:
    outcome = _last_outcome(case, answer)
    return "no check of identity before" if outcome is None else f"a check of identity that was {outcome}"


def _demanded_without_doubt(case: RequestCase) -> Iterator[OnEntry]:
    for check in case.request.checks:
        if check.more_demanded and not check.reasonable_doubt:
            yield on_entry(
                check,
                code=DEMANDED_WITHOUT_DOUBT,
                article="GDPR Art. 12(6)",
                expected="more information demanded only where there is reasonable doubt about who asks",
                found="more information demanded without reasonable doubt",
            )
