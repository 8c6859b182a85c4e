"""`ledger kek rotate` as an operator runs it: while everything is at work, and against what cannot be rotated."""

import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.sealing.opening import open_record, read_keys
from ledger.vault.kek import KeyEncryption, read_kek_lines
from tests.integration.pipeline.looking import check_exactly_once
from tests.ledger_home import (
    LedgerHome,
    await_recorded,
    call,
    ledger_records,
    new_home,
    publish,
    settle,
    verify_whole_log,
)

ALICE = "+3197010000001"
PATIENCE_S = 60.0
CALLS_PER_PUBLISH = 40


@pytest.fixture
def own_home() -> Iterator[LedgerHome]:
    """A ledger of this test's own."""
    with new_home() as made, made.parts():
        yield made


def unopened(parts: Runtime) -> list[str]:
    """The calls in the log of which a sealed field does not open."""
    records = [decode_record(record.value or b"") for record in ledger_records(parts)]
    entries = [record for record in records if isinstance(record, Entry)]
    with parts.vault() as vault:
        keys = read_keys(vault, entries)
    return [e.event_id for e in entries if {s.field for s in e.sealed} != set(open_record(keys, e))]


def sealer_of(supervisor: psutil.Process) -> int | None:
    """The process id of the sealer that a supervisor keeps running."""
    for child in supervisor.children():
        try:
            if child.status() != psutil.STATUS_ZOMBIE and "seal" in child.cmdline():
                return int(child.pid)
        except psutil.NoSuchProcess:
            continue
    return None


def wait_for_sealer(supervisor: psutil.Process, *, other_than: int | None) -> int:
    """A sealer that runs, once there is one."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = sealer_of(supervisor)
        if found is not None and found != other_than:
            return found
        time.sleep(0.1)
    pytest.fail("no sealer was started")


def wait_until_it_seals(parts: Runtime) -> None:
    """Returns once something is sealed: a sealer that is still starting would read the new file and never end."""
    deadline = time.monotonic() + PATIENCE_S
    with parts.vault() as vault:
        while not any(vault.sealer_positions().values()):
            assert time.monotonic() < deadline, "nothing is sealed"
            time.sleep(0.1)


def test_rotation_while_everything_is_at_work_loses_nothing(own_home: LedgerHome) -> None:
    """The sealer ends at the first key it may not wrap, is started again with the new file, and nothing is lost."""
    stop = threading.Event()
    published: list[str] = []

    def keep_publishing(parts: Runtime) -> None:
        number = 0
        while not stop.is_set():
            # New people all the time: each batch makes keys.
            batch = [
                call(f"call {number + each}", f"+319701{number + each:07d}", ALICE)
                for each in range(CALLS_PER_PUBLISH)
            ]
            publish(parts, *batch)
            published.extend(f"call {number + each}" for each in range(CALLS_PER_PUBLISH))
            number += CALLS_PER_PUBLISH
            time.sleep(0.05)

    with own_home.process("up") as up, own_home.parts() as parts:
        supervisor = psutil.Process(up.pid)
        first = wait_for_sealer(supervisor, other_than=None)
        publisher = threading.Thread(target=keep_publishing, args=(parts,))
        publisher.start()
        try:
            wait_until_it_seals(parts)
            rotated = own_home.json("kek", "rotate")
            wait_for_sealer(supervisor, other_than=first)
            time.sleep(2.0)
            again = own_home.json("kek", "rotate")
        finally:
            stop.set()
            publisher.join()
        await_recorded(own_home)
    assert rotated["old_dropped"] is True
    assert [rotated["new"]] == again["old"]
    assert again["checked"] >= rotated["checked"] > 0
    with own_home.parts() as parts:
        assert unopened(parts) == []
        check_exactly_once(parts)
        verify_whole_log(parts)
        assert len(published) > 2 * CALLS_PER_PUBLISH


def test_old_key_is_kept_until_it_is_asked_for_again(home: LedgerHome, parts: Runtime) -> None:
    """Prepared, rewrapped with the old one kept, ended: three runs of one rotation."""
    publish(parts, call("one", ALICE, "+3197010000002"))
    settle(parts)
    file = parts.kek_file
    assert file is not None
    (old,) = read_kek_lines(file)
    prepared = home.json("kek", "rotate", "--prepare")
    assert (prepared["prepared"], len(read_kek_lines(file))) == (True, 2)
    kept = home.json("kek", "rotate", "--keep-old")
    assert (kept["new"], kept["old_dropped"]) == (prepared["new"], False)
    assert [old] == read_kek_lines(file)[1:]
    ended = home.json("kek", "rotate")
    assert (ended["new"], ended["old"], ended["old_dropped"]) == (prepared["new"], kept["old"], True)
    assert set(ended["rewrapped"].values()) == {0}
    assert KeyEncryption.from_file(file).current.kek_id.hex() == ended["new"]
    assert unopened(parts) == [], (
        "a process from before the rotation opens the vault with the file as it is now"
    )


def test_people_are_told_what_to_do_next(home: LedgerHome) -> None:
    """Back-ups open nothing any more, or the rotation is not at its end: it says so."""
    kept = home.run("kek", "rotate", "--keep-old")
    assert b"run `ledger kek rotate` again" in kept.stdout
    ended = home.run("kek", "rotate")
    assert b"Make one now" in ended.stdout


def test_key_in_the_environment_cannot_be_rotated(home: LedgerHome, parts: Runtime) -> None:
    """A program cannot change the environment of those that are started next; the message names the file."""
    assert parts.kek_file is not None
    environment = {
        "LEDGER_KAFKA": parts.kafka,
        "LEDGER_STORE_DSN": parts.store_dsn,
        "LEDGER_VAULT_DSN": parts.vault_dsn,
        "LEDGER_KEK": read_kek_lines(parts.kek_file)[0],
    }
    refused = home.run("kek", "rotate", environment=environment)
    assert refused.returncode == 2
    assert b"LEDGER_KEK_FILE" in refused.stderr
    assert environment["LEDGER_KEK"].encode() not in refused.stderr


def test_contradicting_options_are_refused(home: LedgerHome) -> None:
    """Exit code 2, and the file is as it was."""
    assert home.run("kek", "rotate", "--prepare", "--keep-old").returncode == 2
