"""What other rules would change: findings and deadlines of two judgements of one history, held against each other."""

from typing import Any
from uuid import UUID

from ledger.rules.verdicts import Verdict
from ledger.store.deadlines import OPEN, DeadlineRow
from ledger.store.findings import JudgedFinding
from ledger.what_if import ChangedDeadline, ChangedVerdict, Count, Outcome, difference

STREAM = UUID("0190a1b2-0000-7000-8000-000000000001")
RULE = "own:B-1"


def finding(**changes: Any) -> JudgedFinding:
    """A breach that was told late, or as changed."""
    row = JudgedFinding(
        partition=0,
        offset=7,
        code="breach_notified_late",
        rule=RULE,
        state="open",
        stream=STREAM,
        controller="dentist-example",
        article="art. 1",
        occurred_at=1,
        judged_at=2,
        judged_by=7,
        expected="within 72 hours",
        found="after 80",
        about="",
        event_type="breach.notified",
    )
    return row._replace(**changes)


def deadline(**changes: Any) -> DeadlineRow:
    """The deadline that belongs to it, or as changed."""
    row = DeadlineRow(
        controller="dentist-example",
        stream=STREAM,
        case_kind="breach",
        case_id="B-1",
        name="notify_controller",
        rule=RULE,
        article="art. 1",
        starts_at=0,
        ends_at=72,
        other_ends_at=None,
        calendar=None,
        state=OPEN,
        partition=0,
        offset=7,
        started_by=6,
        about="",
    )
    return row._replace(**changes)


def judged(*findings: JudgedFinding, deadlines: tuple[DeadlineRow, ...] = ()) -> Outcome:
    """What some rules come to."""
    return Outcome(findings=findings, deadlines=deadlines)


def test_same_judgement_has_no_difference() -> None:
    """Counts are there all the same: how many findings each rule has."""
    found = difference(judged(finding(), deadlines=(deadline(),)), judged(finding(), deadlines=(deadline(),)))
    assert not any((found.would_open, found.would_not_open, found.would_read_otherwise, found.deadlines))
    assert found.counts == [Count(RULE, "breach_notified_late", 1, 1)]


def test_stricter_rules_open_findings() -> None:
    """What was kept is broken."""
    found = difference(judged(), judged(finding()))
    assert ([finding()], [], []) == (found.would_open, found.would_not_open, found.would_read_otherwise)
    assert found.counts == [Count(RULE, "breach_notified_late", 0, 1)]


def test_milder_rules_do_not() -> None:
    """What was broken is kept."""
    found = difference(judged(finding()), judged())
    assert ([], [finding()]) == (found.would_open, found.would_not_open)
    assert found.counts == [Count(RULE, "breach_notified_late", 1, 0)]


def test_finding_of_another_rule_is_another_finding() -> None:
    """The same code on the same entry, by two promises: one goes and one comes."""
    law = finding(rule="")
    found = difference(judged(finding()), judged(law))
    assert ([law], [finding()]) == (found.would_open, found.would_not_open)
    assert found.counts == [Count("", law.code, 0, 1), Count(RULE, law.code, 1, 0)]


def test_finding_in_other_words_is_the_same_finding() -> None:
    """Still broken, by other numbers: shown as what it is and what it would be."""
    stricter = finding(expected="within 48 hours", judged_by=9)
    found = difference(judged(finding()), judged(stricter))
    assert found.would_read_otherwise == [(finding(), stricter)]
    assert (found.would_open, found.would_not_open) == ([], [])


def test_finding_that_another_fact_led_to_reads_the_same() -> None:
    """When it was judged is no difference."""
    found = difference(judged(finding()), judged(finding(judged_by=9, judged_at=9)))
    assert not found.would_read_otherwise


def test_deadlines_that_move_end_or_go() -> None:
    """Another end, another state, one that would not be, one that is not."""
    moved, missed = deadline(ends_at=48), deadline(name="notify_people", state="missed")
    gone, new = deadline(case_id="B-2"), deadline(case_id="B-3")
    found = difference(
        judged(deadlines=(deadline(), deadline(name="notify_people"), gone, deadline(name="same"))),
        judged(deadlines=(moved, missed, new, deadline(name="same", offset=9))),
    )
    assert found.deadlines == [
        ChangedDeadline(deadline(), moved),
        ChangedDeadline(deadline(name="notify_people"), missed),
        ChangedDeadline(gone, None),
        ChangedDeadline(None, new),
    ]


def test_verdicts_that_would_be_others() -> None:
    """Of each promise and controller; one that only one of the packs makes is no promise by the other."""
    me = "dentist-example"
    are = {(me, "O-1"): Verdict.KEPT, (me, "O-2"): Verdict.DUE, (me, "O-3"): Verdict.BROKEN}
    would_be = {(me, "O-1"): Verdict.BROKEN, (me, "O-2"): Verdict.DUE, (me, "O-4"): Verdict.KEPT}
    found = difference(Outcome(verdicts=are), Outcome(verdicts=would_be))
    assert found.verdicts == [
        ChangedVerdict(me, "O-1", Verdict.KEPT, Verdict.BROKEN),
        ChangedVerdict(me, "O-3", Verdict.BROKEN, None),
        ChangedVerdict(me, "O-4", None, Verdict.KEPT),
    ]
