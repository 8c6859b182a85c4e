"""Judgements lead from one finding on an entry to another."""

import pytest

from ledger.rules.findings import Finding, FindingState, changed

ONE = Finding(code="one", article="Art. 1", expected="this", found="that")
IN_OTHER_WORDS = Finding(code="one", article="Art. 1", expected="this", found="something else")
TWO = Finding(code="two", article="Art. 2", expected="this", found="that")
OPEN, RESOLVED = FindingState.OPEN, FindingState.RESOLVED


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, None, [], id="still nothing"),
        pytest.param(ONE, ONE, [], id="still the same"),
        pytest.param(None, ONE, [(OPEN, ONE)], id="opens"),
        pytest.param(ONE, None, [(RESOLVED, ONE)], id="is resolved"),
        pytest.param(ONE, TWO, [(RESOLVED, ONE), (OPEN, TWO)], id="gives way"),
        pytest.param(
            ONE, IN_OTHER_WORDS, [(RESOLVED, ONE), (OPEN, IN_OTHER_WORDS)], id="same code, other words"
        ),
    ],
)
def test_only_what_changed_is_judged(
    before: Finding | None, after: Finding | None, expected: list[tuple[FindingState, Finding]]
) -> None:
    """What was found is resolved before what is found now opens; no change, no judgement."""
    judged = changed(before, after, offset=7, occurred_at=5)
    assert expected == [(judgement.state, judgement.finding) for judgement in judged]
    assert {(7, 5)} >= {(judgement.offset, judgement.occurred_at) for judgement in judged}
