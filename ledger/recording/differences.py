"""What a fact changed of what its case comes to: judged before it and after it, and the difference recorded. Pure.

Nothing is recorded twice, and what a later fact takes back is taken back: a finding is resolved, a deadline void.
What an entry showed stays shown: it is evidence of what was so when it was recorded.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from ledger.rules.findings import Finding, Judgement, changed
from ledger.rules.judged import Deadline, DeadlineState, Judged, OnEntry, Shown


class Outcome(NamedTuple):
    """What recording one entry decided."""

    judgements: tuple[Judgement, ...] = ()
    shown: tuple[Shown, ...] = ()
    deadlines: tuple[Deadline, ...] = ()

    def and_also(self, other: "Outcome") -> "Outcome":
        """Both, this one first."""
        shown = dict.fromkeys((*self.shown, *other.shown))
        return Outcome(self.judgements + other.judgements, tuple(shown), self.deadlines + other.deadlines)


NO_OUTCOME = Outcome()


def opened(findings: Iterable[Finding], *, offset: int, occurred_at: int) -> tuple[Judgement, ...]:
    """The judgements that open findings on an entry nothing was found on before."""
    return tuple(
        judgement
        for finding in findings
        for judgement in changed(None, finding, offset=offset, occurred_at=occurred_at)
    )


def differences(before: Judged, after: Judged) -> Outcome:
    """What leads from one judgement of a case or request to the next."""
    return Outcome(
        finding_differences(before.findings, after.findings),
        tuple(dict.fromkeys(shown for shown in after.shown if shown not in before.shown)),
        _deadline_differences(before.deadlines, after.deadlines),
    )


def finding_differences(before: Iterable[OnEntry], after: Iterable[OnEntry]) -> tuple[Judgement, ...]:
    """The findings that are no more, that are others, and that are new; of each entry, code and rule the first
    counts."""
    was, is_now = _by_key(before), _by_key(after)
    return tuple(
        judgement
        for key in {**was, **is_now}
        for judgement in changed(
            was[key].finding if key in was else None,
            is_now[key].finding if key in is_now else None,
            offset=(is_now.get(key) or was[key]).offset,
            occurred_at=(is_now.get(key) or was[key]).occurred_at,
        )
    )


def _by_key(findings: Iterable[OnEntry]) -> dict[tuple[int, str, str], OnEntry]:
    found: dict[tuple[int, str, str], OnEntry] = {}
    for on in findings:
        found.setdefault((on.offset, on.finding.code, on.finding.rule), on)
    return found


def _deadline_differences(before: Iterable[Deadline], after: Iterable[Deadline]) -> tuple[Deadline, ...]:
    was = {deadline.key: deadline for deadline in before}
    is_now = {deadline.key: deadline for deadline in after}
    gone = [
        replace(deadline, state=DeadlineState.VOID)
        for key, deadline in was.items()
        if key not in is_now and deadline.state is not DeadlineState.VOID
    ]
    return (*gone, *(deadline for key, deadline in is_now.items() if was.get(key) != deadline))
