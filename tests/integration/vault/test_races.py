"""Two transactions at once, each stopped at the worst moment: what one commits, the other sees."""

import os
from collections.abc import Callable
from uuid import uuid4

from ledger.postgres.connection import Connection
from ledger.vault import destruction, directory, keys
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind, blind_index
from ledger.vault.kek import KeyEncryption
from ledger.vault.vault import Vault
from tests.integration.vault.blocking import WAIT_S, RunBlocked

SUBJECT = uuid4()
CONTENT = (SUBJECT, "content")
EPOCH = ("acme", "content", 20500)


def _present(vault: Vault) -> tuple[bool, bool]:
    ring = vault.read_keys([CONTENT], [EPOCH])
    return ring.subject(*CONTENT) is not None, ring.epoch(*EPOCH) is not None


def test_destruction_waits_for_a_key_being_made(
    vault: Vault,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """A key made in a transaction still open when destruction starts is destroyed too, not missed."""
    maker = open_connection()
    with maker.transaction():
        keys.get_or_create(maker, key_encryption, [CONTENT], [EPOCH])
        subject_gone = run_blocked(lambda own: destruction.destroy_subject_key(own, *CONTENT, "erasure"))
        epoch_gone = run_blocked(lambda own: destruction.destroy_epochs(own, [EPOCH], "retention_ended"))
    assert subject_gone.result(WAIT_S)
    assert epoch_gone.result(WAIT_S)
    assert _present(vault) == (False, False)
    vault.confirm_subject_destroyed(SUBJECT, ["content"])
    vault.confirm_epoch_destroyed(*EPOCH)


def test_making_waits_for_a_destruction(
    vault: Vault,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """A key first asked for while its destruction is not yet committed is not made."""
    destroyer = open_connection()
    with destroyer.transaction():
        destruction.destroy_subject_key(destroyer, *CONTENT, "erasure")
        subject_ring = run_blocked(lambda own: keys.get_or_create(own, key_encryption, [CONTENT], []))
        destruction.destroy_epochs(destroyer, [EPOCH], "retention_ended")
        epoch_ring = run_blocked(lambda own: keys.get_or_create(own, key_encryption, [], [EPOCH]))
    assert subject_ring.result(WAIT_S).subject(*CONTENT) is None
    assert epoch_ring.result(WAIT_S).epoch(*EPOCH) is None
    assert _present(vault) == (False, False)


def test_of_two_destroyers_the_first_one_counts(
    vault: Vault, open_connection: Callable[[], Connection], conn: Connection, run_blocked: RunBlocked
) -> None:
    """The second waits, finds nothing to destroy, and leaves the first one's reason standing."""
    vault.keys_for([CONTENT], [EPOCH])
    destroyer = open_connection()
    with destroyer.transaction():
        assert destruction.destroy_subject_key(destroyer, *CONTENT, "first")
        assert destruction.destroy_epochs(destroyer, [EPOCH], "first")
        subject_gone = run_blocked(lambda own: destruction.destroy_subject_key(own, *CONTENT, "second"))
        all_gone = run_blocked(lambda own: destruction.destroy_subject(own, SUBJECT, None, "second"))
        epoch_gone = run_blocked(lambda own: destruction.destroy_epochs(own, [EPOCH], "second"))
    assert not subject_gone.result(WAIT_S)
    assert not all_gone.result(WAIT_S)
    assert not epoch_gone.result(WAIT_S)
    assert conn.execute(
        "SELECT why FROM destroyed_subject_key UNION ALL SELECT why FROM destroyed_epoch_key"
    ).fetchall() == [("first",), ("first",)]


def test_undone_destruction_lets_the_key_be_made(
    vault: Vault,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """A destruction that rolls back has not happened, also for those who waited for it."""
    destroyer = open_connection()
    with destroyer.transaction(force_rollback=True):
        destruction.destroy_subject_key(destroyer, *CONTENT, "erasure")
        ring = run_blocked(lambda own: keys.get_or_create(own, key_encryption, [CONTENT], []))
    assert ring.result(WAIT_S).subject(*CONTENT) is not None
    assert _present(vault)[0]


def test_batches_in_opposite_order_do_not_deadlock(
    vault: Vault, open_connection: Callable[[], Connection], run_blocked: RunBlocked
) -> None:
    """Both want the same three people; whatever order they name them in, one waits and takes the other's."""
    index_key = os.urandom(32)

    def index(person: Identifier) -> bytes:
        return blind_index(index_key, "acme", person) or b""

    people = sorted((Identifier(IdentifierKind.ACCOUNT, f"K-{n}") for n in range(3)), key=index)
    mentions = [Mention(controller="acme", identifiers=(person,)) for person in people]
    holder = open_connection()
    with holder.transaction(force_rollback=True):
        # Holds the middle one, so that both batches stand half-way at the same time.
        directory.resolve(holder, index_key, mentions[1:2])
        forward = run_blocked(lambda own: directory.resolve(own, index_key, mentions))
        backward = run_blocked(lambda own: directory.resolve(own, index_key, mentions[::-1]))
    assert forward.result(WAIT_S) == backward.result(WAIT_S)[::-1]


def test_first_event_that_lost_its_race_takes_the_winners_subject(
    vault: Vault, open_connection: Callable[[], Connection], run_blocked: RunBlocked
) -> None:
    """The loser's other identifiers are linked to the winner's subject, not to one of its own."""
    index_key = os.urandom(32)
    phone = Identifier(IdentifierKind.PHONE, "+3197010200001")
    email = Identifier(IdentifierKind.EMAIL, "someone@example.com")
    winner = open_connection()
    with winner.transaction():
        subjects = directory.resolve(winner, index_key, [Mention(controller="acme", identifiers=(phone,))])
        both = Mention(controller="acme", identifiers=(email, phone))
        loser = run_blocked(lambda own: directory.resolve(own, index_key, [both]))
    assert loser.result(WAIT_S) == subjects
    assert directory.find(open_connection(), index_key, "acme", email) == subjects[0]


def test_naive_tombstones_in_a_table_of_their_own_lose_the_race(
    open_connection: Callable[[], Connection], conn: Connection
) -> None:
    """The mutant that one row per key prevents: maker and destroyer each look before the other commits."""
    conn.execute("CREATE TABLE naive_key (name text PRIMARY KEY)")
    conn.execute("CREATE TABLE naive_tombstone (name text PRIMARY KEY)")
    maker, destroyer = open_connection(), open_connection()
    with maker.transaction():
        maker.execute("INSERT INTO naive_key SELECT 'k' WHERE NOT EXISTS (SELECT FROM naive_tombstone)")
        with destroyer.transaction():
            destroyer.execute("INSERT INTO naive_tombstone VALUES ('k')")
            destroyer.execute("DELETE FROM naive_key")
    both = "SELECT count(*) FROM naive_key JOIN naive_tombstone USING (name)"
    assert conn.execute(both.encode()).fetchone() == (1,), "a key with a tombstone: destroyed, and alive"
