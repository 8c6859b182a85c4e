"""Cases: agreements, sub-processors, breaches, audits, disclosures and notices, each with a stream of its own. Pure.

Owns: which event types are facts of a case, what names the case, and its stream; all are in ledger partition 0. Also
what all cases share: whose they are, and which of their deadlines came near and passed. Leaves to others: each
aggregate (its module), which class a record belongs to (`ledger.aggregates.registry`), what follows (`ledger.rules`).

Facts reach a case in any order. What they say is kept by when it happened, and of two that happened at the same moment
the later recorded one holds; so an answer about a moment does not depend on the order of arrival.

Source: DESIGN section 9; docs/adr/0022-cases-have-streams-of-their-own.md.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from ledger.aggregates.open_fields import fields_of
from ledger.aggregates.streams import LedgerAggregate, LedgerEvent, named_stream
from ledger.entry import Entry, StreamKind


class CaseKind(NamedTuple):
    """A kind of case, and the field of its facts that names the case."""

    kind: str
    id_field: str


AGREEMENT = CaseKind("agreement", "agreement_id")
SUBPROCESSOR = CaseKind("subprocessor", "subprocessor")
BREACH = CaseKind("breach", "breach_id")
AUDIT = CaseKind("audit", "audit_id")
DISCLOSURE = CaseKind("disclosure", "disclosure_id")
NOTICE = CaseKind("notice", "notice_id")

CASE_OF: Mapping[str, CaseKind] = {
    "agreement.concluded": AGREEMENT,
    "agreement.amended": AGREEMENT,
    "agreement.terminated": AGREEMENT,
    "recording.purpose_declared": AGREEMENT,
    "recording.purpose_revoked": AGREEMENT,
    "processor.opted_in": AGREEMENT,
    "processor.opted_out": AGREEMENT,
    "instruction.received": AGREEMENT,
    "instruction.objected": AGREEMENT,
    "instruction.withdrawn": AGREEMENT,
    "subprocessor.announced": SUBPROCESSOR,
    "subprocessor.objected": SUBPROCESSOR,
    "subprocessor.objection_settled": SUBPROCESSOR,
    "subprocessor.contracted": SUBPROCESSOR,
    "subprocessor.activated": SUBPROCESSOR,
    "subprocessor.ended": SUBPROCESSOR,
    "transfer.mechanism_set": SUBPROCESSOR,
    "breach.discovered": BREACH,
    "breach.aware": BREACH,
    "breach.assessed": BREACH,
    "breach.notified": BREACH,
    "breach.closed": BREACH,
    "audit.announced": AUDIT,
    "audit.access_granted": AUDIT,
    "audit.refused": AUDIT,
    "audit.begun": AUDIT,
    "audit.finding_reported": AUDIT,
    "audit.closed": AUDIT,
    "disclosure.demanded": DISCLOSURE,
    "disclosure.decided": DISCLOSURE,
    "notice.published": NOTICE,
    "notice.communicated": NOTICE,
}
"""Event type to the kind of case it is a fact of. `deadline.near` and `deadline.passed` name theirs."""

DEADLINE_FACTS = frozenset({"deadline.near", "deadline.passed"})


def case_name(event_type: str, fields: Mapping[str, Any]) -> tuple[str, str] | None:
    """Which case a fact is of: kind and id; None when it is of none.

    Sub-processors go by their name in lower case: documents and facts spell one company in several ways.

    Args:
        event_type: the fact's.
        fields: its open fields, or the whole of what was published.
    """
    if event_type in DEADLINE_FACTS:
        kind, case_id = fields.get("case_kind"), fields.get("case_id")
    elif (case := CASE_OF.get(event_type)) is not None:
        kind, case_id = case.kind, fields.get(case.id_field)
    else:
        return None
    if not isinstance(kind, str) or not isinstance(case_id, str):
        return None
    return kind, case_id.lower() if kind == SUBPROCESSOR.kind else case_id


def case_stream(controller: str, kind: str, case_id: str) -> UUID:
    """The stream of a case: the same case always gives the same stream.

    Controllers' cases of the same name are apart: the controller's part says how long it is. No controller's own
    stream is among them, whatever it calls itself.
    """
    return uuid5(NAMESPACE_URL, f"urn:ledger:case:{kind}:{len(controller)}:{controller}:{case_id}")


def governance_stream(event_type: str, controller: str, fields: Mapping[str, Any]) -> UUID:
    """The stream a governance fact is sealed into: its case's, or the controller's when it is of no case.

    Args:
        event_type: the fact's.
        controller: whose governance it is.
        fields: its open fields, or the whole of what was published.
    """
    name = case_name(event_type, fields)
    return named_stream(StreamKind.GOVERNANCE, controller) if name is None else case_stream(controller, *name)


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """Something a fact of a case states; what it states are the subclasses' fields.

    `occurred_at` is in microseconds since the epoch, UTC; `offset` is the fact's in ledger partition 0, None where the
    fact was not read from the ledger.
    """

    occurred_at: int
    offset: int | None = None

    @property
    def at_offset(self) -> int:
        """The offset, for a judgement that must name one; 0 where it is not known."""
        return self.offset or 0


def occurred_at_of(stated: Stated) -> int:
    """What statements are ordered by."""
    return stated.occurred_at


S = TypeVar("S", bound=Stated)


def add_stated(history: list[S], stated: S) -> None:
    """Puts a statement in its place: after all that happened before it or at the same moment."""
    # Facts of a stream are folded in offset order, so inserting to the right of equal times orders by offset too.
    insort(history, stated, key=occurred_at_of)


def until(history: Sequence[S], moment: int) -> Sequence[S]:
    """The statements of what had happened by a moment, microseconds since the epoch; that very moment counts."""
    return history[: bisect_right(history, moment, key=occurred_at_of)]


def latest(history: Sequence[S], moment: int) -> S | None:
    """The last statement of what had happened by a moment; None when there is none."""
    place = bisect_right(history, moment, key=occurred_at_of)
    return history[place - 1] if place else None


def read_stated(kind: type[S], entry: Entry, offset: int | None, says: Mapping[str, object]) -> S | None:
    """What a fact states, read into a struct whose fields have the names of the fact's open fields.

    Args:
        kind: the struct.
        entry: the fact; its own `occurred_at` is the statement's.
        offset: the fact's in ledger partition 0, where it is known.
        says: what the fact's type says beyond its fields, by name.

    Returns:
        None when the fields have another shape.
    """
    values = {**fields_of(entry.open_fields), **says, "occurred_at": entry.occurred_at, "offset": offset}
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError:
        return None


class DeadlineReached(Stated, frozen=True, kw_only=True):
    """A deadline that came near or passed, as the ledger's own fact names it. `ends_at` tells it from an earlier or
    later end of the same deadline: what starts a clock can reach the ledger late."""

    deadline: str
    rule: str
    ends_at: int


class CaseFact(LedgerEvent):
    """A fact of a case. Applying it never raises: what cannot be read says nothing."""

    entry: Entry
    CASE: ClassVar[str] = ""
    """The kind of case it is a fact of; "" when it names that itself."""
    ADDS_TO: ClassVar[str] = ""
    """The attribute of its case that keeps what it states; "" when it is kept otherwise, or not at all."""
    SAYS: ClassVar[Mapping[str, object]] = {}
    """What its type says beyond its fields, by name."""

    def unseen_aggregate(self) -> LedgerAggregate:
        """The case, with nothing known of it."""
        name = case_name(self.entry.event_type, fields_of(self.entry.open_fields))
        kind = self.CASE or (name[0] if name else "")
        return REGISTERED_CASES.get(kind, Case).unseen(self.originator_id)

    def apply(self, aggregate: "Case") -> None:
        """Notes whose case it is and how it is called, and keeps what the fact states."""
        aggregate.meet(self.entry)
        if self.ADDS_TO:
            aggregate.keep(self.ADDS_TO, self)


class CaseFactRecorded(CaseFact):
    """A fact in a case's stream that this program does not know."""

    TOPIC = "case.fact_recorded"


class DeadlineNear(CaseFact):
    """A deadline of the case is about to pass."""

    TOPIC = "deadline.near"
    ADDS_TO = "near"


class DeadlinePassed(CaseFact):
    """A deadline of the case has passed."""

    TOPIC = "deadline.passed"
    ADDS_TO = "passed"


COMMON_FACTS: Mapping[str, type[CaseFact]] = {
    CaseFactRecorded.TOPIC: CaseFactRecorded,
    DeadlineNear.TOPIC: DeadlineNear,
    DeadlinePassed.TOPIC: DeadlinePassed,
}
"""Stored name, which is also event type, to event class, of what every case has. The names are for ever."""


class Case(LedgerAggregate):
    """What all cases share: whose it is, its name, and its deadlines.

    Subclasses set `KIND`, `TOPIC`, `FACTS` and `STATEMENTS`; those with state of another shape extend `_begin`,
    `_state`, `_restore` and `copy`.

    Attributes:
        controller: of the first fact; "" before it.
        case_id: as `case_name` gives it; "" while no fact named it.
        near, passed: deadlines, by when they did.
    """

    KIND: ClassVar[str] = ""
    FACTS: ClassVar[Mapping[str, type[CaseFact]]] = {}
    """Stored name, which is also event type, to event class, of the facts of this kind of case."""
    STATEMENTS: ClassVar[Mapping[str, type[Stated]]] = {}
    """The attributes that hold what was stated, lists in order of `occurred_at`, and what they are lists of."""

    controller: str
    case_id: str
    near: list[DeadlineReached]
    passed: list[DeadlineReached]

    def record(self, entry: Entry, offset: int | None = None) -> CaseFact:
        """Makes the case's next event of an entry and applies it.

        The event is not kept as pending: the entry is in the log already, and the caller stores it.

        Args:
            entry: a fact of this case; one this program does not know is only counted.
            offset: the entry's in ledger partition 0.

        Raises:
            OriginatorIDError: the entry is of another stream; nothing changed.
        """
        common = COMMON_FACTS.get(entry.event_type, CaseFactRecorded)
        event_class = self.FACTS.get(entry.event_type, common)
        event = event_class(entry.stream, self._version + 1, entry, offset)
        event.mutate(self)
        return event

    def copy(self) -> Self:
        """The same case, to be folded on apart from this one. Statements never change, so both share them."""
        copied = type(self).unseen(self.id)
        for name, value in vars(self).items():
            setattr(copied, name, list(value) if isinstance(value, list) else value)
        return copied

    def meet(self, entry: Entry) -> None:
        """Notes whose case it is and how it is called."""
        self.controller = self.controller or entry.controller
        if not self.case_id:
            name = case_name(entry.event_type, fields_of(entry.open_fields))
            self.case_id = name[1] if name else ""

    def keep(self, history: str, event: CaseFact) -> None:
        """Puts what a fact states in its place in one of `STATEMENTS`; what cannot be read is left out."""
        kind = self._histories()[history]
        stated = read_stated(kind, event.entry, event.offset, event.SAYS)
        if stated is not None:
            add_stated(getattr(self, history), stated)

    def has_passed(self, deadline: str, rule: str, ends_at: int) -> DeadlineReached | None:
        """What says that a deadline passed, by that very end; None while nothing does.

        Args:
            deadline: its name within the case.
            rule: the promise it comes from, pack:entry; "" for the law.
            ends_at: microseconds since the epoch.
        """
        return _named(self.passed, deadline, rule, ends_at)

    def came_near(self, deadline: str, rule: str, ends_at: int) -> DeadlineReached | None:
        """What says that a deadline was about to pass, as `has_passed`."""
        return _named(self.near, deadline, rule, ends_at)

    def moments(self) -> set[int]:
        """The moments at which an answer of this case may change, microseconds since the epoch, UTC.

        Those at which its facts happened; aggregates whose facts name other moments add them.
        """
        return {stated.occurred_at for name in self._histories() for stated in getattr(self, name)}

    def _begin(self) -> None:
        self.controller = ""
        self.case_id = ""
        for name in self._histories():
            setattr(self, name, [])

    def _state(self) -> dict[str, Any]:
        histories = {
            name: msgspec.to_builtins(getattr(self, name), order="sorted") for name in self._histories()
        }
        return {"case_id": self.case_id, "controller": self.controller, **histories}

    def _restore(self, state: dict[str, Any]) -> None:
        self.controller = state["controller"]
        self.case_id = state["case_id"]
        for name, kind in self._histories().items():
            setattr(self, name, msgspec.convert(state[name], list[kind]))  # type: ignore[valid-type]

    @classmethod
    def _histories(cls) -> Mapping[str, type[Stated]]:
        return {"near": DeadlineReached, "passed": DeadlineReached, **cls.STATEMENTS}


REGISTERED_CASES: dict[str, type[Case]] = {}
"""Kind of case to its aggregate; `ledger.aggregates.registry` fills it, because the aggregates stand on this module."""


def _named(
    reached: Iterable[DeadlineReached], deadline: str, rule: str, ends_at: int
) -> DeadlineReached | None:
    wanted = (deadline, rule, ends_at)
    return next((each for each in reached if (each.deadline, each.rule, each.ends_at) == wanted), None)
