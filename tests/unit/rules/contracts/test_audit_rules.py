"""Audits: announced four weeks ahead, once a calendar year, three exceptions, access, refusals, costs."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.policies import load_pack
from ledger.rules.calendar.periods import Period, first_moment_of
from ledger.rules.judged import NOTHING, DeadlineState, OnEntry
from tests.unit.aggregates.stated_cases import (
    HOUR,
    MICROSECOND,
    announced,
    audit_fact,
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

DAY = 24 * HOUR
ASKED = moment("2026-06-01T10:00:00+02:00")
"""A Monday; four whole weeks after it end with Monday 29 June, which is in no holiday."""

EARLIEST = moment("2026-06-30T00:00:00+02:00")
BEGINS = moment("2026-07-06T09:00:00+02:00")

AGREED = pack_of(
    promise("CD-24", "audit_auditor"),
    promise("CD-25", "audit_frequency"),
    promise("CD-26", "audit_notice", notice=Period(weeks=4)),
    promise("CD-27", "audit_access"),
    promise("CD-28", "audit_costs", borne_by="controller"),
    pack="dpa",
)
ACCESS = ("audit_access", "dpa:CD-27")


def granted(at: int, *, shielded: bool = True) -> Entry:
    """Access to the system's logs."""
    return audit_fact("access_granted", at, covers=["system_logs"], other_customers_shielded=shielded)


def refused(at: int, ground: str, audit_id: str = "a-1") -> Entry:
    """The provider refused."""
    return audit_fact("refused", at, audit_id, ground=ground)


def closed(at: int, costs: str = "controller") -> Entry:
    """The audit ended."""
    return audit_fact("closed", at, report_sha256=None, costs_borne_by=costs)


def passed(ends_at: int = BEGINS) -> Entry:
    """The ledger says that access was owed by then."""
    return deadline_passed("audit", "a-1", "audit_access", ends_at, "dpa:CD-27")


def test_audit_in_order_shows_every_promise_kept() -> None:
    """From announcement to costs, and the deadline for access met."""
    facts = [
        announced(ASKED, BEGINS),
        granted(BEGINS - DAY),
        audit_fact("begun", BEGINS),
        closed(BEGINS + DAY),
    ]
    result = judged(*facts, by=AGREED)
    assert not result.findings
    assert marks_of(result) == {
        "audit_auditor_fit",
        "audit_within_year",
        "audit_announced_in_time",
        "audit_access_granted",
        "audit_costs_as_agreed",
    }
    assert states_of(result) == {ACCESS: DeadlineState.MET}


@pytest.mark.parametrize(
    ("begins_at", "short"),
    [
        pytest.param(EARLIEST - DAY, True, id="the day before"),
        pytest.param(EARLIEST - MICROSECOND, True, id="the last moment of the four weeks"),
        pytest.param(EARLIEST, False, id="the day"),
        pytest.param(EARLIEST + MICROSECOND, False, id="just after its midnight"),
        pytest.param(EARLIEST + DAY, False, id="the day after"),
    ],
)
def test_four_whole_weeks_lie_between_announcement_and_begin(begins_at: int, short: bool) -> None:
    """CD-26: the day of the announcement does not count; local days, whatever the hour."""
    result = judged(announced(ASKED, begins_at), by=AGREED)
    assert short == (codes_of(result) == ["audit_notice_short"])
    assert short == ("audit_announced_in_time" not in marks_of(result))


@pytest.mark.parametrize("clock", ["00:00:00", "23:59:59"])
def test_hour_of_the_announcement_does_not_matter(clock: str) -> None:
    """The whole day of the announcement is left out, from its first second to its last."""
    asked = moment(f"2026-06-01T{clock}+02:00")
    assert not judged(announced(asked, EARLIEST), by=AGREED).findings
    assert codes_of(judged(announced(asked, EARLIEST - MICROSECOND), by=AGREED)) == ["audit_notice_short"]


def test_announcement_just_after_midnight_is_a_day_later() -> None:
    """Local midnight, which in summer is ten at night by UTC."""
    asked = moment("2026-06-01T22:00:00Z")
    assert codes_of(judged(announced(asked, EARLIEST), by=AGREED)) == ["audit_notice_short"]
    assert not judged(announced(asked, EARLIEST + DAY), by=AGREED).findings


@pytest.mark.parametrize(
    ("asked", "earliest"),
    [
        pytest.param("2026-03-09T12:00:00+01:00", "2026-04-07T00:00:00+02:00", id="over summer time"),
        pytest.param("2026-10-05T12:00:00+02:00", "2026-11-03T00:00:00+01:00", id="over winter time"),
        pytest.param("2026-12-07T12:00:00+01:00", "2027-01-05T00:00:00+01:00", id="over Christmas"),
    ],
)
def test_weeks_are_weeks_of_the_calendar(asked: str, earliest: str) -> None:
    """A day of 23 or 25 hours is a day, and no holiday moves the end of a contract's period."""
    assert not judged(announced(moment(asked), moment(earliest)), by=AGREED).findings
    short = judged(announced(moment(asked), moment(earliest) - MICROSECOND), by=AGREED)
    assert codes_of(short) == ["audit_notice_short"]


@given(st.integers(20_000, 22_000), st.integers(0, 86_399), st.integers(0, 60))
def test_notice_equals_the_obvious_reference(asked_day: int, second: int, days: int) -> None:
    """Days counted one by one: short exactly when fewer than 28 days lie between the two."""
    asked = first_moment_of(asked_day) + min(second, 80_000) * 1_000_000
    begins = first_moment_of(asked_day + days)
    first, last = date(1970, 1, 1) + timedelta(asked_day), date(1970, 1, 1) + timedelta(asked_day + days)
    between = len([n for n in range(1, 61) if first < first + timedelta(n) < last])
    result = judged(announced(asked, begins), by=AGREED)
    assert ("audit_notice_short" in codes_of(result)) == (between < 28)


def test_short_notice_is_a_finding_a_lawyer_can_read() -> None:
    """On the announcement, with the moment it could have begun."""
    (on_entry,) = judged(announced(ASKED, ASKED + 14 * DAY), by=AGREED).findings
    assert (on_entry.offset, on_entry.occurred_at) == (FIRST_OFFSET, ASKED)
    found = on_entry.finding
    assert (found.code, found.article, found.rule) == ("audit_notice_short", "art. CD-26", "dpa:CD-26")
    assert (
        found.expected
        == "an audit announced at least 4 weeks ahead, so not to begin before 2026-06-30T00:00:00+02:00"
    )
    assert found.found == "announced on 2026-06-01T10:00:00+02:00, to begin on 2026-06-15T10:00:00+02:00"


def test_audit_that_began_before_its_day_is_measured_by_when_it_began() -> None:
    """Announced in time, begun too soon; and the other way round the promise was kept after all."""
    early = judged(announced(ASKED, BEGINS), audit_fact("begun", EARLIEST - HOUR), by=AGREED)
    assert codes_of(early) == ["audit_notice_short"]
    waited = judged(announced(ASKED, EARLIEST - DAY), audit_fact("begun", EARLIEST), by=AGREED)
    assert "audit_notice_short" not in codes_of(waited)


def test_audit_that_began_unannounced_is_found() -> None:
    """On its begin; an announcement that reaches the ledger late resolves it."""
    begun = audit_fact("begun", BEGINS)
    found = findings_of(judged(begun, by=AGREED))["audit_notice_short"]
    assert found.found == "begun on 2026-07-06T09:00:00+02:00 without any announcement"
    assert not judged(begun, announced(ASKED, BEGINS), by=AGREED).findings


def test_postponed_audit_was_announced_before() -> None:
    """Moved to a later day the first announcement counts; moved forward it does not."""
    later = announced(EARLIEST, BEGINS + DAY)
    assert not judged(announced(ASKED, BEGINS), later, by=AGREED).findings
    forward = announced(EARLIEST, BEGINS - DAY)
    assert codes_of(judged(announced(ASKED, BEGINS), forward, by=AGREED)) == ["audit_notice_short"]


def test_period_runs_from_the_written_announcement() -> None:
    """Announced by telephone in time, and by letter three weeks later: too short."""
    spoken = announced(ASKED, BEGINS, in_writing=False)
    assert codes_of(judged(spoken, by=AGREED)) == ["audit_announcement_incomplete"]
    assert codes_of(judged(spoken, announced(ASKED + 21 * DAY, BEGINS), by=AGREED)) == ["audit_notice_short"]


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"in_writing": False}, "writing"),
        ({"scope": None}, "scope and aim"),
        ({"auditor": " "}, "the auditor"),
        ({"qualifications": None}, "the auditor's qualifications"),
        ({"begins_at": None}, "when it is to begin"),
        ({"ends_at": None}, "when it is to end"),
        ({"scope": None, "ends_at": None}, "scope and aim and when it is to end"),
    ],
)
def test_announcement_states_what_was_agreed(fields: dict[str, object], missing: str) -> None:
    """CD-26, item by item."""
    found = findings_of(judged(announced(ASKED, BEGINS, **fields), by=AGREED))
    assert f"an announcement without {missing}" == found["audit_announcement_incomplete"].found


def test_announcement_can_be_completed() -> None:
    """What a second announcement leaves out and the first stated still stands, and the first one's day counts."""
    first = announced(ASKED, BEGINS, qualifications=None)
    second = announced(ASKED + 20 * DAY, None, scope=None, auditor=None)
    assert not judged(first, second, by=AGREED).findings
    assert not judged(second, first, by=AGREED).findings


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"independent": False}, "an auditor that is not an independent third party"),
        ({"bound_to_secrecy": False}, "an auditor that is not bound to secrecy"),
        (
            {"independent": False, "bound_to_secrecy": False},
            "an auditor that is not an independent third party and is not bound to secrecy",
        ),
    ],
)
def test_auditor_is_independent_and_bound_to_secrecy(fields: dict[str, object], found: str) -> None:
    """CD-24."""
    result = judged(announced(ASKED, BEGINS, **fields), by=AGREED)
    assert found == findings_of(result)["audit_auditor_unfit"].found
    assert "audit_auditor_fit" not in marks_of(result)


BEFORE = announced(ASKED - 60 * DAY, moment("2026-05-04T09:00:00+02:00"), audit_id="a-0")
"""The year's regular audit, announced before the other."""


def test_second_regular_audit_of_a_year_is_found() -> None:
    """CD-25: on the later announcement; the first one stands."""
    facts = [announced(ASKED, BEGINS), BEFORE]
    found = findings_of(judged(*facts, by=AGREED))["audit_too_often"]
    assert (found.expected, found.rule) == ("one regular audit in a calendar year", "dpa:CD-25")
    assert (
        found.found
        == "a second regular audit in 2026, after the one that was announced on 2026-04-02T10:00:00+02:00"
    )
    assert not judged(*facts, by=AGREED, case="a-0").findings


@pytest.mark.parametrize(
    ("begins", "too_often"),
    [
        pytest.param("2025-12-31T23:59:59+01:00", False, id="the last second of the year before"),
        pytest.param("2026-01-01T00:00:00+01:00", True, id="the first moment of the year"),
        pytest.param("2026-12-31T23:59:59+01:00", True, id="its last second"),
        pytest.param("2026-12-31T23:00:00Z", False, id="the next year, which by UTC is still this one"),
    ],
)
def test_year_is_the_local_calendar_year_it_begins_in(begins: str, too_often: bool) -> None:
    """Not the year of the announcement, and not twelve months."""
    asked = moment(begins) - 40 * DAY
    before = announced(asked - 30 * DAY, moment("2026-03-02T09:00:00+01:00"), audit_id="a-0")
    result = judged(announced(asked, moment(begins)), before, by=AGREED)
    assert too_often == (codes_of(result) == ["audit_too_often"])


def test_refused_audit_does_not_count() -> None:
    """An audit whose refusal stands leaves the year to another; one allowed after all does not."""
    other = [announced(ASKED, BEGINS), BEFORE, refused(ASKED - 50 * DAY, "other", "a-0")]
    assert "audit_too_often" not in codes_of(judged(*other, by=AGREED))
    allowed = audit_fact("begun", ASKED - 28 * DAY, "a-0")
    assert codes_of(judged(*other, allowed, by=AGREED)) == ["audit_too_often"]


def test_extra_audit_does_not_count() -> None:
    """Only regular ones do."""
    extra = announced(
        ASKED - DAY, BEGINS, audit_id="a-0", kind="extra", ground="authority_order", ground_reference="o-1"
    )
    assert not judged(announced(ASKED, BEGINS), extra, by=AGREED).findings


def test_two_announced_at_the_same_moment_count_by_name() -> None:
    """One of them is the second, and always the same one."""
    facts = [announced(ASKED, BEGINS), announced(ASKED, BEGINS, audit_id="a-2")]
    assert not judged(*facts, by=AGREED).findings
    assert codes_of(judged(*reversed(facts), by=AGREED)) == ["audit_too_often"]


def extra(ground: str | None, reference: str | None) -> Entry:
    """An extra audit in the year of a regular one."""
    return announced(ASKED, BEGINS, kind="extra", ground=ground, ground_reference=reference)


@pytest.mark.parametrize(
    ("ground", "reference", "found"),
    [
        ("misuse_indication", "report-7", None),
        ("authority_order", "order-12", None),
        ("breach", "b-1", None),
        ("breach", "b-2", "the ground named is a breach, and none of that name is recorded by then"),
        ("breach", None, "the ground named is a breach, without saying which"),
        ("misuse_indication", " ", "the ground named is an indication of misuse, without saying which"),
        (
            "authority_order",
            None,
            "the ground named is an order of a supervisory authority, without saying which",
        ),
        (None, None, "no ground is named"),
        (None, "b-1", "no ground is named"),
    ],
)
def test_extra_audit_needs_one_of_three_grounds(
    ground: str | None, reference: str | None, found: str | None
) -> None:
    """CD-25 (a) to (c); a breach must be on record, the others must be named."""
    result = judged(extra(ground, reference), discovered(ASKED - DAY), BEFORE, by=AGREED)
    assert (found is None) == (not result.findings) == ("audit_within_year" in marks_of(result))
    if found is not None:
        expected = f"an extra audit, announced on 2026-06-01T10:00:00+02:00: {found}"
        assert expected == findings_of(result)["audit_ground_unfounded"].found


@pytest.mark.parametrize(("known", "founded"), [(-MICROSECOND, True), (0, True), (MICROSECOND, False)])
def test_breach_is_on_record_by_the_announcement(known: int, founded: bool) -> None:
    """A breach of later is no ground of before; any fact of it will do, whenever it reached the ledger."""
    for fact in (discovered(ASKED + known), notified(ASKED + known)):
        result = judged(extra("breach", "b-1"), fact, by=AGREED)
        assert founded == (not result.findings)


def test_breach_of_another_controller_is_no_ground() -> None:
    """A controller's state knows its own breaches."""
    other = msgspec.structs.replace(discovered(ASKED - DAY), controller="florist-example")
    facts = [
        each for each in numbered(extra("breach", "b-1"), other) if each.entry.controller != other.controller
    ]
    assert [each.finding.code for each in judged_facts(facts, AGREED).findings] == ["audit_ground_unfounded"]


@pytest.mark.parametrize(
    ("ground", "announcement"),
    [
        ("too_soon", announced(ASKED, EARLIEST - DAY)),
        ("too_often", announced(ASKED, BEGINS)),
        ("too_often", extra("breach", "b-9")),
        ("not_independent", announced(ASKED, BEGINS, independent=False)),
        ("no_secrecy", announced(ASKED, BEGINS, bound_to_secrecy=False)),
        ("other", announced(ASKED, BEGINS, scope=None)),
        ("other", extra(None, None)),
    ],
)
def test_refusal_on_a_ground_that_the_facts_bear_out(ground: str, announcement: Entry) -> None:
    """What is wrong with the announcement stays found; the refusal is lawful, and no access is owed."""
    result = judged(announcement, BEFORE, refused(ASKED + DAY, ground), passed(), by=AGREED)
    assert "audit_refused_without_ground" not in codes_of(result)
    assert states_of(result)[ACCESS] is DeadlineState.VOID


@pytest.mark.parametrize(
    ("ground", "found"),
    [
        ("too_soon", "refused because it is too soon, and it was announced long enough ahead"),
        ("too_often", "refused because there are too many, and no other audit is in its way"),
        ("not_independent", "refused because the auditor is not independent, and it was announced to be"),
        ("no_secrecy", "refused because the auditor is not bound to secrecy, and it was announced to be"),
        ("other", "refused because of another ground, and nothing was wrong with the announcement"),
        ("of_tomorrow", "refused because of another ground, and nothing was wrong with the announcement"),
    ],
)
def test_refusal_without_a_ground_is_found(ground: str, found: str) -> None:
    """CD-27, Art. 28(3)(h): on the refusal."""
    result = judged(announced(ASKED, BEGINS), refused(ASKED + DAY, ground), by=AGREED)
    (on_entry,) = result.findings
    assert (on_entry.offset, on_entry.finding.code) == (FIRST_OFFSET + 1, "audit_refused_without_ground")
    assert ("dpa:CD-27", found) == (on_entry.finding.rule, on_entry.finding.found)
    assert states_of(result)[ACCESS] is DeadlineState.OPEN


def test_true_ground_does_not_bear_out_another() -> None:
    """Too short, and refused as one too many."""
    short = announced(ASKED, EARLIEST - DAY)
    assert "audit_refused_without_ground" in codes_of(
        judged(short, refused(ASKED + DAY, "too_often"), by=AGREED)
    )


def test_disproportionate_is_not_for_facts_to_decide() -> None:
    """CD-27 names it, and nothing in a ledger shows or denies it."""
    assert not judged(announced(ASKED, BEGINS), refused(ASKED + DAY, "disproportionate"), by=AGREED).findings


def test_refusal_is_held_against_what_was_announced_then() -> None:
    """Refused as too soon, announced anew for later, and allowed: nothing is left to find."""
    facts = [
        announced(ASKED, EARLIEST - DAY),
        refused(ASKED + DAY, "too_soon"),
        announced(ASKED + 2 * DAY, BEGINS),
    ]
    anew = judged(*facts, by=AGREED)
    assert not anew.findings
    assert states_of(anew)[ACCESS] is DeadlineState.OPEN
    assert states_of(judged(*facts, granted(BEGINS), by=AGREED))[ACCESS] is DeadlineState.MET


def test_refusal_before_any_announcement_is_not_judged() -> None:
    """Until the announcement it answers reaches the ledger."""
    refusal = refused(ASKED + DAY, "too_often")
    assert not judged(refusal, by=AGREED).findings
    assert codes_of(judged(refusal, announced(ASKED, BEGINS), by=AGREED)) == ["audit_refused_without_ground"]


@pytest.mark.parametrize(
    ("at", "state", "codes"),
    [
        (BEGINS - MICROSECOND, DeadlineState.MET, []),
        (BEGINS, DeadlineState.MET, []),
        (BEGINS + MICROSECOND, DeadlineState.MISSED, ["audit_refused_without_ground"]),
    ],
)
def test_access_is_owed_when_the_audit_is_to_begin(at: int, state: DeadlineState, codes: list[str]) -> None:
    """At the very moment is in time: nobody needed it before. An audit that began had access."""
    for fact in (granted(at), audit_fact("begun", at)):
        result = judged(announced(ASKED, BEGINS), fact, by=AGREED)
        assert (state, codes) == (states_of(result)[ACCESS], codes_of(result))


def test_silence_is_a_refusal() -> None:
    """No access and no answer until the audit was to begin; access that was given in time resolves it."""
    facts = [announced(ASKED, BEGINS), passed()]
    found = findings_of(judged(*facts, by=AGREED))["audit_refused_without_ground"]
    assert found.found == "no access and no refusal by then"
    assert (
        found.expected
        == "access by 2026-07-06T09:00:00+02:00, when the audit was to begin, since it was announced as agreed"
    )
    assert not judged(*facts, granted(BEGINS - DAY), by=AGREED).findings


def test_late_access_is_found_where_it_was_given() -> None:
    """On the access, with when it came."""
    late = judged(announced(ASKED, BEGINS), passed(), granted(BEGINS + DAY), by=AGREED)
    (on_entry,) = late.findings
    assert (
        on_entry.offset,
        on_entry.finding.found,
    ) == (FIRST_OFFSET + 2, "access on 2026-07-07T09:00:00+02:00")


def test_no_access_is_owed_to_an_audit_that_is_not_in_order() -> None:
    """Its deadline is void, not absent: it may have been open before."""
    result = judged(announced(ASKED, EARLIEST - DAY), passed(EARLIEST - DAY), by=AGREED)
    assert states_of(result) == {ACCESS: DeadlineState.VOID}
    assert codes_of(result) == ["audit_notice_short"]


def test_refusal_without_ground_is_found_once_when_the_day_comes() -> None:
    """The deadline is missed as well, and the refusal explains it."""
    result = judged(announced(ASKED, BEGINS), refused(ASKED + DAY, "other"), passed(), by=AGREED)
    assert states_of(result)[ACCESS] is DeadlineState.MISSED
    assert codes_of(result) == ["audit_refused_without_ground"]


def test_access_that_shows_other_customers_is_found() -> None:
    """CD-27: on the access."""
    result = judged(announced(ASKED, BEGINS), granted(BEGINS, shielded=False), by=AGREED)
    (on_entry,) = result.findings
    assert (
        on_entry.offset,
        on_entry.finding.code,
        on_entry.finding.rule,
    ) == (FIRST_OFFSET + 1, "audit_others_exposed", "dpa:CD-27")
    assert "audit_access_granted" not in marks_of(result)


@pytest.mark.parametrize("costs", ["provider", "shared"])
def test_costs_borne_otherwise_are_found(costs: str) -> None:
    """CD-28: the last closing holds."""
    facts = [announced(ASKED, BEGINS), granted(BEGINS), closed(BEGINS + DAY, costs)]
    found = findings_of(judged(*facts, by=AGREED))["audit_costs_shifted"]
    assert found.expected == "the costs of the audit borne by the controller"
    assert not judged(*facts, closed(BEGINS + 2 * DAY), by=AGREED).findings


def test_audit_of_which_only_a_deadline_is_known_comes_to_nothing() -> None:
    """The ledger's own facts say nothing of their own."""
    assert judged(passed(), by=AGREED) == NOTHING


def test_nothing_is_judged_that_was_not_agreed() -> None:
    """Without a pack an audit is recorded, and that is all."""
    assert judged(announced(ASKED, ASKED, independent=False), refused(ASKED, "other")) == NOTHING


STORY = [
    announced(ASKED, EARLIEST - DAY, independent=False),
    refused(ASKED + DAY, "too_often"),
    announced(ASKED + 2 * DAY, None, ends_at=BEGINS + DAY, scope=None, independent=False),
    granted(BEGINS + HOUR, shielded=False),
    audit_fact("begun", BEGINS + 2 * HOUR),
    audit_fact("finding_reported", BEGINS + DAY, finding="1", severity="high", implemented=None),
    closed(BEGINS + 2 * DAY, "shared"),
]


@given(st.permutations(numbered(*STORY)))
def test_order_of_arrival_changes_nothing(facts: list[object]) -> None:
    """Every permutation of an audit with much that is wrong comes to the same, and repeats no publisher's words."""
    in_order = judged_facts(numbered(*STORY), AGREED)
    assert {
        "audit_auditor_unfit",
        "audit_refused_without_ground",
        "audit_others_exposed",
        "audit_costs_shifted",
    } == set(codes_of(in_order))
    assert in_order == judged_facts(facts, AGREED)  # type: ignore[arg-type]  # hypothesis forgets what it permutes
    assert not any("canary" in on_entry.finding.found for on_entry in in_order.findings)


def test_published_agreement_judges_audits() -> None:
    """The pack as it is installed, articles and all."""
    pack = load_pack("callvoip-dpa").pack
    bad = announced(ASKED, EARLIEST - DAY, independent=False, scope=None)
    on_entries: tuple[OnEntry, ...] = judged(bad, closed(BEGINS, "provider"), by=pack).findings
    assert [(each.finding.code, each.finding.article, each.finding.rule) for each in on_entries] == [
        ("audit_auditor_unfit", "art. 10.1", "callvoip-dpa:CD-24"),
        ("audit_announcement_incomplete", "art. 10.2", "callvoip-dpa:CD-26"),
        ("audit_notice_short", "art. 10.2", "callvoip-dpa:CD-26"),
        ("audit_costs_shifted", "art. 10.4-10.5", "callvoip-dpa:CD-28"),
    ]
