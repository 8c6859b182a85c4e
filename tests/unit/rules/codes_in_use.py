"""The codes of findings that the rules use, and every text in their source, read from the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

from ledger import rules

_RULES = Path(rules.__file__).parent
_DIRECTORIES = (_RULES, _RULES.parent / "recording", _RULES.parent / "aggregates")
_NO_JUDGES = ("kinds_of_", "rule_kind", "lint_", "pack_lint")
"""Modules that name codes and judge nothing by them."""


def texts() -> set[str]:
    """Every text in the modules that judge."""
    return {
        node.value
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def codes() -> set[str]:
    """The codes of findings: what is given as `code`, or as the second argument of `find`."""
    return {code for tree in _trees() for code in _codes(tree)}


def _trees() -> Iterator[ast.Module]:
    for path in sorted(path for directory in _DIRECTORIES for path in directory.rglob("*.py")):
        if not path.name.startswith(_NO_JUDGES):
            yield ast.parse(path.read_text(encoding="utf-8"))


def _codes(tree: ast.Module) -> Iterator[str]:
    constants = dict(_constants(tree))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        values = [one.value for one in call.keywords if one.arg == "code"]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "find":
            values += call.args[1:2]
        for value in _branches(values):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value
            elif isinstance(value, ast.Name) and value.id in constants:
                yield constants[value.id]


def _branches(values: list[ast.expr]) -> Iterator[ast.expr]:
    """Each value, and both of one that depends on a condition."""
    for value in values:
        yield from (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names of a module that stand for a text."""
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        targets, values = node.targets, [node.value]
        if isinstance(targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            targets, values = targets[0].elts, node.value.elts
        for name, value in zip(targets, values, strict=False):
            if (
                isinstance(name, ast.Name)
                and isinstance(value, ast.Constant)
                and isinstance(value.value, str)
            ):
                yield name.id, value.value
