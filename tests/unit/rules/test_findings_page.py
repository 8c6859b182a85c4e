"""The page on findings knows every code there is, and every kind of promise it breaks."""

import re
from pathlib import Path

import ledger
from ledger.rules.packs.rule_kinds import LAW_CODES, RULE_KINDS
from tests.unit.rules.codes_in_use import codes

PAGE = (Path(ledger.__file__).parents[1] / "docs/projections/findings.md").read_text(encoding="utf-8")
OF_LEDGER = {"event_id_reused"}
ROW = re.compile(r"^\| `([a-z_]+)` \| ([^|]+) \|", re.MULTILINE)


def test_page_has_every_code_of_a_promise_with_its_kinds() -> None:
    """An auditor looks a code up, and finds which promises it breaks."""
    expected: dict[str, set[str]] = {}
    for kind in RULE_KINDS.values():
        for code in kind.breaks:
            expected.setdefault(code, set()).add(kind.name)
    found = {code: set(re.findall(r"`([a-z_]+)`", kinds)) for code, kinds in ROW.findall(PAGE)}
    assert {code: kinds for code, kinds in found.items() if code in expected} == expected


def test_page_has_every_code_of_the_law() -> None:
    """Those that break no promise of a document."""
    assert {code for code, _ in ROW.findall(PAGE)} >= LAW_CODES.keys() | OF_LEDGER


def test_page_has_every_code_the_rules_use() -> None:
    """None is found that the page does not explain."""
    assert codes() <= {code for code, _ in ROW.findall(PAGE)}
