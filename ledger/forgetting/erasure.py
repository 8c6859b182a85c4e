"""Erasing a person: carrying out, step by step, what `erasure_decision` decides.

Each step, in this order; behind each, what a crash there leaves. What repairs it is always the same: the next
`advance` reads the facts and the vault again and goes on.

1. publish `erasure.started`;                                nothing, or the fact: its id follows from the person
2. instruct the recipients;                                  messages without a fact: sent again, the same ids
3. search every place, publish `erasure.searched`;           nothing: searched again
4. publish `key.destroyed{intent}` per class;                announced: whoever opens the vault destroys them
5. close the person, destroy the keys, try to open them;     some destroyed: destroying again ends the same
6. wait until the sealers are past the inbox as it was;      nothing
7. forget the person's identifiers;                          forgotten; forgetting again ends the same
8. re-read, publish `key.destroyed{confirmed}`;              nothing: read again
9. re-read, publish `erasure.verified` or `.incomplete`.     nothing: read again

Nothing is called done that was not tried: step 5 by the vault, step 8 and 9 on every record (FAULTS, row 48). A key
that opens all the same ends the attempt with `erasure.incomplete` and an error.

A hold that ends later frees what it kept: another erasure of the same person follows, under the next id.

Owns: these effects and their order. Leaves to others: every decision. DESIGN sections 3, 4 and 7.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from ledger.bootstrap import Runtime
from ledger.draining import drain
from ledger.errors import InfrastructureError, LedgerError
from ledger.forgetting import erasure_facts as facts
from ledger.forgetting.erasure_decision import Step, next_step
from ledger.forgetting.erasure_facts import About
from ledger.forgetting.erasure_plan import erasure_id_of
from ledger.forgetting.erasure_start import Planner
from ledger.forgetting.erasure_state import held_people, in_vault, inbox_ends, recorded
from ledger.forgetting.erasure_steps import Attempt, unknown_erasure
from ledger.forgetting.own_facts import OwnFacts
from ledger.forgetting.places import OnProgress
from ledger.log.records import Partition
from ledger.postgres.advisory_lock import AdvisoryLock
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import ErasureState

LOCK_PATIENCE_S = 120.0
"""How long another process may work on the same person's erasure: a search of a large ledger takes minutes, and whoever
waits longer finds it done the next time."""
LOCK_POLL_S = 0.2

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Order:
    """Whom to erase, and why; `trigger` is one of `erasure_plan.TRIGGER_ARTICLES`."""

    stream: UUID
    controller: str
    trigger: str
    request_id: str | None = None


class Erasures:
    """Starts erasures and takes them as far as they go.

    Args:
        parts: where everything is; its clock says when.
        settle: seals and records what is in the inbox, in place of waiting for the processes that do; for tests.
        on_progress: told how far a search is.
        known_as: identifiers by which the operator named the person: looked for, and kept in memory only.
    """

    attempt_type = Attempt
    """What takes the steps; tests put broken ones here."""

    def __init__(
        self,
        parts: Runtime,
        *,
        settle: Callable[[Runtime], None] | None = None,
        on_progress: OnProgress = lambda _done, _all: None,
        known_as: tuple[str, ...] = (),
    ) -> None:
        self._parts = parts
        self._settle = settle
        self._on_progress = on_progress
        self._known_as = known_as

    def start(self, order: Order) -> tuple[ErasureState, bool]:
        """Starts an erasure, unless the person is erased, or being erased, already.

        Returns:
            The erasure, and whether it was started now.

        Raises:
            NotPermitted: holds keep everything there is of the person.
            InfrastructureError: another process is at it, or nothing moves.
        """
        with self._attempt(order.stream) as attempt:
            known = attempt.queries.erasures_of(order.stream)
            planner = Planner(self._parts, attempt.vault, attempt.queries, attempt.now)
            if known and not (known[-1].verified and planner.freed(known[-1])):
                return known[-1], False
            erasure_id = erasure_id_of(order.stream, len(known))
            whole = About(
                erasure_id=erasure_id,
                stream=order.stream,
                controller=order.controller,
                trigger=known[-1].trigger if known else order.trigger,
                request_id=known[-1].request_id if known else order.request_id,
            )
            # A crash before the fact is recorded leaves nothing, or a fact under the id that the next start gives.
            attempt.say([facts.started(whole, planner.plan(whole))])
            log.info("erasure.started", erasure_id=erasure_id, controller=order.controller)
            return attempt.state(erasure_id), True

    def advance(self, erasure_id: str) -> ErasureState:
        """Takes an erasure as far as it goes now.

        Raises:
            NotFound: there is no such erasure.
            NotDestroyed: a key still opens; nothing is called done.
            InfrastructureError: another process is at it, or nothing moves; call again.
        """
        with self._parts.store_connection(self._parts.settings.store_schema) as store:
            known = ForgettingQueries(store).erasure(erasure_id)
        if known is None:
            raise unknown_erasure()
        with self._attempt(known.stream) as attempt:
            attempt.drive(erasure_id)
            return attempt.state(erasure_id)

    @contextmanager
    def _attempt(self, stream: UUID) -> Iterator[Attempt]:
        """One person's erasure, by this process alone, with everything published so far recorded."""
        with AdvisoryLock(self._parts.vault_dsn, f"erasure {stream}") as lock:
            _acquire(lock)
            self.catch_up()
            with (
                self._parts.vault() as vault,
                self._parts.store_connection(self._parts.settings.store_schema) as store,
            ):
                own = OwnFacts(self._parts, vault, settle=self._settle)
                yield self.attempt_type(self._parts, vault, store, own, self._on_progress, self._known_as)

    def catch_up(self) -> None:
        """Returns once whatever is in the inbox is recorded: facts of an attempt that died among it."""
        if self._settle is not None:
            self._settle(self._parts)
            return
        ends = {Partition(end.topic, end.partition): end.next_offset for end in inbox_ends(self._parts)}
        drain(self._parts, ends, ourselves=True, on_progress=lambda _done, _all: None)


def advance_all(
    parts: Runtime, clock: Callable[[], int] | None = None, *, settle: Callable[[Runtime], None] | None = None
) -> list[ErasureState]:
    """Takes every erasure that is not verified as far as it goes, and starts those that a hold kept back.

    One that fails does not keep the others waiting; the first failure is raised at the end.

    Args:
        parts: where everything is.
        clock: now, microseconds UTC; None for that of `parts`.
        settle: as for `Erasures`.

    Returns:
        Those that are not verified, or were not before.
    """
    parts = parts if clock is None else replace(parts, clock=clock)
    erasures = Erasures(parts, settle=settle)
    erasures.catch_up()
    failures: list[LedgerError] = []
    for state in _held_back(parts):
        with _collected(failures):
            erasures.start(Order(stream=state.stream, controller=state.controller, trigger=state.trigger))
    states: list[ErasureState] = []
    for state, waits in _open(parts):
        with _collected(failures):
            states.append(state if waits else erasures.advance(state.erasure_id))
    if failures:
        raise failures[0]
    return states


def _held_back(parts: Runtime) -> list[ErasureState]:
    """The last erasures of people of whom a hold kept something that nothing keeps any more."""
    with parts.vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
        queries = ForgettingQueries(store)
        planner = Planner(parts, vault, queries, parts.clock())
        last = [queries.erasure_of(stream) for stream in held_people(store)]
        return [state for state in last if state and state.verified and planner.freed(state)]


def _open(parts: Runtime) -> list[tuple[ErasureState, bool]]:
    """The erasures that are not verified, and whether each only waits for recipients: most do, for weeks."""
    with parts.vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
        queries = ForgettingQueries(store)
        states = [queries.erasure(erasure_id) for erasure_id in queries.open_erasures()]
        return [
            (
                state,
                next_step(recorded(state), in_vault(state, vault), parts.clock()) is Step.AWAIT_RECIPIENTS,
            )
            for state in states
            if state is not None
        ]


@contextmanager
def _collected(failures: list[LedgerError]) -> Iterator[None]:
    try:
        yield
    except LedgerError as failure:
        log.warning("erasure.failed", error=type(failure).__name__)
        failures.append(failure)


def _acquire(lock: AdvisoryLock) -> None:
    waits_until = time.monotonic() + LOCK_PATIENCE_S
    while not lock.acquire():
        if time.monotonic() > waits_until:
            raise InfrastructureError(
                "another process is erasing the same person",
                expected=f"it to be done within {LOCK_PATIENCE_S:.0f} s",
                do="Ask again later: `ledger erase status`",
            )
        time.sleep(LOCK_POLL_S)
