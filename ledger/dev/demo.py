"""The demo: a day of four providers through real processes, then what an auditor would see.

Publisher, sealer and recorder are processes of their own, as in production. What it prints is counted from what
happened: published from the inbox's own offsets, the rest from the store.
"""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from uuid import UUID

import msgspec
from rich.console import Console

from consumers.lifecycle import StopRequest
from ledger.bootstrap import Runtime, runtime
from ledger.cli.consent import consent_documents, print_consents
from ledger.cli.output import progress, stderr, table
from ledger.cli.trail import print_trail
from ledger.config import INBOX_TOPICS, Settings
from ledger.draining import drain
from ledger.errors import DataError
from ledger.log.records import Partition
from ledger.rules.consent import PROCESSING_AFTER_WITHDRAWAL
from ledger.replay import Until, live_state, replay
from ledger.store.digest import overall
from ledger.store.queries import FindingRow, Queries, Totals
from ledger.supervision import Supervisor

ASTERISK_FILE = "asterisk-master.csv"
ASTERISK_CONTROLLER = "garage-noord"
TIMELINE_SHOWN_MAX = 25

Document = dict[str, object]
Text = Callable[[Console], None]


@dataclass(frozen=True, kw_only=True)
class Published:
    """What the publishers said they published, and how the inbox grew meanwhile."""

    said: int
    inbox: int
    refused_lines: int
    seconds: float


@contextmanager
def run_demo(settings: Settings, *, events: int, seed: int) -> Iterator[tuple[Document, Text]]:
    """Runs the demo; yields its result while the services still run.

    Args:
        settings: embedded or configured services.
        events: how many inbox records the generated day has.
        seed: of the generated day.
    """
    with runtime(settings) as parts:
        parts.prepare()
        logs = settings.state_dir / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with Supervisor(settings, ("seal", "record"), logs) as supervisor, _tended(supervisor):
            before = _totals(parts)
            published = _publish(parts, events, seed)
            result = _result(parts, before, published)
            yield result, lambda console: _print(console, parts, result)


def serve_until_stopped() -> None:
    """Returns when the user stops the demo; the supervisor's thread keeps the processes running."""
    threading.Event().wait()


@contextmanager
def _tended(supervisor: Supervisor) -> Iterator[None]:
    stop = StopRequest()
    thread = threading.Thread(target=supervisor.watch, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _publish(parts: Runtime, events: int, seed: int) -> Published:
    """Publishes the day and the Asterisk file from processes of their own, and waits until all is recorded."""
    begun = _inbox_ends(parts)
    started = time.monotonic()
    stderr.print("Publishing a day of four providers, and an Asterisk call log ...")
    day = _run(
        parts,
        "ledger.dev.publisher",
        "--kafka", parts.kafka, "--events", str(events), "--seed", str(seed),
    )  # fmt: skip
    with resources.as_file(resources.files("ledger.dev") / "data" / ASTERISK_FILE) as calls:
        file = _run(
            parts,
            "ledger.cli", "publish", str(calls),
            "--format", "asterisk-csv", "--controller", ASTERISK_CONTROLLER, "--no-wait", "--json",
        )  # fmt: skip
    ends = _inbox_ends(parts)
    total = sum(ends.values()) - sum(begun.values())
    with progress("sealing and recording", None) as show:
        drain(parts, ends, ourselves=False, on_progress=lambda done, _all: show(done))
    return Published(
        said=_number(day, "published") + _number(file, "published"),
        inbox=total,
        refused_lines=_number(file, "refused"),
        seconds=time.monotonic() - started,
    )


def _run(parts: Runtime, module: str, *arguments: str) -> Mapping[str, object]:
    """Runs a module as a process of its own; the JSON document it prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        env=parts.settings.child_environment(),
        check=False,
    )
    if done.returncode:
        raise DataError(f"{module} failed", expected="exit code 0", found=str(done.returncode))
    document: Mapping[str, object] = msgspec.json.decode(done.stdout)
    return document


def _inbox_ends(parts: Runtime) -> dict[Partition, int]:
    with parts.reader({}) as reader:
        return reader.ends([p for topic in INBOX_TOPICS for p in reader.partitions_of(topic)])


def _totals(parts: Runtime) -> Totals:
    with parts.store_connection(parts.settings.store_schema) as connection:
        return Queries(connection).totals()


def _result(parts: Runtime, before: Totals, published: Published) -> Document:
    stderr.print("Replaying the ledger into an empty schema ...")
    positions, live = live_state(parts)
    with progress("replaying", None) as show:
        replayed = replay(
            parts, until=Until(positions=positions), into=None, on_progress=lambda done, _all: show(done)
        )
    with parts.store_connection(parts.settings.store_schema) as connection:
        queries = Queries(connection)
        after = queries.totals()
        subjects = queries.subjects_count()
        findings = len(queries.findings())
    return {
        "published": published.inbox,
        "accepted": after.accepted - before.accepted,
        "rejected": after.rejected - before.rejected,
        "duplicates": after.duplicates - before.duplicates,
        "out_of_chain": after.out_of_chain - before.out_of_chain,
        "resealed": after.resealed - before.resealed,
        "entries": after.entries,
        "subjects": subjects,
        "findings": findings,
        "digest": overall(live),
        "replay_digest": overall(replayed.digests),
        "events_per_s": round(published.inbox / published.seconds, 1),
        "publishers_said": published.said,
        "refused_lines": published.refused_lines,
    }


def _print(console: Console, parts: Runtime, result: Document) -> None:
    with parts.store_connection(parts.settings.store_schema) as connection:
        queries = Queries(connection)
        findings = queries.findings()
        _print_counts(console, queries, result, findings)
        subject = _telling_subject(findings)
        if subject is not None:
            _print_subject(console, queries, subject)
    equal = result["digest"] == result["replay_digest"]
    console.print("\n[bold]Replay[/bold]")
    console.print(f"  digest of the live state    {result['digest']}")
    console.print(f"  digest rebuilt from the log {result['replay_digest']}")
    console.print(
        "  They are equal: the log alone proves the state." if equal else "  [red]THEY DIFFER[/red]"
    )


def _print_counts(
    console: Console, queries: Queries, result: Document, findings: Sequence[FindingRow]
) -> None:
    console.print("[bold]What happened today[/bold]")
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
    console.print("\n[bold]What was done with personal data[/bold]")
    rows = table("entries", "what")
    for event_type, count in queries.counts("event_types"):
        rows.add_row(str(count), str(event_type))
    console.print(rows)


def _print_subject(console: Console, queries: Queries, subject: UUID) -> None:
    console.print(
        f"\n[bold]One person's timeline[/bold] (pseudonym {subject}; who it is, only the vault knows)"
    )
    lines = queries.trail(
        streams=[subject], controller=None, since=None, until=None, as_of=None, limit=TIMELINE_SHOWN_MAX
    )
    print_trail(console, lines, queries.findings(streams=[subject]))
    console.print("\n[bold]Proof of this person's consent[/bold]")
    changes = queries.consent_changes([subject], purpose=None, as_of=None)
    print_consents(console, consent_documents(changes, time.time_ns() // 1000))


def _telling_subject(findings: Sequence[FindingRow]) -> UUID | None:
    """Whose timeline shows the most: somebody whose withdrawal was not honoured."""
    withdrawn = Counter(f.stream for f in findings if f.code == PROCESSING_AFTER_WITHDRAWAL)
    return withdrawn.most_common(1)[0][0] if withdrawn else None


def _number(document: Mapping[str, object], name: str) -> int:
    value = document[name]
    if not isinstance(value, int):
        raise DataError(f"a publisher's count of {name} is no number")
    return value
