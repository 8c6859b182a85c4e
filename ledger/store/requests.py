"""What is recorded of rights requests; read-only.

Owns: finding a request's entries. Leaves to others: what they come to (`ledger.aggregates.rights_request`), whether it
was handled well (`ledger.rules.requests.judgement`), how they are shown (`ledger.cli`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from ledger.aggregates.rights_request import CARRYING_OUT, RightsRequest, fold_request, request_of
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.store.queries import TrailEntry

SQL = load_sql(Path(__file__).parent / "sql" / "requests.sql")


@dataclass(frozen=True, kw_only=True)
class RecordedRequest:
    """One request of one stream, and every entry about it, in the order they happened."""

    controller: str
    stream: UUID
    request_id: str
    entries: Sequence[TrailEntry]

    def folded(self) -> RightsRequest:
        """What the entries come to; recipients, whom other entries show, are not known to it."""
        requests: dict[str, RightsRequest] = {}
        for each in self.entries:
            fold_request(requests, each.entry, each.offset)
        return requests.get(self.request_id, RightsRequest(request_id=self.request_id))


def read_requests(
    connection: Connection,
    *,
    controller: str | None = None,
    streams: Sequence[UUID] | None = None,
    request_id: str | None = None,
) -> list[RecordedRequest]:
    """Requests, by controller, stream and id; null parameters do not restrict."""
    parameters = {
        "controller": controller,
        "streams": None if streams is None else list(streams),
        "request_id": request_id,
    }
    with translated_errors("reading rights requests"), connection.transaction():
        rows = connection.execute(SQL["request_entries"], parameters).fetchall()
    return [
        RecordedRequest(controller=whose, stream=stream, request_id=name, entries=entries)
        for (whose, stream, name), group in groupby(rows, key=lambda row: (row[0], row[1], row[2]))
        # The time to erase a minor has facts of the same types, and is no request.
        if (
            entries := [each for each in _entries(row[3:] for row in group) if request_of(each.entry) == name]
        )
    ]


def with_what_was_done(connection: Connection, request: RecordedRequest) -> RecordedRequest:
    """The request with the entries that carry it out: erasures, exports, corrections, restrictions."""
    parameters = {"streams": [request.stream], "event_types": sorted(CARRYING_OUT)}
    with translated_errors("reading what was done for a request"), connection.transaction():
        rows = connection.execute(SQL["carrying_out_entries"], parameters).fetchall()
    done = [each for each in _entries(rows) if request_of(each.entry) == request.request_id]
    entries = sorted([*request.entries, *done], key=lambda each: (each.entry.occurred_at, each.offset))
    return RecordedRequest(
        controller=request.controller, stream=request.stream, request_id=request.request_id, entries=entries
    )


def _entries(rows: Iterable[Sequence[Any]]) -> Iterator[TrailEntry]:
    for partition, offset, version, state in rows:
        record = decode_record(bytes(state))
        if isinstance(record, Entry):
            yield TrailEntry(partition, offset, version, record)
