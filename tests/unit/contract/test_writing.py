"""What a publisher in Python sends is checked before it leaves, by the rules that meet it at the other end."""

import copy
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.contract.catalogue import Catalogue, EventSchema
from ledger.contract.common_fields import COMMON_FIELDS
from ledger.contract.reading import RejectionReason, Unreadable, read_fact
from ledger.contract.writing import (
    cloudevent_headers,
    complete_datum,
    encode_single_object,
    structured_headers,
    structured_json,
)
from tests.unit.contract.samples import EVENT_ID, OCCURRED_AT, SOURCE, catalogue, sample, schema

CALL = schema("call.completed")
_PAGE = (Path(__file__).parents[3] / "docs" / "publishing.md").read_text(encoding="utf-8")


def test_header_precedes_datum() -> None:
    """A value begins with the ten constant bytes of its schema."""
    assert encode_single_object(CALL, sample(CALL)).startswith(CALL.header)
    assert len(CALL.header) == 10


def test_headers_name_event_and_schema() -> None:
    """The headers of binary mode are CloudEvents', in UTF-8."""
    expected = {
        "ce_specversion": b"1.0",
        "ce_id": b"evt-1",
        "ce_source": b"urn:example:switch-1",
        "ce_type": b"call.completed",
        "ce_time": b"2026-03-27T07:31:56.250000Z",
        "ce_dataschema": b"urn:ledger:schema:call.completed:1",
        "ce_subject": b"6f1c1f0e",
        "ce_retryof": b"2:7",
        "content-type": b"application/avro",
    }
    pairs = cloudevent_headers(CALL, EVENT_ID, SOURCE, OCCURRED_AT, subject="6f1c1f0e", retry_of="2:7")
    assert expected == dict(pairs)
    assert len(expected) == len(pairs)


def test_structured_event_carries_the_same_attributes() -> None:
    """The JSON document needs no header beside it."""
    value = structured_json(
        CALL, EVENT_ID, SOURCE, OCCURRED_AT, sample(CALL), subject="6f1c1f0e", retry_of="2:7"
    )
    stated = msgspec.json.decode(value)
    assert tuple(stated[name] for name in ("specversion", "id", "subject", "retryof")) == (
        "1.0",
        "evt-1",
        "6f1c1f0e",
        "2:7",
    )
    assert read_fact(value, structured_headers(), catalogue()).retry_of == "2:7"


def test_defaults_filled_in_before_sending() -> None:
    """A nullable field may be left out by the caller."""
    datum = sample(CALL)
    del datum["trunk"]
    assert complete_datum(CALL, datum)["trunk"] is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"unheard_of": 1}, RejectionReason.FIELD_UNKNOWN),
        ({"call_id": None}, RejectionReason.FIELD_WRONG_TYPE),
        ({"controller": ""}, RejectionReason.FIELD_INVALID),
        ({"duration_s": True}, RejectionReason.FIELD_WRONG_TYPE),
    ],
)
def test_bad_datum_not_encoded(changed: dict[str, Any], reason: RejectionReason) -> None:
    """A publisher learns at once what the sealer would refuse."""
    datum = sample(CALL) | changed
    with pytest.raises(Unreadable) as by_avro:
        encode_single_object(CALL, datum)
    with pytest.raises(Unreadable) as by_json:
        structured_json(CALL, EVENT_ID, SOURCE, OCCURRED_AT, datum)
    assert reason == by_avro.value.reason == by_json.value.reason


def test_missing_field_not_encoded() -> None:
    """A field without a default must be given."""
    with pytest.raises(Unreadable) as caught:
        encode_single_object(CALL, {"controller": "example-garage"})
    assert (caught.value.reason, caught.value.detail) == (RejectionReason.FIELD_MISSING, "role")


def test_examples_of_the_page_are_read() -> None:
    """The Python and JSON examples for publishers run as they stand and yield facts."""
    python = re.search(r"```python\n(.*?)```", _PAGE, re.DOTALL)
    document = re.search(r"```json\n(.*?)```", _PAGE, re.DOTALL)
    assert python is not None
    assert document is not None
    names: dict[str, Any] = {}
    exec(python[1], names)
    assert read_fact(names["value"], names["headers"], catalogue()).event_type == "notice.published"
    assert read_fact(document[1].encode(), [], catalogue()).event_type == "call.completed"


def test_page_lists_topics_fields_and_header() -> None:
    """The tables for publishers agree with the schemas."""
    for event in catalogue().by_fingerprint.values():
        row = next(line for line in _PAGE.splitlines() if line.startswith(f"| `{event.topic}` |"))
        _, _, publishers, own, _ = row.split("|")
        assert event.event_type in (own if event.own else publishers).replace(",", " ").split()
    listed = re.findall(r"^\| `(\w+)` \| (?:string|enum|array|null)", _PAGE, re.MULTILINE)
    assert list(COMMON_FIELDS) == listed
    assert CALL.header.hex() in _PAGE


def nested_schema() -> EventSchema:
    """Return the call schema with an array of records, a nested time and a nested default."""
    raw: Any = copy.deepcopy(CALL.raw)
    leg = {
        "type": "record",
        "name": "Leg",
        "fields": [
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}, "doc": "When."},
            {"name": "on", "type": ["null", {"type": "int", "logicalType": "date"}], "doc": "Day."},
            {"name": "node", "type": ["null", "string"], "default": None, "doc": "Node."},
        ],
    }
    raw["fields"] += [
        {"name": "legs", "type": {"type": "array", "items": leg}, "default": [], "doc": "Legs."},
        {"name": "last", "type": ["null", "Leg"], "default": None, "doc": "Last leg."},
    ]
    raw["name"] = "CallWithLegs"
    return EventSchema.from_raw(raw)


def test_nested_records_survive_both_encodings() -> None:
    """Arrays of records keep times and defaults, in Avro and in JSON text."""
    event = nested_schema()
    legs = [{"at": OCCURRED_AT, "on": 20_539, "node": None}, {"at": 0, "on": None, "node": "n1"}]
    datum = sample(CALL) | {"legs": legs, "last": legs[0]}
    known = Catalogue.of([event])
    headers = cloudevent_headers(event, EVENT_ID, SOURCE, OCCURRED_AT)
    assert datum == read_fact(encode_single_object(event, datum), headers, known).datum
    envelope = msgspec.json.decode(structured_json(event, EVENT_ID, SOURCE, OCCURRED_AT, datum))
    in_words = {"at": "2026-03-27T07:31:56.25Z", "on": "2026-03-27"}
    envelope["data"] |= {"legs": [in_words, envelope["data"]["legs"][1]], "last": in_words}
    assert datum == read_fact(msgspec.json.encode(envelope), [], known).datum


def test_kept_classes_of_an_erasure_read_from_json() -> None:
    """An array of records in a schema of ours is read from JSON as from Avro: times in words, defaults left out."""
    event = schema("erasure.started")
    until = {"retention_class": "account", "why": "legal_duty", "article": "AWR art. 52", "hold_id": None}
    datum = sample(event) | {"kept": [{**until, "until": OCCURRED_AT}, {**until, "until": None}]}
    envelope = msgspec.json.decode(structured_json(event, EVENT_ID, SOURCE, OCCURRED_AT, datum))
    in_words = {name: value for name, value in until.items() if name != "hold_id"}
    envelope["data"]["kept"] = [{**in_words, "until": "2026-03-27T08:31:56.25+01:00"}, in_words]
    assert datum == read_fact(msgspec.json.encode(envelope), [], catalogue()).datum


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"why": "habit"}, RejectionReason.FIELD_INVALID),
        ({"why": 1}, RejectionReason.FIELD_WRONG_TYPE),
        ({"article": "a\x00b"}, RejectionReason.FIELD_INVALID),
        ({"until": "some day"}, RejectionReason.FIELD_INVALID),
        ({"until": 1 << 62}, RejectionReason.FIELD_INVALID),
        ({"person": "+3197010000001"}, RejectionReason.FIELD_UNKNOWN),
    ],
)
def test_bad_record_in_an_array_refused(changed: dict[str, object], reason: RejectionReason) -> None:
    """A record within an array is held to its schema, symbol by symbol, in JSON and before it is sent."""
    event = schema("erasure.started")
    whole = sample(event)
    envelope = msgspec.json.decode(structured_json(event, EVENT_ID, SOURCE, OCCURRED_AT, whole))
    envelope["data"]["kept"][0] |= changed
    with pytest.raises(Unreadable) as caught:
        read_fact(msgspec.json.encode(envelope), [], catalogue())
    assert (reason, "kept") == (caught.value.reason, caught.value.detail)


@pytest.mark.parametrize(
    ("legs", "reason"),
    [
        ([{"at": 0, "on": None, "extra": 1}], RejectionReason.FIELD_UNKNOWN),
        ([{"on": None}], RejectionReason.FIELD_MISSING),
        ([{"at": 0, "on": "today"}], RejectionReason.FIELD_INVALID),
        ([{"at": "0", "on": None}], RejectionReason.FIELD_INVALID),
        ([{"at": 0, "on": None, "node": 5}], RejectionReason.FIELD_WRONG_TYPE),
        ([5], RejectionReason.FIELD_WRONG_TYPE),
        (5, RejectionReason.FIELD_WRONG_TYPE),
    ],
)
def test_bad_nested_record_refused(legs: object, reason: RejectionReason) -> None:
    """A nested record is held to its schema like a field at the top."""
    event = nested_schema()
    envelope = msgspec.json.decode(structured_json(event, EVENT_ID, SOURCE, OCCURRED_AT, sample(CALL)))
    envelope["data"]["legs"] = legs
    with pytest.raises(Unreadable) as caught:
        read_fact(msgspec.json.encode(envelope), [], Catalogue.of([event]))
    assert (reason, "legs") == (caught.value.reason, caught.value.detail)
