"""Stating a fact from the command line: published like any service's, awaited, and shown with what it led to.

The commands that govern (`policy`, `retention set`, `agreement`, `hold`) and those about people's rights (`request`)
change nothing themselves: what they say is a fact like any other, with coordinates, and the rules follow from the log.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple
from uuid import UUID, uuid4

import typer
from rich.console import Console

from ledger.aggregates.cases import governance_stream
from ledger.aggregates.streams import named_stream
from ledger.bootstrap import Runtime
from ledger.cli.output import emit, instant, parse_instant, plain, progress, stderr
from ledger.contract.catalogue import EventSchema
from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.contract.writing import cloudevent_headers, encode_single_object
from ledger.draining import drain
from ledger.entry import StreamKind
from ledger.errors import CallerError, DataError, NotFound
from ledger.forgetting.own_facts import COMMON
from ledger.log.publisher import InboxPublisher, InboxRecord
from ledger.log.records import Partition
from ledger.recording.repeats import fact_key
from ledger.rules.keeping.retention import ControllerRules
from ledger.store.forgetting import ForgettingQueries
from ledger.store.queries import Queries
from ledger.vault.identifiers import Identifier, IdentifierKind

OPERATOR_SOURCE = "urn:ledger:operator"
"""The CloudEvents source of what operators state; who typed it is not recorded, only that it was stated."""
TEXT_BYTES_MAX = 1024
"""UTF-8 bytes of a controller, an id or an article given on the command line; the contract's bound for such text."""

AtOption = Annotated[
    str | None, typer.Option("--at", help="When it happened, RFC 3339 or a date (UTC). Default: now.")
]
ControllerOption = Annotated[str, typer.Option(help="The controller it holds for.")]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A fact to be stated; `occurred_at` in microseconds since the epoch, UTC.

    `fields` are those of the newest schema of its type beyond the common ones; a common one among them holds instead
    of the ledger's own. One about a person has the identifying fields it names the person by.
    """

    event_type: str
    controller: str
    fields: Mapping[str, object]
    occurred_at: int


class Stated(NamedTuple):
    """A fact that was recorded, its coordinates in the ledger, and the stream it is in."""

    statement: Statement
    event_id: str
    partition: int
    offset: int
    stream: UUID


def occurred_at(parts: Runtime, at: str | None) -> int:
    """When a statement happened: what `--at` says, or now."""
    given = parse_instant("--at", at)
    return parts.clock() if given is None else given


def state_fact(parts: Runtime, statement: Statement) -> Stated:
    """Publishes a fact and waits until it is recorded.

    Raises:
        InfrastructureError: it was published, and nobody records it in time; it will be.
        DataError: it was rejected.
    """
    event_id = str(uuid4())
    schema = parts.catalogue.latest(statement.event_type)
    if schema is None:
        raise NotFound(f"the catalogue has no schema {statement.event_type}", do="Reinstall the program")
    with InboxPublisher(parts.kafka) as publisher:
        at = publisher.publish([_record(schema, statement, event_id)])[0]
    ends = {Partition(at.topic, at.partition): at.offset + 1}
    with progress("sealing and recording", None) as show:
        drain(parts, ends, ourselves=parts.settings.embedded, on_progress=lambda done, _total: show(done))
    found = _find(parts, _streams(parts, schema, statement), event_id)
    if found is None:
        raise DataError(
            "the fact did not take effect",
            expected=f"{statement.event_type} in the ledger",
            do="`ledger rejected list` says why",
        )
    return Stated(statement, event_id, *found)


def rules_of(parts: Runtime, controller: str) -> ControllerRules:
    """Everything that is recorded of how long a controller's data is kept."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        return ForgettingQueries(connection).controller_rules().get(controller, ControllerRules())


def checked_text(option: str, text: str) -> str:
    """Text for an id or a name that facts carry.

    Raises:
        CallerError: it is blank, too long, or holds what no database text can.
    """
    if text.strip() and len(text.encode()) <= TEXT_BYTES_MAX and "\x00" not in text:
        return text
    raise CallerError(
        f"{option} is not usable",
        expected=f"text that is not blank, at most {TEXT_BYTES_MAX} bytes",
        found=f"{len(text.encode())} bytes",
    )


def checked_classes(classes: Sequence[str]) -> list[str]:
    """Retention classes of the ledger, each once, by name.

    Raises:
        CallerError: one of them is none.
    """
    if unknown := [name for name in classes if name not in RETENTION_CLASSES]:
        raise CallerError(
            "--class is no retention class",
            expected=" or ".join(sorted(RETENTION_CLASSES)),
            found=ascii(unknown[0][:40]),
        )
    return sorted(set(classes))


def emit_stated(
    stated: Stated,
    state: Mapping[str, object],
    *,
    as_json: bool,
    warnings: Sequence[str] = (),
    text: Callable[[Console], None] | None = None,
) -> None:
    """Prints the fact with its coordinates, and what it led to: `text` prints that for people, else it is listed."""
    fact = {
        "event_type": stated.statement.event_type,
        "event_id": stated.event_id,
        "occurred_at": instant(stated.statement.occurred_at),
        "controller": stated.statement.controller,
        "ledger": f"{stated.partition}:{stated.offset}",
    }
    for warning in warnings:
        stderr.print(f"warning: {plain(warning)}")

    def printed(console: Console) -> None:
        console.print(f"{fact['event_type']} is recorded at {fact['ledger']}")
        if text is not None:
            text(console)
            return
        for name, value in state.items():
            console.print(f"  {name}: {plain(value)}")

    emit({"fact": fact, "state": state, "warnings": list(warnings)}, as_json=as_json, text=printed)


def _streams(parts: Runtime, schema: EventSchema, statement: Statement) -> list[UUID]:
    """The streams a fact can have gone to: one, but for a fact about a person, who may be nobody we know."""
    if schema.stream == StreamKind.GOVERNANCE:
        return [governance_stream(statement.event_type, statement.controller, statement.fields)]
    named = [
        Identifier(IdentifierKind(each.identifier), str(value))
        for each in schema.identifying_fields
        if (value := statement.fields.get(each.name)) is not None
    ]
    with parts.vault() as vault:
        known = [vault.find_subject(statement.controller, identifier) for identifier in named]
    return [
        *(stream for stream in known if stream is not None),
        named_stream(StreamKind.UNATTRIBUTED, statement.controller),
    ]


def _find(parts: Runtime, streams: Sequence[UUID], event_id: str) -> tuple[int, int, UUID] | None:
    """Where a fact of ours is, by partition, offset and stream; None where no stream has it."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        queries = Queries(connection)
        for stream in streams:
            if (found := queries.fact_at(fact_key(stream, OPERATOR_SOURCE, event_id))) is not None:
                return *found, stream
    return None


def _record(schema: EventSchema, statement: Statement, event_id: str) -> InboxRecord:
    datum: dict[str, object] = {
        **COMMON,
        "controller": statement.controller,
        **statement.fields,
    }
    return InboxRecord(
        topic=schema.topic,
        # As the ledger's own facts: what is said of one controller is recorded in the order it was said.
        key=statement.controller.encode(),
        value=encode_single_object(schema, datum),
        headers=cloudevent_headers(schema, event_id, OPERATOR_SOURCE, statement.occurred_at),
    )
