"""What a retention run is to do, by rules, live keys and holds."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from ledger.forgetting.retention_plan import (
    WHY_AGREEMENT,
    WHY_RETENTION,
    Aside,
    HeldSubject,
    Release,
    RetentionPlan,
    epoch_endings,
    make_plan,
)
from ledger.rules.calendar.periods import first_moment_after
from ledger.rules.keeping.proof import ConsentFact
from ledger.rules.keeping.retention import ControllerRules, Hold, Setting, Termination
from ledger.store.forgetting_rows import ConsentRow
from ledger.vault.keys import EpochKeyName

CONTROLLER = "dentist-example"
OTHER = "garage-example"
DAY = 20_539
"""2026-03-27."""
LONG_AGO = 0
SUBJECT = UUID("6f7b0a52-0000-4000-8000-000000000001")
SOMEBODY = UUID("6f7b0a52-0000-4000-8000-000000000002")
GIVEN = UUID("6f7b0a52-0000-4000-8000-00000000000a")
WITHDRAWN = UUID("6f7b0a52-0000-4000-8000-00000000000b")
HISTORY = (CONTROLLER, "call_history", DAY)


def keeps(days: int, *, holds: Sequence[Hold] = (), **more: object) -> ControllerRules:
    """The rules of a controller that keeps its call history for some days."""
    setting = Setting(retention_class="call_history", days=days, at=LONG_AGO)
    return ControllerRules(settings=(setting,), holds=tuple(holds), **more)  # type: ignore[arg-type]


def hold(hold_id: str, *, subject: UUID | None = None, **more: object) -> Hold:
    """A legal hold."""
    return Hold(hold_id=hold_id, kind="legal", subject=subject, placed_at=LONG_AGO, **more)  # type: ignore[arg-type]


def plan(
    rules: ControllerRules,
    as_of: int,
    *,
    live: Sequence[EpochKeyName] = (HISTORY,),
    consents: Sequence[ConsentRow] = (),
    held: Sequence[HeldSubject] = (),
) -> RetentionPlan:
    """The plan of one controller."""
    return make_plan(rules={CONTROLLER: rules}, live=live, consents=consents, held=held, as_of=as_of)


def end_of(days: int) -> int:
    """The first moment after the day's data was kept for some days."""
    return first_moment_after(DAY + days)


@pytest.mark.parametrize(("early", "destroyed"), [(1, 0), (0, 1)], ids=["a moment before", "at the moment"])
def test_day_is_destroyed_from_the_first_moment_after_its_period(early: int, destroyed: int) -> None:
    """Not one microsecond sooner: what is promised to be there is there."""
    made = plan(keeps(90), end_of(90) - early)
    assert destroyed == made.destructions


def test_day_without_a_period_is_left_alone() -> None:
    """Nobody said how long: that is a finding, and no reason to destroy."""
    assert RetentionPlan() == plan(ControllerRules(), end_of(10_000))


def test_other_days_classes_and_controllers_are_left_alone() -> None:
    """One end is one key."""
    others = [
        (CONTROLLER, "call_history", DAY + 1),
        (CONTROLLER, "voicemail", DAY),
        (OTHER, "call_history", DAY),
    ]
    made = plan(keeps(90), end_of(90), live=[HISTORY, *others])
    assert [each.name for each in made.epochs] == [HISTORY]


def test_proofs_have_no_day() -> None:
    """The day of a consent says nothing about the end of its proof."""
    live = [(CONTROLLER, "consent_proof", DAY)]
    assert RetentionPlan() == plan(keeps(0), end_of(10_000), live=live)


def test_classes_of_the_ledger_end_without_any_policy() -> None:
    """Rejected input is the ledger's own responsibility."""
    live = [("ledger", "rejected_input", DAY)]
    made = make_plan(rules={}, live=live, consents=[], held=[], as_of=end_of(30))
    assert live == [each.name for each in made.epochs]


def test_end_of_the_agreement_is_named_as_the_reason() -> None:
    """An auditor asks why a key went."""
    ended = Termination(ends_at=first_moment_after(DAY), choice="delete")
    made = plan(ControllerRules(terminations=(ended,)), end_of(400))
    assert [each.why for each in made.epochs] == [WHY_AGREEMENT]


def test_end_of_a_period_is_named_as_the_reason() -> None:
    """The ordinary case."""
    assert [each.why for each in plan(keeps(90), end_of(90)).epochs] == [WHY_RETENTION]


def test_hold_on_the_controller_keeps_the_day_and_says_so() -> None:
    """It is over, and it is not destroyed."""
    made = plan(keeps(90, holds=[hold("claim-1")]), end_of(90))
    assert (made.destructions, [each.held_by for each in made.held]) == (0, ["claim-1"])


def test_several_holds_are_all_named() -> None:
    """Another set of holds is another fact, so the set has one name."""
    made = plan(keeps(90, holds=[hold("claim-2"), hold("claim-1")]), end_of(90))
    assert [each.held_by for each in made.held] == ["claim-1,claim-2"]


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(hold("claim-1", ends_at=end_of(90)), id="past its end"),
        pytest.param(hold("claim-1", lifted_at=end_of(90)), id="lifted"),
        pytest.param(hold("claim-1", classes=frozenset({"voicemail"})), id="on another class"),
        pytest.param(
            Hold(hold_id="claim-1", kind="legal", placed_at=end_of(90) + 1), id="placed in the future"
        ),
    ],
)
def test_hold_that_does_not_hold_keeps_nothing(ended: Hold) -> None:
    """A hold has an end, and keeps what it names."""
    assert plan(keeps(90, holds=[ended]), end_of(90)).destructions == 1


def test_what_a_hold_kept_is_due_from_the_end_of_the_hold() -> None:
    """Otherwise the fact of its end would say that data was kept too long while the law wanted it kept."""
    (ended,) = plan(keeps(90, holds=[hold("claim-1", ends_at=end_of(400))]), end_of(401)).due
    assert end_of(400) == ended.end.ended_at


def test_erasure_starts_the_clock_of_a_consent_still_relied_on() -> None:
    """Five years after the erasure its proof is over."""
    given = ConsentRow(
        CONTROLLER,
        SUBJECT,
        "marketing",
        ConsentFact(GIVEN, "given", first_moment_after(DAY - 1)),
        erased_at=first_moment_after(DAY + 9),
    )
    over = first_moment_after(DAY + 10 + 5 * 365 + 1)
    assert plan(ControllerRules(), over - 1, live=[], consents=[given]).destructions == 0
    assert plan(ControllerRules(), over, live=[], consents=[given]).destructions == 1


def test_hold_on_a_person_does_not_keep_everybodys_day() -> None:
    """The key goes, and what opens that person's fields is put aside first."""
    made = plan(keeps(90, holds=[hold("claim-1", subject=SUBJECT)]), end_of(90))
    assert (1, (Aside(CONTROLLER, SUBJECT, "call_history", DAY),)) == (made.destructions, made.aside)


def released_at(ended_at: int) -> Release:
    """What was put aside, and when the last hold on it ended."""
    return Release(CONTROLLER, SUBJECT, "call_history", ended_at)


def test_nothing_is_put_aside_of_a_day_that_is_kept() -> None:
    """The day's key is still there for it."""
    holds = [hold("claim-1", subject=SUBJECT), hold("claim-2")]
    assert not plan(keeps(90, holds=holds), end_of(90)).aside


@pytest.mark.parametrize(
    ("holds", "released"),
    [
        pytest.param([hold("claim-1", subject=SUBJECT)], [], id="the hold stands"),
        pytest.param([hold("claim-2")], [], id="a hold on all of the controller stands"),
        pytest.param([], [released_at(end_of(90))], id="no hold"),
        pytest.param([hold("claim-1", subject=SOMEBODY)], [released_at(end_of(90))], id="somebody else's"),
        pytest.param(
            [hold("claim-1", subject=SUBJECT, ends_at=end_of(80)), hold("claim-2", ends_at=end_of(85))],
            [released_at(end_of(85))],
            id="the last one ended days ago",
        ),
    ],
)
def test_what_was_put_aside_is_released_with_its_last_hold(
    holds: list[Hold], released: list[Release]
) -> None:
    """Held no longer than the hold."""
    held = [HeldSubject(CONTROLLER, SUBJECT, "call_history")]
    assert tuple(released) == plan(keeps(90, holds=holds), end_of(90), live=[], held=held).release


def consents() -> list[ConsentRow]:
    """A consent given on the day and withdrawn on the next."""
    return [
        ConsentRow(
            CONTROLLER, SUBJECT, "marketing", ConsentFact(GIVEN, "given", first_moment_after(DAY - 1))
        ),
        ConsentRow(
            CONTROLLER, SUBJECT, "marketing", ConsentFact(WITHDRAWN, "withdrawn", first_moment_after(DAY))
        ),
    ]


FIVE_YEARS = 1826
"""Days from 2026-03-28 to 2031-03-28."""
PROOF_END = first_moment_after(DAY + 1 + FIVE_YEARS)


@pytest.mark.parametrize(("early", "destroyed"), [(1, []), (0, [GIVEN, WITHDRAWN])])
def test_proofs_end_five_years_after_the_consent_stopped(early: int, destroyed: list[UUID]) -> None:
    """From the first moment after the last day, each by the key of its own fact."""
    made = plan(ControllerRules(), PROOF_END - early, live=[], consents=consents())
    assert destroyed == [each.fact for each in made.proofs]


def test_proof_that_is_gone_is_not_destroyed_again() -> None:
    """It still counts for when the others end."""
    rows = [consents()[0]._replace(destroyed=True), consents()[1]]
    made = plan(ControllerRules(), PROOF_END, live=[], consents=rows)
    assert [each.fact for each in made.proofs] == [WITHDRAWN]


@pytest.mark.parametrize("subject", [SUBJECT, None], ids=["on the person", "on the controller"])
def test_hold_keeps_proofs(subject: UUID | None) -> None:
    """A proof has a key of its own, so a hold on its person keeps the key itself."""
    made = plan(
        ControllerRules(holds=(hold("claim-1", subject=subject),)), PROOF_END, live=[], consents=consents()
    )
    assert (made.destructions, [each.held_by for each in made.held]) == (0, ["claim-1", "claim-1"])


def test_digest_says_what_is_destroyed_and_not_when() -> None:
    """A second person approves what is destroyed; the run comes some minutes later."""
    sooner, later = plan(keeps(90), end_of(90)), plan(keeps(90), end_of(90) + 1)
    assert sooner.digest == later.digest


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([HISTORY, (CONTROLLER, "call_history", DAY - 1)], id="more"),
        pytest.param([], id="less"),
        pytest.param([(CONTROLLER, "call_history", DAY - 1)], id="another day"),
    ],
)
def test_another_plan_has_another_digest(other: list[EpochKeyName]) -> None:
    """An approval is of exactly what was looked at."""
    assert plan(keeps(90), end_of(90)).digest != plan(keeps(90), end_of(90), live=other).digest


def test_plan_does_not_depend_on_the_order_of_keys() -> None:
    """The vault may list them in any order."""
    names = [(CONTROLLER, "call_history", DAY - number) for number in range(5)]
    assert plan(keeps(1), end_of(1), live=names) == plan(keeps(1), end_of(1), live=names[::-1])


def test_ends_to_come_are_shown() -> None:
    """`ledger retention` says when each day ends."""
    endings = epoch_endings({CONTROLLER: keeps(90)}, [HISTORY], end_of(0))
    assert [end_of(90)] == [each.end.ended_at for each in endings]
