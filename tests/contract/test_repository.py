"""Aggregates come back out of the store as they went in: at any version, one or many."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from eventsourcing.postgres import PostgresDatastore
from psycopg.sql import SQL, Identifier

from ledger.aggregates.agreement import Agreement
from ledger.aggregates.cases import case_stream
from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.streams import SNAPSHOT_EVERY, LedgerAggregate, LedgerEvent, LedgerSnapshot, Stream
from ledger.aggregates.subject_state import ConsentState
from ledger.contract.ledger_record import encode_entry, encode_rejected
from ledger.entry import Entry, LedgerRecord, Rejected
from ledger.errors import IntegrityError, NotFound
from ledger.recording.effects import StoredEntry
from ledger.store.entry_mapper import EntryMapper, SnapshotMapper
from ledger.store.event_recorder import make_datastore
from ledger.store.repository import LedgerRepository

SUBJECT = UUID("00000000-0000-4000-8000-000000000001")
COUNT = 2 * SNAPSHOT_EVERY + 50


def make_entry(stream: UUID, number: int, event_type: str = "call.completed", kind: str = "subject") -> Entry:
    """The fact that happened at second `number`."""
    return Entry(
        source_topic="inbox.processing",
        source_partition=0,
        source_offset=number,
        part=0,
        parts=1,
        previous_offset=None,
        previous_part=None,
        sealed_at=1_700_000_100_000_000 + number,
        rules_at=0,
        stream=stream,
        stream_kind=kind,
        event_id=f"{event_type}-{number}",
        event_source="//pbx.example/1",
        event_type=event_type,
        event_version=1,
        occurred_at=number * 1_000_000,
        occurred_day=19_000,
        controller="switchboard-example",
        role="processor",
        purpose="telephony",
        lawful_basis="contract",
        data_categories=["traffic"],
        processors=["carrier-example"],
        storage_country="NL",
        instruction_id=None,
        notice_version=None,
        retry_of=None,
        subject_roles=["caller"],
        open_fields="{}",
        salt=bytes(32),
        content_mac=bytes(32),
        sealed=[],
        dropped=[],
    )


def make_rejected(stream: UUID) -> Rejected:
    """Input nobody could read."""
    return Rejected(
        source_topic="inbox.consent",
        source_partition=0,
        source_offset=1,
        part=0,
        parts=1,
        previous_offset=None,
        previous_part=None,
        sealed_at=1_700_000_000_000_000,
        rules_at=0,
        stream=stream,
        stream_kind="rejected",
        reason="unknown_schema",
        detail="value",
        occurred_day=19_000,
        attempts=1,
        salt=bytes(32),
        sealed=[],
    )


def entry_value(record: LedgerRecord) -> bytes:
    """The record's Kafka value."""
    return encode_rejected(record) if isinstance(record, Rejected) else encode_entry(record)


def history() -> list[Entry]:
    """Consents given at second 10, withdrawn at 150, calls around them."""
    families = {10: "consent.given", 150: "consent.withdrawn"}
    return [
        make_entry(SUBJECT, number, families.get(number, "call.completed")) for number in range(1, COUNT + 1)
    ]


@pytest.fixture
def repository(dsn: str, schema: str) -> Iterator[LedgerRepository]:
    """A repository on a migrated schema."""
    with make_datastore(dsn, schema) as datastore:
        yield LedgerRepository(datastore)


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    """A recorder's own connection."""
    with psycopg.connect(dsn) as opened:
        yield opened
        opened.rollback()


def entry_row(event: LedgerEvent, value: bytes, partition: int, offset: int) -> StoredEntry:
    """An event as the recorder stores it."""
    return StoredEntry(
        event.originator_id, event.originator_version, event.TOPIC, value, partition, offset, None
    )


def record_history(
    repository: LedgerRepository, connection: psycopg.Connection, batch_size: int
) -> dict[int, DataSubject]:
    """Records `history` in batches as the recorder does; returns a copy of the subject at each version."""
    recorder, cursor = repository.recorder, connection.cursor()
    entries, position, seen = history(), None, {}
    for start in range(0, len(entries), batch_size):
        subject = repository.load_many(cursor, [SUBJECT]).get(SUBJECT) or DataSubject.unseen(SUBJECT)
        assert isinstance(subject, DataSubject)
        rows: list[StoredEntry] = []
        snapshots = []
        for offset, entry in enumerate(entries[start : start + batch_size], start=start):
            rows.append(entry_row(subject.record(entry), entry_value(entry), 1, offset))
            if subject.version % SNAPSHOT_EVERY == 0:
                snapshots.append(SnapshotMapper().to_stored_event(LedgerSnapshot.take(subject)))
            seen[subject.version] = DataSubject.from_state(SUBJECT, subject.version, subject.to_state())
        recorder.advance(cursor, 1, position, rows[-1].offset)
        recorder.copy_snapshots(cursor, snapshots)
        recorder.copy_entries(cursor, rows)
        connection.commit()
        position = rows[-1].offset
    return seen


@pytest.mark.parametrize("batch_size", [1, 7, COUNT])
def test_every_version_comes_back(
    repository: LedgerRepository, connection: psycopg.Connection, batch_size: int
) -> None:
    """Time travel: the subject at any version is the subject as it was then, whatever the batches."""
    seen = record_history(repository, connection, batch_size)
    for version in (1, 9, 10, SNAPSHOT_EVERY - 1, SNAPSHOT_EVERY, SNAPSHOT_EVERY + 1, 149, 150, COUNT):
        assert seen[version] == repository.subject(SUBJECT, version)
    assert seen[COUNT] == repository.subject(SUBJECT)
    assert ConsentState.GIVEN is repository.subject(SUBJECT, 149).consent_at("telephony", 160_000_000)
    assert ConsentState.WITHDRAWN is repository.subject(SUBJECT, 150).consent_at("telephony", 160_000_000)


def test_snapshots_do_not_depend_on_batches(
    repository: LedgerRepository,
    connection: psycopg.Connection,
    dsn: str,
    schema: str,
    shadow_schema: str,
) -> None:
    """Snapshot rows follow from the ledger bytes: equal in two schemas recorded in different batches."""
    record_history(repository, connection, 7)
    with make_datastore(dsn, shadow_schema) as datastore:
        record_history(LedgerRepository(datastore), connection, COUNT)
    rows = [
        connection.execute(
            SQL("SELECT * FROM {}.stored_snapshots ORDER BY originator_version").format(Identifier(name))
        ).fetchall()
        for name in (schema, shadow_schema)
    ]
    assert rows[0] == rows[1]
    assert [row[1] for row in rows[0]] == [SNAPSHOT_EVERY, 2 * SNAPSHOT_EVERY]


def test_many_aggregates_load_as_one_by_one(
    repository: LedgerRepository, connection: psycopg.Connection
) -> None:
    """The batch load equals the library's get for subjects and plain streams; strangers are absent."""
    record_history(repository, connection, COUNT)
    governance, rejected, cursor = uuid4(), uuid4(), connection.cursor()
    records: list[LedgerRecord] = [
        make_entry(governance, 1, "notice.published", "governance"),
        make_entry(governance, 2, "notice.published", "governance"),
        make_rejected(rejected),
    ]
    streams = {stream: Stream.unseen(stream) for stream in (governance, rejected)}
    repository.recorder.copy_entries(
        cursor,
        [
            entry_row(streams[record.stream].record(record), entry_value(record), 0, offset)
            for offset, record in enumerate(records)
        ],
    )
    connection.commit()

    loaded = repository.load_many(cursor, [SUBJECT, governance, rejected, uuid4()])

    one_by_one: dict[UUID, LedgerAggregate] = {
        stream: repository.get(stream) for stream in (SUBJECT, governance, rejected)
    }
    assert one_by_one == loaded
    assert streams[governance] == loaded[governance]
    assert streams[rejected] == loaded[rejected]


CASE = case_stream("switchboard-example", "agreement", "main")


def make_fact(number: int, event_type: str, **fields: object) -> Entry:
    """The fact of an agreement that happened at second `number`."""
    open_fields = msgspec.json.encode({"agreement_id": "main", **fields}, order="sorted").decode()
    entry = make_entry(CASE, number, event_type, "governance")
    return msgspec.structs.replace(entry, open_fields=open_fields)


def agreement_history() -> list[Entry]:
    """An agreement signed at second 1; from then on a declaration is made and revoked, every second."""
    signed = {"signed_by_controller_at": 1_000_000, "signed_by_provider_at": 1_000_000}
    concluded = {"agreement_kind": "terms", "document_version": "1", **signed}
    declared = ("recording.purpose_declared", "recording.purpose_revoked")
    return [
        make_fact(1, "agreement.concluded", **concluded),
        *(
            make_fact(number, declared[number % 2], recording_purpose="quality")
            for number in range(2, SNAPSHOT_EVERY + 20)
        ),
    ]


def record_agreement(repository: LedgerRepository, connection: psycopg.Connection) -> list[dict[str, object]]:
    """Records `agreement_history` at every third offset; returns the agreement's state at each version."""
    agreement, rows, snapshots, states = Agreement.unseen(CASE), [], [], []
    for place, entry in enumerate(agreement_history()):
        event = agreement.record(entry, 3 * place)
        rows.append(entry_row(event, entry_value(entry), 0, 3 * place))
        states.append(agreement.to_state())
        if agreement.version % SNAPSHOT_EVERY == 0:
            snapshots.append(SnapshotMapper().to_stored_event(LedgerSnapshot.take(agreement)))
    repository.recorder.copy_snapshots(connection.cursor(), snapshots)
    repository.recorder.copy_entries(connection.cursor(), rows)
    connection.commit()
    return states


def test_case_comes_back_with_the_offsets_of_its_facts(
    repository: LedgerRepository, connection: psycopg.Connection
) -> None:
    """What a case says names ledger entries: loaded from a snapshot and the events after it, as it was folded."""
    states = record_agreement(repository, connection)
    loaded = repository.load_many(connection.cursor(), [CASE])[CASE]
    assert isinstance(loaded, Agreement)
    assert states[-1] == loaded.to_state()
    assert [3 * place for place in range(1, len(states))] == [each.offset for each in loaded.declarations]


def test_case_travels_in_time(repository: LedgerRepository, connection: psycopg.Connection) -> None:
    """At any version it is the case as it was then, offsets and all, and answers what was known then."""
    states = record_agreement(repository, connection)
    for version in (1, 2, 3, SNAPSHOT_EVERY - 1, SNAPSHOT_EVERY, SNAPSHOT_EVERY + 1, len(states)):
        agreement: LedgerAggregate = repository.get(CASE, version=version)
        assert isinstance(agreement, Agreement)
        assert states[version - 1] == agreement.to_state()
        assert agreement.in_force_at(1_000_000)
        declared = agreement.recording_declared_at("quality", 1 << 60)
        assert declared is (version > 1 and version % 2 == 0)


def test_facts_of_rules_and_of_cases_are_found_by_their_names(
    repository: LedgerRepository, connection: psycopg.Connection, schema: str
) -> None:
    """The stored name of a fact is its event type: what judging needs is one lookup by name."""
    record_agreement(repository, connection)
    stream = Stream.unseen(uuid4())
    types = ("policy.adopted", "hold.placed", "retention.set")
    entries = [make_entry(stream.id, number, each, "governance") for number, each in enumerate(types)]
    rows = [
        entry_row(stream.record(entry, 1000 + place), entry_value(entry), 0, 1000 + place)
        for place, entry in enumerate(entries)
    ]
    repository.recorder.copy_entries(connection.cursor(), rows)
    names = connection.execute(
        SQL("SELECT DISTINCT topic FROM {}.stored_events ORDER BY topic").format(Identifier(schema))
    ).fetchall()
    assert [name for (name,) in names] == [
        "agreement.concluded",
        "policy.adopted",
        "recording.purpose_declared",
        "recording.purpose_revoked",
        "retention.set",
        "stream.entry_recorded",
    ]


def test_stored_state_is_the_record_verbatim(
    repository: LedgerRepository, connection: psycopg.Connection, schema: str
) -> None:
    """Read in offset order, the store gives the topic's values back, byte for byte."""
    record_history(repository, connection, COUNT)
    stored = connection.execute(
        SQL("SELECT state FROM {}.stored_events ORDER BY ledger_partition, ledger_offset").format(
            Identifier(schema)
        )
    ).fetchall()
    assert [(entry_value(entry),) for entry in history()] == stored


def test_library_put_and_get(repository: LedgerRepository) -> None:
    """The library's own event store writes and reads our events too."""
    subject = DataSubject.unseen(SUBJECT)
    events = [subject.record(entry) for entry in history()[:3]]
    repository.event_store.put(events)
    assert events == list(repository.event_store.get(SUBJECT))
    assert subject == repository.subject(SUBJECT)


def test_unknown_subject_not_found(repository: LedgerRepository) -> None:
    """A stranger, and a stream that is nobody's history, are not data subjects."""
    with pytest.raises(NotFound):
        repository.subject(uuid4())
    stream = Stream.unseen(uuid4())
    repository.event_store.put([stream.record(make_rejected(stream.id))])
    with pytest.raises(NotFound):
        repository.subject(stream.id)


def test_damaged_rows_are_integrity_errors() -> None:
    """A name nobody knows is never imported; a record in another stream's place is noticed."""
    mapper = EntryMapper()
    stored = mapper.to_stored_event(DataSubject.unseen(SUBJECT).record(history()[0]))
    for damaged in ("os:system", "data_subject.v3", ""):
        with pytest.raises(IntegrityError, match="name this program does not know"):
            mapper.to_domain_event(type(stored)(SUBJECT, 1, damaged, stored.state))
    with pytest.raises(IntegrityError, match="another stream"):
        mapper.to_domain_event(type(stored)(uuid4(), 1, stored.topic, stored.state))

    subject = DataSubject.unseen(SUBJECT)
    subject.record(history()[0])
    snapshot = SnapshotMapper().to_stored_event(LedgerSnapshot.take(subject))
    with pytest.raises(IntegrityError, match="another version of this program"):
        SnapshotMapper().to_domain_event(type(snapshot)(SUBJECT, 1, "data_subject.v0", snapshot.state))


def test_repository_needs_only_a_datastore(dsn: str, schema: str) -> None:
    """It opens and closes with the datastore."""
    datastore: PostgresDatastore = make_datastore(dsn, schema)
    with datastore, pytest.raises(NotFound):
        LedgerRepository(datastore).subject(uuid4())
