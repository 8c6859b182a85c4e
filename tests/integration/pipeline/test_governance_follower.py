"""The vault follows the governance partition: what is not kept, and destructions that a restored vault does again.

FAULTS, rows 45, 46 and 48.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID
from zlib import crc32

import psycopg
import pytest

from ledger.bootstrap import Runtime, runtime
from ledger.config import Settings
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.forgetting.own_facts import OwnFact, OwnFacts
from ledger.log.failures import LogRegressed
from ledger.log.placement import GOVERNANCE_PARTITION
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.governance import GOVERNANCE, GovernanceFollower
from ledger.sealing.opening import open_record, read_keys
from ledger.vault.destruction import NotDestroyed
from ledger.vault.identifiers import Identifier, IdentifierKind
from ledger.vault.vault import Vault
from tests.integration.pipeline.looking import check_exactly_once, vault_database
from tests.ledger_home import (
    NOON,
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    new_home,
    publish,
    settle,
)

BORIS = "+3197010000002"
DAY_MICROS = 86_400_000_000
DAY = local_day(NOON)
CLASS = "call_history"
KEPT: tuple[LiteralString, ...] = (
    "subject",
    "directory",
    "subject_key",
    "epoch_key",
    "governance_position",
    "retention_setting",
    "forget_after",
)
"""What a back-up of the vault holds of this; the sealers' progress only where a test says so."""


def entries_of(parts: Runtime, controller: str) -> list[Entry]:
    """Every entry of a controller about a person, in order of the log."""
    records = [decode_record(record.value or b"") for record in ledger_records(parts)]
    return [
        r
        for r in records
        if isinstance(r, Entry) and r.controller == controller and r.stream_kind == "subject"
    ]


def opened(parts: Runtime, controller: str) -> list[dict[str, object]]:
    """What a reader gets of a controller's entries."""
    entries = entries_of(parts, controller)
    with parts.vault() as vault:
        keys = read_keys(vault, entries)
    return [open_record(keys, entry) for entry in entries]


def dropped(entry: Entry) -> set[tuple[str, str]]:
    """What is not in it, and why."""
    return {(one.field, one.reason) for one in entry.dropped}


def own_facts(parts: Runtime, *facts: OwnFact) -> None:
    """Publishes and records facts of the ledger's own; nobody has carried them out."""
    with parts.vault() as vault:
        own = OwnFacts(parts, vault, settle=settle)
        own.publish(facts, NOON)
        own.settle()


def destroyed(controller: str, name: str, phase: str = "intent", **fields: Any) -> OwnFact:
    """One destruction."""
    stated = {
        "phase": phase,
        "destruction_id": name,
        "retention_class": CLASS,
        "why": "retention_end",
        **fields,
    }
    return OwnFact("key.destroyed", f"{controller}:{name}:{phase}", controller, stated)


def day_destroyed(controller: str, phase: str = "intent") -> OwnFact:
    """The end of a day's call history."""
    return destroyed(controller, "day", phase, key_kind="epoch", epoch_day=DAY)


def erased(controller: str, subject: UUID, phase: str = "intent") -> list[OwnFact]:
    """The erasure of a person's call history and the rest that a call leaves."""
    return [
        destroyed(
            controller,
            f"erasure of {name}",
            phase,
            key_kind="subject",
            subject_pseudonym=str(subject),
            retention_class=name,
            why="erasure_request",
        )
        for name in (CLASS, "content_check")
    ]


@contextmanager
def restored_afterwards(parts: Runtime, *tables: LiteralString) -> Iterator[None]:
    """After the block these tables of the vault are again as they were before it, as from a back-up."""
    with vault_database(parts) as connection:
        for table in tables:
            connection.execute(f"DROP TABLE IF EXISTS kept_{table}")
            connection.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
    yield
    with vault_database(parts) as connection, connection.transaction():
        for table in reversed(tables):
            connection.execute(f"DELETE FROM {table}")
        for table in tables:
            connection.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            connection.execute(f"DROP TABLE kept_{table}")


def number_of(controller: str) -> str:
    """A number of nobody else's, so that tests do not share people."""
    return f"+319701{crc32(controller.encode()) % 10_000_000:07}"


@pytest.fixture
def controller(parts: Runtime, request: pytest.FixtureRequest) -> str:
    """A controller of this test's own, with one call recorded."""
    name = f"c-{request.node.name}"
    publish(parts, call(f"first of {name}", number_of(name), BORIS, controller=name))
    settle(parts)
    return name


def subject_of(parts: Runtime, controller: str) -> UUID:
    """The caller's pseudonym."""
    with parts.vault() as vault:
        found = vault.find_subject(controller, Identifier(IdentifierKind.PHONE, number_of(controller)))
    assert found is not None
    return found


def set_days(parts: Runtime, controller: str, days: int, at: int = NOON) -> None:
    """A customer's setting, recorded."""
    fields: dict[str, Any] = {"controller": controller, "retention_class": CLASS, "days": days}
    publish(parts, inbox_record("retention.set", f"{controller} {days} {at}", occurred_at=at, **fields))
    settle(parts)


def test_set_to_0_days_nothing_is_kept_from_then_on(parts: Runtime, controller: str) -> None:
    """What comes after has no field, no key, and says so; what was there before is the retention run's."""
    set_days(parts, controller, 0)
    tomorrow = NOON + DAY_MICROS
    publish(
        parts,
        call("later", number_of(controller), BORIS, controller=controller, occurred_at=tomorrow),
        call("late", number_of(controller), BORIS, controller=controller, occurred_at=NOON - DAY_MICROS),
    )
    settle(parts)
    left_out = {
        event: {field for e in entries_of(parts, controller) if e.event_id == event for field in dropped(e)}
        for event in (f"first of {controller}", "later", "late")
    }
    nothing = {("caller_number", "not_kept"), ("called_number", "not_kept")}
    assert left_out == {f"first of {controller}": set(), "later": nothing, "late": nothing}
    with parts.vault() as vault:
        live = {day for _, name, day in vault.live_epochs(controller) if name == CLASS}
    assert live == {DAY}


def test_set_to_0_days_in_the_future_drops_nothing_now(parts: Runtime, controller: str) -> None:
    """A date that lies ahead may be a mistake: what is sealed before it is kept as before."""
    set_days(parts, controller, 0, parts.clock() + 400 * DAY_MICROS)
    publish(parts, call("now", number_of(controller), BORIS, controller=controller))
    settle(parts)
    assert [set(), set()] == [dropped(e) for e in entries_of(parts, controller) if e.event_id == "now"]


def test_longer_period_acts_from_the_day_after(parts: Runtime, controller: str) -> None:
    """What comes is kept again; the day of the change still has the shorter period."""
    set_days(parts, controller, 0, NOON)
    set_days(parts, controller, 30, NOON + 1)
    publish(
        parts,
        call("same day", number_of(controller), BORIS, controller=controller, occurred_at=NOON + 2),
        call("day after", number_of(controller), BORIS, controller=controller, occurred_at=NOON + DAY_MICROS),
    )
    settle(parts)
    by_event = {
        event: {field for e in entries_of(parts, controller) if e.event_id == event for field in dropped(e)}
        for event in ("same day", "day after")
    }
    nothing = {("caller_number", "not_kept"), ("called_number", "not_kept")}
    assert by_event == {"same day": nothing, "day after": set()}


def test_setting_that_comes_late_does_not_undo_a_newer_one(parts: Runtime, controller: str) -> None:
    """Which holds is decided by when it was made."""
    set_days(parts, controller, 0, NOON)
    set_days(parts, controller, 30, NOON - DAY_MICROS)
    publish(parts, call("after", number_of(controller), BORIS, controller=controller))
    settle(parts)
    after = [entry for entry in entries_of(parts, controller) if entry.event_id == "after"]
    assert all(dropped(entry) for entry in after)


def test_records_carry_the_offset_that_was_applied(parts: Runtime, controller: str) -> None:
    """The setting stands below `rules_at` of every record it left something out of."""
    set_days(parts, controller, 0)
    publish(parts, call("after", number_of(controller), BORIS, controller=controller))
    settle(parts)
    setting = next(
        record.offset
        for record in ledger_records(parts)
        if record.partition.number == GOVERNANCE_PARTITION
        and isinstance(entry := decode_record(record.value or b""), Entry)
        and (entry.event_type, entry.controller) == ("retention.set", controller)
    )
    for entry in entries_of(parts, controller):
        assert (entry.rules_at > setting) == (entry.event_id == "after") == bool(entry.dropped)


def test_late_fact_for_a_day_that_was_destroyed_loses_the_field_and_says_so(
    parts: Runtime, controller: str
) -> None:
    """The intent in the log is enough for the next sealer."""
    own_facts(parts, day_destroyed(controller))
    publish(parts, call("late", number_of(controller), BORIS, controller=controller))
    settle(parts)
    late = [entry for entry in entries_of(parts, controller) if entry.event_id == "late"]
    assert {("caller_number", "key_destroyed"), ("called_number", "key_destroyed")} == {
        field for entry in late for field in dropped(entry)
    }
    assert opened(parts, controller) == [{}] * 4


@pytest.mark.parametrize("phases", [("intent",), ("intent", "confirmed")], ids=" and ".join)
def test_restored_vault_destroys_again_before_it_serves(
    parts: Runtime, controller: str, phases: tuple[str, ...]
) -> None:
    """Yesterday's back-up has the day's key: the first reader gets the vault without it."""
    before = opened(parts, controller)
    assert [{"caller_number": number_of(controller)}, {"called_number": BORIS}] in (before, before[::-1])
    with restored_afterwards(parts, *KEPT):
        own_facts(parts, *(day_destroyed(controller, phase) for phase in phases))
        assert opened(parts, controller) == [{}, {}]
    assert opened(parts, controller) == [{}, {}]


def test_restored_vault_that_does_not_follow_would_serve_what_was_destroyed(
    parts: Runtime, controller: str
) -> None:
    """The mutant: opened past the composition root, the back-up's key opens the field. It is following that helps."""
    with restored_afterwards(parts, *KEPT):
        own_facts(parts, day_destroyed(controller))
        opened(parts, controller)
    entries = entries_of(parts, controller)
    with Vault(parts.vault_dsn, parts.key_encryption) as vault:
        keys = read_keys(vault, entries)
    assert any(open_record(keys, entry) for entry in entries)
    assert opened(parts, controller) == [{}, {}]


def test_restored_vault_erases_the_person_again(parts: Runtime, controller: str) -> None:
    """Keys and identifiers: the number that calls again is somebody new, and the other party's record opens."""
    subject = subject_of(parts, controller)
    with restored_afterwards(parts, *KEPT):
        own_facts(parts, *erased(controller, subject), *erased(controller, subject, "confirmed"))
    with parts.vault() as vault:
        assert vault.is_closed(subject)
        assert {"destroyed"} == set(vault.subject_key_classes(subject).values())
        assert vault.directory_count(subject) == 0
    assert sorted([{}, {"called_number": BORIS}], key=str) == sorted(opened(parts, controller), key=str)
    publish(parts, call("again", number_of(controller), BORIS, controller=controller))
    settle(parts)
    assert subject != subject_of(parts, controller)


def test_restored_vault_keeps_old_records_from_becoming_somebody_new(parts: Runtime, controller: str) -> None:
    """Sealers restored too seal again what the inbox still has: under the closed pseudonym, with nothing to open."""
    subject = subject_of(parts, controller)
    with restored_afterwards(parts, *KEPT, "sealer_progress", "sealer_chain"):
        publish(parts, call("before the erasure", number_of(controller), BORIS, controller=controller))
        settle(parts)
        own_facts(parts, *erased(controller, subject), *erased(controller, subject, "confirmed"))
    with parts.vault() as vault:
        assert vault.directory_count(subject) == 1, "not forgotten before the sealers are past the inbox"
    settle(parts)
    resealed = [e for e in entries_of(parts, controller) if e.event_id == "before the erasure"]
    assert {subject} == {e.stream for e in resealed if "caller" in e.subject_roles}
    assert all(open_record_now(parts, e) == {} for e in resealed if "caller" in e.subject_roles)
    with parts.vault() as vault:
        assert vault.directory_count(subject) == 0
    check_exactly_once(parts)


def open_record_now(parts: Runtime, entry: Entry) -> dict[str, object]:
    """What of one entry opens."""
    with parts.vault() as vault:
        return open_record(read_keys(vault, [entry]), entry)


def test_two_followers_at_once_apply_it_once_and_both_are_up(parts: Runtime, controller: str) -> None:
    """One moves the position, the other reads it again; neither serves before it is at the end."""
    own_facts(parts, *(destroyed(controller, f"d{n}", key_kind="epoch", epoch_day=n) for n in range(300)))
    with vault_database(parts) as connection:
        connection.execute("UPDATE governance_position SET next_offset = 0")
        connection.execute("DELETE FROM epoch_key WHERE controller = %s", (controller,))
    with parts.reader({}) as reader:
        end = reader.ends([GOVERNANCE])[GOVERNANCE]
    ready, reached, errors = threading.Barrier(4), list[int](), list[BaseException]()

    def follow() -> None:
        try:
            with Vault(parts.vault_dsn, parts.key_encryption) as vault, parts.reader({}) as reader:
                follower = GovernanceFollower(vault, reader)
                ready.wait()
                follower.follow()
                reached.append(follower.rules_at)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=follow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [end] * 4 == reached
    with vault_database(parts) as connection:
        tombstones = connection.execute(
            "SELECT count(*) FROM destroyed_epoch_key WHERE controller = %s AND day < 300", (controller,)
        ).fetchall()
    assert tombstones == [(300,)]


def test_vault_ahead_of_the_log_does_not_serve(parts: Runtime) -> None:
    """The log lost its tail, or is another: what was destroyed cannot be told."""
    with vault_database(parts) as connection:
        connection.execute("UPDATE governance_position SET next_offset = next_offset + 1000")
        try:
            with pytest.raises(LogRegressed), parts.vault():
                pass
        finally:
            connection.execute("UPDATE governance_position SET next_offset = next_offset - 1000")


def test_destruction_that_is_reported_and_not_done_keeps_the_vault_shut(
    parts: Runtime, controller: str
) -> None:
    """A database that says yes and keeps the row: the position stays, and nobody gets the vault until it is gone."""
    own_facts(parts, day_destroyed(controller))
    with vault_database(parts) as connection:
        at = connection.execute("SELECT next_offset FROM governance_position").fetchall()
        connection.execute(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"
        )
        connection.execute(
            "CREATE TRIGGER keep BEFORE UPDATE ON epoch_key FOR EACH ROW EXECUTE FUNCTION keep()"
        )
        try:
            with pytest.raises(NotDestroyed), parts.vault():
                pass
            assert at == connection.execute("SELECT next_offset FROM governance_position").fetchall()
        finally:
            connection.execute("DROP TRIGGER keep ON epoch_key")
            connection.execute("DROP FUNCTION keep")
    assert opened(parts, controller) == [{}, {}]


@pytest.fixture
def empty_home() -> Iterator[LedgerHome]:
    """A ledger of this test's own."""
    with new_home() as made:
        yield made


def test_vault_opens_before_there_is_a_ledger_topic(empty_home: LedgerHome) -> None:
    """On the very first start there is nothing to follow."""
    with runtime(Settings(state_dir=empty_home.path), prepared=False) as parts:
        parts.migrate_vault()
        with parts.vault() as vault:
            assert vault.governance_state().next_offset == 0


def test_vault_whose_ledger_topic_is_gone_does_not_serve(empty_home: LedgerHome) -> None:
    """A vault that has followed something knows that this is not a first start."""
    with runtime(Settings(state_dir=empty_home.path), prepared=False) as parts:
        parts.migrate_vault()
        with psycopg.connect(parts.vault_dsn, autocommit=True) as connection:
            connection.execute("UPDATE vault.governance_position SET next_offset = 7")
        with pytest.raises(LogRegressed), parts.vault():
            pass
