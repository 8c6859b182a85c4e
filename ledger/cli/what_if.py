"""`ledger replay --policy`: what the same history would have come to under other rules, for machines and people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from ledger.bootstrap import runtime
from ledger.cli.deadlines import local
from ledger.cli.findings import finding_document
from ledger.cli.output import emit, instant, plain, progress, table
from ledger.config import Settings
from ledger.errors import CallerError
from ledger.policies import LoadedPack, load_pack
from ledger.rules.verdicts import Binding
from ledger.store.deadlines import DeadlineRow
from ledger.store.findings import JudgedFinding
from ledger.what_if import ChangedDeadline, WhatIf, what_if

THE_LAW = "the law"


def judge_by(policy: str, *, controller: str | None, as_json: bool, others: Sequence[str]) -> None:
    """Carries out the command.

    Args:
        policy: an installed pack's id, or the path of a TOML file.
        controller: only this one's.
        as_json: whether to print JSON.
        others: further options that were given, which mean nothing here.

    Raises:
        CallerError: there are such options, or nobody would be bound.
    """
    if others:
        raise CallerError(
            "--policy compares with what is recorded now, and keeps nothing",
            expected="--policy with --controller and --json only",
            found=", ".join(others),
        )
    loaded = load_pack(policy if not Path(policy).is_file() else Path(policy))
    with runtime(Settings()) as parts, progress("judging again", None) as show:
        answer = what_if(
            parts, loaded.pack, controller=controller, on_progress=lambda done, _total: show(done)
        )

    document = _document(loaded, answer)
    emit(document, as_json=as_json, text=lambda console: _print(console, document))


def _document(loaded: LoadedPack, answer: WhatIf) -> dict[str, Any]:
    difference = answer.difference
    return {
        "pack": loaded.pack.id,
        "version": loaded.pack.version,
        "sha256": loaded.sha256,
        "controllers": list(answer.adopted_by),
        "from_the_start": answer.from_start,
        "entries": answer.entries,
        "seconds": round(answer.seconds, 3),
        "would_open": [_finding(row, answer.bindings_then) for row in difference.would_open],
        "would_not_open": [_finding(row, answer.bindings) for row in difference.would_not_open],
        "would_read_otherwise": [
            {"is": _finding(before, answer.bindings), "would_be": _finding(after, answer.bindings_then)}
            for before, after in difference.would_read_otherwise
        ],
        "counts": [
            {"rule": each.rule or None, "code": each.code, "are": each.are, "would_be": each.would_be}
            for each in difference.counts
        ],
        "deadlines": [_deadline_document(changed) for changed in difference.deadlines],
        "verdicts": [
            {
                "controller": each.controller,
                "promise": each.promise,
                "is": each.before,
                "would_be": each.after,
            }
            for each in difference.verdicts
        ],
    }


def _finding(row: JudgedFinding, bindings: Sequence[Binding]) -> dict[str, Any]:
    """A finding as `ledger findings` shows it, but for what only the log as it is can say: its state."""
    document = finding_document(row, [one for one in bindings if one.controller == row.controller])
    return {name: value for name, value in document.items() if name != "state"}


def _deadline_document(changed: ChangedDeadline) -> dict[str, Any]:
    row = changed.after or changed.before
    assert row is not None  # noqa: S101 # one of the two is there
    return {
        "controller": row.controller,
        "case_kind": row.case_kind,
        "case": row.case_id,
        "deadline": row.name,
        "rule": row.rule or None,
        "is": _stands(changed.before),
        "would_be": _stands(changed.after),
    }


def _stands(row: DeadlineRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "state": row.state,
        "ends_at": instant(row.ends_at),
        "ends_at_local": local(row.ends_at),
        "ledger": f"{row.partition}:{row.offset}",
    }


def _print(console: Console, document: Mapping[str, Any]) -> None:
    whom = ", ".join(map(plain, document["controllers"]))
    since = "from the beginning" if document["from_the_start"] else "since it was adopted"
    console.print(f"{document['pack']} {plain(document['version'])}, for {whom}, {since}")
    _print_findings(console, "would be found", document["would_open"])
    _print_findings(console, "would not be found", document["would_not_open"])
    _print_findings(
        console, "would read otherwise", [each["would_be"] for each in document["would_read_otherwise"]]
    )
    for title, lines in (
        (("rule", "finding"), [each for each in document["counts"] if each["are"] != each["would_be"]]),
        (("controller", "promise"), document["verdicts"]),
    ):
        rows = table(*title, "is", "would be")
        for each in lines:
            first, second, before, after = each.values()
            rows.add_row(plain(first or THE_LAW), plain(second), _said(before), _said(after))
        if lines:
            console.print(rows)
    _print_deadlines(console, document["deadlines"])
    console.print(f"{document['entries']} ledger records judged again in {document['seconds']:.1f} s")


def _print_findings(console: Console, title: str, findings: Sequence[Mapping[str, Any]]) -> None:
    console.print(f"\n{len(findings)} {title}")
    rows = table("code", "rule", "ledger", "what it is")
    for each in findings:
        rows.add_row(
            plain(each["code"]), plain(each["rule"] or THE_LAW), each["ledger"], plain(each["explanation"])
        )
    if findings:
        console.print(rows)


def _print_deadlines(console: Console, deadlines: Sequence[Mapping[str, Any]]) -> None:
    rows = table("controller", "deadline", "rule", "is", "would be")
    for each in deadlines:
        rows.add_row(
            plain(each["controller"]),
            plain(f"{each['case_kind']} {each['case']}: {each['deadline']}"),
            plain(each["rule"] or THE_LAW),
            _said(each["is"]),
            _said(each["would_be"]),
        )
    if deadlines:
        console.print(rows)


def _said(stands: object) -> str:
    if isinstance(stands, Mapping):
        return f"{stands['state']}, {stands['ends_at_local'] or stands['ends_at']}"
    return "-" if stands is None else str(stands)
