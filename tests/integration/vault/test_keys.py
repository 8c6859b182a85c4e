"""Keys: made once, stored wrapped, gone when destroyed, and not made again."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.errors import CallerError, IntegrityError, NotPermitted
from ledger.postgres.connection import Connection
from ledger.vault import kek_register, keys
from ledger.vault.directory import Mention
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.kek import Kek, KeyEncryption
from ledger.vault.keys import KeyRing
from ledger.vault.made import Made
from ledger.vault.vault import Vault

SUBJECT, OTHER = uuid4(), uuid4()
CONTENT = (SUBJECT, "content")
EPOCH = ("acme", "content", 20500)


def _keys(vault: Vault) -> tuple[bytes | None, bytes | None]:
    ring = vault.keys_for([CONTENT], [EPOCH])
    return ring.subject(*CONTENT), ring.epoch(*EPOCH)


def test_keys_are_made_once(vault: Vault, open_vault: Callable[[], Vault]) -> None:
    """The second batch, in this process or another, gets the first one's keys."""
    made = _keys(vault)
    assert [len(key or b"") for key in made] == [32, 32]
    assert _keys(vault) == made
    assert _keys(open_vault()) == made


def test_each_name_has_a_key_of_its_own(vault: Vault) -> None:
    """Subjects, classes, controllers and days do not share keys."""
    subjects = [(subject, cls) for subject in (SUBJECT, OTHER) for cls in ("content", "signalling")]
    epochs = [
        (c, cls, day) for c in ("acme", "globex") for cls in ("content", "signalling") for day in (-1, 20500)
    ]
    ring = vault.keys_for(subjects, epochs)
    found = [ring.subject(*name) for name in subjects] + [ring.epoch(*name) for name in epochs]
    assert len(set(found)) == len(subjects) + len(epochs)


def test_reading_makes_nothing(vault: Vault, conn: Connection) -> None:
    """A reader who asks for a key that never was gets None, and leaves no row."""
    ring = vault.read_keys([CONTENT], [EPOCH])
    assert (ring.subject(*CONTENT), ring.epoch(*EPOCH)) == (None, None)
    assert not ring.subject_destroyed(*CONTENT)
    assert not ring.epoch_destroyed(*EPOCH)
    assert conn.execute("SELECT count(*) FROM subject_key").fetchone() == (0,)


def test_batch_of_old_new_and_destroyed_keys(vault: Vault) -> None:
    """Each is answered for itself, duplicates and all."""
    vault.keys_for([CONTENT, (OTHER, "content")], [EPOCH])
    vault.destroy_subject_key(OTHER, "content", "erasure")
    names = [CONTENT, (OTHER, "content"), (OTHER, "signalling"), CONTENT]
    ring = vault.keys_for(names, [EPOCH, EPOCH])
    assert [ring.subject(*name) is None for name in names] == [False, True, False, False]
    assert ring.subject_destroyed(OTHER, "content")


def test_empty_batch(vault: Vault) -> None:
    """A batch without personal fields needs no key."""
    assert "0 subject keys" in repr(vault.keys_for([], []))


def test_key_not_asked_for_is_an_error(vault: Vault) -> None:
    """None would read as destroyed, and the field would be dropped for ever."""
    ring = vault.keys_for([CONTENT], [EPOCH])
    with pytest.raises(CallerError):
        ring.subject(OTHER, "content")
    with pytest.raises(CallerError):
        ring.epoch("acme", "content", 20501)


def test_large_batch(vault: Vault) -> None:
    """Five thousand keys at once, each the same the next time."""
    names = [(uuid4(), "content") for _ in range(5000)]
    made = vault.keys_for(names, [])
    read = vault.read_keys(names, [])
    assert len({made.subject(*name) for name in names}) == 5000
    assert all(made.subject(*name) == read.subject(*name) for name in names)


def test_making_tells_what_it_made(vault: Vault, conn: Connection, key_encryption: KeyEncryption) -> None:
    """The second copy gets the rows as they are stored, of the keys made here; nothing when all exist."""
    vault.keys_for([CONTENT], [EPOCH])
    told: list[Made] = []
    other = ("acme", "content", 20501)
    for _ in range(2):
        keys.get_or_create(
            conn, key_encryption, [CONTENT, (OTHER, "content")], [EPOCH, other], on_made=told.append
        )
    (made,) = told
    assert [row[:2] for row in made.subject_keys] == [(OTHER, "content")]
    assert [row[:3] for row in made.epoch_keys] == [other]
    stored = "SELECT kek_id, wrapped FROM subject_key WHERE subject = %s"
    assert conn.execute(stored, (OTHER,)).fetchone() == made.subject_keys[0][2:]
    assert (made.subjects, made.links, made.held_fields) == ((), (), ())


def test_making_is_told_before_it_is_committed(
    vault: Vault, conn: Connection, key_encryption: KeyEncryption
) -> None:
    """Where the second copy cannot be written, no key is made."""

    def fails(made: Made) -> None:
        raise CallerError(f"{len(made.subject_keys)} rows, disk full")

    with pytest.raises(CallerError, match="1 rows"), conn.transaction():
        keys.get_or_create(conn, key_encryption, [CONTENT], [EPOCH], on_made=fails)
    assert not vault.subject_key_classes(SUBJECT)
    assert vault.live_epochs() == []


def test_tombstones_of_a_closed_subject_are_not_told(
    vault: Vault, conn: Connection, key_encryption: KeyEncryption
) -> None:
    """They follow from the ledger; a copy of them would bring nothing back."""
    vault.close_subject(SUBJECT, "erasure", controller="acme")
    told: list[Made] = []
    keys.get_or_create(conn, key_encryption, [CONTENT, (OTHER, "content")], [], on_made=told.append)
    keys.get_or_create(conn, key_encryption, [(SUBJECT, "signalling")], [], on_made=told.append)
    assert [[row.subject for row in made.subject_keys] for made in told] == [[OTHER]]


def test_another_kek_opens_nothing(vault: Vault, postgres_dsn: str, schema: str) -> None:
    """A vault cannot be opened with another KEK, and says which it wants."""
    _keys(vault)
    with pytest.raises(NotPermitted, match="LEDGER_KEK"):
        Vault(postgres_dsn, KeyEncryption(Kek(os.urandom(32))), schema=schema)


def test_vault_under_an_older_kek_stays_open(
    vault: Vault, conn: Connection, postgres_dsn: str, schema: str, key_encryption: KeyEncryption
) -> None:
    """After a change of KEK old rows open and new rows are wrapped under the new one."""
    made = _keys(vault)
    newer = KeyEncryption(Kek(os.urandom(32)), [key_encryption.current])
    kek_register.register(conn, newer.current.kek_id)
    with Vault(postgres_dsn, newer, schema=schema) as later:
        assert _keys(later) == made
        later.keys_for([(OTHER, "content")], [])
    with Vault(postgres_dsn, newer, schema=schema) as later:
        assert later.read_keys([(OTHER, "content")], []).subject(OTHER, "content")


@pytest.mark.parametrize(
    "swap",
    [
        "UPDATE subject_key k SET wrapped = o.wrapped FROM subject_key o WHERE o.subject <> k.subject",
        "UPDATE epoch_key k SET wrapped = o.wrapped FROM epoch_key o WHERE o.day <> k.day",
        "UPDATE subject_key k SET wrapped = o.wrapped FROM epoch_key o",
        "UPDATE subject_key SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
        "UPDATE epoch_key SET wrapped = substr(wrapped, 2)",
    ],
)
def test_moved_or_altered_rows_are_refused(vault: Vault, conn: Connection, swap: str) -> None:
    """Wrapped keys swapped between rows give an error, not one person's data as another's."""
    subjects, epochs = [CONTENT, (OTHER, "content")], [EPOCH, ("acme", "content", 20501)]
    vault.keys_for(subjects, epochs)
    conn.execute(swap.encode())
    with pytest.raises(IntegrityError):
        vault.read_keys(subjects, epochs)
    with pytest.raises(IntegrityError):
        vault.keys_for(subjects, epochs)


def test_tombstone_cannot_be_given_a_key(vault: Vault, conn: Connection) -> None:
    """A row is a key or a tombstone: a tombstone cannot be given a key back, even by hand."""
    vault.destroy_subject_key(*CONTENT, "erasure")
    with pytest.raises(Exception, match="subject_key_lives_or_is_destroyed"):
        conn.execute("UPDATE subject_key SET wrapped = 'x'")


def test_nothing_readable_is_stored(vault: Vault, conn: Connection) -> None:
    """FAULTS row 47: no key and no identifier stands in any table, heap file or WAL, raw or in hex."""
    canaries = ["+3197010277777", "97010277777", "canary@example.com", "K-CANARY-77"]
    (subject,) = vault.resolve_subjects(
        [
            Mention(
                controller="acme",
                identifiers=(
                    Identifier(IdentifierKind.PHONE, canaries[0]),
                    Identifier(IdentifierKind.EMAIL, canaries[2]),
                    Identifier(IdentifierKind.ACCOUNT, canaries[3]),
                ),
            )
        ]
    )
    assert subject is not None
    ring = vault.keys_for([(subject, "content")], [EPOCH])
    found = [ring.subject(subject, "content"), ring.epoch(*EPOCH), vault._index_key]
    vault.destroy_epoch(*EPOCH, "retention_ended")
    needles = [key for key in found if key] + [key.hex().encode() for key in found if key]
    needles += [canary.encode() for canary in canaries]
    assert len(needles) == 10
    for haystack in (*_rows(conn), *_files(conn)):
        assert not any(needle in haystack for needle in needles)


def test_scan_would_find_a_raw_key(vault: Vault, conn: Connection) -> None:
    """The mutant of the test above: a key stored as it is shows in rows and files."""
    raw = os.urandom(32)
    conn.execute("INSERT INTO vault_secret SELECT 'raw', kek_id, %s FROM kek", (raw,))
    assert any(raw.hex().encode() in row for row in _rows(conn))
    files = list(_files(conn))
    assert not files or any(raw in content for content in files)


def test_reprs_show_no_key(vault: Vault) -> None:
    """A key ring or vault in a log line shows counts."""
    ring = vault.keys_for([CONTENT], [EPOCH])
    shown = repr(ring) + repr(vault)
    assert isinstance(ring, KeyRing)
    assert repr(ring.subject(*CONTENT)) not in shown
    assert str(SUBJECT) not in shown


def _rows(conn: Connection) -> list[bytes]:
    """Every row of every table of the vault, as text."""
    tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").fetchall()
    return [
        str(row[0]).encode()
        for (table,) in tables
        for row in conn.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
    ]


def _files(conn: Connection) -> list[bytes]:
    """Every file of the server after a checkpoint, WAL and all; nothing when it is not on this machine."""
    conn.execute("CHECKPOINT")
    row = conn.execute("SHOW data_directory").fetchone()
    directory = Path(str(row[0])) if row else Path("/nonexistent")
    if not os.access(directory, os.R_OK):
        return []
    return [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
