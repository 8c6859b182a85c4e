"""What was decided on an authority's demand, held against the conditions that were promised. Pure.

A decision is held against the demand as it stood when the decision was taken, and against the promises in force then. A
demand can be made anew, with what was missing, and decided on anew.

Source: MB-25, CF-04, CT-08; GDPR Art. 6(1)(c), 48.
"""

from collections.abc import Iterable, Mapping

from ledger.aggregates.cases import latest
from ledger.aggregates.disclosure import REFUSED, Decision, Demand, Disclosure
from ledger.rules.calendar.moment_text import listed
from ledger.rules.controller_state import ControllerState
from ledger.rules.judged import Judged
from ledger.rules.judging import Judging
from ledger.rules.packs.policy_pack import PackEntry

DISCLOSURE_WITHOUT_CONDITION = "disclosure_without_condition"
DISCLOSURE_WITH_CONDITIONS = "disclosure_with_conditions"

CONDITION_TEXTS = {
    "from_public_body": "it comes from a public body",
    "within_jurisdiction": "the provider is under the jurisdiction it was issued in",
    "enforceable": "it is an enforceable subpoena, warrant, court order or similar",
    "states_scope": "it states the categories of data and the specific period",
}


def judge_disclosure(disclosure: Disclosure, state: ControllerState) -> Judged:
    """What the decisions on a demand come to.

    Args:
        disclosure: the demand and the decisions, as far as they are known.
        state: everything else that is known of the controller.
    """
    judging = Judging()
    for decision in disclosure.decisions:
        demand = latest(disclosure.demands, decision.occurred_at)
        for rule, entry in state.entries("disclosure", decision.occurred_at):
            _judge(judging, decision, demand, rule, entry)
    return judging.judged()


def _judge(judging: Judging, decision: Decision, demand: Demand | None, rule: str, entry: PackEntry) -> None:
    conditions = [name for name in CONDITION_TEXTS if name in entry.names("conditions")]
    holds = {} if demand is None else _holds(demand)
    missing = [name for name in conditions if not holds.get(name)]
    if decision.outcome == REFUSED:
        if missing:
            judging.show(DISCLOSURE_WITH_CONDITIONS, rule)
        return
    if demand is None:
        found = "disclosed without any demand recorded by then"
    elif missing:
        found = f"disclosed although it does not hold that {_texts(missing)}"
    elif not decision.conditions_checked:
        found = "disclosed without checking the conditions first"
    else:
        judging.show(DISCLOSURE_WITH_CONDITIONS, rule)
        return
    judging.find(
        decision,
        DISCLOSURE_WITHOUT_CONDITION,
        article=entry.article,
        expected=f"data disclosed only on a demand of which it is checked that {_texts(conditions)}",
        found=found,
        rule=rule,
    )


def _holds(demand: Demand) -> Mapping[str, bool]:
    return {
        "from_public_body": demand.from_public_body,
        "within_jurisdiction": demand.within_jurisdiction,
        "enforceable": demand.enforceable,
        "states_scope": demand.states_categories and demand.states_period,
    }


def _texts(conditions: Iterable[str]) -> str:
    return listed([CONDITION_TEXTS[name] for name in conditions])
