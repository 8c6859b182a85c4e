"""Destroying keys forgets what they sealed and nothing else. FAULTS, rows 43 and 51; invariants 2, 3 and 7."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.opening import open_record, read_keys
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.ledger_home import (
    NOON,
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    publish,
    settle,
)

DAY = local_day(NOON)
NEXT_DAY = NOON + 86_400_000_000
CLASS = "call_history"
ALICE, BORIS, CLEO = "+3197010000001", "+3197010000002", "+3197010000003"

Fields = dict[tuple[str, str], Mapping[str, object]]
"""(event id, subject's role) -> what still opens."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Two controllers of one test's own, so that destroyed keys are nobody else's."""

    parts: Runtime
    controller: str
    other: str

    def subject(self, number: str) -> UUID:
        """The pseudonym the first controller knows a number by."""
        with self.parts.vault() as vault:
            found = vault.find_subject(self.controller, Identifier(IdentifierKind.PHONE, number))
        assert found is not None
        return found

    def opened(self) -> Fields:
        """What opens of every entry of the two controllers in the log."""
        records = [decode_record(record.value or b"") for record in ledger_records(self.parts)]
        entries = [
            r for r in records if isinstance(r, Entry) and r.controller in {self.controller, self.other}
        ]
        with self.parts.vault() as vault:
            ring = read_keys(vault, entries)
        return {(e.event_id, ",".join(e.subject_roles)): open_record(ring, e) for e in entries}


@pytest.fixture
def scene(parts: Runtime, request: pytest.FixtureRequest) -> Scene:
    """Two calls on two days, a voicemail, and a call of the same person with another controller."""
    made = Scene(parts=parts, controller=f"c-{request.node.name}", other=f"o-{request.node.name}")
    voicemail: dict[str, Any] = {"caller_number": ALICE, "called_number": BORIS, "transcript": "Hello"}
    today: dict[str, Any] = {"caller_name": "Alice Voorbeeld", "channel": "SIP/trunk-1"}
    publish(
        parts,
        call("today", ALICE, BORIS, controller=made.controller, **today),
        call("tomorrow", ALICE, BORIS, controller=made.controller, occurred_at=NEXT_DAY),
        call("elsewhere", ALICE, CLEO, controller=made.other),
        inbox_record("voicemail.left", "voicemail", controller=made.controller, **voicemail),
    )
    settle(parts)
    return made


def all_but(before: Fields, *closed: tuple[str, str]) -> Fields:
    """What opened before, with nothing left of some entries."""
    return {key: ({} if key in closed else fields) for key, fields in before.items()}


def destroy_every_key(parts: Runtime) -> int:
    """Destroys each key that has a row in the vault; returns how many there were."""
    with psycopg.connect(parts.vault_dsn) as connection:
        subject_keys = connection.execute("SELECT subject, retention_class FROM vault.subject_key").fetchall()
        epochs = connection.execute("SELECT controller, retention_class, day FROM vault.epoch_key").fetchall()
    with parts.vault() as vault:
        destroyed = [vault.destroy_subject_key(subject, name, "test") for subject, name in subject_keys]
        destroyed += [vault.destroy_epoch(whose, name, day, "test") for whose, name, day in epochs]
    return sum(destroyed)


def test_both_parties_records_open_while_no_key_is_destroyed(scene: Scene) -> None:
    """Each party's record opens to what concerns that party, and to nothing of the other's."""
    fields = scene.opened()
    expected = {"caller_number": ALICE, "caller_name": "Alice Voorbeeld", "channel": "SIP/trunk-1"}
    assert expected == fields["today", "caller"]
    assert fields["today", "called"] == {"called_number": BORIS, "channel": "SIP/trunk-1"}
    assert fields["voicemail", "caller"] == {"caller_number": ALICE, "transcript": "Hello"}


def test_destroyed_subject_key_closes_that_person_and_leaves_the_other_party_open(scene: Scene) -> None:
    """One party of a call is forgotten: on every day, in that class, for that controller; the other is not."""
    before = scene.opened()
    with scene.parts.vault() as vault:
        assert vault.destroy_subject_key(scene.subject(ALICE), CLASS, "erasure")
    assert all_but(before, ("today", "caller"), ("tomorrow", "caller")) == scene.opened()
    assert before["elsewhere", "caller"], "the person another controller knows is another subject"


def test_destroyed_epoch_key_closes_one_day_of_one_controller(scene: Scene) -> None:
    """Both parties' fields of that class and day close; other days, classes and controllers stay open."""
    before = scene.opened()
    with scene.parts.vault() as vault:
        assert vault.destroy_epoch(scene.controller, CLASS, DAY, "retention_ended")
    assert all_but(before, ("today", "caller"), ("today", "called")) == scene.opened()


def test_both_keys_destroyed_close_what_either_would(scene: Scene) -> None:
    """The second destruction changes nothing for what the first has closed, and closes the rest of its own."""
    before = scene.opened()
    with scene.parts.vault() as vault:
        vault.destroy_subject_key(scene.subject(ALICE), CLASS, "erasure")
        vault.destroy_epoch(scene.controller, CLASS, DAY, "retention_ended")
    assert all_but(before, ("today", "caller"), ("today", "called"), ("tomorrow", "caller")) == scene.opened()


def test_late_fact_for_a_destroyed_epoch_loses_the_field_and_says_so(home: LedgerHome, scene: Scene) -> None:
    """The key does not come back: the fact is recorded, its field is not, and the entry tells why."""
    with scene.parts.vault() as vault:
        vault.destroy_epoch(scene.controller, CLASS, DAY, "retention_ended")
    publish(scene.parts, call("late", CLEO, BORIS, controller=scene.controller))
    settle(scene.parts)
    trail = home.json("trail", "--controller", scene.controller)["entries"]
    late = [entry for entry in trail if entry["event_id"] == "late"]
    dropped = {",".join(entry["subject_roles"]): entry["dropped_fields"] for entry in late}
    expected: dict[str, Any] = {
        "caller": {"caller_number": "key_destroyed"},
        "called": {"called_number": "key_destroyed"},
    }
    assert expected == dropped
    assert all(entry["sealed_fields"] == {} for entry in late)
    assert home.json("replay", "--verify")["equal"] is True


def test_destroying_every_key_changes_no_digest(home: LedgerHome, scene: Scene) -> None:
    """State is a function of ledger bytes: with every key gone nothing opens, and every proof stands."""
    before = home.json("digest")
    assert destroy_every_key(scene.parts) > 10
    assert not any(scene.opened().values())
    assert before == home.json("digest")
    replayed = home.json("replay", "--verify")
    assert replayed["equal"] is True
    assert before["digest"] == replayed["replay_digest"]


def test_losing_the_whole_vault_changes_no_digest(home: LedgerHome, scene: Scene) -> None:
    """Not even the rows are needed: neither digest nor replay opens the vault."""
    before = home.json("digest")
    with psycopg.connect(scene.parts.vault_dsn, autocommit=True) as connection:
        connection.execute("ALTER SCHEMA vault RENAME TO lost")
        try:
            with home.parts() as parts, psycopg.connect(parts.vault_dsn) as fresh:
                # every command brings the embedded vault up to date; what it finds now is an empty one
                keys = fresh.execute("SELECT count(*) FROM vault.subject_key").fetchone()
                assert keys == (0,)
            assert before == home.json("digest")
            assert home.json("replay", "--verify")["equal"] is True
        finally:
            connection.execute("DROP SCHEMA vault CASCADE")
            connection.execute("ALTER SCHEMA lost RENAME TO vault")
