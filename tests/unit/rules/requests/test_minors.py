"""A minor's data goes within the period promised (MB-45)."""

import pytest

from ledger.entry import Entry
from ledger.rules.calendar.periods import Period
from ledger.rules.judged import NOTHING, DeadlineState, Judged
from ledger.rules.requests.minors import judge_minor
from tests.unit.aggregates.request_facts import stated
from tests.unit.rules.judged_requests import codes, end_of, local, marks, person, promise, promised

AT = local("2026-04-03")
"""A Friday before Easter: the period of a promise does not move."""
ENDS = end_of("2026-04-06")
BY = promised(promise("minors", "MB-45", within=Period(days=3)))


def judged(*facts: Entry) -> Judged:
    """What the facts about a minor come to."""
    return judge_minor(person(*facts).minority, BY)


FOUND = stated("minor.found", AT)


@pytest.mark.parametrize(
    ("facts", "state", "found"),
    [
        pytest.param([], DeadlineState.OPEN, [], id="there is time"),
        pytest.param([stated("erasure.verified", ENDS - 1)], DeadlineState.MET, [], id="in the last microsecond"),
        pytest.param(
            [stated("erasure.verified", ENDS)], DeadlineState.MISSED, [(1, "minor_data_kept", "p:MB-45")], id="late"
        ),
        pytest.param(
            [stated("data.erased", AT + 1, trigger="child_found")], DeadlineState.MET, [], id="by a service"
        ),
        pytest.param(
            [stated("request.deadline_passed", ENDS, deadline="erase_minor", rule="p:MB-45", ends_at=ENDS)],
            DeadlineState.MISSED, [(1, "minor_data_kept", "p:MB-45")], id="the time has passed",
        ),
        pytest.param(
            [
                stated("request.deadline_passed", ENDS, deadline="erase_minor", rule="p:MB-45", ends_at=ENDS),
                stated("erasure.verified", ENDS - 1),
            ],
            DeadlineState.MET, [], id="and an erasure in time is heard of later",
        ),
    ],
)  # fmt: skip
def test_minors_data_goes_in_time(facts: list[Entry], state: DeadlineState, found: list[object]) -> None:
    """Kept, broken, and at the boundary."""
    result = judged(FOUND, *facts)
    [deadline] = result.deadlines
    assert (deadline.state, deadline.ends_at, deadline.key) == (
        state,
        ENDS,
        ("minor", "minor", "erase_minor", "p:MB-45"),
    )
    assert found == codes(result)
    assert marks(result) == [("minor_erased", "p:MB-45")] * (state is DeadlineState.MET)


def test_parents_consent_ends_the_duty() -> None:
    """Also when it is heard of later; and where nothing is promised, nothing is timed."""
    assert judged(FOUND, stated("minor.found", AT + 1, parental_consent=True)) == NOTHING
    assert judge_minor(person(FOUND).minority, promised()).deadlines == ()


def test_sentence_says_until_when() -> None:
    """And when it was done."""
    [found] = judged(FOUND, stated("erasure.verified", ENDS)).findings
    assert found.finding.expected == (
        "the data of a minor without a parent's consent erased by the end of 2026-04-06"
    )
    assert found.finding.found == "erased on 2026-04-07"
