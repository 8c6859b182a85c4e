"""The demo: a day of four providers through real processes, then what an auditor would see.

Publisher, sealer and recorder are processes of their own, as in production. What it prints is counted from what
happened: published from the inbox's own offsets, the rest from the store.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources

import msgspec

from consumers.lifecycle import StopRequest
from ledger.bootstrap import Runtime, runtime
from ledger.config import INBOX_TOPICS, Settings
from ledger.dev.invented import GARAGE
from ledger.dev.planned import LOCAL_ZONE, SECOND
from ledger.draining import drain
from ledger.errors import DataError
from ledger.log.records import Partition
from ledger.replay import Until, live_state, replay
from ledger.rules.verdicts import Verdict, judge_promises
from ledger.store.digest import overall
from ledger.store.promises import Asked, PromiseQueries
from ledger.store.queries import Queries, Totals
from ledger.supervision import Supervisor

ASTERISK_FILE = "asterisk-master.csv"

Document = dict[str, object]
Say = Callable[[str], None]
"""Told what is going on, for people."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """What the publishers said they published, and how the inbox grew meanwhile."""

    said: int
    inbox: int
    refused_lines: int
    seconds: float


@contextmanager
def demo_day(
    settings: Settings, *, events: int, seed: int, on: date | None, say: Say
) -> Iterator[tuple[Runtime, Document]]:
    """Runs the demo; yields its result while the services still run.

    Args:
        settings: embedded or configured services.
        events: how many inbox records the generated day has.
        seed: of the generated day.
        on: the local day it is; None for yesterday, so that what is owed then is still to come.
        say: told what is going on.
    """
    with runtime(settings) as parts:
        parts.prepare()
        logs = settings.state_dir / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with Supervisor(settings, ("seal", "record"), logs) as supervisor, _tended(supervisor):
            before = _totals(parts)
            say("Publishing a day of four providers, and an Asterisk call log ...")
            published = _publish(parts, events, seed, on or _yesterday(parts))
            say("Replaying the ledger into an empty schema ...")
            yield parts, _result(parts, before, published)


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


def _publish(parts: Runtime, events: int, seed: int, on: date) -> Published:
    """Publishes the day and the Asterisk file from processes of their own, and waits until all is recorded.

    What governs the day is recorded before anything else of it is published: each record is judged by the rules that
    the sealer had applied, which are all of them then, whatever the interleaving of topics.
    """
    begun = _inbox_ends(parts)
    started = time.monotonic()
    planned = ("--events", str(events), "--seed", str(seed), "--date", on.isoformat())
    publish = ("ledger.dev.publisher", "--kafka", parts.kafka, *planned, "--part")
    opening = _run(parts, *publish, "opening")
    _await_recorded(parts)
    rest = _run(parts, *publish, "rest")
    with resources.as_file(resources.files("ledger.dev") / "data" / ASTERISK_FILE) as calls:
        file = _run(
            parts,
            "ledger.cli", "publish", str(calls),
            "--format", "asterisk-csv", "--controller", GARAGE.controller, "--no-wait", "--json",
        )  # fmt: skip
    ends = _await_recorded(parts)
    return Published(
        said=sum(_number(each, "published") for each in (opening, rest, file)),
        inbox=sum(ends.values()) - sum(begun.values()),
        refused_lines=_number(file, "refused"),
        seconds=time.monotonic() - started,
    )


def _await_recorded(parts: Runtime) -> dict[Partition, int]:
    """Returns the inbox's ends once the sealer and recorder beside us are there."""
    ends = _inbox_ends(parts)
    drain(parts, ends, ourselves=False, on_progress=lambda _done, _all: None)
    return ends


def _yesterday(parts: Runtime) -> date:
    """The last whole local day."""
    today = datetime.fromtimestamp(parts.clock() / SECOND, LOCAL_ZONE).date()
    return today - timedelta(days=1)


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
    positions, live = live_state(parts)
    replayed = replay(
        parts, until=Until(positions=positions), into=None, on_progress=lambda _done, _all: None
    )
    with parts.store_connection(parts.settings.store_schema) as connection:
        queries = Queries(connection)
        after = queries.totals()
        subjects = queries.subjects_count()
        findings = len(queries.findings())
        promises = _promises(PromiseQueries(connection), parts.clock())
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
        "promises": promises,
        "digest": overall(live),
        "replay_digest": overall(replayed.digests),
        "events_per_s": round(published.inbox / published.seconds, 1),
        "publishers_said": published.said,
        "refused_lines": published.refused_lines,
    }


def _promises(queries: PromiseQueries, now: int) -> dict[str, dict[str, int]]:
    """How many promises of each document are kept, broken, due and so on, by the pack's id."""
    asked = Asked(now=now)
    bindings, evidence = queries.bindings(asked), queries.evidence(asked)
    packs = {binding.pack.id: binding.pack for binding in bindings}
    counts: dict[str, dict[str, int]] = {name: dict.fromkeys(Verdict, 0) for name in sorted(packs)}
    for judged in judge_promises(list(packs.values()), bindings, evidence):
        counts[judged.pack.id][judged.verdict] += 1
    return counts


def _number(document: Mapping[str, object], name: str) -> int:
    value = document[name]
    if not isinstance(value, int):
        raise DataError(f"a publisher's count of {name} is no number")
    return value
