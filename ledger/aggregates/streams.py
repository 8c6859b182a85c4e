"""What every aggregate of ledger records shares, and `Stream`, for records that are nobody's history. Pure.

Owns: the event, aggregate and snapshot bases on top of the `eventsourcing` library, and `Stream`, which gives
each governance, unattributed and rejected record a version of its own. Leaves people to `data_subject`.

An event here is a ledger record in its place: the record and a version, nothing else. So nothing reads a
clock or makes an id: the stream names the aggregate and `sealed_at` is the time. Any event may be the first
of its stream, because a person's history can begin with any fact. Event classes stand at module level, each
with a `TOPIC`: the library's class creation stays out of them, and a class that moves keeps its stored name.

Source: DESIGN section 9; TRAPS, eventsourcing.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Never, Self, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import (
    BaseAggregate,
    CanMutateAggregate,
    CanSnapshotAggregate,
    MutableOrImmutableAggregate,
    TAggregate,
)
from eventsourcing.utils import register_topic, resolve_topic

from ledger.entry import LedgerRecord, Rejected, StreamKind

SNAPSHOT_EVERY = 100
"""Versions between snapshots. Snapshots stand exactly at its multiples, so that they follow from the ledger
bytes alone and not from how a recorder happened to batch them. Loading reads at most 99 events."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


def named_stream(kind: StreamKind, name: str) -> UUID:
    """The stream of something that is not a person: the same name always gives the same stream."""
    return uuid5(NAMESPACE_URL, f"urn:ledger:stream:{kind.value}:{name}")


class LedgerEvent(CanMutateAggregate[UUID]):
    """A ledger record at a version of its stream; treat it as frozen.

    `offset` is the record's in its ledger partition; None where the event store alone was asked, which does not
    know it. Plain attributes and no dataclass: a recorder makes one per record, and a frozen dataclass costs twice.
    """

    TOPIC = ""
    entry: LedgerRecord

    def __init__(
        self, originator_id: UUID, originator_version: int, entry: LedgerRecord, offset: int | None = None
    ) -> None:
        self.originator_id = originator_id
        self.originator_version = originator_version
        self.entry = entry
        self.offset = offset

    @property
    def timestamp(self) -> datetime:  # type: ignore[override]  # the library's is an attribute; ours derives
        """When the record was sealed."""
        return _datetime_of(self.entry.sealed_at)

    @staticmethod
    def create_timestamp() -> Never:
        """Refuses: time enters as facts, and the library's default reads the clock."""
        raise TypeError("a ledger event takes its time from its entry")

    def unseen_aggregate(self) -> "LedgerAggregate":
        """The aggregate this event belongs to, as it was before any record."""
        raise NotImplementedError

    def mutate(self, aggregate: TAggregate | None) -> TAggregate | None:
        """Applies the event; the first of a stream also makes its aggregate.

        Raises:
            OriginatorIDError: the event is of another stream.
            OriginatorVersionError: the event is not the stream's next.
        """
        if aggregate is None:
            aggregate = cast(TAggregate, self.unseen_aggregate())
        super().mutate(aggregate)
        if self.originator_version == 1:
            aggregate._created_on = aggregate._modified_on
        return aggregate

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.originator_id, self.originator_version))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(stream={self.originator_id}, version={self.originator_version})"


class LedgerAggregate(BaseAggregate[UUID]):
    """A history folded from the ledger records of one stream, one version each.

    Subclasses set `TOPIC`, the stored name of their snapshots, whose number changes with the shape of the
    state, and give `_begin`, `_state` and `_restore`.
    """

    TOPIC = ""

    @staticmethod
    def create_id(*_: Any, **__: Any) -> UUID:
        """Refuses: the stream a record names is its aggregate, and the library's default is random."""
        raise TypeError("an aggregate's id is its entry's stream")

    @classmethod
    def unseen(cls, stream: UUID) -> Self:
        """The aggregate of a stream before its first record, at version 0."""
        aggregate = object.__new__(cls)
        aggregate.__base_init__(stream, 0, _EPOCH)
        aggregate._begin()
        return aggregate

    @classmethod
    def from_state(cls, stream: UUID, version: int, state: dict[str, Any]) -> Self:
        """The aggregate as `to_state` left it at `version`."""
        aggregate = cls.unseen(stream)
        aggregate._version = version
        aggregate._created_on = _datetime_of(state["created_on"])
        aggregate._modified_on = _datetime_of(state["modified_on"])
        aggregate._restore(state)
        return aggregate

    def to_state(self) -> dict[str, Any]:
        """The state as JSON values: strings, integers, lists, dicts with sorted keys, null; no floats."""
        state = {
            "created_on": _micros_of(self._created_on),
            "modified_on": _micros_of(self._modified_on),
            **self._state(),
        }
        return {key: state[key] for key in sorted(state)}

    def _begin(self) -> None:
        """Sets every attribute to its value before the first record."""

    def _state(self) -> dict[str, Any]:
        """Every attribute set by `_begin` as JSON values, dicts below the first level sorted."""
        return {}

    def _restore(self, state: dict[str, Any]) -> None:
        """Sets every attribute set by `_begin` from what `to_state` gave."""


class LedgerSnapshot(CanSnapshotAggregate[UUID]):
    """An aggregate's state at one version; its topic is the aggregate's."""

    def __init__(
        self, originator_id: UUID, originator_version: int, topic: str, state: dict[str, Any]
    ) -> None:
        self.originator_id = originator_id
        self.originator_version = originator_version
        self.topic = topic
        self.state = state

    @classmethod
    def take(cls, aggregate: MutableOrImmutableAggregate[UUID]) -> Self:
        """A snapshot of the aggregate as it is now."""
        if not isinstance(aggregate, LedgerAggregate):
            raise TypeError(f"expected a ledger aggregate, found {type(aggregate).__name__}")
        return cls(aggregate.id, aggregate.version, aggregate.TOPIC, aggregate.to_state())

    def mutate(self, _: None) -> LedgerAggregate:
        """The aggregate again."""
        aggregate_class: type[LedgerAggregate] = resolve_topic(self.topic)
        return aggregate_class.from_state(self.originator_id, self.originator_version, self.state)


class StreamEvent(LedgerEvent):
    """A record of a stream that is nobody's history."""

    def unseen_aggregate(self) -> LedgerAggregate:
        """A stream without records."""
        return Stream.unseen(self.originator_id)

    def apply(self, aggregate: "Stream") -> None:
        """Counts the record."""
        aggregate.kind = self.entry.stream_kind
        if aggregate.first_sealed_at is None:
            aggregate.first_sealed_at = self.entry.sealed_at
        aggregate.last_sealed_at = self.entry.sealed_at


class EntryRecorded(StreamEvent):
    """A governance fact, or a processing fact that names nobody."""

    TOPIC = "stream.entry_recorded"


class PolicyAdopted(EntryRecorded):
    """A controller adopted a policy pack."""

    TOPIC = "policy.adopted"


class RetentionSet(EntryRecorded):
    """A customer set how long a class of data is kept."""

    TOPIC = "retention.set"


class ExportMade(EntryRecorded):
    """What the ledger holds of a person or a controller was written to an archive."""

    TOPIC = "export.made"


class PartyRegistered(EntryRecorded):
    """A party of the record of processing activities was named."""

    TOPIC = "party.registered"


class MeasuresDescribed(EntryRecorded):
    """Technical and organisational measures were described."""

    TOPIC = "measures.described"


class InputRejected(StreamEvent):
    """Input that could not be read."""

    TOPIC = "stream.input_rejected"

    def apply(self, aggregate: "Stream") -> None:
        """Counts the rejection as well."""
        super().apply(aggregate)
        aggregate.rejected += 1


class Stream(LedgerAggregate):
    """A governance, unattributed or rejected stream: how many records (`version`), the first and the last.

    `kind` is the `StreamKind` value, "" before the first record; the times are microseconds since the epoch.
    """

    TOPIC = "stream.v1"

    def _begin(self) -> None:
        self.kind = ""
        self.rejected = 0
        self.first_sealed_at: int | None = None
        self.last_sealed_at: int | None = None

    def record(self, record: LedgerRecord, offset: int | None = None) -> StreamEvent:
        """Makes the stream's next event of a record and applies it.

        Raises:
            OriginatorIDError: the record is of another stream.
        """
        event = _event_class_of(record)(record.stream, self._version + 1, record, offset)
        event.mutate(self)
        return event

    def _state(self) -> dict[str, Any]:
        return {
            "first_sealed_at": self.first_sealed_at,
            "kind": self.kind,
            "last_sealed_at": self.last_sealed_at,
            "rejected": self.rejected,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.kind = state["kind"]
        self.rejected = state["rejected"]
        self.first_sealed_at = state["first_sealed_at"]
        self.last_sealed_at = state["last_sealed_at"]


RULE_FACTS: dict[str, type[StreamEvent]] = {
    PolicyAdopted.TOPIC: PolicyAdopted,
    RetentionSet.TOPIC: RetentionSet,
    ExportMade.TOPIC: ExportMade,
    PartyRegistered.TOPIC: PartyRegistered,
    MeasuresDescribed.TOPIC: MeasuresDescribed,
}
"""Governance facts that are of no case and that judging needs, by event type, which is also their stored name: by it a
store finds them among everything else that is recorded."""

STREAM_EVENTS: dict[str, type[StreamEvent]] = {
    **RULE_FACTS,
    EntryRecorded.TOPIC: EntryRecorded,
    InputRejected.TOPIC: InputRejected,
}
"""Stored name to event class. The names are for ever; the classes may move."""

for _topic, _event_class in STREAM_EVENTS.items():
    register_topic(_topic, _event_class)


def _event_class_of(record: LedgerRecord) -> type[StreamEvent]:
    if isinstance(record, Rejected):
        return InputRejected
    if record.stream_kind != StreamKind.GOVERNANCE:
        return EntryRecorded
    return RULE_FACTS.get(record.event_type, EntryRecorded)


def _datetime_of(micros: int) -> datetime:
    """The moment, or the nearest one datetime can hold: a fold must not fail on what a record claims."""
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return _LATEST if micros > 0 else _EARLIEST


def _micros_of(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
