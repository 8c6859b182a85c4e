"""Judging a case of any kind. Pure.

Owns: which rules judge which kind. Leaves to others: the rules themselves (`*_rules`), and when a case is judged
(`ledger.recording`): before and after each of its facts, so that what changed is what the fact caused.

Nothing here reads a clock: that a deadline passed is a fact of the case.
Source: DESIGN section 8.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ledger.aggregates.agreement import Agreement
from ledger.aggregates.audit import Audit
from ledger.aggregates.breach import Breach
from ledger.aggregates.cases import Case
from ledger.aggregates.disclosure import Disclosure
from ledger.aggregates.notice import Notice
from ledger.aggregates.subprocessor import Subprocessor
from ledger.rules.contracts.agreement_rules import judge_agreement
from ledger.rules.contracts.audit_rules import judge_audit
from ledger.rules.contracts.breach_rules import judge_breach
from ledger.rules.contracts.disclosure_rules import judge_disclosure
from ledger.rules.contracts.notice_rules import judge_notice
from ledger.rules.contracts.subprocessor_rules import judge_subprocessor
from ledger.rules.controller_state import ControllerState
from ledger.rules.judged import NOTHING, Judged

JUDGES: Mapping[str, Callable[[Any, ControllerState], Judged]] = {
    Agreement.KIND: judge_agreement,
    Subprocessor.KIND: judge_subprocessor,
    Breach.KIND: judge_breach,
    Audit.KIND: judge_audit,
    Disclosure.KIND: judge_disclosure,
    Notice.KIND: judge_notice,
}
"""Kind of case to what judges its aggregate."""


def judge_case(case: Case, state: ControllerState) -> Judged:
    """All that a case comes to: findings on its facts, what they show of promises, and its deadlines.

    Args:
        case: as far as it is known.
        state: everything that is known of its controller, this case's facts among it.
    """
    judge = JUDGES.get(case.KIND)
    return NOTHING if judge is None else judge(case, state)
