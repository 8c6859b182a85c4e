"""A controller's unattributed stream: facts about people nobody could identify, and the requests among them. Pure.

A request that names nobody is owed an answer like any other, so its clock runs here. Leaves people to `data_subject`.

Source: DESIGN section 9; GDPR Art. 11(2), 12(2) and 12(3).
"""

from typing import Any

import msgspec
from eventsourcing.utils import register_topic

from ledger.aggregates.rights_request import RightsRequest, fold_request
from ledger.aggregates.streams import LedgerAggregate, Stream, StreamEvent
from ledger.entry import Entry, LedgerRecord


class UnattributedRecorded(StreamEvent):
    """A fact that names nobody."""

    TOPIC = "unattributed.recorded"

    def unseen_aggregate(self) -> LedgerAggregate:
        """An unattributed stream without records."""
        return Unattributed.unseen(self.originator_id)

    def apply(self, aggregate: Stream) -> None:
        """Counts the record, and puts a step of a request in its place."""
        super().apply(aggregate)
        if isinstance(aggregate, Unattributed) and isinstance(self.entry, Entry):
            aggregate.controller = aggregate.controller or self.entry.controller
            fold_request(aggregate.requests, self.entry, self.offset)


UNATTRIBUTED_EVENTS: dict[str, type[StreamEvent]] = {UnattributedRecorded.TOPIC: UnattributedRecorded}
"""Stored name to event class. The names are for ever; the classes may move."""

for _topic, _event_class in UNATTRIBUTED_EVENTS.items():
    register_topic(_topic, _event_class)


class Unattributed(Stream):
    """An unattributed stream: counts as any stream does, and `requests` per request id."""

    TOPIC = "unattributed.v1"

    def _begin(self) -> None:
        super()._begin()
        self.controller = ""
        self.requests: dict[str, RightsRequest] = {}

    def record(self, record: LedgerRecord, offset: int | None = None) -> StreamEvent:
        """Makes the stream's next event of a record and applies it.

        Raises:
            OriginatorIDError: the record is of another stream.
        """
        event = UnattributedRecorded(record.stream, self._version + 1, record, offset)
        event.mutate(self)
        return event

    def _state(self) -> dict[str, Any]:
        requests = msgspec.to_builtins(self.requests, order="sorted")
        return {**super()._state(), "controller": self.controller, "requests": requests}

    def _restore(self, state: dict[str, Any]) -> None:
        super()._restore(state)
        self.controller = state["controller"]
        self.requests = msgspec.convert(state["requests"], dict[str, RightsRequest])
