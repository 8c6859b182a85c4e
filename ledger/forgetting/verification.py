"""Re-reading after a destruction: every field of the person is tried, and what should be closed must not open.

What a destruction returned proves nothing (FAULTS, row 48). So each record of the person is read again, from the topic
and from the store, its keys are asked for anew, and every sealed field is tried with them. Then the vault itself: no
live key of a class that went, no identifier that leads to the person. Then the files: an export archive that still
stands where it was put, whole or not, holds readable data, and so does a log in which the search found some.

Owns: this reading and what it finds. Leaves to others: when it is done, and what follows (`erasure_decision`).
DESIGN section 3, invariant 7.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import msgspec

from ledger.aggregates.erasure_details import ErasureProblem, SearchedPlace
from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import LedgerRecord, Sealed
from ledger.forgetting.places import LOG_PREFIX, TOPIC_LEDGER, ExportFile, counted, log_files, person_records
from ledger.postgres.connection import Connection, translated_errors
from ledger.postgres.named_sql import load_sql
from ledger.sealing.opening import OpeningKeys, open_record, read_keys
from ledger.vault.field_cipher import CannotOpen
from ledger.vault.vault import Vault

SQL = load_sql(Path(__file__).parent / "sql" / "verification.sql")
BATCH_RECORDS = 500
"""Records held in memory at once; their keys come from the vault in one question."""
EVENT_STORE = "store records"
VAULT_KEYS = "vault keys"
VAULT_DIRECTORY = "vault directory"


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """What is re-read.

    Args:
        stream: the person's pseudonym.
        destroyed: the classes that went.
        exports: archives that may hold the person.
        found_before: places in which the search before the destruction found something.
    """

    stream: UUID
    destroyed: frozenset[str]
    exports: tuple[ExportFile, ...] = ()
    found_before: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class Reread:
    """What a re-reading found.

    Args:
        places: each place with its counts.
        fields_closed: sealed fields on the topic that were tried and did not open, of classes that went.
        fields_kept: sealed fields on the topic of kept classes that still open.
        problems: what should be closed and is not.
    """

    places: tuple[SearchedPlace, ...]
    fields_closed: int
    fields_kept: int
    problems: tuple[ErasureProblem, ...]

    @property
    def opens(self) -> bool:
        """Whether anything of a class that went still opens: a destruction may then not be called confirmed."""
        return any(problem.kind == "key" for problem in self.problems)


@dataclass(kw_only=True)
class _Tried:
    """Counts of one place's records and fields."""

    records: int = 0
    open_records: int = 0
    closed: int = 0
    kept: int = 0
    open_classes: set[str] = field(default_factory=set)

    def take(self, vault: Vault, records: Sequence[LedgerRecord], destroyed: Collection[str]) -> None:
        """Tries every sealed field of some records."""
        keys = read_keys(vault, records)
        for record in records:
            self.records += 1
            opened = _opened(keys, record)
            open_here = set()
            for sealed in record.sealed:
                if sealed.retention_class not in destroyed:
                    self.kept += sealed.field in opened
                elif sealed.field in opened:
                    open_here.add(sealed.retention_class)
                else:
                    self.closed += 1
            self.open_records += bool(open_here)
            self.open_classes |= open_here


def reread(parts: Runtime, vault: Vault, store: Connection, suspect: Suspect) -> Reread:
    """Reads a person's data again, everywhere it was.

    Args:
        parts: where everything is.
        vault: asked for every key anew.
        store: on the live schema.
        suspect: whose, and what should no longer open.
    """
    on_topic, in_store = _Tried(), _Tried()
    for records in person_records(parts, suspect.stream):
        on_topic.take(vault, records, suspect.destroyed)
    for records in _stored(store, suspect.stream):
        in_store.take(vault, records, suspect.destroyed)
    live, keys = _live_keys(vault, suspect)
    identifiers = vault.directory_count(suspect.stream)
    places = [
        counted(TOPIC_LEDGER, on_topic.records, on_topic.open_records),
        counted(EVENT_STORE, in_store.records, in_store.open_records),
        counted(VAULT_KEYS, keys, len(live)),
        counted(VAULT_DIRECTORY, 1, int(identifiers > 0)),
        *_files(parts, suspect),
    ]
    open_classes = on_topic.open_classes | in_store.open_classes | live
    return Reread(
        places=tuple(places),
        fields_closed=on_topic.closed,
        fields_kept=on_topic.kept,
        problems=(*_key_problems(open_classes), *_place_problems(places[3:])),
    )


def _opened(keys: OpeningKeys, record: LedgerRecord) -> Collection[str]:
    """The names of the fields that open; one whose bytes were altered counts as open while its keys are there."""
    try:
        return open_record(keys, record).keys()
    except CannotOpen:
        return {sealed.field for sealed in record.sealed if _has_keys(keys, record, sealed)}


def _has_keys(keys: OpeningKeys, record: LedgerRecord, sealed: Sealed) -> bool:
    try:
        return bool(open_record(keys, msgspec.structs.replace(record, sealed=[sealed])))
    except CannotOpen:
        return True


def _stored(store: Connection, stream: UUID) -> Iterator[list[LedgerRecord]]:
    parameters = {"stream": stream, "stream_bytes": stream.bytes}
    with translated_errors("re-read a person's records"), store.transaction():
        for name in ("stored_records", "ignored_records"):
            with store.cursor(f"reread_{name}") as cursor:
                cursor.execute(SQL[name], parameters)
                while rows := cursor.fetchmany(BATCH_RECORDS):
                    records = (decode_record(bytes(row[0])) for row in rows)
                    yield [record for record in records if record.stream == stream]


def _live_keys(vault: Vault, suspect: Suspect) -> tuple[set[str], int]:
    """The classes that went and of which a key lives, and how many keys of such classes there are or were."""
    states = {
        name: state
        for name, state in vault.subject_key_classes(suspect.stream).items()
        if class_of(name) in suspect.destroyed
    }
    return {class_of(name) for name, state in states.items() if state == "live"}, len(states)


def class_of(key_name: str) -> str:
    """The retention class of a subject key's name: what stands before the colon of one fact's own key."""
    return key_name.partition(":")[0]


def _files(parts: Runtime, suspect: Suspect) -> Iterator[SearchedPlace]:
    for export in suspect.exports:
        there = any(path.is_file() for path in export.files)
        yield counted(export.place, int(bool(export.files)), int(there))
    for path in log_files(parts.settings):
        place = f"{LOG_PREFIX}{path.name}"
        if place in suspect.found_before:
            yield counted(place, 1, 1)


def _key_problems(classes: Iterable[str]) -> Iterator[ErasureProblem]:
    for name in sorted(classes):
        yield ErasureProblem(
            kind="key", name=name, detail="expected nothing to open, found fields or a key that do"
        )


def _place_problems(places: Iterable[SearchedPlace]) -> Iterator[ErasureProblem]:
    for place in places:
        if place.found:
            yield ErasureProblem(
                kind="place",
                name=place.place,
                detail="expected nothing readable, found something that is still there",
            )
