"""CloudEvents JSON, one per line: what publishing needs is there, or the line is refused."""

import io
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.connectors import ConvertedFact, RefusedLine, convert
from ledger.connectors.cloudevents_jsonl import EVENT_SIZE_BYTES_MAX
from ledger.contract.catalogue import Catalogue
from ledger.contract.writing import structured_json
from ledger.dev.traffic import day

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "evt-1",
    "source": "urn:test",
    "type": "call.completed",
    "time": "2026-03-27T07:31:56.25+01:00",
    "dataschema": "urn:ledger:schema:call.completed:1",
    "data": {"call_id": "c-1", "controller": "een-klant"},
}


def converted(*events: object) -> list[ConvertedFact | RefusedLine]:
    """What comes of a file with one JSON value per line."""
    content = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
    return list(convert("cloudevents-jsonl", io.BytesIO(content), "een-klant"))


def test_event_becomes_a_fact() -> None:
    """Attributes and payload as they stand, time in UTC microseconds."""
    assert converted(EVENT) == [
        ConvertedFact(
            line=1,
            event_type="call.completed",
            event_version=1,
            event_id="evt-1",
            event_source="urn:test",
            occurred_at=1_774_593_116_250_000,
            data={"call_id": "c-1", "controller": "een-klant"},
        )
    ]


def test_what_our_own_writer_writes_is_read() -> None:
    """The format is that of structured mode."""
    catalogue = Catalogue.load()
    for record in (each for each in day(300, seed=2) if each.fault is None):
        schema = catalogue.latest(record.event_type)
        assert schema is not None
        line = structured_json(schema, record.event_id, record.source, record.occurred_at, record.data)
        (fact,) = convert("cloudevents-jsonl", io.BytesIO(line), record.controller)
        assert isinstance(fact, ConvertedFact)
        assert (fact.event_id, fact.occurred_at, fact.data) == (
            record.event_id,
            record.occurred_at,
            record.data,
        )


def test_missing_controller_is_filled_in() -> None:
    """The one that was given speaks for the file."""
    (fact,) = converted(EVENT | {"data": {"call_id": "c-1"}})
    assert isinstance(fact, ConvertedFact)
    assert fact.data["controller"] == "een-klant"


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "attribute id"),
        ({"id": 7}, "attribute id"),
        ({"source": None}, "attribute source"),
        ({"type": []}, "attribute type"),
        ({"time": "gisteren"}, "attribute time"),
        ({"time": "2026-03-27T07:31:56"}, "attribute time"),
        ({"data": "tekst"}, "attribute data"),
        ({"data": None}, "attribute data"),
        ({"data": {"controller": "een-ander"}}, "controller"),
        ({"data": {"controller": 7}}, "controller"),
        ({"dataschema": "urn:ledger:schema:call.recorded:1"}, "dataschema"),
        ({"dataschema": "urn:ledger:schema:call.completed:x"}, "dataschema"),
    ],
)
def test_bad_attribute_is_refused_by_name(changed: dict[str, object], part: str) -> None:
    """The reason names it and never shows it."""
    (refused,) = converted(EVENT | changed)
    assert isinstance(refused, RefusedLine)
    assert part in refused.reason


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "time", "data"])
def test_missing_attribute_is_refused(missing: str) -> None:
    """All of these are needed; dataschema is not."""
    (refused,) = converted({name: value for name, value in EVENT.items() if name != missing})
    assert isinstance(refused, RefusedLine)
    assert missing in refused.reason


def test_bad_lines_do_not_stop_the_good_ones() -> None:
    """Not JSON, not an object, not UTF-8, too long, nested too deep: the rest goes on."""
    good = msgspec.json.encode(EVENT)
    bad = [b"{", b"[1]", b'{"a":"\xff"}', b"x" * (EVENT_SIZE_BYTES_MAX + 1), b"[" * 100_000]
    content = b"\n".join([good, *bad, b"", good])
    results = list(convert("cloudevents-jsonl", io.BytesIO(content), "een-klant"))
    assert [type(each).__name__ for each in results] == [
        "ConvertedFact",
        *["RefusedLine"] * 5,
        "ConvertedFact",
    ]
    assert [each.line for each in results] == [1, 2, 3, 4, 5, 6, 8]


@given(st.binary(max_size=300))
def test_any_bytes_convert_or_are_refused(content: bytes) -> None:
    """No input makes the converter fail."""
    for each in convert("cloudevents-jsonl", io.BytesIO(content), "een-klant"):
        assert each.line >= 1
