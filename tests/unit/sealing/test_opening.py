"""What opens when a key is gone: one fact's proof alone, and one person's fields of a day that a hold put aside."""

from uuid import UUID

import msgspec
import pytest

from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.log.records import ReadRecord
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.key_names import subject_key_class
from ledger.sealing.opening import open_record, read_keys, secrets_to_hold
from ledger.sealing.sealer import Sealer
from ledger.vault.field_cipher import CannotOpen
from tests.unit.contract.samples import OCCURRED_AT, SOURCE, catalogue, schema
from tests.unit.sealing.events import canaries, datum, inbox_record
from tests.unit.sealing.memory_vault import MemoryVault

CALL, CONSENT = schema("call.completed"), schema("consent.given")
CONTROLLER = "example-garage"
DAY = local_day(OCCURRED_AT)


@pytest.fixture
def vault() -> MemoryVault:
    """An empty vault."""
    return MemoryVault()


def seal(vault: MemoryVault, *records: ReadRecord) -> list[Entry]:
    """The entries of one batch."""
    sealer = Sealer(vault, catalogue(), ledger_partitions=8, registry=None)
    batch = sealer.seal([sealer.read(record, 1) for record in records], {}, sealed_at=0, rules_at=0)
    decoded = [decode_record(record.value) for record in batch.records]
    return [record for record in decoded if isinstance(record, Entry)]


def opened(vault: MemoryVault, entry: Entry) -> dict[str, object]:
    """What still opens."""
    return open_record(read_keys(vault, [entry]), entry)


def consent(event_id: str) -> ReadRecord:
    """A consent of the same person."""
    return inbox_record(CONSENT, datum(CONSENT), event_id=event_id)


def proof_key(stream: UUID, event_id: str) -> str:
    """The name of one fact's subject key."""
    return subject_key_class("consent_proof", stream, SOURCE, event_id)


def test_proofs_of_one_person_end_apart(vault: MemoryVault) -> None:
    """One consent's five years are over, another's are not; they happened on one day."""
    ended, going_on = seal(vault, consent("evt-1"), consent("evt-2"))
    assert ended.stream == going_on.stream
    vault.destroy_subject_class(ended.stream, proof_key(ended.stream, "evt-1"))
    assert opened(vault, ended) == {}
    assert set(opened(vault, going_on)) == {field.name for field in CONSENT.personal_fields}


def test_record_keeps_the_plain_class(vault: MemoryVault) -> None:
    """The log does not repeat what it has: stream, source and id."""
    (entry,) = seal(vault, consent("evt-1"))
    assert {"consent_proof"} == {sealed.retention_class for sealed in entry.sealed}
    assert (entry.stream, proof_key(entry.stream, "evt-1")) in vault.subject_keys


def test_repeat_is_sealed_under_the_key_of_the_first(vault: MemoryVault) -> None:
    """Else a publisher's retry would outlive the proof it repeats."""
    first, again = seal(vault, consent("evt-1"), consent("evt-1"))
    vault.destroy_subject_class(first.stream, proof_key(first.stream, "evt-1"))
    assert opened(vault, again) == {}


def hold(vault: MemoryVault, entry: Entry) -> None:
    """Puts one record's fields aside, as a retention run does for somebody on hold."""
    vault.hold_fields(secrets_to_hold(read_keys(vault, [entry]), entry))


def test_hold_on_one_person_outlives_everybodys_day(vault: MemoryVault) -> None:
    """The held party's fields open after the day's key is destroyed, the other party's do not."""
    caller, called = seal(vault, inbox_record(CALL, datum(CALL)))
    said = canaries(CALL)
    hold(vault, caller)
    vault.destroy_day(CONTROLLER, "call_history", DAY)
    expected = {name: said[name] for name in ("caller_number", "caller_name", "channel")}
    assert expected == opened(vault, caller)
    assert opened(vault, called) == {}


def test_erasure_ends_a_holds_share_too(vault: MemoryVault) -> None:
    """What was put aside stands in for the day's key, never for the person's."""
    caller, _ = seal(vault, inbox_record(CALL, datum(CALL)))
    hold(vault, caller)
    vault.destroy_day(CONTROLLER, "call_history", DAY)
    vault.destroy_subject_class(caller.stream, "call_history")
    assert opened(vault, caller) == {}


def test_held_fields_are_asked_for_only_when_a_day_is_destroyed(vault: MemoryVault) -> None:
    """Opening costs one query more for those records only."""
    caller, called = seal(vault, inbox_record(CALL, datum(CALL)))
    opened(vault, caller)
    assert vault.asked_held == []
    vault.destroy_subject_class(called.stream, "call_history")
    vault.destroy_day(CONTROLLER, "call_history", DAY)
    read_keys(vault, [caller, called])
    assert [frozenset({caller.salt})] == vault.asked_held


def test_hold_puts_aside_the_classes_it_names(vault: MemoryVault) -> None:
    """A hold on recordings holds no numbers."""
    caller, _ = seal(vault, inbox_record(CALL, datum(CALL)))
    keys = read_keys(vault, [caller])
    assert secrets_to_hold(keys, caller, ["recording"]) == []
    assert {"caller_number", "caller_name", "channel"} == {
        row.field for row in secrets_to_hold(keys, caller, ["call_history"])
    }


def test_nothing_is_put_aside_of_a_day_that_is_gone(vault: MemoryVault) -> None:
    """A hold that comes too late brings nothing back."""
    caller, _ = seal(vault, inbox_record(CALL, datum(CALL)))
    vault.destroy_day(CONTROLLER, "call_history", DAY)
    assert secrets_to_hold(read_keys(vault, [caller]), caller) == []


def test_held_proof_dies_with_the_key_of_its_fact(vault: MemoryVault) -> None:
    """The row names the key that is destroyed with the fact's proof, not the class."""
    (entry,) = seal(vault, consent("evt-1"))
    rows = secrets_to_hold(read_keys(vault, [entry]), entry)
    assert {proof_key(entry.stream, "evt-1")} == {row.retention_class for row in rows}


def test_held_secret_of_another_record_opens_nothing(vault: MemoryVault) -> None:
    """It is that field's of that record: swapped, it stops the reader loudly."""
    one, _, other, _ = seal(
        vault, inbox_record(CALL, datum(CALL)), inbox_record(CALL, datum(CALL), event_id="evt-2")
    )
    rows = secrets_to_hold(read_keys(vault, [other]), other)
    vault.hold_fields([msgspec.structs.replace(row, salt=one.salt) for row in rows])
    vault.destroy_day(CONTROLLER, "call_history", DAY)
    with pytest.raises(CannotOpen):
        opened(vault, one)
