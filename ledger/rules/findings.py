"""A finding: a broken rule on one entry. A fact is never refused; it is recorded and judged.

A judgement says when a finding opened or was resolved: facts arrive late and out of order, so what is found on
an entry can change with a later one. Judgements are never changed either; the last one holds, and those before
it tell what was known when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

ABOUT_SEPARATOR = ", "
"""Between the names of what something is about, where there are several."""


def about_all(names: Iterable[str]) -> str:
    """What something is about that is about all of these."""
    return ABOUT_SEPARATOR.join(sorted(set(names)))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A broken rule on one ledger entry.

    `code` is stable, `article` names the text it comes from; `expected` and `found` are sentences without
    personal data. `rule` is the promise that is broken, pack:entry; empty when it is the law that is. `about` is the
    purpose, the requested right or the processors it is about; empty where promises do not tell that apart.
    """

    code: str
    article: str
    expected: str
    found: str
    rule: str = ""
    about: str = ""


class FindingState(StrEnum):
    """What a judgement does to a finding."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A finding that opens or is resolved.

    `offset` and `occurred_at` are those of the entry it is on, in the ledger partition of the record that caused
    the judgement. `stream` is that entry's; None when it is the record's own.
    """

    offset: int
    occurred_at: int
    state: FindingState
    finding: Finding
    stream: UUID | None = None


def changed(
    before: Finding | None, after: Finding | None, *, offset: int, occurred_at: int
) -> list[Judgement]:
    """The judgements that lead from one finding on an entry to another; none when nothing changed."""
    if before == after:
        return []
    steps = ((FindingState.RESOLVED, before), (FindingState.OPEN, after))
    return [
        Judgement(offset=offset, occurred_at=occurred_at, state=state, finding=finding)
        for state, finding in steps
        if finding is not None
    ]
