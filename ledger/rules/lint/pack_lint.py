"""Contradictions and holes in policy packs, found from what their entries say. Pure.

Owns: which checks there are. Leaves to others: the checks (`ledger.rules.lint_*`), reading packs.

No check knows a pack by its id: a text that is mended is no longer reported, and another with the same flaw is.

Source: OBLIGATIONS, conflicts and holes X1 to X17.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from ledger.rules.lint.lint_keeping import (
    classes_without_rule,
    end_of_agreement,
    erasure_with_duties,
    kept_with_and_without_end,
    kept_without_end,
    months_that_look_like_days,
    periods_of_our_own,
)
from ledger.rules.lint.lint_others import (
    agreements_missing,
    breach_clocks,
    channels_that_differ,
    mechanisms_without_dates,
    stored_here_processed_there,
)
from ledger.rules.lint.lint_problem import Packs, Problem
from ledger.rules.lint.lint_texts import (
    anonymised_use,
    categories_that_differ,
    changes_nobody_is_told_of,
    counted_and_listed,
    identifiable_and_not,
    masks_that_differ,
    open_lists,
    proof_in_the_browser,
    told_before_it_happened,
    two_people_in_one_call,
)

__all__ = ["CHECKS", "Problem", "lint"]

CHECKS: tuple[Callable[[Packs], Iterable[Problem]], ...] = (
    kept_with_and_without_end,
    identifiable_and_not,
    counted_and_listed,
    months_that_look_like_days,
    anonymised_use,
    end_of_agreement,
    categories_that_differ,
    agreements_missing,
    stored_here_processed_there,
    breach_clocks,
    periods_of_our_own,
    proof_in_the_browser,
    erasure_with_duties,
    two_people_in_one_call,
    told_before_it_happened,
    masks_that_differ,
    channels_that_differ,
    mechanisms_without_dates,
    changes_nobody_is_told_of,
    open_lists,
    kept_without_end,
)
"""Each looks at all packs together."""


def lint(packs: Packs, classes: Collection[str]) -> list[Problem]:
    """What is wrong with packs, by themselves and together.

    Args:
        packs: each once.
        classes: the retention classes of the ledger.

    Returns:
        X1 to X17 first, in that order; then what is only worth knowing, by name.
    """
    return sorted(_found(packs, classes), key=_order)


def _found(packs: Packs, classes: Collection[str]) -> Iterator[Problem]:
    for check in CHECKS:
        yield from check(packs)
    yield from classes_without_rule(packs, classes)


def _order(problem: Problem) -> tuple[int, str]:
    return (int(problem.code[1:]), "") if problem.contradiction else (100, problem.code)
