"""`ledger policy lint`: whether packs can be read, and what contradicts or is missing in what they say."""

from collections import Counter
from typing import Annotated, Any

import typer
from rich.console import Console

from ledger.cli.output import JsonOption, emit, plain
from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.errors import CallerError
from ledger.policies import LoadedPack, load_pack, pack_ids
from ledger.rules.lint.pack_lint import Problem, lint

EXIT_CONTRADICTIONS = 1


def lint_command(
    packs: Annotated[
        list[str] | None,
        typer.Argument(help="TOML files or ids of installed packs; without any, every installed pack."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check packs, by themselves and against each other.

    Exit 1 when one of X1 to X17 is found (docs/policies.md); exit 6 when a pack cannot be read, with file, line, what
    was expected and what was found.
    """
    loaded = [load_pack(each) for each in packs or pack_ids()]
    _check_once(loaded)
    problems = lint([each.pack for each in loaded], RETENTION_CLASSES)
    contradictions = [problem for problem in problems if problem.contradiction]

    def text(console: Console) -> None:
        for each in loaded:
            console.print(f"{each.pack.id} {plain(each.pack.version)} can be read")
        for problem in problems:
            where = f" ({', '.join(problem.promises)})" if problem.rows else ""
            console.print(f"{problem.code}{where}: {plain(problem.says)} {problem.follows}", soft_wrap=True)
        found = f"{len(contradictions)} contradictions" if contradictions else "in order"
        console.print(f"{found}; {len(problems) - len(contradictions)} more worth knowing")

    emit(_document(loaded, problems), as_json=as_json, text=text)
    if contradictions:
        raise typer.Exit(EXIT_CONTRADICTIONS)


def _check_once(loaded: list[LoadedPack]) -> None:
    """Refuses one pack in two versions: they replace each other, so they cannot contradict.

    Raises:
        CallerError: a pack is there twice.
    """
    for pack_id, count in Counter(each.pack.id for each in loaded).items():
        if count > 1:
            raise CallerError("a pack is there more than once", expected="each pack once", found=pack_id)


def _document(loaded: list[LoadedPack], problems: list[Problem]) -> dict[str, Any]:
    packs = [{"id": each.pack.id, "version": each.pack.version, "sha256": each.sha256} for each in loaded]
    return {
        "ok": not any(problem.contradiction for problem in problems),
        **(packs[0] if len(packs) == 1 else {}),
        "packs": packs,
        "problems": [
            {
                "code": problem.code,
                "contradiction": problem.contradiction,
                "rows": list(problem.promises),
                "entries": [row.rule for row in problem.rows],
                "says": problem.says,
                "follows": problem.follows,
            }
            for problem in problems
        ],
    }
