"""`ledger findings`: each broken rule with the entry that broke it, and one sentence that explains it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, parse_instant, plain, table
from ledger.cli.subject import SubjectOption, find_streams, require_controller
from ledger.config import Settings
from ledger.rules.explaining import BrokenPromise, explain
from ledger.rules.verdicts import Binding, promises_broken
from ledger.store.findings import JudgedFinding, judged_findings
from ledger.store.ledger_store import repeatable_read
from ledger.store.promises import Asked, PromiseQueries
from ledger.store.queries import Queries

EXIT_FOUND = 1
OPEN = "open"
LIMIT_DEFAULT = 1000


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("findings")(findings)


def findings(
    controller: Annotated[str | None, typer.Option(help="Only this controller's.")] = None,
    code: Annotated[str | None, typer.Option(help="Only findings with this code.")] = None,
    subject: SubjectOption = None,
    since: Annotated[str | None, typer.Option(help="Happened at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="Happened before this time.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known at this time.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Those too that a later fact has resolved.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = LIMIT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List findings, oldest first: what was broken, by which entry, and why; exit code 1 when one is open."""
    settings = Settings()
    known_at = parse_instant("--as-of", as_of)
    with runtime(settings) as parts:
        asked = Asked(
            controller=controller, as_of=known_at, now=parts.clock() if known_at is None else known_at
        )
        streams = find_streams(parts, subject, controller)
        with parts.store_connection(settings.store_schema) as connection, repeatable_read(connection):
            require_controller(Queries(connection), controller)
            found = judged_findings(
                connection,
                streams=streams,
                controller=controller,
                code=code,
                since=parse_instant("--since", since),
                until=parse_instant("--until", until),
                as_of=known_at,
                resolved=everything,
                limit=limit + 1,
            )
            bindings = _by_controller(PromiseQueries(connection).bindings(asked))
    truncated = len(found) > limit
    documents = [finding_document(each, bindings.get(each.controller, ())) for each in found[:limit]]
    emit(
        {"as_of": instant(asked.now), "findings": documents, "truncated": truncated},
        as_json=as_json,
        text=lambda console: _print(console, documents, truncated=truncated),
    )
    if any(each.state == OPEN for each in found):
        raise typer.Exit(EXIT_FOUND)


def finding_document(found: JudgedFinding, bindings: Sequence[Binding]) -> dict[str, Any]:
    """A finding as `--json` shows it.

    Args:
        found: the last judgement.
        bindings: what binds its controller, for the text of the promises it breaks.
    """
    pairs = list(promises_broken(found.code, found.rule, found.about, found.occurred_at, bindings))
    # The one it was judged by goes first.
    pairs.sort(key=lambda pair: f"{pair[0].id}:{pair[1].id}" != found.rule)
    promises = [
        BrokenPromise(pack.id, entry.promise or entry.id, entry.article, entry.text) for pack, entry in pairs
    ]
    entry = f"{found.partition}:{found.offset}"
    by_promise = bool(pairs) and f"{pairs[0][0].id}:{pairs[0][1].id}" == found.rule
    return {
        "code": found.code,
        "article": found.article,
        "rule": found.rule or None,
        "promises": [
            {"pack": each.pack, "promise": each.promise, "article": each.article, "text": each.text}
            for each in promises
        ],
        "state": found.state,
        "controller": found.controller,
        "stream": found.stream,
        "ledger": entry,
        "event_type": found.event_type,
        "occurred_at": instant(found.occurred_at),
        "judged_at": instant(found.judged_at),
        "judged_by": f"{found.partition}:{found.judged_by}",
        "expected": found.expected,
        "found": found.found,
        "explanation": explain(
            controller=found.controller,
            at=found.occurred_at,
            article=found.article,
            expected=found.expected,
            found=found.found,
            entry=f"{entry} ({found.event_type})" if found.event_type else entry,
            by_promise=by_promise,
            promises=promises,
        ),
    }


def _by_controller(bindings: Sequence[Binding]) -> Mapping[str, Sequence[Binding]]:
    found: dict[str, list[Binding]] = {}
    for one in bindings:
        found.setdefault(one.controller, []).append(one)
    return found


def _print(console: Console, documents: Sequence[Mapping[str, Any]], *, truncated: bool) -> None:
    rows = table("state", "code", "rule", "ledger", "what it is")
    for each in documents:
        rows.add_row(
            Text(each["state"], style="red" if each["state"] == OPEN else ""),
            each["code"],
            plain(each["rule"] or "law"),
            each["ledger"],
            plain(each["explanation"]),
        )
    console.print(rows)
    if truncated:
        console.print("There is more: raise --limit, or narrow with --controller, --code, --since, --until.")
