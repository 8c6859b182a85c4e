"""What judging comes to: findings on entries, what an entry shows of a promise, and deadlines. Pure.

Owns: these values. Leaves to others: judging entries (`ledger.rules.processing.judgement`), cases
(`ledger.rules.contracts.judgement`) and requests (`ledger.rules.requests.judgement`).

Times are microseconds since the epoch, UTC.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ledger.rules.findings import Finding


class OnEntry(NamedTuple):
    """A finding, and the entry of the case that it is on."""

    offset: int
    occurred_at: int
    finding: Finding


class Shown(NamedTuple):
    """What an entry shows of a promise: a stable mark, the promise (pack:entry; empty when it is the law).

    `due_at` is when the promise is to be fulfilled, where the entry only shows that it is owed; None when the entry
    shows that it was kept. `detail` is what the entry is about, where promises tell that apart: the purpose, the right
    that was asked for, the processors, or of what is owed the retention class.
    """

    mark: str
    rule: str
    due_at: int | None = None
    detail: str = ""


class DeadlineState(StrEnum):
    """What became of a deadline. What is met or void was open before, though maybe not for long."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """Until when something of a case is owed.

    Attributes:
        case_kind: request, breach, audit, subprocessor, ...
        case_id: the case, as its facts name it.
        name: which of the case's deadlines, for example answer or notify_controller.
        rule: the promise it comes from, pack:entry; empty for the law itself.
        article: where the text says so.
        offset: the entry that started it, in the case's ledger partition.
        starts_at: what starts the clock.
        ends_at: when it ends: of days, the midnight after the last one; of hours, or a moment that was named, the last
            moment that is in time.
        other_ends_at: by the other reading of the text, where there are two; the earlier is `ends_at`.
        calendar: version of the holiday table; None for hours and for calendar periods.
        state: open, met, missed or void.
        about: of a request the right that was asked for; empty otherwise.
    """

    case_kind: str
    case_id: str
    name: str
    rule: str = ""
    article: str
    offset: int
    starts_at: int
    ends_at: int
    other_ends_at: int | None = None
    calendar: str | None = None
    state: DeadlineState = DeadlineState.OPEN
    about: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from the others of its controller and stream."""
        return (self.case_kind, self.case_id, self.name, self.rule)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """All that a case, or one processing entry, comes to by some rules."""

    findings: tuple[OnEntry, ...] = ()
    shown: tuple[Shown, ...] = ()
    deadlines: tuple[Deadline, ...] = ()


NOTHING = Judged()
