"""The steps of an erasure, each as one method: what it does to the world, and the fact that says so.

The order, and what a crash behind each step leaves, stand in `erasure`. A step says whether anything changed; when
nothing did, the attempt ends.

Owns: the effects. Leaves to others: which step is next (`erasure_decision`).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from ledger.aggregates.erasure_details import ErasureProblem
from ledger.bootstrap import Runtime
from ledger.errors import InfrastructureError, NotFound
from ledger.forgetting import erasure_facts as facts
from ledger.forgetting.erasure_decision import Step, backups_until, next_step, problems, problems_digest
from ledger.forgetting.erasure_state import (
    about,
    exports,
    in_vault,
    live_classes,
    recorded,
    reports,
    suspect,
    times_verified,
)
from ledger.forgetting.instructions import Instruction, Reference, give_instructions, instruction_id, messages
from ledger.forgetting.own_facts import OwnFact, OwnFacts
from ledger.forgetting.places import OnProgress, open_values, search
from ledger.forgetting.verification import Reread, reread
from ledger.log.publisher import InboxPublisher
from ledger.postgres.connection import Connection
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import ErasureState, SubjectRecipient
from ledger.vault.destruction import NotDestroyed
from ledger.vault.in_flight import BatchInFlight
from ledger.vault.vault import Vault

STEPS_MAX = 100
"""Steps of one attempt: nine, and a few more for keys that are made in between; more is a loop."""
WAITING = frozenset({Step.AWAIT_SEALERS, Step.AWAIT_RECIPIENTS, Step.NOTHING})

log = structlog.get_logger()


@dataclass(frozen=True)
class _References:
    """A recipient's own events about a person, read anew whenever they are asked for: there may be millions."""

    queries: ForgettingQueries
    stream: UUID
    recipient: SubjectRecipient

    def __iter__(self) -> Iterator[Reference]:
        return (Reference(*event) for event in self.queries.references_of(self.stream, self.recipient))


@dataclass(frozen=True)
class Attempt:
    """The connections of one attempt at one person's erasure, and by what the operator named the person."""

    parts: Runtime
    vault: Vault
    store: Connection
    own: OwnFacts
    on_progress: OnProgress
    known_as: tuple[str, ...] = field(default=(), repr=False)

    @property
    def queries(self) -> ForgettingQueries:
        """Questions to the store."""
        return ForgettingQueries(self.store)

    @property
    def now(self) -> int:
        """Microseconds UTC."""
        return self.parts.clock()

    def state(self, erasure_id: str) -> ErasureState:
        """An erasure as it is recorded now."""
        state = self.queries.erasure(erasure_id)
        if state is None:
            raise unknown_erasure()
        return state

    def say(self, said: Sequence[OwnFact]) -> None:
        """Publishes facts and returns once they are recorded."""
        self.own.publish(said, self.now)
        self.own.settle()

    def drive(self, erasure_id: str) -> None:
        """Takes step after step until it is others' turn.

        Raises:
            NotDestroyed: a key still opens; nothing is called done.
            InfrastructureError: it does not come to an end.
        """
        steps: dict[Step, Callable[[ErasureState], bool]] = {
            Step.INSTRUCT: self._instruct,
            Step.SEARCH: self._search,
            Step.ANNOUNCE: self._announce,
            Step.DESTROY: self._destroy,
            Step.FORGET: self._forget,
            Step.CONFIRM: self._confirm,
            Step.VERIFY: self._verify,
        }
        for _ in range(STEPS_MAX):
            state = self.state(erasure_id)
            step = next_step(recorded(state), in_vault(state, self.vault), self.now)
            if step in WAITING or not steps[step](state):
                return
            log.info("erasure.step.done", erasure_id=erasure_id, step=step.value)
        raise InfrastructureError(
            f"erasure {erasure_id} does not come to an end",
            expected=f"at most {STEPS_MAX} steps",
            do="Try again; if it repeats, look for what keeps making keys of this person",
        )

    def _instruct(self, state: ErasureState) -> bool:
        known = {each.instruction for each in state.instructions}
        give_instructions(self.parts, self.own, self._instructions(state), given_at=self.now, recorded=known)
        self.own.settle()
        return True

    def _instructions(self, state: ErasureState) -> list[Instruction]:
        return [
            Instruction(
                instruction=instruction_id(state.erasure_id, state.controller, each.name, each.kind),
                recipient=each.name,
                recipient_kind=each.kind,
                action="erase",
                controller=state.controller,
                confirm_by=each.confirm_by,
                retention_classes=state.started.destroyed_classes,
                subject=state.stream,
                references=_References(self.queries, state.stream, SubjectRecipient(each.name, each.kind)),
                erasure_id=state.erasure_id,
            )
            for each in state.started.recipients
        ]

    def _search(self, state: ErasureState) -> bool:
        values = open_values(self.parts, self.vault, state.stream, state.controller, self.known_as)
        found = search(self.parts, values, exports(state, self.vault), self.on_progress)
        self.say([facts.searched(about(state), found)])
        return True

    def _announce(self, state: ErasureState) -> bool:
        live = live_classes(self.vault, state) & set(state.started.destroyed_classes)
        self.say(facts.key_destroyed(about(state), "intent", live - recorded(state).announced))
        return True

    def _destroy(self, state: ErasureState) -> bool:
        announced = recorded(state).announced
        try:
            # Closed first: what is destroyed after it stays the last of its kind.
            self.vault.close_subject(state.stream, about(state).why)
            self.vault.destroy_subject_classes(state.stream, announced, about(state).why)
            self.vault.release_held(state.stream, announced)
            self.vault.confirm_subject_classes_destroyed(state.stream, announced)
        except NotDestroyed:
            self._report(state, _open_keys(live_classes(self.vault, state) & announced))
            raise
        return True

    def _forget(self, state: ErasureState) -> bool:
        try:
            self.vault.forget_subject(state.stream)
        except BatchInFlight as waits:
            # Not a failure: the attempt ends, and the next one finds the batch sealed.
            log.info("erasure.forgetting.waits", erasure_id=state.erasure_id, found=waits.found)
            return False
        return True

    def _confirm(self, state: ErasureState) -> bool:
        again = self._reread(state)
        if again.opens:
            self._report(state, again.problems, again)
            return False
        known = recorded(state)
        self.vault.confirm_subject_classes_destroyed(state.stream, known.announced)
        if not self._forget(state):  # of one whom no identifier led to: bars those to come
            return False
        self.say(facts.key_destroyed(about(state), "confirmed", known.announced - known.confirmed))
        return True

    def _verify(self, state: ErasureState) -> bool:
        known = recorded(state)
        again = self._reread(state)
        in_the_way = [*problems(known, self.now), *again.problems]
        if in_the_way:
            self._remind(state, {each.name for each in in_the_way if each.kind == "silent"})
            return self._report(state, in_the_way, again)
        self.say([facts.verified(about(state), again, backups_until(known), times_verified(state))])
        return True

    def _remind(self, state: ErasureState, silent: Collection[str]) -> None:
        """Sends the instruction again, under the same id, to those who should have answered."""
        again = [each for each in self._instructions(state) if each.recipient in silent]
        with InboxPublisher(self.parts.kafka) as publisher:
            publisher.publish(record for each in again for record in messages(each, self.now))

    def _reread(self, state: ErasureState) -> Reread:
        return reread(self.parts, self.vault, self.store, suspect(state, self.vault))

    def _report(
        self, state: ErasureState, found: Sequence[ErasureProblem], again: Reread | None = None
    ) -> bool:
        """Says what stands in the way, unless the very same was said before; whether it was said."""
        said = {problems_digest(each.problems) for each in reports(state)}
        if problems_digest(found) in said:
            return False
        places = again.places if again else ()
        self.say([facts.incomplete(about(state), found, places, times_verified(state))])
        return True


def unknown_erasure() -> NotFound:
    """There is no erasure of that id."""
    return NotFound("no such erasure", do="`ledger erase status` lists them")


def _open_keys(classes: Collection[str]) -> list[ErasureProblem]:
    return [
        ErasureProblem(kind="key", name=name, detail="expected the key to be destroyed, found one that opens")
        for name in sorted(classes)
    ]
