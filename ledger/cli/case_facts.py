"""What the commands about cases share: stating a fact of one, and showing what is recorded and found.

A case is an agreement, a sub-processor, a breach, an audit, a disclosure or a notice of one controller. Its state is
what its facts say, the findings opened on them and the deadlines they started, each with ledger coordinates.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from ledger.aggregates.cases import CASE_OF, SUBPROCESSOR, CaseKind, case_stream
from ledger.bootstrap import Runtime, runtime
from ledger.cli.deadlines import deadline_document
from ledger.cli.output import emit, instant, plain, table
from ledger.cli.stated import Statement, emit_stated, state_fact
from ledger.config import Settings
from ledger.errors import NotFound
from ledger.store.cases import CaseQueries
from ledger.store.deadlines import DeadlineRow
from ledger.store.queries import FindingRow, Queries, TrailEntry

Document = dict[str, Any]
_MOMENTS = ("_at", "_from", "_until")


def state_case_fact(
    event_type: str,
    controller: str,
    case_id: str,
    fields: Mapping[str, object],
    *,
    at: int | None,
    as_json: bool,
) -> None:
    """Publishes a fact of a case, waits until it is recorded, and prints it with the case as it is then.

    Args:
        event_type: the fact's; it says of which kind the case is.
        controller: whose case it is.
        case_id: the case, as its facts name it.
        fields: what else the fact states, by the names of its schema.
        at: when it happened, microseconds since the epoch, UTC; None for now.
        as_json: whether to print one JSON document.
    """
    kind = CASE_OF[event_type]
    with runtime(Settings()) as parts:
        now = parts.clock()
        statement = Statement(
            event_type=event_type,
            controller=controller,
            fields={kind.id_field: case_id, **fields},
            occurred_at=now if at is None else at,
        )
        stated = state_fact(parts, statement)
        [document] = read_cases(parts, kind, controller=controller, case_id=case_id)
    warnings = [f"it is said to happen only at {instant(at)}"] if at is not None and at > now else []
    emit_stated(
        stated,
        document,
        as_json=as_json,
        warnings=warnings,
        text=lambda console: print_case(console, document),
    )


def show_cases(
    kind: CaseKind, *, controller: str | None, case_id: str | None, as_json: bool, name: str
) -> None:
    """Prints the cases of a kind, or one of them.

    Args:
        kind: which.
        controller: only this controller's.
        case_id: only the one of this name.
        as_json: whether to print one JSON document.
        name: of the list in that document.

    Raises:
        NotFound: one was named, and nothing is recorded of it.
    """
    with runtime(Settings()) as parts:
        documents = read_cases(parts, kind, controller=controller, case_id=case_id)
    if case_id is not None and not documents:
        raise NotFound(
            f"nothing is recorded of that {kind.kind}",
            do="Check its name and --controller; without a name all are listed",
        )

    def text(console: Console) -> None:
        for document in documents:
            print_case(console, document)

    emit({name: documents}, as_json=as_json, text=text)


def read_cases(
    parts: Runtime, kind: CaseKind, *, controller: str | None, case_id: str | None
) -> list[Document]:
    """The cases of a kind as `--json` shows them, the oldest first."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        cases = CaseQueries(connection)
        if controller is not None and case_id is not None:
            streams = [case_stream(controller, kind.kind, _name(kind, case_id))]
        else:
            streams = cases.streams_of(kind, controller)
        facts = cases.facts(streams)
        deadlines = cases.deadlines(streams)
        findings = Queries(connection).findings(streams=streams)
    documents = [
        _document(
            kind,
            facts[stream],
            [each for each in findings if each.stream == stream],
            [each for each in deadlines if each.stream == stream],
            parts.clock(),
        )
        for stream in streams
        if stream in facts
    ]
    return [each for each in documents if case_id is None or each["id"] == _name(kind, case_id)]


def fact_documents(facts: Sequence[TrailEntry]) -> list[Document]:
    """Governance facts as `--json` shows them, by when they happened."""
    return [
        {
            "ledger": f"{each.partition}:{each.offset}",
            "event_type": each.entry.event_type,
            "occurred_at": instant(each.entry.occurred_at),
            "notice_version": each.entry.notice_version,
            "details": {
                name: _shown(name, value)
                for name, value in msgspec.json.decode(each.entry.open_fields).items()
            },
        }
        for each in sorted(facts, key=lambda it: (it.entry.occurred_at, it.offset))
    ]


def finding_on(finding: FindingRow) -> Document:
    """A finding as `--json` shows it beside the case or request it is on."""
    return {
        "code": finding.code,
        "rule": finding.rule or None,
        "article": finding.article,
        "expected": finding.expected,
        "found": finding.found,
        "ledger": f"{finding.partition}:{finding.offset}",
    }


def print_facts(console: Console, documents: Sequence[Document]) -> None:
    """Prints governance facts for people, with what each states."""
    rows = table("happened", "what", "said", "ledger")
    for each in documents:
        said = (f"{name}: {in_words(value)}" for name, value in each["details"].items() if value is not None)
        rows.add_row(
            each["occurred_at"][:19] + "Z", each["event_type"], plain(", ".join(said)), each["ledger"]
        )
    console.print(rows)


def print_case(console: Console, document: Document) -> None:
    """Prints a case for people: what happened, what is owed until when, and what was found."""
    console.print(
        f"{document['kind']} {plain(document['id'])}, {plain(document['controller'])}", style="bold"
    )
    print_facts(console, document["facts"])
    for each in document["deadlines"]:
        console.print(
            f"  {each['deadline']} before {each['ends_at_local']}: {each['state']} ({plain(each['article'])})"
        )
    for each in document["findings"]:
        said = f"{each['code']} on {each['ledger']}, {each['article']}: {each['expected']}; {each['found']}"
        console.print(Text(f"  {plain(said)}", "red"))


def _name(kind: CaseKind, case_id: str) -> str:
    """What a case is called: sub-processors go by their name in lower case."""
    return case_id.lower() if kind == SUBPROCESSOR else case_id


def _document(
    kind: CaseKind,
    facts: Sequence[TrailEntry],
    findings: Sequence[FindingRow],
    deadlines: Sequence[DeadlineRow],
    now: int,
) -> Document:
    said = fact_documents(facts)
    called = next((each["details"][kind.id_field] for each in said if kind.id_field in each["details"]), "")
    return {
        "kind": kind.kind,
        "id": _name(kind, called),
        "controller": facts[0].entry.controller,
        "phase": said[-1]["event_type"].partition(".")[2],
        "facts": said,
        "deadlines": [deadline_document(each, now) for each in deadlines],
        "findings": [finding_on(each) for each in findings],
    }


def _shown(name: str, value: object) -> object:
    """What a fact states; its moments, which schemas name with these endings, as RFC 3339."""
    return instant(value) if isinstance(value, int) and name.endswith(_MOMENTS) else value


def in_words(value: object) -> str:
    """A value a fact states, for people."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
