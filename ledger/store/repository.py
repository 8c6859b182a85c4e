"""Aggregates out of the event store: one, at any version, or a whole batch in two queries.

Owns: putting the library's repository together. Leaves to others: connections and
transactions.
"""

from collections.abc import Sequence
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Repository
from eventsourcing.persistence import EventStore, InterfaceError, OperationalError
from eventsourcing.postgres import PostgresDatastore
from psycopg import Cursor

from ledger.aggregates.data_subject import DataSubject
from ledger.aggregates.streams import LedgerAggregate
from ledger.errors import InfrastructureError, NotFound
from ledger.store.entry_mapper import EntryMapper, SnapshotMapper
from ledger.store.event_recorder import LedgerEventRecorder, LedgerSnapshotRecorder

_entry_mapper = EntryMapper()
_snapshot_mapper = SnapshotMapper()


class LedgerRepository(Repository[UUID]):
    """The library's repository on our tables: `get(stream, version=n)` is the aggregate as it was at n."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        """Reads through the datastore; no cache, so every answer is what is committed now."""
        self.recorder = LedgerEventRecorder(datastore)
        super().__init__(
            EventStore(_entry_mapper, self.recorder),
            snapshot_store=EventStore(_snapshot_mapper, LedgerSnapshotRecorder(datastore)),
        )

    def subject(self, stream: UUID, version: int | None = None) -> DataSubject:
        """A data subject as known at a version.

        Args:
            stream: the pseudonym.
            version: place in the stream, from 1; None for the newest. Beyond the newest gives the newest.

        Raises:
            NotFound: nothing is recorded about it, or it is not a data subject.
            InfrastructureError: PostgreSQL did not answer, after the library's own retries.
        """
        try:
            aggregate: LedgerAggregate = self.get(stream, version=version)
        except AggregateNotFoundError:
            aggregate = LedgerAggregate.unseen(stream)
        except (OperationalError, InterfaceError) as error:
            raise InfrastructureError("cannot read the event store", do="Check PostgreSQL.") from error
        if not isinstance(aggregate, DataSubject):
            raise NotFound(f"no data subject {stream}", do="Check the subject with `ledger trail`.")
        return aggregate

    def load_many(self, cursor: Cursor[object], ids: Sequence[UUID]) -> dict[UUID, LedgerAggregate]:
        """The newest state of many aggregates, in two queries.

        Args:
            cursor: of the caller's transaction, which sees its own writes.
            ids: streams, each once.

        Returns:
            Aggregates by stream; a stream without records is absent.
        """
        aggregates: dict[UUID, LedgerAggregate] = {}
        for stream, stored in self.recorder.select_latest_snapshots(cursor, ids).items():
            aggregates[stream] = _snapshot_mapper.to_domain_event(stored).mutate(None)
        versions = {stream: aggregate.version for stream, aggregate in aggregates.items()}
        for stream, events in self.recorder.select_events_of(cursor, ids, versions).items():
            aggregate = aggregates.get(stream)
            for stored in events:
                aggregate = _entry_mapper.to_domain_event(stored).mutate(aggregate)
            if aggregate is not None:
                aggregates[stream] = aggregate
        return aggregates
