"""`ledger demo`: a day of four providers, from the inbox to a replay that proves it."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.text import Text

from ledger.bootstrap import Runtime
from ledger.cli.consent import consent_documents, print_consents
from ledger.cli.output import JsonOption, emit, stderr, table
from ledger.cli.trail import print_trail
from ledger.config import Settings
from ledger.rules.consent import PROCESSING_AFTER_WITHDRAWAL
from ledger.rules.verdicts import Verdict
from ledger.store.queries import FindingRow, Queries

TIMELINE_SHOWN_MAX = 25
EXIT_DIFFERENT = 1


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the summary.")] = False,
    events: Annotated[int, typer.Option(min=1, help="How many inbox records the day has.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 1,
    on: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="The local day. Default: yesterday."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a realistic day, wait until it is recorded, and show what an auditor would see."""
    # Imported here: production installs leave the embedded extra out.
    from ledger.dev.demo import demo_day, serve_until_stopped  # noqa: PLC0415

    day = None if on is None else on.date()
    with demo_day(Settings(), events=events, seed=seed, on=day, say=stderr.print) as (parts, result):
        emit(result, as_json=as_json, text=lambda console: _print(console, parts, result))
        if result["digest"] != result["replay_digest"]:
            raise typer.Exit(EXIT_DIFFERENT)
        if not once:
            stderr.print("\nStill running: ask in another terminal, `.venv/bin/ledger trail`. Ctrl-C stops.")
            serve_until_stopped()


def _print(console: Console, parts: Runtime, result: Mapping[str, Any]) -> None:
    """What a DPO would want to see of the day."""
    with parts.store_connection(parts.settings.store_schema) as connection:
        queries = Queries(connection)
        findings = queries.findings()
        _print_counts(console, queries, result, findings)
        subject = _telling_subject(findings)
        if subject is not None:
            _print_subject(console, queries, subject)
    _print_promises(console, result)
    equal = result["digest"] == result["replay_digest"]
    console.print("\nReplay", style="bold")
    console.print(f"  digest of the live state    {result['digest']}")
    console.print(f"  digest rebuilt from the log {result['replay_digest']}")
    console.print(
        "  They are equal: the log alone proves the state." if equal else Text("  THEY DIFFER", "red")
    )


def _print_counts(
    console: Console, queries: Queries, result: Mapping[str, object], findings: Sequence[FindingRow]
) -> None:
    console.print("What happened today", style="bold")
    console.print(f"  {result['published']} facts were published by the services")
    console.print(
        f"  {result['accepted']} took effect, as {result['entries']} entries about {result['subjects']} people"
    )
    console.print(f"  {result['duplicates']} were repeats of a fact the ledger already had: no second effect")
    console.print(f"  {result['rejected']} could not be read; they are kept, sealed, with the reason:")
    for reason, count in queries.counts("rejection_reasons"):
        console.print(f"      {count:>5}  {reason}")
    console.print(f"  {result['findings']} findings, where a fact broke a rule:")
    for (code, article), count in Counter((f.code, f.article) for f in findings).most_common():
        console.print(f"      {count:>5}  {code} ({article})")
    console.print("\nWhat was done with personal data", style="bold")
    rows = table("entries", "what")
    for event_type, count in queries.counts("event_types"):
        rows.add_row(str(count), str(event_type))
    console.print(rows)


def _print_promises(console: Console, result: Mapping[str, Any]) -> None:
    console.print("\nWhat the providers promised", style="bold")
    counts: Mapping[str, Mapping[str, int]] = result["promises"]
    rows = table("document", *(verdict.replace("_", " ") for verdict in Verdict))
    for name, by_verdict in counts.items():
        rows.add_row(name, *(str(by_verdict[verdict]) for verdict in Verdict))
    console.print(rows)
    console.print(
        "  `ledger promises` lists each with the entries that show it, `ledger findings` says what broke."
    )


def _print_subject(console: Console, queries: Queries, subject: UUID) -> None:
    console.print(
        Text.assemble(
            ("\nOne person's timeline", "bold"), f" (pseudonym {subject}; who it is, only the vault knows)"
        )
    )
    lines = queries.trail(
        streams=[subject], controller=None, since=None, until=None, as_of=None, limit=TIMELINE_SHOWN_MAX
    )
    print_trail(console, lines, queries.findings(streams=[subject]))
    console.print("\nProof of this person's consent", style="bold")
    changes = queries.consent_changes([subject], purpose=None, as_of=None)
    print_consents(console, consent_documents(changes, time.time_ns() // 1000))


def _telling_subject(findings: Sequence[FindingRow]) -> UUID | None:
    """Whose timeline shows the most: somebody whose withdrawal was not honoured."""
    withdrawn = Counter(f.stream for f in findings if f.code == PROCESSING_AFTER_WITHDRAWAL)
    return withdrawn.most_common(1)[0][0] if withdrawn else None
