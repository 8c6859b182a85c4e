"""The demo's day: complete, the same for the same seed, and broken only where it says so."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from ledger.contract.catalogue import Catalogue
from ledger.contract.reading import Unreadable, read_fact
from ledger.dev.planned import Fault, PlannedRecord, Repeat
from ledger.dev.traffic import day, plan
from ledger.dev.wire import encode

CATALOGUE = Catalogue.load()
SUBJECT_TYPES = {
    each for each in CATALOGUE.versions if CATALOGUE.versions[each][-1].topic != "inbox.governance"
}


@pytest.fixture(scope="module")
def records() -> list[PlannedRecord]:
    """A day of the default size."""
    return list(day(2000, seed=7))


@pytest.mark.parametrize("events", [600, 1000, 2000, 5000])
def test_a_day_has_exactly_the_records_asked_for(events: int) -> None:
    """Signalling logs fill what the stories leave."""
    assert sum(1 for _ in day(events, seed=1)) == events


def test_a_small_day_still_has_every_kind() -> None:
    """Asking for fewer than all kinds need gives all kinds."""
    planned = list(day(10, seed=1))
    types = Counter(record.event_type for record in planned if record.fault is None)
    others_publish = {each for each, versions in CATALOGUE.versions.items() if not versions[-1].own}
    assert others_publish == set(types)
    assert (
        min(types[each] for each in ("call.completed", "consent.given", "consent.withdrawn", "data.erased"))
        >= 10
    )
    assert set(Fault) == {record.fault for record in planned} - {None}
    assert set(Repeat) == {record.repeat for record in planned} - {None}


def test_same_seed_same_bytes() -> None:
    """Determinism goes down to what is sent."""
    first = [encode(record, CATALOGUE) for record in day(400, seed=3)]
    assert [encode(record, CATALOGUE) for record in day(400, seed=3)] == first
    assert [encode(record, CATALOGUE) for record in day(400, seed=4)] != first


def test_good_records_are_readable_and_bad_ones_are_not(records: list[PlannedRecord]) -> None:
    """What the sealer reads is exactly what has no fault; each fault is refused."""
    for record in records:
        wire = encode(record, CATALOGUE)
        if record.fault is None:
            fact = read_fact(wire.value, wire.headers, CATALOGUE)
            assert (record.event_id, record.source, record.event_type) == (
                fact.event_id,
                fact.event_source,
                fact.event_type,
            )
            assert record.occurred_at == fact.occurred_at
            assert fact.schema.topic == record.topic
        else:
            with pytest.raises(Unreadable):
                read_fact(wire.value, wire.headers, CATALOGUE)


def test_about_half_is_avro_and_one_in_a_hundred_is_bad(records: list[PlannedRecord]) -> None:
    """The shares the demo promises."""
    avro = sum(record.encoding == "avro" for record in records)
    bad = sum(record.fault is not None for record in records)
    assert 0.4 < avro / len(records) < 0.6
    assert bad == 20


def test_repeats_follow_their_original(records: list[PlannedRecord]) -> None:
    """A repeat has the source, id and content of a record published before it; a conflict other content."""
    seen: dict[tuple[str, str], PlannedRecord] = {}
    for record in records:
        key = (record.source, record.event_id)
        if record.repeat is None:
            assert key not in seen
            seen[key] = record
        else:
            same = record.data == seen[key].data
            assert same == (record.repeat is Repeat.SAME_CONTENT)


def test_governance_comes_first_and_time_moves_on() -> None:
    """Notices, policies and what was arranged are recorded before anything is judged by them."""
    planned = plan(2000, 7, date(2026, 3, 27))
    assert {record.topic for record in planned.opening} == {"inbox.governance"}
    rest = [record for record in planned.rest if record.repeat is None and record.fault is None]
    assert "inbox.governance" not in {record.topic for record in rest}
    for part in (planned.opening, rest):
        assert all(one.occurred_at <= next_one.occurred_at for one, next_one in pairwise(part))


def test_what_is_said_of_a_controller_keeps_its_order(records: list[PlannedRecord]) -> None:
    """Its governance has one Kafka key, so one inbox partition: an agreement is recorded before its amendment."""
    governance = [record for record in records if record.topic == "inbox.governance"]
    assert {record.key for record in governance} == {record.controller for record in governance}


def test_same_happens_on_another_day_under_other_ids() -> None:
    """Yesterday's day and today's can both be recorded: no fact of one is a repeat of the other's."""
    days = [list(plan(600, 1, on).rest) for on in (date(2026, 3, 27), date(2026, 11, 21))]
    told = [[(each.event_type, each.data.get("caller_number")) for each in planned] for planned in days]
    assert told[0] == told[1]
    ids = [{record.event_id for record in planned} for planned in days]
    assert not ids[0] & ids[1]


def test_every_controller_of_the_day_is_held_to_a_policy(records: list[PlannedRecord]) -> None:
    """What is recorded of each of them has a rule for how long it is kept."""
    adopted = {record.controller for record in records if record.event_type == "policy.adopted"}
    assert adopted == {record.controller for record in records}


def test_some_processing_follows_a_withdrawal(records: list[PlannedRecord]) -> None:
    """Newsletters on a withdrawn consent are in the day, to be found."""
    withdrawn: set[object] = set()
    ignored = 0
    for record in records:
        who = (record.controller, record.data.get("subject_phone") or record.data.get("recipient_number"))
        if record.event_type == "consent.withdrawn":
            withdrawn.add(who)
        elif record.event_type == "consent.given":
            withdrawn.discard(who)
        elif record.data.get("lawful_basis") == "consent" and record.event_type == "message.sent":
            ignored += who in withdrawn
    assert ignored >= 4


def test_identifiers_are_from_ranges_nobody_has(records: list[PlannedRecord]) -> None:
    """No number or address here can be anybody's."""
    for record in records:
        for name, value in record.data.items():
            if isinstance(value, str) and (name.endswith(("_number", "_phone")) or value.startswith("+")):
                assert value.startswith(("+3160000", "+3197010"))
            if isinstance(value, str) and name.endswith("_email"):
                assert value.endswith(("@example.nl", "@example.com"))


def test_keys_ids_and_sources_hold_nobody(records: list[PlannedRecord]) -> None:
    """What is never sealed names no person."""
    people = {
        str(value)
        for record in records
        for name, value in record.data.items()
        if value and name.endswith(("_number", "_name", "_phone", "_email"))
    }
    open_texts = {text for record in records for text in (record.key, record.event_id, record.source)}
    assert not [text for text in open_texts if any(person in text for person in people)]


def test_the_day_starts_at_local_midnight_in_summer_too() -> None:
    """What holds from the day on holds from 22:00 UTC the evening before a summer day."""
    opening = plan(10, 1, date(2026, 7, 1)).opening
    held = next(record for record in opening if record.event_type == "hold.placed")
    assert held.occurred_at == 1_782_856_800_000_000
