"""When the proof of a consent ends: five years after it stopped being relied on."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.contract.cloudevents import parse_time
from ledger.rules.calendar.periods import MICROS_MAX, MICROS_MIN, Period, day_of, first_moment_after, last_day
from ledger.rules.keeping.proof import ConsentFact, proof_ends
from ledger.rules.keeping.retention import ControllerRules, End, Termination
from ledger.rules.packs.policy_pack import Start
from tests.unit.rules.made_packs import NO_RULES, adopted, noon, pack, readable, rule, terminated

FIVE_YEARS = Period(years=5)
DAY = 86_400_000_000


def fact(number: int) -> UUID:
    """The key of an invented fact."""
    return UUID(int=number)


def change(number: int, state: str, at: str, expires: str | None = None) -> ConsentFact:
    """A change of consent at noon."""
    return ConsentFact(fact(number), state, noon(at), None if expires is None else noon(expires))


def stopped(changes: Sequence[ConsentFact], rules: ControllerRules = NO_RULES) -> dict[int, str]:
    """The last day of each proof."""
    return {one.int: readable(end.ended_at - 1).split()[0] for one, end in proof_ends(changes, rules).items()}


GIVEN = change(1, "given", "2026-03-27")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([], {}, id="nothing known"),
        pytest.param([GIVEN], {}, id="relied on: its clock has not started"),
        pytest.param(
            [GIVEN, change(2, "withdrawn", "2027-06-15")],
            {1: "2032-06-15", 2: "2032-06-15"},
            id="withdrawn: both records",
        ),
        pytest.param(
            [change(2, "withdrawn", "2027-06-15"), GIVEN],
            {1: "2032-06-15", 2: "2032-06-15"},
            id="the withdrawal arrived first",
        ),
        pytest.param(
            [GIVEN, change(2, "refused", "2027-06-15")],
            {1: "2032-06-15", 2: "2032-06-15"},
            id="asked again and refused",
        ),
        pytest.param(
            [GIVEN, change(2, "given", "2027-06-15")], {1: "2032-06-15"}, id="given anew: superseded"
        ),
        pytest.param(
            [GIVEN, change(2, "given", "2027-06-15"), change(3, "withdrawn", "2028-02-29")],
            {1: "2032-06-15", 2: "2033-02-28", 3: "2033-02-28"},
            id="two episodes",
        ),
        pytest.param(
            [change(1, "given", "2026-03-27", "2026-09-30")], {1: "2031-09-30"}, id="its own expiry"
        ),
        pytest.param(
            [change(1, "given", "2026-03-27", "2026-09-30"), change(2, "withdrawn", "2027-06-15")],
            {1: "2031-09-30", 2: "2032-06-15"},
            id="withdrawn after it had expired: each its own",
        ),
        pytest.param(
            [change(1, "given", "2026-03-27", "2028-09-30"), change(2, "withdrawn", "2027-06-15")],
            {1: "2032-06-15", 2: "2032-06-15"},
            id="withdrawn before it would have expired",
        ),
        pytest.param(
            [change(1, "given", "2026-03-27", "2020-01-01")], {1: "2031-03-27"}, id="expired when given"
        ),
        pytest.param([change(1, "refused", "2026-03-27")], {1: "2031-03-27"}, id="refused, never given"),
        pytest.param([change(1, "withdrawn", "2026-03-27")], {1: "2031-03-27"}, id="withdrawn, never given"),
        pytest.param(
            [GIVEN, change(2, "withdrawn", "2027-06-15"), change(3, "withdrawn", "2027-08-01")],
            {1: "2032-06-15", 2: "2032-06-15", 3: "2032-08-01"},
            id="withdrawn twice",
        ),
        pytest.param(
            [GIVEN, change(2, "withdrawn", "2027-06-15"), change(3, "given", "2027-08-01")],
            {1: "2032-06-15", 2: "2032-06-15"},
            id="given again after a withdrawal: relied on",
        ),
        pytest.param(
            [change(1, "given", "2024-02-29"), change(2, "withdrawn", "2024-02-29")],
            {1: "2029-02-28", 2: "2029-02-28"},
            id="at one moment, given first: withdrawn",
        ),
        pytest.param(
            [change(2, "withdrawn", "2024-02-29"), change(1, "given", "2024-02-29")],
            {2: "2029-02-28"},
            id="at one moment, withdrawn first: given",
        ),
        pytest.param(
            [GIVEN, change(2, "doubted", "2027-06-15")], {1: "2032-06-15", 2: "2032-06-15"}, id="unknown"
        ),
    ],
)
def test_last_day_of_each_proof(changes: list[ConsentFact], expected: dict[int, str]) -> None:
    """Withdrawn, expired or superseded, whichever is first; in whatever order the facts arrived."""
    assert expected == stopped(changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([GIVEN], {1: "2032-06-15"}, id="relied on until then"),
        pytest.param(
            [GIVEN, change(2, "withdrawn", "2027-06-14")],
            {1: "2032-06-14", 2: "2032-06-14"},
            id="withdrawn before: that counts",
        ),
        pytest.param([change(1, "given", "2027-06-16")], {}, id="given after: another relation"),
    ],
)
def test_erasure_ends_reliance(changes: list[ConsentFact], expected: dict[int, str]) -> None:
    """Nothing is processed any more of a person who was erased on 15 June 2027."""
    ends = proof_ends(changes, NO_RULES, noon("2027-06-15"))
    assert {one.int: readable(end.ended_at - 1).split()[0] for one, end in ends.items()} == expected


def test_late_change_cuts_an_episode_in_two() -> None:
    """A consent given anew that arrives last belongs where it happened."""
    withdrawn = change(2, "withdrawn", "2028-06-15")
    between = change(3, "given", "2027-01-01")
    assert stopped([GIVEN, withdrawn]) == {1: "2033-06-15", 2: "2033-06-15"}
    assert stopped([GIVEN, withdrawn, between]) == {1: "2032-01-01", 2: "2033-06-15", 3: "2033-06-15"}


def test_proof_end_described() -> None:
    """By default it is the ledger's own five years, and the clock is named."""
    withdrawn = change(2, "withdrawn", "2027-06-15")
    expected = End(
        parse_time("2032-06-15T22:00:00Z"), "P5Y", "consent_end", "ledger:consent-proof", "destroy"
    )
    assert {fact(1): expected, fact(2): expected} == proof_ends([GIVEN, withdrawn], NO_RULES)


def test_proof_readable_through_its_last_day() -> None:
    """Readable one day before the end and on the last day, due from the midnight after."""
    ends = proof_ends([GIVEN, change(2, "withdrawn", "2027-06-15")], NO_RULES)
    [ended_at] = {end.ended_at for end in ends.values()}
    assert noon("2032-06-14") < noon("2032-06-15") < ended_at <= noon("2032-06-16")
    assert first_moment_after(day_of(noon("2032-06-15"))) == ended_at


# The end of the relationship


@pytest.mark.parametrize(
    ("terminations", "changes", "expected"),
    [
        pytest.param([terminated(noon("2026-09-10"))], [GIVEN], {1: "2031-09-10"}, id="the agreement's end"),
        pytest.param(
            [terminated(noon("2026-09-10"), "delete")],
            [GIVEN],
            {1: "2031-09-10"},
            id="also with the data deleted",
        ),
        pytest.param(
            [terminated(noon("2026-09-10"))],
            [GIVEN, change(2, "withdrawn", "2026-06-15")],
            {1: "2031-06-15", 2: "2031-06-15"},
            id="withdrawn before it",
        ),
        pytest.param(
            [terminated(noon("2026-09-10"))],
            [GIVEN, change(2, "withdrawn", "2026-12-15")],
            {1: "2031-09-10", 2: "2031-12-15"},
            id="withdrawn after it: each its own",
        ),
        pytest.param(
            [terminated(noon("2026-01-01"))], [GIVEN], {1: "2031-03-27"}, id="given after it: its own day"
        ),
        pytest.param(
            [
                terminated(noon("2026-09-10"), agreement_id="a"),
                terminated(noon("2026-05-05"), agreement_id="b"),
            ],
            [GIVEN],
            {1: "2031-05-05"},
            id="the first of two",
        ),
        pytest.param(
            [
                terminated(noon("2026-05-05"), at=noon("2026-04-01")),
                terminated(noon("2027-05-05"), at=noon("2026-04-02")),
            ],
            [GIVEN],
            {1: "2032-05-05"},
            id="put off",
        ),
    ],
)
def test_relationship_ends(
    terminations: list[Termination], changes: list[ConsentFact], expected: dict[int, str]
) -> None:
    """Nobody relies on a consent when the relationship is over."""
    assert expected == stopped(changes, ControllerRules(terminations=tuple(terminations)))


def test_new_relationship_relies_on_its_own_consents() -> None:
    """Who adopted a policy after the end has come back: a consent given since is relied on."""
    rules = ControllerRules(
        adoptions=adopted(pack("a"), at=noon("2026-10-01")), terminations=(terminated(noon("2026-09-10")),)
    )
    again = change(2, "given", "2026-10-02")
    assert stopped([GIVEN], rules) == {1: "2031-09-10"}
    assert stopped([again], rules) == {}
    assert stopped([GIVEN, again], rules) == {1: "2031-09-10"}


# By policy


def proof_pack(pack_id: str, period: str, *, duty: bool) -> ControllerRules:
    """Rules with one pack that names a period."""
    duties = [("consent_proof", period)] if duty else []
    only = pack(pack_id, rule("E-1", "consent_proof", period, Start.CONSENT_END), duties=duties)
    return ControllerRules(adoptions=adopted(only))


def test_period_by_policy() -> None:
    """A pack's period replaces the default, longer or shorter."""
    changes = [GIVEN, change(2, "withdrawn", "2027-06-15")]
    for period, last in (("P7Y", "2034-06-15"), ("P1Y", "2028-06-15")):
        rules = proof_pack("a", period, duty=False)
        assert {1: last, 2: last} == stopped(changes, rules)
        assert {end.rule for end in proof_ends(changes, rules).values()} == {"a:E-1"}


def test_duty_outlasts_another_packs_promise() -> None:
    """Of several packs the shortest holds, unless one says it is a duty."""
    long, short = proof_pack("a", "P7Y", duty=False), proof_pack("b", "P1Y", duty=False)
    both = ControllerRules(adoptions=(*long.adoptions, *short.adoptions))
    assert stopped([change(1, "refused", "2026-03-27")], both) == {1: "2027-03-27"}
    bound = proof_pack("a", "P7Y", duty=True)
    both = ControllerRules(adoptions=(*bound.adoptions, *short.adoptions))
    assert stopped([change(1, "refused", "2026-03-27")], both) == {1: "2033-03-27"}


def test_proof_due_when_adopted() -> None:
    """A shorter period adopted today makes old proofs due today."""
    short = pack("a", rule("E-1", "consent_proof", "P1Y", Start.CONSENT_END))
    rules = ControllerRules(adoptions=adopted(short, at=noon("2030-01-01")))
    [end] = proof_ends([change(1, "refused", "2026-03-27")], rules).values()
    assert noon("2030-01-01") == end.ended_at


# Against living through it


def lived_through(changes: Sequence[ConsentFact], ends_at: int | None) -> dict[UUID, int]:
    """When each fact's clock starts, found the slow way: a consent is relied on from one moment to the next."""
    stops: dict[UUID, int] = {}
    relied_on: ConsentFact | None = None
    moments = {change.occurred_at for change in changes} | {
        c.expires_at for c in changes if c.expires_at is not None
    }
    if ends_at is not None:
        moments.add(ends_at)
    for moment in sorted(moments):
        for change in [None, *(one for one in changes if one.occurred_at == moment)]:
            if change is not None:
                if relied_on is not None:
                    stops[relied_on.fact] = moment
                    relied_on = None
                if change.state == "given":
                    relied_on = change
                else:
                    stops[change.fact] = moment
            if relied_on is None:
                continue
            expired = relied_on.expires_at is not None and relied_on.expires_at <= moment
            over = ends_at is not None and ends_at <= moment
            if expired or over:
                stops[relied_on.fact] = moment
                relied_on = None
    return stops


_moments = st.integers(0, 6).map(lambda days: noon("2026-03-27") + days * DAY)


@st.composite
def histories(draw: st.DrawFn) -> list[ConsentFact]:
    """A few changes within a week, in any order, many at the same moment."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(("given", "given", "refused", "withdrawn")), _moments, st.none() | _moments
            ),
            max_size=6,
        )
    )
    return [ConsentFact(fact(number), *one) for number, one in enumerate(drawn)]


@settings(deadline=None)
@given(histories(), st.none() | _moments)
@example([GIVEN], None)
def test_proofs_are_those_of_living_through_it(changes: list[ConsentFact], ends_at: int | None) -> None:
    """Reading the history at once agrees with going through it moment by moment."""
    rules = ControllerRules(terminations=() if ends_at is None else (terminated(ends_at),))
    expected = {
        one: first_moment_after(last_day(day_of(stop), FIVE_YEARS))
        for one, stop in lived_through(changes, ends_at).items()
    }
    assert expected == {one: end.ended_at for one, end in proof_ends(changes, rules).items()}


@settings(deadline=None)
@given(
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**63), 2**63 - 1),
)
def test_no_moment_is_too_far(occurred_at: int, expires_at: int | None, ends_at: int) -> None:
    """Whatever a fact claims, its proof has an end that can be recorded."""
    rules = ControllerRules(terminations=(terminated(ends_at),))
    [end] = proof_ends([ConsentFact(fact(1), "given", occurred_at, expires_at)], rules).values()
    assert MICROS_MIN < end.ended_at <= MICROS_MAX
