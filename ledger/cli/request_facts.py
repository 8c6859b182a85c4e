"""What the commands about rights requests share: finding a request, stating a fact of it, and showing what follows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from ledger.aggregates.streams import named_stream
from ledger.bootstrap import Runtime, runtime
from ledger.cli.request_state import Document, print_request, request_documents
from ledger.cli.stated import Stated, Statement, checked_text, emit_stated, state_fact
from ledger.cli.subject import find_streams, identifying_fields, read_reference
from ledger.config import Settings
from ledger.entry import StreamKind
from ledger.errors import CallerError, NotFound
from ledger.store.requests import RecordedRequest, read_requests

RIGHTS_COMMON: Mapping[str, object] = {"role": "controller", "purpose": "rights_request"}
"""What facts about requests state in place of the ledger's own common fields: answering is the controller's duty."""

RequestArgument = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id.")]
Warn = Callable[[Document], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class RequestFact:
    """A fact of a request that is to be stated.

    `at` is in microseconds since the epoch, UTC, None for now. `controller` and `subject` are needed only where the
    request's id alone does not say whose it is.
    """

    event_type: str
    request_id: str
    controller: str | None
    subject: str | None
    at: int | None
    fields: Mapping[str, object]


def state_request_fact(fact: RequestFact, *, as_json: bool, warn: Warn = lambda _: ()) -> None:
    """Publishes a fact of a request, waits until it is recorded, and prints it with the request as it is then.

    Args:
        fact: of a request that is recorded, or whose person is named.
        as_json: whether to print one JSON document.
        warn: what else whoever stated it should hear, from the request as it is then.

    Raises:
        NotFound: the request is not recorded, and it is not said whose it is.
        CallerError: several requests have the id.
    """
    checked_text("REQUEST", fact.request_id)
    with runtime(Settings()) as parts:
        controller, whose = _whose(parts, fact)
        document, stated = publish_fact(parts, fact, controller, whose)
    warnings = [*_found_on(document, stated), *warn(document)]
    emit_stated(
        stated,
        document,
        as_json=as_json,
        warnings=warnings,
        text=lambda console: print_request(console, document),
    )


def publish_fact(
    parts: Runtime, fact: RequestFact, controller: str, whose: Mapping[str, object]
) -> tuple[Document, Stated]:
    """Publishes a fact of somebody's request and waits until it is recorded; returns the request as it is then."""
    statement = Statement(
        event_type=fact.event_type,
        controller=controller,
        fields={**RIGHTS_COMMON, **whose, "request_id": fact.request_id, **fact.fields},
        occurred_at=parts.clock() if fact.at is None else fact.at,
    )
    stated = state_fact(parts, statement)
    [document] = request_documents(
        parts,
        find_requests(parts, request_id=fact.request_id, controller=controller, streams=[stated.stream]),
    )
    return document, stated


def find_requests(
    parts: Runtime,
    *,
    request_id: str | None = None,
    controller: str | None = None,
    streams: Sequence[UUID] | None = None,
) -> list[RecordedRequest]:
    """The recorded requests of an id, a controller, some people; None does not restrict."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        return read_requests(connection, controller=controller, streams=streams, request_id=request_id)


def of_person(parts: Runtime, subject: str | None, controller: str | None) -> list[UUID] | None:
    """The streams of the person a reference names; None without a reference, none when nobody is known by it."""
    try:
        return find_streams(parts, subject, controller)
    except NotFound:
        return []


def _whose(parts: Runtime, fact: RequestFact) -> tuple[str, Mapping[str, object]]:
    """Whose request it is: the controller, and the fields that name the person; none for nobody identified."""
    reference = None if fact.subject is None else read_reference(fact.subject)
    found = find_requests(
        parts,
        request_id=fact.request_id,
        controller=fact.controller,
        streams=of_person(parts, reference, fact.controller),
    )
    if len(found) > 1:
        raise CallerError(
            "several requests have that id",
            expected="--controller, --subject, or both",
            found=f"{len(found)} of {len({each.controller for each in found})} controllers",
        )
    if found:
        # By the pseudonym: after an erasure an identifier would lead to somebody new.
        [request] = found
        of_nobody = request.stream == named_stream(StreamKind.UNATTRIBUTED, request.controller)
        return request.controller, {} if of_nobody else {"subject_pseudonym": str(request.stream)}
    if fact.controller is None or reference is None:
        raise unknown_request("or say whose it is with --controller and --subject")
    return fact.controller, identifying_fields(parts, reference, fact.controller)


def unknown_request(otherwise: str = "") -> NotFound:
    """The error that nothing is recorded of a request."""
    do = "`ledger request list` lists them; state a new one with `ledger request receive`"
    return NotFound("nothing is recorded of that request", do=", ".join(filter(None, (do, otherwise))))


def _found_on(document: Document, stated: Stated) -> list[str]:
    """What was found on the fact that was stated, once where a promise and the law say the same."""
    place = f"{stated.partition}:{stated.offset}"
    found = [
        f"{each['code']}: expected {each['expected']}; found {each['found']}"
        for each in document["findings"]
        if each["ledger"] == place
    ]
    return list(dict.fromkeys(found))
