"""Nobody is forgotten while a batch is in flight: a mark for what a dead sealer sent, a gate for the living."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest

from ledger.entry import SourcePosition
from ledger.errors import CallerError, InfrastructureError
from ledger.postgres.connection import Connection
from ledger.vault import in_flight
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.in_flight import BatchInFlight, Gate, Stretch
from ledger.vault.kek import KeyEncryption
from ledger.vault.progress import ProgressMoved
from ledger.vault.vault import FORGOTTEN_AT_ONCE, Vault
from tests.integration.vault.blocking import RunBlocked
from tests.integration.vault.conftest import OpenVault

TOPIC = "inbox.processing"
PHONE = Identifier(IdentifierKind.PHONE, "+3197010000001")
BATCH = [Stretch(TOPIC, 0, 10, 21)]
WAIT_S = 10.0
"""How long a test waits for another thread; normally it is milliseconds."""


@pytest.fixture
def started(vault: Vault) -> Vault:
    """A vault with two inbox partitions at offset 10."""
    vault.initialise_progress(TOPIC, 0, 10)
    vault.initialise_progress(TOPIC, 1, 10)
    return vault


@pytest.fixture
def closed(started: Vault) -> UUID:
    """A closed subject to whom one number leads."""
    return closed_subject(started, PHONE)


def closed_subject(vault: Vault, *identifiers: Identifier) -> UUID:
    """Somebody to forget."""
    (subject,) = vault.resolve_subjects([Mention(controller="acme", identifiers=identifiers)])
    assert subject is not None
    vault.close_subject(subject, "erasure_request")
    return subject


def die_in_a_batch(open_vault: OpenVault, *batch: Stretch) -> None:
    """A sealer that is gone after `begin_sealing`."""
    vault = open_vault()
    vault.begin_sealing(batch or BATCH)
    vault.close()


@contextmanager
def running(act: Callable[[], object], conn: Connection) -> Iterator["Future[object]"]:
    """Something in a thread of its own, once it waits at the gate; behind others that wait there."""
    before = waiting(conn)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(act)
        deadline = time.monotonic() + WAIT_S
        while waiting(conn) == before:
            assert not future.done(), "it did not wait"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield future


def waiting(conn: Connection) -> int:
    """How many sessions wait at this schema's gate."""
    row = conn.execute("SELECT current_schema()").fetchone()
    assert row is not None
    key = Gate(row[0])._name["key"] % 2**32
    sessions = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s"
    waits = conn.execute(sessions, (key,)).fetchone()
    assert waits is not None
    return int(waits[0])


# The mark of a dead sealer


def test_dead_sealers_batch_keeps_everybody(started: Vault, closed: UUID, open_vault: OpenVault) -> None:
    """What it sent may be in the log under the old pseudonym: the identifiers stay until it is sealed again."""
    die_in_a_batch(open_vault)
    with pytest.raises(BatchInFlight, match=r"inbox\.processing partition 0") as refused:
        started.forget_subject(closed)
    assert refused.value.retriable
    assert started.directory_count(closed) == 1
    started.advance(TOPIC, 0, 10, 21, {})
    assert started.forget_subject(closed) == 1


def test_shorter_batch_after_a_restart_leaves_the_mark(
    started: Vault, closed: UUID, open_vault: OpenVault
) -> None:
    """The rest of what the dead one sent is still to be sealed again."""
    die_in_a_batch(open_vault)
    started.begin_sealing([Stretch(TOPIC, 0, 10, 15)])
    started.advance(TOPIC, 0, 10, 15, {1: SourcePosition(14, 0)})
    started.end_sealing()
    with pytest.raises(BatchInFlight):
        started.forget_subject(closed)
    started.begin_sealing([Stretch(TOPIC, 0, 15, 30)])
    started.advance(TOPIC, 0, 15, 30, {})
    started.end_sealing()
    assert started.forget_subject(closed) == 1


def test_mark_of_any_partition_counts(started: Vault, closed: UUID, open_vault: OpenVault) -> None:
    """One of several advanced, and then the sealer died."""
    die_in_a_batch(open_vault, *BATCH, Stretch(TOPIC, 1, 10, 11))
    started.advance(TOPIC, 0, 10, 21, {})
    with pytest.raises(BatchInFlight, match="partition 1"):
        started.forget_subject(closed)


def test_batch_that_ended_keeps_nobody(started: Vault, closed: UUID) -> None:
    """In normal operation there is nothing to wait for."""
    started.begin_sealing(BATCH)
    started.advance(TOPIC, 0, 10, 21, {})
    started.end_sealing()
    assert started.forget_subject(closed) == 1


def test_subjects_that_wait_are_forgotten_together_or_later(started: Vault, open_vault: OpenVault) -> None:
    """The follower's way: refused, all of them wait on; then they go, however many there are."""
    people = [
        closed_subject(started, Identifier(IdentifierKind.ACCOUNT, f"K-{number}"))
        for number in range(FORGOTTEN_AT_ONCE + 3)
    ]
    assert started.advance_governance(0, 1, settings=(), forget=people, inbox_ends={(TOPIC, 0): 10})
    die_in_a_batch(open_vault)
    with pytest.raises(BatchInFlight):
        started.forget_due()
    assert started.governance_state().forgetting
    assert frozenset(people) == started.not_forgotten(people)
    started.advance(TOPIC, 0, 10, 21, {})
    started.forget_due()
    assert not started.governance_state().forgetting
    assert started.not_forgotten(people) == frozenset()


# A batch begins where its sealer thinks it is


@pytest.mark.parametrize(
    "stale",
    [
        pytest.param({0: 9}, id="behind"),
        pytest.param({0: 11}, id="ahead"),
        pytest.param({0: 10, 1: 9}, id="one of two"),
        pytest.param({0: 10, 7: 0}, id="one never initialised"),
    ],
)
def test_batch_at_a_position_that_moved_does_not_begin(
    started: Vault, closed: UUID, conn: Connection, stale: Mapping[int, int]
) -> None:
    """Nobody is resolved, nothing is marked, nothing is held: whoever forgets need not wait for it."""
    with pytest.raises(ProgressMoved):
        started.begin_sealing([Stretch(TOPIC, number, at, 50) for number, at in stale.items()])
    assert conn.execute("SELECT max(sealing_until) FROM sealer_progress").fetchone() == (0,)
    assert started.forget_subject(closed) == 1
    started.begin_sealing(BATCH)


def test_position_that_moves_while_a_sealer_waits_at_the_gate_is_noticed(
    started: Vault, open_vault: OpenVault, conn: Connection, open_connection: Callable[[], Connection]
) -> None:
    """It was asleep there while others sealed, and somebody was forgotten: it must look after the gate, not before."""
    row = conn.execute("SELECT current_schema()").fetchone()
    assert row is not None
    zombie, forgetting = open_vault(), open_connection()
    forgetting.execute("BEGIN")
    Gate(row[0]).close(forgetting)
    with running(lambda: zombie.begin_sealing(BATCH), conn) as begun:
        started.advance(TOPIC, 0, 10, 21, {})
        forgetting.execute("COMMIT")
        assert isinstance(begun.exception(WAIT_S), ProgressMoved)


# The gate


def test_forgetting_waits_for_a_batch_in_flight_and_then_goes_on(
    started: Vault, closed: UUID, open_vault: OpenVault, conn: Connection
) -> None:
    """It need not be asked again: the sealer ends its batch within a second."""
    sealer = open_vault()
    sealer.begin_sealing(BATCH)
    with running(lambda: started.forget_subject(closed), conn) as forgotten:
        assert sealer.directory_count(closed) == 1
        sealer.advance(TOPIC, 0, 10, 21, {})
        sealer.end_sealing()
        assert forgotten.result(WAIT_S) == 1


def test_batch_that_begins_later_waits_for_who_forgets(
    started: Vault, closed: UUID, open_vault: OpenVault, conn: Connection
) -> None:
    """The queue is fair: sealers that never pause do not keep a person from being forgotten."""
    first, second = open_vault(), open_vault()
    first.begin_sealing(BATCH)
    with (
        running(lambda: started.forget_subject(closed), conn) as forgotten,
        running(lambda: second.begin_sealing([Stretch(TOPIC, 1, 10, 12)]), conn) as begun,
    ):
        first.advance(TOPIC, 0, 10, 21, {})
        first.end_sealing()
        assert forgotten.result(WAIT_S) == 1
        begun.result(WAIT_S)


def test_batches_do_not_wait_for_each_other(started: Vault, open_vault: OpenVault) -> None:
    """Also not two on one inbox partition: which of them counts, the compare-and-swap decides."""
    others = [open_vault() for _ in range(3)]
    for vault in (started, *others):
        vault.begin_sealing(BATCH)
    started.advance(TOPIC, 0, 10, 21, {})
    started.end_sealing()
    with pytest.raises(ProgressMoved):
        others[0].advance(TOPIC, 0, 10, 21, {})


def test_batch_that_does_not_end_puts_forgetting_off(
    started: Vault, closed: UUID, open_vault: OpenVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In bounded time, so that no sealer stands behind one that hangs; nothing is held afterwards."""
    monkeypatch.setattr(in_flight, "PATIENCE_S", 0.2)
    sealer, other = open_vault(), open_vault()
    sealer.begin_sealing(BATCH)
    with pytest.raises(BatchInFlight, match="one that goes on") as refused:
        started.forget_subject(closed)
    assert refused.value.retriable
    other.begin_sealing([Stretch(TOPIC, 1, 10, 12)])
    assert started.directory_count(closed) == 1


def test_gate_of_a_lost_session_is_free_and_its_mark_stands(
    started: Vault, closed: UUID, open_vault: OpenVault, conn: Connection
) -> None:
    """The sealer may still be sending: what its session no longer keeps, the mark keeps."""
    sealer = open_vault()
    sealer.begin_sealing(BATCH)
    pid = sealer._conn.info.backend_pid
    conn.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with pytest.raises(BatchInFlight, match="ended in the middle"):
        started.forget_subject(closed)
    with pytest.raises(InfrastructureError):
        sealer.advance(TOPIC, 0, 10, 21, {})
    sealer.advance(TOPIC, 0, 10, 21, {})
    with pytest.raises(InfrastructureError, match="the gate of a batch was lost"):
        sealer.end_sealing()


def test_forgetting_in_the_middle_of_ones_own_batch_is_refused(started: Vault, closed: UUID) -> None:
    """PostgreSQL would let the session through its own lock."""
    started.begin_sealing(BATCH)
    with pytest.raises(CallerError):
        started.forget_subject(closed)


def test_second_batch_in_one_vault_is_refused(started: Vault) -> None:
    """The lock would count two, and the first end would give one back."""
    started.begin_sealing(BATCH)
    with pytest.raises(CallerError):
        started.begin_sealing([Stretch(TOPIC, 1, 10, 12)])


def test_who_is_forgotten_already_waits_for_nobody(
    started: Vault, closed: UUID, open_vault: OpenVault
) -> None:
    """Asked again, as every step of an erasure may be, it costs no sealer anything."""
    started.forget_subject(closed)
    open_vault().begin_sealing(BATCH)
    assert started.forget_subject(closed) == 0


def test_vaults_in_one_database_have_a_gate_each(run_blocked: RunBlocked, conn: Connection) -> None:
    """A vault beside this one does not wait for its sealers; the same one does."""
    one, other = Gate(f"one {uuid4()}"), Gate(f"other {uuid4()}")
    with conn.transaction():
        one.close(conn)
        waits = run_blocked(one.close)
        other.close(conn)
    waits.result(WAIT_S)


def test_mutant_that_unmarks_with_any_progress_is_noticed(
    postgres_dsn: str, schema: str, key_encryption: KeyEncryption, started: Vault, closed: UUID
) -> None:
    """A mark that any advance takes back would let a person go between two halves of a dead sealer's batch."""

    class Unmarks(Vault):
        def advance(
            self,
            topic: str,
            partition: int,
            expected_next: int,
            new_next: int,
            chain: Mapping[int, SourcePosition],
        ) -> None:
            super().advance(topic, partition, expected_next, new_next, chain)
            self._conn.execute("UPDATE sealer_progress SET sealing_until = 0")

    def open_mutant() -> Vault:
        return Unmarks(postgres_dsn, key_encryption, schema=schema)

    with (
        open_mutant() as mutant,
        pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"),
    ):
        test_shorter_batch_after_a_restart_leaves_the_mark(mutant, closed, open_mutant)
