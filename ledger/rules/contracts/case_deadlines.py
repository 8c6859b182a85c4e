"""What became of a deadline of a case. Pure.

The clock enters as facts: a deadline is missed once the ledger's own fact says that it passed, or a fact shows that
what was owed came too late. Such facts arrive in any order, and what happened in time but reached the ledger late makes
a deadline met again.

Source: DESIGN section 8.
"""

from ledger.aggregates.cases import Case, DeadlineReached, Stated
from ledger.rules.judged import DeadlineState


def passed(case: Case, deadline: str, rule: str, ends_at: int) -> DeadlineReached | None:
    """What says that a deadline passed; None while nothing does.

    What starts a clock can turn out to be earlier than was known, so that the fact names a later end: when that has
    passed, so has the earlier one.

    Args:
        case: the deadline's.
        deadline: its name within the case.
        rule: the promise it comes from, pack:entry; "" for the law.
        ends_at: microseconds since the epoch.
    """
    named = (each for each in case.passed if (each.deadline, each.rule) == (deadline, rule))
    return next((each for each in named if each.ends_at >= ends_at), None)


def state_of(done: Stated | None, ends_at: int, over: DeadlineReached | None) -> DeadlineState:
    """Met when it was done by the end, missed when it was done later or not at all when it passed, else open.

    Args:
        done: what fulfils it, the first time it was done.
        ends_at: the last moment that is in time.
        over: what says that it passed.
    """
    if done is not None:
        return DeadlineState.MET if done.occurred_at <= ends_at else DeadlineState.MISSED
    return DeadlineState.OPEN if over is None else DeadlineState.MISSED
