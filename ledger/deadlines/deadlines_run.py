"""A run over the open deadlines: what is near and what has passed is said, once.

Each step, in this order; behind each, what a crash there leaves and what repairs it, which is always the next run:

1. look for deadlines of which something is to be said;          nothing
2. check the clock against those of the two databases;           nothing
3. wait until all that is in the inbox is recorded, so that an
   answer that is on its way counts, and look again;             nothing
4. publish the facts;                                            some published: the same facts again, once each
5. wait until they are recorded.                                 as in step 4, if their sealing is still to come

A deadline that a wrong clock lets pass would stand in the log as passed for ever; answers in time would still count,
but a promise would have been called broken. Whether all clocks are wrong together is not asked as it is before keys
are destroyed (`ledger.forgetting.guard`): a ledger that hears nothing for two days still has deadlines.

Owns: this order. Leaves to others: what is said (`deadline_facts`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Self

import structlog

from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS
from ledger.deadlines.deadline_facts import DeadlineFact, Phase, fact_about, phase_of
from ledger.draining import drain
from ledger.forgetting.guard import Clocks, check_together, database_clocks
from ledger.forgetting.own_facts import OwnFacts
from ledger.postgres.connection import Connection
from ledger.store.deadlines import OPEN, read_deadlines, recorded_facts
from ledger.vault.vault import Vault

log = structlog.get_logger()


class Said(NamedTuple):
    """How many deadlines a run said to be near, and to have passed."""

    near: int
    passed: int


class DeadlinesRun:
    """One run.

    Args:
        parts: where everything is, and the clock.
        vault: has the key that own facts are authenticated with.
        store: a connection to the live schema, in autocommit.
        settle: seals and records what is in the inbox, in place of waiting for the processes that do; for tests.
        clocks: other clocks to hold ours against.
    """

    def __init__(
        self,
        parts: Runtime,
        vault: Vault,
        store: Connection,
        *,
        settle: Callable[[Runtime], None] | None = None,
        clocks: Clocks = database_clocks,
    ) -> None:
        self._parts = parts
        self._vault = vault
        self._store = store
        self._own = OwnFacts(parts, vault, settle=settle)
        self._settle = settle
        self._clocks = clocks

    @classmethod
    @contextmanager
    def of(cls, parts: Runtime) -> Iterator[Self]:
        """A run on connections of its own."""
        with parts.vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
            store.autocommit = True
            yield cls(parts, vault, store)

    def carry_out(self) -> Said:
        """Says whatever is to be said now.

        Raises:
            ClockRefused: the clock is not to be believed; nothing was said.
            InfrastructureError: something did not answer. Run again.
        """
        now = self._parts.clock()
        if not self._due(now):
            return Said(0, 0)
        check_together(
            now, self._clocks(self._store, self._vault), to="say that a deadline is near or passed"
        )
        self._settle_inbox()
        due = self._due(now)
        self._own.publish([each.fact for each in due], now)
        self._own.settle()
        said = Said(
            near=sum(each.phase is Phase.NEAR for each in due),
            passed=sum(each.phase is Phase.PASSED for each in due),
        )
        log.info("deadlines.run.done", near=said.near, passed=said.passed)
        return said

    def _due(self, now: int) -> Sequence[DeadlineFact]:
        """The facts that are to be published: those that are not recorded."""
        rows = read_deadlines(self._store, states=[OPEN])
        facts = [fact_about(row, phase) for row in rows if (phase := phase_of(row, now)) is not None]
        recorded = recorded_facts(self._store, [each.key for each in facts])
        return [each for each in facts if each.key not in recorded]

    def _settle_inbox(self) -> None:
        if self._settle is not None:
            self._settle(self._parts)
            return
        with self._parts.reader({}) as reader:
            ends = reader.ends([each for topic in INBOX_TOPICS for each in reader.partitions_of(topic)])
        drain(self._parts, ends, ourselves=True, on_progress=lambda _done, _all: None)
