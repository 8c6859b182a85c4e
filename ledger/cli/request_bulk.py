"""`ledger request receive --file`: many requests that came in together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, BinaryIO, cast

import typer
from rich.console import Console

from ledger.bootstrap import Runtime, runtime
from ledger.cli.output import emit, plain, progress, stderr
from ledger.cli.publish import EXIT_BAD_DATA, REFUSED_SHOWN_MAX, Report, await_outcomes, batches, opened
from ledger.cli.request_facts import RIGHTS_COMMON
from ledger.cli.stated import OPERATOR_SOURCE
from ledger.config import Settings
from ledger.connectors.facts import Converted
from ledger.connectors.request_lines import Bulk, convert
from ledger.forgetting.own_facts import COMMON
from ledger.log.publisher import InboxPublisher
from ledger.store.queries import InboxPosition

BEGIN_BYTES = 4096
"""Of a file, to see whether it is JSON or CSV."""
_BLANK = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True, kw_only=True)
class BulkFile:
    """A file of requests: what names it, whose they are, when they came in, what its lines need not say."""

    file: str
    bulk_id: str
    controller: str
    received_at: int | None
    defaults: Mapping[str, str]


def receive_file(given: BulkFile, *, wait: bool | None, as_json: bool) -> None:
    """Publishes the requests of a file; lines that cannot be used are refused with their number and the reason.

    Args:
        given: the file.
        wait: until everything is recorded; None for what suits the services.
        as_json: whether to print one JSON document.
    """
    settings = Settings()
    report = Report()
    with opened(given.file) as (stream, size), runtime(settings) as parts:
        with InboxPublisher(parts.kafka) as publisher, progress("publishing", size) as show:
            for records in batches(_converted(stream, given, parts), parts.catalogue, report):
                landed = publisher.publish(records)
                report.published.extend(InboxPosition(at.topic, at.partition, at.offset) for at in landed)
                if size is not None:
                    show(stream.tell())
        if report.published and (settings.embedded if wait is None else wait):
            report.outcomes = await_outcomes(parts, report.published)
    _emit(given, report, as_json=as_json)
    if report.refused:
        raise typer.Exit(EXIT_BAD_DATA)


def _converted(stream: BinaryIO, given: BulkFile, parts: Runtime) -> Iterator[Converted]:
    bulk = Bulk(
        bulk_id=given.bulk_id,
        source=OPERATOR_SOURCE,
        controller=given.controller,
        received_at=parts.clock() if given.received_at is None else given.received_at,
        common={**COMMON, **RIGHTS_COMMON},
        defaults=given.defaults,
    )
    return convert(stream, bulk, as_json=_begins_as_json(stream))


def _begins_as_json(stream: BinaryIO) -> bool:
    begin = cast(BufferedReader, stream).peek(BEGIN_BYTES)[:BEGIN_BYTES]
    return begin.lstrip(_BLANK).startswith(b"{")


def _emit(given: BulkFile, report: Report, *, as_json: bool) -> None:
    document: dict[str, Any] = {
        "bulk": given.bulk_id,
        "published": len(report.published),
        "refused": len(report.refused),
        "refused_lines": [
            {"line": line.line, "reason": line.reason} for line in report.refused[:REFUSED_SHOWN_MAX]
        ],
    }
    if report.outcomes is not None:
        rejected, duplicates = report.outcomes
        document |= {
            "accepted": len(report.published) - rejected - duplicates,
            "rejected": rejected,
            "duplicates": duplicates,
        }
    for line in report.refused[:REFUSED_SHOWN_MAX]:
        stderr.print(f"{plain(given.file)}:{line.line}: refused: {plain(line.reason)}")

    def text(console: Console) -> None:
        console.print(
            f"{document['published']} requests published as {plain(given.bulk_id)}, {document['refused']} lines refused"
        )
        if report.outcomes is not None:
            console.print(
                f"recorded: {document['accepted']} accepted, {document['rejected']} rejected, "
                f"{document['duplicates']} received before"
            )

    emit(document, as_json=as_json, text=text)
