"""Whether every promise that facts can be held to has its scenarios, or a reason why not."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from ledger.policies import load_pack, pack_ids
from ledger.rules.packs.rule_kinds import TEXT_ONLY
from ledger.rules.verdicts import Verdict, by_promise
from tests.unit.clauses import (
    test_callingbird,
    test_callvoip_dpa,
    test_callvoip_faq,
    test_cloudtalk,
    test_messagebird,
)
from tests.unit.clauses.scenarios import BROKEN, DUE, KEPT, NO_EVIDENCE, Scenario

TABLES: Mapping[str, Sequence[Scenario]] = {
    test_callingbird.PACK: test_callingbird.TABLE,
    test_callvoip_dpa.PACK: test_callvoip_dpa.TABLE,
    test_callvoip_faq.PACK: test_callvoip_faq.TABLE,
    test_cloudtalk.PACK: test_cloudtalk.TABLE,
    test_messagebird.PACK: (*test_messagebird.TABLE, *test_messagebird.OTHER_REGION),
}

_MEASURES = "a description of measures can be shown, and nothing shows that there is none"
NEVER: Mapping[tuple[str, Verdict], str] = {
    ("CB-26", BROKEN): _MEASURES,
    ("CD-06", BROKEN): _MEASURES,
    ("CD-18", BROKEN): _MEASURES,
    ("CT-06", BROKEN): _MEASURES,
    ("CT-16", KEPT): "a period without end breaks the law as soon as it is adopted",
    ("CT-16", DUE): "the same",
}
"""What no history comes to, with the reason."""

AT_A_BOUNDARY = frozenset(
    {
        *("CB-07", "CB-15", "CB-27", "CB-29", "CB-31", "CB-34", "CB-35", "CB-36", "CB-37", "CB-38", "CB-41"),
        *("CD-02", "CD-08", "CD-10", "CD-13", "CD-14", "CD-15", "CD-16", "CD-19", "CD-21", "CD-23", "CD-25"),
        *("CD-26", "CD-27", "CD-30", "CD-31", "CD-32", "CD-35", "CD-36"),
        *("CF-04", "CF-05", "CF-07", "CF-08", "CF-09", "CF-10", "CF-12", "CF-13"),
        *("CT-04", "CT-05", "CT-07", "CT-08"),
        *("MB-04", "MB-07", "MB-19", "MB-22", "MB-23", "MB-25", "MB-26", "MB-29", "MB-30", "MB-32", "MB-33"),
        *("MB-34", "MB-35", "MB-36", "MB-38", "MB-39", "MB-40", "MB-42", "MB-44", "MB-45", "MB-46", "MB-48"),
    }
)
"""Clauses with a number, or with a moment before and after which the answer differs."""

JUDGED = [
    (pack, promise)
    for pack in pack_ids()
    for promise, entries in by_promise(load_pack(pack).pack).items()
    if any(entry.kind != TEXT_ONLY for entry in entries)
]
KEEPING = [
    (pack, promise)
    for pack, promise in JUDGED
    if any(entry.kind == "retention" for entry in by_promise(load_pack(pack).pack)[promise])
]


def _verdicts(pack: str, promise: str, *, at_edge: bool = False) -> set[Verdict]:
    return {
        each.verdict
        for each in TABLES[pack]
        if each.clause == promise and each.differs is None and (each.edge or not at_edge)
    }


@pytest.mark.parametrize(("pack", "promise"), JUDGED)
@pytest.mark.parametrize("verdict", [KEPT, BROKEN])
def test_every_clause_is_shown_kept_and_broken(pack: str, promise: str, verdict: Verdict) -> None:
    """Every promise with a rule has a history that keeps it and one that breaks it, or a reason why not."""
    assert (verdict in _verdicts(pack, promise)) != ((promise, verdict) in NEVER)


@pytest.mark.parametrize(("pack", "promise"), KEEPING)
def test_every_period_is_shown_due(pack: str, promise: str) -> None:
    """Every promise about how long data is kept has a history in which it is still owed, or a reason why not."""
    assert (DUE in _verdicts(pack, promise)) != ((promise, DUE) in NEVER)


@pytest.mark.parametrize(("pack", "promise"), [each for each in JUDGED if each[1] in AT_A_BOUNDARY])
def test_every_boundary_is_shown_from_both_sides(pack: str, promise: str) -> None:
    """Every promise with a number or a moment has a history an instant on either side of it."""
    shown = _verdicts(pack, promise, at_edge=True)
    assert (BROKEN in shown, bool(shown & {KEPT, DUE})) == (True, True)


def test_boundaries_are_of_judged_clauses() -> None:
    """No clause is in the list of boundaries that is not among the promises with a rule."""
    assert {promise for _, promise in JUDGED} >= AT_A_BOUNDARY


def test_text_without_a_rule_has_no_scenario() -> None:
    """What is text only is in no table: nothing that happens changes its verdict."""
    judged = set(JUDGED)
    assert {(pack, each.clause) for pack, table in TABLES.items() for each in table} <= judged


def test_no_case_is_told_twice() -> None:
    """Of one clause no two scenarios have the same words, so that a failure names one history."""
    for table in TABLES.values():
        told = Counter((each.clause, each.case, each.verdict) for each in table)
        assert {key: count for key, count in told.items() if count > 1} == {}


def test_reasons_are_of_judged_clauses() -> None:
    """No reason is left of a clause that is gone."""
    assert {promise for promise, _ in NEVER} <= {promise for _, promise in JUDGED}
    assert NO_EVIDENCE not in {verdict for _, verdict in NEVER}
