"""docs/faults.md names tests that exist, and leaves out no row that it answers for."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/faults.md"
ROWS = {35, 36, 37, *range(43, 52)}
"""Time, keys and erasure; the page says where the others are."""
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def table_rows() -> list[tuple[int, list[str]]]:
    """Each line of the page's tables that is about a row: its number, and its cells."""
    lines = (line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d+ \|", line))
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [(int(each[0]), each) for each in cells]


def names_in(path: str) -> set[str]:
    """The names of a module's functions."""
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    """A test that is renamed or taken away is missed here."""
    named = TEST.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > len(ROWS)
    assert [(path, name) for path, name in named if name not in names_in(path)] == []


def test_every_row_has_a_test_and_a_mutant() -> None:
    """Of each row at least one line says what shows it, and what would show that the test is blind."""
    lines = table_rows()
    assert {row for row, _ in lines} == ROWS
    assert {row for row, (_, _, _, test, _) in lines if TEST.search(test)} == ROWS
    assert {row for row, (*_, mutant) in lines if mutant} == ROWS


def test_line_without_a_test_says_why() -> None:
    """What cannot be run here is explained under the table."""
    page = PAGE.read_text(encoding="utf-8")
    for row, (_, fault, expected, test, _) in table_rows():
        assert TEST.search(test) or ("not shown here" in expected and f"**Row {row}, " in page), fault
