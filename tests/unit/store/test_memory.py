"""What a recorder remembers between batches is bounded, and gone when it may be wrong."""

from ledger.store.ledger_store import FIRSTS_REMEMBERED_MAX, Memory
from tests.unit.aggregates.facts import make_entry


def test_first_rows_keys_are_forgotten_beyond_the_limit() -> None:
    """A publisher with a name of its own for every fact must not fill the memory; the store's index still tells."""
    memory = Memory()
    memory.firsts["recipients"] = {(number,) for number in range(FIRSTS_REMEMBERED_MAX)}
    memory.trim()
    assert len(memory.firsts["recipients"]) == FIRSTS_REMEMBERED_MAX
    memory.firsts["recipients"].add(("one more",))
    memory.trim()
    assert memory.firsts == {}


def test_failed_batch_is_forgotten_whole() -> None:
    """What it noted as written was not, and the governance facts it folded may never have been recorded."""
    memory = Memory(firsts={"recipients": {("urn:test:pbx",)}}, marks={}, trail_days={1})
    memory.governance.add(0, make_entry(event_type="retention.set", stream_kind="governance"))
    assert memory.judge.governance is memory.governance
    memory.forget()
    assert (memory.aggregates, memory.marks, memory.trail_days, memory.firsts) == ({}, None, set(), {})
    assert memory.governance.next_offset == 0
