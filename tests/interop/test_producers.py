"""An outsider can publish and can read our log: with Avro and Kafka clients that know nothing of us.

Node (avsc, kafkajs) and Java (Apache Avro, Apache Kafka) publish `events.json` to the embedded broker, and read
the `ledger` topic back. `make interop` runs this; it fetches their packages the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry, LedgerRecord, Rejected
from ledger.log.publisher import Published
from ledger.recording.repeats import EVENT_ID_REUSED
from ledger.sealing.opening import open_record, read_keys
from ledger.store.queries import Queries
from tests.interop.clients import ASKED_FOR, CLIENTS, SCHEMAS, Client
from tests.interop.stated import Event, events, micros
from tests.ledger_home import LedgerHome, ledger_records, settle

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not ASKED_FOR, reason="needs Node, npm, Java and Maven: run `make interop`"),
    pytest.mark.timeout(1500),  # the first build fetches packages
]

EVENTS = events()
CONTROLLER = "interop-example"
Coordinates = tuple[int, int]
"""Ledger partition and offset."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A ledger that both clients have published to, sealed and recorded."""

    home: LedgerHome
    parts: Runtime
    clients: dict[str, Client]
    printed: dict[str, Any]
    log: dict[Coordinates, LedgerRecord]

    def sent(self, client: str) -> list[tuple[Event, Published]]:
        """The events with where the client says they landed."""
        landed = [
            Published(each["topic"], each["partition"], each["offset"])
            for each in self.printed[client]["sent"]
        ]
        return list(zip(EVENTS, landed, strict=True))

    def records(self, at: Published) -> dict[Coordinates, LedgerRecord]:
        """The ledger records an inbox record became."""
        return {
            coordinates: record
            for coordinates, record in self.log.items()
            if at == (record.source_topic, record.source_partition, record.source_offset)
        }


@pytest.fixture(scope="module")
def scene(home: LedgerHome) -> Iterator[Scene]:
    """Both clients publish every event; then everything is sealed and recorded."""
    clients = {name: build() for name, build in CLIENTS.items()}
    with home.parts() as parts:
        printed = {name: client.publish(parts.kafka) for name, client in clients.items()}
        settle(parts)
        log = {
            (record.partition.number, record.offset): decode_record(record.value or b"")
            for record in ledger_records(parts)
        }
        yield Scene(home=home, parts=parts, clients=clients, printed=printed, log=log)


@pytest.fixture(scope="module")
def trail(scene: Scene) -> dict[str, Any]:
    """What `ledger trail` shows, by ledger coordinates."""
    found = scene.home.json("trail", "--controller", CONTROLLER, "--limit", "10000")
    return {entry["ledger"]: entry for entry in found["entries"]}


@pytest.fixture(scope="module")
def rejections(scene: Scene) -> dict[str, Any]:
    """What `ledger rejected list` shows, by inbox coordinates."""
    return {row["source"]: row for row in scene.home.json("rejected", "list")["rejected"]}


@pytest.fixture(params=sorted(CLIENTS))
def client(request: pytest.FixtureRequest) -> str:
    """Each client in turn."""
    return str(request.param)


def shown(coordinates: Coordinates) -> str:
    """Coordinates as the command line prints them."""
    return f"{coordinates[0]}:{coordinates[1]}"


def test_avro_itself_makes_the_header_bytes_we_publish(scene: Scene) -> None:
    """Java's encoder computes a fingerprint of each schema; it is the constant we tell others to prepend."""
    published = msgspec.json.decode((SCHEMAS / "fingerprints.json").read_bytes())
    assert scene.printed["java"]["headers"] == {file: each["header"] for file, each in published.items()}


def test_each_event_lands_once_in_the_topic_of_its_schema(scene: Scene, client: str) -> None:
    """The broker acknowledged every event, retries too, at coordinates of its own."""
    landed = [at for _, at in scene.sent(client)]
    assert [event.topic for event in EVENTS] == [at.topic for at in landed]
    assert len(set(landed)) == len(landed)
    assert [event.id for event in EVENTS] == [each["id"] for each in scene.printed[client]["sent"]]


def test_each_event_is_accepted_rejected_or_a_duplicate_as_expected(
    scene: Scene, client: str, trail: dict[str, Any]
) -> None:
    """No event is lost, and none has an effect it should not have."""
    outcomes = []
    for event, at in scene.sent(client):
        records = scene.records(at)
        assert records, f"{event.id} became no ledger record"
        effective = {shown(coordinates) in trail for coordinates in records}
        if all(isinstance(record, Rejected) for record in records.values()):
            outcomes.append((event.id, "rejected"))
        else:
            assert len(effective) == 1, f"{event.id} took effect for some of its people only"
            outcomes.append((event.id, "accepted" if effective == {True} else "duplicate"))
    assert [(event.id, event.outcome) for event in EVENTS] == outcomes


def test_totals_are_those_of_both_clients(scene: Scene) -> None:
    """The counters an operator sees count every event of both, once."""
    with scene.parts.store_connection(scene.parts.settings.store_schema) as connection:
        totals = Queries(connection).totals()
    each = [event.outcome for event in EVENTS] * len(CLIENTS)
    found = {"accepted": totals.accepted, "rejected": totals.rejected, "duplicate": totals.duplicates}
    assert {outcome: each.count(outcome) for outcome in found} == found
    assert totals.out_of_chain == 0


def test_trail_shows_what_was_stated(scene: Scene, client: str, trail: dict[str, Any]) -> None:
    """One entry per person, every open field as it was sent, the names of the sealed ones, and no other."""
    for event, at in scene.sent(client):
        if event.outcome != "accepted":
            continue
        entries = [trail[shown(coordinates)] for coordinates in scene.records(at)]
        assert {tuple(entry["subject_roles"]) for entry in entries} == set(event.parts), event.id
        assert len(entries) == len(event.parts), event.id
        for entry in entries:
            sealed = event.parts[tuple(entry["subject_roles"])]
            expected = {
                **event.common,
                "event_type": event.event_type,
                "event_id": event.id,
                "event_source": scene.clients[client].source,
                "details": event.details,
                "sealed_fields": {field["name"]: field["personal"] for field in sealed},
            }
            assert expected == {name: entry[name] for name in expected}, event.id
            assert event.occurred_at == micros(entry["occurred_at"]), event.id
        dropped = {name: reason for entry in entries for name, reason in entry["dropped_fields"].items()}
        assert dict.fromkeys(event.dropped, "no_subject") == dropped, event.id


def test_sealed_fields_open_to_what_was_sent(scene: Scene, client: str) -> None:
    """Text of every plane, numbers to the last bit: what was sealed is what was sent, each in one record."""
    with scene.parts.vault() as vault:
        ring = read_keys(vault, list(scene.log.values()))
    for event, at in scene.sent(client):
        if event.outcome == "rejected":
            continue
        datum = event.datum
        opened = {}
        for record in scene.records(at).values():
            assert isinstance(record, Entry)
            opened[tuple(record.subject_roles)] = open_record(ring, record)
        expected = {
            roles: {field["name"]: datum[field["name"]] for field in fields}
            for roles, fields in event.parts.items()
        }
        assert expected == opened, event.id


def test_rejected_events_say_why(scene: Scene, client: str, rejections: dict[str, Any]) -> None:
    """The stable reason and the field at fault, for the publisher to repair it by."""
    refused = [(event, at) for event, at in scene.sent(client) if event.outcome == "rejected"]
    found = [rejections[f"{at.topic}:{at.partition}:{at.offset}"] for _, at in refused]
    expected = [(event.reason, event.detail) for event, _ in refused]
    assert expected == [(row["reason"], row["detail"]) for row in found]
    assert "truncated" in {reason for reason, _ in expected}


def test_retry_in_the_other_encoding_has_the_same_content(scene: Scene) -> None:
    """JSON first and Avro later, or the same bytes twice: the ledger finds no difference in what was said."""
    with scene.parts.store_connection(scene.parts.settings.store_schema) as connection:
        findings = Queries(connection).findings(streams=None, controller=CONTROLLER, as_of=None)
    assert EVENT_ID_REUSED not in {finding.code for finding in findings}
    assert {"avro", "json"} <= {event.encoding for event in EVENTS if event.id == "message-json"}


def test_replay_gives_the_same_digest(scene: Scene) -> None:
    """What outsiders published is a function of ledger bytes like everything else."""
    replayed = scene.home.json("replay", "--verify")
    assert replayed["equal"] is True
    assert replayed["entries"] > 0


def test_outsider_reads_every_record_of_our_log(scene: Scene, client: str) -> None:
    """Coordinates and every field of every record, decoded by the published schemas, are what we read."""
    printed = scene.clients[client].read_log(scene.parts.kafka)["records"]
    theirs = {
        (int(each["partition"]), int(each["offset"])): (each["schema"], each["record"]) for each in printed
    }
    ours = {at: (schema_file(record), as_printed(record)) for at, record in scene.log.items()}
    assert set(ours) == set(theirs)
    for at, record in ours.items():
        assert record == theirs[at], at
    assert {"ledger.entry.v1.avsc", "ledger.rejected.v1.avsc"} == {file for file, _ in theirs.values()}


def schema_file(record: LedgerRecord) -> str:
    """The schema file an outsider reads a record by."""
    return "ledger.entry.v1.avsc" if isinstance(record, Entry) else "ledger.rejected.v1.avsc"


def as_printed(value: Any) -> Any:
    """A value as the clients print it: integers as text, bytes in hex."""
    printed = value
    match value:
        case msgspec.Struct():
            printed = as_printed(msgspec.structs.asdict(value))
        case dict():
            printed = {name: as_printed(each) for name, each in value.items()}
        case list():
            printed = [as_printed(each) for each in value]
        case UUID():
            printed = value.hex
        case bytes():
            printed = value.hex()
        case int() if not isinstance(value, bool):
            printed = str(value)
    return printed
