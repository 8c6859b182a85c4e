"""`ledger promises`: every promise of the documents, whether it was kept, and the entries that show it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ledger.bootstrap import runtime
from ledger.cli.output import JsonOption, emit, instant, parse_instant, plain, table
from ledger.cli.subject import require_controller
from ledger.config import Settings
from ledger.errors import NotFound
from ledger.policies import load_pack, pack_ids
from ledger.rules.packs.policy_pack import PolicyPack
from ledger.rules.packs.rule_kinds import RULE_KINDS
from ledger.rules.verdicts import (
    Binding,
    EntryVerdict,
    Evidence,
    Held,
    PromiseVerdict,
    Verdict,
    judge_promises,
)
from ledger.store.ledger_store import repeatable_read
from ledger.store.promises import Asked, PromiseQueries
from ledger.store.queries import Queries

EVIDENCE_MAX = 20
"""Entries shown for each verdict of an entry and controller; the counts are of all."""
STYLES = {Verdict.BROKEN: "red", Verdict.DUE: "yellow", Verdict.KEPT: "green"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("promises")(promises)


def promises(
    controller: Annotated[
        str | None, typer.Option(help="Only this controller, and the packs that bind it.")
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Only the promises of this pack.")] = None,
    since: Annotated[str | None, typer.Option(help="Happened at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="Happened before this time.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known at this time.")] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="With --controller: every installed pack, also those that bind nobody."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List every promise with its verdict: broken, due, kept, no evidence yet, or text only."""
    settings = Settings()
    known_at = parse_instant("--as-of", as_of)
    with runtime(settings) as parts:
        asked = Asked(
            controller=controller,
            since=parse_instant("--since", since),
            until=parse_instant("--until", until),
            as_of=known_at,
            now=parts.clock() if known_at is None else known_at,
        )
        with parts.store_connection(settings.store_schema) as connection, repeatable_read(connection):
            require_controller(Queries(connection), controller)
            queries = PromiseQueries(connection)
            bindings, evidence = queries.bindings(asked), queries.evidence(asked)
    packs = _chosen(bindings, only=pack, installed=controller is None or everything)
    judged = judge_promises(packs, bindings, evidence)
    document = {
        "controller": controller,
        "since": instant(asked.since),
        "until": instant(asked.until),
        "as_of": instant(asked.now),
        "counts": _counts(each.verdict for each in judged),
        "promises": [promise_document(each) for each in judged],
    }
    emit(document, as_json=as_json, text=lambda console: _print(console, judged))


def _chosen(bindings: Sequence[Binding], *, only: str | None, installed: bool) -> list[PolicyPack]:
    """The packs to show: as they were adopted, and the installed ones that bind nobody; by id.

    Raises:
        NotFound: there is none of the name asked for.
    """
    found: list[PolicyPack] = []
    for one in bindings:
        if one.pack not in found:
            found.append(one.pack)
    if installed:
        bound = {pack.id for pack in found}
        found += [load_pack(name).pack for name in pack_ids() if name not in bound]
    chosen = [pack for pack in found if only in {None, pack.id}]
    if only is not None and not chosen:
        raise NotFound(
            "no such policy pack",
            expected="a pack that was adopted, or one that `ledger policy list` shows",
            found=ascii(only[:40]),
        )
    return sorted(chosen, key=lambda pack: (pack.id, pack.version))


def promise_document(judged: PromiseVerdict) -> dict[str, Any]:
    """A promise as `--json` shows it; entry, article and text are those of the entry that decides."""
    deciding = judged.deciding.entry
    return {
        "pack": judged.pack.id,
        "pack_version": judged.pack.version,
        "promise": judged.promise,
        "verdict": judged.verdict.value,
        "entry": deciding.id,
        "article": deciding.article,
        "text": deciding.text,
        "controllers": {name: verdict.value for name, verdict in judged.by_controller.items()},
        "entries": [_entry_document(each) for each in judged.entries],
        "evidence": _coordinates(judged),
    }


def _entry_document(judged: EntryVerdict) -> dict[str, Any]:
    entry = judged.entry
    return {
        "entry": entry.id,
        "rule": judged.rule,
        "kind": entry.kind,
        "asks": RULE_KINDS[entry.kind].says,
        "article": entry.article,
        "text": entry.text,
        "reason": entry.reason,
        "verdict": judged.verdict.value,
        "controllers": {name: _held_document(held) for name, held in sorted(judged.by_controller.items())},
    }


def _held_document(held: Held) -> dict[str, Any]:
    return {
        "verdict": held.verdict.value,
        "counts": {"broken": len(held.broken), "due": len(held.due), "kept": len(held.kept)},
        "broken": [_evidence_document(each) for each in held.broken[:EVIDENCE_MAX]],
        "due": [_evidence_document(each) for each in held.due[:EVIDENCE_MAX]],
        "kept": [_evidence_document(each) for each in held.kept[:EVIDENCE_MAX]],
    }


def _evidence_document(each: Evidence) -> dict[str, Any]:
    return {
        "ledger": f"{each.partition}:{each.offset}",
        "source": each.source.value,
        "name": each.name,
        "rule": each.rule or None,
        "occurred_at": instant(each.at),
        "until": instant(each.until),
        "about": each.detail or each.about or None,
        "found": each.says or None,
    }


def _coordinates(judged: PromiseVerdict) -> list[str]:
    """The entries that show the verdict itself, each once, oldest first."""
    shown = sorted(_showing(judged), key=lambda each: (each.at, each.partition, each.offset))
    return list(dict.fromkeys(f"{each.partition}:{each.offset}" for each in shown))[:EVIDENCE_MAX]


def _showing(judged: PromiseVerdict) -> Iterator[Evidence]:
    for held in (held for each in judged.entries for held in each.by_controller.values()):
        yield from {Verdict.BROKEN: held.broken, Verdict.DUE: held.due, Verdict.KEPT: held.kept}.get(
            judged.verdict, ()
        )


def _counts(verdicts: Iterable[Verdict]) -> Mapping[str, int]:
    counted = Counter(verdicts)
    return {verdict.value: counted[verdict] for verdict in Verdict}


def _whose(judged: PromiseVerdict) -> str:
    """The controllers of which the verdict is, where there is anything to show."""
    if judged.verdict not in STYLES:
        return ""
    return ", ".join(name for name, verdict in judged.by_controller.items() if verdict is judged.verdict)


def _print(console: Console, judged: Sequence[PromiseVerdict]) -> None:
    rows = table("promise", "pack", "verdict", "of", "entry", "article", "text", "ledger")
    for each in judged:
        deciding = each.deciding.entry
        rows.add_row(
            plain(each.promise),
            plain(each.pack.id),
            Text(each.verdict.value.replace("_", " "), style=STYLES.get(each.verdict, "")),
            plain(_whose(each)),
            plain(deciding.id),
            plain(deciding.article),
            plain(deciding.text if deciding.reason is None else f"{deciding.text} ({deciding.reason})"),
            " ".join(_coordinates(each)[:3]),
        )
    console.print(rows)
    counts = _counts(each.verdict for each in judged)
    console.print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))
