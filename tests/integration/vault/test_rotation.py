"""Replacing the KEK: nothing that lives is lost, nothing that was destroyed opens, wherever the rotation dies.

FAULTS, row 47; each refusal with the mutant it prevents.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.errors import CallerError, IntegrityError, NotPermitted
from ledger.postgres.connection import Connection
from ledger.vault import keys, rotation
from ledger.vault.directory import Mention
from ledger.vault.held import HeldField
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.kek import (
    KEY_BYTES,
    Kek,
    KeyEncryption,
    generate_kek_file,
    read_kek_lines,
    subject_key_place,
)
from ledger.vault.rotation import Rotated, Step, begin, rotate
from ledger.vault.vault import Vault

KILLED_ROTATION = Path(__file__).with_name("killed_rotation.py")
TIMEOUT_S = 60
CLASSES = ("call_history", "recording")
SUBJECTS = [UUID(int=number) for number in range(1, 21)]
EPOCHS = [("acme", name, day) for name in CLASSES for day in range(20500, 20510)]
SUBJECT_KEYS = [(subject, name) for subject in SUBJECTS for name in CLASSES]
PHONE = Identifier(IdentifierKind.PHONE, "+3197010200001")
MENTION = Mention(controller="acme", identifiers=(PHONE,))
SALT = bytes(range(32))
ROTATIONS_THAT_WAIT = (
    b"SELECT count(*) FROM pg_stat_activity"
    b" WHERE application_name = 'ledger kek rotate' AND wait_event_type = 'Lock'"
)


class Contents:
    """What a vault holds, in clear: to be the same after a rotation."""

    def __init__(self, vault: Vault) -> None:
        ring = vault.read_keys(SUBJECT_KEYS, EPOCHS)
        self.found = (
            {name: ring.subject(*name) for name in SUBJECT_KEYS},
            {name: ring.epoch(*name) for name in EPOCHS},
            {name for name in SUBJECT_KEYS if ring.subject_destroyed(*name)},
            {name for name in EPOCHS if ring.epoch_destroyed(*name)},
            vault.held_fields([SALT]),
            vault.find_subject("acme", PHONE),
            vault.own_facts_key,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Contents) and self.found == other.found

    __hash__ = None  # type: ignore[assignment]  # compared only

    def __repr__(self) -> str:
        return f"Contents({[len(part) for part in self.found[:5] if part is not None]})"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One vault, its KEK file, and what it held at first."""

    dsn: str
    schema: str
    file: Path
    conn: Connection
    before: Contents
    old_lines: list[str]
    opened: ExitStack

    def rotate(self, **options: Any) -> Rotated:
        """Rotates this vault's KEK."""
        return rotate(self.dsn, self.file, schema=self.schema, **options)

    def begin(self) -> tuple[str, list[str]]:
        """Begins to."""
        return begin(self.dsn, self.file, schema=self.schema)

    def vault(self) -> Vault:
        """The vault with the KEK file as it is now; closed with the test."""
        vault = Vault(self.dsn, KeyEncryption.from_file(self.file), schema=self.schema)
        return self.opened.enter_context(vault)

    def contents(self) -> Contents:
        """What the vault holds now."""
        return Contents(self.vault())

    def keks(self) -> dict[str, set[str]]:
        """Table -> the ids of the KEKs its rows are under."""
        tables = ("subject_key", "epoch_key", "held_field", "vault_secret", "kek")
        query = "SELECT DISTINCT kek_id FROM {} WHERE kek_id IS NOT NULL"
        return {
            table: {row[0].hex() for row in self.conn.execute(query.format(table).encode())}
            for table in tables
        }

    def check_rotated(self) -> None:
        """Everything lives under one new KEK, in the tables and in the file, and nothing else opens anything."""
        (line,) = read_kek_lines(self.file)
        assert line not in self.old_lines
        current = Kek.from_hex(line).kek_id.hex()
        found = self.keks()
        assert {table: {current} for table in found} == found
        assert self.before == self.contents()


@pytest.fixture
def scene(postgres_dsn: str, schema: str, tmp_path: Path, conn: Connection) -> Iterator[Scene]:
    """A vault with keys of every kind, a subject key and an epoch key of them destroyed."""
    file = tmp_path / "kek"
    generate_kek_file(file)
    with Vault(postgres_dsn, KeyEncryption.from_file(file), schema=schema) as vault:
        vault.resolve_subjects([MENTION])
        vault.keys_for(SUBJECT_KEYS, EPOCHS)
        subject, name = SUBJECT_KEYS[5]
        vault.hold_fields(
            [HeldField(salt=SALT, field="caller", subject=subject, retention_class=name, secret=b"s" * 32)]
        )
        vault.destroy_subject_key(*SUBJECT_KEYS[0], "erasure")
        vault.destroy_epoch(*EPOCHS[0], "retention_ended")
        before = Contents(vault)
    with ExitStack() as opened:
        yield Scene(
            dsn=postgres_dsn,
            schema=schema,
            file=file,
            conn=conn,
            before=before,
            old_lines=read_kek_lines(file),
            opened=opened,
        )


def test_everything_lives_on_under_the_new_key(scene: Scene) -> None:
    """Keys, tombstones, held fields, the directory and the vault's own keys are as they were."""
    rotated = scene.rotate()
    expected = {
        "subject_key": len(SUBJECT_KEYS) - 1,
        "epoch_key": len(EPOCHS) - 1,
        "held_field": 1,
        "vault_secret": 2,
    }
    assert expected == rotated.rewrapped
    assert sum(expected.values()) == rotated.checked
    assert ([Kek.from_hex(scene.old_lines[0]).kek_id.hex()], True) == (rotated.old, rotated.old_dropped)
    assert Kek.from_hex(read_kek_lines(scene.file)[0]).kek_id.hex() == rotated.new
    scene.check_rotated()


def test_key_destroyed_before_the_rotation_opens_nowhere_after_it(scene: Scene) -> None:
    """Its bytes, as heap, WAL and a back-up keep them, opened with the KEK of that day; with today's they do not."""
    name = SUBJECT_KEYS[1]
    query = "SELECT kek_id, wrapped FROM subject_key WHERE subject = %s AND retention_class = %s"
    ((kek_id, wrapped),) = scene.conn.execute(query, name).fetchall()
    place = subject_key_place(*name)
    scene.vault().destroy_subject_key(*name, "erasure")
    assert len(KeyEncryption.from_file(scene.file).unwrap(kek_id, wrapped, place)) == KEY_BYTES
    scene.rotate()
    now = KeyEncryption.from_file(scene.file)
    with pytest.raises(NotPermitted, match=r"docs/keys\.md"):
        now.unwrap(kek_id, wrapped, place)
    with pytest.raises(IntegrityError):
        now.current.unwrap(wrapped, place)


@pytest.mark.parametrize(
    ("step", "done"),
    [
        (Step.REGISTER_NEW, 0),
        (Step.RETIRE_OLD, 0),
        (Step.REWRAP, 0),
        (Step.REWRAP, 10),
        (Step.REWRAP, 45),
        (Step.REWRAP, 61),
        (Step.CHECK, 0),
        (Step.CHECK, 30),
        (Step.DROP_OLD, 0),
        (Step.TRY_FILE, 0),
    ],
)
def test_killed_rotation_loses_nothing_and_goes_on(scene: Scene, step: Step, done: int) -> None:
    """SIGKILL before each step and in the middle of the long ones: all opens at once, and the next start ends it."""
    died = subprocess.run(
        [sys.executable, str(KILLED_ROTATION), scene.dsn, scene.schema, str(scene.file), step, str(done)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        timeout=TIMEOUT_S,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert scene.before == scene.contents()
    rotated = scene.rotate()
    assert rotated.old_dropped
    scene.check_rotated()
    assert [path.name for path in scene.file.parent.iterdir()] == ["kek"], "a key was left lying about"


def test_killed_again_and_again_still_ends(scene: Scene) -> None:
    """A rotation that dies after every batch gets further each time, under one new key."""
    progress = []
    for _ in range(20):
        made: list[int] = []

        def give_up(step: Step, done: int, of: int, made: list[int] = made) -> None:
            if step is Step.REWRAP:
                made.append(of)
                if done:
                    raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rotation, "ROWS_PER_BATCH", 10)
            try:
                scene.rotate(on_step=give_up)
                break
            except KeyboardInterrupt:
                progress.append(made[0])
    assert progress == sorted(progress, reverse=True)
    assert len(set(progress)) == len(progress) > 5
    scene.check_rotated()


def test_old_key_can_be_kept_until_there_is_a_newer_back_up(scene: Scene) -> None:
    """Everything is rewrapped, nothing is wrapped under the old key any more, and it is still in the file."""
    kept = scene.rotate(keep_old=True)
    assert not kept.old_dropped
    assert scene.old_lines == read_kek_lines(scene.file)[1:]
    assert {kept.new} == set().union(*scene.keks().values())
    ended = scene.rotate()
    assert (kept.new, kept.old, 0) == (ended.new, ended.old, sum(ended.rewrapped.values()))
    scene.check_rotated()


def test_new_key_can_be_brought_to_other_machines_first(scene: Scene) -> None:
    """Begun only, both keys wrap: machines with the old file and with the new one work side by side."""
    lagging = scene.vault()
    new, older = scene.begin()
    assert (new, older) == scene.begin(), "begun twice is once"
    ahead = scene.vault()
    lagging.keys_for([(uuid4(), "recording")], [])
    ahead.keys_for([(uuid4(), "recording")], [])
    assert new == scene.rotate().new
    assert scene.before == scene.contents()


def test_process_with_the_old_key_only_fails_loudly(scene: Scene) -> None:
    """It may not wrap, whatever it makes first, and cannot open; nothing of it is stored."""
    lagging = scene.vault()
    scene.rotate()
    stranger = uuid4()
    with pytest.raises(NotPermitted, match="Start this process again"):
        lagging.keys_for([(stranger, "recording")], [])
    with pytest.raises(NotPermitted, match="Start this process again"):
        lagging.keys_for([], [("acme", "recording", 30000)])
    with pytest.raises(NotPermitted, match="start this process again"):
        lagging.keys_for([SUBJECT_KEYS[1]], [])
    assert scene.vault().keys_for([(stranger, "recording")], []).subject(stranger, "recording")
    assert len(scene.keks()["subject_key"]) == 1


def test_key_being_made_when_the_old_kek_retires_is_waited_for(
    scene: Scene, open_connection: Callable[[], Connection]
) -> None:
    """A transaction that wrapped a key under the old KEK and is still open commits first, and its key is rewrapped."""
    old = KeyEncryption.from_file(scene.file)
    maker, late = open_connection(), (uuid4(), "recording")
    with ThreadPoolExecutor(1) as pool:
        with maker.transaction():
            made = keys.get_or_create(maker, old, [late], []).subject(*late)
            rotating = pool.submit(scene.rotate)
            deadline = time.monotonic() + TIMEOUT_S
            while scene.conn.execute(ROTATIONS_THAT_WAIT).fetchone() != (1,):
                assert time.monotonic() < deadline
                assert not rotating.done()
                time.sleep(0.01)
        rotated = rotating.result(TIMEOUT_S)
    assert len(SUBJECT_KEYS) == rotated.rewrapped["subject_key"]
    assert made == scene.vault().read_keys([late], []).subject(*late)


def test_key_destroyed_while_it_is_rewrapped_stays_destroyed(scene: Scene) -> None:
    """New bytes are written over the bytes they were made from, and over nothing else."""
    scene.begin()
    both = KeyEncryption.from_file(scene.file)
    vault = scene.vault()
    for table, name in (("subject_key", SUBJECT_KEYS[3]), ("epoch_key", EPOCHS[3])):
        its = next(each for each in rotation._TABLES if each.name == table)
        (rows,) = list(rotation._walk(scene.conn, its, both.current, under=False))
        if table == "subject_key":
            vault.destroy_subject_key(*SUBJECT_KEYS[3], "erasure")
        else:
            vault.destroy_epoch(*EPOCHS[3], "retention_ended")
        assert len(rows) - 1 == rotation._rewrap(scene.conn, its, both, rows), name
    ring = vault.read_keys([SUBJECT_KEYS[3]], [EPOCHS[3]])
    assert ring.subject_destroyed(*SUBJECT_KEYS[3])
    assert ring.epoch_destroyed(*EPOCHS[3])


def test_rotation_refuses_to_end_while_a_row_is_under_the_old_key(scene: Scene) -> None:
    """Where somebody gets round the register, the old key stays in the file, and the next run takes the row along."""
    old = KeyEncryption.from_file(scene.file)
    unregistered = (uuid4(), "recording")

    def write_behind(step: Step, _done: int, _of: int) -> None:
        if step is Step.REWRAP and _done == _of:
            scene.conn.execute("ALTER TABLE subject_key DISABLE TRIGGER USER")
            keys.get_or_create(scene.conn, old, [unregistered], [])
            scene.conn.execute("ALTER TABLE subject_key ENABLE TRIGGER USER")

    with pytest.raises(IntegrityError, match="Nothing was thrown away"):
        scene.rotate(on_step=write_behind)
    assert len(read_kek_lines(scene.file)) == 2
    assert scene.rotate().rewrapped["subject_key"] == 1


def test_row_that_does_not_open_stops_the_rotation(scene: Scene) -> None:
    """A wrapped key moved to another row is noticed before the old KEK is thrown away."""
    scene.conn.execute(
        "UPDATE epoch_key AS key SET wrapped = other.wrapped FROM epoch_key AS other"
        " WHERE (key.day, other.day) = (20502, 20501) AND (key.retention_class, other.retention_class) ="
        " ('recording', 'recording')"
    )
    with pytest.raises(IntegrityError, match="does not open"):
        scene.rotate()
    assert len(read_kek_lines(scene.file)) == 2


def test_two_rotations_at_once_are_refused(scene: Scene) -> None:
    """The second makes no key of its own."""
    refused: list[str] = []

    def another(step: Step, _done: int, _of: int) -> None:
        if step is Step.RETIRE_OLD:
            with pytest.raises(CallerError, match="being rotated already") as error:
                scene.rotate()
            refused.append(str(error.value))

    scene.rotate(on_step=another)
    assert len(refused) == 1


def test_another_vaults_kek_file_is_refused_unchanged(scene: Scene, tmp_path: Path) -> None:
    """The wrong file is not touched, and nothing in the vault."""
    other = tmp_path / "other"
    generate_kek_file(other)
    content = other.read_bytes()
    with pytest.raises(NotPermitted):
        rotate(scene.dsn, other, schema=scene.schema)
    assert content == other.read_bytes()


def test_rotation_under_full_load_loses_no_key(scene: Scene) -> None:
    """Makers that never stop, each with the file as it was when it started: refused, started again, nothing lost."""
    made: dict[tuple[UUID, str], bytes] = {}
    restarts = [0] * 4
    stop = threading.Event()

    def make(number: int) -> None:
        while not stop.is_set():
            with scene.vault() as vault:
                try:
                    while not stop.is_set():
                        names = [(uuid4(), "recording") for _ in range(50)]
                        ring = vault.keys_for(names, EPOCHS)
                        made.update({name: ring.subject(*name) or b"" for name in names})
                except NotPermitted:
                    restarts[number] += 1

    with ThreadPoolExecutor(4) as pool:
        makers = [pool.submit(make, number) for number in range(4)]
        time.sleep(0.5)
        first = scene.rotate()
        second = scene.rotate()
        time.sleep(0.2)
        stop.set()
        for maker in makers:
            maker.result(TIMEOUT_S)
    assert all(restarts), "a maker never met the rotation: the test shows nothing"
    assert [first.new] == second.old
    names = list(made)
    ring = scene.vault().read_keys(names, [])
    assert made == {name: ring.subject(*name) for name in names}
    assert {second.new} == set().union(*scene.keks().values())


def test_without_the_register_a_lagging_maker_would_lose_its_key(scene: Scene) -> None:
    """The mutant that the trigger prevents: a key made after the last check, under a KEK that is then thrown away."""
    scene.conn.execute("ALTER TABLE subject_key DISABLE TRIGGER USER")
    lagging, lost = scene.vault(), (uuid4(), "recording")

    def make_late(step: Step, _done: int, _of: int) -> None:
        if step is Step.DROP_OLD:
            lagging.keys_for([lost], [])

    scene.rotate(on_step=make_late)
    with pytest.raises(NotPermitted):
        scene.vault().read_keys([lost], [])


def test_result_names_keys_by_id_only(scene: Scene) -> None:
    """What is printed holds no part of a key."""
    lines = read_kek_lines(scene.file)
    rotated: Rotated = scene.rotate()
    lines += read_kek_lines(scene.file)
    assert not any(line[:8] in repr(rotated) for line in lines)
