"""Requests in a file, one per line: what is left out is as given for the file; what cannot be used is refused."""

import io
from contextlib import nullcontext, suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.connectors.facts import Converted, ConvertedFact, RefusedLine
from ledger.connectors.request_lines import COLUMNS, LINE_SIZE_BYTES_MAX, Bulk, convert
from ledger.contract.catalogue import Catalogue
from ledger.contract.json_datum import datum_from_json
from ledger.contract.writing import encode_single_object
from ledger.errors import DataError
from ledger.forgetting.own_facts import COMMON

BULK = Bulk(
    bulk_id="batch-1",
    source="urn:ledger:operator",
    controller="dentist-example",
    received_at=7,
    common=COMMON,
    defaults={"received_by": "controller", "channel": "api"},
)
LINE = {"right": "access", "requester": "customer", "phone": "+3197010000001"}


def from_json(*lines: object, raw: bytes = b"") -> list[Converted]:
    """What comes of JSON lines."""
    content = raw or b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    return list(convert(io.BytesIO(content), BULK, as_json=True))


def from_csv(text: str) -> list[Converted]:
    """What comes of a CSV."""
    return list(convert(io.BytesIO(text.encode()), BULK, as_json=False))


def reason(line: dict[str, Any]) -> str:
    """Why a line is refused."""
    [refused] = from_json(line)
    assert isinstance(refused, RefusedLine)
    return refused.reason


def test_line_is_a_receipt() -> None:
    """Of the file's controller and moment, with its bulk id; it is what the schema asks for."""
    [fact] = from_json(LINE)
    assert isinstance(fact, ConvertedFact)
    assert (fact.event_type, fact.event_id, fact.occurred_at) == ("request.received", "batch-1:batch-1-1", 7)
    assert fact.data == {
        **COMMON,
        "controller": "dentist-example",
        "request_id": "batch-1-1",
        "purposes": [],
        "bulk_id": "batch-1",
        "right": "access",
        "channel": "api",
        "requester": "customer",
        "received_by": "controller",
        "subject_phone": "+3197010000001",
    }
    schema = Catalogue.load().latest("request.received")
    assert schema is not None
    assert encode_single_object(schema, datum_from_json(schema, fact.data))


def test_line_says_more_than_the_file() -> None:
    """Its own id, channel, time and purposes; several identifiers of one person."""
    [fact] = from_json(
        {
            **LINE,
            "request_id": "r-7",
            "channel": "dashboard",
            "received_by": "processor",
            "purposes": ["marketing"],
            "received_at": "1970-01-01T00:00:01Z",
            "email": "someone@example.com",
        }
    )
    assert isinstance(fact, ConvertedFact)
    assert (fact.event_id, fact.occurred_at) == ("batch-1:r-7", 1_000_000)
    said = ("channel", "received_by", "purposes", "subject_phone", "subject_email")
    assert [fact.data[name] for name in said] == [
        "dashboard",
        "processor",
        ["marketing"],
        "+3197010000001",
        "someone@example.com",
    ]


def test_csv_says_the_same() -> None:
    """Columns in any order, empty cells left out, purposes separated by semicolons, lines as numbered in the file."""
    first, second = from_csv(
        "Right,phone,requester,purposes,account\n"
        "objection,+3197010000001,visitor,marketing; profiling,\n"
        '\n"access",,customer,,"acc, 7"\n'
    )
    assert isinstance(first, ConvertedFact)
    assert isinstance(second, ConvertedFact)
    assert (first.line, first.data["purposes"], first.data["subject_phone"]) == (
        2,
        ["marketing", "profiling"],
        "+3197010000001",
    )
    assert (second.line, second.data["purposes"], second.data["subject_account"]) == (4, [], "acc, 7")
    assert "subject_phone" not in second.data


def test_same_file_gives_the_same_facts() -> None:
    """So that sending it again is no second request."""
    assert from_json(LINE, LINE) == from_json(LINE, LINE)
    assert len({fact.event_id for fact in from_json(LINE, LINE) if isinstance(fact, ConvertedFact)}) == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"right": "everything"}, "field right: expected access or"),
        ({"right": None}, "field right: expected access or"),
        ({"channel": "pigeon"}, "field channel: expected email or"),
        ({"requester": 7}, "field requester: expected text"),
        ({"purposes": [7]}, "field purposes: expected codes"),
        ({"purposes": {}}, "field purposes: expected codes"),
        ({"received_at": "yesterday"}, "field received_at: expected an RFC 3339 time"),
        ({"received_at": "2026-03-05"}, "field received_at: expected an RFC 3339 time"),
        ({"phone": None}, "expected who asks"),
        ({"phone": "anonymous"}, "field phone: expected what identifies a person"),
        ({"phone": "  "}, "field phone: expected text"),
        ({"email": "nobody"}, "field email: expected what identifies a person"),
        ({"pseudonym": "seven"}, "field pseudonym: expected what identifies a person"),
        ({"request_id": "x" * 1025}, "field request_id: expected text"),
        ({"request_id": "a\x00b"}, "field request_id: expected text"),
        ({"name": "+3197010000009"}, "expected only the fields"),
    ],
)
def test_refusal_names_the_field(changes: dict[str, Any], expected: str) -> None:
    """And what was expected there, never what was found."""
    refused = reason({**LINE, **changes})
    assert refused.startswith(expected)
    assert "31970" not in refused


@pytest.mark.parametrize("raw", [b"[]\n", b"nonsense\n", b'{"right"\n', b"\xff\xfe\n", b"7\n"])
def test_line_that_is_no_object_is_refused(raw: bytes) -> None:
    """The others are read."""
    [refused, fact] = from_json(raw=raw + msgspec.json.encode(LINE))
    assert isinstance(refused, RefusedLine)
    assert (refused.line, refused.reason.startswith("expected one JSON object")) == (1, True)
    assert isinstance(fact, ConvertedFact)


def test_line_that_is_too_long_is_refused() -> None:
    """Memory does not grow with what somebody sends."""
    long = msgspec.json.encode({**LINE, "account": "x" * LINE_SIZE_BYTES_MAX}) + b"\n"
    [refused, fact] = from_json(raw=long + msgspec.json.encode(LINE))
    assert isinstance(refused, RefusedLine)
    assert isinstance(fact, ConvertedFact)
    assert fact.line == 2


@pytest.mark.parametrize(
    ("header", "column"),
    [("access,api,+3197010000001", 1), ("right,right,phone", 2), ("right,telephone", 2), ("right,", 2)],
)
def test_header_names_known_columns_once(header: str, column: int) -> None:
    """A file without one begins with somebody's request: the error names the column, not what is in it."""
    with pytest.raises(DataError) as raised:
        from_csv(f"{header}\n")
    assert f"column {column}" in str(raised.value)
    assert "31970" not in str(raised.value)
    assert ", ".join(COLUMNS) in str(raised.value)


def test_unreadable_header_is_refused() -> None:
    """A first line that is no CSV is no header."""
    with pytest.raises(DataError):
        from_csv('"right\n')


def test_wrong_number_of_cells_is_refused() -> None:
    """That line only."""
    refused, fact = from_csv("right,requester,phone\naccess,customer\naccess,customer,+3197010000001\n")
    assert refused == RefusedLine(line=2, reason="expected 3 columns, found 2")
    assert isinstance(fact, ConvertedFact)


def test_nothing_in_a_file_is_nothing() -> None:
    """An empty file, or a header alone."""
    assert from_csv("") == from_csv("right,phone\n") == from_json(raw=b"\n\n") == []


@given(st.binary(max_size=300), st.booleans())
def test_whatever_is_in_a_file_is_read_or_refused(content: bytes, as_json: bool) -> None:
    """Nothing else happens."""
    found: list[Converted] = []
    # A CSV whose first line is no header is refused whole.
    with suppress(DataError) if not as_json else nullcontext():
        found.extend(convert(io.BytesIO(content), BULK, as_json=as_json))
    assert all(isinstance(each, ConvertedFact | RefusedLine) for each in found)
