"""An erasure that could not be shown to be complete. Pure.

Source: GDPR Art. 17 and 19; DESIGN section 3, invariant 7: an erasure is checked, not claimed.
"""

from ledger.aggregates.erasure_details import ErasureIncomplete, ErasureProblem, erasure_details
from ledger.rules.findings import Finding

ERASURE_INCOMPLETE = "erasure_incomplete"
INCOMPLETE_EVENT = "erasure.incomplete"
VERIFIED_EVENT = "erasure.verified"
PROBLEMS_NAMED_MAX = 20
"""Problems a finding names; the fact itself lists all."""


def judge_erasure(event_type: str, open_fields: str) -> Finding | None:
    """The finding on an erasure's result; None when it is verified.

    Args:
        event_type: the result's.
        open_fields: the result's, JSON; of another shape the finding names no problem.
    """
    if event_type != INCOMPLETE_EVENT:
        return None
    details = erasure_details(open_fields, ErasureIncomplete)
    problems = details.problems if details else []
    named = "; ".join(map(_named, problems[:PROBLEMS_NAMED_MAX]))
    more = len(problems) - PROBLEMS_NAMED_MAX
    return Finding(
        code=ERASURE_INCOMPLETE,
        article="GDPR Art. 17, 19",
        expected="nothing of the person opens any more, and everyone told has confirmed",
        found=(named or "the erasure is not complete") + (f"; and {more} more" if more > 0 else ""),
    )


def _named(problem: ErasureProblem) -> str:
    return f"{problem.kind} {problem.name}: {problem.detail}"
