"""A history told in the words of a clause, sealed, folded and projected as the ledger does it, and the verdict on it.

Everything is the real thing but Kafka, PostgreSQL and ciphers: facts are checked by their schemas and divided as a
sealer does, folded by the recorder's core, projected, and judged with the packs that are installed. What the two jobs
of the scheduler would say of deadlines and of data whose time is over follows from their own pure parts.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from ledger.deadlines.deadline_facts import fact_about, phase_of
from ledger.entry import Entry, StreamKind
from ledger.forgetting.ended_facts import CONFIRMED, INTENT, destroyed_fact, destruction_of, ended_fact
from ledger.forgetting.own_facts import COMMON as COMMON_OF_OWN
from ledger.forgetting.own_facts import OwnFact
from ledger.forgetting.retention_plan import Ending, EpochEnding, make_plan
from ledger.policies import load_pack
from ledger.projections import holds
from ledger.recording.repeats import fact_key
from ledger.rules.keeping.proof import CONSENT_PROOF, ConsentFact
from ledger.rules.keeping.retention import ControllerRules
from ledger.rules.verdicts import Binding, PromiseVerdict, Verdict, judge_promises
from ledger.sealing.parts import Part
from ledger.store.controller_rules import join_holds
from ledger.store.deadlines import OPEN
from ledger.store.forgetting_rows import ConsentRow
from ledger.vault.keys import EpochKeyName
from tests.unit.clauses.moments import SECOND
from tests.unit.clauses.ordinary import COMMON, COMMON_OF_GOVERNANCE, ORDINARY
from tests.unit.clauses.sealed_facts import entries_of, fact_of, said_of, schema_of
from tests.unit.clauses.shown_rows import columns, deadline_rows, evidence, open_findings
from tests.unit.recording.logs import LogBuilder
from tests.unit.recording.memory_store import MemoryStore

CONTROLLER = "dentist-example"
GOVERNANCE, PERSONS = 0, 1
"""The ledger partitions of the histories."""
HOLD_COLUMNS = (
    *("state", "controller", "hold_id", "kind", "subject", "retention_classes", "article", "ends_at"),
    "occurred_at",
)


class Found(NamedTuple):
    """A finding that stands."""

    code: str
    rule: str
    found: str


class _ClauseLog(LogBuilder):
    """A log whose entries are given whole."""

    def seal(self, entry: Entry, partition: int) -> None:
        self._seal(entry, partition, inbox=0, lost=False)


class History:
    """What happened, in the order in which the ledger got to know it.

    Moments are microseconds since the epoch, UTC. `now` is the last one that was told of.
    """

    def __init__(self, controller: str = CONTROLLER) -> None:
        self.controller = controller
        self.now = 0
        self._log = _ClauseLog()
        self._store = MemoryStore()
        self._bindings: dict[str, Binding] = {}
        self._number = 0
        self._live: set[EpochKeyName] = set()
        self._consents: dict[UUID, ConsentRow] = {}

    def adopt(self, pack: str, at: int, region: str | None = None) -> None:
        """The controller adopts an installed pack."""
        loaded = load_pack(pack)
        self.state(
            "policy.adopted",
            at=at,
            pack=loaded.pack.id,
            pack_version=loaded.pack.version,
            content=loaded.content,
            content_sha256=loaded.sha256,
            region=region,
        )
        since = min(at, self._bindings[pack].since) if pack in self._bindings else at
        self._bindings[pack] = Binding(controller=self.controller, pack=loaded.pack, since=since)

    def state(self, event_type: str, at: int, *, recorded_at: int | None = None, **fields: Any) -> None:
        """A governance fact.

        Args:
            event_type: as its schema calls it.
            at: when it happened.
            recorded_at: when the ledger got it; a second after it happened when left out.
            **fields: what differs from `ORDINARY`, common fields among it.
        """
        values = {**COMMON_OF_GOVERNANCE, **ORDINARY.get(event_type, {}), **fields}
        self._tell(event_type, at, values, recorded_at=recorded_at)

    def about(
        self, person: str | None, event_type: str, at: int, *, recorded_at: int | None = None, **fields: Any
    ) -> None:
        """A fact about a person, or about nobody known; as `state` otherwise."""
        identifying, subjects = said_of(event_type, person)
        values = {**COMMON, **ORDINARY.get(event_type, {}), **identifying, **fields}
        self._tell(event_type, at, values, subjects=subjects, recorded_at=recorded_at)

    def time_passes(self, until: int) -> None:
        """What the job about deadlines says until a moment: what came near, and what has passed."""
        self.now = max(self.now, until)
        while True:
            facts = [
                fact_about(row, phase)
                for row in deadline_rows(self._store.rows)
                if row.state == OPEN and (phase := phase_of(row, until)) is not None
            ]
            said = {each.fact_key for each in self._store.entries}
            new = [each.fact for each in facts if each.key not in said]
            for each in new:
                self._tell_own(each, until)
            if not new:
                return

    def data_goes(self, at: int, *, confirmed_at: int | None = None, unconfirmed: bool = False) -> None:
        """What the retention job does at a moment: whatever is over is ended, and its keys are destroyed.

        Args:
            at: when it runs.
            confirmed_at: when the destruction is confirmed; at once when left out.
            unconfirmed: whether it never is.
        """
        plan = make_plan(
            rules={self.controller: self._rules()},
            live=self._live,
            consents=self._consents.values(),
            held=(),
            as_of=at,
        )
        for ending in (*plan.held, *plan.due):
            self._tell_own(ended_fact(ending, "run-1"), at)
        for ending in plan.due:
            self._forget(ending)
            destruction = destruction_of(ending)
            self._tell_own(destroyed_fact(destruction, INTENT), at)
            if not unconfirmed:
                gone_at = at if confirmed_at is None else confirmed_at
                self._tell_own(destroyed_fact(destruction, CONFIRMED), gone_at)
        self.now = max(self.now, at)

    def verdict(self, promise: str, now: int | None = None) -> Verdict:
        """What became of a promise by a moment, or by the last one that was told of."""
        return self.promise(promise, now).verdict

    def promise(self, promise: str, now: int | None = None) -> PromiseVerdict:
        """The verdict on a promise with its evidence."""
        bindings = list(self._bindings.values())
        at = self.now if now is None else now
        found = {self.controller: evidence(self._store.rows, self._rules(), at)}
        judged = judge_promises([each.pack for each in bindings], bindings, found)
        return next(each for each in judged if each.promise == promise)

    def findings(self) -> list[Found]:
        """The findings that stand."""
        return [Found(row["code"], row["rule"], row["found"]) for row in open_findings(self._store.rows)]

    def _rules(self) -> ControllerRules:
        known = self._log.next_offset(GOVERNANCE)
        rules = self._store.judge(known).governance.as_of(self.controller, known).rules
        rows = [tuple(row[name] for name in HOLD_COLUMNS) for row in columns(self._store.rows, holds.HOLDS)]
        return replace(rules, holds=tuple(row.hold for row in join_holds(rows)))

    def _forget(self, ending: Ending) -> None:
        if isinstance(ending, EpochEnding):
            self._live.remove(ending.name)
        else:
            self._consents[ending.fact] = self._consents[ending.fact]._replace(destroyed=True)

    def _tell_own(self, fact: OwnFact, said_at: int) -> None:
        named = fact.fields.get("subject_pseudonym")
        self._tell(
            fact.event_type,
            said_at if fact.occurred_at is None else fact.occurred_at,
            {**COMMON_OF_OWN, **fact.fields},
            subjects={"subject": UUID(named)} if isinstance(named, str) else {},
            recorded_at=said_at,
            event_id=fact.event_id,
        )

    def _tell(
        self,
        event_type: str,
        at: int,
        values: Mapping[str, Any],
        *,
        subjects: Mapping[str, UUID] | None = None,
        recorded_at: int | None = None,
        event_id: str | None = None,
    ) -> None:
        self._number += 1
        schema = schema_of(event_type)
        unknown = values.keys() - set(schema.field_names)
        assert not unknown, f"{event_type} has no {unknown}"
        fact = fact_of(
            event_type,
            event_id or f"event-{self._number}",
            at,
            {"controller": self.controller, **values},
        )
        sealed_at = at + SECOND if recorded_at is None else recorded_at
        rules_at = self._log.next_offset(GOVERNANCE)
        for entry, part in entries_of(fact, subjects or {}, sealed_at=sealed_at, rules_at=rules_at):
            self._keep(entry, part)
            self._log.seal(entry, GOVERNANCE if part.kind is StreamKind.GOVERNANCE else PERSONS)
            self._store.record([self._log.records[-1]])
        self.now = max(self.now, at)

    def _keep(self, entry: Entry, part: Part) -> None:
        """Notes which keys the entry's personal fields are under."""
        classes = {retention_class for retention_class, _ in part.personal.values()}
        self._live |= {
            (self.controller, name, entry.occurred_day) for name in classes if name != CONSENT_PROOF
        }
        if CONSENT_PROOF in classes:
            key = fact_key(entry.stream, entry.event_source, entry.event_id)
            change = ConsentFact(key, entry.event_type.removeprefix("consent."), entry.occurred_at)
            self._consents[key] = ConsentRow(self.controller, entry.stream, entry.purpose, change)
