"""Searching every place the ledger knows for a person's readable data, before the keys go.

The person's sealed fields are opened once more, in memory, and their values looked for as bytes: in the topics the
ledger writes (keys, values, headers), in every table of the store and of the vault whatever its name, in export
archives that were issued, and in log files. What is counted leaves here, never what was found.

The inbox is not searched: it is the publishers' plain text for its hours of retention, and holds the person's data by
design. Nor are copies that left: recipients are told, and answer for themselves.

Owns: which places there are, and that each is read whole. Leaves to others: what is looked for (`person_values`),
what follows from a find (`erasure_decision`). DESIGN section 3, invariant 2; FAULTS, row 45.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from uuid import UUID

from psycopg import sql

from ledger.aggregates.erasure_details import SearchedPlace
from ledger.bootstrap import Runtime
from ledger.config import COPIES_TOPIC, INSTRUCTIONS_TOPIC, LEDGER_TOPIC, Settings
from ledger.contract.ledger_record import decode_record
from ledger.entry import LedgerRecord, StreamKind
from ledger.forgetting.new_file import path_beside
from ledger.forgetting.person_values import Needles, PersonValues, contract_words
from ledger.forgetting.topic_scan import TopicScan, stream_records
from ledger.log.placement import stream_partition
from ledger.log.records import ReadRecord
from ledger.postgres.connection import Connection, connect, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.sealing.opening import open_record, read_keys
from ledger.vault.field_cipher import CannotOpen
from ledger.vault.vault import VAULT_SCHEMA, Vault

SQL = load_sql(Path(__file__).parent / "sql" / "places.sql")
FILE_CHUNK_BYTES = 1 << 20
"""Of a file looked through at once."""
FILE_OVERLAP_BYTES = 1 << 10
"""What two neighbouring chunks share, so that nothing is cut in two: more than any needle is long."""
TOPICS = (LEDGER_TOPIC, INSTRUCTIONS_TOPIC, COPIES_TOPIC)
"""What the ledger writes; the inbox is others'."""
TOPIC_LEDGER = f"topic {LEDGER_TOPIC}"
NAMED_TIMES = 1 << 32
"""How often an identifier that somebody named counts as repeated: more than records repeat any."""
LOG_PREFIX = "log "
EXPORT_PREFIX = "export "

OnProgress = Callable[[int, int], None]
"""Called with (records, rows and files looked at, how many there are about)."""


class Searched(NamedTuple):
    """How many different values were looked for, and what was found where; without values nowhere was."""

    values: int
    places: tuple[SearchedPlace, ...]


class ExportFile(NamedTuple):
    """An export archive that was issued or begun, and its place; None when that is on another machine."""

    export_id: str
    path: Path | None

    @property
    def place(self) -> str:
        """What a fact calls it."""
        return f"{EXPORT_PREFIX}{self.export_id}"

    @property
    def files(self) -> Sequence[Path]:
        """Where it may stand: beside its place while it is written, then at it.

        In this order: it gets its name before it loses the other, so whoever finds neither has missed none.
        """
        return () if self.path is None else (path_beside(self.path, self.export_id), self.path)


def person_records(parts: Runtime, stream: UUID) -> Iterator[list[LedgerRecord]]:
    """Every record of a person on the ledger topic, those without effect included, batch by batch."""
    partition = stream_partition(stream, StreamKind.SUBJECT, parts.settings.ledger_partitions)
    for batch in stream_records(parts, LEDGER_TOPIC, partition, stream.bytes):
        yield [decode_record(record.value or b"") for record in batch]


def open_values(
    parts: Runtime, vault: Vault, stream: UUID, controller: str, known_as: Sequence[str] = ()
) -> PersonValues:
    """The values of a person's sealed fields that still open, without what the contract says of everybody.

    Args:
        parts: where everything is.
        vault: opens the fields.
        stream: the person's pseudonym.
        controller: who knows the person.
        known_as: identifiers by which somebody named the person: where no field opens, all that there is.
    """
    values = PersonValues(contract_words(parts.catalogue, controller))
    # Whatever else there is, these are among those kept.
    values.add({"known_as": list(known_as)}, times=NAMED_TIMES)
    for records in person_records(parts, stream):
        keys = read_keys(vault, records)
        for record in records:
            try:
                values.add(open_record(keys, record))
            except CannotOpen:
                # Altered bytes: nobody can read them, and `ledger verify` is who finds them.
                continue
    return values


def search(
    parts: Runtime, values: PersonValues, exports: tuple[ExportFile, ...], on_progress: OnProgress
) -> Searched:
    """Looks for values in every place; in none when there is nothing to look for, which must not read as a search.

    Args:
        parts: where everything is.
        values: what to look for.
        exports: the archives that may hold the person.
        on_progress: told how far it is.
    """
    needles = values.needles()
    if not needles:
        return Searched(0, ())
    progress = _Progress(on_progress)
    found = [
        *(_topic(parts, topic, needles, progress) for topic in TOPICS),
        *_database(parts.store_dsn, parts.settings.store_schema, "store", needles, progress),
        *_database(parts.vault_dsn, VAULT_SCHEMA, "vault", needles, progress),
        *(_export(each, needles) for each in exports),
        *(_file(f"{LOG_PREFIX}{path.name}", path, needles) for path in log_files(parts.settings)),
    ]
    return Searched(len(values), tuple(found))


def log_files(settings: Settings) -> list[Path]:
    """The log files this program and the embedded services write; elsewhere logs go to stderr, and are others'."""
    places = (settings.state_dir, settings.state_dir / "logs")
    return sorted(path for place in places for path in place.glob("*.log") if path.is_file())


class _Progress:
    """Adds up what is done and what there is to do, place by place."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._done = 0
        self._total = 0

    def expect(self, count: int) -> None:
        self._total += count

    def add(self, count: int) -> None:
        self._done += count
        self._on_progress(self._done, max(self._done, self._total))


def _topic(parts: Runtime, topic: str, needles: Needles, progress: _Progress) -> SearchedPlace:
    looked_at = found = 0
    with parts.reader({}) as reader:
        scan = TopicScan(reader, topic)
        progress.expect(scan.total)
        for batch in scan.batches():
            looked_at += len(batch)
            found += sum(needles.found_in(_record_bytes(record)) for record in batch)
            progress.add(len(batch))
    return counted(f"topic {topic}", looked_at, found)


def _record_bytes(record: ReadRecord) -> bytes:
    headers = (part for name, content in record.headers for part in (name.encode(), content or b""))
    return b"\0".join((record.key or b"", record.value or b"", *headers))


def _database(
    dsn: str, schema: str, called: str, needles: Needles, progress: _Progress
) -> Iterator[SearchedPlace]:
    with _connection(dsn, schema) as connection, translated_errors(f"search the {called}"):
        tables = connection.execute(SQL["tables"]).fetchall()
        progress.expect(sum(about for _, about in tables))
        for table, _ in tables:
            yield _table(connection, table, called, needles, progress)


def _table(
    connection: Connection, table: str, called: str, needles: Needles, progress: _Progress
) -> SearchedPlace:
    messages = found = 0
    # A query, because COPY does not take a partitioned table itself. Each message is one row; the last has none.
    copy_out = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT binary)").format(sql.Identifier(table))
    with connection.cursor().copy(copy_out) as copy:
        for row in copy:
            messages += 1
            found += needles.found_in(bytes(row))
            progress.add(1)
    return counted(f"{called} {table}", max(0, messages - 1), found)


def _export(export: ExportFile, needles: Needles) -> SearchedPlace:
    """Looks through an archive; one that was not finished cannot be read, and counts as holding the person."""
    looked_at = found = 0
    for path in export.files:
        try:
            whole = not path.is_file() or zipfile.is_zipfile(path)
            here = _file(export.place, path, needles) if whole else counted(export.place, 1, 1)
        except FileNotFoundError:  # given its name, or taken away, just now
            continue
        looked_at += here.looked_at
        found += here.found
    return counted(export.place, looked_at, found)


def _file(place: str, path: Path, needles: Needles) -> SearchedPlace:
    """Looks through one file; one that is not there was not looked at."""
    if not path.is_file():
        return counted(place, 0, 0)
    if not zipfile.is_zipfile(path):
        with path.open("rb") as content:
            return counted(place, 1, int(_found_in_stream(content, needles)))
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as content:
                if _found_in_stream(content, needles):
                    return counted(place, 1, 1)
    return counted(place, 1, 0)


def _found_in_stream(content: IO[bytes], needles: Needles) -> bool:
    held = b""
    while chunk := content.read(FILE_CHUNK_BYTES):
        held = held[-FILE_OVERLAP_BYTES:] + chunk
        if needles.found_in(held):
            return True
    return False


def counted(place: str, looked_at: int, found: int) -> SearchedPlace:
    """One line of a fact."""
    return SearchedPlace(place=place, looked_at=looked_at, found=found)


@contextmanager
def _connection(dsn: str, schema: str) -> Iterator[Connection]:
    connection = connect(dsn, schema=schema, application_name="ledger erase", autocommit=True)
    try:
        yield connection
    finally:
        connection.close()
