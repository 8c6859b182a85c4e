"""Changes of a notice: people are told as promised before a version that affects their rights comes into force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.rules.contracts.notice_rules import WAYS
from ledger.rules.findings import Finding
from ledger.rules.judged import NOTHING, Deadline, DeadlineState, OnEntry
from ledger.rules.packs.kinds_of_processing import TOLD
from tests.unit.aggregates.stated_cases import HOUR, communicated, deadline_passed, moment, published
from tests.unit.rules.judged_cases import (
    FIRST_OFFSET,
    codes_of,
    judged,
    judged_facts,
    marks_of,
    numbered,
    pack_of,
    promise,
    states_of,
)

DAY = 24 * HOUR
T = moment("2026-06-01T10:00:00+02:00")
HOLDS = T + 14 * DAY
BY_EMAIL = pack_of(promise("MB-46", "notice_change", told="email"), pack="mb")
BY_WEBSITE = pack_of(promise("CB-41", "notice_change", told="website"), pack="cb")
BY_NOTHING = pack_of(promise("X-1", "notice_change", told="none"), pack="x")
TELL = ("tell_people", "mb:MB-46")


def changed(at: int = T, version: str = "2", **fields: object) -> Entry:
    """A version that materially affects people's rights, two weeks ahead, of which nobody was told yet."""
    said = {"effective_at": HOLDS, "materially_changed": True, "people_informed": "not_informed", **fields}
    return published(at, version, **said)


def passed(ends_at: int = HOLDS) -> Entry:
    """The ledger says that people should have been told by then."""
    return deadline_passed("notice", "website", "tell_people", ends_at, "mb:MB-46")


def test_ways_are_those_packs_can_promise() -> None:
    """But for none, which promises nothing."""
    assert set(WAYS) | {"none"} == set(TOLD)


@pytest.mark.parametrize(
    ("at", "told"),
    [(T - DAY, True), (HOLDS - 1, True), (HOLDS, True), (HOLDS + 1, False)],
)
def test_people_told_before_it_holds(at: int, told: bool) -> None:
    """MB-46: at the very moment it comes into force is in time."""
    result = judged(changed(), communicated(at, "2"), by=BY_EMAIL)
    assert told == (not result.findings) == ("notice_change_told" in marks_of(result))
    assert (DeadlineState.MET if told else DeadlineState.MISSED) == states_of(result)[TELL]


@pytest.mark.parametrize(
    ("told_by", "email", "website"),
    [
        ("email", True, True),
        ("letter", True, True),
        ("call", True, True),
        ("website", False, True),
        ("dashboard", False, True),
    ],
)
def test_way_that_was_promised(told_by: str, email: bool, website: bool) -> None:
    """An e-mail is replaced by what reaches people one by one, a page by anything."""
    facts = [changed(), communicated(T + DAY, "2", told_by), passed()]
    assert email == (not judged(*facts, by=BY_EMAIL).findings)
    assert website == (not judged(*facts, by=BY_WEBSITE).findings)


@pytest.mark.parametrize(
    ("informed", "email", "website"),
    [
        ("by_email", True, True),
        ("by_call", True, True),
        ("by_website", False, True),
        ("not_needed", False, False),
        ("not_informed", False, False),
    ],
)
def test_publication_can_say_itself_that_people_were_told(informed: str, email: bool, website: bool) -> None:
    """That nobody needed to be told of a material change is no telling."""
    now = changed(effective_at=T, people_informed=informed)
    assert email == (not judged(now, by=BY_EMAIL).findings)
    assert website == (not judged(now, by=BY_WEBSITE).findings)


def test_untold_change_is_a_finding_a_lawyer_can_read() -> None:
    """On the publication, with the moment from which it holds."""
    finding = Finding(
        code="notice_change_not_told",
        article="art. MB-46",
        expected="people told by e-mail, before a version that materially affects their rights holds",
        found="a version that holds from 2026-06-15T10:00:00+02:00, and no word to people by then",
        rule="mb:MB-46",
    )
    result = judged(changed(), passed(), by=BY_EMAIL)
    assert (OnEntry(FIRST_OFFSET, T, finding),) == result.findings


def test_nothing_is_missed_before_a_fact_says_so() -> None:
    """Published ahead there is time to tell people, and the ledger says when it is over."""
    expected = Deadline(
        case_kind="notice",
        case_id="website",
        name="tell_people",
        rule="mb:MB-46",
        article="art. MB-46",
        offset=FIRST_OFFSET,
        starts_at=T,
        ends_at=HOLDS,
    )
    ahead = judged(changed(), by=BY_EMAIL)
    assert ((expected,), ()) == (ahead.deadlines, ahead.findings)
    assert states_of(judged(changed(), passed(), by=BY_EMAIL)) == {TELL: DeadlineState.MISSED}


def test_published_when_it_holds_there_is_no_time_left() -> None:
    """Found at once, and no deadline runs that ends before it starts."""
    result = judged(changed(effective_at=T), by=BY_EMAIL)
    assert (codes_of(result), result.deadlines) == (["notice_change_not_told"], ())


def test_word_to_people_that_was_recorded_late_resolves() -> None:
    """It counts when they were told."""
    facts = [changed(), passed(), communicated(T + DAY, "2")]
    assert not judged(*facts, by=BY_EMAIL).findings
    assert codes_of(judged(*facts[:2], communicated(T + DAY, "1"), by=BY_EMAIL)) == ["notice_change_not_told"]


def test_change_that_affects_nobody_need_not_be_told() -> None:
    """A corrected spelling."""
    assert judged(changed(materially_changed=False), passed(), by=BY_EMAIL) == NOTHING


def test_promise_of_nothing_is_not_judged() -> None:
    """X17: a statement that may change without a word cannot be broken by silence."""
    assert judged(changed(), passed(), by=BY_NOTHING) == NOTHING


def test_version_stated_anew_holds() -> None:
    """A correction says that the change was not material after all."""
    result = judged(changed(), passed(), changed(T + HOUR, materially_changed=False), by=BY_EMAIL)
    assert not result.findings


def test_versions_are_judged_apart() -> None:
    """Word of one is no word of another; the deadline is that of the first that is still open, else of the last."""
    second = changed(T + DAY, "3", effective_at=HOLDS + DAY)
    result = judged(changed(), communicated(T + HOUR, "2"), second, by=BY_EMAIL)
    (deadline,) = result.deadlines
    assert (deadline.ends_at, deadline.state) == (HOLDS + DAY, DeadlineState.OPEN)
    both = judged(changed(), second, by=BY_EMAIL)
    assert [each.ends_at for each in both.deadlines] == [HOLDS]
    over = judged(changed(), second, passed(HOLDS + DAY), by=BY_EMAIL)
    assert codes_of(over) == ["notice_change_not_told"] * 2
    assert [each.ends_at for each in over.deadlines] == [HOLDS + DAY]


@pytest.mark.parametrize(("adopted_at", "found"), [(T, True), (T + 1, False)])
def test_promise_in_force_at_publication_counts(adopted_at: int, found: bool) -> None:
    """One adopted since was not made then."""
    result = judged_facts(numbered(changed(), passed()), BY_EMAIL, adopted_at=adopted_at)
    assert found == bool(result.findings)


STORY: list[Entry] = [
    published(T - DAY, "1", materially_changed=True),
    changed(),
    communicated(T + HOUR, "2", "website"),
    changed(T + DAY, "3", effective_at=HOLDS + DAY),
    communicated(T + 2 * DAY, "3"),
    passed(),
]


@given(st.permutations(numbered(*STORY)))
def test_order_of_arrival_changes_nothing(facts: list[object]) -> None:
    """Every permutation of versions, words and the ledger's own comes to the same."""
    in_order = judged_facts(numbered(*STORY), BY_EMAIL)
    assert [on_entry.offset for on_entry in in_order.findings] == [FIRST_OFFSET, FIRST_OFFSET + 1]
    assert in_order == judged_facts(facts, BY_EMAIL)  # type: ignore[arg-type]  # hypothesis forgets what it permutes
