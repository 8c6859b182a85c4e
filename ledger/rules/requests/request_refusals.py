"""Refusals of a rights request: their ground, and what the data subject is told with them. Pure.

Source: GDPR Art. 12(2), 12(4), 12(5), 15(4), 17(3), 20(4), 21, 22(2), 23; CB-36, CF-09, MB-35, MB-39, MB-44.
"""

from ledger.aggregates.request_statements import (
    ACCESS,
    COMPELLING_GROUNDS,
    ERASURE,
    LEGAL_CLAIM,
    LEGAL_OBLIGATION,
    NO_AUTOMATED_DECISION,
    OBJECTION,
    PORTABILITY,
    RECTIFICATION,
    RESTRICTION,
    WITHDRAW_CONSENT,
    Refused,
)
from ledger.aggregates.rights_request import DIRECT_MARKETING
from ledger.rules.calendar.moment_text import listed
from ledger.rules.controller_state import RuleInForce
from ledger.rules.judged import Judged, OnEntry, Shown
from ledger.rules.requests.request_case import LAW, RequestCase, joined, on_entry, spelt

REFUSED_WITHOUT_GROUND = "request_refused_without_ground"
REFUSAL_INCOMPLETE = "request_refusal_incomplete"
HONOURED = "request_honoured"

ALWAYS_GROUNDS = frozenset({"manifestly_unfounded", "excessive", "identity_not_shown", "not_the_controller"})
"""Grounds that do not depend on the right: GDPR Art. 12(2), 12(5), 4(7)."""
GROUNDS = {
    ACCESS: frozenset({"others_rights", LEGAL_OBLIGATION}),
    RECTIFICATION: frozenset({LEGAL_OBLIGATION}),
    ERASURE: frozenset({LEGAL_OBLIGATION, LEGAL_CLAIM}),
    RESTRICTION: frozenset({LEGAL_OBLIGATION}),
    PORTABILITY: frozenset({"others_rights", LEGAL_OBLIGATION}),
    OBJECTION: frozenset({COMPELLING_GROUNDS, LEGAL_CLAIM}),
    WITHDRAW_CONSENT: frozenset({LEGAL_OBLIGATION}),
    NO_AUTOMATED_DECISION: frozenset({LEGAL_OBLIGATION}),
}
"""Grounds of one right: Art. 15(4), 17(3), 20(4), 21(1), 22(2)(b), and what Union or national law restricts (Art. 23).
A consent can always be withdrawn; what stays then is what a duty keeps (MB-39). A channel is nowhere a ground."""


def judge_refusals(case: RequestCase) -> Judged:
    """What the request's refusals come to."""
    return joined(_judge_refusal(case, refusal) for refusal in case.request.refusals)


def promises_of_right(case: RequestCase) -> list[RuleInForce]:
    """The promises to honour the right that was asked for."""
    named = []
    for promise in case.promises("request_rights"):
        rights = promise.entry.parameters.get("rights")
        if isinstance(rights, tuple) and case.receipt.right in rights:
            named.append(promise)
    return named


def _judge_refusal(case: RequestCase, refusal: Refused) -> Judged:
    promised = promises_of_right(case)
    findings = [*_without_ground(case, refusal, promised), *_incomplete(refusal)]
    if findings:
        return Judged(findings=tuple(findings))
    detail = f"{case.receipt.right} refused"
    return Judged(shown=tuple(Shown(HONOURED, rule, None, detail) for rule, _ in promised))


def _without_ground(case: RequestCase, refusal: Refused, promised: list[RuleInForce]) -> list[OnEntry]:
    found = _ground_missing(case, refusal)
    if found is None:
        return []
    articles = [(LAW, "GDPR Art. 12(4)"), *((rule, entry.article) for rule, entry in promised)]
    return [
        on_entry(
            refusal,
            code=REFUSED_WITHOUT_GROUND,
            article=article,
            expected=f"a request for {spelt(case.receipt.right)} refused only on a ground the law has for it",
            found=found,
            rule=rule,
        )
        for rule, article in articles
    ]


def _ground_missing(case: RequestCase, refusal: Refused) -> str | None:
    """What is wrong with a refusal's ground; None when nothing is."""
    right = case.receipt.right
    if refusal.ground is None:
        return "refused without a ground"
    purposes = case.receipt.purposes
    marketing_only = bool(purposes) and DIRECT_MARKETING.issuperset(purposes)
    if right == OBJECTION and marketing_only and refusal.ground in GROUNDS[OBJECTION]:
        return f"refused on {spelt(refusal.ground)}, which Art. 21(3) does not allow for direct marketing"
    if refusal.ground in ALWAYS_GROUNDS | GROUNDS.get(right, frozenset()):
        return None
    return f"refused on {spelt(refusal.ground)}, which is no ground for it"


def _incomplete(refusal: Refused) -> list[OnEntry]:
    told = {
        "the reasons": refusal.reasons_told,
        "the right to complain to an authority": refusal.complaint_told,
        "the judicial remedy": refusal.remedy_told,
    }
    missing = [what for what, was_told in told.items() if not was_told]
    if not missing:
        return []
    return [
        on_entry(
            refusal,
            code=REFUSAL_INCOMPLETE,
            article="GDPR Art. 12(4)",
            expected=f"a refusal that tells {listed(list(told))}",
            found=f"a refusal without {listed(missing)}",
        )
    ]
