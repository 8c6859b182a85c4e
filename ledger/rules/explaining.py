"""A finding in one sentence: when, who, which text, what was expected, what was found, on which entry. Pure.

Source: DESIGN section 8; nothing personal is in it, because a finding holds nothing personal.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ledger.rules.calendar.moment_text import listed, moment_text

SECOND = 1_000_000
"""Microseconds; a sentence has no use for less."""
NAMED_MAX = 5
"""Promises that a sentence names beside the first."""


class BrokenPromise(NamedTuple):
    """A promise that a finding breaks: the pack's id, the promise's row, where the text says it, and the text."""

    pack: str
    promise: str
    article: str
    text: str

    @property
    def name(self) -> str:
        """As a sentence names it: CD-10 of callvoip-dpa."""
        return f"{self.promise} of {self.pack}"


def explain(
    *,
    controller: str,
    at: int,
    article: str,
    expected: str,
    found: str,
    entry: str,
    by_promise: bool,
    promises: Sequence[BrokenPromise],
) -> str:
    """One sentence on a finding.

    Args:
        controller: whose data it is about.
        at: when the entry happened, microseconds UTC.
        article: the text the finding names.
        expected, found: the finding's own words.
        entry: its ledger coordinates.
        by_promise: whether it was judged by a promise, the first of `promises`; otherwise by the law.
        promises: those it breaks.
    """
    own, others = (promises[:1], promises[1:]) if by_promise else ([], promises)
    broken = _quoted(own[0]) if own else article
    sentence = (
        f"On {moment_text(at - at % SECOND)}, entry {entry} for {controller} was not in keeping with {broken}: "
        f"expected {expected}; found {found}"
    )
    if not others:
        return f"{sentence}."
    names = [each.name for each in others[:NAMED_MAX]]
    if len(others) > NAMED_MAX:
        names.append(f"{len(others) - NAMED_MAX} more")
    return f"{sentence}. That breaks {listed(names)} as well."


def _quoted(promise: BrokenPromise) -> str:
    return f"{promise.name} ({promise.article}: “{promise.text.rstrip('.')}”)"
