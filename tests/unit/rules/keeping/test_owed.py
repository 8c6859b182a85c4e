"""Whether data that was to go is still owed, or time has passed and nothing says that it went."""

import pytest

from ledger.rules.calendar.periods import MICROS_MAX, first_moment_after
from ledger.rules.keeping.holds import GRACE_MICROS
from ledger.rules.keeping.owed import AGREEMENT, Ended, Owed, Standing, needs_rules, standing, standings
from ledger.rules.keeping.retention import ControllerRules, Setting
from ledger.rules.packs.policy_pack import Start
from tests.unit.rules.made_packs import NO_RULES, adopted, day, noon, pack, rule, terminated

D = day("2026-03-27")
DUE = first_moment_after(day("2026-04-03"))
LATE = DUE + GRACE_MICROS + 1
RULES = ControllerRules(adoptions=adopted(pack("p", rule("W", "fax", "P1W"))))
SAID = "nothing says that fax due on 2026-04-04 was destroyed"


def fax(ended: bool | None = None) -> Owed:
    """A fax that is kept for a week."""
    return Owed("p:W", "fax", D, DUE, ended)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (DUE - 1, Standing(DUE, broken=False)),
        (DUE, Standing(DUE, broken=False)),
        (LATE - 1, Standing(DUE, broken=False)),
        (LATE, Standing(DUE, broken=True, says=SAID)),
    ],
)
def test_silence_breaks_the_promise_after_two_days(now: int, expected: Standing) -> None:
    """The ledger says of everything that its time is over, so when it says nothing, nothing was done."""
    assert standing(fax(), RULES, now) == expected


@pytest.mark.parametrize(("ended", "before"), [(True, None), (False, Standing(DUE, broken=False))])
def test_what_is_recorded_to_have_ended_is_not_silent(ended: bool, before: Standing | None) -> None:
    """What a hold keeps neither; by a looser promise that one is owed until its own end."""
    assert standing(fax(ended), RULES, DUE - 1) == before
    assert standing(fax(ended), RULES, DUE) is None
    assert standing(fax(ended), RULES, LATE) is None


def test_what_moved_is_owed_until_then() -> None:
    """An end that was put off, or a document that keeps it longer; without any end nothing is owed."""
    later = ControllerRules(adoptions=adopted(pack("p", rule("W", "fax", "P2W"))))
    until = first_moment_after(day("2026-04-10"))
    assert standing(fax(), later, LATE) == Standing(until, broken=False)
    found = standing(fax(), later, until + GRACE_MICROS + 1)
    assert found is not None
    assert (found.until, found.broken) == (until, True)
    assert standing(fax(), NO_RULES, LATE) is None


def test_rules_of_later_do_not_act_yet() -> None:
    """What a publisher dates in the future moves nothing before."""
    setting = Setting(retention_class="fax", days=90, at=LATE + 1)
    found = standing(fax(), ControllerRules(settings=(setting,)), LATE)
    assert found is None


def test_rules_are_needed_where_they_can_say_more() -> None:
    """So that they are read for what is open only."""
    assert not needs_rules(fax(), DUE - 1)
    assert needs_rules(fax(), DUE)
    assert not needs_rules(fax(ended=True), DUE)
    assert needs_rules(Owed("p:E", AGREEMENT, D, DUE, None), DUE - 1)


ENDS = noon("2026-04-30")
OVER = first_moment_after(day("2026-04-30"))
WAIT = first_moment_after(day("2026-05-30"))


def leaving(choice: str, *returned: int) -> ControllerRules:
    """A controller whose agreement ends on 30 April, and that got its data back at some moments."""
    return ControllerRules(
        adoptions=adopted(pack("p", rule("E", "*", "P0D", Start.AGREEMENT_END, on_choice=True))),
        terminations=(terminated(ENDS, choice, at=noon("2026-03-01")),),
        returned=returned,
    )


def owed_until(rule_: str, rules: ControllerRules, now: int) -> int | None:
    """Until when the end of the agreement asks for something by a rule."""
    found = standing(Owed(rule_, AGREEMENT, D, OVER, None), rules, now)
    assert found is None or not found.broken
    return None if found is None else found.until


@pytest.mark.parametrize(
    ("choice", "returned", "until"),
    [
        ("delete", (), OVER),
        ("return", (), WAIT),
        ("return_and_delete", (), WAIT),
        ("return", (ENDS,), OVER),
        ("return", (OVER + 5,), OVER + 5),
        ("return_and_delete", (OVER + 5,), OVER + 5),
        ("return_and_delete", (ENDS - 1,), WAIT),
    ],
)
def test_cd_31_what_the_end_of_an_agreement_asks_for(
    choice: str, returned: tuple[int, ...], until: int
) -> None:
    """As the controller chose; what is returned is no longer owed, and an export before the end is not all of it."""
    rules = leaving(choice, *returned)
    # Until it is made nobody knows of an export.
    assert owed_until("p:E", rules, until - 1) == (WAIT if until - 1 < max(returned, default=0) else until)
    assert owed_until("p:E", rules, until) is None


def test_end_that_is_stated_anew_moves_what_it_asks_for() -> None:
    """The latest statement holds; one that is not known keeps what the entry showed."""
    later = terminated(noon("2026-12-31"), "delete", at=noon("2026-03-02"))
    first = leaving("delete")
    rules = ControllerRules(adoptions=first.adoptions, terminations=(*first.terminations, later))
    assert owed_until("p:E", rules, OVER) == first_moment_after(day("2026-12-31"))
    assert owed_until("p:E", NO_RULES, OVER - 1) == OVER
    assert owed_until("p:E", NO_RULES, OVER) is None


def ended(confirmed_at: int | None, *, of: int | None = D, due_from: int = DUE) -> Ended:
    """The end of that fax by its rule of a week."""
    return Ended("p:W", "fax", of, due_from, confirmed_at)


BOTH = ControllerRules(
    adoptions=adopted(pack("p", rule("W", "fax", "P1W")), pack("q", rule("M", "fax", "P1M")))
)
LOOSE = first_moment_after(day("2026-04-27"))


@pytest.mark.parametrize(
    ("confirmed_at", "now", "expected"),
    [
        (None, LATE - 1, {"p:W": (LATE - 1, False), "q:M": (LOOSE + GRACE_MICROS, False)}),
        (None, LATE, {"p:W": (LATE - 1, True), "q:M": (LOOSE + GRACE_MICROS, False)}),
        (LATE - 1, MICROS_MAX, {}),
        (LATE, MICROS_MAX, {"p:W": (LATE - 1, True)}),
        (
            LOOSE + GRACE_MICROS + 1,
            MICROS_MAX,
            {"p:W": (LATE - 1, True), "q:M": (LOOSE + GRACE_MICROS, True)},
        ),
    ],
)
def test_end_is_held_to_every_rule_about_the_data(
    confirmed_at: int | None, now: int, expected: dict[str, tuple[int, bool]]
) -> None:
    """Late by the stricter rule is not late by the looser one."""
    found = {name: (each.until, each.broken) for name, each in standings(ended(confirmed_at), BOTH, now)}
    assert found == expected


def test_end_of_what_has_no_day_is_held_to_its_own_rule() -> None:
    """Proofs of consent have clocks of their own; the last days of the calendar have no two more."""
    assert dict(standings(ended(None, of=None), BOTH, DUE)) == {"p:W": Standing(LATE - 1, broken=False)}
    assert dict(standings(ended(None, of=None, due_from=MICROS_MAX), BOTH, DUE)) == {
        "p:W": Standing(MICROS_MAX, broken=False)
    }


def test_what_a_hold_had_kept_is_due_by_no_rule_before_it_was_let_go() -> None:
    """Else every hold would break the looser promise in the end."""
    freed = LOOSE + 30 * GRACE_MICROS
    assert {each.until for _, each in standings(ended(None, due_from=freed), BOTH, freed)} == {
        freed + GRACE_MICROS
    }
