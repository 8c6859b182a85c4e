"""What a batch asks for before it is folded."""

import json
from typing import Any
from uuid import UUID

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.streams import LedgerAggregate
from ledger.aggregates.unattributed import Unattributed
from ledger.entry import Entry
from ledger.recording.effects import LogRecord
from ledger.recording.known import Known, TrailEnd, governance_needed, personal_changes
from ledger.recording.linking import link
from ledger.rules.personal import Processed
from tests.unit.aggregates.facts import STREAM, make_entry
from tests.unit.aggregates.request_facts import stated

OTHER = UUID(int=9)


def in_log(*entries: Entry, partition: int = 1) -> list[LogRecord]:
    """Entries at the first offsets of a partition."""
    return [LogRecord(partition, offset, b"", entry) for offset, entry in enumerate(entries)]


def person(*facts: Entry) -> dict[UUID, LedgerAggregate]:
    """The person as known before the batch."""
    subject = DataSubject.unseen(STREAM)
    for offset, fact in enumerate(facts):
        subject.record(fact, offset)
    return {STREAM: subject}


def needed(records: list[LogRecord], aggregates: dict[UUID, LedgerAggregate] | None = None) -> int:
    """Up to where governance must be known."""
    return governance_needed(link(records, {}), aggregates or {})


def test_governance_is_needed_up_to_the_latest_rules_of_a_batch() -> None:
    """Several sealers are never exactly equally far."""
    records = in_log(*(make_entry(rules_at=at) for at in (3, 7, 5)))
    assert needed(records) == 7
    assert needed([]) == 0


def test_partition_0_brings_its_own_facts() -> None:
    """What is before the batch must be known; what is in it comes to be known as it is folded."""
    own = LogRecord(0, 4, b"", make_entry(stream_kind="governance", rules_at=0))
    assert needed([own, *in_log(make_entry(rules_at=5))]) == 4


def test_what_was_judged_by_before_is_needed_again() -> None:
    """A request's next step is judged before and after; its last was sealed under later rules than this one."""
    before = person(stated("request.received", 5, rules_at=9), stated("minor.found", 5, rules_at=8))
    assert needed(in_log(make_entry(rules_at=3)), before) == 9
    unattributed = Unattributed.unseen(STREAM)
    unattributed.record(stated("request.received", 5, rules_at=6, stream_kind="unattributed"))
    assert needed(in_log(make_entry(rules_at=3)), {STREAM: unattributed}) == 6


def changes(*entries: Entry, known: dict[UUID, LedgerAggregate] | None = None) -> dict[UUID, int]:
    """Whose processing is to be looked at again, since when."""
    return personal_changes(entries, known or {})


def test_facts_that_show_earlier_processing_in_another_light() -> None:
    """Since the earliest of them; the person's own, and nobody else's."""
    restricted = stated("processing.restricted", 7)
    assert changes(restricted, stated("erasure.verified", 5)) == {STREAM: 5}
    assert changes(stated("minor.found", 3)) == {STREAM: 3}
    for event_type in ("call.completed", "consent.given", "data.erased", "request.extended"):
        assert changes(make_entry(event_type=event_type)) == {}
    assert changes(make_entry(event_type="minor.found", stream_kind="unattributed")) == {}


def test_what_a_fact_is_about_can_have_begun_before_it() -> None:
    """A lifting is about the whole of its restriction, a second finding about the minor since the first."""
    lifted = make_entry(
        event_type="restriction.lifted", occurred_at=9, open_fields=json.dumps({"restriction_id": "s-1"})
    )
    assert changes(lifted) == {STREAM: 9}
    assert changes(lifted, known=person(stated("processing.restricted", 4))) == {STREAM: 4}
    assert changes(stated("minor.found", 9), known=person(stated("minor.found", 2))) == {STREAM: 2}


def test_only_objections_bar_processing() -> None:
    """Other requests, the most of them, ask for no look back."""
    objection: dict[str, Any] = {"right": "objection"}
    received = stated("request.received", 6, **objection)
    assert changes(stated("request.received", 6)) == {}
    assert changes(stated("request.refused", 8)) == {}
    assert changes(received) == {STREAM: 6}
    assert changes(stated("request.refused", 8), received) == {STREAM: 6}
    for step in ("request.refused", "request.withdrawn", "request.answered"):
        assert changes(stated(step, 8), known=person(received)) == {STREAM: 6}
    assert changes(stated("request.refused", 8), known=person(stated("request.received", 6))) == {}


def test_trail_ends_by_the_rules_a_record_was_sealed_under() -> None:
    """What has left the trail is not looked back at; a replay has it no more, however far partition 0 is."""
    known = Known(trail_ends=[TrailEnd(3, 100), TrailEnd(5, 200)])
    trail = [
        Processed(0, sealed_at, "call.completed", "p", "contract", sealed_at) for sealed_at in (99, 100, 200)
    ]
    assert [[it.sealed_at for it in known.in_trail(trail, rules_at)] for rules_at in (3, 4, 6)] == [
        [99, 100, 200],
        [100, 200],
        [200],
    ]
