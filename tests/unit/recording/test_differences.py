"""What a fact changed of what its case comes to."""

from dataclasses import replace
from typing import Any

from ledger.recording.differences import NO_OUTCOME, Outcome, differences, opened
from ledger.rules.findings import Finding, FindingState, Judgement
from ledger.rules.judged import NOTHING, Deadline, DeadlineState, Judged, OnEntry, Shown

DEADLINE = Deadline(
    case_kind="breach", case_id="b", name="notify", article="art. 7", offset=1, starts_at=0, ends_at=9
)


def finding(code: str, rule: str = "", found: str = "that") -> Finding:
    """A finding, made up."""
    return Finding(code=code, article="art. 1", expected="this", found=found, rule=rule)


def found(*on: tuple[int, Finding]) -> Judged:
    """Findings on entries, each of which happened at ten times its offset."""
    return Judged(findings=tuple(OnEntry(offset, offset * 10, each) for offset, each in on))


def steps(before: Judged, after: Judged) -> list[tuple[Any, ...]]:
    """Offset, when that happened, state, code and rule of each judgement."""
    return [
        (each.offset, each.occurred_at, each.state, each.finding.code, each.finding.rule)
        for each in differences(before, after).judgements
    ]


def test_nothing_changes_nothing() -> None:
    """A fact that decides nothing leaves no trace beside itself."""
    same = Judged(findings=(OnEntry(1, 10, finding("a")),), shown=(Shown("m", ""),), deadlines=(DEADLINE,))
    assert differences(same, same) == NO_OUTCOME == differences(NOTHING, NOTHING)


def test_findings_are_told_apart_by_entry_code_and_rule() -> None:
    """Each opens and is resolved by itself."""
    before = found((1, finding("a")), (1, finding("a", "p:1")), (2, finding("a")))
    after = found((1, finding("a", "p:1")), (2, finding("b")), (3, finding("a")))
    assert steps(before, after) == [
        (1, 10, FindingState.RESOLVED, "a", ""),
        (2, 20, FindingState.RESOLVED, "a", ""),
        (2, 20, FindingState.OPEN, "b", ""),
        (3, 30, FindingState.OPEN, "a", ""),
    ]


def test_finding_in_other_words_is_resolved_first() -> None:
    """So that the last row is the one that holds."""
    assert steps(found((1, finding("a"))), found((1, finding("a", found="another")))) == [
        (1, 10, FindingState.RESOLVED, "a", ""),
        (1, 10, FindingState.OPEN, "a", ""),
    ]


def test_finding_said_twice_is_one() -> None:
    """An entry has each code once by each rule; the first counts."""
    (judgement,) = differences(
        NOTHING, found((1, finding("a", found="first")), (1, finding("a", found="second")))
    ).judgements
    assert judgement.finding.found == "first"


def test_what_was_shown_stays_shown() -> None:
    """It is evidence of what was so when it was recorded; what is new is added once."""
    before, after = (Shown("a", ""), Shown("b", "p:1")), (Shown("c", ""), Shown("b", "p:1"), Shown("c", ""))
    assert differences(Judged(shown=before), Judged(shown=after)).shown == (Shown("c", ""),)


def test_deadlines_that_are_new_or_others_are_told() -> None:
    """By case, name and rule; of one that is no more, that it is void."""
    met = replace(DEADLINE, state=DeadlineState.MET)
    another = replace(DEADLINE, rule="p:1")

    def told(before: tuple[Deadline, ...], after: tuple[Deadline, ...]) -> tuple[Deadline, ...]:
        return differences(Judged(deadlines=before), Judged(deadlines=after)).deadlines

    assert told((), (DEADLINE,)) == (DEADLINE,)
    assert told((DEADLINE,), (met,)) == (met,)
    assert told((DEADLINE,), (DEADLINE, another)) == (another,)
    assert told((DEADLINE, another), (DEADLINE,)) == (replace(another, state=DeadlineState.VOID),)
    void = replace(DEADLINE, state=DeadlineState.VOID)
    assert told((void,), ()) == ()


def test_outcomes_add_up() -> None:
    """A mark both show is shown once."""
    first = Outcome(opened([finding("a")], offset=1, occurred_at=10), (Shown("m", ""),), (DEADLINE,))
    second = Outcome(opened([finding("b")], offset=1, occurred_at=10), (Shown("m", ""), Shown("n", "")))
    both = first.and_also(second)
    assert [judgement.finding.code for judgement in both.judgements] == ["a", "b"]
    assert both.shown == (Shown("m", ""), Shown("n", ""))
    assert both.deadlines == (DEADLINE,)


def test_opened_findings() -> None:
    """On an entry nothing was found on before."""
    assert opened([finding("a")], offset=3, occurred_at=30) == (
        Judgement(offset=3, occurred_at=30, state=FindingState.OPEN, finding=finding("a")),
    )
