"""Held fields: one person's day outlives its epoch key, and ends with the hold or with the person."""

import os
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from ledger.errors import InfrastructureError, IntegrityError
from ledger.postgres.connection import Connection
from ledger.vault import destruction, held
from ledger.vault.destruction import NotDestroyed
from ledger.vault.field_cipher import FieldContext, derive_secret, open_with_secret, seal_field
from ledger.vault.held import HeldField
from ledger.vault.kek import KeyEncryption
from ledger.vault.made import Made, MadeHeldField
from ledger.vault.vault import Vault
from tests.integration.vault.blocking import WAIT_S, RunBlocked
from tests.integration.vault.commit_cutter import CommitCutter, Moment

SUBJECT, OTHER = uuid4(), uuid4()
EPOCH = ("acme", "content", 20500)
PLAINTEXT = b"what was said"


def _context(subject: UUID, field: str) -> FieldContext:
    return FieldContext(
        controller="acme",
        subject=subject,
        retention_class="content",
        day=20500,
        event_type="call.transcribed",
        field=field,
    )


def _seal(
    vault: Vault, subject: UUID = SUBJECT, field: str = "text", *, key_class: str = "content"
) -> tuple[HeldField, bytes, bytes]:
    """A field as the sealer seals it: what would be held of it, its commitment and ciphertext."""
    ring = vault.keys_for([(subject, key_class)], [EPOCH])
    subject_key, epoch_key = ring.subject(subject, key_class), ring.epoch(*EPOCH)
    assert subject_key is not None
    assert epoch_key is not None
    salt, context = os.urandom(32), _context(subject, field)
    commitment, ciphertext = seal_field(subject_key, epoch_key, salt, context, PLAINTEXT)
    secret = derive_secret(subject_key, epoch_key, salt, context)
    row = HeldField(salt=salt, field=field, subject=subject, retention_class=key_class, secret=secret)
    return row, commitment, ciphertext


def _held(vault: Vault, *rows: HeldField) -> list[bool]:
    found = vault.held_fields([row.salt for row in rows])
    return [row.name in found for row in rows]


def test_held_field_opens_after_its_epoch_is_destroyed(vault: Vault) -> None:
    """The held person's field opens by its secret; everybody else's day is gone."""
    row, commitment, ciphertext = _seal(vault)
    beside, _, _ = _seal(vault, OTHER)
    assert vault.hold_fields([row]) == {row.name}
    vault.destroy_epoch(*EPOCH, "retention_ended")
    secret = vault.held_fields([row.salt, beside.salt])
    assert secret.keys() == {row.name}
    assert open_with_secret(secret[row.name], _context(SUBJECT, "text"), commitment, ciphertext) == PLAINTEXT


def test_holding_twice_is_once(vault: Vault, conn: Connection) -> None:
    """A run that crashed holds again; what is there stands."""
    first, second = _seal(vault)[0], _seal(vault)[0]
    vault.hold_fields([first])
    before = conn.execute("SELECT wrapped FROM held_field").fetchall()
    assert vault.hold_fields([first, first, second]) == {first.name, second.name}
    assert conn.execute("SELECT count(*) FROM held_field").fetchone() == (2,)
    assert conn.execute("SELECT wrapped FROM held_field WHERE salt = %s", (first.salt,)).fetchall() == before


def test_nothing_to_hold(vault: Vault) -> None:
    """An empty day of a held person; nothing asked for."""
    assert vault.hold_fields([]) == frozenset()
    assert vault.held_fields([]) == {}


def test_fields_of_one_record_are_held_apart(vault: Vault) -> None:
    """They share a salt; only the one that is held is found."""
    row = _seal(vault)[0]
    other = HeldField(
        salt=row.salt, field="summary", subject=SUBJECT, retention_class="content", secret=os.urandom(76)
    )
    vault.hold_fields([row])
    assert vault.held_fields([row.salt]).keys() == {row.name}
    vault.hold_fields([other])
    assert vault.held_fields([row.salt]) == {row.name: row.secret, other.name: other.secret}


# The hold ends


def test_release_ends_what_is_held_of_a_subject(vault: Vault) -> None:
    """Of the classes named, each fact's own key among them, or all; others and other people stay."""
    content, proof = _seal(vault)[0], _seal(vault, key_class="consent_proof:f1")[0]
    signalling, other = _seal(vault, key_class="signalling")[0], _seal(vault, OTHER)[0]
    rows = (content, proof, signalling, other)
    vault.hold_fields(rows)
    assert vault.release_held(SUBJECT, ["content", "consent_proof", "fax"]) == 2
    assert _held(vault, *rows) == [False, False, True, True]
    assert vault.release_held(SUBJECT, []) == 0
    assert vault.release_held(SUBJECT, None) == 1
    assert vault.release_held(SUBJECT, None) == 0
    assert _held(vault, *rows) == [False, False, False, True]


def test_release_that_did_not_happen_is_not_claimed(vault: Vault, conn: Connection) -> None:
    """FAULTS row 48: the database says yes and keeps the row; the second look finds it out."""
    row = _seal(vault)[0]
    vault.hold_fields([row])
    _keep_held_fields(conn)
    with pytest.raises(NotDestroyed, match="still open"):
        vault.release_held(SUBJECT, ["content"])
    with pytest.raises(NotDestroyed):
        vault.release_held(SUBJECT, None)


def test_released_field_is_never_held_again(vault: Vault) -> None:
    """Its row is a tombstone; a run that comes late does not write over it."""
    row = _seal(vault)[0]
    vault.hold_fields([row])
    vault.release_held(SUBJECT, None)
    assert vault.hold_fields([row]) == frozenset()
    assert (_held(vault, row), vault.held_subjects()) == ([False], [])


def test_release_that_is_followed_again_leaves_a_later_holds_share(vault: Vault) -> None:
    """What was put aside after a release had been applied is another hold's."""
    first, second = _seal(vault)[0], _seal(vault)[0]
    vault.hold_fields([first])
    assert vault.advance_governance(0, 8, settings=[], forget=[], inbox_ends={})
    vault.hold_fields([second])
    assert vault.release_held(SUBJECT, ["content"], offset=7) == 1
    assert _held(vault, first, second) == [False, True]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_release_that_was_reported_failed_ends_the_same_when_asked_again(
    cut_vault: Vault, cutter: CommitCutter, moment: Moment
) -> None:
    """The line is cut at the commit; asking again releases and confirms."""
    row = _seal(cut_vault)[0]
    cut_vault.hold_fields([row])
    cutter.cut_next(moment)
    with pytest.raises(InfrastructureError):
        cut_vault.release_held(SUBJECT, None)
    assert cut_vault.release_held(SUBJECT, None) == (1 if moment == "before" else 0)
    assert _held(cut_vault, row) == [False]


# The person ends


@pytest.mark.parametrize("how", ["key", "class", "all"])
def test_held_field_dies_with_its_subject_key(vault: Vault, how: str) -> None:
    """FAULTS row 43: an erased person's field does not open, held or not; another class of theirs does."""
    row, kept = _seal(vault)[0], _seal(vault, OTHER)[0]
    vault.hold_fields([row, kept])
    vault.destroy_epoch(*EPOCH, "retention_ended")
    if how == "key":
        vault.destroy_subject_key(SUBJECT, "content", "erasure")
    elif how == "class":
        vault.destroy_subject_classes(SUBJECT, ["content"], "erasure")
    else:
        vault.destroy_subject(SUBJECT, None, "erasure")
    assert _held(vault, row, kept) == [False, True]


def test_key_whose_held_fields_stay_is_not_confirmed(vault: Vault, conn: Connection) -> None:
    """The mutant: destroying the key and looking no further, while the field still opens."""
    row = _seal(vault)[0]
    vault.hold_fields([row])
    _keep_held_fields(conn)
    with pytest.raises(NotDestroyed, match="held beyond"):
        vault.destroy_subject_classes(SUBJECT, ["content"], "erasure")
    with pytest.raises(NotDestroyed, match="held beyond"):
        vault.confirm_subject_destroyed(SUBJECT, ["content"])


def test_nothing_is_held_under_a_dead_key(vault: Vault) -> None:
    """A hold that comes after the erasure stores nothing, and says so."""
    row, alive = _seal(vault)[0], _seal(vault, OTHER)[0]
    vault.destroy_subject_key(SUBJECT, "content", "erasure")
    assert vault.hold_fields([row, alive]) == {alive.name}
    assert _held(vault, row, alive) == [False, True]


def test_destruction_waits_for_a_hold_being_made(
    vault: Vault,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """What is held in a transaction still open goes with its key, not missed.

    The mutant, `hold` without FOR SHARE: the destruction does not wait, and the field opens for ever.
    """
    row, holder = _seal(vault)[0], open_connection()
    with holder.transaction():
        held.hold(holder, key_encryption, [row])
        gone = run_blocked(lambda own: destruction.destroy_subject_key(own, SUBJECT, "content", "erasure"))
    assert gone.result(WAIT_S)
    assert _held(vault, row) == [False]


def test_hold_waits_for_a_destruction(
    vault: Vault,
    open_connection: Callable[[], Connection],
    key_encryption: KeyEncryption,
    run_blocked: RunBlocked,
) -> None:
    """A hold that meets an uncommitted destruction stores nothing."""
    row, destroyer = _seal(vault)[0], open_connection()
    with destroyer.transaction():
        destruction.destroy_subject_key(destroyer, SUBJECT, "content", "erasure")
        run_blocked(lambda own: held.hold(own, key_encryption, [row])).cancelled()
    assert vault.hold_fields([row]) == frozenset()


# How it is stored


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE held_field h SET wrapped = o.wrapped FROM held_field o WHERE o.salt <> h.salt",
        "UPDATE held_field SET field = field || 'x'",
        "UPDATE held_field SET subject = '00000000-0000-0000-0000-000000000001'",
        "UPDATE held_field SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
        "UPDATE held_field h SET wrapped = k.wrapped FROM subject_key k",
    ],
)
def test_moved_or_altered_rows_are_refused(vault: Vault, conn: Connection, tamper: str) -> None:
    """A secret moved to another field, record or person is an error, not somebody's data."""
    rows = [_seal(vault)[0], _seal(vault)[0]]
    vault.hold_fields(rows)
    conn.execute(tamper.encode())
    with pytest.raises(IntegrityError):
        vault.held_fields([row.salt for row in rows])


def test_secret_is_stored_wrapped_and_never_shown(vault: Vault, conn: Connection) -> None:
    """FAULTS row 47: neither the secret nor its key stands in the table, in an error or in a repr."""
    row = _seal(vault)[0]
    vault.hold_fields([row])
    (stored,) = conn.execute("SELECT held_field::text FROM held_field").fetchall()
    assert row.secret[:32].hex() not in stored[0]
    assert row.secret[:32].hex() not in repr(row).replace("\\x", "")
    assert "secret" not in repr(row)


def test_holding_tells_what_it_stored(postgres_dsn: str, schema: str, key_encryption: KeyEncryption) -> None:
    """The second copy gets the wrapped rows that were added, and nothing the second time."""
    told: list[Made] = []
    with Vault(postgres_dsn, key_encryption, schema=schema, on_made=told.append) as vault:
        row = _seal(vault)[0]
        told.clear()
        vault.hold_fields([row])
        vault.hold_fields([row])
    ((made,),) = [each.held_fields for each in told]
    assert made[:4] == (row.salt, row.field, SUBJECT, "content")
    assert made.rules_at == 0
    assert isinstance(made, MadeHeldField)
    assert row.secret not in made


def _keep_held_fields(conn: Connection) -> None:
    """Makes the database report that they went, and keep them."""
    conn.execute(
        "CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER undo BEFORE DELETE OR UPDATE ON held_field FOR EACH ROW EXECUTE FUNCTION undo()"
    )
