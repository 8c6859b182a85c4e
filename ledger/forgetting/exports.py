"""An export: what the ledger holds of a person or a controller, as one archive, and the fact that it was made.

The steps, in this order; behind each, what a crash there leaves and who repairs it:

1. note in the vault where it will stand;                         a note of a file that is not there: harmless
2. write the archive beside its place, under a name of its own;   a file ending in .part: remove it, export again
3. put its digest into the note;                                  as 2
4. publish `export.made` and wait until it is recorded;           a .part file and perhaps a fact of it: as 2
5. give it its name.                                              done

So no archive has its name without its fact, and an erasure finds every archive from before its first field is read.
Nor does one get its name when somebody it holds was closed meanwhile, since that erasure may have looked already. The
fact is also the record that the personal fields in it were read: who is to read them later, nobody can record.

Owns: what an export holds, and this order. Leaves to others: the zip (`ledger.forgetting.archive`), who may ask.
Source: GDPR Art. 15(3), 20(1), 28(3)(g).
"""

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple
from uuid import UUID, uuid4

import msgspec

from ledger.bootstrap import Runtime
from ledger.contract.cloudevents import format_time
from ledger.entry import Entry
from ledger.errors import InfrastructureError, NotFound
from ledger.forgetting.archive import Archive, CsvTable, JsonArray, Member, file_sha256
from ledger.forgetting.export_documents import (
    CONSENT_COLUMNS,
    Document,
    Opened,
    closed_fields,
    consent_document,
    entry_columns,
    entry_document,
    entry_row,
)
from ledger.forgetting.new_file import file_beside, give_name
from ledger.forgetting.own_facts import OwnFact, OwnFacts
from ledger.sealing.opening import open_record, read_keys
from ledger.store.exports import ExportSnapshot, Scope
from ledger.vault.issued_exports import IssuedExport
from ledger.vault.vault import Vault

FORMAT = "ledger-export"
FORMAT_VERSION = 1
"""Raised when a member is renamed or means something else."""
README = Path(__file__).with_name("export_readme.txt")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for: whose data, why, where to, and the hold it fulfils, if any."""

    scope: Scope
    why: str
    target: Path
    hold_id: str | None = None


@dataclass(kw_only=True)
class Counts:
    """What an archive holds; fields are counted once per entry."""

    entries: int = 0
    consents: int = 0
    opened_fields: int = 0
    closed_fields: int = 0


class Exported(NamedTuple):
    """An export that was made."""

    export_id: str
    event_id: str
    sha256: str
    size: int
    counts: Counts


class Making(NamedTuple):
    """An export that is being made; `closed` is how many of its people were closed when it began."""

    order: Order
    export_id: str
    made_at: int
    closed: int


def make_export(
    parts: Runtime, vault: Vault, own: OwnFacts, order: Order, on_progress: Callable[[int, int], None]
) -> Exported:
    """Makes an export; see the module's docstring for the steps.

    Args:
        parts: where everything is.
        vault: opens the personal fields, and notes where the archive is.
        own: publishes `export.made`.
        order: what is asked for.
        on_progress: told how many entries are written, and how many there are.

    Raises:
        CallerError: the target exists, or cannot be written.
        NotFound: nothing is recorded of that controller or person.
        CannotOpen: a field's keys exist and do not fit it; nothing is exported.
        InfrastructureError: somebody was erased meanwhile; nothing is exported, and calling again may succeed.
    """
    making = Making(order, str(uuid4()), parts.clock(), vault.closed_of(*order.scope))
    with file_beside(order.target, making.export_id) as (temporary, stream):
        counts = _write_archive(parts, vault, making, stream, on_progress)
        stream.seek(0)
        sha256 = file_sha256(stream)
        size = stream.tell()
        vault.complete_issued_export(UUID(making.export_id), sha256)
        # Here as well, because the end of an agreement follows from the fact.
        _refuse_if_erased(vault, making)
        fact = _fact(making, counts, sha256)
        own.publish([fact], making.made_at)
        own.settle()
        _refuse_if_erased(vault, making)
        # A crash here leaves the fact, and the archive under its other name.
        give_name(temporary, order.target)
    return Exported(making.export_id, fact.event_id, sha256, size, counts)


def _refuse_if_erased(vault: Vault, making: Making) -> None:
    if vault.closed_of(*making.order.scope) != making.closed:
        raise InfrastructureError(
            "somebody this export holds was erased while it was written",
            found="an archive that may hold what is destroyed; it is removed",
            do="Export again: what was erased is no longer in it",
        )


def _note(vault: Vault, making: Making) -> None:
    scope = making.order.scope
    vault.note_issued_export(
        IssuedExport(
            export_id=UUID(making.export_id),
            controller=scope.controller,
            subject=scope.subject,
            host=platform.node(),
            path=str(making.order.target.absolute()),
            sha256=None,
            made_at=making.made_at,
        )
    )


def _write_archive(
    parts: Runtime, vault: Vault, making: Making, stream: IO[bytes], on_progress: Callable[[int, int], None]
) -> Counts:
    counts = Counts()
    with (
        parts.store_connection(parts.settings.store_schema) as connection,
        ExportSnapshot.of(connection, making.order.scope) as snapshot,
        Archive(stream) as archive,
    ):
        total = snapshot.entry_count()
        if not total and not snapshot.consent_count():
            raise NotFound(
                "nothing is recorded of that controller or person", do="`ledger trail` lists who is known"
            )
        # Before anything is read: an archive that no erasure can find is worse than a note of one that never was.
        _note(vault, making)
        archive.add("README.txt", README.read_bytes())
        table = _Tables(archive, making.order.target.parent)
        columns = entry_columns(parts.catalogue)
        with table.writing("entries", columns) as append:
            for batch in snapshot.entries():
                ring = read_keys(vault, [line.entry for line in batch])
                for line in batch:
                    opened = open_record(ring, line.entry)
                    append(entry_document(line, opened), entry_row(line, opened))
                    _count(counts, line.entry, opened)
                on_progress(counts.entries, total)
        with table.writing("consents", CONSENT_COLUMNS) as append:
            for changes in snapshot.consents():
                for change in changes:
                    document = consent_document(change)
                    append(document, document)
                counts.consents += len(changes)
        manifest = _manifest(making, counts, snapshot.positions(), archive.members)
        archive.add("manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    stream.flush()
    os.fsync(stream.fileno())
    return counts


class _Tables:
    """Writes the same lines as JSON and as CSV.

    A zip takes one member at a time, so the CSV waits in a file that has no name: nothing of it is left after a
    crash, and it is on the disk the export goes to.
    """

    def __init__(self, archive: Archive, directory: Path) -> None:
        self._archive = archive
        self._directory = directory

    @contextmanager
    def writing(self, name: str, columns: tuple[str, ...]) -> Iterator[Callable[[Document, Document], None]]:
        with TemporaryFile("w+b", dir=self._directory) as waiting:
            text = TextIOWrapper(waiting, encoding="utf-8", newline="")
            table = CsvTable(text, columns)
            with self._archive.member(f"{name}.json") as member:
                array = JsonArray(member)

                def append(document: Document, row: Document) -> None:
                    array.append(document)
                    table.append(row)

                yield append
                array.end()
            text.flush()
            waiting.seek(0)
            self._archive.copy(f"{name}.csv", waiting)
            text.detach()


def _count(counts: Counts, entry: Entry, opened: Opened) -> None:
    counts.entries += 1
    counts.opened_fields += len(opened)
    counts.closed_fields += len(closed_fields(entry, opened))


def _manifest(making: Making, counts: Counts, positions: dict[int, int], members: list[Member]) -> Document:
    scope = making.order.scope
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "export_id": making.export_id,
        "made_at": format_time(making.made_at),
        "why": making.order.why,
        "hold": making.order.hold_id,
        "scope": {
            "controller": scope.controller,
            "subject": None if scope.subject is None else str(scope.subject),
        },
        # Everything below these offsets was there to be exported, and nothing after them.
        "ledger_positions": {str(partition): offset for partition, offset in sorted(positions.items())},
        "counts": {
            "entries": counts.entries,
            "consents": counts.consents,
            "personal_fields_readable": counts.opened_fields,
            "personal_fields_closed": counts.closed_fields,
        },
        "files": [{"name": member.name, "bytes": member.size, "sha256": member.sha256} for member in members],
    }


def _fact(making: Making, counts: Counts, sha256: str) -> OwnFact:
    scope = making.order.scope
    return OwnFact(
        event_type="export.made",
        event_id=f"export:{making.export_id}",
        controller=scope.controller,
        fields={
            "export_id": making.export_id,
            "subject_pseudonym": None if scope.subject is None else str(scope.subject),
            "reason": making.order.why,
            "entries": counts.entries,
            "opened_fields": counts.opened_fields,
            "sha256": sha256,
            "hold_id": making.order.hold_id,
        },
    )
