"""Breaches and their clocks: a contract's from discovery, the law's from awareness; kept, broken, at the boundary."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.policies import load_pack
from ledger.rules.calendar.hours import Hours
from ledger.rules.findings import Finding
from ledger.rules.judged import NOTHING, Deadline, DeadlineState, OnEntry
from tests.unit.aggregates.stated_cases import (
    HOUR,
    MICROSECOND,
    TOLD_NOTHING,
    assessed,
    aware,
    breach_closed,
    deadline_passed,
    discovered,
    moment,
    notified,
)
from tests.unit.rules.judged_cases import (
    FIRST_OFFSET,
    codes_of,
    findings_of,
    judged,
    judged_facts,
    marks_of,
    numbered,
    pack_of,
    promise,
    states_of,
)

T = moment("2026-06-01T10:00:00+02:00")
POSSIBLE = pack_of(
    promise("CB-27", "breach_notice", within=Hours(48), recipient="controller", strict=False), pack="cb"
)
STRICT = pack_of(
    promise("CD-19", "breach_notice", within=Hours(72), recipient="controller", strict=True), pack="cd"
)
TO_CONTROLLER, TO_AUTHORITY = "notify_controller", "notify_authority"
IN_TIME_48 = (TO_CONTROLLER, "cb:CB-27")
IN_TIME_72 = (TO_CONTROLLER, "cd:CD-19")
LAW = (TO_AUTHORITY, "")


def passed(ends_at: int, rule: str = "cb:CB-27", deadline: str = TO_CONTROLLER) -> Entry:
    """The ledger says that a deadline of the breach passed."""
    return deadline_passed("breach", "b-1", deadline, ends_at, rule)


@pytest.mark.parametrize(
    ("told_after", "state", "codes"),
    [
        pytest.param(0, DeadlineState.MET, [], id="at discovery"),
        pytest.param(48 * HOUR - MICROSECOND, DeadlineState.MET, [], id="the last microsecond"),
        pytest.param(48 * HOUR, DeadlineState.MET, [], id="48 hours to the microsecond"),
        pytest.param(48 * HOUR + MICROSECOND, DeadlineState.MISSED, ["breach_notified_late"], id="after"),
    ],
)
def test_controller_told_within_48_hours_of_discovery(
    told_after: int, state: DeadlineState, codes: list[str]
) -> None:
    """CB-27: within 48 hours is up to their last moment."""
    result = judged(discovered(T), notified(T + told_after), by=POSSIBLE)
    assert state == states_of(result)[IN_TIME_48]
    assert codes == codes_of(result)
    assert ("breach_notified_in_time" in marks_of(result)) is (not codes)


@pytest.mark.parametrize(("told_after", "late"), [(72 * HOUR, False), (72 * HOUR + MICROSECOND, True)])
def test_controller_told_at_the_latest_within_72_hours(told_after: int, late: bool) -> None:
    """CD-19."""
    result = judged(discovered(T), notified(T + told_after), by=STRICT)
    assert late == ("breach_notified_late" in codes_of(result))


def test_late_notice_is_a_finding_a_lawyer_can_read() -> None:
    """On the notification that came late, with the promise, both moments, and what the text leaves to weigh."""
    result = judged(discovered(T), notified(T + 50 * HOUR, delay_reasons="canary"), by=POSSIBLE)
    finding = Finding(
        code="breach_notified_late",
        article="art. CB-27",
        expected=(
            "the controller told within 48 hours after discovery, by 2026-06-03T10:00:00+02:00, where possible"
        ),
        found=(
            "told on 2026-06-03T12:00:00+02:00; the text says where possible, and the notification gives reasons for "
            "the delay"
        ),
        rule="cb:CB-27",
    )
    assert (OnEntry(FIRST_OFFSET + 1, T + 50 * HOUR, finding),) == result.findings


def test_text_without_where_possible_leaves_nothing_to_weigh() -> None:
    """CD-19 says at the latest."""
    found = findings_of(judged(discovered(T), notified(T + 73 * HOUR), by=STRICT))["breach_notified_late"]
    assert (
        found.expected == "the controller told within 72 hours after discovery, by 2026-06-04T10:00:00+02:00"
    )
    assert found.found == "told on 2026-06-04T11:00:00+02:00"


def test_deadline_says_what_it_follows_from() -> None:
    """Its clock started with the discovery, by no holiday table."""
    expected = Deadline(
        case_kind="breach",
        case_id="b-1",
        name="notify_controller",
        rule="cb:CB-27",
        article="art. CB-27",
        offset=FIRST_OFFSET,
        starts_at=T,
        ends_at=T + 48 * HOUR,
    )
    assert (expected,) == judged(discovered(T), by=POSSIBLE).deadlines


def test_hours_are_hours_over_a_change_to_summer_time() -> None:
    """From Saturday noon, 48 hours are Monday 13:00 on the clock that was put forward; no weekend moves them."""
    start = moment("2026-03-28T12:00:00+01:00")
    (deadline,) = judged(discovered(start), by=POSSIBLE).deadlines
    assert moment("2026-03-30T13:00:00+02:00") == deadline.ends_at


def test_nothing_is_missed_before_a_fact_says_so() -> None:
    """No fold reads a clock: an untold breach is open until the ledger says that the time has passed."""
    untold = [discovered(T)]
    assert states_of(judged(*untold, by=POSSIBLE)) == {IN_TIME_48: DeadlineState.OPEN}
    assert not judged(*untold, by=POSSIBLE).findings
    over = judged(*untold, passed(T + 48 * HOUR), by=POSSIBLE)
    assert states_of(over) == {IN_TIME_48: DeadlineState.MISSED}
    (on_entry,) = over.findings
    assert (on_entry.offset, on_entry.occurred_at) == (FIRST_OFFSET + 1, T + 48 * HOUR)
    assert on_entry.finding.found == "no notification by then; the text says where possible"


def test_notice_in_time_that_was_recorded_late_resolves() -> None:
    """It counts when the controller was told, not when the ledger heard of it."""
    result = judged(discovered(T), passed(T + 48 * HOUR), notified(T + 20 * HOUR), by=POSSIBLE)
    assert states_of(result)[IN_TIME_48] is DeadlineState.MET
    assert not result.findings


def test_late_notice_takes_the_finding_over_from_what_said_the_time_was_over() -> None:
    """One finding, on the notification."""
    result = judged(discovered(T), passed(T + 48 * HOUR), notified(T + 60 * HOUR), by=POSSIBLE)
    assert [(each.offset, each.finding.code) for each in result.findings] == [
        (FIRST_OFFSET + 2, "breach_notified_late")
    ]


def test_earlier_discovery_that_becomes_known_leaves_a_missed_deadline_missed() -> None:
    """When a later end has passed, so has the earlier one."""
    result = judged(discovered(T), passed(T + 48 * HOUR), discovered(T - HOUR), by=POSSIBLE)
    (deadline,) = result.deadlines
    assert (deadline.ends_at, deadline.state) == (T + 47 * HOUR, DeadlineState.MISSED)


def test_clock_runs_from_the_first_discovery() -> None:
    """Discovered twice, the second time is nothing new: told 47 hours after it is told too late."""
    result = judged(discovered(T + 2 * HOUR), notified(T + 49 * HOUR), discovered(T), by=POSSIBLE)
    assert codes_of(result) == ["breach_notified_late"]


def test_notification_before_the_discovery_is_in_time() -> None:
    """Whatever the clocks of two services say of the same minute."""
    result = judged(discovered(T), notified(T - HOUR), by=POSSIBLE)
    assert states_of(result)[IN_TIME_48] is DeadlineState.MET


def test_contract_has_no_clock_without_a_discovery() -> None:
    """A notification alone does not say when the hours began."""
    result = judged(notified(T), by=POSSIBLE)
    assert set(states_of(result)) == {LAW}


@pytest.mark.parametrize(("adopted_at", "clocks"), [(T - 1, 1), (T, 1), (T + 1, 0)])
def test_promise_in_force_at_discovery_counts(adopted_at: int, clocks: int) -> None:
    """A pack adopted after the discovery promised nothing about it."""
    facts = numbered(discovered(T))
    assert clocks == len(judged_facts(facts, POSSIBLE, adopted_at=adopted_at).deadlines)


def test_two_promises_have_two_clocks() -> None:
    """X8: 60 hours are too late by one document and in time by the other."""
    result = judged(discovered(T), notified(T + 60 * HOUR), by=[POSSIBLE, STRICT])
    states = states_of(result)
    assert (states[IN_TIME_48], states[IN_TIME_72]) == (DeadlineState.MISSED, DeadlineState.MET)
    assert [each.finding.rule for each in result.findings] == ["cb:CB-27"]


def test_processor_in_time_can_leave_its_controller_late() -> None:
    """X8: told after 71 hours the contract is kept; a controller that was aware at once is late at the authority."""
    facts = [discovered(T), aware(T + HOUR), notified(T + 71 * HOUR), notified(T + 74 * HOUR, "authority")]
    result = judged(*facts, by=STRICT)
    states = states_of(result)
    assert (states[IN_TIME_72], states[LAW]) == (DeadlineState.MET, DeadlineState.MISSED)
    assert codes_of(result) == ["breach_authority_late"]


@pytest.mark.parametrize(
    ("told_after", "late"),
    [(72 * HOUR - MICROSECOND, False), (72 * HOUR, False), (72 * HOUR + MICROSECOND, True)],
)
def test_authority_told_within_72_hours_of_awareness(told_after: int, late: bool) -> None:
    """Art. 33(1): from when the controller became aware, and not from the discovery."""
    facts = [discovered(T - 100 * HOUR), aware(T), notified(T + told_after, "authority")]
    result = judged(*facts)
    assert late == (codes_of(result) == ["breach_authority_late"])
    assert (DeadlineState.MISSED if late else DeadlineState.MET) == states_of(result)[LAW]


def test_late_authority_without_reasons_is_a_finding_a_lawyer_can_read() -> None:
    """With the article, what was expected until when, and what came."""
    found = findings_of(judged(aware(T), notified(T + 80 * HOUR, "authority")))["breach_authority_late"]
    assert (found.article, found.rule) == ("GDPR Art. 33(1)", "")
    assert (
        found.expected
        == "the supervisory authority told not later than 72 hours after the controller became aware, by "
        "2026-06-04T10:00:00+02:00, or told later with the reasons for the delay"
    )
    assert found.found == "told on 2026-06-04T18:00:00+02:00, without reasons for the delay"


def test_reasons_that_come_with_a_late_notification_make_it_lawful() -> None:
    """Art. 33(1), second sentence; blank ones do not."""
    excused = judged(aware(T), notified(T + 80 * HOUR, "authority", delay_reasons="canary"))
    assert not excused.findings
    assert states_of(excused)[LAW] is DeadlineState.MET
    blank = judged(aware(T), notified(T + 80 * HOUR, "authority", delay_reasons=" "))
    assert codes_of(blank) == ["breach_authority_late"]


def test_reasons_given_later_do_not_accompany_the_notification() -> None:
    """A second phase does not mend how late the first one was; a correction of the same moment does."""
    late = notified(T + 80 * HOUR, "authority")
    later = notified(T + 90 * HOUR, "authority", delay_reasons="canary")
    corrected = notified(T + 80 * HOUR, "authority", delay_reasons="canary")
    assert codes_of(judged(aware(T), late, later)) == ["breach_authority_late"]
    assert not judged(aware(T), late, corrected).findings


@pytest.mark.parametrize(("risk", "owed"), [("unlikely", False), ("risk", True), ("high", True)])
def test_authority_need_not_be_told_of_what_is_unlikely_to_be_a_risk(risk: str, owed: bool) -> None:
    """Art. 33(1): the last assessment holds."""
    over = passed(T + 72 * HOUR, "", TO_AUTHORITY)
    result = judged(aware(T), assessed(T + HOUR, "risk"), assessed(T + 2 * HOUR, risk), over)
    assert (DeadlineState.MISSED if owed else DeadlineState.VOID) == states_of(result)[LAW]
    assert (["breach_authority_late"] if owed else []) == codes_of(result)


def test_late_assessment_that_happened_before_does_not_hold() -> None:
    """Of two assessments the one made last holds, whichever was recorded last."""
    result = judged(aware(T), assessed(T + 2 * HOUR, "unlikely"), assessed(T + HOUR, "high"))
    assert states_of(result)[LAW] is DeadlineState.VOID


def test_controller_is_aware_when_told_unless_it_says_otherwise() -> None:
    """Its own statement holds; without it, being told makes aware (EDPB Guidelines 9/2022)."""
    (told,) = judged(discovered(T), notified(T + 10 * HOUR)).deadlines
    assert (told.starts_at, told.offset) == (T + 10 * HOUR, FIRST_OFFSET + 1)
    (stated,) = judged(discovered(T), notified(T + 10 * HOUR), aware(T + 12 * HOUR)).deadlines
    assert stated.starts_at == T + 12 * HOUR
    (before,) = judged(discovered(T), notified(T + 10 * HOUR), aware(T + 4 * HOUR)).deadlines
    assert before.starts_at == T + 4 * HOUR


def test_controller_that_discovers_a_breach_itself_is_aware() -> None:
    """Then there is nobody who has to tell it."""
    (own,) = judged(discovered(T, role="controller")).deadlines
    assert (own.name, own.starts_at) == (TO_AUTHORITY, T)
    assert not judged(discovered(T, role="processor")).deadlines


@pytest.mark.parametrize(
    ("role", "told", "found"),
    [
        pytest.param("processor", [], True, id="never told"),
        pytest.param("processor", [notified(T + HOUR, "authority")], True, id="only the authority told"),
        pytest.param("processor", [aware(T)], True, id="the controller knows otherwise"),
        pytest.param("processor", [notified(T + 5 * HOUR)], False, id="told when it is closed"),
        pytest.param("processor", [notified(T + 6 * HOUR)], False, id="told after all"),
        pytest.param("controller", [], False, id="the controller's own discovery"),
        pytest.param("joint", [], False, id="a joint controller's own discovery"),
    ],
)
def test_controller_is_told_where_no_document_sets_a_time(role: str, told: list[Entry], found: bool) -> None:
    """Art. 33(2): a processor tells its controller; found when it closes the breach without."""
    start = [discovered(T, role=role), assessed(T, "unlikely"), *told]
    assert not judged(*start).findings
    result = judged(*start, breach_closed(T + 5 * HOUR))
    assert codes_of(result) == (["breach_controller_not_told"] if found else [])
    if found:
        finding = findings_of(result)["breach_controller_not_told"]
        assert (finding.article, finding.rule) == ("GDPR Art. 33(2)", "")
        assert finding.found == "closed on 2026-06-01T15:00:00+02:00 without telling it"


def test_a_documents_clock_finds_an_untold_controller_instead() -> None:
    """One omission is found once: by the clock when it passes, and not by the closing before."""
    closed = [discovered(T), breach_closed(T + HOUR)]
    assert not judged(*closed, by=POSSIBLE).findings
    assert codes_of(judged(*closed, passed(T + 48 * HOUR), by=POSSIBLE)) == ["breach_notified_late"]
    elsewhere = pack_of(promise("X-1", "breach_notice", within=Hours(72), recipient="authority"))
    assert codes_of(judged(*closed, by=elsewhere)) == ["breach_controller_not_told"]


def test_people_told_when_the_risk_is_high() -> None:
    """Art. 34(1): found when a breach is closed and nobody told them."""
    start = [discovered(T), notified(T), assessed(T + HOUR, "high"), breach_closed(T + 5 * HOUR)]
    found = findings_of(judged(*start))["breach_people_not_told"]
    assert found.article == "GDPR Art. 34(1)"
    assert found.found == "closed on 2026-06-01T15:00:00+02:00 without telling them"
    assert not judged(*start, notified(T + 4 * HOUR, "people")).findings
    assert not judged(*start[:3]).findings
    assert not judged(*start[:2], assessed(T + HOUR, "risk"), start[3]).findings


def test_risk_that_measures_took_away_need_not_be_told() -> None:
    """Art. 34(3)(b): assessed anew, the risk is no longer high."""
    facts = [discovered(T), notified(T), assessed(T + HOUR, "high"), assessed(T + 2 * HOUR, "risk")]
    assert not judged(*facts, breach_closed(T + 5 * HOUR)).findings


@pytest.mark.parametrize(
    ("closing", "missing"),
    [
        pytest.param({}, None, id="documented"),
        pytest.param({"effects": None}, "its effects", id="no effects"),
        pytest.param({"remedies": " "}, "the remedies", id="blank remedies"),
        pytest.param({"effects": None, "remedies": None}, "its effects and the remedies", id="nothing"),
    ],
)
def test_breach_documented_when_closed(closing: dict[str, str | None], missing: str | None) -> None:
    """Art. 33(5): facts, effects and remedies of every breach."""
    result = judged(discovered(T), notified(T), breach_closed(T + HOUR, **closing))
    assert ("breach_documented" in marks_of(result)) is (missing is None)
    found = [each.finding.found for each in result.findings]
    expected = f"closed on 2026-06-01T11:00:00+02:00 without documenting {missing}"
    assert ([] if missing is None else [expected]) == found


def test_documentation_can_be_completed() -> None:
    """Closed again with what was missing; and a discovery that reaches the ledger late are the facts."""
    first = breach_closed(T + HOUR, effects=None)
    again = breach_closed(T + 2 * HOUR, remedies=None)
    assert not judged(discovered(T), notified(T), first, again).findings
    without_facts = findings_of(judged(breach_closed(T + HOUR)))["breach_not_documented"]
    assert without_facts.found.endswith("without documenting its facts")
    assert not judged(breach_closed(T + HOUR), discovered(T), notified(T)).findings


def test_breach_nobody_knows_anything_of_comes_to_nothing() -> None:
    """A deadline of a breach none of whose facts has arrived."""
    assert judged(passed(T), by=POSSIBLE) == NOTHING


def test_the_same_fact_said_twice_changes_nothing() -> None:
    """Two services that tell the ledger the same."""
    once = [discovered(T), notified(T + 60 * HOUR), breach_closed(T + 70 * HOUR)]
    twice = [fact for fact in once for _ in range(2)]
    assert codes_of(judged(*once, by=POSSIBLE)) == codes_of(judged(*twice, by=POSSIBLE))
    assert states_of(judged(*once, by=POSSIBLE)) == states_of(judged(*twice, by=POSSIBLE))


STORY = [
    discovered(T),
    aware(T + 3 * HOUR),
    assessed(T + 4 * HOUR, "risk"),
    assessed(T + 5 * HOUR, "high"),
    passed(T + 48 * HOUR),
    notified(T + 50 * HOUR, more_follows=True, **TOLD_NOTHING),
    notified(T + 80 * HOUR, "authority", measures=None),
    breach_closed(T + 90 * HOUR, effects=None),
]
RULES = pack_of(
    *POSSIBLE.entries,
    promise("CB-28", "breach_content", items=("nature", "contact", "consequences", "measures")),
    promise("CB-29", "breach_phases"),
    pack="cb",
)


@given(st.permutations(numbered(*STORY)))
def test_order_of_arrival_changes_nothing(facts: list[object]) -> None:
    """Every permutation of a breach with all that can be wrong comes to the same."""
    in_order = judged_facts(numbered(*STORY), RULES)
    assert len(in_order.findings) == 7
    assert in_order == judged_facts(facts, RULES)  # type: ignore[arg-type]  # hypothesis forgets what it permutes


def test_findings_repeat_nothing_a_publisher_wrote() -> None:
    """Free text may name people, whatever the schema asks for."""
    for facts in permutations(STORY, len(STORY) - 6):
        for each in judged(*facts, by=RULES).findings:
            assert "canary" not in each.finding.found + each.finding.expected


def test_published_promises_have_their_clocks() -> None:
    """The packs as they are installed: 48 hours where possible, 72 hours at the latest."""
    packs = [load_pack("callingbird").pack, load_pack("callvoip-dpa").pack]
    result = judged(discovered(T), notified(T + 80 * HOUR), by=packs)
    late = {each.finding.rule: each.finding for each in result.findings}
    assert {"callingbird:CB-27", "callvoip-dpa:CD-19"} == set(late)
    assert late["callingbird:CB-27"].expected.endswith(", where possible")
    assert not late["callvoip-dpa:CD-19"].expected.endswith(", where possible")
