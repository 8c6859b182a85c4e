"""Epoch keys by the batch: listed while they live, destroyed together, and not listed after."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from ledger.errors import InfrastructureError
from ledger.postgres.connection import Connection
from ledger.vault import destruction, keys
from ledger.vault.destruction import NotDestroyed
from ledger.vault.kek import KeyEncryption
from ledger.vault.vault import Vault
from tests.integration.vault.blocking import WAIT_S, RunBlocked
from tests.integration.vault.commit_cutter import CommitCutter, Moment

EPOCHS = [("acme", "content", 20500), ("acme", "signalling", 20500), ("globex", "content", 20501)]
TOMBSTONES = 100_000
"""Some 30 years of 3 controllers and 3 classes."""


def _live(vault: Vault, names: list[keys.EpochKeyName]) -> list[bool]:
    ring = vault.read_keys([], names)
    return [ring.epoch(*name) is not None for name in names]


def test_live_epochs_are_those_that_still_open(vault: Vault) -> None:
    """In byte order, of all controllers or of one, whatever order they were made in; without tombstones."""
    more = [
        ("Zeta", "content", 1),
        ("acme", "content", 20499),
        ("acme", "Content", 3),
        ("acmé", "content", 2),
    ]
    vault.keys_for([], [*reversed(EPOCHS), *more])
    vault.destroy_epochs([EPOCHS[1], ("acme", "fax", 20500)], "retention_ended")
    alive = sorted([EPOCHS[0], EPOCHS[2], *more])
    assert vault.live_epochs() == alive
    assert vault.live_epochs("acme") == [name for name in alive if name[0] == "acme"]
    assert vault.live_epochs("nobody") == []


def test_live_epochs_are_found_without_walking_over_tombstones(vault: Vault, conn: Connection) -> None:
    """The retention run asks every hour, for years: what it reads grows with what lives, not with what ever was."""
    vault.keys_for([], EPOCHS)
    conn.execute(
        "INSERT INTO epoch_key (controller, retention_class, day, destroyed_at, why)"
        " SELECT 'acme', 'fax', day, now(), 'retention_ended' FROM generate_series(1, %s) AS day",
        (TOMBSTONES,),
    )
    conn.execute("ANALYZE epoch_key")
    for name in ("live_epochs", "live_epochs_of"):
        rows = conn.execute(b"EXPLAIN " + keys._SQL[name], {"controller": "acme"}).fetchall()
        plan = "\n".join(row[0] for row in rows)
        assert "epoch_key_live" in plan
        assert "Seq Scan" not in plan


def test_batch_of_epochs_is_destroyed_together(vault: Vault) -> None:
    """Those that had a key are reported, once; those that had none are barred; others live."""
    vault.keys_for([], EPOCHS)
    never_made = ("acme", "fax", 20500)
    names = [EPOCHS[0], never_made, EPOCHS[1], EPOCHS[0]]
    assert vault.destroy_epochs(names, "retention_ended") == {EPOCHS[0], EPOCHS[1]}
    assert _live(vault, EPOCHS) == [False, False, True]
    assert vault.keys_for([], [never_made]).epoch_destroyed(*never_made)
    assert vault.destroy_epochs(names, "other") == frozenset()
    vault.confirm_epochs_destroyed(names)


def test_destroying_no_epoch_destroys_nothing(vault: Vault) -> None:
    """An empty batch is not `all`."""
    vault.keys_for([], EPOCHS)
    assert vault.destroy_epochs([], "retention_ended") == frozenset()
    assert vault.live_epochs() == EPOCHS


def test_large_batch(vault: Vault) -> None:
    """A day of many controllers and classes, in one transaction."""
    names = [(f"c{number:04d}", "content", 20500) for number in range(5000)]
    vault.keys_for([], names)
    assert vault.destroy_epochs(names, "retention_ended") == frozenset(names)
    assert vault.live_epochs() == []


def test_batches_in_opposite_order_do_not_deadlock(
    vault: Vault, open_connection: Callable[[], Connection], run_blocked: RunBlocked
) -> None:
    """Two runs destroy the same epochs, each named in another order: one waits, and finds nothing left to do."""
    vault.keys_for([], EPOCHS)
    holder = open_connection()
    with holder.transaction(force_rollback=True):
        # Holds the middle one, so that both stand half-way at the same time.
        destruction.destroy_epochs(holder, EPOCHS[1:2], "test")
        forward = run_blocked(lambda own: destruction.destroy_epochs(own, EPOCHS, "forward"))
        backward = run_blocked(lambda own: destruction.destroy_epochs(own, EPOCHS[::-1], "backward"))
    done = [forward.result(WAIT_S), backward.result(WAIT_S)]
    assert sorted(map(len, done)) == [0, 3]
    assert vault.live_epochs() == []


@pytest.mark.parametrize("undo", ["RETURN OLD", "RETURN NULL"])
def test_destruction_of_one_of_many_that_did_not_happen_is_not_claimed(
    vault: Vault, conn: Connection, undo: str
) -> None:
    """FAULTS row 48, not done but reported: the database says yes and keeps one of the keys.

    The mutant: believing what the destroying statement returned.
    """
    vault.keys_for([], EPOCHS)
    conn.execute(f"CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {undo}; END'".encode())
    conn.execute(
        "CREATE TRIGGER undo BEFORE UPDATE ON epoch_key FOR EACH ROW"
        " WHEN (OLD.controller = 'globex') EXECUTE FUNCTION undo()"
    )
    with pytest.raises(NotDestroyed, match="globex content 20501"):
        vault.destroy_epochs(EPOCHS, "retention_ended")
    assert vault.live_epochs() == [EPOCHS[2]]


def test_error_names_a_few_of_many(vault: Vault) -> None:
    """Thousands of keys do not make a page of a message."""
    names = [("acme", "content", day) for day in range(1000)]
    vault.keys_for([], names)
    with pytest.raises(NotDestroyed, match="and 997 more") as refused:
        vault.confirm_epochs_destroyed(names)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("moment", ["before", "after"])
def test_destruction_that_was_reported_failed_ends_the_same_when_asked_again(
    cut_vault: Vault, cutter: CommitCutter, moment: Moment
) -> None:
    """FAULTS row 48, the line is cut at the commit: whether it happened or not, asking again destroys and confirms."""
    cut_vault.keys_for([], EPOCHS)
    cutter.cut_next(moment, request=b"INSERT INTO epoch_key", answer=b"INSERT 0 ")
    with pytest.raises(InfrastructureError):
        cut_vault.destroy_epochs(EPOCHS, "retention_ended")
    assert cutter.cuts == 1
    assert _live(cut_vault, EPOCHS) == [moment == "before"] * 3
    assert cut_vault.destroy_epochs(EPOCHS, "retention_ended") == (
        frozenset(EPOCHS) if moment == "before" else frozenset()
    )
    cut_vault.confirm_epochs_destroyed(EPOCHS)
    assert cut_vault.live_epochs() == []


@pytest.fixture
def listing(vault: Vault, open_connection: Callable[[], Connection]) -> Iterator[Connection]:
    """A transaction that has destroyed an epoch and not committed."""
    vault.keys_for([], EPOCHS)
    own = open_connection()
    with own.transaction(force_rollback=True):
        destruction.destroy_epochs(own, EPOCHS[:1], "test")
        yield own


def test_listing_waits_for_nobody(vault: Vault, listing: Connection, key_encryption: KeyEncryption) -> None:
    """A destruction under way does not hold up the sealer of other epochs, nor the list."""
    assert vault.live_epochs() == EPOCHS
    assert keys.live_epochs(listing, None) == EPOCHS[1:]
    assert vault.keys_for([(uuid4(), "content")], EPOCHS[1:]).epoch(*EPOCHS[1]) is not None
    assert repr(key_encryption)
