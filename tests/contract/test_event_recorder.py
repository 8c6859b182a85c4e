"""The event store keeps the `eventsourcing` library's contracts, and ours: COPY, positions, one schema."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.postgres import PostgresDatastore
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from ledger.errors import CallerError, IntegrityError
from ledger.recording.effects import IgnoredRecord, StoredEntry
from ledger.recording.repeats import fact_key
from ledger.store.event_recorder import (
    CONNECTIONS_MAX,
    LedgerEventRecorder,
    LedgerSnapshotRecorder,
    PositionMoved,
    make_datastore,
)
from ledger.store.placed_event import PlacedEvent

WAIT_S = 10
"""What a concurrent test waits for the other side before it fails; normally milliseconds."""


@pytest.fixture
def datastore(dsn: str, schema: str) -> Iterator[PostgresDatastore]:
    """The library's pool on a migrated schema."""
    with make_datastore(dsn, schema) as opened:
        yield opened


@pytest.fixture
def recorder(datastore: PostgresDatastore) -> LedgerEventRecorder:
    """The recorder under test."""
    return LedgerEventRecorder(datastore)


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    """A recorder's own connection, with a search path that leads elsewhere."""
    with psycopg.connect(dsn) as opened:
        yield opened
        opened.rollback()


class _OnPostgres:
    """Gives the library's test cases the datastore of the test."""

    datastore: PostgresDatastore

    @pytest.fixture(autouse=True)
    def _give_datastore(self, datastore: PostgresDatastore) -> None:
        self.datastore = datastore


class TestAggregateContract(_OnPostgres, AggregateRecorderTestCase):
    """The snapshots' recorder is an aggregate recorder."""

    def create_recorder(self) -> LedgerSnapshotRecorder:
        return LedgerSnapshotRecorder(self.datastore)


class TestApplicationContract(_OnPostgres, ApplicationRecorderTestCase[LedgerEventRecorder]):
    """The entries' recorder is an application recorder."""

    def create_recorder(self) -> LedgerEventRecorder:
        return LedgerEventRecorder(self.datastore)

    def test_insert_subscribe(self) -> None:
        """Subscribers see events as they come; the library leaves this case to those who support it."""
        self.optional_test_insert_subscribe()


class TestTrackingContract(_OnPostgres, TrackingRecorderTestCase):
    """The entries' recorder is a tracking recorder."""

    def create_recorder(self) -> LedgerEventRecorder:
        return LedgerEventRecorder(self.datastore)


class TestProcessContract(_OnPostgres, ProcessRecorderTestCase):
    """The entries' recorder is a process recorder."""

    def create_recorder(self) -> LedgerEventRecorder:
        return LedgerEventRecorder(self.datastore)


class TestNonInterleavingContract(_OnPostgres, NonInterleavingNotificationIDsBaseCase):
    """The library's insert issues notification ids in commit order."""

    def create_recorder(self) -> LedgerEventRecorder:
        return LedgerEventRecorder(self.datastore)


class _CopyingRecorder(LedgerEventRecorder):
    """Inserts the library's test events the way our recorder does."""

    dsn = ""

    def insert_events(self, stored_events: Any, **_: Any) -> None:
        rows = [
            StoredEntry(
                event.originator_id, event.originator_version, event.topic, event.state, 1, offset, None
            )
            for offset, event in enumerate(stored_events, start=int(stored_events[0].originator_id) % 2**40)
        ]
        with psycopg.connect(self.dsn) as connection, connection.cursor() as cursor:
            self.copy_entries(cursor, rows)


class TestNonInterleavingContractOfCopy(_OnPostgres, NonInterleavingNotificationIDsBaseCase):
    """COPY issues notification ids in commit order too."""

    @pytest.fixture(autouse=True)
    def _give_dsn(self, dsn: str) -> None:
        self.dsn = dsn

    def create_recorder(self) -> LedgerEventRecorder:
        recorder = _CopyingRecorder(self.datastore)
        recorder.dsn = self.dsn
        return recorder


def entry_rows(count: int, *, stream: UUID | None = None, first_offset: int = 0) -> list[StoredEntry]:
    """Rows of one stream at consecutive offsets of ledger partition 3."""
    stream = stream or uuid4()
    return [
        StoredEntry(
            stream,
            version,
            "call.completed",
            bytes([0, 255, version % 256]) * 20,
            3,
            first_offset + version,
            fact_key(stream, "pbx", str(version)),
        )
        for version in range(1, count + 1)
    ]


def stored_offsets(connection: psycopg.Connection, schema: str) -> list[tuple[int, int]]:
    """Ledger coordinates in notification order."""
    return connection.execute(
        SQL("SELECT ledger_partition, ledger_offset FROM {}.stored_events ORDER BY notification_id").format(
            Identifier(schema)
        )
    ).fetchall()


def test_copied_entries_are_read_back_verbatim_and_in_order(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, schema: str
) -> None:
    """State bytes survive COPY as they are, in version, coordinate and notification order."""
    rows = entry_rows(300)
    recorder.copy_entries(connection.cursor(), rows)
    connection.commit()

    assert [
        PlacedEvent(row.stream, row.version, row.topic, row.value, row.offset) for row in rows
    ] == recorder.select_events(rows[0].stream)
    assert [(row.partition, row.offset) for row in rows] == stored_offsets(connection, schema)
    assert recorder.max_notification_id() == 300


def test_copy_without_rows_stores_nothing(
    recorder: LedgerEventRecorder, connection: psycopg.Connection
) -> None:
    """A batch may have no effect at all."""
    recorder.copy_entries(connection.cursor(), [])
    connection.commit()
    assert recorder.max_notification_id() is None


def test_copy_wakes_subscribers(recorder: LedgerEventRecorder, connection: psycopg.Connection) -> None:
    """A subscription that is waiting sees copied entries without a poll of its own."""
    waiting = Event()

    def first_notification() -> UUID | str:
        with recorder.subscribe() as subscription:
            waiting.set()
            return next(iter(subscription)).originator_id

    rows = entry_rows(1)
    with ThreadPoolExecutor(1) as executor:
        received = executor.submit(first_notification)
        assert waiting.wait(WAIT_S)
        recorder.copy_entries(connection.cursor(), rows)
        connection.commit()
        assert rows[0].stream == received.result(WAIT_S)


@pytest.mark.parametrize(
    ("field", "constraint"),
    [
        ("version", "stored_events_pkey"),
        ("offset", "stored_events_coordinates_idx"),
        ("fact_key", "stored_events_fact_key_idx"),
    ],
)
def test_entry_stored_twice_is_an_integrity_error(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, schema: str, field: str, constraint: str
) -> None:
    """A stream version, a coordinate and a fact exist once; the message says which and quotes no value."""
    first, other = entry_rows(1)[0], entry_rows(1, first_offset=100)[0]
    recorder.copy_entries(connection.cursor(), [first])
    connection.commit()

    if field == "version":
        again = other._replace(stream=first.stream, version=first.version)
    else:
        again = other._replace(**{field: getattr(first, field)})
    with pytest.raises(IntegrityError, match=constraint) as raised:
        recorder.copy_entries(connection.cursor(), [again])
    connection.rollback()
    assert str(first.stream) not in str(raised.value)
    assert stored_offsets(connection, schema) == [(3, 1)]


def test_facts_are_found_by_key_with_their_first_record(
    recorder: LedgerEventRecorder, connection: psycopg.Connection
) -> None:
    """The publisher-retry rule gets what it must compare."""
    rows = entry_rows(3)
    recorder.copy_entries(connection.cursor(), rows)
    key = fact_key(rows[1].stream, "pbx", "2")

    found = recorder.select_facts(connection.cursor(), [key, uuid4()])

    assert {key: (rows[1].stream, 2, 3, 2, rows[1].value)} == found


def test_fact_key_keeps_its_parts_apart() -> None:
    """Moving a character from one part to the next gives another key; the key of one fact is for ever."""
    stream = UUID("00000000-0000-4000-8000-000000000001")
    assert fact_key(stream, "ab", "c") != fact_key(stream, "a", "bc")
    assert UUID("5ad847c6-c00b-b80b-c586-33e6845642d6") == fact_key(stream, "//pbx.example/1", "call-7")


def test_ignored_records_and_snapshots_are_copied(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, schema: str
) -> None:
    """Leaves without effect keep their bytes; snapshots are the library's to read."""
    ignored = IgnoredRecord(3, 9, "resealed", "inbox.processing", 0, 77, 1, b"\xc3\x01\x00")
    recorder.copy_ignored(connection.cursor(), [ignored])
    snapshot = StoredEvent(uuid4(), 100, "data_subject.v3", b"{}")
    recorder.copy_snapshots(connection.cursor(), [snapshot])
    connection.commit()

    table = SQL("SELECT * FROM {}.ignored_records").format(Identifier(schema))
    assert [tuple(ignored)] == connection.execute(table).fetchall()
    assert [snapshot] == LedgerSnapshotRecorder(recorder.datastore).select_events(snapshot.originator_id)


def test_ignored_record_of_unknown_kind_refused(
    recorder: LedgerEventRecorder, connection: psycopg.Connection
) -> None:
    """The reasons for having no effect are a closed list."""
    with pytest.raises(IntegrityError, match="ignored_records_kind_check"):
        recorder.copy_ignored(
            connection.cursor(), [IgnoredRecord(3, 9, "lost", "inbox.rights", 0, 1, 0, b"")]
        )


def test_events_of_many_aggregates_after_their_versions(
    recorder: LedgerEventRecorder, connection: psycopg.Connection
) -> None:
    """Each aggregate's events come from its own version on; aggregates without any are absent."""
    long, short = entry_rows(5), entry_rows(2, first_offset=10)
    recorder.copy_entries(connection.cursor(), long + short)
    ids = [long[0].stream, short[0].stream, uuid4()]

    events = recorder.select_events_of(connection.cursor(), ids, {long[0].stream: 3})

    versions = {stream: [event.originator_version for event in of] for stream, of in events.items()}
    assert {long[0].stream: [4, 5], short[0].stream: [1, 2]} == versions
    assert [PlacedEvent(row.stream, row.version, row.topic, row.value, row.offset) for row in short] == (
        events[short[0].stream]
    )
    assert recorder.select_events_of(connection.cursor(), ids, {ids[0]: 5, ids[1]: 2}) == {}


def test_latest_snapshot_of_each_aggregate(
    recorder: LedgerEventRecorder, connection: psycopg.Connection
) -> None:
    """Only the newest snapshot of each aggregate is read."""
    first, second = uuid4(), uuid4()
    snapshots = [
        StoredEvent(stream, version, "t", b"{}")
        for stream, version in [(first, 100), (first, 200), (second, 100)]
    ]
    recorder.copy_snapshots(connection.cursor(), snapshots)

    latest = recorder.select_latest_snapshots(connection.cursor(), [first, second, uuid4()])

    assert {first: 200, second: 100} == {stream: event.originator_version for stream, event in latest.items()}


def test_position_advances_from_where_it_is(
    recorder: LedgerEventRecorder, connection: psycopg.Connection
) -> None:
    """Each partition moves on its own; the library's tracking reads the same positions."""
    cursor = connection.cursor(row_factory=dict_row)
    assert recorder.positions(cursor) == {}
    recorder.advance(cursor, 2, None, 0)
    recorder.advance(cursor, 2, 0, 41)
    recorder.advance(cursor, 11, None, 7)
    connection.commit()

    assert recorder.positions(cursor) == {2: 41, 11: 7}
    assert recorder.max_tracking_id("ledger-2") == 41


@pytest.mark.parametrize(("expected", "new"), [(None, 50), (40, 50), (42, 50)])
def test_stale_expectation_moves_nothing(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, schema: str, expected: int | None, new: int
) -> None:
    """A recorder that lost its partition learns it, and nothing of its batch is left."""
    cursor = connection.cursor()
    recorder.advance(cursor, 2, None, 41)
    connection.commit()

    recorder.copy_ignored(cursor, [IgnoredRecord(2, new, "repeated", "inbox.rights", 0, 1, 0, b"")])
    with pytest.raises(PositionMoved) as raised:
        recorder.advance(cursor, 2, expected, new)
    connection.rollback()

    assert raised.value.retriable
    assert recorder.positions(cursor) == {2: 41}
    count = SQL("SELECT count(*) FROM {}.ignored_records").format(Identifier(schema))
    assert connection.execute(count).fetchone() == (0,)


def test_expected_position_of_an_unknown_partition_moves_nothing(
    recorder: LedgerEventRecorder, connection: psycopg.Connection
) -> None:
    """A position that was never written cannot be moved from."""
    with pytest.raises(PositionMoved):
        recorder.advance(connection.cursor(), 2, 5, 6)
    assert recorder.positions(connection.cursor()) == {}


@pytest.mark.parametrize(("expected", "new"), [(41, 41), (41, 40), (None, -1)])
def test_position_never_moves_back(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, expected: int | None, new: int
) -> None:
    """Standing still or going back is the caller's mistake."""
    with pytest.raises(CallerError, match="only move forward"):
        recorder.advance(connection.cursor(), 2, expected, new)


@pytest.mark.parametrize("start", [None, 41])
def test_one_of_two_concurrent_movers_wins(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, dsn: str, start: int | None
) -> None:
    """The second waits for the first's commit, and then finds the position moved."""
    if start is not None:
        recorder.advance(connection.cursor(), 2, None, start)
        connection.commit()

    def move() -> None:
        with psycopg.connect(dsn) as other:
            recorder.advance(other.cursor(), 2, start, 60)

    with ThreadPoolExecutor(1) as executor:
        recorder.advance(connection.cursor(), 2, start, 50)
        loser = executor.submit(move)
        with pytest.raises(TimeoutError):
            loser.result(0.2)
        connection.commit()
        with pytest.raises(PositionMoved):
            loser.result(WAIT_S)
    assert recorder.positions(connection.cursor()) == {2: 50}


def test_rolled_back_mover_leaves_the_position_to_the_next(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, dsn: str
) -> None:
    """A recorder killed before its commit costs nothing."""
    recorder.advance(connection.cursor(), 2, None, 50)
    connection.rollback()
    with psycopg.connect(dsn) as other:
        recorder.advance(other.cursor(), 2, None, 60)
    assert recorder.positions(connection.cursor()) == {2: 60}


def test_entries_and_library_tracking_stay_atomic(recorder: LedgerEventRecorder) -> None:
    """The library's way of recording position and events together keeps working, and keeps out of ours."""
    event = StoredEvent(uuid4(), 1, "t", b"s")
    recorder.insert_events([event], tracking=Tracking("upstream", 5))
    assert recorder.max_tracking_id("upstream") == 5
    assert [event] == recorder.select_events(event.originator_id)


def test_waiting_for_the_lock_is_bounded(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, dsn: str, schema: str
) -> None:
    """COPY sets the library's lock timeout for its transaction, and only for it."""
    cursor = connection.cursor()
    recorder.copy_entries(cursor, [])
    assert cursor.execute("SHOW lock_timeout").fetchone() == ("30s",)
    connection.commit()
    assert cursor.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_create_table_creates_nothing(dsn: str, empty_schema: str) -> None:
    """In an empty schema the library's request for tables leaves it empty."""
    with make_datastore(dsn, empty_schema) as datastore, psycopg.connect(dsn) as connection:
        for recorder in (LedgerEventRecorder(datastore), LedgerSnapshotRecorder(datastore)):
            recorder.create_table()
            assert recorder.sql_create_statements == []
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace", [empty_schema]
        )
        assert found.fetchall() == []


def test_schema_has_no_library_functions_and_counts_as_migrated(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, schema: str
) -> None:
    """The insert function that loses events is nowhere; tracking is marked as single-row."""
    functions = connection.execute("SELECT 1 FROM pg_proc WHERE pronamespace = %s::regnamespace", [schema])
    assert functions.fetchall() == []
    assert recorder.max_tracking_id("__migration__") == 1


def test_library_functions_refused(dsn: str, schema: str) -> None:
    """POSTGRES_ENABLE_DB_FUNCTIONS would lose events for subscribers: a recorder does not start with it."""
    with make_datastore(dsn, schema) as datastore:
        assert datastore.enable_db_functions is False
        datastore.enable_db_functions = True
        with pytest.raises(CallerError, match="POSTGRES_ENABLE_DB_FUNCTIONS"):
            LedgerEventRecorder(datastore)


def test_two_schemas_do_not_see_each_other(
    recorder: LedgerEventRecorder, connection: psycopg.Connection, dsn: str, shadow_schema: str
) -> None:
    """A shadow schema's recorder writes and reads there only."""
    cursor = connection.cursor()
    with make_datastore(dsn, shadow_schema) as datastore:
        shadow = LedgerEventRecorder(datastore)
        shadow.advance(cursor, 3, None, 2)
        shadow.copy_entries(cursor, entry_rows(2))
        connection.commit()
        shadow.insert_events([StoredEvent(uuid4(), 1, "t", b"s")])

        assert shadow.positions(cursor) == {3: 2}
        assert shadow.max_notification_id() == 3
    assert recorder.positions(cursor) == {}
    assert recorder.max_notification_id() is None


def test_datastore_keeps_every_parameter_of_the_dsn() -> None:
    """sslmode and the like are not lost on the way into the library's pool; nothing is connected yet."""
    datastore = make_datastore("host=/run/pg dbname=d user=u sslmode=verify-full", "ledger")
    kwargs = datastore.pool.kwargs
    assert isinstance(kwargs, dict)
    assert tuple(kwargs[name] for name in ("host", "dbname", "user", "sslmode")) == (
        "/run/pg",
        "d",
        "u",
        "verify-full",
    )
    assert "password" not in kwargs
    assert datastore.pool.max_size == CONNECTIONS_MAX
    uri = make_datastore("postgresql://u:secret@db.example:6432/d?sslmode=require", "ledger").pool.kwargs
    assert isinstance(uri, dict)
    assert (uri["host"], uri["port"], uri["password"]) == ("db.example", "6432", "secret")


@pytest.mark.parametrize(("dsn_", "schema_"), [("host", "ledger"), ("dbname=d", 'a"b')])
def test_unreadable_dsn_or_schema_refused(dsn_: str, schema_: str) -> None:
    """A typing mistake is the caller's error, without the DSN in it."""
    with pytest.raises(CallerError):
        make_datastore(dsn_, schema_)
