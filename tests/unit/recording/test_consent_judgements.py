"""Findings on processing that rests on consent, against a slow reference that judges everything anew each time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.recording.effects import LogRecord
from tests.unit.recording.logs import PURPOSES, SUBJECTS, LogBuilder, consent_entry, logs, long_log, split
from tests.unit.recording.memory_store import MemoryStore, recorded

ALICE = UUID(int=1)


class Place(NamedTuple):
    """The coordinates of an entry."""

    partition: int
    offset: int


Open = Mapping[tuple[Place, str], str]
"""Entry and code -> what was found, of the findings that are open."""

WITHOUT, AFTER = "processing_without_consent", "processing_after_withdrawal"
EXPECTED = {  # state in force -> code, and what is found after the event type
    None: (WITHOUT, "on the basis of consent, but no consent was recorded"),
    "refused": (WITHOUT, "on the basis of consent, but consent was refused"),
    "expired": (WITHOUT, "on the basis of consent, but consent was expired"),
    "withdrawn": (AFTER, "on the basis of consent, after the withdrawal"),
}


def reference(entries: Sequence[tuple[Place, Entry]]) -> Open:
    """Every open finding on consent, from all entries known, by reading all of them for each."""
    found = {}
    for place, entry in entries:
        if entry.lawful_basis != "consent" or entry.event_type.startswith("consent."):
            continue
        if entry.stream_kind != "subject":
            continue
        state = state_in_force(entry, entries)
        if state != "given":
            code, what = EXPECTED[state]
            found[place, code] = f"{entry.event_type} {what}"
    return found


def state_in_force(processing: Entry, entries: Sequence[tuple[Place, Entry]]) -> str | None:
    """The last change at or before the processing; of those at one moment the one that arrived last."""
    changes = [
        (change.occurred_at, place.offset, change)
        for place, change in entries
        if change.event_type.startswith("consent.")
        and (change.stream, change.purpose) == (processing.stream, processing.purpose)
        and change.occurred_at <= processing.occurred_at
    ]
    if not changes:
        return None
    change = max(changes, key=lambda it: it[:2])[2]
    state = change.event_type.removeprefix("consent.")
    expires_at = msgspec.json.decode(change.open_fields).get("expires_at")
    if state == "given" and expires_at is not None and expires_at <= processing.occurred_at:
        return "expired"
    return state


def open_findings(store: MemoryStore, *, known_until: Mapping[int, int] | None = None) -> Open:
    """The last judgement of each entry and code that is open, of what was known at some offsets."""
    last: dict[tuple[Place, str], tuple[str, str]] = {}
    for row in store.judgements():
        place = Place(row.partition, row.offset)
        if known_until is not None and row.judged_by >= known_until.get(place.partition, 0):
            continue
        if row.code in {WITHOUT, AFTER}:
            last[place, row.code] = (row.state, row.found)
    return {key: found for key, (state, found) in last.items() if state == "open"}


def taken(store: MemoryStore, log: Iterable[LogRecord]) -> list[tuple[Place, Entry]]:
    """The entries that took effect, in log order."""
    places = {(entry.partition, entry.offset) for entry in store.entries}
    return [
        (Place(it.partition, it.offset), it.record)
        for it in log
        if (it.partition, it.offset) in places and isinstance(it.record, Entry)
    ]


@settings(max_examples=200, deadline=None)
@given(logs(), st.sets(st.integers(1, 40)), st.integers(0, 40))
def test_open_findings_are_those_of_judging_everything_anew(
    log: list[LogRecord], cuts: set[int], known: int
) -> None:
    """After all facts, and as of any earlier moment: the last judgements are the reference's."""
    store = recorded(split(log, cuts))
    assert reference(taken(store, log)) == open_findings(store)
    known_until = {it.partition: it.offset + 1 for it in log[:known]}
    assert reference(taken(store, log[:known])) == open_findings(store, known_until=known_until)


@pytest.mark.parametrize("seed", range(3))
def test_open_findings_after_snapshots(seed: int) -> None:
    """Aggregates that come back from snapshots judge as those that never left."""
    log = long_log(seed, 500)
    store = recorded(split(log, set(range(0, len(log), 37))))
    assert reference(taken(store, log)) == open_findings(store)
    half = log[: len(log) // 2]
    known_until = {it.partition: it.offset + 1 for it in half}
    assert reference(taken(store, half)) == open_findings(store, known_until=known_until)


class Fact(NamedTuple):
    """One fact of a person, without its place in the log."""

    subject: UUID
    purpose: str
    event_type: str
    occurred_at: int
    expires_at: int | None


FACTS = st.builds(
    Fact,
    st.sampled_from(SUBJECTS[:2]),
    st.sampled_from(PURPOSES),
    st.sampled_from(("call.completed", "consent.given", "consent.refused", "consent.withdrawn")),
    st.integers(0, 30),
    st.none() | st.integers(0, 30),
)


def arriving(facts: Sequence[Fact]) -> list[LogRecord]:
    """The facts in the log in this order, each under an id of its own."""
    builder = LogBuilder()
    for fact in facts:
        expiry = {} if fact.expires_at is None else {"expires_at": fact.expires_at}
        builder.fact(
            fact.subject,
            event_id=repr(fact),
            event_type=fact.event_type,
            purpose=fact.purpose,
            lawful_basis="consent",
            occurred_at=fact.occurred_at,
            open_fields=msgspec.json.encode(expiry).decode(),
        )
    return builder.records


def open_by_event(facts: Sequence[Fact]) -> set[tuple[str, str, str]]:
    """The open findings, by the event they are on."""
    log = arriving(facts)
    event_at = {Place(it.partition, it.offset): consent_entry(it.record).event_id for it in log}
    return {
        (event_at[place], code, found)
        for (place, code), found in open_findings(recorded([[it] for it in log])).items()
    }


@settings(max_examples=200, deadline=None)
@given(st.lists(FACTS, unique_by=lambda fact: (fact.subject, fact.purpose, fact.occurred_at)), st.data())
def test_arrival_order_does_not_matter(facts: list[Fact], data: st.DataObject) -> None:
    """However late facts arrive, once all are in the open findings are the same."""
    shuffled = data.draw(st.permutations(facts))
    assume(shuffled != facts)
    assert open_by_event(facts) == open_by_event(shuffled)


CALL_AT_5 = {"event_type": "call.completed", "occurred_at": 5}


def change(state: str, occurred_at: int, expires_at: int | None = None) -> dict[str, Any]:
    """A change of consent."""
    open_fields = "{}" if expires_at is None else f'{{"expires_at":{expires_at}}}'
    return {"event_type": f"consent.{state}", "occurred_at": occurred_at, "open_fields": open_fields}


def judgements(*facts: dict[str, Any]) -> list[tuple[object, ...]]:
    """Every judgement as (on, by, code, state), of facts of one person and purpose in order of arrival."""
    builder = LogBuilder()
    for number, fact in enumerate(facts):
        builder.fact(ALICE, event_id=f"event-{number}", **fact)
    rows = recorded([builder.records]).judgements()
    return [(row.offset, row.judged_by, row.code, row.state) for row in rows]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([change("given", 1), CALL_AT_5], [], id="consent first"),
        pytest.param([change("given", 5), CALL_AT_5], [], id="consent at the same moment counts"),
        pytest.param([CALL_AT_5], [(0, 0, WITHOUT, "open")], id="no consent known"),
        pytest.param(
            [CALL_AT_5, change("given", 1)],
            [(0, 0, WITHOUT, "open"), (0, 1, WITHOUT, "resolved")],
            id="consent arrives late",
        ),
        pytest.param(
            [CALL_AT_5, change("given", 6)],
            [(0, 0, WITHOUT, "open")],
            id="consent given afterwards does not heal",
        ),
        pytest.param(
            [change("given", 1), CALL_AT_5, change("withdrawn", 4)],
            [(1, 2, AFTER, "open")],
            id="withdrawal arrives late",
        ),
        pytest.param(
            [change("given", 1), CALL_AT_5, change("withdrawn", 6)],
            [],
            id="withdrawal does not work backwards",
        ),
        pytest.param(
            [change("given", 1), change("withdrawn", 5), CALL_AT_5],
            [(2, 2, AFTER, "open")],
            id="withdrawal at the same moment counts",
        ),
        pytest.param(
            [change("given", 5), change("withdrawn", 5), change("given", 5), CALL_AT_5],
            [],
            id="of changes at one moment the last to arrive holds",
        ),
        pytest.param(
            [change("given", 5), CALL_AT_5, change("withdrawn", 5), change("given", 5)],
            [(1, 2, AFTER, "open"), (1, 3, AFTER, "resolved")],
            id="a later arrival at one moment changes the judgement each time",
        ),
        pytest.param(
            [CALL_AT_5, change("refused", 3), change("withdrawn", 4)],
            [
                (0, 0, WITHOUT, "open"),
                (0, 1, WITHOUT, "resolved"),
                (0, 1, WITHOUT, "open"),
                (0, 2, WITHOUT, "resolved"),
                (0, 2, AFTER, "open"),
            ],
            id="one finding gives way to another, in other words or under another code",
        ),
        pytest.param(
            [change("given", 1, expires_at=6), CALL_AT_5], [], id="consent about to expire still holds"
        ),
        pytest.param(
            [change("given", 1, expires_at=5), CALL_AT_5],
            [(1, 1, WITHOUT, "open")],
            id="consent that expires at this moment is gone",
        ),
        pytest.param(
            [change("given", 1, expires_at=3), CALL_AT_5, change("given", 3)],
            [(1, 1, WITHOUT, "open"), (1, 2, WITHOUT, "resolved")],
            id="consent was given again before it expired",
        ),
        pytest.param(
            [change("given", 1), change("given", 2, expires_at=4), CALL_AT_5],
            [(2, 2, WITHOUT, "open")],
            id="the later consent holds though the earlier had no end",
        ),
        pytest.param(
            [CALL_AT_5, {**change("given", 1), "purpose": "recording"}],
            [(0, 0, WITHOUT, "open")],
            id="consent for another purpose",
        ),
        pytest.param(
            [{**CALL_AT_5, "lawful_basis": "contract"}, change("withdrawn", 1)],
            [],
            id="processing on another basis",
        ),
    ],
)
def test_history_of_judgements(facts: list[dict[str, Any]], expected: list[tuple[object, ...]]) -> None:
    """Each judgement stands where it was made: what was known when can be told afterwards."""
    assert expected == judgements(*({"lawful_basis": "consent", **fact} for fact in facts))


def test_reference_notices_a_recorder_that_never_looks_back() -> None:
    """A mutant that judges processing once, when it arrives, disagrees with the reference."""
    log = arriving(
        [
            Fact(ALICE, "telephony", "call.completed", 5, None),
            Fact(ALICE, "telephony", "consent.given", 1, None),
        ]
    )
    store = recorded([log])
    first_judgements = [row for row in store.judgements() if row.offset == row.judged_by]
    store.rows["findings"] = [tuple(row) for row in first_judgements]
    assert reference(taken(store, log)) != open_findings(store)


def test_made_up_logs_reach_every_state() -> None:
    """The long logs hold each finding, opened and resolved, or the properties say nothing."""
    rows = [row for seed in range(3) for row in recorded([long_log(seed, 500)]).judgements()]
    found = {(row.code, row.state) for row in rows}
    assert {(code, state) for code in (WITHOUT, AFTER) for state in ("open", "resolved")} <= found
    assert {row.found.rpartition(" ")[2] for row in rows} >= {
        "recorded",
        "refused",
        "expired",
        "withdrawal",
    }
