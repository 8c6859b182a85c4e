"""A rights request as the commands show it: what was stated, until when it is owed, what was found."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from ledger.aggregates.rights_request import RightsRequest
from ledger.aggregates.streams import named_stream
from ledger.bootstrap import Runtime
from ledger.cli.case_facts import finding_on, in_words
from ledger.cli.deadlines import deadline_document
from ledger.cli.output import instant, plain, table
from ledger.entry import StreamKind
from ledger.rules.requests.request_deadlines import REQUEST
from ledger.store.deadlines import DeadlineRow, read_deadlines
from ledger.store.queries import FindingRow, Queries, TrailEntry
from ledger.store.requests import RecordedRequest, with_what_was_done

Document = dict[str, Any]
_MOMENTS = frozenset({"told_at", "ends_at", "backups_expire_at"})
"""Fields that hold a moment."""
_PLACES = frozenset({"request_id", "inbox_ends"})
"""Fields that say nothing to people here."""


def request_documents(parts: Runtime, requests: Sequence[RecordedRequest]) -> list[Document]:
    """Requests with all that is recorded of them."""
    streams = sorted({each.stream for each in requests})
    with parts.store_connection(parts.settings.store_schema) as connection:
        whole = [with_what_was_done(connection, each) for each in requests]
        findings = Queries(connection).findings(streams=streams)
        controllers = {each.controller for each in requests}
        only = controllers.pop() if len(controllers) == 1 else None
        rows = read_deadlines(connection, controller=only)
    now = parts.clock()
    return [_document(each, _deadlines_of(rows, each), findings, now) for each in whole]


def summaries(parts: Runtime, requests: Sequence[RecordedRequest]) -> list[Document]:
    """Requests in a line each: what was asked, how far it is, and when it is due by law."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        rows = read_deadlines(connection)
    by_request = {(row.stream, row.case_id): row for row in rows if row.case_kind == REQUEST and not row.rule}
    now = parts.clock()
    return [
        _head(each, each.folded()) | {"due": _due(by_request.get((each.stream, each.request_id)), now)}
        for each in requests
    ]


def print_request(console: Console, document: Document) -> None:
    """Prints a request for people."""
    asked = f"{document['right'] or 'not received yet'}: {document['phase']}"
    console.print(
        f"request {plain(document['request'])}, {plain(document['controller'])}: {asked}", style="bold"
    )
    if document["subject"] is None:
        console.print("  of nobody who could be identified")
    rows = table("happened", "what", "said", "ledger")
    for fact in document["facts"]:
        said = ", ".join(
            f"{name}: {in_words(value)}" for name, value in fact["details"].items() if value not in (None, [])
        )
        rows.add_row(fact["occurred_at"][:19] + "Z", fact["event_type"], plain(said), fact["ledger"])
    console.print(rows)
    for each in document["deadlines"]:
        other = (
            "" if each["other_ends_at"] is None else f" (by the other reading {each['other_ends_at_local']})"
        )
        console.print(
            f"  {each['deadline']} before {each['ends_at_local']}{other}: {each['state']}, "
            f"{plain(each['rule'] or each['article'])}, calendar {each['calendar']}"
        )
    for each in document["findings"]:
        rule = f"{each['rule']}, " if each["rule"] else ""
        where = f"{each['code']} on {each['ledger']}, {rule}{each['article']}"
        said = f"{where}: expected {each['expected']}; found {each['found']}"
        console.print(Text(f"  {plain(said)}", "red"))


def print_summaries(console: Console, documents: Sequence[Document]) -> None:
    """Prints requests in a table for people."""
    rows = table(
        "received", "request", "controller", "right", "channel", "who", "phase", "due (Amsterdam)", "state"
    )
    for document in documents:
        due: Mapping[str, Any] = document["due"] or {}
        rows.add_row(
            (document["received_at"] or "-")[:19],
            plain(document["request"]),
            plain(document["controller"]),
            document["right"] or "-",
            document["channel"] or "-",
            document["requester"] or "-",
            document["phase"],
            str(due.get("ends_at_local") or "-"),
            str(due.get("state") or "-"),
        )
    console.print(rows)


def _document(
    request: RecordedRequest, deadlines: Sequence[DeadlineRow], findings: Sequence[FindingRow], now: int
) -> Document:
    places = {(each.partition, each.offset) for each in request.entries}
    return {
        **_head(request, request.folded()),
        "facts": [_fact_document(each) for each in request.entries],
        "deadlines": [deadline_document(each, now) for each in deadlines],
        "findings": [finding_on(each) for each in findings if (each.partition, each.offset) in places],
    }


def _head(recorded: RecordedRequest, request: RightsRequest) -> Document:
    receipt = request.receipt
    of_nobody = recorded.stream == named_stream(StreamKind.UNATTRIBUTED, recorded.controller)
    return {
        "request": recorded.request_id,
        "controller": recorded.controller,
        "subject": None if of_nobody else str(recorded.stream),
        "phase": request.phase,
        "right": receipt and receipt.right,
        "channel": receipt and receipt.channel,
        "requester": receipt and receipt.requester,
        "received_by": receipt and receipt.received_by,
        "received_at": instant(receipt.occurred_at) if receipt else None,
        "bulk": receipt and receipt.bulk_id,
    }


def _fact_document(line: TrailEntry) -> Document:
    said = msgspec.json.decode(line.entry.open_fields)
    return {
        "ledger": f"{line.partition}:{line.offset}",
        "event_type": line.entry.event_type,
        "occurred_at": instant(line.entry.occurred_at),
        "details": {
            name: instant(value) if name in _MOMENTS else value
            for name, value in said.items()
            if name not in _PLACES
        },
    }


def _deadlines_of(rows: Sequence[DeadlineRow], request: RecordedRequest) -> list[DeadlineRow]:
    key = (request.stream, REQUEST, request.request_id)
    return [row for row in rows if (row.stream, row.case_kind, row.case_id) == key]


def _due(row: DeadlineRow | None, now: int) -> Document | None:
    if row is None:
        return None
    document = deadline_document(row, now)
    return {name: document[name] for name in ("ends_at", "ends_at_local", "other_ends_at", "state")}
