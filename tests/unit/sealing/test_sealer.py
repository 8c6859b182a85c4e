"""What a batch of inbox records becomes: coordinates, one record per person, and no readable personal data."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from ledger.aggregates.streams import named_stream
from ledger.contract.catalogue import EventSchema
from ledger.contract.ledger_record import decode_record
from ledger.contract.reading import RejectionReason
from ledger.entry import Dropped, Entry, Rejected, SourcePosition, StreamKind
from ledger.log.placement import stream_partition
from ledger.log.records import OutgoingRecord, Partition, ReadRecord
from ledger.log.topics import LEDGER_MESSAGE_BYTES_MAX
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.fields import CONTENT_CLASS
from ledger.sealing.opening import open_record, read_keys
from ledger.sealing.sealer import (
    REJECTED_BYTES_MAX,
    REJECTED_CLASS,
    REJECTED_CONTROLLER,
    REJECTED_FIELD,
    ChainKey,
    Reading,
    Refusal,
    SealedBatch,
    Sealer,
)
from ledger.vault.field_cipher import CannotOpen
from tests.unit.contract.samples import EVENT_ID, OCCURRED_AT, SOURCE, catalogue, schema
from tests.unit.sealing.events import INBOX, SCHEMAS, SUBJECT_SCHEMAS, canaries, datum, inbox_record
from tests.unit.sealing.memory_vault import MemoryVault

CALL, CONSENT, MESSAGE = schema("call.completed"), schema("consent.given"), schema("message.sent")
SEALED_AT, RULES_AT = 1_774_600_000_123_456, 17
PARTITIONS = 8
CONTROLLER = "example-garage"


@pytest.fixture
def vault() -> MemoryVault:
    """An empty vault."""
    return MemoryVault()


@pytest.fixture
def sealer(vault: MemoryVault) -> Sealer:
    """A sealer on that vault."""
    return make_sealer(vault)


def make_sealer(vault: MemoryVault) -> Sealer:
    """A sealer of the project's own catalogue."""
    return Sealer(vault, catalogue(), ledger_partitions=PARTITIONS, registry=None)


def seal(
    sealer: Sealer, *records: ReadRecord, chain: Mapping[ChainKey, SourcePosition] | None = None
) -> SealedBatch:
    """Reads and seals inbox records as one batch."""
    readings = [sealer.read(record, 1) for record in records]
    return sealer.seal(readings, {} if chain is None else chain, sealed_at=SEALED_AT, rules_at=RULES_AT)


def entries(batch: SealedBatch) -> list[Entry]:
    """The batch's records, decoded; every one an entry."""
    decoded = [decode_record(record.value) for record in batch.records]
    assert all(isinstance(record, Entry) for record in decoded)
    return [record for record in decoded if isinstance(record, Entry)]


def rejected(batch: SealedBatch) -> Rejected:
    """The batch's only record, decoded; rejected input."""
    (record,) = (decode_record(record.value) for record in batch.records)
    assert isinstance(record, Rejected)
    return record


def opened(vault: MemoryVault, record: Entry | Rejected) -> dict[str, object]:
    """What of a record the vault's keys still open."""
    return open_record(read_keys(vault, [record]), record)


def call(offset: int = 0, event_id: str = EVENT_ID, **changes: object) -> ReadRecord:
    """A completed call."""
    return inbox_record(CALL, datum(CALL, **changes), offset=offset, event_id=event_id)


def test_what_is_sealed_opens_again(vault: MemoryVault, sealer: Sealer) -> None:
    """Each party's record opens to exactly what the publisher said of that party."""
    caller, called = entries(seal(sealer, call()))
    said = canaries(CALL)
    assert {name: said[name] for name in ("caller_number", "caller_name", "channel")} == opened(vault, caller)
    assert {name: said[name] for name in ("called_number", "channel")} == opened(vault, called)


@pytest.mark.parametrize("event", SUBJECT_SCHEMAS, ids=lambda event: event.event_type)
def test_every_personal_value_of_every_event_opens_again(
    event: EventSchema, vault: MemoryVault, sealer: Sealer
) -> None:
    """Texts and numbers alike, with nothing dropped while all keys are there."""
    payload = datum(event)
    sealed = entries(seal(sealer, inbox_record(event, payload)))
    found: dict[str, object] = {}
    for entry in sealed:
        assert entry.dropped == []
        found |= opened(vault, entry)
    assert {field.name: payload[field.name] for field in event.personal_fields} == found


@pytest.mark.parametrize(
    ("event", "as_json"),
    [
        pytest.param(event, as_json, id=f"{event.event_type} in {'json' if as_json else 'avro'}")
        for event in SCHEMAS
        for as_json in (False, True)
        if not (event.own and as_json)  # the ledger publishes in Avro only
    ],
)
def test_no_personal_value_in_what_is_sent(event: EventSchema, as_json: bool, sealer: Sealer) -> None:
    """Whoever reads the log without keys finds no canary in a key or value, whole or without its plus sign."""
    batch = seal(sealer, inbox_record(event, datum(event), as_json=as_json))
    assert batch.facts == 1
    assert_no_canary(canaries(event), batch.records)


@pytest.mark.parametrize("event", SUBJECT_SCHEMAS, ids=lambda event: event.event_type)
def test_no_personal_value_in_rejected_input(event: EventSchema, sealer: Sealer) -> None:
    """Input that nearly decoded holds as much as input that did."""
    record = inbox_record(event, datum(event))
    batch = seal(sealer, record._replace(value=(record.value or b"") + b"\0", key=b"+3197010007301"))
    assert batch.rejected == 1
    assert_no_canary({**canaries(event), "key": "+3197010007301"}, batch.records)


def assert_no_canary(values: Mapping[str, str], records: Sequence[OutgoingRecord]) -> None:
    """Nothing of the values in the bytes; without the + also the number as others write it."""
    for record in records:
        haystack = record.key + record.value
        for name, value in values.items():
            assert value.lstrip("+").encode() not in haystack, name


def test_canary_search_finds_what_is_left_open(sealer: Sealer) -> None:
    """A mutant contract that takes the caller's name for no personal field fails the canary test."""
    fields: Any = msgspec.json.decode(msgspec.json.encode(CALL.raw))
    for field in fields["fields"]:
        if field["name"] == "caller_name":
            del field["personal"], field["concerns"]
    leaking = type(CALL).from_raw(fields)
    values = canaries(CALL)
    batch = seal(
        Sealer(MemoryVault(), type(catalogue()).of([leaking]), ledger_partitions=PARTITIONS, registry=None),
        inbox_record(leaking, datum(leaking, caller_name=values["caller_name"])),
    )
    assert batch.facts == 1
    with pytest.raises(AssertionError):
        assert_no_canary({"caller_name": values["caller_name"]}, batch.records)


def test_records_carry_coordinates_and_stamps(sealer: Sealer) -> None:
    """Where it came from, which part of how many, when sealed, and under which rules."""
    batch = seal(sealer, call(offset=41))
    for number, entry in enumerate(entries(batch)):
        assert ("inbox.processing", 0, 41, number, 2) == (
            entry.source_topic,
            entry.source_partition,
            entry.source_offset,
            entry.part,
            entry.parts,
        )
        assert (entry.sealed_at, entry.rules_at, entry.occurred_at) == (SEALED_AT, RULES_AT, OCCURRED_AT)
        assert (
            entry.event_id,
            entry.event_source,
            entry.event_type,
            entry.event_version,
        ) == (EVENT_ID, SOURCE, "call.completed", 1)
        assert local_day(OCCURRED_AT) == entry.occurred_day


def test_records_go_where_their_stream_lives(sealer: Sealer) -> None:
    """Partition by our own hash, keyed by the stream; Kafka's timestamp is the time of sealing."""
    batch = seal(sealer, call())
    for record, entry in zip(batch.records, entries(batch), strict=True):
        assert stream_partition(entry.stream, entry.stream_kind, PARTITIONS) == record.partition
        assert entry.stream.bytes == record.key
        assert record.timestamp_ms == SEALED_AT // 1000


def test_each_record_names_the_one_before_it_in_its_chain(sealer: Sealer) -> None:
    """Per pair of partitions, over the parts of a record and over the records of a batch."""
    records = [
        call(offset, event_id=f"call-{offset}", caller_number=f"+31970100074{offset:02}")
        for offset in range(12)
    ]
    batch = seal(sealer, *records)
    marks: dict[int, SourcePosition] = {}
    for record, entry in zip(batch.records, entries(batch), strict=True):
        assert marks.get(record.partition) == entry.previous
        marks[record.partition] = entry.position
    assert {(INBOX, number): at for number, at in marks.items()} == batch.chain
    assert len(marks) > 1, "the batch feeds several ledger partitions"


def test_chain_goes_on_from_the_batch_before(sealer: Sealer) -> None:
    """And chains that a batch does not touch stay where they were."""
    first = seal(sealer, call(5))
    untouched = (Partition("inbox.consent", 3), 2)
    second = seal(sealer, call(6, event_id="evt-2"), chain={**first.chain, untouched: SourcePosition(9, 1)})
    marks = {number: at for (_, number), at in first.chain.items()}
    for record, entry in zip(second.records, entries(second), strict=True):
        assert marks.get(record.partition) == entry.previous
        marks[record.partition] = entry.position
    assert SourcePosition(9, 1) == second.chain[untouched]


def test_inbox_partitions_have_chains_of_their_own(sealer: Sealer) -> None:
    """Two inbox partitions may be sealed by two processes, so neither names the other's records."""
    other = Partition("inbox.processing", 1)
    elsewhere = inbox_record(CALL, datum(CALL), offset=0, event_id="evt-2", partition=other)
    mine, theirs = entries(seal(sealer, call(0, called_number=None), elsewhere))[:2]
    assert (mine.previous, theirs.previous) == (None, None)


def test_chain_given_is_not_changed(sealer: Sealer) -> None:
    """Progress moves only once everything is acknowledged; until then the old chain holds."""
    chain: dict[ChainKey, SourcePosition] = {}
    seal(sealer, call(), chain=chain)
    assert chain == {}


def test_sealing_again_gives_the_same_places_under_new_salts(sealer: Sealer) -> None:
    """A restarted sealer sends the same positions to the same streams; ciphertexts never repeat."""
    first, again = seal(sealer, call(3)), seal(sealer, call(3))
    assert [r.partition for r in first.records] == [r.partition for r in again.records]
    for one, other in zip(entries(first), entries(again), strict=True):
        assert (one.stream, one.position, one.previous) == (other.stream, other.position, other.previous)
        assert one.content_mac == other.content_mac
        assert one.salt != other.salt
        ciphertexts = {sealed.ciphertext for sealed in one.sealed}
        assert set() == ciphertexts & {sealed.ciphertext for sealed in other.sealed}


def test_salts_differ_within_a_batch(sealer: Sealer) -> None:
    """A key and nonce come from the salt: one salt for two records would be one nonce for two texts."""
    salts = [
        entry.salt for entry in entries(seal(sealer, *[call(n, event_id=f"call-{n}") for n in range(5)]))
    ]
    assert len(salts) == len(set(salts)) == 10


def test_same_person_in_two_records_is_one_stream(sealer: Sealer) -> None:
    """Also when the number is first seen in this very batch, and written otherwise."""
    batch = seal(sealer, call(0), call(1, event_id="evt-2", caller_number="+31 97010 007301"))
    streams = [entry.stream for entry in entries(batch)]
    assert streams[0] == streams[2]
    assert streams[1] == streams[3]


def test_controllers_do_not_share_subjects(sealer: Sealer) -> None:
    """The same number with another controller is another subject."""
    batch = seal(sealer, call(0), call(1, controller="example-florist"))
    streams = [entry.stream for entry in entries(batch)]
    assert len(streams) == len(set(streams)) == 4


def test_destroyed_subject_key_loses_its_class_only(vault: MemoryVault, sealer: Sealer) -> None:
    """What comes late for a destroyed key is left out, and the record says so."""
    record = inbox_record(MESSAGE, datum(MESSAGE))
    sender, recipient = entries(seal(sealer, record))
    vault.destroy_subject_class(sender.stream, "communication")
    late_sender, late_recipient = entries(seal(sealer, record))
    lost = ("sender_number", "sender_email", "sender_name")
    assert [Dropped(field=name, reason="key_destroyed") for name in lost] == late_sender.dropped
    assert {"subject_line", "content"} == set(opened(vault, late_sender))
    assert late_recipient.dropped == []
    assert opened(vault, recipient) == opened(vault, late_recipient)


def test_destroyed_subject_key_closes_what_was_sealed_before(vault: MemoryVault, sealer: Sealer) -> None:
    """Nothing in the log is touched, yet the fields open no longer; the other party's do."""
    caller, called = entries(seal(sealer, call()))
    vault.destroy_subject_class(caller.stream, "call_history")
    assert opened(vault, caller) == {}
    assert {"called_number", "channel"} == set(opened(vault, called))


def test_destroyed_day_closes_that_day_only(vault: MemoryVault, sealer: Sealer) -> None:
    """The end of a retention period is one key row, whoever called that day."""
    next_day = inbox_record(CALL, datum(CALL), event_id="evt-2", occurred_at=OCCURRED_AT + 86_400_000_000)
    today, _, tomorrow, _ = entries(seal(sealer, call(), next_day))
    vault.destroy_day(CONTROLLER, "call_history", today.occurred_day)
    assert opened(vault, today) == {}
    assert {"caller_number", "caller_name", "channel"} == set(opened(vault, tomorrow))
    late, _ = entries(seal(sealer, call()))
    assert {"key_destroyed"} == {dropped.reason for dropped in late.dropped}


def test_destroyed_content_key_leaves_no_mac(vault: MemoryVault, sealer: Sealer) -> None:
    """What was said can no longer be compared; the fields, whose keys live, are kept."""
    caller, called = entries(seal(sealer, call()))
    vault.destroy_subject_class(caller.stream, CONTENT_CLASS)
    again, other = entries(seal(sealer, call()))
    assert again.content_mac is None
    assert called.content_mac == other.content_mac
    assert again.dropped == []


def test_ciphertext_moved_to_another_record_does_not_open(vault: MemoryVault, sealer: Sealer) -> None:
    """Sealed fields are bound to their record: a foreign one stops the reader loudly."""
    one, _, other, _ = entries(seal(sealer, call(0), call(1, event_id="evt-2")))
    moved = msgspec.structs.replace(one, sealed=other.sealed)
    with pytest.raises(CannotOpen):
        opened(vault, moved)


def test_open_fields_are_canonical_json(sealer: Sealer) -> None:
    """Sorted keys, no spaces, everything that is neither personal nor common."""
    caller, _ = entries(seal(sealer, call()))
    fields = msgspec.json.decode(caller.open_fields)
    assert set(CALL.open_field_names) == set(fields)
    assert msgspec.json.encode(fields, order="sorted").decode() == caller.open_fields


def macs(vault: MemoryVault, record: ReadRecord) -> list[bytes | None]:
    """The content MACs of what a record becomes, part by part."""
    return [entry.content_mac for entry in entries(seal(make_sealer(vault), record))]


@pytest.mark.parametrize(
    "event", [event for event in SUBJECT_SCHEMAS if not event.own], ids=lambda event: event.event_type
)
def test_same_content_in_avro_and_json_has_one_mac(event: EventSchema, vault: MemoryVault) -> None:
    """A publisher that retries in another encoding says nothing new."""
    payload = datum(event)
    in_avro = macs(vault, inbox_record(event, payload))
    assert None not in in_avro
    assert in_avro == macs(vault, inbox_record(event, payload, as_json=True, offset=9, event_id="evt-9"))


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "quality"},
        {"lawful_basis": "contract"},
        {"role": "controller"},
        {"data_categories": ["voice"]},
        {"processors": []},
        {"storage_country": "BE"},
        {"instruction_id": None},
        {"notice_version": None},
        {"call_id": "another"},
        {"duration_s": 1},
        {"answered_at": None},
        {"channel": None},
        {"channel": "another"},
    ],
    ids=str,
)
def test_other_content_has_another_mac(changes: dict[str, Any], vault: MemoryVault) -> None:
    """Whatever a publisher changes under the same id shows, for both parties."""
    before, after = macs(vault, call()), macs(vault, call(**changes))
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_other_time_has_another_mac(vault: MemoryVault) -> None:
    """A microsecond later is another statement, also on the same day."""
    later = inbox_record(CALL, datum(CALL), occurred_at=OCCURRED_AT + 1)
    assert set() == set(macs(vault, call())) & set(macs(vault, later))


def test_callers_mac_says_nothing_of_the_called_party(vault: MemoryVault) -> None:
    """Otherwise it would go on proving who was called after the called party was erased."""
    caller, _ = macs(vault, call())
    assert caller == macs(vault, call(called_number="+3197010007499"))[0]
    assert caller == macs(vault, call(called_number=None))[0]


def test_called_partys_mac_says_nothing_of_the_caller(vault: MemoryVault) -> None:
    """The caller's name and number are the caller's."""
    _, called = macs(vault, call())
    assert called == macs(vault, call(caller_number="+3197010007499", caller_name="Somebody Else"))[1]


def test_macs_of_two_people_differ(vault: MemoryVault) -> None:
    """Equal content about two people cannot be told to be equal."""
    note = canaries(CONSENT)
    one = inbox_record(CONSENT, {**datum(CONSENT), "subject_email": None, "subject_account": None})
    other = inbox_record(
        CONSENT,
        {
            **datum(CONSENT),
            "subject_phone": None,
            "subject_email": note["subject_email"],
            "subject_account": None,
        },
    )
    assert macs(vault, one) != macs(vault, other)


REJECTED_INPUTS = [
    pytest.param(b"key", [("ce_id", b"evt-1"), ("ce_id", b"evt-2")], b"\xff\x00garbage", id="unknown bytes"),
    pytest.param(None, [], None, id="no value"),
    pytest.param(None, [("x", b"")], b"", id="empty value"),
    pytest.param(b"", [("h\u00e9", bytes(range(256)))], bytes(range(256)), id="every byte"),
]


@pytest.mark.parametrize(("key", "headers", "value"), REJECTED_INPUTS)
def test_rejected_input_opens_to_what_it_was(
    key: bytes | None,
    headers: list[tuple[str, bytes]],
    value: bytes | None,
    vault: MemoryVault,
    sealer: Sealer,
) -> None:
    """Key, headers in order with repeats, and value: a retry sends it byte for byte."""
    record = rejected(seal(sealer, ReadRecord(INBOX, 4, key, value, headers, 0)))
    assert {REJECTED_FIELD: [key, [list(header) for header in headers], value]} == opened(vault, record)


def test_rejected_input_keeps_null_headers(vault: MemoryVault, sealer: Sealer) -> None:
    """A header may be null in spite of the type; null is not empty."""
    headers: Any = [("ce_id", None), ("ce_id", b"")]
    record = rejected(seal(sealer, ReadRecord(INBOX, 4, None, b"?", headers, 0)))
    assert opened(vault, record) == {REJECTED_FIELD: [None, [["ce_id", None], ["ce_id", b""]], b"?"]}


def test_rejected_input_has_reason_and_coordinates(sealer: Sealer) -> None:
    """It is a fact of the stream of its inbox partition, in the chain like any other."""
    before = {(INBOX, number): SourcePosition(3, 0) for number in range(PARTITIONS)}
    batch = seal(sealer, ReadRecord(INBOX, 4, None, b"?", [], 0), chain=before)
    record = rejected(batch)
    stream = named_stream(StreamKind.REJECTED, "inbox.processing:0")
    assert (stream, "rejected", 0, 1) == (record.stream, record.stream_kind, record.part, record.parts)
    assert (SourcePosition(4, 0), SourcePosition(3, 0)) == (record.position, record.previous)
    assert (record.reason, record.detail, record.attempts) == ("magic_unknown", "value", 1)
    assert (SEALED_AT, RULES_AT, local_day(SEALED_AT)) == (
        record.sealed_at,
        record.rules_at,
        record.occurred_day,
    )
    assert batch.records[0].partition != 0
    assert (batch.facts, batch.rejected) == (0, 1)


def test_rejected_input_ends_with_its_day(vault: MemoryVault, sealer: Sealer) -> None:
    """It is kept only so that it can be repaired; afterwards nothing opens it, and its reason stays."""
    record = rejected(seal(sealer, ReadRecord(INBOX, 4, None, b"?", [], 0)))
    vault.destroy_day(REJECTED_CONTROLLER, REJECTED_CLASS, record.occurred_day)
    assert opened(vault, record) == {}
    late = rejected(seal(sealer, ReadRecord(INBOX, 5, None, b"?", [], 0)))
    assert (late.sealed, late.reason) == ([], "magic_unknown")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param([], None, id="no retry"),
        pytest.param([("ce_retryof", b"3:1042")], "3:1042", id="a retry"),
        pytest.param([("ce_retryof", b"3:1042"), ("ce_retryof", b"4:1")], "3:1042", id="said twice"),
        pytest.param([("ce_retryof", None)], None, id="null"),
        pytest.param([("ce_retryof", b"")], None, id="empty"),
        pytest.param([("ce_retryof", b"+3197010007301")], None, id="a number"),
        pytest.param([("ce_retryof", b"3:1042 canary")], None, id="something behind it"),
        pytest.param([("ce_retryof", "3:\u0661".encode())], None, id="digits of another script"),
        pytest.param([("ce_retryof", b"\xff:\xff")], None, id="no text"),
    ],
)
def test_rejected_retry_names_what_it_repairs_and_nothing_else(
    stated: Any, expected: str | None, sealer: Sealer
) -> None:
    """The header is not sealed, so only coordinates get through it."""
    assert expected == rejected(seal(sealer, ReadRecord(INBOX, 4, None, b"?", stated, 0))).retry_of


@pytest.mark.parametrize(
    ("spare", "kept"), [pytest.param(64, True, id="at the limit"), pytest.param(0, False, id="above it")]
)
def test_rejected_input_too_large_for_the_ledger_leaves_its_reason(
    spare: int, kept: bool, vault: MemoryVault, sealer: Sealer
) -> None:
    """One oversized record must not stop its sealer for ever; that it was there, and where, is still a fact."""
    value = bytes(REJECTED_BYTES_MAX - spare)
    record = rejected(seal(sealer, ReadRecord(INBOX, 4, None, value, [], 0)))
    assert ("too_large", SourcePosition(4, 0)) == (record.reason, record.position)
    assert kept == bool(opened(vault, record))


def test_largest_rejected_input_fits_the_ledger_topic(sealer: Sealer) -> None:
    """What is kept of rejected input can be appended, with every header and key."""
    value = bytes(REJECTED_BYTES_MAX - 64)
    (record,) = seal(sealer, ReadRecord(INBOX, 4, None, value, [], 0)).records
    assert len(record.key) + len(record.value) < LEDGER_MESSAGE_BYTES_MAX


def test_refusal_by_the_loop_is_sealed_as_it_says(sealer: Sealer) -> None:
    """Bytes that kill the process are refused without being read once more."""
    refusal = Refusal(record=call(7), reason=RejectionReason.ATTEMPTS_EXHAUSTED, detail="value", attempts=3)
    record = rejected(sealer.seal([refusal], {}, sealed_at=SEALED_AT, rules_at=0))
    assert (record.reason, record.attempts) == ("attempts_exhausted", 3)


def test_batch_of_everything_keeps_its_order(sealer: Sealer) -> None:
    """Good, bad, governance and unattributed records of one inbox partition go out in its order."""
    notice = schema("notice.published")
    batch = seal(
        sealer,
        call(0),
        ReadRecord(INBOX, 1, None, b"?", [], 0),
        inbox_record(notice, datum(notice), offset=2),
        call(3, caller_number=None, called_number=None),
        call(4, called_number=canaries(CALL)["caller_number"]),
    )
    decoded = [decode_record(record.value) for record in batch.records]
    expected = [
        ((0, 0), "subject"),
        ((0, 1), "subject"),
        ((1, 0), "rejected"),
        ((2, 0), "governance"),
        ((3, 0), "unattributed"),
        ((4, 0), "subject"),
    ]
    assert expected == [(tuple(record.position), record.stream_kind) for record in decoded]
    assert (batch.facts, batch.rejected) == (4, 1)


def test_empty_batch_seals_nothing(sealer: Sealer) -> None:
    """Nothing in, nothing out."""
    chain = {(INBOX, 1): SourcePosition(1, 0)}
    batch = sealer.seal([], chain, sealed_at=SEALED_AT, rules_at=0)
    assert ([], chain) == (batch.records, batch.chain)


def test_reading_keeps_the_record_with_the_fact(sealer: Sealer) -> None:
    """A fact alone has no coordinates."""
    record = call(3)
    reading = sealer.read(record, 1)
    assert isinstance(reading, Reading)
    assert record is reading.record
