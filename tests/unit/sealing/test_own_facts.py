"""The ledger's own facts: believed with the right MAC, refused in every other form; and each fact on its own topic."""

from collections.abc import Callable, Sequence

import pytest

from ledger.contract.catalogue import EventSchema
from ledger.contract.ledger_record import decode_record
from ledger.contract.registry import RegisteredSchema, SchemaRegistry
from ledger.contract.writing import structured_headers, structured_json
from ledger.entry import Entry
from ledger.log.records import Partition, ReadRecord
from ledger.sealing.own_facts import MAC_HEADER, own_fact_mac
from ledger.sealing.sealer import Reading, Refusal, Sealer
from tests.unit.contract.samples import EVENT_ID, OCCURRED_AT, SOURCE, catalogue, schema
from tests.unit.sealing.events import SCHEMAS, datum, inbox_record, mac
from tests.unit.sealing.memory_vault import OWN_FACTS_KEY, MemoryVault

OWN = schema("key.destroyed")
OTHER = schema("retention.ended")
Headers = Sequence[tuple[str, bytes]]


class OneSchema(SchemaRegistry):
    """A registry that knows the ledger's own schema too."""

    def __init__(self) -> None:
        self._one = RegisteredSchema(OWN.raw)

    def schema(self, schema_id: int) -> RegisteredSchema:
        """Whatever the id."""
        return self._one


@pytest.fixture
def sealer() -> Sealer:
    """A sealer on an empty vault."""
    return Sealer(MemoryVault(), catalogue(), ledger_partitions=8, registry=OneSchema())


def own_record(**changes: object) -> ReadRecord:
    """A fact of the ledger's own, rightly authenticated."""
    return inbox_record(OWN, datum(OWN, **changes))


def without_mac(record: ReadRecord) -> Headers:
    """The record's other headers."""
    return [header for header in record.headers if header[0] != MAC_HEADER]


def with_mac(record: ReadRecord, stated: bytes) -> ReadRecord:
    """The record with another MAC."""
    return record._replace(headers=[*without_mac(record), (MAC_HEADER, stated)])


def with_header(record: ReadRecord, name: str, value: bytes) -> ReadRecord:
    """The record with another value of one of its headers."""
    return record._replace(
        headers=[(each, value if each == name else content) for each, content in record.headers]
    )


def reason(read: Reading | Refusal) -> str:
    """Why it was refused; empty when it was not."""
    return read.reason.value if isinstance(read, Refusal) else ""


def test_the_ledgers_own_fact_is_believed(sealer: Sealer) -> None:
    """With the MAC of exactly what it says."""
    assert not reason(sealer.read(own_record(), 1))


Forge = Callable[[ReadRecord], ReadRecord]
FORGERIES: dict[str, Forge] = {
    "no header": lambda record: record._replace(headers=without_mac(record)),
    "an empty header": lambda record: with_mac(record, b""),
    "another MAC": lambda record: with_mac(record, b"00" * 32),
    "the MAC in capitals": lambda record: with_mac(record, dict(record.headers)[MAC_HEADER].upper()),
    "half of the MAC": lambda record: with_mac(record, dict(record.headers)[MAC_HEADER][:32]),
    "a MAC under another key": lambda record: with_mac(record, mac(OWN, record.value or b"", key=bytes(32))),
    "the MAC of another value": lambda record: record._replace(
        value=own_record(destruction_id="another").value
    ),
    "the MAC of another id": lambda record: with_header(record, "ce_id", b"another"),
    "the MAC of another source": lambda record: with_header(record, "ce_source", b"urn:example:another"),
    "the MAC of another time": lambda record: with_header(record, "ce_time", b"2026-03-28T00:00:00Z"),
    "the MAC of another type": lambda record: with_mac(record, mac(OTHER, record.value or b"")),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_forgery_is_refused(forge: Forge, sealer: Sealer) -> None:
    """Whoever may publish a notice may not say that a key was destroyed."""
    refused = sealer.read(forge(own_record()), 1)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.detail) == ("not_the_ledger", "ce_ledgermac")


def test_mac_that_stands_twice_is_refused(sealer: Sealer) -> None:
    """Else one reader could take the first and another the second."""
    record = own_record()
    twice = record._replace(headers=[*record.headers, (MAC_HEADER, dict(record.headers)[MAC_HEADER])])
    assert reason(sealer.read(twice, 1)) == "header_invalid"


def test_other_spelling_of_the_same_time_is_believed(sealer: Sealer) -> None:
    """The MAC is over the instant."""
    again = with_header(own_record(), "ce_time", b"2026-03-27T08:31:56.25+01:00")
    assert not reason(sealer.read(again, 1))


@pytest.mark.parametrize("event", [event for event in SCHEMAS if event.own], ids=lambda event: event.name)
def test_json_form_is_refused_even_with_a_mac_of_it(event: EventSchema, sealer: Sealer) -> None:
    """The ledger publishes in one way only; a MAC over other bytes is nobody's."""
    value = structured_json(event, EVENT_ID, SOURCE, OCCURRED_AT, datum(event))
    headers = [*structured_headers(), (MAC_HEADER, mac(event, value))]
    record = ReadRecord(Partition(event.topic, 0), 0, None, value, headers, 0)
    assert reason(sealer.read(record, 1)) == "not_the_ledger"


def test_registry_framing_is_refused_even_with_a_mac_of_it(sealer: Sealer) -> None:
    """Likewise for bytes whose schema a registry names."""
    record = own_record()
    framed = b"\x00\x00\x00\x00\x07" + (record.value or b"")[10:]
    forged = with_mac(record._replace(value=framed), mac(OWN, framed))
    assert reason(sealer.read(forged, 1)) == "not_the_ledger"


def test_mac_on_a_services_fact_is_passed_over(sealer: Sealer) -> None:
    """It says nothing there."""
    call = schema("call.completed")
    record = inbox_record(call, datum(call))
    stated = record._replace(headers=[*record.headers, (MAC_HEADER, b"anything")])
    assert not reason(sealer.read(stated, 1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c", "d"), ("a", "bc", "d")),
        (("a", "b", "cd"), ("a", "bc", "d")),
        (("", "ab", "c"), ("ab", "", "c")),
    ],
)
def test_mac_tells_where_each_part_ends(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """The same letters cut otherwise are another fact."""

    def of(parts: tuple[str, str, str]) -> bytes:
        event_type, event_id, source = parts
        return own_fact_mac(
            OWN_FACTS_KEY, event_type=event_type, event_id=event_id, source=source, occurred_at=0, value=b""
        )

    assert of(one) != of(other)


def test_own_fact_has_no_content_mac(sealer: Sealer) -> None:
    """Said again after a crash, at another moment, it is a repeat and never a finding."""
    batch = sealer.seal([sealer.read(own_record(), 1)], {}, sealed_at=0, rules_at=0)
    (entry,) = (decode_record(record.value) for record in batch.records)
    assert isinstance(entry, Entry)
    assert entry.content_mac is None


@pytest.mark.parametrize("event", SCHEMAS, ids=lambda event: f"{event.event_type}.v{event.version}")
def test_fact_on_another_topic_than_its_own_is_refused(event: EventSchema, sealer: Sealer) -> None:
    """Rights are given per topic: a switch that may publish calls may not lift holds by the same right."""
    for topic in {"inbox.processing", "inbox.consent", "inbox.rights", "inbox.governance"} - {event.topic}:
        refused = sealer.read(inbox_record(event, datum(event), partition=Partition(topic, 0)), 1)
        assert isinstance(refused, Refusal)
        assert (refused.reason, refused.detail) == ("topic_wrong", "topic")
