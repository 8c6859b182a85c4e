"""What a customer has kept for 0 days is left out at the sealer: no field, no key, and the record says so."""

import pytest

from ledger.contract.ledger_record import decode_record
from ledger.entry import Dropped, Entry
from ledger.log.records import ReadRecord
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.fields import NotKept
from ledger.sealing.opening import open_record, read_keys
from ledger.sealing.sealer import Sealer
from tests.unit.contract.samples import OCCURRED_AT, catalogue, schema
from tests.unit.sealing.events import datum, inbox_record
from tests.unit.sealing.memory_vault import MemoryVault

CALL, VOICEMAIL = schema("call.completed"), schema("voicemail.left")
CONTROLLER = "example-garage"
DAY = local_day(OCCURRED_AT)
FOR_EVER = 2**31 - 1


@pytest.fixture
def vault() -> MemoryVault:
    """An empty vault."""
    return MemoryVault()


def seal(vault: MemoryVault, *records: ReadRecord, not_kept: NotKept) -> list[Entry]:
    """The entries of one batch."""
    sealer = Sealer(vault, catalogue(), ledger_partitions=8, registry=None)
    readings = [sealer.read(record, 1) for record in records]
    batch = sealer.seal(readings, {}, sealed_at=OCCURRED_AT, rules_at=3, not_kept=not_kept)
    decoded = [decode_record(record.value) for record in batch.records]
    return [record for record in decoded if isinstance(record, Entry)]


def test_class_that_is_not_kept_is_left_out_for_both_parties(vault: MemoryVault) -> None:
    """Each record names the fields it would have had, and why it has not."""
    entries = seal(vault, inbox_record(CALL, datum(CALL)), not_kept={(CONTROLLER, "call_history"): FOR_EVER})
    assert [
        {("caller_number", "not_kept"), ("caller_name", "not_kept"), ("channel", "not_kept")},
        {("called_number", "not_kept"), ("channel", "not_kept")},
    ] == [{(one.field, one.reason) for one in entry.dropped} for entry in entries]
    assert [entry.sealed for entry in entries] == [[], []]


def test_no_key_is_made_for_what_is_not_kept(vault: MemoryVault) -> None:
    """A key would say that something was there to open."""
    seal(vault, inbox_record(CALL, datum(CALL)), not_kept={(CONTROLLER, "call_history"): FOR_EVER})
    assert {"content_check"} == {name for _, name in vault.subject_keys}
    assert {"content_check"} == {name for _, name, _ in vault.epoch_keys}


def test_people_are_known_again_and_repeats_too(vault: MemoryVault) -> None:
    """Who it was about stays a pseudonym; the MAC that tells a repeat from a reuse is that of the whole fact."""
    record = inbox_record(CALL, datum(CALL))
    kept = seal(vault, record, not_kept={})
    left_out = seal(vault, record, not_kept={(CONTROLLER, "call_history"): FOR_EVER})
    assert [(e.stream, e.content_mac) for e in kept] == [(e.stream, e.content_mac) for e in left_out]


@pytest.mark.parametrize(
    "not_kept",
    [
        pytest.param({("another-controller", "call_history"): FOR_EVER}, id="another controller's"),
        pytest.param({(CONTROLLER, "recording"): FOR_EVER}, id="another class"),
        pytest.param({(CONTROLLER, "call_history"): DAY - 1}, id="until the day before"),
    ],
)
def test_everything_else_is_kept(not_kept: NotKept, vault: MemoryVault) -> None:
    """A setting acts on its controller, its class and its days."""
    entries = seal(vault, inbox_record(CALL, datum(CALL)), not_kept=not_kept)
    assert [entry.dropped for entry in entries] == [[], []]


@pytest.mark.parametrize("last_day", [DAY, DAY + 1, FOR_EVER])
def test_days_up_to_the_last_are_left_out(last_day: int, vault: MemoryVault) -> None:
    """The day on which a longer period is set is not kept yet."""
    entries = seal(vault, inbox_record(CALL, datum(CALL)), not_kept={(CONTROLLER, "call_history"): last_day})
    assert [entry.sealed for entry in entries] == [[], []]


def test_other_fields_of_the_same_record_are_kept(vault: MemoryVault) -> None:
    """A class is left out, not the record."""
    classes = {field.retention_class for field in VOICEMAIL.personal_fields}
    assert "voicemail" in classes
    (entry, *_) = seal(
        vault,
        inbox_record(VOICEMAIL, datum(VOICEMAIL)),
        not_kept={(CONTROLLER, "voicemail"): FOR_EVER},
    )
    named = {field.name for field in VOICEMAIL.personal_fields if field.retention_class == "voicemail"}
    assert {one.field for one in entry.dropped} <= named
    assert set(open_record(read_keys(vault, [entry]), entry)).isdisjoint(named)


def test_not_kept_comes_before_destroyed(vault: MemoryVault) -> None:
    """Where both hold, the customer's wish is the reason: there was never anything to destroy."""
    vault.destroy_day(CONTROLLER, "call_history", DAY)
    entries = seal(vault, inbox_record(CALL, datum(CALL)), not_kept={(CONTROLLER, "call_history"): FOR_EVER})
    assert Dropped(field="channel", reason="not_kept") in entries[0].dropped
