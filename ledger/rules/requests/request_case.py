"""A rights request beside the promises that bind whoever handles it: what every rule about requests looks at. Pure.

Owns: which promises hold for a request, and how a finding is put. Leaves to others: the rules themselves
(`ledger.rules.requests.request_deadlines`, `request_channels`, `request_refusals`, `request_answers`).

The promises are those in force when the request was received: what is promised later is not owed for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.aggregates.cases import Stated
from ledger.aggregates.request_statements import Received
from ledger.aggregates.rights_request import RightsRequest
from ledger.rules.calendar.periods import day_of
from ledger.rules.controller_state import ControllerState, RuleInForce
from ledger.rules.findings import Finding
from ledger.rules.judged import Judged, OnEntry

_EPOCH_DAY = date(1970, 1, 1).toordinal()

LAW = ""
"""The rule of what the law itself asks."""


@dataclass(frozen=True)
class RequestCase:
    """A request that was received, and the governance it is judged by."""

    request: RightsRequest
    receipt: Received
    state: ControllerState

    def promises(self, kind: str) -> Sequence[RuleInForce]:
        """The promises of a kind that held when the request was received."""
        return self.state.entries(kind, self.receipt.occurred_at)


def on_entry(
    stated: Stated, *, code: str, article: str, expected: str, found: str, rule: str = LAW
) -> OnEntry:
    """A finding on the entry that states something."""
    finding = Finding(code=code, article=article, expected=expected, found=found, rule=rule)
    return OnEntry(stated.at_offset, stated.occurred_at, finding)


def pack_of(rule: str) -> str:
    """The pack a rule is of."""
    return rule.partition(":")[0]


def joined(parts: Iterable[Judged]) -> Judged:
    """All that several rules come to, in their order."""
    all_parts = tuple(parts)
    return Judged(
        findings=tuple(finding for part in all_parts for finding in part.findings),
        shown=tuple(shown for part in all_parts for shown in part.shown),
        deadlines=tuple(deadline for part in all_parts for deadline in part.deadlines),
    )


def date_of(moment: int) -> str:
    """The local date of a moment, as 2026-03-02."""
    return date_of_day(day_of(moment))


def date_of_day(day: int) -> str:
    """The date of a local day, days since 1970-01-01."""
    return date.fromordinal(day + _EPOCH_DAY).isoformat()


def spelt(code: str) -> str:
    """A code as words: legal_claim is "legal claim"."""
    return code.replace("_", " ")
