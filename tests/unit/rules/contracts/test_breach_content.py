"""What notifications of a breach tell: item by item, over all phases, judged once nothing more is to come."""

from typing import Any

import pytest

from ledger.aggregates.breach_statements import ITEMS
from ledger.entry import Entry
from ledger.rules.calendar.hours import Hours
from ledger.rules.contracts.breach_content import ITEM_TEXTS
from ledger.rules.packs.kinds_of_cases import BREACH_ITEMS
from tests.unit.aggregates.stated_cases import (
    HOUR,
    TOLD_EVERYTHING,
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
    marks_of,
    pack_of,
    promise,
)

T = moment("2026-06-01T10:00:00+02:00")
FOUR = ("nature", "consequences", "measures", "contact")
CONTENT = pack_of(promise("CB-28", "breach_content", items=FOUR))
PHASES = pack_of(promise("CB-29", "breach_phases"))
CLOCK = pack_of(promise("CB-27", "breach_notice", within=Hours(48), recipient="controller"), *CONTENT.entries)


def one_item(item: str) -> dict[str, Any]:
    """A notification that tells one item, and announces more."""
    return {**TOLD_NOTHING, item: TOLD_EVERYTHING[item], "more_follows": True}


def test_items_are_the_same_everywhere() -> None:
    """What facts tell, what packs may ask for, and what findings call it."""
    assert ITEMS == BREACH_ITEMS == tuple(ITEM_TEXTS)


@pytest.mark.parametrize("item", FOUR)
def test_every_promised_item_is_asked_for(item: str) -> None:
    """CB-28: one item left out is found, by its name."""
    untold: dict[str, Any] = {item: None}
    told = notified(T, **untold)
    found = findings_of(judged(discovered(T), told, by=CONTENT))["breach_incomplete"]
    assert (found.article, found.rule) == ("art. CB-28", "pack:CB-28")
    assert f"no word of {ITEM_TEXTS[item]} in 1 notification" == found.found


def test_complete_notification_is_shown() -> None:
    """All four items, and the numbers nobody promised left out."""
    told = notified(T, subjects_approximate=None, record_categories=[])
    result = judged(discovered(T), told, by=CONTENT)
    assert not result.findings
    assert "breach_content_complete" in marks_of(result)


@pytest.mark.parametrize("item", ITEMS)
def test_authority_is_told_everything_of_art_33_3(item: str) -> None:
    """Item by item, whatever was promised to the controller."""
    untold: dict[str, Any] = {item: TOLD_NOTHING[item]}
    told = notified(T, "authority", **untold)
    found = findings_of(judged(aware(T), told))["breach_report_incomplete"]
    assert (found.article, found.rule) == ("GDPR Art. 33(3)", "")
    assert f"no word of {ITEM_TEXTS[item]} in 1 notification" == found.found


def test_zero_is_a_number_and_blank_is_no_word() -> None:
    """No records concerned is told; an empty text and a list of nothing are not."""
    assert not judged(aware(T), notified(T, "authority", subjects_approximate=0)).findings
    blank = notified(T, "authority", contact=" ", subject_categories=[""])
    found = findings_of(judged(aware(T), blank))["breach_report_incomplete"].found
    assert found == "no word of the categories of people and a contact point in 1 notification"


def test_authority_is_not_owed_items_where_it_need_not_be_told() -> None:
    """Of a breach unlikely to be a risk the authority may be told as little as one likes."""
    told = notified(T, "authority", **TOLD_NOTHING)
    assert not judged(aware(T), told, assessed(T, "unlikely")).findings


def test_people_are_told_what_art_34_2_asks() -> None:
    """Nature, contact, consequences and measures; numbers are not for them."""
    high = [discovered(T), assessed(T, "high")]
    enough = {"subjects_approximate": None, "records_approximate": None}
    assert not judged(*high, notified(T, "people", **enough)).findings
    found = findings_of(judged(*high, notified(T, "people", consequences=None)))["breach_report_incomplete"]
    assert (found.article, found.rule) == ("GDPR Art. 34(2)", "")
    assert not judged(discovered(T), notified(T, "people", consequences=None)).findings


def test_phases_complete_each_other() -> None:
    """Art. 33(4): one item at a time; nothing is found while more is announced, nor when all was told."""
    phases: list[Entry] = [aware(T)]
    for hours, item in enumerate(ITEMS):
        assert not judged(*phases).findings
        phases.append(notified(T + hours * HOUR, "authority", **one_item(item)))
    assert not judged(*phases).findings
    assert not judged(*phases, breach_closed(T + 9 * HOUR), discovered(T, role="controller")).findings


@pytest.mark.parametrize(
    ("end", "judged_now"),
    [
        pytest.param([], False, id="more is announced"),
        pytest.param(
            [notified(T + HOUR, **{**TOLD_NOTHING, "nature": "x"})], True, id="nothing more follows"
        ),
        pytest.param([breach_closed(T + HOUR)], True, id="closed"),
    ],
)
def test_missing_items_are_found_once_nothing_more_is_to_come(end: list[Entry], judged_now: bool) -> None:
    """Until then a phase may still bring them."""
    first = notified(T, **one_item("contact"))
    result = judged(discovered(T), first, *end, by=CONTENT)
    assert judged_now == ("breach_incomplete" in codes_of(result))


def test_told_too_late_leaves_no_time_for_phases() -> None:
    """Late and incomplete is both; a phase that comes after all completes it, and late it stays."""
    over = deadline_passed("breach", "b-1", "notify_controller", T + 48 * HOUR, "pack:CB-27")
    late = [discovered(T), over, notified(T + 50 * HOUR, **one_item("contact"))]
    assert codes_of(judged(*late, by=CLOCK)) == ["breach_incomplete", "breach_notified_late"]
    assert codes_of(judged(*late, notified(T + 60 * HOUR), by=CLOCK)) == ["breach_notified_late"]


def test_first_phase_in_time_leaves_time_for_the_rest() -> None:
    """The ledger's word that the time is over means nothing for what was told before it."""
    over = deadline_passed("breach", "b-1", "notify_controller", T + 48 * HOUR, "pack:CB-27")
    told = notified(T + 40 * HOUR, **one_item("contact"))
    assert not judged(discovered(T), over, told, by=CLOCK).findings


def test_incompleteness_is_on_the_last_notification() -> None:
    """It is the one after which something still lacked."""
    first, last = notified(T, **one_item("contact")), notified(T + HOUR, nature=None)
    (on_entry,) = judged(discovered(T), first, last, by=CONTENT).findings
    assert (
        on_entry.offset,
        on_entry.finding.found,
    ) == (FIRST_OFFSET + 2, "no word of the nature of the breach in 2 notifications")


def test_item_told_to_another_is_not_told() -> None:
    """What the authority knows the controller does not."""
    result = judged(discovered(T), notified(T, measures=None), notified(T + HOUR, "authority"), by=CONTENT)
    assert codes_of(result) == ["breach_incomplete"]


def test_nobody_told_is_no_incomplete_notification() -> None:
    """That nobody was told at all is for the clock to find, or for the law where there is none."""
    untold = judged(discovered(T), breach_closed(T + HOUR), by=CONTENT)
    assert codes_of(untold) == ["breach_controller_not_told"]


def test_incomplete_report_to_the_authority_breaks_no_promise_to_the_controller() -> None:
    """CB-28, CD-20 are about what the controller is told; Art. 33(3) is the controller's own duty."""
    facts = [discovered(T), notified(T), notified(T + HOUR, "authority", measures=None)]
    result = judged(*facts, by=CONTENT)
    assert codes_of(result) == ["breach_report_incomplete"]
    assert "breach_content_complete" in marks_of(result)
    both = judged(*facts[:2], notified(T + HOUR, contact=" ", nature=None), *facts[2:], by=CONTENT)
    assert codes_of(both) == ["breach_report_incomplete"]


def test_announced_phase_that_never_came_is_found_at_closing() -> None:
    """CB-29: on the closing, with when more was announced."""
    facts = [discovered(T), notified(T + HOUR, more_follows=True), breach_closed(T + 9 * HOUR)]
    found = findings_of(judged(*facts, by=PHASES))["breach_not_followed_up"]
    assert (found.article, found.rule) == ("art. CB-29", "pack:CB-29")
    assert (
        found.found
        == "more was announced on 2026-06-01T11:00:00+02:00, and nothing followed until the breach was closed on "
        "2026-06-01T19:00:00+02:00"
    )
    assert not judged(*facts[:2], by=PHASES).findings


@pytest.mark.parametrize(("follows_after", "kept"), [(8, True), (9, True), (10, False)])
def test_follow_up_comes_before_the_breach_is_closed(follows_after: int, kept: bool) -> None:
    """At the very moment of closing is in time."""
    facts = [discovered(T), notified(T + HOUR, more_follows=True), breach_closed(T + 9 * HOUR)]
    result = judged(*facts, notified(T + follows_after * HOUR), by=PHASES)
    assert kept == (not result.findings)
    assert kept == ("breach_followed_up" in marks_of(result))


def test_second_announcement_of_more_needs_a_second_follow_up() -> None:
    """The last word to the controller before closing decides."""
    facts = [discovered(T), notified(T + HOUR, more_follows=True), notified(T + 2 * HOUR, more_follows=True)]
    assert "breach_followed_up" in marks_of(judged(*facts, by=PHASES))
    assert codes_of(judged(*facts, breach_closed(T + 9 * HOUR), by=PHASES)) == ["breach_not_followed_up"]


def test_breach_told_at_once_shows_nothing_of_phases() -> None:
    """No phase was needed, so none kept or broke the promise."""
    result = judged(discovered(T), notified(T + HOUR), breach_closed(T + 2 * HOUR), by=PHASES)
    assert not result.findings
    assert "breach_followed_up" not in marks_of(result)
