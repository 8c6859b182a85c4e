"""What governs the day: notices, policies, agreements, sub-processors, breaches and audits, in the order it happened.

It is published and recorded before anything of the day is: a call is judged by the rules that were known when it was
sealed (DESIGN section 8).
"""

from collections.abc import Callable, Sequence

from ledger.dev import (
    agreement_stories,
    audit_stories,
    breach_stories,
    governance_stories,
    register_stories,
    subprocessor_stories,
)
from ledger.dev.planned import PlannedRecord, Stage

_TOLD: Sequence[Callable[[Stage], list[PlannedRecord]]] = (
    register_stories.notices,
    governance_stories.adoptions,
    agreement_stories.agreements,
    register_stories.parties,
    agreement_stories.choices,
    agreement_stories.instructions,
    subprocessor_stories.subprocessors,
    breach_stories.breaches,
    audit_stories.audits,
    audit_stories.demands,
    governance_stories.arrangements,
)
"""Of two things at the same moment the first here comes first."""


def opening(stage: Stage) -> list[PlannedRecord]:
    """Every governance fact of the day and of the months before it."""
    told = [record for story in _TOLD for record in story(stage)]
    return sorted(told, key=lambda record: record.occurred_at)
