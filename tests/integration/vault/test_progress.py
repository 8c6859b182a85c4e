"""A sealer's position moves by compare-and-swap, and its attempts are counted before they are made."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ledger.entry import SourcePosition
from ledger.errors import CallerError, IntegrityError
from ledger.postgres.connection import Connection
from ledger.vault.progress import Progress, ProgressMoved
from ledger.vault.vault import Vault

TOPIC = "inbox.processing"
SEALERS = 8


@pytest.fixture
def started(vault: Vault) -> Vault:
    """A vault with one inbox partition at offset 10."""
    vault.initialise_progress(TOPIC, 0, 10)
    return vault


def test_partition_never_seen(vault: Vault) -> None:
    """No progress, no chain; the two are told from offset 0."""
    assert vault.load_progress(TOPIC, 0) is None
    assert vault.load_chain(TOPIC, 0) == {}


def test_initialising_keeps_what_is_there(started: Vault) -> None:
    """A second start does not jump."""
    assert started.initialise_progress(TOPIC, 0, 99) == Progress(next_offset=10)


def test_advance_moves_position_and_chains(started: Vault) -> None:
    """Chains not mentioned stay; partitions do not meet."""
    started.initialise_progress(TOPIC, 1, 0)
    started.advance(TOPIC, 0, 10, 12, {1: SourcePosition(10, 1), 2: SourcePosition(11, 0)})
    started.advance(TOPIC, 0, 12, 13, {2: SourcePosition(12, 0)})
    assert started.load_progress(TOPIC, 0) == Progress(next_offset=13)
    assert started.load_chain(TOPIC, 0) == {1: SourcePosition(10, 1), 2: SourcePosition(12, 0)}
    assert started.load_progress(TOPIC, 1) == Progress(next_offset=0)
    assert started.load_chain(TOPIC, 1) == {}


def test_advance_over_records_that_went_nowhere(started: Vault) -> None:
    """A position may move without any chain."""
    started.advance(TOPIC, 0, 10, 11, {})
    assert started.load_progress(TOPIC, 0) == Progress(next_offset=11)


@pytest.mark.parametrize("expected", [9, 11])
def test_moved_progress_is_refused_and_nothing_moves(started: Vault, expected: int) -> None:
    """A sealer that knows another position than the row changes nothing, chains included."""
    with pytest.raises(ProgressMoved) as moved:
        started.advance(TOPIC, 0, expected, 20, {1: SourcePosition(19, 0)})
    assert moved.value.retriable
    assert started.load_progress(TOPIC, 0) == Progress(next_offset=10)
    assert started.load_chain(TOPIC, 0) == {}


def test_partition_never_initialised_does_not_advance(vault: Vault) -> None:
    """There is nothing to compare with."""
    with pytest.raises(ProgressMoved):
        vault.advance(TOPIC, 0, 0, 1, {})


def test_of_many_sealers_one_advances(started: Vault, open_vault: Callable[[], Vault]) -> None:
    """FAULTS row 22: two sealers on one partition; the slower ones learn it and move nothing."""
    vaults = [open_vault() for _ in range(SEALERS)]
    start = Barrier(SEALERS)

    def advance(number: int) -> bool:
        start.wait()
        try:
            vaults[number].advance(TOPIC, 0, 10, 20 + number, {1: SourcePosition(19 + number, 0)})
        except ProgressMoved:
            return False
        return True

    with ThreadPoolExecutor(SEALERS) as pool:
        won = list(pool.map(advance, range(SEALERS)))
    assert sum(won) == 1
    winner = won.index(True)
    assert started.load_progress(TOPIC, 0) == Progress(next_offset=20 + winner)
    assert started.load_chain(TOPIC, 0) == {1: SourcePosition(19 + winner, 0)}


def test_chain_never_goes_back(started: Vault, conn: Connection) -> None:
    """A chain beyond the position means that progress was rewound behind our back: stop, change nothing."""
    started.advance(TOPIC, 0, 10, 20, {1: SourcePosition(19, 2)})
    conn.execute("UPDATE sealer_progress SET next_offset = 10")
    with pytest.raises(IntegrityError, match="go back") as refused:
        started.advance(TOPIC, 0, 10, 20, {1: SourcePosition(19, 1)})
    assert not isinstance(refused.value, ProgressMoved)
    assert started.load_progress(TOPIC, 0) == Progress(next_offset=10)
    assert started.load_chain(TOPIC, 0) == {1: SourcePosition(19, 2)}


@pytest.mark.parametrize(("new_next", "offset"), [(10, 9), (9, 8), (12, 12)])
def test_contradicting_positions_are_the_callers_error(started: Vault, new_next: int, offset: int) -> None:
    """Not forward, or a chain beyond the position."""
    with pytest.raises(CallerError):
        started.advance(TOPIC, 0, 10, new_next, {1: SourcePosition(offset, 0)})


def test_attempts_are_counted_per_offset(started: Vault) -> None:
    """The same offset counts on, whatever the end of the batch; another offset starts at one."""
    assert started.mark_trying(TOPIC, 0, 10, 20) == 1
    assert started.mark_trying(TOPIC, 0, 10, 15) == 2
    assert started.load_progress(TOPIC, 0) == Progress(
        next_offset=10, trying_offset=10, trying_until=15, attempts=2
    )
    assert started.mark_trying(TOPIC, 0, 11, 12) == 1


def test_attempts_survive_the_process(started: Vault, open_vault: Callable[[], Vault]) -> None:
    """A sealer that dies while decoding is counted by the next one."""
    started.mark_trying(TOPIC, 0, 10, 11)
    started.close()
    assert open_vault().mark_trying(TOPIC, 0, 10, 11) == 2


def test_cleared_and_advanced_attempts_are_forgotten(started: Vault) -> None:
    """What succeeded is no longer being tried."""
    started.mark_trying(TOPIC, 0, 10, 11)
    started.clear_trying(TOPIC, 0)
    assert started.load_progress(TOPIC, 0) == Progress(next_offset=10)
    started.mark_trying(TOPIC, 0, 10, 11)
    started.advance(TOPIC, 0, 10, 11, {})
    assert started.load_progress(TOPIC, 0) == Progress(next_offset=11)


def test_one_record_alone_can_be_tried(started: Vault) -> None:
    """A batch of one, as when a batch that killed a process is taken apart; not a range backwards."""
    assert started.mark_trying(TOPIC, 0, 10, 10) == 1
    assert started.load_progress(TOPIC, 0) == Progress(
        next_offset=10, trying_offset=10, trying_until=10, attempts=1
    )
    with pytest.raises(CallerError):
        started.mark_trying(TOPIC, 0, 10, 9)


def test_marks_need_a_row(vault: Vault) -> None:
    """A count that is stored nowhere must not look like one."""
    with pytest.raises(CallerError, match="no progress row"):
        vault.mark_trying(TOPIC, 0, 0, 1)


def test_only_marks_commit_before_the_disk(started: Vault, conn: Connection) -> None:
    """The weaker commit ends with its own transaction: keys and positions are on disk when a call returns."""
    conn.execute(
        "CREATE TABLE seen (at serial, value text);"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO seen (value) VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;"
        "CREATE TRIGGER note AFTER UPDATE ON sealer_progress FOR EACH ROW EXECUTE FUNCTION note()"
    )
    started.mark_trying(TOPIC, 0, 10, 11)
    started.clear_trying(TOPIC, 0)
    started.advance(TOPIC, 0, 10, 11, {})
    assert [row[0] for row in conn.execute("SELECT value FROM seen ORDER BY at")] == ["off", "off", "on"]
