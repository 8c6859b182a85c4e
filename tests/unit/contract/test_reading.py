"""Reading an inbox record: every encoding, every reason for refusal, and nothing but those."""

import struct
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.contract import reading
from ledger.contract.reading import Fact, RejectionReason, Unreadable, read_fact
from ledger.contract.writing import encode_single_object, structured_headers, structured_json
from tests.unit.contract.samples import (
    EVENT_ID,
    OCCURRED_AT,
    SOURCE,
    catalogue,
    headers,
    sample,
    schema,
)

Reason = RejectionReason
Headers = list[tuple[str, bytes]]

CALL = schema("call.completed")
CALL_DATUM = sample(CALL)
CALL_VALUE = encode_single_object(CALL, CALL_DATUM)
EVENT_TYPES = sorted(catalogue().versions)


def envelope(**changed: Any) -> dict[str, Any]:
    """Return a valid structured document, some members replaced; None leaves one out."""
    whole = msgspec.json.decode(structured_json(CALL, EVENT_ID, SOURCE, OCCURRED_AT, CALL_DATUM)) | changed
    return {key: value for key, value in whole.items() if value is not None}


def document(**changed: Any) -> bytes:
    """Return `envelope` as bytes."""
    return msgspec.json.encode(envelope(**changed))


def with_data(**changed: Any) -> bytes:
    """Return a structured document with some fields of its data replaced."""
    return document(data=CALL_DATUM | changed)


def refusal(value: bytes | None, given_headers: Headers) -> Unreadable:
    """Return the refusal that reading must end in."""
    with pytest.raises(Unreadable) as caught:
        read_fact(value, given_headers, catalogue())
    return caught.value


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_single_object_value_read_as_written(event_type: str) -> None:
    """Every event type goes through Avro and comes back whole."""
    event = schema(event_type)
    datum = sample(event)
    fact = read_fact(encode_single_object(event, datum), headers(event), catalogue())
    assert datum == fact.datum
    assert event is fact.schema


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_structured_json_read_as_written(event_type: str) -> None:
    """Every event type goes through CloudEvents JSON and comes back whole, headers or not."""
    event = schema(event_type)
    datum = sample(event)
    value = structured_json(event, EVENT_ID, SOURCE, OCCURRED_AT, datum)
    for given_headers in ([], structured_headers()):
        assert datum == read_fact(value, given_headers, catalogue()).datum


def test_fact_carries_attributes_and_common_fields() -> None:
    """A fact names its event, time and the common fields beside the payload."""
    fact = read_fact(CALL_VALUE, headers(CALL, ce_retryof=b"3:14"), catalogue())
    assert (
        fact.event_id,
        fact.event_source,
        fact.event_type,
        fact.version,
    ) == (EVENT_ID, SOURCE, "call.completed", 1)
    assert fact.occurred_at == OCCURRED_AT
    assert fact.retry_of == "3:14"
    assert (fact.controller, fact.role, fact.purpose) == ("example-garage", "conduit", "telephony")
    assert (fact.lawful_basis, fact.storage_country) == ("legitimate_interests", "NL")


def test_both_encodings_give_the_same_fact() -> None:
    """What a publisher states does not depend on how it is encoded."""
    by_json = read_fact(document(), [], catalogue())
    assert by_json == read_fact(CALL_VALUE, headers(CALL), catalogue())


def test_repr_of_fact_holds_no_payload() -> None:
    """A fact that ends in a log shows its type, not a number."""
    shown = repr(read_fact(CALL_VALUE, headers(CALL), catalogue()))
    assert shown == "Fact(event_type='call.completed', version=1)"


def test_json_times_may_be_text_or_micros() -> None:
    """A timestamp in JSON is RFC 3339 text or integer microseconds, and means the same."""
    value = with_data(started_at="2026-03-27T08:31:56.25+01:00")
    assert read_fact(value, [], catalogue()).datum["started_at"] == OCCURRED_AT


def test_json_defaults_filled_in() -> None:
    """A nullable field may be left out of JSON."""
    data = {key: value for key, value in CALL_DATUM.items() if key not in {"trunk", "caller_number"}}
    datum = read_fact(document(data=data), [], catalogue()).datum
    assert datum == CALL_DATUM | {"trunk": None, "caller_number": None}


def test_json_without_dataschema_read_as_newest_version() -> None:
    """A JSON publisher need not name the schema."""
    assert read_fact(document(dataschema=None), [], catalogue()).version == 1


def test_retry_header_allowed_beside_structured_value() -> None:
    """A retry sends the same value again, so its mark stands in a header."""
    assert read_fact(document(), [("ce_retryof", b"2:7")], catalogue()).retry_of == "2:7"


def test_unknown_headers_and_extensions_passed_over() -> None:
    """Tracing headers and extension attributes of others do no harm."""
    extra = [("traceparent", b"\xff"), ("ce_traceparent", b"00-1")]
    fact = read_fact(CALL_VALUE, [*headers(CALL), *extra], catalogue())
    assert fact.event_id == EVENT_ID


@pytest.mark.parametrize(
    "content_type",
    [b"application/avro", b"Application/AVRO; charset=x", b"avro/binary", b"application/octet-stream"],
)
def test_avro_content_types_accepted(content_type: bytes) -> None:
    """The names in use for Avro all fit, in any case and with parameters."""
    given_headers = [pair for pair in headers(CALL) if pair[0] != "content-type"]
    assert read_fact(CALL_VALUE, [*given_headers, ("content-type", content_type)], catalogue())


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        (None, Reason.VALUE_MISSING, "value"),
        (b"", Reason.VALUE_MISSING, "value"),
        (b"\xc3", Reason.TRUNCATED, "value header"),
        (b"\xc3\x01\x00", Reason.TRUNCATED, "value header"),
        (b"\xc3\x02" + bytes(20), Reason.MAGIC_UNKNOWN, "value"),
        (b"\xc3\x02", Reason.MAGIC_UNKNOWN, "value header"),
        (b" {}", Reason.MAGIC_UNKNOWN, "value"),
        (b"\xef\xbb\xbf{}", Reason.MAGIC_UNKNOWN, "value"),
        (b"Obj\x01", Reason.MAGIC_UNKNOWN, "value"),
        (b"\xc3\x01" + bytes(8), Reason.FINGERPRINT_UNKNOWN, "value header"),
        (b"\x00\x00\x00", Reason.TRUNCATED, "value header"),
        (b"\x00" + struct.pack(">I", 7) + b"\x02", Reason.SCHEMA_ID_UNKNOWN, None),
        (CALL_VALUE[:-1], Reason.TRUNCATED, "application"),
        (CALL_VALUE[:10], Reason.TRUNCATED, "controller"),
        (CALL_VALUE + b"\x00", Reason.TRAILING_BYTES, "value"),
        (CALL_VALUE + CALL_VALUE, Reason.TRAILING_BYTES, "value"),
        (CALL.header + b"\x80\x80\x80\x80\x80\x40", Reason.TRUNCATED, "controller"),
        (CALL.header + b"\x01", Reason.UNDECODABLE, "controller"),
        (CALL.header + b"\xff" * 11, Reason.UNDECODABLE, "controller"),
        (CALL.header + b"\x02x\x03", Reason.UNDECODABLE, "role"),
        (CALL.header + b"\x02x\x08", Reason.UNDECODABLE, "role"),
        (CALL.header + b"\x02\xff", Reason.FIELD_INVALID, "controller"),
        (CALL.header + b"\x06\xed\xa0\x80", Reason.FIELD_INVALID, "controller"),
        (
            CALL.header + b"\x02x\x00\x02x\x00" + b"\x80\x80\x80\x80\x80\x40",
            Reason.TOO_LARGE,
            "data_categories",
        ),
        (CALL.header + b"\x02x\x00\x02x\x00" + b"\x80\x80\x80\x30", Reason.TOO_LARGE, "data_categories"),
        (CALL.header + b"\x02x\x00\x02x\x00" + b"\x01\x63\x02x\x00", Reason.UNDECODABLE, "data_categories"),
        (CALL.header + bytes(reading.VALUE_BYTES_MAX), Reason.TOO_LARGE, "value"),
    ],
)
def test_unreadable_value_refused_with_its_reason(
    value: bytes | None, reason: Reason, detail: str | None
) -> None:
    """A value that is no whole datum of a known schema is refused, and the place is named."""
    error = refusal(value, headers(CALL))
    assert reason == error.reason
    assert detail in {None, error.detail}


@pytest.mark.parametrize(
    ("changed", "reason", "detail"),
    [
        ({"ce_id": None}, Reason.HEADER_MISSING, "ce_id"),
        ({"ce_source": None}, Reason.HEADER_MISSING, "ce_source"),
        ({"ce_type": None}, Reason.HEADER_MISSING, "ce_type"),
        ({"ce_specversion": None}, Reason.HEADER_MISSING, "ce_specversion"),
        ({"ce_time": None}, Reason.HEADER_MISSING, "ce_time"),
        ({"ce_id": b""}, Reason.HEADER_INVALID, "ce_id"),
        ({"ce_id": b"   "}, Reason.HEADER_INVALID, "ce_id"),
        ({"ce_source": b""}, Reason.HEADER_INVALID, "ce_source"),
        ({"ce_id": b"a\x00b"}, Reason.HEADER_INVALID, "ce_id"),
        ({"ce_id": b"\xff"}, Reason.HEADER_INVALID, "ce_id"),
        ({"ce_traceparent": b"\xff"}, Reason.HEADER_INVALID, "a ce_ extension header"),
        ({"ce_specversion": b"0.3"}, Reason.HEADER_INVALID, "ce_specversion"),
        ({"ce_time": b"2026-03-27T07:31:56"}, Reason.HEADER_INVALID, "ce_time"),
        ({"ce_time": b"yesterday"}, Reason.HEADER_INVALID, "ce_time"),
        ({"ce_dataschema": b"urn:other:thing"}, Reason.HEADER_INVALID, "ce_dataschema"),
        ({"ce_retryof": b"the first one"}, Reason.HEADER_INVALID, "ce_retryof"),
        (
            {"ce_dataschema": b"urn:ledger:schema:call.completed:2"},
            Reason.HEADER_CONTRADICTION,
            "ce_dataschema",
        ),
        (
            {"ce_dataschema": b"urn:ledger:schema:call.recorded:1"},
            Reason.HEADER_CONTRADICTION,
            "ce_dataschema",
        ),
        ({"ce_type": b"call.recorded"}, Reason.HEADER_CONTRADICTION, "ce_type"),
        ({"ce_type": b"+3197010000001"}, Reason.HEADER_CONTRADICTION, "ce_type"),
        ({"content-type": b"application/json"}, Reason.HEADER_CONTRADICTION, "content-type"),
        ({"ce_id": b"x" * 1025}, Reason.TOO_LARGE, "ce_id"),
        ({"ce_source": "é".encode() * 513}, Reason.TOO_LARGE, "ce_source"),
    ],
)
def test_bad_header_refused_with_its_reason(
    changed: dict[str, bytes | None], reason: Reason, detail: str
) -> None:
    """A header that is missing, broken or at odds with the value is refused by name."""
    error = refusal(CALL_VALUE, headers(CALL, **changed))
    assert (reason, detail) == (error.reason, error.detail)


@pytest.mark.parametrize("name", ["ce_id", "ce_subject", "content-type"])
def test_duplicate_header_refused(name: str) -> None:
    """Two values of one header leave open which was meant, even when they are equal."""
    twice = [*headers(CALL, ce_subject=b"6f1c1f0e"), (name, b"x")]
    assert (Reason.HEADER_INVALID, name) == (
        (error := refusal(CALL_VALUE, twice)).reason,
        error.detail,
    )


def test_null_header_refused() -> None:
    """Kafka allows a header without a value; an attribute has one."""
    valueless: Any = ("ce_id", None)
    rest = [pair for pair in headers(CALL) if pair[0] != "ce_id"]
    assert refusal(CALL_VALUE, [*rest, valueless]).reason == Reason.HEADER_INVALID


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        (b"{", Reason.JSON_INVALID, "value"),
        (b"{}x", Reason.JSON_INVALID, "value"),
        (b'{"id": NaN}', Reason.JSON_INVALID, "value"),
        (b'{"id": "\\ud800"}', Reason.JSON_INVALID, "value"),
        (b'{"id": "\xff"}', Reason.JSON_INVALID, "value"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, Reason.JSON_INVALID, "value"),
        (b"{}", Reason.HEADER_MISSING, "id"),
        (document(time=None), Reason.HEADER_MISSING, "time"),
        (document(id=5), Reason.HEADER_INVALID, "id"),
        (document(id=""), Reason.HEADER_INVALID, "id"),
        (document(specversion="1.1"), Reason.HEADER_INVALID, "specversion"),
        (document(source="a\x00b"), Reason.HEADER_INVALID, "source"),
        (document(datacontenttype="text/xml"), Reason.HEADER_CONTRADICTION, "datacontenttype"),
        (document(type="call.recorded"), Reason.HEADER_CONTRADICTION, "type"),
        (document(type="call.imagined", dataschema=None), Reason.TYPE_UNKNOWN, "type"),
        (document(dataschema="urn:ledger:schema:call.completed:9"), Reason.TYPE_UNKNOWN, "dataschema"),
        (document(data=None), Reason.FIELD_MISSING, "data"),
        (document(data=[1]), Reason.FIELD_WRONG_TYPE, "data"),
        (document(data={}), Reason.FIELD_MISSING, "controller"),
        (with_data(**{"+3197010000001": 1}), Reason.FIELD_UNKNOWN, "data: a field the schema does not have"),
        (with_data(controller=5), Reason.FIELD_WRONG_TYPE, "controller"),
        (with_data(controller=""), Reason.FIELD_INVALID, "controller"),
        (with_data(controller="x" * 1025), Reason.TOO_LARGE, "controller"),
        (with_data(controller="a\x00b"), Reason.FIELD_INVALID, "controller"),
        (with_data(purpose="a\x00b"), Reason.FIELD_INVALID, "purpose"),
        (with_data(role="observer"), Reason.FIELD_INVALID, "role"),
        (with_data(role=1), Reason.FIELD_WRONG_TYPE, "role"),
        (with_data(lawful_basis=None), Reason.FIELD_WRONG_TYPE, "lawful_basis"),
        (with_data(data_categories="phone"), Reason.FIELD_WRONG_TYPE, "data_categories"),
        (with_data(data_categories=[1]), Reason.FIELD_WRONG_TYPE, "data_categories"),
        (with_data(data_categories=[None]), Reason.FIELD_WRONG_TYPE, "data_categories"),
        (with_data(processors=["x"] * 10_001), Reason.TOO_LARGE, "processors"),
        (with_data(storage_country="nl"), Reason.FIELD_INVALID, "storage_country"),
        (with_data(storage_country="NLD"), Reason.FIELD_INVALID, "storage_country"),
        (with_data(storage_country="NL\n"), Reason.FIELD_INVALID, "storage_country"),
        (with_data(storage_country=None), Reason.FIELD_WRONG_TYPE, "storage_country"),
        (with_data(caller_number=""), Reason.FIELD_INVALID, "caller_number"),
        (with_data(caller_number=31), Reason.FIELD_WRONG_TYPE, "caller_number"),
        (with_data(caller_number={"string": "+3197010000001"}), Reason.FIELD_WRONG_TYPE, "caller_number"),
        (with_data(answered=1), Reason.FIELD_WRONG_TYPE, "answered"),
        (with_data(answered="true"), Reason.FIELD_WRONG_TYPE, "answered"),
        (with_data(duration_s=True), Reason.FIELD_WRONG_TYPE, "duration_s"),
        (with_data(duration_s=1.5), Reason.FIELD_WRONG_TYPE, "duration_s"),
        (with_data(duration_s="105"), Reason.FIELD_WRONG_TYPE, "duration_s"),
        (with_data(duration_s=1 << 63), Reason.FIELD_INVALID, "duration_s"),
        (with_data(started_at="2026-03-27 07:31:56Z"), Reason.FIELD_INVALID, "started_at"),
        (with_data(started_at="2026-02-29T07:31:56Z"), Reason.FIELD_INVALID, "started_at"),
        (with_data(started_at=1 << 62), Reason.FIELD_INVALID, "started_at"),
        (with_data(started_at=None), Reason.FIELD_WRONG_TYPE, "started_at"),
    ],
)
def test_bad_json_refused_with_its_reason(value: bytes, reason: Reason, detail: str) -> None:
    """JSON is held to the schema as strictly as Avro is."""
    error = refusal(value, [])
    assert (reason, detail) == (error.reason, error.detail)


@pytest.mark.parametrize(
    ("name", "text"),
    [("ce_id", b"another"), ("ce_type", b"call.recorded"), ("content-type", b"application/avro")],
)
def test_header_that_contradicts_structured_value_refused(name: str, text: bytes) -> None:
    """A header may repeat what the JSON says, not say otherwise."""
    error = refusal(document(), [(name, text)])
    assert (Reason.HEADER_CONTRADICTION, name) == (error.reason, error.detail)


@pytest.mark.parametrize(
    ("event_type", "name", "value", "reason"),
    [
        ("consent.given", "subject_pseudonym", "not-a-uuid", Reason.FIELD_INVALID),
        ("consent.given", "subject_email", " ", Reason.FIELD_INVALID),
        ("consent.given", "subject_email", "x" * 1025, Reason.TOO_LARGE),
        ("fax.transmitted", "pages", 1 << 31, Reason.FIELD_INVALID),
        ("key.destroyed", "epoch_day", "2026-13-01", Reason.FIELD_INVALID),
        ("key.destroyed", "epoch_day", 1 << 30, Reason.FIELD_INVALID),
        ("message.sent", "content", "a\x00b", Reason.FIELD_INVALID),
    ],
)
def test_bad_field_refused_in_other_events(event_type: str, name: str, value: object, reason: Reason) -> None:
    """Identifiers, narrow integers, dates and content have rules of their own."""
    event = schema(event_type)
    whole = msgspec.json.decode(structured_json(event, EVENT_ID, SOURCE, OCCURRED_AT, sample(event)))
    whole["data"][name] = value
    error = refusal(msgspec.json.encode(whole), [])
    assert (reason, name) == (error.reason, error.detail)


def test_int_beyond_32_bits_refused_in_avro() -> None:
    """fastavro reads a long where the schema says int; we do not."""
    event = schema("fax.transmitted")
    whole = encode_single_object(event, sample(event) | {"pages": 3})
    tail = encode_single_object(event, sample(event) | {"pages": 4})
    place = next(i for i, (a, b) in enumerate(zip(whole, tail, strict=True)) if a != b)
    value = whole[:place] + b"\x80\x80\x80\x80\x20" + whole[place + 1 :]
    error = refusal(value, headers(event))
    assert (error.reason, error.detail) == (Reason.UNDECODABLE, "pages")


def test_block_with_byte_size_read() -> None:
    """A writer that splits arrays into sized blocks is read as one that does not."""
    plain = encode_single_object(CALL, CALL_DATUM | {"data_categories": ["a", "b"]})
    blocks = plain.replace(b"\x04\x02a\x02b\x00", b"\x01\x04\x02a\x01\x04\x02b\x00")
    assert plain != blocks
    assert read_fact(plain, headers(CALL), catalogue()) == read_fact(blocks, headers(CALL), catalogue())


def test_refusal_never_quotes_the_record() -> None:
    """Neither the message, the detail nor a chained cause shows what a publisher sent."""
    secret = "+3197010000099"
    for value in (with_data(caller_number=[secret]), with_data(**{secret: secret}), document(time=secret)):
        error = refusal(value, [])
        assert secret not in f"{error} {error.detail} {error.__cause__}"
        assert error.__suppress_context__ or error.__context__ is None


_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
_OPTIONAL = st.none() | _TEXT
_DATA = st.fixed_dictionaries(
    {
        "controller": _TEXT.filter(str.strip),
        "role": st.sampled_from(["controller", "processor", "joint", "conduit"]),
        "purpose": _TEXT,
        "data_categories": st.lists(_TEXT, max_size=5),
        "storage_country": st.sampled_from(["", "NL", "US"]),
        "caller_number": st.none() | _TEXT.filter(str.strip),
        "caller_name": _OPTIONAL,
        "answered": st.booleans(),
        "duration_s": st.integers(-(1 << 63), (1 << 63) - 1),
        "started_at": st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999),
        "trunk": _OPTIONAL,
    }
)


@given(changed=_DATA)
def test_any_datum_survives_both_encodings(changed: dict[str, object]) -> None:
    """Whatever a field may hold comes back the same from Avro and from JSON."""
    datum = CALL_DATUM | changed
    by_avro = read_fact(encode_single_object(CALL, datum), headers(CALL), catalogue())
    by_json = read_fact(structured_json(CALL, EVENT_ID, SOURCE, OCCURRED_AT, datum), [], catalogue())
    assert datum == by_avro.datum
    assert by_avro == by_json


@given(content=st.binary(max_size=200), start=st.sampled_from([b"", b"\xc3\x01", b"{", b"\x00", CALL.header]))
def test_random_bytes_never_raise_anything_else(content: bytes, start: bytes) -> None:
    """Noise is refused with a reason, whatever it looks like."""
    _read_or_refuse(start + content)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(data=st.data(), event_type=st.sampled_from(EVENT_TYPES), as_json=st.booleans())
def test_mutated_messages_never_raise_anything_else(
    data: st.DataObject, event_type: str, as_json: bool
) -> None:
    """A valid message with bytes changed, cut or put in is read or refused, never worse."""
    event = schema(event_type)
    datum = sample(event)
    whole = bytearray(
        structured_json(event, EVENT_ID, SOURCE, OCCURRED_AT, datum)
        if as_json
        else encode_single_object(event, datum)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=11))
        if not whole:
            break
    _read_or_refuse(bytes(whole), headers(event) if not as_json else [])


@given(names=st.lists(st.tuples(st.sampled_from(["ce_id", "ce_time", "ce_x", "content-type"]), st.binary())))
def test_random_headers_never_raise_anything_else(names: Headers) -> None:
    """Headers of any content are read or refused."""
    _read_or_refuse(CALL_VALUE, [*headers(CALL), *names])
    _read_or_refuse(CALL_VALUE, names)


def _read_or_refuse(value: bytes, given_headers: Headers | None = None) -> Fact | None:
    try:
        return read_fact(value, headers(CALL) if given_headers is None else given_headers, catalogue())
    except Unreadable:
        return None
