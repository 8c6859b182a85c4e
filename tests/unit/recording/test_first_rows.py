"""Tables that keep the first row of a key only: first by the log, however it is batched."""

from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.recording import fold as fold_module
from ledger.recording.effects import LogRecord
from ledger.recording.known import Known
from ledger.recording.linking import Linked
from tests.unit.recording.logs import LogBuilder, interleaved, logs, split
from tests.unit.recording.memory_store import recorded

ALICE, ANNA, BOB = UUID(int=1), UUID(int=2), UUID(int=3)
"""Two share ledger partition 1, the third has partition 2."""


def told() -> list[LogRecord]:
    """Two services and a processor, in two ledger partitions, each seen several times."""
    log = LogBuilder()
    for number in range(4):
        for stream in (ALICE, ANNA, BOB):
            for source in ("//pbx.example/1", "//voicemail.example/1"):
                log.fact(
                    stream,
                    event_id=f"{number} {stream} {source}",
                    event_source=source,
                    processors=["carrier-example", "carrier-example"] if number else [],
                )
    return log.records


def reference(log: Sequence[LogRecord]) -> list[tuple[object, ...]]:
    """The obvious way: for every ledger partition and name, the lowest offset that shows it."""
    first: dict[tuple[object, ...], int] = {}
    for it in log:
        entry: Any = it.record
        names = [(entry.event_source, "service"), *((name, "processor") for name in entry.processors)]
        for name, kind in names:
            key = (it.partition, entry.controller, name, kind, entry.event_type)
            first[key] = min(it.offset, first.get(key, it.offset))
    return sorted((key[0], offset, *key[1:]) for key, offset in first.items())


def test_first_rows_are_those_of_the_log_whatever_the_batches() -> None:
    """One batch, single records, or any between, partitions in any order: the same rows, those of a slow reference."""
    log, random = told(), Random(0)
    for cuts in ({0}, set(range(len(log))), {5, 11, 12}, {1, 20}):
        for order in (log, interleaved(log, random), interleaved(log, random)):
            assert reference(log) == sorted(recorded(split(order, cuts)).rows["recipients"])
    assert {row[0] for row in reference(log)} == {1, 2}, "two ledger partitions, or it says nothing"


@settings(max_examples=100, deadline=None)
@given(logs(), st.sets(st.integers(1, 40)), st.integers(0, 2**32 - 1))
def test_no_key_has_two_rows(log: list[LogRecord], cuts: set[int], seed: int) -> None:
    """In any log, read in any order and batches."""
    rows = recorded(split(interleaved(log, Random(seed)), cuts)).rows.get("recipients", [])
    keys = [(row[0], *row[2:]) for row in rows]
    assert len(keys) == len(set(keys))


def test_mutant_that_keeps_the_last_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of whatever a batch happens to end with would make state depend on batching."""
    original = fold_module.fold

    def last_of_batch(linked: Sequence[Linked], known: Known) -> Any:
        reversed_effects = original(linked, known)
        for table, rows in reversed_effects.rows.items():
            if table.first_of:
                entries = [it.log_record for it in linked]
                last = {record.partition: record.offset for record in entries}
                rows[:] = [(row[0], last[row[0]], *row[2:]) for row in rows]  # type: ignore[index]
        return reversed_effects

    monkeypatch.setattr("consumers.recorder.fold", last_of_batch)
    log = told()
    assert reference(log) != sorted(recorded(split(log, {5, 11})).rows["recipients"])
