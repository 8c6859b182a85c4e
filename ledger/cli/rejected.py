"""`ledger rejected`: input that could not be read; look at it, and try again once its cause is mended."""

import getpass
import time
from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console

from ledger.bootstrap import Runtime, runtime
from ledger.cli.output import JsonOption, emit, instant, plain, table
from ledger.cli.publish import await_outcomes
from ledger.config import Settings
from ledger.contract.writing import cloudevent_headers, encode_single_object
from ledger.entry import Rejected, parse_coordinates
from ledger.errors import CallerError, DataError, NotFound
from ledger.log.publisher import InboxPublisher, InboxRecord
from ledger.sealing.opening import open_record, read_keys
from ledger.sealing.sealer import REJECTED_BYTES_MAX, REJECTED_CONTROLLER, REJECTED_FIELD, RETRY_HEADER
from ledger.store.queries import InboxPosition, Queries, RejectionRow

LEDGER_SOURCE = "urn:ledger:cli"
ACCESS_EVENT = "data.accessed"

rejected_app = typer.Typer(help="Input that could not be read.", no_args_is_help=True)
OperatorOption = Annotated[
    str | None,
    typer.Option(
        envvar="LEDGER_OPERATOR",
        help="Who decrypts, by default the user of this system; kept sealed with the access that is recorded.",
    ),
]
Reference = Annotated[
    str, typer.Argument(help="Ledger coordinates, partition:offset, as `list` prints them.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(rejected_app, name="rejected")


@rejected_app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List rejected input: where it was and why it could not be read."""
    settings = Settings()
    with runtime(settings) as parts, parts.store_connection(settings.store_schema) as connection:
        rows = Queries(connection).rejections()

    def text(console: Console) -> None:
        lines = table("ledger", "reason", "at fault", "source", "sealed", "retried as")
        for row in rows:
            lines.add_row(
                f"{row.partition}:{row.offset}",
                row.reason,
                plain(row.detail),
                plain(f"{row.source_topic}:{row.source_partition}:{row.source_offset}"),
                (instant(row.sealed_at) or "")[:19] + "Z",
                row.retried_as or "",
            )
        console.print(lines)

    emit({"rejected": [_document(row) for row in rows]}, as_json=as_json, text=text)


@rejected_app.command("show")
def show(
    reference: Reference,
    open_: Annotated[
        bool,
        typer.Option("--open", help="Decrypt the input. This is recorded as an access to personal data."),
    ] = False,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one rejected input; with --open, its bytes as well."""
    settings = Settings()
    coordinates = _coordinates(reference)
    with runtime(settings) as parts:
        row, record = _find(parts, coordinates)
        document = _document(row)
        if open_:
            key, headers, value = _open(parts, record)
            _record_access(parts, [reference], operator)
            document["input"] = {
                "key": _readable(key),
                "headers": {name: _readable(content) for name, content in headers},
                "value_hex": (value or b"").hex(),
            }

    def text(console: Console) -> None:
        for name, content in document.items():
            console.print(f"{name}: {plain(content)}")

    emit(document, as_json=as_json, text=text)


@rejected_app.command("retry")
def retry(
    references: Annotated[list[str], typer.Argument(help="Ledger coordinates, partition:offset.")],
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send rejected input to its inbox again, byte for byte. It is decrypted for that, which is recorded."""
    settings = Settings()
    with runtime(settings) as parts:
        records = []
        for reference in references:
            row, record = _find(parts, _coordinates(reference))
            key, headers, value = _open(parts, record)
            again = [(name, content) for name, content in headers if name != RETRY_HEADER]
            again.append((RETRY_HEADER, reference.encode()))
            records.append(InboxRecord(topic=row.source_topic, key=key, value=value or b"", headers=again))
        _record_access(parts, references, operator)
        with InboxPublisher(parts.kafka) as publisher:
            landed = [InboxPosition(*at) for at in publisher.publish(records)]
        document: dict[str, object] = {"retried": len(landed)}
        if settings.embedded:
            outcomes = await_outcomes(parts, landed)
            document["rejected"] = outcomes.rejected
            document["duplicates"] = outcomes.duplicates
            document["accepted"] = len(landed) - outcomes.rejected - outcomes.duplicates

    def text(console: Console) -> None:
        console.print(", ".join(f"{name} {count}" for name, count in document.items()))

    emit(document, as_json=as_json, text=text)


def _coordinates(reference: str) -> tuple[int, int]:
    coordinates = parse_coordinates(reference)
    if coordinates is None:
        raise CallerError("not ledger coordinates", expected="partition:offset, for example 3:1042")
    return coordinates


def _find(parts: Runtime, coordinates: tuple[int, int]) -> tuple[RejectionRow, Rejected]:
    with parts.store_connection(parts.settings.store_schema) as connection:
        queries = Queries(connection)
        rows = queries.rejections(coordinates)
        record = queries.record_at(*coordinates) if rows else None
    if not rows or not isinstance(record, Rejected):
        raise NotFound(
            f"nothing rejected at {coordinates[0]}:{coordinates[1]}",
            do="`ledger rejected list` lists what is",
        )
    return rows[0], record


def _open(
    parts: Runtime, record: Rejected
) -> tuple[bytes | None, Sequence[tuple[str, bytes | None]], bytes | None]:
    """Key, headers and value of the inbox record as it was.

    Raises:
        NotFound: it was too large to be kept, or its retention is over.
    """
    if not record.sealed:
        raise NotFound(
            "the input was not kept",
            expected=f"at most {REJECTED_BYTES_MAX} bytes",
            do="Publish it again, in smaller records",
        )
    with parts.vault() as vault:
        opened = open_record(read_keys(vault, [record]), record)
    whole = opened.get(REJECTED_FIELD)
    if whole is None:
        raise NotFound(
            "the input can no longer be read", found="its key was destroyed", do="Publish it again"
        )
    if not isinstance(whole, list):
        raise DataError("the rejected input has no form we know")
    key, headers, value = whole
    return key, [(name, content) for name, content in headers], value


def _record_access(parts: Runtime, references: Sequence[str], operator: str | None) -> None:
    """Records that personal data was decrypted, before anybody sees it (DESIGN section 12)."""
    schema = parts.catalogue.latest(ACCESS_EVENT)
    if schema is None:
        raise NotFound(f"the catalogue has no schema {ACCESS_EVENT}", do="Reinstall the program")
    datum: dict[str, object] = {
        "controller": REJECTED_CONTROLLER,
        "role": "processor",
        "purpose": "repair of rejected input",
        "lawful_basis": "legitimate_interests",
        "data_categories": ["rejected_input"],
        "processors": [],
        "storage_country": "",
        "instruction_id": None,
        "notice_version": None,
        "subject_phone": None,
        "subject_email": None,
        "subject_account": None,
        "subject_pseudonym": None,
        "actor_role": "operator",
        "actor_name": operator or getpass.getuser(),
        "actor_country": "",
        "reason": "fault_analysis",
        "reference": None,
        "entries": list(references),
        "entry_count": len(references),
        "numbers_masked": False,
        "decrypted": True,
    }
    record = InboxRecord(
        topic=schema.topic,
        key=None,
        value=encode_single_object(schema, datum),
        headers=cloudevent_headers(schema, str(uuid4()), LEDGER_SOURCE, time.time_ns() // 1000),
    )
    with InboxPublisher(parts.kafka) as publisher:
        publisher.publish([record])


def _document(row: RejectionRow) -> dict[str, object]:
    return {
        "ledger": f"{row.partition}:{row.offset}",
        "reason": row.reason,
        "detail": row.detail,
        "source": f"{row.source_topic}:{row.source_partition}:{row.source_offset}",
        "attempts": row.attempts,
        "sealed_at": instant(row.sealed_at),
        "retried_as": row.retried_as,
    }


def _readable(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "backslashreplace")
