"""What keeps a retention run from destroying what is not due. FAULTS, row 36."""

import pytest

from ledger.forgetting.guard import (
    AFTER_JUMP_MIN,
    AHEAD_OF_RECORDED_MAX,
    CLOCKS_APART_MAX,
    Approval,
    ClockRefused,
    ReferenceClock,
    SecondPersonNeeded,
    check_bound,
    check_clocks,
)
from ledger.store.forgetting_rows import TimeShown

NOW = 1_774_609_200_000_000
"""2026-03-27T11:00:00Z."""
DAY = 86_400_000_000
DIGEST = "ab" * 32


def clocks(apart: int) -> list[ReferenceClock]:
    """The databases' clocks, the vault's off by so much."""
    return [ReferenceClock("the store", NOW), ReferenceClock("the vault", NOW + apart)]


def shown(newest: int, supported: int | None = None, silence_ended: int | None = None) -> TimeShown:
    """What the facts show; publishers say the same as sealers unless told otherwise."""
    return TimeShown(newest, newest if supported is None else supported, silence_ended)


@pytest.mark.parametrize("apart", [0, CLOCKS_APART_MAX, -CLOCKS_APART_MAX])
def test_clock_that_agrees_with_the_others_is_believed(apart: int) -> None:
    """Five minutes is drift."""
    check_clocks(NOW, clocks(apart), shown(NOW))


@pytest.mark.parametrize("apart", [CLOCKS_APART_MAX + 1, -CLOCKS_APART_MAX - 1, 2 * DAY, -400 * DAY])
def test_clock_that_another_contradicts_is_refused(apart: int) -> None:
    """One of the two is wrong, and nobody here knows which: a second person neither."""
    with pytest.raises(ClockRefused, match="the vault"):
        check_clocks(NOW, clocks(apart), shown(NOW), vouched=True)


@pytest.mark.parametrize("behind", [0, AHEAD_OF_RECORDED_MAX])
def test_clock_close_to_the_newest_fact_is_believed(behind: int) -> None:
    """A weekend without a call is ordinary."""
    check_clocks(NOW, clocks(0), shown(NOW - behind))


@pytest.mark.parametrize("behind", [AHEAD_OF_RECORDED_MAX + 1, 400 * DAY])
def test_clock_far_ahead_of_the_newest_fact_is_refused(behind: int) -> None:
    """When every clock is wrong, the facts still show the time."""
    with pytest.raises(ClockRefused, match="newest recorded fact"):
        check_clocks(NOW, clocks(0), shown(NOW - behind))
    check_clocks(NOW, clocks(0), shown(NOW - behind), vouched=True)


def test_clock_behind_the_newest_fact_is_believed() -> None:
    """It destroys less than is due, and the next run the rest."""
    check_clocks(NOW, clocks(0), shown(NOW + 400 * DAY))


@pytest.mark.parametrize("late", [0, 10 * DAY, 400 * DAY])
def test_late_facts_are_believed_while_no_clock_jumped(late: int) -> None:
    """A publisher that sends weeks later is late, and says nothing against the sealers' clocks."""
    check_clocks(NOW, clocks(0), shown(NOW, NOW - late))


def test_facts_sealed_after_a_jump_are_refused_while_publishers_say_otherwise() -> None:
    """Their clocks did not jump with the sealer's; however long ago that was."""
    jumped = shown(NOW, NOW - AHEAD_OF_RECORDED_MAX - 1, NOW - 10 * DAY)
    with pytest.raises(ClockRefused, match="newest recorded fact"):
        check_clocks(NOW, clocks(0), jumped)
    check_clocks(NOW, clocks(0), jumped, vouched=True)


def test_facts_sealed_just_after_a_silence_without_its_like_are_refused() -> None:
    """Publishers on the same machine share its clock: two days are left to see that it jumped."""
    jumped = shown(NOW, NOW, NOW - AFTER_JUMP_MIN + 1)
    with pytest.raises(ClockRefused, match="may have jumped"):
        check_clocks(NOW, clocks(0), jumped)
    check_clocks(NOW, clocks(0), jumped, vouched=True)


def test_silence_that_ended_two_days_ago_is_believed() -> None:
    """A ledger that was not used for a holiday goes on by itself."""
    check_clocks(NOW, clocks(0), shown(NOW, NOW, NOW - AFTER_JUMP_MIN))


@pytest.mark.parametrize(("destructions", "refused"), [(0, False), (10, False), (11, True)])
def test_more_keys_than_the_bound_need_a_second_person(destructions: int, refused: bool) -> None:
    """Up to the bound one person, or the clock, decides."""
    if not refused:
        check_bound(destructions, 10, DIGEST, None)
        return
    with pytest.raises(SecondPersonNeeded, match=DIGEST) as error:
        check_bound(destructions, 10, DIGEST, None)
    assert error.value.exit_code == 4


def test_approved_plan_may_destroy_more() -> None:
    """That is what the second person is for."""
    check_bound(1_000_000, 10, DIGEST, Approval(DIGEST, "second"))


def test_approval_of_another_plan_is_refused_whatever_its_size() -> None:
    """What was looked at is not what would be destroyed."""
    with pytest.raises(SecondPersonNeeded, match="another plan"):
        check_bound(1, 10, DIGEST, Approval("cd" * 32, "second"))


def test_name_of_who_approved_is_in_no_message() -> None:
    """It is a person's."""
    with pytest.raises(SecondPersonNeeded) as error:
        check_bound(11, 10, DIGEST, Approval("cd" * 32, "Invented Name"))
    assert "Invented" not in str(error.value)
