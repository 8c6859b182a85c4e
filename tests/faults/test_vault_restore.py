"""A vault restored from a back-up: destroyed stays destroyed, what was made since comes back, nothing is sealed twice.

FAULTS, rows 46 and 47, with real services, `pg_dump` and `pg_restore`.
"""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from consumers.sealer import SealerLoop
from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.dev.postgres import _binaries
from ledger.entry import Entry
from ledger.errors import NotPermitted
from ledger.forgetting.own_facts import OwnFact, OwnFacts
from ledger.log.records import OutgoingRecord
from ledger.log.writer import LedgerWriter
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.opening import open_record, read_keys
from ledger.vault.copies import VaultOlderThanCopies
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.kek import KeyEncryption, read_kek_lines
from ledger.vault.recovery import PutBack
from ledger.vault_recovery import recover
from tests.integration.pipeline.looking import (
    check_exactly_once,
    sealed_up_to,
    sealer_loop_writing_to,
    since,
    totals,
)
from tests.ledger_home import (
    NOON,
    LedgerHome,
    call,
    ledger_records,
    new_home,
    publish,
    record_all,
    settle,
    verify_whole_log,
)

DAY_MICROS = 86_400_000_000
DAY, NEXT_DAY = local_day(NOON), local_day(NOON + DAY_MICROS)
CONTROLLER = "dentist-example"
CLASS = "call_history"
ALICE, BORIS, CLEO, DAVE = (f"+319701000000{number}" for number in range(1, 5))
Fields = dict[tuple[str, str], Mapping[str, object]]
"""(event id, subject's role) -> what still opens."""


@pytest.fixture
def home() -> Iterator[LedgerHome]:
    """A ledger of each test's own; its services run for the whole test."""
    with new_home() as made, made.parts():
        yield made


def back_up(parts: Runtime, into: Path) -> Path:
    """What an operator's `pg_dump` makes of the vault."""
    _postgres("pg_dump", "--format=custom", "--schema=vault", f"--file={into}", parts.vault_dsn)
    return into


def restore(parts: Runtime, dump: Path) -> None:
    """The vault as it was when the dump was made."""
    with psycopg.connect(parts.vault_dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA vault CASCADE")
    _postgres("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={parts.vault_dsn}", str(dump))


def _postgres(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [str(_binaries() / program), *arguments], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()


def opened(parts: Runtime) -> Fields:
    """What opens of every call in the log."""
    records = [decode_record(record.value or b"") for record in ledger_records(parts)]
    entries = [r for r in records if isinstance(r, Entry) and r.event_type == "call.completed"]
    with parts.vault() as vault:
        keys = read_keys(vault, entries)
    return {(e.event_id, ",".join(e.subject_roles)): open_record(keys, e) for e in entries}


def subject(parts: Runtime, number: str) -> UUID | None:
    """Whom a number leads to."""
    with parts.vault() as vault:
        return vault.find_subject(CONTROLLER, Identifier(IdentifierKind.PHONE, number))


def destroy(parts: Runtime, kind: str, **name: Any) -> None:
    """One destruction as the ledger states it; opening the vault carries it out."""
    fields = {
        "phase": "intent",
        "destruction_id": f"{kind} {name}",
        "key_kind": kind,
        "retention_class": CLASS,
        "why": "retention_end" if kind == "epoch" else "erasure_request",
        **name,
    }
    with parts.vault() as vault:
        OwnFacts(parts, vault, settle=settle).publish(
            [OwnFact("key.destroyed", f"{kind} {name}", CONTROLLER, fields)], NOON
        )
    settle(parts)
    with parts.vault():
        pass


def lived_through(parts: Runtime, dump: Path) -> Fields:
    """Some calls, a back-up, new people and days, and destructions of what was before it and after; what opens then."""
    publish(parts, call("old", ALICE, BORIS), call("old too", BORIS, ALICE))
    settle(parts)
    back_up(parts, dump)
    publish(
        parts,
        call("new person", CLEO, BORIS),
        call("new day", CLEO, DAVE, occurred_at=NOON + DAY_MICROS),
        call("another day", ALICE, DAVE, occurred_at=NOON + 2 * DAY_MICROS),
    )
    settle(parts)
    destroy(parts, "subject", subject_pseudonym=str(subject(parts, ALICE)))
    destroy(parts, "subject", subject_pseudonym=str(subject(parts, DAVE)))
    destroy(parts, "epoch", epoch_day=NEXT_DAY)
    after = opened(parts)
    assert {key for key, fields in after.items() if fields} == {
        ("old", "called"),
        ("old too", "caller"),
        ("new person", "caller"),
        ("new person", "called"),
    }
    return after


def test_restored_vault_is_brought_up_to_the_log(home: LedgerHome, tmp_path: Path) -> None:
    """Destroyed stay destroyed, new ones are recovered, nobody gets a second pseudonym, chains go on."""
    with home.parts() as parts:
        before = lived_through(parts, tmp_path / "vault.dump")
        people = {number: subject(parts, number) for number in (ALICE, BORIS, CLEO, DAVE)}
        sealed, digest, counted = sealed_up_to(parts), home.json("digest"), totals(parts)
        restore(parts, tmp_path / "vault.dump")

        with pytest.raises(VaultOlderThanCopies, match="ledger vault recover"), parts.sealer_loop((1, 1)):
            pass

        done = home.json("vault", "recover")
        assert done["unrecoverable"] == {}
        assert done["unusable_copies"] == {"other_kek": 0, "damaged": 0}
        recovered = done["recovered"]
        assert (recovered["subjects"], recovered["links"]) == (2, 2)
        assert recovered["subject_keys"] > 0 < recovered["epoch_keys"]
        assert before == opened(parts)
        assert people == {number: subject(parts, number) for number in people}
        assert sealed == sealed_up_to(parts)
        assert digest == home.json("digest")

        publish(
            parts, call("after", CLEO, ALICE), call("after too", BORIS, DAVE, occurred_at=NOON + DAY_MICROS)
        )
        settle(parts)
        became = since(counted, parts)
        assert (became.accepted, became.resealed, became.out_of_chain) == (2, 0, 0)
        assert opened(parts)["after", "caller"] == {"caller_number": CLEO}
        assert opened(parts)["after", "called"] == {}, "erased: no key is made for her again"
        assert opened(parts)["after too", "caller"] == {}, "a day whose keys are gone"
        check_exactly_once(parts)
        verify_whole_log(parts)
        again = recover(parts)
        assert (again.put_back, again.moved) == (PutBack(), [])


def test_reader_that_comes_before_the_recovery_does_not_bring_destroyed_keys_back(
    home: LedgerHome, tmp_path: Path
) -> None:
    """It follows the destructions; the keys are put back after that, and are destroyed once more."""
    with home.parts() as parts:
        before = lived_through(parts, tmp_path / "vault.dump")
        restore(parts, tmp_path / "vault.dump")
        while_lost = opened(parts)
        assert while_lost["new person", "caller"] == {}, "her key is lost"
        assert while_lost["old", "caller"] == {}, "her key was destroyed"
        recover(parts)
        assert before == opened(parts)


def test_sealers_go_on_after_a_batch_that_landed_in_part(home: LedgerHome, tmp_path: Path) -> None:
    """Only the log tells what was sealed: nothing whole is sealed again, whatever the restored vault thinks."""
    with home.parts() as parts:
        publish(parts, call("old", ALICE, BORIS))
        settle(parts)
        back_up(parts, tmp_path / "vault.dump")
        publish(parts, *(call(f"since {number}", ALICE, BORIS) for number in range(20)))
        settle(parts)
        with sealer_dying_after_append(parts) as loop:
            publish(
                parts,
                *(call(f"unfinished {number}", CLEO, BORIS)._replace(key=b"one") for number in range(5)),
            )
            with pytest.raises(Died):
                loop.step()
        record_all(parts)
        restore(parts, tmp_path / "vault.dump")
        counted = totals(parts)
        moved = recover(parts).moved
        assert sum(each.now - each.before for each in moved) == 20 + 4
        settle(parts)
        became = since(counted, parts)
        assert (became.entries, became.resealed, became.out_of_chain) == (1, 1, 0)
        check_exactly_once(parts)
        verify_whole_log(parts)


def test_what_has_no_copy_is_reported_by_class(home: LedgerHome, tmp_path: Path) -> None:
    """Keys made by a sealer without second copies, or whose copies expired, are lost; so are their fields."""
    with home.parts() as parts:
        publish(parts, call("old", ALICE, BORIS))
        settle(parts)
        back_up(parts, tmp_path / "vault.dump")
        with LedgerWriter(parts.kafka) as writer, sealer_loop_writing_to(parts, writer) as without_copies:
            publish(parts, call("lost", CLEO, BORIS), call("not lost", ALICE, BORIS))
            while without_copies.step():
                pass
        record_all(parts)
        cleo = subject(parts, CLEO)
        restore(parts, tmp_path / "vault.dump")
        done = recover(parts)
        assert done.unrecoverable == {CLASS: 1}
        assert done.put_back.subjects == 1, "the log names her and her controller"
        assert opened(parts)["lost", "called"] == {"called_number": BORIS}
        assert opened(parts)["lost", "caller"] == {}
        with parts.vault() as vault:
            assert cleo is not None
            assert vault.controller_of(cleo) == CONTROLLER


def test_naive_sealer_on_a_restored_vault_takes_people_for_new_ones(home: LedgerHome, tmp_path: Path) -> None:
    """The mutant that the refusal prevents: it seals again what is sealed, under pseudonyms nobody knew."""
    with home.parts() as parts:
        lived_through(parts, tmp_path / "vault.dump")
        cleo = subject(parts, CLEO)
        restore(parts, tmp_path / "vault.dump")
        with LedgerWriter(parts.kafka) as writer, sealer_loop_writing_to(parts, writer) as naive:
            while naive.step():
                pass
        assert subject(parts, CLEO) not in {cleo, None}


def test_old_dump_opens_nothing_after_a_rotation(home: LedgerHome, tmp_path: Path) -> None:
    """Neither a destroyed key nor any other: the old key is not in the file, and the new one does not fit."""
    with home.parts() as parts:
        before = lived_through(parts, tmp_path / "vault.dump")
        file = parts.kek_file
        assert file is not None
        old = read_kek_lines(file)
        rotated = home.json("kek", "rotate")
        assert rotated["old_dropped"] is True
        assert not set(old) & set(read_kek_lines(file))
    with home.parts() as parts:
        assert before == opened(parts), "what lives lives on"
        kept = back_up(parts, tmp_path / "new.dump")
        restore(parts, tmp_path / "vault.dump")
        with pytest.raises(NotPermitted, match=r"docs/keys\.md"), parts.vault():
            pass
        now = KeyEncryption.from_file(file)
        with psycopg.connect(parts.vault_dsn) as connection:
            rows = connection.execute("SELECT kek_id, wrapped FROM vault.epoch_key").fetchall()
        for kek_id, wrapped in rows:
            with pytest.raises(NotPermitted):
                now.unwrap(kek_id, wrapped, b"")
        restore(parts, kept)
        assert before == opened(parts)


def test_no_key_stands_anywhere_unwrapped(home: LedgerHome) -> None:
    """Not in PostgreSQL's files and WAL, not on the topics, not in a log: before and after destruction and rotation."""
    with home.parts() as parts:
        publish(parts, call("one", ALICE, BORIS), call("two", CLEO, DAVE, occurred_at=NOON + DAY_MICROS))
        settle(parts)
        with psycopg.connect(parts.vault_dsn) as connection:
            subject_keys = connection.execute(
                "SELECT subject, retention_class FROM vault.subject_key"
            ).fetchall()
            epochs = connection.execute(
                "SELECT controller, retention_class, day FROM vault.epoch_key"
            ).fetchall()
        with parts.vault() as vault:
            ring = vault.read_keys(subject_keys, epochs)
            keys = [ring.subject(*name) for name in subject_keys] + [ring.epoch(*name) for name in epochs]
            keys += [vault.own_facts_key, vault._index_key]
        assert parts.kek_file is not None
        keks = [bytes.fromhex(line) for line in read_kek_lines(parts.kek_file)]
        destroy(parts, "subject", subject_pseudonym=str(subject(parts, ALICE)))
        home.json("kek", "rotate")
        keks += [bytes.fromhex(line) for line in read_kek_lines(parts.kek_file)]
        secrets = [key for key in keys if key] + keks
        assert len(secrets) > 10
        with psycopg.connect(parts.vault_dsn, autocommit=True) as connection:
            wrapped = connection.execute("SELECT wrapped FROM vault.epoch_key LIMIT 1").fetchone()
        with home.parts() as rotated, rotated.vault():
            pass
    # The services are stopped when their last user leaves: everything is on disk then.
    places = [path for path in home.path.rglob("*") if path.is_file() and path.parent.name != "secrets"]
    found = {path.name for path in places for secret in secrets if holds(path.read_bytes(), secret)}
    assert found == set()
    assert wrapped is not None
    assert any(wrapped[0] in path.read_bytes() for path in places), "the search would not have found anything"


def holds(content: bytes, secret: bytes) -> bool:
    """Whether a file holds a key, as bytes or as PostgreSQL and we write bytes in text."""
    return secret in content or secret.hex().encode() in content


class Died(Exception):
    """A sealer between its append and its progress."""


@contextmanager
def sealer_dying_after_append(parts: Runtime) -> Iterator[SealerLoop]:
    """A sealer of the composition root's that dies when the ledger has taken all but the last record of a batch."""

    class Dying(LedgerWriter):
        def append(self, records: Sequence[OutgoingRecord]) -> None:
            """Appends all but one, and dies."""
            super().append(records[:-1])
            raise Died

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.bootstrap.LedgerWriter", Dying)
        with parts.sealer_loop((1, 1)) as loop:
            yield loop
