"""Destroying keys forgets what they sealed and nothing else. FAULTS, rows 43 and 51; invariants 2, 3 and 7."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.sealing.local_day import local_day
from ledger.sealing.opening import open_record, read_keys
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.ledger_home import (
    NOON,
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    new_home,
    publish,
    settle,
    verify_whole_log,
)

DAY = local_day(NOON)
NEXT_DAY = NOON + 86_400_000_000
CONTROLLER = "dentist-example"
OTHER_CONTROLLER = "physio-example"
CLASS = "call_history"
ALICE, BORIS, CLEO = "+3197010000001", "+3197010000002", "+3197010000003"


@pytest.fixture
def own_home() -> Iterator[LedgerHome]:
    """A ledger of this test's own: keys do not come back."""
    with new_home() as made, made.parts() as parts:
        yield made
        verify_whole_log(parts)


@pytest.fixture
def own_parts(own_home: LedgerHome) -> Iterator[Runtime]:
    """Its composition root, with two calls, a voicemail and another controller's call recorded."""
    with own_home.parts() as parts:
        publish(
            parts,
            call("today", ALICE, BORIS, caller_name="Alice Voorbeeld", channel="SIP/trunk-1"),
            call("tomorrow", ALICE, BORIS, occurred_at=NEXT_DAY),
            call("elsewhere", ALICE, CLEO, controller=OTHER_CONTROLLER),
            inbox_record(
                "voicemail.left", "voicemail", caller_number=ALICE, called_number=BORIS, transcript="Hello"
            ),
        )
        settle(parts)
        yield parts


def subject(parts: Runtime, number: str, controller: str = CONTROLLER) -> UUID:
    """The pseudonym one controller knows a number by."""
    with parts.vault() as vault:
        found = vault.find_subject(controller, Identifier(IdentifierKind.PHONE, number))
    assert found is not None
    return found


def opened(parts: Runtime) -> dict[tuple[str, str], Mapping[str, object]]:
    """(event id, subject's role) -> the personal fields that still open, of every entry of the log."""
    entries = [decode_record(record.value or b"") for record in ledger_records(parts)]
    with parts.vault() as vault:
        ring = read_keys(vault, entries)
    return {
        (entry.event_id, ",".join(entry.subject_roles)): open_record(ring, entry)
        for entry in entries
        if isinstance(entry, Entry)
    }


def destroy_every_key(parts: Runtime) -> int:
    """Destroys each key that has a row in the vault; returns how many there were."""
    with psycopg.connect(parts.vault_dsn) as connection:
        subject_keys = connection.execute("SELECT subject, retention_class FROM vault.subject_key").fetchall()
        epochs = connection.execute("SELECT controller, retention_class, day FROM vault.epoch_key").fetchall()
    with parts.vault() as vault:
        destroyed = [vault.destroy_subject_key(*name, "test") for name in subject_keys]
        destroyed += [vault.destroy_epoch(*name, "test") for name in epochs]
    return sum(destroyed)


def test_both_parties_records_open_while_no_key_is_destroyed(own_parts: Runtime) -> None:
    """Each party's record opens to what concerns that party, and to nothing of the other's."""
    fields = opened(own_parts)
    expected = {"caller_number": ALICE, "caller_name": "Alice Voorbeeld", "channel": "SIP/trunk-1"}
    assert expected == fields["today", "caller"]
    assert fields["today", "called"] == {"called_number": BORIS, "channel": "SIP/trunk-1"}
    assert fields["voicemail", "caller"] == {"caller_number": ALICE, "transcript": "Hello"}


def test_destroyed_subject_key_closes_that_person_and_leaves_the_other_party_open(own_parts: Runtime) -> None:
    """One party of a call is forgotten: on every day, in that class, for that controller; the other is not."""
    before = opened(own_parts)
    with own_parts.vault() as vault:
        assert vault.destroy_subject_key(subject(own_parts, ALICE), CLASS, "erasure")
    closed = {("today", "caller"), ("tomorrow", "caller")}
    expected = {key: ({} if key in closed else fields) for key, fields in before.items()}
    assert expected == opened(own_parts)
    assert before["elsewhere", "caller"], "the person another controller knows is another subject"


def test_destroyed_epoch_key_closes_one_day_of_one_controller(own_parts: Runtime) -> None:
    """Both parties' fields of that class and day close; other days, classes and controllers stay open."""
    before = opened(own_parts)
    with own_parts.vault() as vault:
        assert vault.destroy_epoch(CONTROLLER, CLASS, DAY, "retention_ended")
    closed = {("today", "caller"), ("today", "called")}
    expected = {key: ({} if key in closed else fields) for key, fields in before.items()}
    assert expected == opened(own_parts)


def test_both_keys_destroyed_close_what_either_would(own_parts: Runtime) -> None:
    """The second destruction changes nothing for what the first has closed, and closes the rest of its own."""
    before = opened(own_parts)
    with own_parts.vault() as vault:
        vault.destroy_subject_key(subject(own_parts, ALICE), CLASS, "erasure")
        vault.destroy_epoch(CONTROLLER, CLASS, DAY, "retention_ended")
    closed = {("today", "caller"), ("today", "called"), ("tomorrow", "caller")}
    expected = {key: ({} if key in closed else fields) for key, fields in before.items()}
    assert expected == opened(own_parts)


def test_late_fact_for_a_destroyed_epoch_loses_the_field_and_says_so(
    own_home: LedgerHome, own_parts: Runtime
) -> None:
    """The key does not come back: the fact is recorded, its field is not, and the entry tells why."""
    with own_parts.vault() as vault:
        vault.destroy_epoch(CONTROLLER, CLASS, DAY, "retention_ended")
    publish(own_parts, call("late", CLEO, BORIS))
    settle(own_parts)
    late = [entry for entry in own_home.json("trail")["entries"] if entry["event_id"] == "late"]
    dropped = {",".join(entry["subject_roles"]): entry["dropped_fields"] for entry in late}
    expected: dict[str, Any] = {
        "caller": {"caller_number": "key_destroyed"},
        "called": {"called_number": "key_destroyed"},
    }
    assert expected == dropped
    assert all(entry["sealed_fields"] == {} for entry in late)
    assert own_home.json("replay", "--verify")["equal"] is True


def test_destroying_every_key_changes_no_digest(own_home: LedgerHome, own_parts: Runtime) -> None:
    """State is a function of ledger bytes: with every key gone nothing opens, and every proof stands."""
    before = own_home.json("digest")
    assert destroy_every_key(own_parts) > 10
    assert not any(opened(own_parts).values())
    assert before == own_home.json("digest")
    replayed = own_home.json("replay", "--verify")
    assert replayed["equal"] is True
    assert before["digest"] == replayed["replay_digest"]


def test_losing_the_whole_vault_changes_no_digest(own_home: LedgerHome, own_parts: Runtime) -> None:
    """Not even the rows are needed: neither digest nor replay opens the vault."""
    before = own_home.json("digest")
    with psycopg.connect(own_parts.vault_dsn, autocommit=True) as connection:
        connection.execute("ALTER SCHEMA vault RENAME TO lost")
        try:
            with own_home.parts() as parts, psycopg.connect(parts.vault_dsn) as fresh:
                # every command brings the embedded vault up to date; what it finds now is an empty one
                keys = fresh.execute("SELECT count(*) FROM vault.subject_key").fetchone()
                assert keys == (0,)
            assert before == own_home.json("digest")
            assert own_home.json("replay", "--verify")["equal"] is True
        finally:
            connection.execute("DROP SCHEMA vault CASCADE")
            connection.execute("ALTER SCHEMA lost RENAME TO vault")
