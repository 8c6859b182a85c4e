"""A rights request held against the law and the promises: deadlines, channel, identity, refusals, answers. Pure.

Owns: what a request comes to as a whole. Leaves to others: each theme (`ledger.rules.requests.request_deadlines`,
`request_channels`, `request_refusals`, `request_answers`), and what an objection does to later processing
(`ledger.rules.personal`).

Source: GDPR Art. 12 to 22; STANDARDS section 2; CB-36 to CB-39, CF-09, CF-16, CD-21, MB-35 to MB-45, X11, X15.
"""

from dataclasses import replace

from ledger.aggregates.rights_request import RightsRequest
from ledger.rules.controller_state import ControllerState
from ledger.rules.judged import NOTHING, Judged
from ledger.rules.requests.request_answers import judge_answers
from ledger.rules.requests.request_case import RequestCase, joined
from ledger.rules.requests.request_channels import judge_channel, judge_identity
from ledger.rules.requests.request_deadlines import judge_deadlines
from ledger.rules.requests.request_refusals import judge_refusals


def judge_request(request: RightsRequest, state: ControllerState) -> Judged:
    """Everything a request comes to, by some rules.

    Args:
        request: as far as it is recorded; until its receipt is, there is nothing to hold it against.
        state: the controller's governance; the promises in force at the receipt count.
    """
    receipt = request.receipt
    if receipt is None:
        return NOTHING
    case = RequestCase(request, receipt, state)
    rules = (judge_deadlines, judge_channel, judge_identity, judge_refusals, judge_answers)
    judged = joined(judge(case) for judge in rules)
    about_right = tuple(
        on._replace(finding=replace(on.finding, about=receipt.right)) for on in judged.findings
    )
    return replace(judged, findings=about_right)
