"""Destroyed stays destroyed: alone, while others make keys, and never claimed without looking."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar
from uuid import uuid4

import pytest

from ledger.errors import CallerError, InfrastructureError
from ledger.postgres.connection import Connection
from ledger.vault import destruction, keys
from ledger.vault.directory import Mention
from ledger.vault.field_cipher import FieldContext, open_field, seal_field
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.vault import Vault
from tests.integration.vault.commit_cutter import CommitCutter, Moment

T = TypeVar("T")
SUBJECT, OTHER = uuid4(), uuid4()
CONTENT = (SUBJECT, "content")
EPOCH = ("acme", "content", 20500)
WAIT_S = 10.0
"""A race that takes longer than this hangs."""
ROUNDS = 25
RACERS = 8


def _present(vault: Vault) -> tuple[bool, bool]:
    ring = vault.read_keys([CONTENT], [EPOCH])
    return ring.subject(*CONTENT) is not None, ring.epoch(*EPOCH) is not None


@pytest.mark.parametrize(
    ("destroy_subject", "destroy_epoch"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_field_opens_only_while_both_keys_live(
    vault: Vault, destroy_subject: bool, destroy_epoch: bool
) -> None:
    """FAULTS row 43: subject key, epoch key, both or neither destroyed; it opens in `neither` only."""
    ring = vault.keys_for([CONTENT], [EPOCH])
    subject_key, epoch_key = ring.subject(*CONTENT), ring.epoch(*EPOCH)
    assert subject_key is not None
    assert epoch_key is not None
    context = FieldContext(
        controller="acme", subject=SUBJECT, retention_class="content", day=20500, event_type="t", field="f"
    )
    salt = bytes(32)
    commitment, ciphertext = seal_field(subject_key, epoch_key, salt, context, b"value")
    if destroy_subject:
        assert vault.destroy_subject_key(*CONTENT, "erasure")
    if destroy_epoch:
        assert vault.destroy_epoch(*EPOCH, "retention_ended")

    after = vault.keys_for([CONTENT], [EPOCH])
    assert (after.subject(*CONTENT) is None) == destroy_subject
    assert (after.epoch(*EPOCH) is None) == destroy_epoch
    if not (destroy_subject or destroy_epoch):
        again = after.subject(*CONTENT), after.epoch(*EPOCH)
        assert again == (subject_key, epoch_key)
        assert open_field(subject_key, epoch_key, salt, context, commitment, ciphertext) == b"value"


def test_destroying_one_leaves_the_others(vault: Vault) -> None:
    """Another class, person, day or controller is not touched."""
    subjects = [CONTENT, (SUBJECT, "signalling"), (uuid4(), "content")]
    epochs = [EPOCH, ("acme", "content", 20501), ("acme", "signalling", 20500), ("globex", "content", 20500)]
    vault.keys_for(subjects, epochs)
    vault.destroy_subject_key(*CONTENT, "erasure")
    vault.destroy_epoch(*EPOCH, "retention_ended")
    ring = vault.read_keys(subjects, epochs)
    assert [ring.subject(*name) is None for name in subjects] == [True, False, False]
    assert [ring.epoch(*name) is None for name in epochs] == [True, False, False, False]


def test_destroying_twice_is_once(vault: Vault, conn: Connection) -> None:
    """The second time nothing was there, and the tombstone keeps its date and reason."""
    vault.keys_for([CONTENT], [EPOCH])
    assert vault.destroy_subject_key(*CONTENT, "erasure")
    assert vault.destroy_epoch(*EPOCH, "retention_ended")
    before = conn.execute("SELECT * FROM destroyed_subject_key, destroyed_epoch_key").fetchall()
    assert not vault.destroy_subject_key(*CONTENT, "other")
    assert not vault.destroy_epoch(*EPOCH, "other")
    assert conn.execute("SELECT * FROM destroyed_subject_key, destroyed_epoch_key").fetchall() == before


def test_key_destroyed_before_it_was_made_is_never_made(vault: Vault) -> None:
    """A late event for an ended day, a class never used of an erased person: no key."""
    assert not vault.destroy_subject_key(*CONTENT, "erasure")
    assert not vault.destroy_epoch(*EPOCH, "retention_ended")
    ring = vault.keys_for([CONTENT], [EPOCH])
    assert (ring.subject(*CONTENT), ring.epoch(*EPOCH)) == (None, None)
    assert ring.subject_destroyed(*CONTENT)
    assert ring.epoch_destroyed(*EPOCH)


def test_subject_with_classes_named(vault: Vault) -> None:
    """Those that had a key are reported; those that had none are barred all the same; others live."""
    vault.keys_for([CONTENT, (SUBJECT, "consent_proof")], [])
    assert vault.destroy_subject(SUBJECT, ["signalling", "content", "content"], "erasure") == {"content"}
    ring = vault.keys_for([CONTENT, (SUBJECT, "signalling"), (SUBJECT, "consent_proof")], [])
    assert ring.subject(*CONTENT) is None
    assert ring.subject(SUBJECT, "signalling") is None
    assert ring.subject(SUBJECT, "consent_proof") is not None


def test_subject_without_classes_named(vault: Vault) -> None:
    """Every class there is; a class first used later is not barred, as documented."""
    vault.keys_for([CONTENT, (SUBJECT, "signalling")], [])
    assert vault.destroy_subject(SUBJECT, None, "erasure") == {"content", "signalling"}
    assert vault.keys_for([(SUBJECT, "new")], []).subject(SUBJECT, "new") is not None


def test_destroying_no_class_destroys_nothing(vault: Vault) -> None:
    """An empty list is not `all`."""
    vault.keys_for([CONTENT], [])
    assert vault.destroy_subject(SUBJECT, [], "erasure") == frozenset()
    assert _present(vault)[0]


def test_class_takes_each_facts_own_key(vault: Vault, conn: Connection) -> None:
    """`class:fact` is of the class; a class whose name only begins alike is not."""
    proofs = ["consent_proof:a", "consent_proof:b:c"]
    others = ["consent_proof_2", "consent", "content:consent_proof"]
    names = [(SUBJECT, name) for name in (*proofs, *others)]
    vault.keys_for([*names, (OTHER, proofs[0])], [])
    assert vault.destroy_subject_classes(SUBJECT, ["consent_proof", "fax"], "erasure") == set(proofs)
    assert vault.subject_key_classes(SUBJECT) == {
        **dict.fromkeys((*proofs, "consent_proof", "fax"), "destroyed"),
        **dict.fromkeys(others, "live"),
    }
    assert vault.subject_key_classes(OTHER) == {proofs[0]: "live"}
    assert vault.destroy_subject_classes(SUBJECT, ["consent_proof"], "again") == frozenset()
    assert conn.execute("SELECT DISTINCT why FROM destroyed_subject_key").fetchall() == [("erasure",)]


def test_one_facts_key_is_destroyed_alone(vault: Vault) -> None:
    """The proofs of one person's consents end years apart."""
    vault.keys_for([(SUBJECT, "consent_proof:a"), (SUBJECT, "consent_proof:b")], [])
    assert vault.destroy_subject_key(SUBJECT, "consent_proof:a", "retention_ended")
    assert vault.subject_key_classes(SUBJECT) == {"consent_proof:a": "destroyed", "consent_proof:b": "live"}
    with pytest.raises(CallerError, match="cannot destroy by class"):
        vault.destroy_subject_classes(SUBJECT, ["consent_proof:b"], "retention_ended")


def test_class_with_one_fact_left_is_not_confirmed(vault: Vault, conn: Connection) -> None:
    """FAULTS row 48: every key of the class is tried, not only the class's own name."""
    vault.keys_for([(SUBJECT, "consent_proof:a"), (SUBJECT, "consent_proof:b")], [])
    conn.execute("CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    conn.execute(
        "CREATE TRIGGER undo BEFORE UPDATE ON subject_key FOR EACH ROW"
        " WHEN (OLD.retention_class = 'consent_proof:b') EXECUTE FUNCTION undo()"
    )
    with pytest.raises(destruction.NotDestroyed, match="consent_proof:b"):
        vault.destroy_subject_classes(SUBJECT, ["consent_proof"], "erasure")
    with pytest.raises(destruction.NotDestroyed, match="consent_proof:b"):
        vault.confirm_subject_classes_destroyed(SUBJECT, ["consent_proof"])


@pytest.mark.parametrize("moment", ["before", "after"])
def test_erasure_that_was_reported_failed_ends_the_same_when_asked_again(
    cut_vault: Vault, cutter: CommitCutter, moment: Moment
) -> None:
    """FAULTS row 48: the line is cut at the commit of each step, which may have happened; asked again, it ends alike.

    The mutant: taking the error for `not done`, or the second answer's `nothing was there` for a failure.
    """
    phone = Identifier(IdentifierKind.PHONE, "+3197010200001")
    (subject,) = cut_vault.resolve_subjects([Mention(controller="acme", identifiers=(phone,))])
    assert subject is not None
    cut_vault.keys_for([(subject, "content")], [])

    def twice(act: Callable[[], T]) -> T:
        cutter.cut_next(moment)
        with pytest.raises(InfrastructureError):
            act()
        return act()

    happened = moment == "after"
    twice(lambda: cut_vault.close_subject(subject, "erasure"))
    destroyed = twice(lambda: cut_vault.destroy_subject_classes(subject, ["content"], "erasure"))
    removed = twice(lambda: cut_vault.forget_subject(subject))
    assert cutter.cuts == 3
    assert (destroyed, removed) == ((frozenset(), 0) if happened else ({"content"}, 1))
    assert cut_vault.is_closed(subject)
    assert cut_vault.subject_key_classes(subject) == {"content": "destroyed"}
    assert cut_vault.directory_count(subject) == 0
    assert cut_vault.resolve_subjects([Mention(controller="acme", identifiers=(phone,))]) != [subject]


@pytest.mark.parametrize("undo", ["RETURN OLD", "RETURN NULL"])
def test_destruction_that_did_not_happen_is_not_claimed(vault: Vault, conn: Connection, undo: str) -> None:
    """FAULTS row 48: the database says yes and keeps the key; the failed-open check finds it out."""
    vault.keys_for([CONTENT], [EPOCH])
    conn.execute(f"CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {undo}; END'".encode())
    for table in ("subject_key", "epoch_key"):
        conn.execute(
            f"CREATE TRIGGER undo BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION undo()".encode()
        )
    with pytest.raises(destruction.NotDestroyed):
        vault.destroy_subject_key(*CONTENT, "erasure")
    with pytest.raises(destruction.NotDestroyed):
        vault.destroy_epoch(*EPOCH, "retention_ended")
    assert _present(vault) == (True, True)


def test_key_deleted_without_a_tombstone_is_not_confirmed(vault: Vault, conn: Connection) -> None:
    """It does not open, but it could be made again: that is not destroyed."""
    vault.keys_for([CONTENT], [EPOCH])
    conn.execute("DELETE FROM subject_key")
    conn.execute("DELETE FROM epoch_key")
    with pytest.raises(destruction.NotDestroyed, match="no tombstone"):
        vault.confirm_subject_destroyed(SUBJECT, ["content"])
    with pytest.raises(destruction.NotDestroyed, match="no tombstone"):
        vault.confirm_epoch_destroyed(*EPOCH)


def test_destroying_while_making_ends_destroyed(open_vault: Callable[[], Vault]) -> None:
    """Many makers and two destroyers at once, over and over: afterwards no key, whoever came first."""
    vaults = [open_vault() for _ in range(RACERS)]
    for number in range(ROUNDS):
        subject = (uuid4(), "content")
        epoch = ("acme", "content", number)
        start = Barrier(RACERS)
        with ThreadPoolExecutor(RACERS) as pool:
            racers = [
                pool.submit(_race, vault, start, subject, epoch, destroys=index < 2)
                for index, vault in enumerate(vaults)
            ]
            for racer in racers:
                racer.result(WAIT_S)
        after = vaults[0].keys_for([subject], [epoch])
        assert (after.subject(*subject), after.epoch(*epoch)) == (None, None)


def _race(
    vault: Vault, start: Barrier, subject: keys.SubjectKeyName, epoch: keys.EpochKeyName, *, destroys: bool
) -> None:
    start.wait()
    if destroys:
        vault.destroy_subject_key(*subject, "erasure")
        vault.destroy_epoch(*epoch, "retention_ended")
        ring = vault.keys_for([subject], [epoch])
        assert (ring.subject(*subject), ring.epoch(*epoch)) == (None, None)
    else:
        vault.keys_for([subject], [epoch])
