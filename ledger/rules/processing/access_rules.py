"""Who looks at data, and which authorities get it. Pure.

Source: GDPR Art. 5(1)(c), 5(1)(f), 29, 32(4), 48; CF-04, CF-14, CD-11, CT-08, MB-25.
"""

from collections.abc import Iterator

from ledger.rules.calendar.moment_text import listed
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.processing.processing_facts import Access, Disclosed, Processing

STAFF = frozenset({"support", "operator"})
"""The provider's own people: they need a ticket or case, and do not see the last digits of numbers."""

REFUSED = "refused"

CONDITIONS = {
    "from_public_body": "it did not come from a public body",
    "within_jurisdiction": "it was issued where the provider is not under its jurisdiction",
    "enforceable": "it was not enforceable",
    "states_scope": "it did not state the categories of data and the period",
}
"""The conditions of MB-25, and what it means that one is not met."""


def judge_masking(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the provider's people saw numbers without their last digits."""
    if not isinstance(it.details, Access) or it.details.actor_role not in STAFF:
        return
    for rule, entry in state.entries("masking", at):
        if it.details.numbers_masked:
            yield Shown("number_masked", rule)
        else:
            yield Finding(
                code="number_shown_in_full",
                article=entry.article,
                expected=f"the last {entry.parameters.get('hide_last')} digits hidden from the provider's staff",
                found=f"{it.details.actor_role} saw numbers in full",
                rule=rule,
            )


def judge_access(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the provider's people named what they looked for."""
    if not isinstance(it.details, Access) or it.details.actor_role not in STAFF:
        return
    for rule, entry in state.entries("access", at):
        if it.details.referenced:
            yield Shown("access_with_reason", rule)
        else:
            yield Finding(
                code="access_without_reason",
                article=entry.article,
                expected="access for a ticket or case that is named",
                found=f"{it.details.actor_role} looked at data and named neither",
                rule=rule,
            )


def judge_disclosure(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether what went to an authority met the conditions; a refusal needs none."""
    details = it.details
    if not isinstance(details, Disclosed):
        return
    for rule, entry in state.entries("disclosure", at):
        conditions = [name for name in CONDITIONS if name in entry.names("conditions")]
        unmet = [CONDITIONS[name] for name in conditions if not getattr(details, name)]
        if details.outcome == REFUSED or not unmet:
            yield Shown("disclosure_with_conditions", rule)
        else:
            yield Finding(
                code="disclosure_without_condition",
                article=entry.article,
                expected="data to an authority only when its demand meets every condition",
                found=f"data {details.outcome.replace('_', ' ')} on a demand although {listed(unmet)}",
                rule=rule,
            )
