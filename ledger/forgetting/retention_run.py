"""A retention run: what is over is destroyed, once, and the ledger says so before and after.

Each step, in this order; behind each, what a crash there leaves and what repairs it, which is always the next run:

1. take the lock: one run at a time;                          nothing: the lock dies with its connection
2. wait until all that is in the inbox is recorded, so that
   what an earlier run published is known;                    nothing
3. check the clock (`guard`);                                 nothing
4. finish what an earlier run announced: steps 8 to 10;       as there
5. plan, and check the bound;                                 nothing
6. put aside what opens held people's fields of the days;     secrets nobody uses while the days' keys live
7. publish `retention.ended` and each key's intent, and wait
   until they are recorded: from here on there is no way
   back, because whoever opens the vault destroys what is
   announced (`ledger.sealing.governance`);                   keys announced, perhaps destroyed: step 4
8. destroy, and try to open: it must fail;                    keys destroyed and not confirmed: step 4
9. instruct the services that hold the data;                  instructions sent and not recorded: the same ids again
10. publish that each destruction is confirmed, and wait;     nothing is owed
11. of what no hold covers any more: instruct the services,
    publish `retention.ended` and wait;                        as in steps 9 and 10
12. release it.                                                whoever opens the vault does (as in step 7)

A destruction is confirmed only after a fresh look at the vault found nothing to open; what the call that destroyed
returned, or how it failed, proves nothing (FAULTS, row 48).

Owns: this order. Leaves to others: the decision (`retention_plan`), the clocks (`guard`), who is told
(`retention_notices`). DESIGN section 7.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Self
from uuid import UUID

import structlog

from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS
from ledger.contract.cloudevents import format_time
from ledger.draining import drain
from ledger.errors import InfrastructureError
from ledger.forgetting.ended_facts import (
    CONFIRMED,
    INTENT,
    Destruction,
    announced,
    destroyed_fact,
    destruction_of,
    ended_fact,
    released_fact,
)
from ledger.forgetting.guard import SILENCE_MAX, Approval, Clocks, check_bound, check_clocks, database_clocks
from ledger.forgetting.instructions import give_instructions
from ledger.forgetting.own_facts import OwnFacts
from ledger.forgetting.retention_notices import due_instructions, release_instructions
from ledger.forgetting.retention_plan import (
    WHY_AGREEMENT,
    WHY_PROOF,
    WHY_RETENTION,
    Aside,
    Ending,
    EpochEnding,
    HeldSubject,
    Release,
    RetentionPlan,
    make_plan,
    stopped_before,
)
from ledger.postgres.advisory_lock import AdvisoryLock
from ledger.postgres.connection import Connection
from ledger.sealing.key_names import fact_class
from ledger.sealing.opening import read_keys, secrets_to_hold
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import DestructionRow, Ended, EndedDay, EndedProof
from ledger.vault.keys import EpochKeyName
from ledger.vault.vault import Vault

LOCK = "retention run"
PORTION = 2000
"""Keys announced, destroyed and confirmed at a time: a few megabytes of facts."""
DESTROY_AT_ONCE = 500
"""Keys of one transaction in the vault: its locks are held for milliseconds."""
READ_AT_ONCE = 500
"""A held person's records in memory: their keys come from the vault in one question."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run came to.

    Args:
        run_id: names the run in its facts.
        as_of: the run's clock, microseconds UTC.
        plan: what was due and what was held.
        finished: destructions that an earlier run had announced.
        instructions: ids of the instructions given.
        released: fields let go of that a hold had kept.
    """

    run_id: str
    as_of: int
    plan: RetentionPlan = field(default_factory=RetentionPlan)
    finished: Sequence[Destruction] = ()
    instructions: Sequence[str] = ()
    released: int = 0


class RetentionRun:
    """One run, or a look at what one would do.

    Args:
        parts: where everything is, and the clock.
        vault: follows the governance partition already; see `Runtime.vault`.
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
        self._queries = ForgettingQueries(store)
        self._own = OwnFacts(parts, vault, settle=settle)
        self._settle = settle
        self._clocks = clocks

    @classmethod
    @contextmanager
    def of(cls, parts: Runtime) -> Iterator[Self]:
        """A run on connections of its own."""
        with parts.making_vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
            store.autocommit = True
            yield cls(parts, vault, store)

    def plan(self) -> RetentionPlan:
        """What a run would do now, by what is recorded; changes nothing.

        Raises:
            ClockRefused: the clock is not to be believed.
        """
        as_of = self._parts.clock()
        # Whoever looks at a plan is the one who vouches for its date.
        return self._plan(as_of) if self._clock_shows(as_of, vouched=True) else RetentionPlan()

    def carry_out(self, approval: Approval | None = None) -> Outcome:
        """Carries out whatever is due now.

        Raises:
            ClockRefused, SecondPersonNeeded: nothing new was destroyed.
            NotDestroyed: a key still opens; nothing says that it was destroyed. Run again.
            InfrastructureError: something did not answer, or another run is at work. Run again.
        """
        with AdvisoryLock(self._parts.vault_dsn, LOCK) as lock:
            if not lock.acquire():
                raise InfrastructureError(
                    "another retention run is at work",
                    expected="one at a time",
                    do="Wait for it to end; what it does is not left to do.",
                )
            self._settle_inbox()
            as_of = self._parts.clock()
            run_id = f"retention-{format_time(as_of)}" + (":approved" if approval else "")
            if not self._clock_shows(as_of, vouched=approval is not None):
                return Outcome(run_id=run_id, as_of=as_of)
            finished = [announced(row) for row in self._queries.open_destructions() if _is_ours(row)]
            given = self._destroy(finished, run_id, as_of)
            plan = self._plan(as_of)
            check_bound(plan.destructions, self._parts.settings.destructions_max, plan.digest, approval)
            self._put_aside(plan.aside)
            self._announce_held(plan.held, run_id, as_of)
            for start in range(0, plan.destructions, PORTION):
                given += self._end(plan.due[start : start + PORTION], run_id, as_of)
            released = 0
            for each in plan.release:
                given += self._tell_release(each, run_id, as_of)
                released += self._vault.release_held(each.subject, [each.retention_class])
        log.info(
            "retention.run.done",
            run_id=run_id,
            plan=plan.digest,
            destroyed=plan.destructions,
            finished=len(finished),
            held=len(plan.held),
            instructions=len(given),
            released=released,
        )
        return Outcome(
            run_id=run_id, as_of=as_of, plan=plan, finished=finished, instructions=given, released=released
        )

    def _settle_inbox(self) -> None:
        if self._settle is not None:
            self._settle(self._parts)
            return
        with self._parts.reader({}) as reader:
            ends = reader.ends([each for topic in INBOX_TOPICS for each in reader.partitions_of(topic)])
        drain(self._parts, ends, ourselves=True, on_progress=lambda _done, _all: None)

    def _clock_shows(self, as_of: int, *, vouched: bool) -> bool:
        """Whether anything was ever recorded that shows the time; raises ClockRefused when it contradicts ours."""
        shown = self._queries.time_shown(as_of, silence_max=SILENCE_MAX)
        check_clocks(as_of, self._clocks(self._store, self._vault), shown, vouched=vouched)
        return shown is not None

    def _plan(self, as_of: int) -> RetentionPlan:
        rules = self._queries.controller_rules()
        return make_plan(
            rules=rules,
            live=self._vault.live_epochs(),
            consents=self._queries.consent_facts(before=stopped_before(rules, as_of)),
            held=[HeldSubject(*each) for each in self._vault.held_subjects()],
            as_of=as_of,
        )

    def _put_aside(self, asides: Sequence[Aside]) -> None:
        """Keeps what opens held people's fields, one person at a time."""
        days: dict[UUID, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for aside in asides:
            days[aside.subject][aside.day].add(aside.retention_class)
        for subject, classes in days.items():
            stored = self._queries.records_of(subject, classes.keys())
            records = (each.record for each in stored if each.record.sealed)
            while portion := list(islice(records, READ_AT_ONCE)):
                keys = read_keys(self._vault, portion)
                self._vault.hold_fields(
                    [
                        row
                        for each in portion
                        for row in secrets_to_hold(keys, each, classes[each.occurred_day])
                    ]
                )

    def _announce_held(self, held: Sequence[Ending], run_id: str, as_of: int) -> None:
        """Says of what is over and kept which holds keep it, once per set of holds."""
        known = self._queries.ended_facts()
        self._own.publish([ended_fact(each, run_id) for each in held if not _is_recorded(each, known)], as_of)
        self._own.settle()

    def _end(self, endings: Sequence[Ending], run_id: str, as_of: int) -> list[str]:
        known = self._queries.ended_facts({each.controller for each in endings})
        destructions = [destruction_of(each) for each in endings]
        self._own.publish(
            [
                *(ended_fact(each, run_id) for each in endings if not _is_recorded(each, known)),
                *(destroyed_fact(each, INTENT) for each in destructions),
            ],
            as_of,
        )
        self._own.settle()
        return self._destroy(destructions, run_id, as_of)

    def _tell_release(self, release: Release, run_id: str, as_of: int) -> list[str]:
        """Step 11; the ids of the instructions given."""
        recorded = {row.instruction for row in self._queries.instruction_rows(controller=release.controller)}
        due = release_instructions(self._vault, self._queries, release, run_id=run_id, given_at=as_of)
        given = give_instructions(self._parts, self._own, due, given_at=as_of, recorded=recorded)
        # Once the end is recorded, whoever opens the vault releases, and nobody could tell any more whose events
        # to name: so the instructions are recorded before it.
        self._own.settle()
        ends = {
            Release(row.controller, row.subject, row.retention_class, row.ended_at)
            for row in self._queries.retention_rows(controller=release.controller)
            if row.subject is not None and row.fact is None
        }
        if release not in ends:
            self._own.publish([released_fact(release, run_id)], as_of)
            self._own.settle()
        return given

    def _destroy(self, destructions: Sequence[Destruction], run_id: str, as_of: int) -> list[str]:
        """Steps 8 to 10, for what is announced; the ids of the instructions given."""
        if not destructions:
            return []
        for why, names in _epochs_by_why(destructions).items():
            for start in range(0, len(names), DESTROY_AT_ONCE):
                portion = names[start : start + DESTROY_AT_ONCE]
                self._vault.destroy_epochs(portion, why)
                self._vault.confirm_epochs_destroyed(portion)
        for each in destructions:
            if each.subject is not None and each.fact is not None:
                name = fact_class(each.retention_class, each.fact)
                self._vault.destroy_subject_key(each.subject, name, each.why)
                self._vault.confirm_subject_destroyed(each.subject, [name])
        due = due_instructions(
            self._parts, self._vault, self._store, destructions, run_id=run_id, given_at=as_of
        )
        given = give_instructions(self._parts, self._own, due, given_at=as_of)
        self._own.publish([destroyed_fact(each, CONFIRMED) for each in destructions], as_of)
        self._own.settle()
        return given


def _is_ours(row: DestructionRow) -> bool:
    """Whether a retention run announced it, and not an erasure."""
    if row.why == WHY_AGREEMENT:
        return row.epoch_day is not None
    return row.why in {WHY_RETENTION, WHY_PROOF}


def _is_recorded(ending: Ending, known: Ended) -> bool:
    if isinstance(ending, EpochEnding):
        return EndedDay(*ending.name, ending.held_by) in known.days
    return EndedProof(ending.controller, ending.subject, ending.fact, ending.held_by) in known.proofs


def _epochs_by_why(destructions: Sequence[Destruction]) -> dict[str, list[EpochKeyName]]:
    grouped: dict[str, list[EpochKeyName]] = defaultdict(list)
    for each in destructions:
        if each.day is not None:
            grouped[each.why].append((each.controller, each.retention_class, each.day))
    return grouped
