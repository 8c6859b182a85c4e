"""Every kind of case is judged by its own rules."""

from uuid import UUID

import pytest

from ledger.aggregates.cases import Case
from ledger.aggregates.registry import CASES
from ledger.rules.contracts.judgement import JUDGES, judge_case
from ledger.rules.judged import NOTHING
from tests.unit.rules.promised import Promised


def test_every_kind_of_case_has_rules() -> None:
    """A kind without rules would be recorded and never judged."""
    assert {case.KIND for case in CASES} == set(JUDGES)


@pytest.mark.parametrize("kind", [*CASES, Case])
def test_case_nothing_is_known_of_comes_to_nothing(kind: type[Case]) -> None:
    """No finding, no mark, no deadline: a case whose first fact nobody could read, or of a kind nobody knows."""
    assert judge_case(kind.unseen(UUID(int=1)), Promised()) == NOTHING
