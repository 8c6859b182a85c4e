"""When a day's data of one class ends, by all rules of a controller together."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.contract.cloudevents import parse_time
from ledger.contract.retention_classes import KEY_PER_FACT, RETENTION_CLASSES
from ledger.rules.calendar.periods import (
    DAYS_MAX,
    DAYS_MIN,
    MICROS_MAX,
    MICROS_MIN,
    Period,
    first_moment_after,
    first_moment_of,
)
from ledger.rules.keeping.holds import Hold, free_from
from ledger.rules.keeping.retention import (
    NEVER_SET,
    Adoption,
    ControllerRules,
    End,
    Setting,
    Termination,
    ends_by_rule,
    epoch_end,
    setting_holds,
)
from ledger.rules.packs.policy_pack import Action, Start
from tests.unit.rules.made_packs import EPOCH, NO_RULES, adopted, day, noon, pack, readable, rule, terminated

D = day("2026-03-27")
PERSON = UUID("00000000-0000-4000-8000-000000000001")
HOUR = 3_600_000_000
DUTIES = {"consent_proof", "request_confirmation"}


def ended(rules: ControllerRules, retention_class: str = "fax", of: int = D) -> tuple[str, str] | None:
    """When a day's data ends, readable, and by which rule."""
    end = epoch_end(rules, retention_class, of)
    return None if end is None else (readable(end.ended_at), end.rule)


def after(text: str) -> str:
    """The local midnight that ends a date, readable."""
    return readable(first_moment_after(day(text)))


# The clock of the event


def test_whole_end_described() -> None:
    """An end says when, how long, from what, by which rule, and what it means."""
    rules = ControllerRules(
        adoptions=adopted(pack("pbx", rule("E-1", "signalling_identity", "P2W", action=Action.DROP_IDENTITY)))
    )
    expected = End(parse_time("2026-04-10T22:00:00Z"), "P2W", "event", "pbx:E-1", "drop_identity")
    assert expected == epoch_end(rules, "signalling_identity", D)


def test_no_period_known() -> None:
    """A class nobody said anything about has no end; neither has one of another class's rule."""
    rules = ControllerRules(adoptions=adopted(pack("pbx", rule("E-1", "voicemail", "P1M"))))
    assert ended(rules) is None
    assert ended(NO_RULES) is None


def test_kept_without_end_is_no_end() -> None:
    """A text that keeps for ever ends nothing, and does not lengthen a rule that ends."""
    for_ever = rule("E-1", "*", None)
    assert ended(ControllerRules(adoptions=adopted(pack("a", for_ever)))) is None
    both = ControllerRules(adoptions=adopted(pack("a", for_ever, rule("E-2", "fax", "P1M"))))
    assert ended(both) == (after("2026-04-27"), "a:E-2")


def test_earliest_of_several_packs() -> None:
    """Each pack is a promise: the shortest of them is the one that can be kept to all."""
    packs = [
        pack("a", rule("A-1", "fax", "P6M")),
        pack("b", rule("B-1", "fax", "P90D"), rule("B-2", "*", "P3M")),
    ]
    assert ended(ControllerRules(adoptions=adopted(*packs))) == (after("2026-06-25"), "b:B-1")
    assert ended(ControllerRules(adoptions=adopted(*reversed(packs)))) == (after("2026-06-25"), "b:B-1")


def test_every_class_but_those_left_out() -> None:
    """A rule for every class is for none it leaves out."""
    rules = ControllerRules(
        adoptions=adopted(pack("a", rule("A-1", "*", "P1M", excluded=frozenset({"fax"}))))
    )
    assert ended(rules) is None
    assert ended(rules, "voicemail") == (after("2026-04-27"), "a:A-1")


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        pytest.param("eu", ("2026-09-27", "E-eu"), id="named"),
        pytest.param("us", ("2028-03-27", "E-other"), id="not named: the others"),
        pytest.param("other", ("2028-03-27", "E-other"), id="the others by name"),
        pytest.param(None, ("2026-09-27", "E-eu"), id="not known: the shortest"),
    ],
)
def test_region_decides(region: str | None, expected: tuple[str, str]) -> None:
    """MB-29: six months in the EU, up to two years elsewhere; who does not say where has the shortest."""
    rules = (
        rule("E-other", "fax", "P2Y", region="other"),
        rule("E-eu", "fax", "P6M", region="eu"),
        rule("E-all", "fax", "P3Y"),
    )
    last, entry = expected
    assert ended(ControllerRules(adoptions=adopted(pack("a", *rules), region=region))) == (
        after(last),
        f"a:{entry}",
    )


def test_region_without_rules_of_its_own() -> None:
    """Where a pack names no region but one, the others have the rules for everywhere only."""
    only = pack("a", rule("E-eu", "fax", "P6M", region="eu"), rule("E-all", "fax", "P3Y"))
    assert ended(ControllerRules(adoptions=adopted(only, region="us"))) == (after("2029-03-27"), "a:E-all")


# Adopting


def test_latest_adoption_of_a_pack_holds() -> None:
    """A new version replaces the old one, in whichever order they arrived, longer or shorter."""
    old = Adoption(pack=pack("a", rule("E-1", "fax", "P1M"), version="1"), at=noon("2020-01-01"))
    new = Adoption(pack=pack("a", rule("E-1", "fax", "P2M"), version="2"), at=noon("2021-01-01"))
    for adoptions in ((old, new), (new, old)):
        assert ended(ControllerRules(adoptions=adoptions)) == (after("2026-05-27"), "a:E-1")


def test_adoptions_at_one_moment_in_the_order_given() -> None:
    """Of two at the same moment the later in the log holds."""
    first, second = (
        Adoption(pack=pack("a", rule("E-1", "fax", period)), at=noon("2020-01-01"))
        for period in ("P1M", "P2M")
    )
    assert ended(ControllerRules(adoptions=(first, second))) == (after("2026-05-27"), "a:E-1")
    assert ended(ControllerRules(adoptions=(second, first))) == (after("2026-04-27"), "a:E-1")


def test_due_when_adopted() -> None:
    """A promise made today about data of last year makes it due today, not late since last year."""
    rules = ControllerRules(adoptions=adopted(pack("a", rule("E-1", "fax", "P1M")), at=noon("2027-05-05")))
    assert ended(rules) == (readable(noon("2027-05-05")), "a:E-1")


def test_adopting_the_same_again_changes_nothing() -> None:
    """What was due stays due since then, when a new version of the pack has the same rule."""
    same = rule("E-1", "fax", "P1M")
    adoptions = [
        Adoption(pack=pack("a", *rules), at=noon(at))
        for rules, at in (
            ([same], "2026-01-01"),
            ([rule("E-1", "fax", "P9M")], "2026-02-01"),
            ([same], "2027-03-03"),
            ([same, rule("E-2", "voicemail", "P1M")], "2027-05-05"),
        )
    ]
    assert ended(ControllerRules(adoptions=tuple(adoptions))) == (readable(noon("2027-03-03")), "a:E-1")
    first_and_last = (adoptions[0], adoptions[3])
    assert ended(ControllerRules(adoptions=first_and_last)) == (after("2026-04-27"), "a:E-1")


def test_other_packs_do_not_interrupt() -> None:
    """Only versions of the pack itself say since when its rule has held."""
    same = pack("a", rule("E-1", "fax", "P1M"))
    adoptions = (
        *adopted(same),
        *adopted(pack("b"), at=noon("2026-06-01")),
        *adopted(same, at=noon("2027-01-01")),
    )
    assert ended(ControllerRules(adoptions=adoptions)) == (after("2026-04-27"), "a:E-1")


# What the customer sets


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param([("2026-01-01", 30)], "2026-04-26", id="in force before"),
        pytest.param([("2026-01-01", 30), ("2026-02-01", 60)], "2026-05-26", id="the latest before holds"),
        pytest.param([("2026-01-01", 60), ("2026-02-01", 30)], "2026-04-26", id="also when it is shorter"),
        pytest.param([("2026-01-01", 60), ("2026-04-01", 10)], "2026-04-06", id="shortened later"),
        pytest.param(
            [("2026-01-01", 10), ("2026-04-01", 60)], "2026-04-06", id="lengthened later: not for it"
        ),
        pytest.param(
            [("2026-01-01", 10), ("2026-03-27", 60)], "2026-04-06", id="lengthened that day: not yet"
        ),
        pytest.param([("2026-01-01", 60), ("2026-03-27", 10)], "2026-04-06", id="shortened that day"),
        pytest.param([("2026-01-01", 10), ("2026-03-26", 60)], "2026-05-26", id="lengthened the day before"),
        pytest.param([("2026-03-29", 20), ("2026-03-30", 200)], "2026-04-16", id="first set afterwards"),
        pytest.param([("2026-01-01", 0)], "2026-03-27", id="not kept: its own day"),
        pytest.param([("2026-01-01", 365)], "2027-03-27", id="the most"),
        pytest.param([("2026-01-01", 366)], None, id="too many days do not count"),
        pytest.param([("2026-01-01", -1)], None, id="fewer than none do not count"),
        pytest.param([("2026-01-01", 60), ("2026-02-01", 366)], "2026-05-26", id="nor do they replace"),
    ],
)
def test_customer_sets_days(made: list[tuple[str, int]], expected: str | None) -> None:
    """Shortening acts on what is there, lengthening only on days that begin after it."""
    made_at = tuple(Setting(retention_class="fax", days=days, at=noon(at)) for at, days in made)
    wanted = None if expected is None else (after(expected), "customer")
    assert wanted == ended(ControllerRules(settings=made_at))
    assert wanted == ended(ControllerRules(settings=made_at[::-1]))


def test_setting_described() -> None:
    """A customer's days say they are the customer's."""
    rules = ControllerRules(settings=(Setting(retention_class="fax", days=14, at=MICROS_MIN),))
    expected = End(parse_time("2026-04-10T22:00:00Z"), "P14D", "event", "customer", "destroy")
    assert expected == epoch_end(rules, "fax", D)


def test_setting_is_for_its_class() -> None:
    """Days set for voicemail say nothing of fax."""
    rules = ControllerRules(settings=(Setting(retention_class="voicemail", days=14, at=MICROS_MIN),))
    assert ended(rules) is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(first_moment_of(D) - 1, "2026-05-26", id="the microsecond before: replaced"),
        pytest.param(first_moment_of(D), "2026-04-06", id="the first moment: not yet"),
    ],
)
def test_setting_at_the_boundary_of_the_day(at: int, expected: str) -> None:
    """A day has the setting in force when it begins, at local midnight."""
    made = (
        Setting(retention_class="fax", days=10, at=noon("2026-01-01")),
        Setting(retention_class="fax", days=60, at=at),
    )
    assert ended(ControllerRules(settings=made)) == (after(expected), "customer")


def test_shortened_is_due_when_shortened() -> None:
    """Data that a new setting does not keep any more is due at once, and was not late before."""
    made = (
        Setting(retention_class="fax", days=365, at=noon("2026-01-01")),
        Setting(retention_class="fax", days=10, at=noon("2026-07-01")),
        Setting(retention_class="fax", days=5, at=noon("2026-08-01")),
    )
    assert ended(ControllerRules(settings=made)) == (readable(noon("2026-07-01")), "customer")


def test_setting_does_not_lengthen_a_promise() -> None:
    """The customer's days are one promise among those of the packs; at the same end they are named."""
    promised = adopted(pack("a", rule("E-1", "fax", "P30D")))
    longer = (Setting(retention_class="fax", days=365, at=MICROS_MIN),)
    assert ended(ControllerRules(adoptions=promised, settings=longer)) == (after("2026-04-26"), "a:E-1")
    same = (Setting(retention_class="fax", days=30, at=MICROS_MIN),)
    assert ended(ControllerRules(adoptions=promised, settings=same)) == (after("2026-04-26"), "customer")


@pytest.mark.parametrize("retention_class", sorted(NEVER_SET - {"consent_proof"}))
def test_not_settable(retention_class: str) -> None:
    """What shows that the law was kept, and the ledger's own, end by their own rules whatever is set."""
    zero = (Setting(retention_class=retention_class, days=0, at=MICROS_MIN),)
    assert ended(NO_RULES, retention_class) == ended(ControllerRules(settings=zero), retention_class)


@pytest.mark.parametrize(
    ("retention_class", "days", "expected"),
    [
        ("fax", 0, True),
        ("fax", 365, True),
        ("fax", 366, False),
        ("fax", -1, False),
        ("communication", 30, True),
        ("account", 30, False),
        ("consent_proof", 0, False),
    ],
)
def test_settings_that_hold(retention_class: str, days: int, expected: bool) -> None:
    """CF-07: 0 to 365 days, on what the customer has a say in."""
    assert expected is setting_holds(retention_class, days)


def walked_setting(made: list[Setting], of: int) -> int | None:
    """When a day's data is due by a customer's settings, found the slow way: by living through it.

    Every local midnight and every setting is a moment. At each it is known what was set so far; the data is due at the
    first moment at which its last day is over.
    """
    begins = first_moment_of(of)
    midnights = [first_moment_of(of + days) for days in range(420)]
    allowed: int | None = None
    left = sorted(made, key=lambda one: one.at)
    for moment in sorted({*midnights, *(one.at for one in made)}):
        while left and left[0].at <= moment:
            setting = left.pop(0)
            acts_back = allowed is not None and setting.at >= begins
            allowed = min(allowed or 0, setting.days) if acts_back else setting.days
        if moment < begins or allowed is None:
            continue
        last = EPOCH + timedelta(days=of)
        for _ in range(allowed):
            last += timedelta(days=1)
        if moment >= first_moment_after((last - EPOCH).days):
            return moment
    return None


@st.composite
def made_settings(draw: st.DrawFn) -> list[Setting]:
    """A few settings around a day, often on its boundary."""
    moments = st.integers(-400 * 24, 400 * 24).map(lambda hours: noon("2026-03-27") + hours * HOUR)
    edges = st.sampled_from((first_moment_of(D) - 1, first_moment_of(D), first_moment_after(D)))
    return [
        Setting(retention_class="fax", days=days, at=at)
        for days, at in draw(
            st.lists(st.tuples(st.integers(0, 400) | st.integers(0, 3), moments | edges), max_size=5)
        )
        if days <= 365
    ]


@settings(deadline=None)
@given(made_settings())
@example([])
def test_settings_are_those_of_living_through_it(made: list[Setting]) -> None:
    """The rule agrees with a day by day account of what was set and what was still kept."""
    end = epoch_end(ControllerRules(settings=tuple(made)), "fax", D)
    assert walked_setting(made, D) == (None if end is None else end.ended_at)


# The end of the agreement

ENDS = noon("2026-06-10")
PBX = adopted(pack("pbx", rule("E-3M", "*", "P3M", Start.AGREEMENT_END, excluded=frozenset(DUTIES))))
DPA = adopted(pack("dpa", rule("E-0", "*", "P0D", Start.AGREEMENT_END, on_choice=True)))


@pytest.mark.parametrize(
    ("choice", "adoptions", "expected"),
    [
        pytest.param("silent", PBX, ("2026-09-10", "pbx:E-3M"), id="silence: the promise"),
        pytest.param("return", PBX, ("2026-09-10", "pbx:E-3M"), id="returned, then deleted by the promise"),
        pytest.param("delete", PBX, ("2026-06-10", "ledger:agreement-end-chosen"), id="deletion is at once"),
        pytest.param(
            "return_and_delete", PBX, ("2026-07-10", "ledger:export-hold"), id="both waits for the export"
        ),
        pytest.param("delete", (*PBX, *DPA), ("2026-06-10", "dpa:E-0"), id="by the clause about the choice"),
        pytest.param("silent", (*PBX, *DPA), ("2026-09-10", "pbx:E-3M"), id="which is not for silence"),
        pytest.param(
            "silent", DPA, ("2026-09-10", "ledger:agreement-end"), id="silence is not for ever (X4)"
        ),
        pytest.param("return", DPA, ("2026-09-10", "ledger:agreement-end"), id="nor is return"),
        pytest.param("silent", (), ("2026-09-10", "ledger:agreement-end"), id="without any pack"),
        pytest.param("delete", (), ("2026-06-10", "ledger:agreement-end-chosen"), id="chosen without any"),
        pytest.param("burn", PBX, ("2026-09-10", "pbx:E-3M"), id="a choice nobody knows is none"),
    ],
)
def test_end_of_the_agreement(
    choice: str, adoptions: tuple[Adoption, ...], expected: tuple[str, str]
) -> None:
    """X4: choosing deletion does not wait, and silence ends as well."""
    rules = ControllerRules(adoptions=adoptions, terminations=(terminated(ENDS, choice),))
    last, by = expected
    assert ended(rules) == (after(last), by)


HOLDING = adopted(replace(pack("hold"), export_hold=Period(weeks=2)))
AT_ONCE = adopted(pack("once", rule("E-0", "*", "P0D", Start.AGREEMENT_END)))


@pytest.mark.parametrize(
    ("choice", "adoptions", "exports", "expected"),
    [
        pytest.param(
            "return_and_delete", DPA, ["2026-06-20"], ("2026-06-20", "dpa:E-0"), id="both: exported"
        ),
        pytest.param(
            "return_and_delete",
            (),
            ["2026-06-20"],
            ("2026-06-20", "ledger:agreement-end-chosen"),
            id="no pack",
        ),
        pytest.param(
            "return_and_delete", DPA, ["2026-06-25", "2026-06-20"], ("2026-06-20", "dpa:E-0"), id="the first"
        ),
        pytest.param(
            "return_and_delete", DPA, ["2026-06-01"], (after("2026-06-10"), "dpa:E-0"), id="before the end"
        ),
        pytest.param(
            "return_and_delete",
            DPA,
            ["2026-05-01"],
            (after("2026-07-10"), "ledger:export-hold"),
            id="before it was said",
        ),
        pytest.param(
            "return_and_delete",
            DPA,
            ["2026-08-01"],
            (after("2026-07-10"), "ledger:export-hold"),
            id="too late to change anything",
        ),
        pytest.param(
            "return_and_delete",
            (*DPA, *HOLDING),
            [],
            (after("2026-06-24"), "hold:export-hold"),
            id="the pack's own wait",
        ),
        pytest.param(
            "return_and_delete", AT_ONCE, [], (after("2026-07-10"), "ledger:export-hold"), id="promise"
        ),
        pytest.param("return", PBX, [], (after("2026-09-10"), "pbx:E-3M"), id="return: silence has an end"),
        pytest.param(
            "return",
            PBX,
            ["2026-06-20"],
            ("2026-06-20", "ledger:agreement-end-returned"),
            id="return: exported",
        ),
        pytest.param(
            "return", PBX, ["2026-08-01"], ("2026-08-01", "ledger:agreement-end-returned"), id="exported late"
        ),
        pytest.param("return", PBX, ["2026-10-01"], (after("2026-09-10"), "pbx:E-3M"), id="after its end"),
        pytest.param(
            "return",
            AT_ONCE,
            [],
            (after("2026-07-10"), "ledger:export-hold"),
            id="return: not before it is back",
        ),
        pytest.param(
            "delete", DPA, ["2026-06-20"], (after("2026-06-10"), "dpa:E-0"), id="delete does not wait"
        ),
        pytest.param("silent", PBX, ["2026-06-20"], (after("2026-09-10"), "pbx:E-3M"), id="nor does silence"),
    ],
)
def test_what_is_to_be_returned_is_returned_first(
    choice: str, adoptions: tuple[Adoption, ...], exports: list[str], expected: tuple[str, str]
) -> None:
    """GDPR Art. 28(3)(g): what is destroyed cannot be returned, and what nobody asks for is not kept for ever."""
    rules = ControllerRules(
        adoptions=adoptions,
        terminations=(terminated(ENDS, choice, at=noon("2026-05-15")),),
        returned=tuple(noon(at) for at in exports),
    )
    when, by = expected
    assert ended(rules) == (when if ":" in when else readable(noon(when)), by)


def test_return_that_is_told_late_still_has_its_wait() -> None:
    """An end that was said months afterwards leaves time to return, counted from when it was said."""
    late = terminated(noon("2026-04-01"), "return_and_delete", at=noon("2027-01-01"))
    assert ended(ControllerRules(terminations=(late,))) == (after("2027-01-31"), "ledger:export-hold")


@pytest.mark.parametrize(
    ("of", "exported", "covered"),
    [
        pytest.param("2026-06-08", "2026-06-09", True, id="a day that was over"),
        pytest.param("2026-06-09", "2026-06-09", False, id="the same day, while the agreement runs"),
        pytest.param("2026-06-09", "2026-06-08", False, id="a day to come"),
        pytest.param("2026-06-10", "2026-06-10", True, id="the last day, as the agreement has ended"),
        pytest.param("2026-07-01", "2026-06-20", False, id="what came in after it"),
    ],
)
def test_export_returns_the_days_it_holds_in_full(of: str, exported: str, covered: bool) -> None:
    """What comes in after an export is not in it, so it waits for the next one."""
    rules = ControllerRules(terminations=(terminated(ENDS, "return_and_delete"),), returned=(noon(exported),))
    by = "ledger:agreement-end-chosen" if covered else "ledger:export-hold"
    assert by == (ended(rules, of=day(of)) or ("", ""))[1]


def lived_until(choice: str, exports: list[int]) -> int:
    """When a day's data is due after an end, found the slow way: each moment is asked, and knows no later one."""
    silence, wait = first_moment_after(day("2026-09-10")), first_moment_after(day("2026-07-10"))
    over = first_moment_after(day("2026-06-10"))
    for moment in sorted({over, wait, silence, *exports}):
        has_it_back = any(ENDS - HOUR <= at <= moment for at in exports)
        deletes = choice in {"delete", "return_and_delete"}
        waits = choice in {"return", "return_and_delete"} and not has_it_back and moment < wait
        wanted = moment >= over and (deletes or (choice == "return" and has_it_back))
        if moment >= silence or (wanted and not waits):
            return moment
    raise AssertionError("silence has an end")


@settings(deadline=None)
@given(
    st.sampled_from(("return", "delete", "return_and_delete", "silent")),
    st.lists(st.integers(-60 * 24, 120 * 24).map(lambda hours: ENDS + hours * HOUR), max_size=3),
)
@example("return", [])
def test_end_of_the_agreement_is_that_of_living_through_it(choice: str, exports: list[int]) -> None:
    """The rule agrees with an account that at each moment knows only what was exported so far."""
    said = terminated(ENDS, choice, at=ENDS - HOUR)
    end = epoch_end(ControllerRules(terminations=(said,), returned=tuple(exports)), "fax", D)
    assert end is not None
    assert lived_until(choice, exports) == end.ended_at


def test_end_of_the_agreement_described() -> None:
    """The clock that ran is named."""
    rules = ControllerRules(adoptions=PBX, terminations=(terminated(ENDS),))
    expected = End(parse_time("2026-09-10T22:00:00Z"), "P3M", "agreement_end", "pbx:E-3M", "destroy")
    assert expected == epoch_end(rules, "fax", D)


def test_running_agreement_ends_nothing() -> None:
    """Rules for its end wait for a fact about it."""
    assert ended(ControllerRules(adoptions=PBX)) is None


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        pytest.param("P1M", (after("2026-04-27"), "a:E-1"), id="the event's clock is sooner"),
        pytest.param("P2Y", (after("2026-09-10"), "pbx:E-3M"), id="the agreement's is"),
    ],
)
def test_whichever_clock_ends_first(period: str, expected: tuple[str, str]) -> None:
    """The end of the agreement shortens what is kept, it never lengthens it."""
    rules = ControllerRules(
        adoptions=(*PBX, *adopted(pack("a", rule("E-1", "fax", period)))), terminations=(terminated(ENDS),)
    )
    assert expected == ended(rules)


def test_end_to_come_counts_from_the_end() -> None:
    """Notice given now for the end of next year: three months after that."""
    notice = terminated(noon("2027-12-31"), at=noon("2026-04-01"))
    assert ended(ControllerRules(adoptions=PBX, terminations=(notice,))) == (after("2028-03-31"), "pbx:E-3M")


def test_end_that_became_known_late() -> None:
    """An end that was only said long afterwards makes data due when it was said."""
    late = terminated(noon("2026-04-01"), at=noon("2027-01-01"))
    assert ended(ControllerRules(adoptions=PBX, terminations=(late,))) == (
        readable(noon("2027-01-01")),
        "pbx:E-3M",
    )


def test_latest_statement_about_an_agreement_holds() -> None:
    """An end can be put off, brought forward, or given another choice; arrival does not matter."""
    first = terminated(ENDS, "delete", at=noon("2026-05-01"))
    second = terminated(noon("2026-12-31"), "silent", at=noon("2026-05-02"))
    for said in ((first, second), (second, first)):
        assert ended(ControllerRules(adoptions=PBX, terminations=said)) == (after("2027-03-31"), "pbx:E-3M")


def test_earliest_of_several_agreements() -> None:
    """Data is not told apart by agreement, so the first that ends ends it."""
    said = (
        terminated(noon("2026-12-31"), agreement_id="second"),
        terminated(ENDS, agreement_id="first"),
    )
    assert ended(ControllerRules(adoptions=PBX, terminations=said)) == (after("2026-09-10"), "pbx:E-3M")


def test_late_facts_after_the_end() -> None:
    """What still comes in after the end goes with the rest, though never before its own day is over."""
    rules = ControllerRules(adoptions=PBX, terminations=(terminated(ENDS),))
    assert ended(rules, of=day("2026-07-01")) == (after("2026-09-10"), "pbx:E-3M")
    assert ended(rules, of=day("2026-12-01")) == (after("2026-12-01"), "pbx:E-3M")


def test_new_agreement_after_the_end() -> None:
    """Who adopts a policy after the end has come back: the old data ends, the new does not end with it."""
    back = adopted(pack("pbx", rule("E-1Y", "fax", "P1Y")), at=noon("2026-10-01"))
    rules = ControllerRules(adoptions=(*PBX, *back), terminations=(terminated(ENDS),))
    assert ended(rules, of=day("2026-09-30")) == (after("2026-09-30"), "ledger:agreement-end")
    assert ended(rules, of=day("2026-10-01")) == (after("2027-10-01"), "pbx:E-1Y")
    # The policies in force before the end are no return.
    assert ended(rules) == (after("2026-09-10"), "ledger:agreement-end")


def test_policy_adopted_as_the_agreement_ends() -> None:
    """What is adopted at the very moment of the end still belongs to what ends."""
    last = adopted(pack("pbx", rule("E-1Y", "fax", "P1Y")), at=ENDS)
    rules = ControllerRules(adoptions=(*PBX, *last), terminations=(terminated(ENDS),))
    assert ended(rules, of=day("2026-07-01")) == (after("2026-09-10"), "ledger:agreement-end")


# Duties

KEEPING = pack("tax", rule("T-1", "account", "P10Y"), duties=[("account", "P10Y")])


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(
            {"settings": (Setting(retention_class="account", days=0, at=MICROS_MIN),)}, id="a setting"
        ),
        pytest.param({"terminations": (terminated(ENDS, "delete"),)}, id="the agreement's end"),
        pytest.param({"adoptions": (*adopted(KEEPING), *PBX)}, id="another pack's end of the agreement"),
        pytest.param(
            {"adoptions": adopted(KEEPING, pack("a", rule("E-1", "account", "P1Y")))},
            id="another pack's period",
        ),
        pytest.param(
            {"adoptions": adopted(KEEPING, pack("a", rule("E-1", "*", "P1Y")))}, id="a period for every class"
        ),
    ],
)
def test_duty_has_its_own_clock(more: dict[str, tuple[Setting, ...]]) -> None:
    """X11: what the law says must be kept is kept, whatever else was promised."""
    base: dict[str, Any] = {"adoptions": adopted(KEEPING), **more}
    assert ended(ControllerRules(**base), "account") == (after("2036-03-27"), "tax:T-1")


def test_longest_of_two_duties() -> None:
    """Both laws must be kept, whichever pack is named first."""
    for name in ("a", "z"):
        shorter = pack(name, rule("E-1", "account", "P7Y"), duties=[("account", "P7Y")])
        rules = ControllerRules(adoptions=adopted(KEEPING, shorter))
        assert ended(rules, "account") == (after("2036-03-27"), "tax:T-1")
        assert rules.duties["account"].until == Period(years=10)


def test_class_without_a_duty_ends_with_the_agreement() -> None:
    """Account data is kept for the tax law only where a policy names it."""
    rules = ControllerRules(adoptions=PBX, terminations=(terminated(ENDS),))
    assert ended(rules, "account") == (after("2026-09-10"), "pbx:E-3M")


def test_duties_that_bind_everybody() -> None:
    """Proof of consent and of honoured requests is kept without any pack; a pack's own words replace ours."""
    assert NO_RULES.duties.keys() == DUTIES
    assert {duty.until for duty in NO_RULES.duties.values()} == {Period(years=5)}
    shorter = pack("a", rule("E-1", "request_confirmation", "P1Y"), duties=[("request_confirmation", "P1Y")])
    duties = ControllerRules(adoptions=adopted(shorter, KEEPING)).duties
    assert duties.keys() == {*DUTIES, "account"}
    assert duties["request_confirmation"].entry == "duty-request_confirmation"


def test_request_confirmation_from_its_fulfilment() -> None:
    """The event that carries the class is the fulfilment: five years from its own day, by default too."""
    starts = Start.REQUEST_FULFILLED
    own = ControllerRules(adoptions=adopted(pack("a", rule("E-1", "request_confirmation", "P3Y", starts))))
    default = epoch_end(NO_RULES, "request_confirmation", D)
    packed = epoch_end(own, "request_confirmation", D)
    assert default == End(
        first_moment_after(day("2031-03-27")),
        "P5Y",
        "request_fulfilled",
        "ledger:request-confirmation",
        "destroy",
    )
    assert packed == End(
        first_moment_after(day("2029-03-27")), "P3Y", "request_fulfilled", "a:E-1", "destroy"
    )


def test_request_confirmation_outlives_the_agreement() -> None:
    """It shows what was done for the person, so it does not go with the data."""
    rules = ControllerRules(adoptions=PBX, terminations=(terminated(ENDS, "delete"),))
    assert ended(rules, "request_confirmation") == (after("2031-03-27"), "ledger:request-confirmation")


# The ledger's own classes


@pytest.mark.parametrize(
    ("retention_class", "expected"),
    [
        ("content_check", ("2027-03-27", "ledger:content-check")),
        ("rejected_input", ("2026-04-26", "ledger:rejected-input")),
        ("access_log", ("2031-03-27", "ledger:access-log")),
    ],
)
def test_ledger_own_classes_end(retention_class: str, expected: tuple[str, str]) -> None:
    """No pack speaks of them, so the ledger does; a pack that does is followed, longer or shorter."""
    last, by = expected
    assert ended(NO_RULES, retention_class) == (after(last), by)
    packed = ControllerRules(adoptions=adopted(pack("a", rule("E-1", retention_class, "P9Y"))))
    assert ended(packed, retention_class) == (after("2035-03-27"), "a:E-1")


def test_rule_for_every_class_does_not_name_the_ledger_own() -> None:
    """A promise about all data does not lengthen what the ledger keeps of its own."""
    rules = ControllerRules(adoptions=adopted(pack("a", rule("E-1", "*", "P9Y"))))
    assert ended(rules, "rejected_input") == (after("2026-04-26"), "ledger:rejected-input")


def test_proof_of_consent_has_no_day() -> None:
    """Its clock is the consent's, so no rule ends a day of it."""
    rules = ControllerRules(
        adoptions=adopted(
            pack("a", rule("E-1", "consent_proof", "P5Y", Start.CONSENT_END), rule("E-2", "*", "P1D"))
        ),
        settings=(Setting(retention_class="consent_proof", days=0, at=MICROS_MIN),),
        terminations=(terminated(ENDS, "delete"),),
    )
    assert epoch_end(rules, "consent_proof", D) is None
    assert {"consent_proof"} == KEY_PER_FACT


def test_classes_named_here_exist() -> None:
    """What is treated in a special way is a class of the ledger."""
    assert RETENTION_CLASSES.keys() >= NEVER_SET
    assert RETENTION_CLASSES.keys() >= DUTIES


@settings(deadline=None)
@given(
    st.integers(DAYS_MIN, DAYS_MAX),
    st.integers(MICROS_MIN, MICROS_MAX),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from(sorted(RETENTION_CLASSES)),
    st.sampled_from(("silent", "return", "return_and_delete")),
)
@example(DAYS_MAX, MICROS_MAX, MICROS_MAX, "fax", "return")
@example(DAYS_MIN, MICROS_MIN, MICROS_MIN, "fax", "return_and_delete")
def test_no_time_is_too_far(of: int, at: int, ends_at: int, retention_class: str, choice: str) -> None:
    """Whatever moments facts claim, there is an end that can be recorded, not before the day is over."""
    rules = ControllerRules(
        adoptions=adopted(pack("a", rule("E-1", "*", "P9000Y")), at=at),
        settings=(Setting(retention_class=retention_class, days=365, at=at),),
        terminations=(terminated(ends_at, choice, at=at),),
        returned=(at,),
    )
    end = epoch_end(rules, retention_class, of)
    if retention_class == "consent_proof":
        assert end is None
    else:
        assert end is not None
        assert first_moment_after(of) <= end.ended_at <= MICROS_MAX


# What is known when


def test_facts_dated_in_the_future_wait() -> None:
    """A run asks what is known at its moment: what a publisher dates later does not act yet."""
    moment = noon("2026-06-01")
    hold = Hold(hold_id="h", kind="legal", placed_at=moment)
    now = ControllerRules(
        adoptions=adopted(pack("a"), at=moment),
        settings=(Setting(retention_class="fax", days=1, at=moment),),
        terminations=(Termination(ends_at=ENDS, choice="delete", agreement_id="a", at=moment),),
        returned=(moment,),
        holds=(hold,),
    )
    assert now == now.known_at(moment)
    assert now.known_at(moment - 1) == NO_RULES


# Holds

PLACED, UNTIL = noon("2026-06-01"), noon("2026-07-01")


@pytest.mark.parametrize(
    ("changes", "retention_class", "at", "expected"),
    [
        pytest.param({}, "fax", PLACED - 1, False, id="not before it is placed"),
        pytest.param({}, "fax", PLACED, True, id="from when it is placed"),
        pytest.param({}, "fax", UNTIL - 1, True, id="to its end"),
        pytest.param({}, "fax", UNTIL, False, id="not at its end"),
        pytest.param({"lifted_at": UNTIL - HOUR}, "fax", UNTIL - HOUR - 1, True, id="until it is lifted"),
        pytest.param({"lifted_at": UNTIL - HOUR}, "fax", UNTIL - HOUR, False, id="not when it is lifted"),
        pytest.param({"lifted_at": UNTIL + HOUR}, "fax", UNTIL, False, id="lifted after its end: its end"),
        pytest.param({"ends_at": None}, "fax", MICROS_MAX, True, id="legal without end: until lifted"),
        pytest.param({"ends_at": None, "lifted_at": UNTIL}, "fax", UNTIL, False, id="and no longer"),
        pytest.param({"classes": frozenset({"fax"})}, "fax", PLACED, True, id="its class"),
        pytest.param({"classes": frozenset({"fax"})}, "voicemail", PLACED, False, id="another class"),
        pytest.param(
            {"kind": "export", "ends_at": None},
            "fax",
            first_moment_after(day("2026-07-01")) - 1,
            True,
            id="an export without end: thirty days",
        ),
        pytest.param(
            {"kind": "export", "ends_at": None},
            "fax",
            first_moment_after(day("2026-07-01")),
            False,
            id="and no longer (X9)",
        ),
        pytest.param({"kind": "export"}, "fax", UNTIL, False, id="an export with an end: that"),
    ],
)
def test_what_a_hold_keeps(changes: dict[str, object], retention_class: str, at: int, expected: bool) -> None:
    """A hold keeps its classes from when it is placed until it ends, is lifted, or the default for exports."""
    stated: dict[str, Any] = {"kind": "legal", "ends_at": UNTIL, **changes}
    hold = Hold(hold_id="hold-1", placed_at=PLACED, **stated)
    assert expected is hold.holds(retention_class, at)


def held(placed: str, until: str | None, subject: UUID | None = None, classes: tuple[str, ...] = ()) -> Hold:
    """A legal hold from noon to noon."""
    return Hold(
        hold_id=placed,
        kind="legal",
        placed_at=noon(placed),
        ends_at=None if until is None else noon(until),
        subject=subject,
        classes=frozenset(classes),
    )


@pytest.mark.parametrize(
    ("holds", "subject", "expected"),
    [
        pytest.param([], None, "2026-06-15", id="nothing holds"),
        pytest.param([held("2026-06-01", "2026-07-01")], None, "2026-07-01", id="the hold's end"),
        pytest.param([held("2026-06-01", "2026-06-15")], None, "2026-06-15", id="over at that moment"),
        pytest.param([held("2026-06-01", "2026-06-10")], None, "2026-06-15", id="over before it"),
        pytest.param(
            [held("2026-06-17", "2026-07-01")], None, "2026-07-01", id="placed while it was in time"
        ),
        pytest.param([held("2026-06-18", "2026-07-01")], None, "2026-06-15", id="placed when it was late"),
        pytest.param(
            [held("2026-07-03", "2026-08-01"), held("2026-06-01", "2026-07-01")],
            None,
            "2026-08-01",
            id="taken over",
        ),
        pytest.param(
            [held("2026-07-04", "2026-08-01"), held("2026-06-01", "2026-07-01")],
            None,
            "2026-07-01",
            id="too late",
        ),
        pytest.param(
            [held("2026-06-01", "2026-08-01"), held("2026-06-02", "2026-07-01")],
            None,
            "2026-08-01",
            id="longest",
        ),
        pytest.param([held("2026-06-01", None)], None, None, id="nobody knows"),
        pytest.param([held("2026-06-18", None)], None, "2026-06-15", id="nobody knows, but it came too late"),
        pytest.param(
            [held("2026-06-01", "2026-07-01", PERSON)], None, "2026-06-15", id="of one person: not the day"
        ),
        pytest.param([held("2026-06-01", "2026-07-01", PERSON)], PERSON, "2026-07-01", id="of that person"),
        pytest.param(
            [held("2026-06-01", "2026-07-01")], PERSON, "2026-07-01", id="of everybody, for a person"
        ),
        pytest.param(
            [held("2026-06-01", "2026-07-01", classes=("voicemail",))],
            None,
            "2026-06-15",
            id="of another class",
        ),
    ],
)
def test_free_from_holds(holds: list[Hold], subject: UUID | None, expected: str | None) -> None:
    """Data whose time ended under a hold is due when the last of the holds that followed each other ends."""
    wanted = None if expected is None else noon(expected)
    assert wanted == free_from(holds, "fax", noon("2026-06-15"), subject)


def test_grace_is_two_days() -> None:
    """A hold placed within 48 hours of the end came in time to keep the data."""
    ended_at, until = noon("2026-06-15"), noon("2026-08-01")
    for late, wanted in ((48 * HOUR, until), (48 * HOUR + 1, ended_at)):
        hold = Hold(hold_id="h", kind="legal", placed_at=ended_at + late, ends_at=until)
        assert wanted == free_from([hold], "fax", ended_at)


# By each rule


def by_rule(rules: ControllerRules, retention_class: str = "fax") -> dict[str, str]:
    """When a day's data is due by each rule, readable."""
    return {name: readable(at) for name, at in ends_by_rule(rules, retention_class, D).items()}


def test_every_rule_has_its_own_end() -> None:
    """Of one rule the earliest; the first of all is when the data ends."""
    rules = ControllerRules(
        adoptions=adopted(
            pack("a", rule("W", "fax", "P1W"), rule("E", "*", "P0D", Start.AGREEMENT_END)),
            pack("b", rule("M", "fax", "P1M"), rule("X", "*", "P1D", Start.AGREEMENT_END, on_choice=True)),
        ),
        settings=(
            Setting(retention_class="fax", days=90, at=0),
            Setting(retention_class="fax", days=60, at=1),
        ),
        terminations=(
            terminated(noon("2026-08-01"), agreement_id="1"),
            terminated(noon("2026-07-01"), agreement_id="2"),
        ),
    )
    assert by_rule(rules) == {
        "customer": after("2026-05-26"),
        "a:W": after("2026-04-03"),
        "b:M": after("2026-04-27"),
        "a:E": after("2026-07-01"),
    }
    assert ended(rules) == (after("2026-04-03"), "a:W")


def test_rule_keeps_its_name_while_data_waits_to_be_returned() -> None:
    """The end is the wait's, the promise the rule's."""
    rules = ControllerRules(
        adoptions=adopted(pack("a", rule("E", "*", "P0D", Start.AGREEMENT_END))),
        terminations=(terminated(noon("2026-04-30"), "return_and_delete"),),
    )
    assert by_rule(rules)["a:E"] == after("2026-05-30")
    assert ended(rules) == (after("2026-05-30"), "ledger:export-hold")


def test_class_under_a_duty_has_the_end_of_its_duty_alone() -> None:
    """The promise of another document does not shorten it."""
    bound = pack("law", rule("Y", "account", "P7Y"), duties=[("account", "P7Y")])
    rules = ControllerRules(adoptions=adopted(bound, pack("b", rule("M", "account", "P1M"))))
    assert set(by_rule(rules, "account")) == {"law:Y"}
    assert by_rule(NO_RULES) == {}
