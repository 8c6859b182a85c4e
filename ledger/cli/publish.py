"""`ledger publish`: other systems' files as facts in the inbox."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console

from ledger.bootstrap import Runtime, runtime
from ledger.cli.output import JsonOption, emit, plain, progress, stderr
from ledger.config import Settings
from ledger.connectors import CONVERTERS, ConvertedFact, RefusedLine, convert
from ledger.contract.catalogue import Catalogue
from ledger.contract.json_datum import datum_from_json
from ledger.contract.unreadable import Unreadable
from ledger.contract.writing import cloudevent_headers, encode_single_object
from ledger.draining import drain
from ledger.errors import CallerError, NotFound
from ledger.log.publisher import InboxPublisher, InboxRecord
from ledger.log.records import Partition
from ledger.store.queries import InboxPosition, Outcomes, Queries

PUBLISH_BATCH = 1000
"""Records whose acknowledgements are waited for together; bounds memory for a file of any size."""
REFUSED_SHOWN_MAX = 100
EXIT_BAD_DATA = 6


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("publish")(publish)


@dataclass(kw_only=True)
class Report:
    """What became of a file."""

    published: list[InboxPosition] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    outcomes: Outcomes | None = None


def publish(
    file: Annotated[str, typer.Argument(help="The file, or - for standard input.")],
    format_name: Annotated[str, typer.Option("--format", help=" or ".join(CONVERTERS))],
    controller: Annotated[str, typer.Option(help="The controller on whose behalf it was processed.")],
    wait: Annotated[
        bool | None,
        typer.Option(
            help="Wait until everything is recorded, and say what became of it. Default with embedded services."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a file of another system. Lines that cannot be used are refused with their number and the reason."""
    settings = Settings()
    report = Report()
    with opened(file) as (stream, size), runtime(settings) as parts:
        with InboxPublisher(parts.kafka) as publisher, progress("publishing", size) as show:
            for records in batches(convert(format_name, stream, controller), parts.catalogue, report):
                landed = publisher.publish(records)
                report.published.extend(InboxPosition(at.topic, at.partition, at.offset) for at in landed)
                if size is not None:
                    show(stream.tell())
        if report.published and (settings.embedded if wait is None else wait):
            report.outcomes = await_outcomes(parts, report.published)
    _emit(file, report, as_json)
    if report.refused:
        raise typer.Exit(EXIT_BAD_DATA)


def await_outcomes(parts: Runtime, published: Sequence[InboxPosition]) -> Outcomes:
    """Waits until the records are recorded, and says what became of them."""
    ends: dict[Partition, int] = {}
    for at in published:
        partition = Partition(at.topic, at.partition)
        ends[partition] = max(ends.get(partition, 0), at.offset + 1)
    with progress("sealing and recording", None) as show:
        drain(parts, ends, ourselves=parts.settings.embedded, on_progress=lambda done, _total: show(done))
    with parts.store_connection(parts.settings.store_schema) as connection:
        return Queries(connection).outcomes(published)


@contextmanager
def opened(file: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file and its size; None where there is no telling."""
    if file == "-":
        yield sys.stdin.buffer, None
        return
    path = Path(file)
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"no such file: {file}") from error
    except OSError as error:
        raise CallerError(f"cannot read {file}", found=type(error).__name__) from error
    with stream:
        yield stream, path.stat().st_size


def batches(
    converted: Iterator[ConvertedFact | RefusedLine], catalogue: Catalogue, report: Report
) -> Iterator[list[InboxRecord]]:
    """Encodes facts in batches; what cannot be encoded goes to the report."""
    batch: list[InboxRecord] = []
    for item in converted:
        encoded = _encode(item, catalogue) if isinstance(item, ConvertedFact) else item
        if isinstance(encoded, RefusedLine):
            report.refused.append(encoded)
            continue
        batch.append(encoded)
        if len(batch) == PUBLISH_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _encode(fact: ConvertedFact, catalogue: Catalogue) -> InboxRecord | RefusedLine:
    schema = (
        catalogue.latest(fact.event_type)
        if fact.event_version is None
        else catalogue.find(fact.event_type, fact.event_version)
    )
    if schema is None:
        return RefusedLine(line=fact.line, reason="attribute type: expected an event type of the catalogue")
    try:
        value = encode_single_object(schema, datum_from_json(schema, fact.data))
        headers = cloudevent_headers(schema, fact.event_id, fact.event_source, fact.occurred_at)
    except Unreadable as unreadable:
        return RefusedLine(line=fact.line, reason=f"{unreadable.detail}: {unreadable.reason.value}")
    # One source's facts keep their order; a source names a system, never a person.
    return InboxRecord(topic=schema.topic, key=fact.event_source.encode(), value=value, headers=headers)


def _emit(file: str, report: Report, as_json: bool) -> None:
    document: dict[str, object] = {
        "published": len(report.published),
        "refused": len(report.refused),
        "refused_lines": [
            {"line": line.line, "reason": line.reason} for line in report.refused[:REFUSED_SHOWN_MAX]
        ],
    }
    if report.outcomes is not None:
        rejected, duplicates = report.outcomes
        document["rejected"] = rejected
        document["duplicates"] = duplicates
        document["accepted"] = len(report.published) - rejected - duplicates
    for line in report.refused[:REFUSED_SHOWN_MAX]:
        stderr.print(f"{plain(file)}:{line.line}: refused: {plain(line.reason)}")

    def text(console: Console) -> None:
        console.print(f"published {document['published']}, refused {document['refused']}")
        if report.outcomes is None:
            return
        console.print(
            f"recorded: {document['accepted']} accepted, {document['rejected']} rejected, "
            f"{document['duplicates']} duplicates"
        )
        if report.published and document["duplicates"] == len(report.published):
            console.print("Everything in this file was in the ledger already: no new effects.")

    emit(document, as_json=as_json, text=text)
