"""`ledger trail`: who did what with whose data, why, on what basis, when."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, parse_instant, plain, table
from ledger.cli.subject import SubjectOption, find_streams, require_recorded
from ledger.config import Settings
from ledger.store.queries import FindingRow, Queries, TrailEntry

LIMIT_DEFAULT = 1000


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("trail")(trail)


def trail(
    subject: SubjectOption = None,
    controller: Annotated[str | None, typer.Option(help="Only this controller's entries.")] = None,
    since: Annotated[str | None, typer.Option(help="Happened at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="Happened before this time.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known at this time.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many entries.")] = LIMIT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Print the audit trail, oldest first. Personal fields stay sealed; only their names are shown."""
    settings = Settings()
    bounds = {
        "since": parse_instant("--since", since),
        "until": parse_instant("--until", until),
        "as_of": parse_instant("--as-of", as_of),
    }
    with runtime(settings) as parts:
        streams = find_streams(parts, subject, controller)
        with parts.store_connection(settings.store_schema) as connection:
            queries = Queries(connection)
            if streams is not None:
                require_recorded(queries, streams)
            found = queries.trail(streams=streams, controller=controller, limit=limit + 1, **bounds)
            judged = queries.findings(streams=streams, controller=controller, as_of=bounds["as_of"])
    shown, truncated = found[:limit], len(found) > limit
    by_entry = _by_entry(judged)
    document = {
        "entries": [entry_document(line, by_entry.get((line.partition, line.offset), [])) for line in shown],
        "truncated": truncated,
        "as_of": instant(bounds["as_of"]),
    }

    def text(console: Console) -> None:
        print_trail(console, shown, judged)
        if truncated:
            console.print(
                "There is more: raise --limit, or narrow with --subject, --controller, --since, --until."
            )

    emit(document, as_json=as_json, text=text)


def _by_entry(findings: Sequence[FindingRow]) -> dict[tuple[int, int], list[FindingRow]]:
    found: dict[tuple[int, int], list[FindingRow]] = {}
    for finding in findings:
        found.setdefault((finding.partition, finding.offset), []).append(finding)
    return found


def entry_document(line: TrailEntry, findings: list[FindingRow]) -> dict[str, object]:
    """One entry as `--json` shows it."""
    entry = line.entry
    return {
        "ledger": f"{line.partition}:{line.offset}",
        "stream": entry.stream,
        "stream_kind": entry.stream_kind,
        "version": line.version,
        "event_type": entry.event_type,
        "event_id": entry.event_id,
        "event_source": entry.event_source,
        "occurred_at": instant(entry.occurred_at),
        "sealed_at": instant(entry.sealed_at),
        "controller": entry.controller,
        "role": entry.role,
        "purpose": entry.purpose,
        "lawful_basis": entry.lawful_basis,
        "data_categories": entry.data_categories,
        "processors": entry.processors,
        "storage_country": entry.storage_country,
        "instruction_id": entry.instruction_id,
        "notice_version": entry.notice_version,
        "subject_roles": entry.subject_roles,
        "details": msgspec.json.decode(entry.open_fields),
        "sealed_fields": {sealed.field: sealed.retention_class for sealed in entry.sealed},
        "dropped_fields": {dropped.field: dropped.reason for dropped in entry.dropped},
        "findings": [
            {"code": f.code, "article": f.article, "expected": f.expected, "found": f.found} for f in findings
        ],
        "source": f"{entry.source_topic}:{entry.source_partition}:{entry.source_offset}.{entry.part}",
    }


def print_trail(console: Console, lines: Sequence[TrailEntry], findings: Sequence[FindingRow]) -> None:
    """Prints entries for people, with the findings on them."""
    by_entry = _by_entry(findings)
    rows = table(
        "happened", "what", "subject", "as", "controller", "purpose", "basis", "processors", "ledger", ""
    )
    for line in lines:
        entry = line.entry
        codes = ", ".join(f.code for f in by_entry.get((line.partition, line.offset), []))
        rows.add_row(
            (instant(entry.occurred_at) or "")[:19] + "Z",
            plain(entry.event_type),
            short(entry.stream),
            plain(",".join(entry.subject_roles)),
            plain(entry.controller),
            plain(entry.purpose),
            entry.lawful_basis,
            plain(",".join(entry.processors)),
            f"{line.partition}:{line.offset}",
            Text(codes, style="red"),
        )
    console.print(rows)


def short(stream: UUID) -> str:
    """A pseudonym short enough for a table; enough digits to tell subjects apart."""
    return str(stream)[:13]
