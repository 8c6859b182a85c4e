"""Second copies: made before the commit, the right one told by its number, put back and never over anything.

The topic is a list here; with a real one, `tests/faults/test_vault_restore.py`.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest

from ledger.errors import InfrastructureError, IntegrityError
from ledger.postgres.connection import Connection
from ledger.vault import copies
from ledger.vault.copies import KeyCopy, VaultOlderThanCopies, decode
from ledger.vault.directory import Mention
from ledger.vault.held import HeldField
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.kek import Kek, KeyEncryption
from ledger.vault.recovery import PutBack, VaultRecovery
from ledger.vault.vault import Vault

SUBJECT = UUID(int=1)
CONTENT = (SUBJECT, "content")
EPOCH = ("acme", "content", 20500)
ALICE = Identifier(IdentifierKind.PHONE, "+3197010200001")
ALICES_MAIL = Identifier(IdentifierKind.EMAIL, "alice@example.com")
BORIS = Identifier(IdentifierKind.PHONE, "+3197010200002")
TABLES: tuple[LiteralString, ...] = ("held_field", "subject_key", "epoch_key", "directory", "subject")


class Topic:
    """The topic of second copies, as far as a sealer knows it."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.appends = 0

    def append(self, values: Sequence[bytes]) -> None:
        """Keeps the copies."""
        self.appends += 1
        self.values.extend(values)

    @property
    def copies(self) -> list[KeyCopy]:
        """What it holds, decoded."""
        return [decode(value) for value in self.values]


class TooLate(Topic):
    """A topic whose answer never comes; what was sent arrives when the test says so."""

    def append(self, values: Sequence[bytes]) -> None:
        """Keeps the copies and says that it does not know."""
        super().append(values)
        raise InfrastructureError("no answer")


def mention(*identifiers: Identifier) -> Mention:
    """One person of one controller."""
    return Mention(controller="acme", identifiers=identifiers)


@dataclass(kw_only=True)
class Scene:
    """A vault and its topic."""

    dsn: str
    schema: str
    kek: KeyEncryption
    conn: Connection
    opened: ExitStack
    topic: Topic = field(default_factory=Topic)

    def vault(self, topic: Topic | None = None) -> Vault:
        """A sealer's vault: what it makes is copied."""
        port = topic or self.topic
        return self.opened.enter_context(Vault(self.dsn, self.kek, schema=self.schema, copies=port))

    def rows(self, table: LiteralString) -> set[tuple[Any, ...]]:
        """All of a table but its times."""
        columns = {
            "subject": "subject, controller",
            "directory": "controller, identifier_index, subject",
            "subject_key": "subject, retention_class, kek_id, wrapped",
            "epoch_key": "controller, retention_class, day, kek_id, wrapped",
            "held_field": "salt, field, subject, retention_class, kek_id, wrapped, rules_at",
        }
        return set(self.conn.execute(f"SELECT {columns[table]} FROM {table}".encode()))

    def everything(self) -> dict[str, set[tuple[Any, ...]]]:
        """All of every table."""
        return {table: self.rows(table) for table in TABLES}

    def lose(self) -> None:
        """Restores the back-up of an empty vault: only its own keys are left, and its numbers are those of then."""
        self.conn.execute("TRUNCATE held_field, subject_key, epoch_key, directory, subject")
        self.conn.execute("ALTER SEQUENCE copy_order RESTART")

    def recover(
        self, *, kek: KeyEncryption | None = None, subjects: dict[UUID, str] | None = None
    ) -> PutBack:
        """Puts back what the topic holds."""
        with VaultRecovery(self.dsn, kek or self.kek, schema=self.schema) as recovery:
            recovery.stage(self.topic.copies)
            return recovery.put_back(subjects or {})


@pytest.fixture
def scene(postgres_dsn: str, schema: str, key_encryption: KeyEncryption, conn: Connection) -> Iterator[Scene]:
    """An empty vault."""
    with ExitStack() as opened:
        yield Scene(dsn=postgres_dsn, schema=schema, kek=key_encryption, conn=conn, opened=opened)


def fill(vault: Vault) -> list[UUID | None]:
    """Makes some of everything; returns two people."""
    people = vault.resolve_subjects([mention(ALICE, ALICES_MAIL), mention(BORIS)])
    vault.keys_for([(person, "content") for person in people if person], [EPOCH, ("acme", "content", 20501)])
    held = HeldField(
        salt=b"s" * 32,
        field="caller",
        subject=people[0] or SUBJECT,
        retention_class="content",
        secret=b"k" * 32,
    )
    vault.hold_fields([held])
    return people


def test_whatever_is_made_is_copied(scene: Scene) -> None:
    """Subjects, links, keys and held fields, exactly as they stand in the tables, each once."""
    fill(scene.vault())
    found: dict[str, list[tuple[Any, ...]]] = {
        "subject": [tuple(row) for copy in scene.topic.copies for row in copy.made.subjects],
        "directory": [tuple(row) for copy in scene.topic.copies for row in copy.made.links],
        "subject_key": [tuple(row) for copy in scene.topic.copies for row in copy.made.subject_keys],
        "epoch_key": [tuple(row) for copy in scene.topic.copies for row in copy.made.epoch_keys],
        "held_field": [tuple(row) for copy in scene.topic.copies for row in copy.made.held_fields],
    }
    assert scene.everything() == {table: set(rows) for table, rows in found.items()}
    assert {table: len(rows) for table, rows in found.items()} == {
        "subject": 2,
        "directory": 3,
        "subject_key": 2,
        "epoch_key": 2,
        "held_field": 1,
    }


def test_one_append_for_whatever_a_call_makes_and_none_when_it_makes_nothing(scene: Scene) -> None:
    """The hot path, where everybody is known and has a key, never waits for the topic."""
    vault = scene.vault()
    for _ in range(3):
        vault.resolve_subjects([mention(ALICE), mention(BORIS)])
        vault.keys_for([CONTENT, (SUBJECT, "recording")], [EPOCH])
    assert scene.topic.appends == 2


def test_copy_that_is_not_acknowledged_undoes_what_was_made(scene: Scene) -> None:
    """A key whose copy may be missing is not used: neither key nor subject is there afterwards."""
    vault = scene.vault(TooLate())
    with pytest.raises(InfrastructureError):
        vault.resolve_subjects([mention(ALICE)])
    with pytest.raises(InfrastructureError):
        vault.keys_for([CONTENT], [EPOCH])
    assert {table: set() for table in TABLES} == scene.everything()


def test_copies_hold_neither_key_nor_identifier(scene: Scene) -> None:
    """Whoever reads the topic without the KEK reads nothing."""
    vault = scene.vault()
    people = fill(vault)
    ring = vault.read_keys([(person, "content") for person in people if person], [EPOCH])
    topic = b"".join(scene.topic.values)
    secrets = [ring.subject(person, "content") for person in people if person] + [ring.epoch(*EPOCH)]
    assert not any(secret in topic for secret in [*secrets, b"k" * 32] if secret)
    assert not any(text in topic for text in (b"97010200001", b"alice@example.com"))


def test_large_batch_is_copied_in_portions(scene: Scene) -> None:
    """Thousands of new keys at once fit the topic's records, under one number."""
    names = [(uuid4(), "content") for _ in range(copies.ROWS_OF_A_KIND_MAX + 1)]
    scene.vault().keys_for(names, [EPOCH])
    assert [len(copy.made.subject_keys) for copy in scene.topic.copies] == [copies.ROWS_OF_A_KIND_MAX, 1]
    assert len({copy.order for copy in scene.topic.copies}) == 1
    assert scene.topic.appends == 1


def test_lost_vault_is_put_back_as_it_was(scene: Scene) -> None:
    """Every row, byte for byte; a second recovery finds nothing to do."""
    fill(scene.vault())
    before = scene.everything()
    scene.lose()
    assert PutBack(subjects=2, links=3, subject_keys=2, epoch_keys=2, held_fields=1) == scene.recover()
    assert before == scene.everything()
    assert PutBack() == scene.recover()


def test_copy_with_the_greatest_number_counts_and_not_the_last_one(scene: Scene) -> None:
    """A copy of a transaction that never committed arrives after that of the one that did make the key.

    The mutant, taking the last in the topic, would put back a key that sealed nothing.
    """
    late = TooLate()
    with pytest.raises(InfrastructureError):
        scene.vault(late).keys_for([CONTENT], [EPOCH])
    with pytest.raises(InfrastructureError):
        scene.vault(late).resolve_subjects([mention(ALICE)])
    vault = scene.vault()
    vault.keys_for([CONTENT], [EPOCH])
    person = vault.resolve_subjects([mention(ALICE)])
    before = scene.everything()
    scene.topic.values += late.values
    assert scene.topic.copies[-1].order < scene.topic.copies[0].order
    scene.lose()
    scene.recover()
    assert before["subject_key"] == scene.rows("subject_key")
    assert before["epoch_key"] == scene.rows("epoch_key")
    assert person == scene.vault().resolve_subjects([mention(ALICE)])
    wrong = scene.topic.copies[-2].made.subject_keys[0]
    assert tuple(wrong) not in before["subject_key"]


def test_greatest_number_is_the_committed_one_however_makers_meet(scene: Scene) -> None:
    """Eight sealers make the same few keys, and most of their appends fail; at the end each copy tells the truth."""
    names = [(UUID(int=number), "content") for number in range(40)]
    failing = random.Random(7)

    class Unreliable(Topic):
        """Fails often, having kept the copy or not."""

        def append(self, values: Sequence[bytes]) -> None:
            kept = failing.random() < 0.8
            if kept:
                scene.topic.append(values)
            if not kept or failing.random() < 0.7:
                raise InfrastructureError("no answer")

    def make(seed: int) -> None:
        own = random.Random(seed)
        with Vault(scene.dsn, scene.kek, schema=scene.schema, copies=Unreliable()) as vault:
            for _ in range(60):
                with suppress(InfrastructureError):
                    vault.keys_for(own.sample(names, 3), [])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))
    committed = scene.rows("subject_key")
    rows = [(copy.order, row) for copy in scene.topic.copies for row in copy.made.subject_keys]
    assert len(rows) > len(committed) > 30
    random.Random(8).shuffle(scene.topic.values)
    scene.lose()
    scene.recover()
    assert committed <= scene.rows("subject_key")
    only_copied = len(scene.rows("subject_key")) - len(committed)
    assert only_copied == len({row[:2] for _, row in rows}) - len(committed), "a key nobody used is harmless"


def test_nothing_is_put_back_over_a_key_or_a_tombstone(scene: Scene) -> None:
    """A copy of a key that was destroyed, or that stands otherwise, changes nothing."""
    vault = scene.vault()
    vault.keys_for([CONTENT, (SUBJECT, "recording")], [EPOCH])
    vault.destroy_subject_key(*CONTENT, "erasure")
    vault.destroy_epoch(*EPOCH, "retention_end")
    scene.conn.execute("DELETE FROM subject_key WHERE retention_class = 'recording'")
    standing = Vault(scene.dsn, scene.kek, schema=scene.schema)
    scene.opened.enter_context(standing)
    standing.keys_for([(SUBJECT, "recording")], [])
    before = scene.everything()
    assert PutBack() == scene.recover()
    assert before == scene.everything()


def test_destroyed_keys_that_are_put_back_are_destroyed_again_before_anybody_reads(scene: Scene) -> None:
    """Putting back moves the vault's place in the governance partition to its start, in the same transaction."""
    fill(scene.vault())
    scene.conn.execute("UPDATE governance_position SET next_offset = 17")
    scene.lose()
    scene.recover()
    assert scene.conn.execute("SELECT next_offset FROM governance_position").fetchone() == (0,)


def test_link_of_a_forgotten_subject_is_not_put_back(scene: Scene) -> None:
    """Its identifiers lead nowhere, whatever the copies say."""
    vault = scene.vault()
    alice, boris = fill(vault)
    assert alice is not None
    vault.close_subject(alice, "erasure")
    vault.forget_subject(alice)
    scene.recover()
    assert vault.find_subject("acme", ALICE) is None
    assert boris == vault.find_subject("acme", BORIS)


def test_number_that_was_forgotten_and_called_again_leads_to_the_new_subject(scene: Scene) -> None:
    """The back-up knows the old one, the copies the new one: nobody may reach the old one again."""
    vault = scene.vault()
    old, _ = fill(vault)
    assert old is not None
    kept = scene.everything()
    number = scene.conn.execute("SELECT last_value FROM copy_order").fetchone()
    vault.close_subject(old, "erasure")
    vault.forget_subject(old)
    (new,) = vault.resolve_subjects([mention(ALICE)])
    # The back-up: as it was before the erasure.
    scene.conn.execute("TRUNCATE directory, subject")
    scene.conn.cursor().executemany(
        "INSERT INTO subject (subject, controller) VALUES (%s, %s)", kept["subject"]
    )
    scene.conn.cursor().executemany(
        "INSERT INTO directory (controller, identifier_index, subject) VALUES (%s, %s, %s)", kept["directory"]
    )
    scene.conn.execute("SELECT setval('copy_order', %s)", number)
    assert old == vault.find_subject("acme", ALICE)
    assert PutBack(subjects=1, links=1) == scene.recover()
    assert new == vault.find_subject("acme", ALICE) != old
    assert old == vault.find_subject("acme", ALICES_MAIL), "never linked again, so as the back-up has it"


def test_subject_that_only_the_log_names_resolves_again(scene: Scene) -> None:
    """Its copy expired; its pseudonym stands in the log, with its controller."""
    stranger = uuid4()
    assert PutBack(subjects=1) == scene.recover(subjects={stranger: "acme"})
    assert scene.vault().controller_of(stranger) == "acme"


def test_copies_under_an_older_kek_are_wrapped_anew(scene: Scene) -> None:
    """While both keys are in the file, what the old one wrapped is put back under the new one."""
    fill(scene.vault())
    before = [scene.vault().read_keys([], [EPOCH]).epoch(*EPOCH)]
    new = Kek(os.urandom(32))
    rotated = KeyEncryption(new, [scene.kek.current])
    scene.lose()
    scene.conn.execute("INSERT INTO kek (kek_id) VALUES (%s)", (new.kek_id,))
    assert scene.recover(kek=rotated).epoch_keys == 2
    assert {new.kek_id} == {row[3] for row in scene.rows("epoch_key")}
    scene.kek = rotated
    assert before == [scene.vault().read_keys([], [EPOCH]).epoch(*EPOCH)]


def test_copies_under_a_kek_that_is_gone_are_counted(scene: Scene) -> None:
    """After a rotation the copies from before it open nothing, like the back-ups; subjects and links need no key."""
    fill(scene.vault())
    scene.lose()
    scene.conn.execute("TRUNCATE vault_secret, kek")
    done = scene.recover(kek=KeyEncryption(Kek(os.urandom(32))))
    # The held field is not even looked at: its subject key is lost.
    assert PutBack(subjects=2, links=3, other_kek=4) == done


def test_altered_copy_is_counted_and_not_put_back(scene: Scene) -> None:
    """One bad copy does not keep the others from coming back."""
    fill(scene.vault())
    whole = scene.topic.copies[1]
    first, *others = whole.made.epoch_keys
    bad = first._replace(wrapped=bytes(len(first.wrapped)))
    forged = KeyCopy(whole.form, whole.order, whole.made._replace(epoch_keys=(bad, *others)))
    scene.topic.values[1] = copies._ENCODER.encode(forged)
    scene.lose()
    done = scene.recover()
    assert (done.epoch_keys, done.damaged) == (1, 1)


@pytest.mark.parametrize("value", [None, b"", b"\x93\x01", b"\x93\x02\x01\x90", b"{}"])
def test_what_is_no_copy_stops_the_recovery(value: bytes | None) -> None:
    """A foreign writer on the topic is somebody's mistake, to be looked at."""
    with pytest.raises(IntegrityError, match="access list"):
        decode(value)


def test_vault_that_is_older_than_its_copies_is_refused(scene: Scene) -> None:
    """Restored from a back-up, it knows fewer numbers than the topic; recovered, it draws greater ones."""
    vault = scene.vault()
    fill(vault)
    newest = max(copy.order for copy in scene.topic.copies)
    vault.expect_not_older(newest)
    scene.lose()
    with pytest.raises(VaultOlderThanCopies, match="ledger vault recover"):
        vault.expect_not_older(newest)
    scene.recover()
    vault.expect_not_older(newest)
    vault.keys_for([(uuid4(), "content")], [])
    assert scene.topic.copies[-1].order > newest


def test_crash_of_a_sealer_does_not_look_like_a_restore(scene: Scene) -> None:
    """A number that was drawn by a transaction that never committed stays drawn."""
    late = TooLate()
    with pytest.raises(InfrastructureError):
        scene.vault(late).keys_for([CONTENT], [])
    scene.vault().expect_not_older(max(copy.order for copy in late.copies))


def test_recovery_that_dies_leaves_the_vault_as_it_was(
    scene: Scene, open_connection: Callable[[], Connection]
) -> None:
    """Everything is put back in one transaction."""
    fill(scene.vault())
    scene.lose()
    before = scene.everything()
    scene.conn.execute("ALTER TABLE held_field ADD CONSTRAINT broken CHECK (false)")
    with pytest.raises(IntegrityError, match="broken"):
        scene.recover()
    assert before == scene.everything()
