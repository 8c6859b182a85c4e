"""Confluent framing: ids looked up once, schemas judged, and a registry that is away is not the publisher's fault."""

import copy
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import fastavro
import pytest

from ledger.contract.reading import Fact, RejectionReason, Unreadable, read_fact
from ledger.contract.registry import RESPONSE_BYTES_MAX, SchemaRegistry
from ledger.contract.schema_files import parse_plain
from ledger.errors import CallerError, InfrastructureError
from tests.unit.contract.samples import catalogue, headers, sample, schema

CALL = schema("call.completed")
DATUM = sample(CALL)
Change = Callable[[dict[str, Any]], object]


class FakeRegistry:
    """A registry that answers from a table of bodies, and counts what it is asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[str, str | None]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.asked.append((self.path, self.headers.get("Authorization")))
                status, body = fake.answers.get(self.path, (404, b'{"error_code": 40403}'))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def register(self, number: int, raw: Any, **more: Any) -> None:
        """Let an id stand for a schema."""
        body = json.dumps({"schema": json.dumps(raw), **more}).encode()
        self.answers[f"/schemas/ids/{number}"] = (200, body)

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """A registry on a free port of the loopback."""
    server = FakeRegistry()
    yield server
    server.close()


@pytest.fixture
def client(fake: FakeRegistry) -> SchemaRegistry:
    """Our client for it."""
    return SchemaRegistry(f"http://127.0.0.1:{fake.port}/")


def framed(number: int, raw: dict[str, Any], datum: dict[str, Any]) -> bytes:
    """Return a datum in Confluent framing, written with a schema of the test's."""
    out = BytesIO()
    out.write(b"\x00" + struct.pack(">I", number))
    fastavro.schemaless_writer(out, parse_plain(raw), datum)
    return out.getvalue()


def changed(change: Change) -> dict[str, Any]:
    """Return a copy of the call schema with one change, under another name so that its fingerprint differs."""
    raw = copy.deepcopy(CALL.raw)
    raw["namespace"] = "com.example"
    change(raw)
    return raw


def field(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a field object by name."""
    found: dict[str, Any] = next(each for each in raw["fields"] if each["name"] == name)
    return found


def without(*names: str) -> Change:
    """Return a change that leaves fields out."""
    return lambda raw: raw.update(fields=[each for each in raw["fields"] if each["name"] not in names])


def read(fake: FakeRegistry, client: SchemaRegistry, raw: dict[str, Any], datum: dict[str, Any]) -> Fact:
    """Register a schema, frame a datum with it and read that."""
    fake.register(7, raw)
    return read_fact(framed(7, raw, datum), headers(CALL), catalogue(), client)


def test_registered_catalogue_schema_read(fake: FakeRegistry, client: SchemaRegistry) -> None:
    """Our own schema in a registry gives the same fact as single-object encoding, and is asked for once."""
    for _ in range(3):
        fact = read(fake, client, CALL.raw, DATUM)
        assert fact.datum == DATUM
        assert CALL is fact.schema
    assert fake.asked == [("/schemas/ids/7", None)]


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw,
        lambda raw: raw.pop("eventType"),
        without("trunk", "caller_name"),
        lambda raw: field(raw, "caller_number").update(type="string", default=""),
        lambda raw: field(raw, "duration_s").update(type="int"),
        lambda raw: field(raw, "duration_s").update(type={"type": "long"}),
        lambda raw: field(raw, "role")["type"].update(symbols=["controller", "conduit"]),
        lambda raw: raw["fields"].reverse(),
    ],
)
def test_compatible_writer_read_as_ours(fake: FakeRegistry, client: SchemaRegistry, change: Change) -> None:
    """A writer may leave out defaults, narrow a type, order fields its own way, and forget the annotations."""
    raw = changed(change)
    datum = {each["name"]: DATUM[each["name"]] for each in raw["fields"]} | {"duration_s": 105}
    left_out = dict.fromkeys({"trunk", "caller_name"} - datum.keys())
    fact = read(fake, client, raw, datum)
    assert datum | left_out == fact.datum
    assert CALL is fact.schema


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (without("call_id"), "schema: call_id is missing"),
        (
            lambda raw: raw["fields"].append({"name": "note", "type": "string"}),
            "schema: a field the catalogue does not have",
        ),
        (lambda raw: field(raw, "duration_s").update(type="string"), "schema: the type of duration_s"),
        (
            lambda raw: field(raw, "duration_s").update(type=["null", "long"]),
            "schema: the type of duration_s",
        ),
        (lambda raw: field(raw, "started_at").update(type="long"), "schema: the type of started_at"),
        (
            lambda raw: field(raw, "started_at")["type"].update(logicalType="timestamp-millis"),
            "schema: the type of started_at",
        ),
        (lambda raw: field(raw, "role")["type"]["symbols"].append("observer"), "schema: the type of role"),
        (
            lambda raw: field(raw, "processors")["type"].update(items="bytes"),
            "schema: the type of processors",
        ),
        (
            lambda raw: field(raw, "trunk").update(type=["null", raw["name"]]),
            "schema: not a record that is safe to decode",
        ),
        (
            lambda raw: field(raw, "trunk").update(type={"type": "array", "items": "null"}),
            "schema: not a record that is safe to decode",
        ),
    ],
)
def test_incompatible_writer_refused(
    fake: FakeRegistry, client: SchemaRegistry, change: Change, detail: str
) -> None:
    """A schema that adds, drops or re-means a field is refused by name, before any datum is read."""
    fake.register(7, changed(change))
    with pytest.raises(Unreadable) as caught:
        read_fact(b"\x00\x00\x00\x00\x07" + bytes(9), headers(CALL), catalogue(), client)
    assert (RejectionReason.SCHEMA_REFUSED, detail) == (caught.value.reason, caught.value.detail)


def test_unknown_type_of_registered_schema_refused(fake: FakeRegistry, client: SchemaRegistry) -> None:
    """A registered schema of no event of ours yields no fact."""
    fake.register(7, changed(lambda raw: raw.update(eventType="call.imagined")))
    with pytest.raises(Unreadable) as caught:
        read_fact(b"\x00\x00\x00\x00\x07\x00", headers(CALL), catalogue(), client)
    assert caught.value.reason == RejectionReason.TYPE_UNKNOWN


def test_unknown_id_refused_and_asked_again(fake: FakeRegistry, client: SchemaRegistry) -> None:
    """An id the registry does not know may be known later, so the answer is not kept."""
    with pytest.raises(Unreadable) as caught:
        read_fact(b"\x00\x00\x00\x00\x07\x00", headers(CALL), catalogue(), client)
    assert caught.value.reason == RejectionReason.SCHEMA_ID_UNKNOWN
    assert read(fake, client, CALL.raw, DATUM)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"schema": "{}", "schemaType": "PROTOBUF"}, RejectionReason.SCHEMA_REFUSED),
        ({"schema": json.dumps(CALL.raw), "references": [{"name": "x"}]}, RejectionReason.SCHEMA_REFUSED),
        ({"schema": "not json"}, RejectionReason.SCHEMA_REFUSED),
        ({"schema": 5}, RejectionReason.SCHEMA_REFUSED),
        ({"schema": '"string"'}, RejectionReason.SCHEMA_REFUSED),
        ({"schema": "x" * RESPONSE_BYTES_MAX}, RejectionReason.SCHEMA_REFUSED),
    ],
)
def test_unusable_schema_refused(
    fake: FakeRegistry, client: SchemaRegistry, body: dict[str, Any], reason: RejectionReason
) -> None:
    """What the registry calls a schema must be one self-contained Avro record."""
    fake.answers["/schemas/ids/7"] = (200, json.dumps(body).encode())
    with pytest.raises(Unreadable) as caught:
        client.schema(7)
    assert reason == caught.value.reason


@pytest.mark.parametrize(
    "answer", [(500, b""), (503, b"{}"), (401, b""), (200, b"<html>"), (200, b"[]"), (200, b"{}")]
)
def test_registry_in_trouble_is_retriable(
    fake: FakeRegistry, client: SchemaRegistry, answer: tuple[int, bytes]
) -> None:
    """An error or a proxy's page says nothing about the record: it is tried again, not rejected."""
    fake.answers["/schemas/ids/7"] = answer
    with pytest.raises(InfrastructureError) as caught:
        client.schema(7)
    assert caught.value.retriable


def test_registry_away_is_retriable() -> None:
    """Nobody listening is trouble of ours, not of the record."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(InfrastructureError):
            SchemaRegistry(f"http://127.0.0.1:{unused.getsockname()[1]}", timeout_s=1).schema(7)


def test_login_sent_as_basic_authentication(fake: FakeRegistry) -> None:
    """A login in the address goes into a header and never into an error."""
    client = SchemaRegistry(f"http://someone:se%3Acret@127.0.0.1:{fake.port}")
    fake.register(7, CALL.raw)
    client.schema(7)
    assert fake.asked == [("/schemas/ids/7", "Basic c29tZW9uZTpzZTpjcmV0")]
    fake.answers["/schemas/ids/8"] = (500, b"")
    with pytest.raises(InfrastructureError) as caught:
        client.schema(8)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "registry:8081", "file:///etc/passwd", "ftp://registry", "http://"])
def test_unusable_address_refused(url: str) -> None:
    """Only http and https are asked."""
    with pytest.raises(CallerError):
        SchemaRegistry(url)
