"""Streams that are nobody's history give every record a version, and the bases refuse what is not theirs."""

import json
from uuid import UUID

import pytest
from eventsourcing.application import project_aggregate
from eventsourcing.domain import OriginatorIDError
from eventsourcing.utils import get_topic, resolve_topic
from hypothesis import given
from hypothesis import strategies as st

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.streams import STREAM_EVENTS, LedgerSnapshot, Stream
from ledger.aggregates.subject_facts import FACTS
from ledger.entry import LedgerRecord
from tests.unit.aggregates.facts import MOMENTS, STREAM, make_entry, make_rejected

RECORDS = st.builds(make_entry, sealed_at=MOMENTS, stream_kind=st.just("rejected")) | st.builds(
    make_rejected, sealed_at=MOMENTS
)


@given(st.lists(RECORDS, min_size=1), st.data())
def test_folding_through_a_snapshot_changes_nothing(records: list[LedgerRecord], data: st.DataObject) -> None:
    """Restored at any version and folded on, a stream is the stream folded in one go."""
    place = data.draw(st.integers(1, len(records)))
    whole, part = Stream.unseen(STREAM), Stream.unseen(STREAM)
    events = [whole.record(record) for record in records]
    for record in records[:place]:
        part.record(record)
    state = json.loads(json.dumps(LedgerSnapshot.take(part).state))
    restored = Stream.from_state(STREAM, place, state)
    for record in records[place:]:
        restored.record(record)
    assert whole == restored == project_aggregate(None, events)
    assert sorted(state) == list(state)


def test_stream_counts_records_and_rejections() -> None:
    """The version counts records; rejections are counted apart, with the first and last seal."""
    stream = Stream.unseen(STREAM)
    stream.record(make_rejected(sealed_at=5))
    stream.record(make_entry(sealed_at=9, stream_kind="rejected"))
    assert (stream.version, stream.rejected, stream.kind) == (2, 1, "rejected")
    assert (stream.first_sealed_at, stream.last_sealed_at) == (5, 9)


def test_record_of_another_stream_refused() -> None:
    """A recorder that mixes streams up learns it."""
    with pytest.raises(OriginatorIDError):
        Stream.unseen(UUID(int=1)).record(make_entry())


def test_stored_names_are_for_ever() -> None:
    """Names of events and of snapshots stand in databases; none of them is a Python path or taken twice."""
    assert set(STREAM_EVENTS) == {
        "export.made",
        "measures.described",
        "party.registered",
        "policy.adopted",
        "retention.set",
        "stream.entry_recorded",
        "stream.input_rejected",
    }
    assert not set(STREAM_EVENTS) & set(FACTS)
    for topic, event_class in STREAM_EVENTS.items():
        assert topic == event_class.TOPIC == get_topic(event_class)
    assert resolve_topic("stream.v1") is Stream
    assert resolve_topic("data_subject.v3") is DataSubject
