"""What keeps a retention run from destroying what is not due: three refusals, before anything is destroyed.

A destroyed key does not come back, so a run trusts no clock alone:

1. its clock against those of the two databases: one machine's clock that is wrong stands out;
2. its clock against the newest facts recorded: all of them wrong stands out, because nothing happened yet in the time
   the run believes it is. The ledger's own facts do not count: it could publish its way into the future. Nor do facts
   alone that were sealed after a silence without its like, because that is what a clock that jumped looks like:
   publishers, who have clocks of their own, have to say the same, and nothing is destroyed for two days, in which
   somebody can set the clock, also when publishers share it;
3. how much it would destroy: above a bound, a second person has to look first.

Pure but for `database_clocks`. Leaves to others: what is due (`retention_plan`). FAULTS, row 36.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ledger.contract.cloudevents import format_time
from ledger.errors import IntegrityError, NotPermitted
from ledger.postgres.connection import Connection, translated_errors
from ledger.store.forgetting_rows import TimeShown
from ledger.vault.vault import Vault

MICROS_PER_S = 1_000_000
CLOCKS_APART_MAX = 5 * 60 * MICROS_PER_S
"""Clocks that follow a time server are milliseconds apart; five minutes is a clock that follows none."""
AHEAD_OF_RECORDED_MAX = 48 * 3600 * MICROS_PER_S
"""A weekend without a call is ordinary; a ledger that heard nothing for longer may as well wait for the next fact."""
SILENCE_MAX = AHEAD_OF_RECORDED_MAX
"""A longer silence is either the ledger's habit, or a jump of the clock as far as anybody can tell."""
AFTER_JUMP_MIN = 48 * 3600 * MICROS_PER_S
"""Every hour of it a run fails, which somebody sees."""


class ClockRefused(IntegrityError):
    """The clock a run would go by is not to be believed; nothing was destroyed, and nothing said."""


class SecondPersonNeeded(NotPermitted):
    """A run would destroy more than one person may decide; nothing was destroyed."""


class ReferenceClock(NamedTuple):
    """Another clock's reading; microseconds UTC."""

    name: str
    now: int


Clocks = Callable[[Connection, Vault], Sequence[ReferenceClock]]
"""Reads other clocks, through connections to the store and the vault."""


class Approval(NamedTuple):
    """A second person looked at a plan.

    `by` is asked for so that nobody approves by accident. It is a name, so it is neither logged nor recorded.
    """

    digest: str
    by: str


def database_clocks(store: Connection, vault: Vault) -> Sequence[ReferenceClock]:
    """The clocks of the store's and the vault's servers."""
    with translated_errors("reading the store's clock"), store.transaction():
        row = store.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").fetchone()
    assert row is not None  # noqa: S101 # a SELECT without FROM has one row
    return [ReferenceClock("the store", int(row[0])), ReferenceClock("the vault", vault.database_clock())]


def check_clocks(
    now: int, clocks: Sequence[ReferenceClock], shown: TimeShown | None, *, vouched: bool = False
) -> None:
    """Refuses to go by a clock that others contradict.

    Args:
        now: the run's clock, microseconds UTC.
        clocks: other clocks, read at the same moment.
        shown: what publishers' last facts show of the time; None when there are none, and then nothing shows the time:
            the caller MUST NOT destroy anything.
        vouched: a second person looked at the date, so the newest facts need not show it: a ledger that nobody
            publishes to any more still forgets.

    Raises:
        ClockRefused: it is too far from one of them, too far ahead of the newest facts, or they came after a jump.
    """
    check_together(now, clocks, to="destroy anything")
    if shown is not None and not vouched:
        _check_facts(now, shown)


def check_together(now: int, clocks: Sequence[ReferenceClock], *, to: str) -> None:
    """Refuses to go by a clock that is too far from another.

    Args:
        now: this process's clock, microseconds UTC.
        clocks: other clocks, read at the same moment.
        to: what it was to be gone by for, as the error says it.

    Raises:
        ClockRefused: it is.
    """
    for clock in clocks:
        if abs(now - clock.now) > CLOCKS_APART_MAX:
            raise ClockRefused(
                f"this machine's clock and that of {clock.name} are too far apart to {to}",
                expected=f"at most 5 minutes between them, and {clock.name} says {format_time(clock.now)}",
                found=format_time(now),
                do="Find out which of the two is wrong and set it by a time server; then run again.",
            )


def _check_facts(now: int, shown: TimeShown) -> None:
    newest = shown.newest if shown.silence_ended is None else shown.supported
    if now - newest > AHEAD_OF_RECORDED_MAX:
        raise ClockRefused(
            "the clock is too far ahead of the newest recorded fact to destroy anything",
            expected=f"at most 48 hours after {format_time(newest)}",
            found=format_time(now),
            do="Set the clock if it is wrong. If the ledger heard nothing for so long, see whether `ledger seal` and "
            "`ledger record` run; the next fact that is recorded lets the run go on, or a second person's --approve.",
        )
    if shown.silence_ended is not None and now - shown.silence_ended < AFTER_JUMP_MIN:
        raise ClockRefused(
            "the clock may have jumped: what it says is too new to destroy anything",
            expected="48 hours since a silence longer than the ledger is used to",
            found=f"the silence ended {format_time(shown.silence_ended)}",
            do="Set the clock if it is wrong. If the ledger really heard nothing for so long, wait, or let a second "
            "person look: `ledger retention run --dry-run`, then --approve.",
        )


def check_bound(destructions: int, destructions_max: int, digest: str, approval: Approval | None) -> None:
    """Refuses to destroy more keys than the bound unless a second person approved exactly this plan.

    Args:
        destructions: how many keys the plan destroys.
        destructions_max: how many one run may (`LEDGER_DESTRUCTIONS_MAX`).
        digest: the plan's.
        approval: a second person's, if given.

    Raises:
        SecondPersonNeeded: it is more, and nobody approved it, or somebody approved another plan.
    """
    if approval is not None and approval.digest != digest:
        raise SecondPersonNeeded(
            "the approval is of another plan",
            expected=f"the digest of what is due now, {digest}",
            found=approval.digest[:64] if approval.digest.isalnum() else "no digest",
            do="Look at the plan again with `ledger retention run --dry-run`; more may have become due since.",
        )
    if destructions > destructions_max and approval is None:
        raise SecondPersonNeeded(
            "one run would destroy more keys than one person may decide",
            expected=f"at most {destructions_max} (LEDGER_DESTRUCTIONS_MAX)",
            found=str(destructions),
            do="Let a second person look at `ledger retention run --dry-run` and then run "
            f"`ledger retention run --approve {digest} --by NAME`.",
        )
