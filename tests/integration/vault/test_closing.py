"""A closed subject gets no more keys, a forgotten one no more identifiers: alone, and while others make both."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID, uuid4

import pytest

from ledger.errors import CallerError, NotFound
from ledger.postgres.connection import Connection
from ledger.vault import closing, destruction, directory, keys
from ledger.vault.closing import NotForgotten
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.kek import KeyEncryption
from ledger.vault.vault import Vault
from tests.integration.vault.blocking import WAIT_S, RunBlocked

PHONE = Identifier(IdentifierKind.PHONE, "+3197010200001")
OTHER_PHONE = Identifier(IdentifierKind.PHONE, "+3197010200002")
EMAIL = Identifier(IdentifierKind.EMAIL, "someone@example.com")
ROUNDS = 25
MAKERS = 5
PAUSE_MAX_S = 0.004
"""A few of a maker's transactions: the closing falls before, between and in the middle of them."""


def _mention(*identifiers: Identifier, controller: str = "acme") -> Mention:
    return Mention(controller=controller, identifiers=identifiers)


def _pseudonym(subject: UUID) -> Identifier:
    return Identifier(IdentifierKind.PSEUDONYM, str(subject))


def _one(vault: Vault, *identifiers: Identifier) -> UUID:
    (subject,) = vault.resolve_subjects([_mention(*identifiers)])
    assert subject is not None
    return subject


@pytest.fixture
def subject(vault: Vault) -> UUID:
    """A person with a number and one key, of class `account`."""
    made = _one(vault, PHONE)
    vault.keys_for([(made, "account")], [])
    return made


@pytest.fixture
def forgotten(vault: Vault, subject: UUID) -> UUID:
    """The same person, closed and forgotten."""
    vault.close_subject(subject, "erasure")
    vault.forget_subject(subject)
    return subject


# Closing


def test_closed_subject_gets_tombstones_and_keeps_its_keys(
    vault: Vault, subject: UUID, conn: Connection
) -> None:
    """A kept class still opens; what was never made is never made, and says why."""
    before = vault.keys_for([(subject, "account")], []).subject(subject, "account")
    assert not vault.is_closed(subject)
    vault.close_subject(subject, "erasure")
    assert vault.is_closed(subject)
    ring = vault.keys_for([(subject, "account"), (subject, "content"), (subject, "consent_proof:f1")], [])
    assert ring.subject(subject, "account") == before
    assert ring.subject(subject, "content") is None
    assert ring.subject_destroyed(subject, "content")
    assert vault.subject_key_classes(subject) == {
        "account": "live",
        "content": "destroyed",
        "consent_proof:f1": "destroyed",
    }
    assert conn.execute("SELECT DISTINCT why FROM destroyed_subject_key").fetchall() == [("erasure",)]


def test_closing_one_leaves_the_others(vault: Vault, subject: UUID) -> None:
    """Another person of the same batch gets keys, and so does a stream that is nobody's."""
    vault.close_subject(subject, "erasure")
    other, stream = _one(vault, OTHER_PHONE), uuid4()
    ring = vault.keys_for([(name, "content") for name in (subject, other, stream)], [])
    assert [ring.subject(name, "content") is None for name in (subject, other, stream)] == [
        True,
        False,
        False,
    ]
    assert vault.closed_subjects() == [subject]


def test_closing_twice_keeps_the_first_reason(vault: Vault, subject: UUID, conn: Connection) -> None:
    """Asking again changes nothing."""
    vault.close_subject(subject, "first")
    before = conn.execute("SELECT closed_at, closed_why FROM subject").fetchall()
    vault.close_subject(subject, "second")
    vault.close_subject(subject, "third", controller="acme")
    assert conn.execute("SELECT closed_at, closed_why FROM subject").fetchall() == before


def test_closing_nobody_is_refused(vault: Vault) -> None:
    """A subject nobody knows cannot be closed; a wrong pseudonym must not pass for an erasure."""
    with pytest.raises(NotFound):
        vault.close_subject(uuid4(), "erasure")
    assert vault.closed_subjects() == []


def test_subject_a_restored_vault_does_not_know_is_made_closed(vault: Vault) -> None:
    """After a restore the ledger tells of erasures of people the back-up has never seen."""
    subject = uuid4()
    vault.close_subject(subject, "erasure", controller="acme")
    vault.forget_subject(subject)
    assert vault.controller_of(subject) == "acme"
    assert vault.keys_for([(subject, "content")], []).subject(subject, "content") is None


@pytest.mark.parametrize("undo", ["RETURN OLD", "RETURN NULL"])
def test_closing_that_did_not_happen_is_not_claimed(
    vault: Vault, subject: UUID, conn: Connection, undo: str
) -> None:
    """The database says yes and leaves the subject open; the second look finds it out."""
    _break(conn, "subject", "UPDATE", undo)
    with pytest.raises(NotForgotten, match="was not forgotten"):
        vault.close_subject(subject, "erasure")
    assert not vault.is_closed(subject)


def test_closing_waits_for_a_key_being_made(
    vault: Vault,
    subject: UUID,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """A key in a transaction still open is there when the closing is through, and is destroyed, not missed.

    The mutant, `add_subject_keys` without FOR SHARE: the closing does not wait, its destruction does not see the
    key, and the key lives.
    """
    maker = open_connection()
    with maker.transaction():
        keys.get_or_create(maker, key_encryption, [(subject, "consent_proof:f1")], [])
        closed = run_blocked(lambda own: closing.close(own, subject, "erasure", controller=None))
    closed.result(WAIT_S)
    assert vault.destroy_subject_classes(subject, ["consent_proof"], "erasure") == {"consent_proof:f1"}


def test_destroying_by_class_waits_for_a_key_being_made(
    vault: Vault,
    subject: UUID,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """Without a closing too: a fact's own key that is being made has no row yet that could be waited for."""
    maker = open_connection()
    with maker.transaction():
        keys.get_or_create(maker, key_encryption, [(subject, "consent_proof:f1")], [])
        destroyed = run_blocked(
            lambda own: destruction.destroy_subject_classes(own, subject, ["consent_proof"], "erasure")
        )
    assert destroyed.result(WAIT_S) == {"consent_proof:f1"}


def test_making_waits_for_a_closing(
    vault: Vault,
    subject: UUID,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """A key first asked for while the closing is not committed becomes a tombstone.

    The mutant, `add_subject_keys` without FOR SHARE: it does not wait, and makes the key.
    """
    closer = open_connection()
    with closer.transaction():
        closing.close(closer, subject, "erasure", controller=None)
        made = run_blocked(lambda own: keys.get_or_create(own, key_encryption, [(subject, "content")], []))
    assert made.result(WAIT_S).subject_destroyed(subject, "content")
    assert vault.subject_key_classes(subject) == {"account": "live", "content": "destroyed"}


def test_undone_closing_lets_keys_be_made(
    subject: UUID,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """A closing that rolls back has not happened, also for those who waited for it."""
    closer = open_connection()
    with closer.transaction(force_rollback=True):
        closing.close(closer, subject, "erasure", controller=None)
        made = run_blocked(lambda own: keys.get_or_create(own, key_encryption, [(subject, "content")], []))
    assert made.result(WAIT_S).subject(subject, "content") is not None


def test_erasing_while_making_at_full_speed(open_vault: Callable[[], Vault]) -> None:
    """FAULTS row 45: many makers, one erasure at a random moment, over and over; no key outlives it.

    Each maker asks for a key nobody asked for before, again and again, as a sealer does for consent facts. Every
    answer that was asked for after the closing returned is a tombstone, and in the end no key lives but the kept one.
    The mutant, `add_subject_keys` without FOR SHARE, leaves live keys in most runs.
    """
    vaults = [open_vault() for _ in range(MAKERS + 1)]
    for number in range(ROUNDS):
        subject = _one(vaults[0], Identifier(IdentifierKind.ACCOUNT, f"K-{number}"))
        vaults[0].keys_for([(subject, "account")], [])
        closed, done = Event(), Event()
        with ThreadPoolExecutor(MAKERS) as pool:
            makers = [
                pool.submit(_make_until, vault, subject, index, closed, done)
                for index, vault in enumerate(vaults[1:])
            ]
            time.sleep(random.random() * PAUSE_MAX_S)
            try:
                vaults[0].close_subject(subject, "erasure")
                closed.set()
                vaults[0].destroy_subject_classes(subject, ["consent_proof"], "erasure")
            finally:
                done.set()
            for maker in makers:
                maker.result(WAIT_S)
        states = vaults[0].subject_key_classes(subject)
        assert [name for name, state in states.items() if state == "live"] == ["account"]
        vaults[0].confirm_subject_classes_destroyed(subject, ["consent_proof"])


def _make_until(vault: Vault, subject: UUID, maker: int, closed: Event, done: Event) -> None:
    number = 0
    while not done.is_set():
        number += 1
        name = (subject, f"consent_proof:{maker}-{number}")
        was_closed = closed.is_set()
        ring = vault.keys_for([(subject, "account"), name], [])
        assert ring.subject(subject, "account") is not None
        if was_closed:
            assert ring.subject_destroyed(*name)


# Forgetting


def test_number_of_a_forgotten_person_is_a_new_subject(vault: Vault, subject: UUID, conn: Connection) -> None:
    """Between closing and forgetting it leads to the old one; after, to somebody new, of whom nothing is known."""
    vault.resolve_subjects([_mention(PHONE, EMAIL)])
    vault.close_subject(subject, "erasure")
    assert _one(vault, PHONE) == subject
    assert vault.directory_count(subject) == 2
    assert vault.forget_subject(subject) == 2
    assert vault.directory_count(subject) == 0
    assert vault.find_subjects(PHONE) == []
    again = _one(vault, PHONE)
    assert again != subject
    assert _one(vault, EMAIL) not in (subject, again)
    assert vault.keys_for([(again, "content")], []).subject(again, "content") is not None
    assert conn.execute("SELECT count(*) FROM directory").fetchone() == (2,)


def test_pseudonym_of_a_forgotten_person_still_names_it(vault: Vault, forgotten: UUID) -> None:
    """A service confirms the erasure by it; only a service of its own controller."""
    mine, theirs = vault.resolve_subjects(
        [_mention(_pseudonym(forgotten)), _mention(_pseudonym(forgotten), controller="globex")]
    )
    assert (mine, theirs) == (forgotten, None)
    assert vault.find_subject("acme", _pseudonym(forgotten)) == forgotten
    assert vault.controller_of(forgotten) == "acme"


@pytest.mark.parametrize("order", [1, -1])
def test_number_beside_a_forgotten_persons_pseudonym_is_not_linked(
    vault: Vault, forgotten: UUID, order: int
) -> None:
    """The confirmation reaches the erased subject; the number stays nobody's, also within the batch."""
    both = (PHONE, _pseudonym(forgotten))[::order]
    first, second, alone = vault.resolve_subjects([_mention(*both), _mention(*both), _mention(PHONE)])
    assert (first, second) == (forgotten, forgotten)
    assert alone not in (forgotten, None)
    assert vault.directory_count(forgotten) == 0
    assert vault.find_subject("acme", PHONE) == alone


@pytest.mark.parametrize("order", [1, -1])
def test_pseudonym_of_a_forgotten_person_decides_before_a_known_number(
    vault: Vault, forgotten: UUID, order: int
) -> None:
    """As before the number was known: a record that is sealed again reaches the subject that it reached at first."""
    both = (PHONE, _pseudonym(forgotten))[::order]
    assert vault.resolve_subjects([_mention(*both)]) == [forgotten]
    newer = _one(vault, PHONE)
    assert vault.resolve_subjects([_mention(*both)]) == [forgotten]
    assert vault.find_subject("acme", PHONE) == newer


def test_pseudonym_of_another_controllers_forgotten_person_decides_nothing(
    vault: Vault, forgotten: UUID
) -> None:
    """It is nobody there, forgotten or not."""
    (theirs,) = vault.resolve_subjects([_mention(PHONE, _pseudonym(forgotten), controller="globex")])
    assert theirs not in (forgotten, None)
    assert vault.controller_of(theirs) == "globex"


def test_forgetting_twice_is_once(vault: Vault, forgotten: UUID, conn: Connection) -> None:
    """The second time nothing is there, the date stands, and the number's new subject is not touched."""
    before = conn.execute("SELECT forgotten_at FROM subject").fetchall()
    again = _one(vault, PHONE)
    assert vault.forget_subject(forgotten) == 0
    assert (
        conn.execute("SELECT forgotten_at FROM subject WHERE forgotten_at IS NOT NULL").fetchall() == before
    )
    assert vault.find_subject("acme", PHONE) == again


def test_open_or_unknown_subject_is_not_forgotten(vault: Vault, subject: UUID) -> None:
    """Keys could still be made for it by its pseudonym; and nobody is nobody."""
    with pytest.raises(CallerError, match="Close it first"):
        vault.forget_subject(subject)
    with pytest.raises(NotFound):
        vault.forget_subject(uuid4())
    assert vault.directory_count(subject) == 1


@pytest.mark.parametrize(("table", "operation"), [("subject", "UPDATE"), ("directory", "DELETE")])
def test_forgetting_that_did_not_happen_is_not_claimed(
    vault: Vault, subject: UUID, conn: Connection, table: str, operation: str
) -> None:
    """The database says yes and keeps the identifiers, or the way for new ones; the second look finds it out."""
    vault.close_subject(subject, "erasure")
    _break(conn, table, operation, "RETURN NULL")
    with pytest.raises(NotForgotten):
        vault.forget_subject(subject)


def test_forgetting_waits_for_an_identifier_being_linked(
    vault: Vault,
    subject: UUID,
    open_connection: Callable[[], Connection],
    run_blocked: RunBlocked,
) -> None:
    """A link in a transaction still open is removed too, not missed.

    The mutant, `link_identifiers` without FOR SHARE: forgetting does not wait, and the e-mail address stays.
    """
    vault.close_subject(subject, "erasure")
    index_key, linker = vault._index_key, open_connection()
    with linker.transaction():
        assert directory.resolve(linker, index_key, [_mention(PHONE, EMAIL)]) == [subject]
        forgotten = run_blocked(lambda own: closing.forget(own, subject))
    assert forgotten.result(WAIT_S) == 2
    assert vault.directory_count(subject) == 0


def test_linking_waits_for_a_forgetting(
    vault: Vault,
    subject: UUID,
    open_connection: Callable[[], Connection],
    run_blocked: RunBlocked,
) -> None:
    """An identifier first seen beside a number that is just being forgotten belongs to somebody new, as the number.

    The mutant, `link_identifiers` without FOR SHARE: it does not wait, and links to the forgotten subject.
    """
    vault.close_subject(subject, "erasure")
    index_key, forgetter = vault._index_key, open_connection()
    by_number, by_pseudonym = _mention(PHONE, EMAIL), _mention(_pseudonym(subject), OTHER_PHONE)
    with forgetter.transaction():
        assert closing.forget(forgetter, subject) == 1
        new = run_blocked(lambda own: directory.resolve(own, index_key, [by_number]))
        old = run_blocked(lambda own: directory.resolve(own, index_key, [by_pseudonym]))
    (somebody,) = new.result(WAIT_S)
    assert somebody not in (subject, None)
    assert vault.find_subject("acme", PHONE) == vault.find_subject("acme", EMAIL) == somebody
    assert old.result(WAIT_S) == [subject]
    assert vault.find_subject("acme", OTHER_PHONE) is None
    assert vault.directory_count(subject) == 0


def test_forgetting_while_linking_at_full_speed(open_vault: Callable[[], Vault], conn: Connection) -> None:
    """Linkers by number and by pseudonym, one forgetting at a random moment, over and over; no identifier is left.

    The mutant, `link_identifiers` without FOR SHARE, leaves identifiers in most runs.
    """
    vaults = [open_vault() for _ in range(MAKERS + 1)]
    for number in range(ROUNDS):
        account = Identifier(IdentifierKind.ACCOUNT, f"K-{number}")
        subject = _one(vaults[0], account)
        vaults[0].close_subject(subject, "erasure")
        done = Event()
        with ThreadPoolExecutor(MAKERS) as pool:
            linkers = [
                pool.submit(
                    _link_until, vault, (account, _pseudonym(subject))[index % 2], f"{number}-{index}", done
                )
                for index, vault in enumerate(vaults[1:])
            ]
            time.sleep(random.random() * PAUSE_MAX_S)
            try:
                vaults[0].forget_subject(subject)
            finally:
                done.set()
            for linker in linkers:
                linker.result(WAIT_S)
        assert vaults[0].directory_count(subject) == 0
    forgotten = "SELECT count(*) FROM directory JOIN subject USING (subject) WHERE forgotten_at IS NOT NULL"
    assert conn.execute(forgotten.encode()).fetchone() == (0,)


def _link_until(vault: Vault, known: Identifier, name: str, done: Event) -> None:
    number = 0
    while not done.is_set():
        number += 1
        new = Identifier(IdentifierKind.ACCOUNT, f"N-{name}-{number}")
        assert vault.resolve_subjects([_mention(known, new)]) != [None]


def _break(conn: Connection, table: str, operation: str, undo: str) -> None:
    """Makes the database report a change of a table, and not make it."""
    conn.execute(f"CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {undo}; END'".encode())
    conn.execute(
        f"CREATE TRIGGER undo BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION undo()".encode()
    )
