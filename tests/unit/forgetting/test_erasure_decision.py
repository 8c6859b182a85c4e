"""The order of an erasure's steps, and when it may call itself verified. Pure."""

from dataclasses import replace

import pytest

from ledger.aggregates.erasure_details import ErasureProblem, ErasureRecipient, SearchedPlace
from ledger.forgetting.erasure_decision import (
    Answer,
    InVault,
    Recorded,
    Standing,
    Step,
    backups_until,
    next_step,
    problems,
    problems_digest,
    standing,
)

NOW = 1_774_609_200_000_000
DUE = NOW + 1_000_000
PBX = ErasureRecipient(name="urn:example:pbx", kind="service", confirm_by=DUE)
SPEECH = ErasureRecipient(name="Speech Example", kind="processor", confirm_by=DUE)
CLASSES = frozenset({"call_history", "content_check"})
BEFORE = InVault(live=CLASSES, closed=False, past_inbox=False, identifiers=2)
DESTROYED = replace(BEFORE, live=frozenset(), closed=True)
FORGOTTEN = replace(DESTROYED, past_inbox=True, identifiers=0)
TOLD = Recorded(
    recipients=(PBX, SPEECH), instructed=frozenset({(PBX.name, "service"), (SPEECH.name, "processor")})
)
SEARCHED = replace(TOLD, searched=True)
ANNOUNCED = replace(SEARCHED, announced=CLASSES)
CONFIRMED = replace(ANNOUNCED, confirmed=CLASSES)


def answer(
    service: str, outcome: str = "erased", ground: str | None = None, backups: int | None = None
) -> Answer:
    """A recipient's answer."""
    return Answer(service=service, outcome=outcome, refusal_ground=ground, backups_expire_at=backups)


BOTH = (answer(PBX.name), answer(SPEECH.name))


@pytest.mark.parametrize(
    ("recorded", "vault", "expected"),
    [
        pytest.param(Recorded(recipients=(PBX,)), BEFORE, Step.INSTRUCT, id="nobody was told"),
        pytest.param(
            replace(TOLD, instructed=frozenset({(PBX.name, "service")})),
            BEFORE,
            Step.INSTRUCT,
            id="one was told",
        ),
        pytest.param(
            replace(TOLD, instructed=frozenset({(PBX.name, "processor"), (SPEECH.name, "processor")})),
            BEFORE,
            Step.INSTRUCT,
            id="told as what it is not",
        ),
        pytest.param(Recorded(), BEFORE, Step.SEARCH, id="nobody to tell"),
        pytest.param(TOLD, BEFORE, Step.SEARCH, id="all were told"),
        pytest.param(SEARCHED, BEFORE, Step.ANNOUNCE, id="searched"),
        pytest.param(
            replace(ANNOUNCED, announced=frozenset({"call_history"})),
            BEFORE,
            Step.ANNOUNCE,
            id="one announced",
        ),
        pytest.param(ANNOUNCED, BEFORE, Step.DESTROY, id="announced"),
        pytest.param(ANNOUNCED, replace(DESTROYED, closed=False), Step.DESTROY, id="destroyed, not closed"),
        pytest.param(
            ANNOUNCED,
            replace(DESTROYED, live=frozenset({"content_check"})),
            Step.DESTROY,
            id="closed, one key lives",
        ),
        pytest.param(
            ANNOUNCED,
            replace(DESTROYED, live=frozenset({"voicemail"})),
            Step.ANNOUNCE,
            id="a key was made between the intent and the closing",
        ),
        pytest.param(ANNOUNCED, DESTROYED, Step.AWAIT_SEALERS, id="destroyed, sealers behind"),
        pytest.param(
            ANNOUNCED,
            replace(DESTROYED, identifiers=0),
            Step.AWAIT_SEALERS,
            id="known by no identifier, sealers behind: a confirmation would forget the person",
        ),
        pytest.param(
            ANNOUNCED, replace(DESTROYED, past_inbox=True), Step.FORGET, id="sealers past the inbox"
        ),
        pytest.param(ANNOUNCED, FORGOTTEN, Step.CONFIRM, id="forgotten"),
        pytest.param(
            replace(CONFIRMED, confirmed=frozenset({"call_history"})),
            FORGOTTEN,
            Step.CONFIRM,
            id="one confirmed",
        ),
        pytest.param(CONFIRMED, FORGOTTEN, Step.AWAIT_RECIPIENTS, id="nobody has answered"),
        pytest.param(
            replace(CONFIRMED, answers=BOTH[:1]), FORGOTTEN, Step.AWAIT_RECIPIENTS, id="one has answered"
        ),
        pytest.param(replace(CONFIRMED, answers=BOTH), FORGOTTEN, Step.VERIFY, id="both have answered"),
        pytest.param(replace(CONFIRMED, recipients=()), FORGOTTEN, Step.VERIFY, id="nobody had to"),
        pytest.param(replace(CONFIRMED, answers=BOTH, verified=True), FORGOTTEN, Step.NOTHING, id="verified"),
    ],
)
def test_next_step(recorded: Recorded, vault: InVault, expected: Step) -> None:
    """Each step follows from what is recorded and what the vault shows, whoever asks and however often."""
    assert expected == next_step(recorded, vault, NOW)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(DUE - 1, Step.AWAIT_RECIPIENTS, id="the last microsecond"),
        pytest.param(DUE, Step.VERIFY, id="the moment its time ends"),
    ],
)
def test_silent_recipient_is_named_from_the_moment_its_time_ends(now: int, expected: Step) -> None:
    """Until then it has time; from then on the erasure may not go on in silence."""
    assert expected == next_step(replace(CONFIRMED, answers=BOTH[:1]), FORGOTTEN, now)


def test_reported_problem_is_not_reported_again_and_a_new_one_is() -> None:
    """The same silence is one fact; a second recipient falling silent is another."""
    recorded = replace(CONFIRMED, recipients=(PBX, replace_due(SPEECH, DUE + 1)))
    reported = replace(recorded, reported=frozenset(problems(recorded, DUE)))
    assert next_step(reported, FORGOTTEN, DUE) is Step.AWAIT_RECIPIENTS
    assert next_step(reported, FORGOTTEN, DUE + 1) is Step.VERIFY


def replace_due(recipient: ErasureRecipient, due: int) -> ErasureRecipient:
    """The same recipient with another time."""
    return ErasureRecipient(name=recipient.name, kind=recipient.kind, confirm_by=due)


def test_late_confirmation_after_incomplete_leads_to_verified() -> None:
    """Incomplete is no end: once the silent one answers, everything is looked at again."""
    silent = replace(CONFIRMED, answers=BOTH[:1])
    reported = replace(silent, reported=frozenset(problems(silent, DUE)))
    assert next_step(reported, FORGOTTEN, DUE) is Step.AWAIT_RECIPIENTS
    assert next_step(replace(reported, answers=BOTH), FORGOTTEN, DUE) is Step.VERIFY


def test_problem_found_by_re_reading_is_looked_at_again_each_time() -> None:
    """A file that was in the way may have been removed since; the facts alone cannot tell."""
    reported = frozenset({ErasureProblem(kind="place", name="export 7", detail="still there")})
    assert next_step(replace(CONFIRMED, answers=BOTH, reported=reported), FORGOTTEN, NOW) is Step.VERIFY


def test_place_that_held_something_readable_stands_in_the_way_for_good() -> None:
    """It cannot be searched again, the values are gone: reported once, and never verified."""
    find = SearchedPlace(place="topic ledger", looked_at=10, found=1)
    recorded = replace(CONFIRMED, answers=BOTH, finds=(find,))
    assert next_step(recorded, FORGOTTEN, NOW) is Step.VERIFY
    reported = replace(recorded, reported=frozenset(problems(recorded, NOW)))
    assert next_step(reported, FORGOTTEN, NOW) is Step.AWAIT_RECIPIENTS
    (problem,) = problems(recorded, NOW)
    assert (problem.kind, problem.name) == ("place", "topic ledger")


@pytest.mark.parametrize(
    ("answers", "now", "expected"),
    [
        pytest.param((), NOW, Standing.WAITING, id="no answer, in time"),
        pytest.param((), DUE, Standing.SILENT, id="no answer, its time is over"),
        pytest.param((answer(SPEECH.name),), DUE, Standing.SILENT, id="somebody else's answer"),
        pytest.param((answer(PBX.name),), DUE, Standing.CONFIRMED, id="erased"),
        pytest.param((answer("URN:Example:PBX"),), NOW, Standing.CONFIRMED, id="in another case"),
        pytest.param((answer(PBX.name, "anonymised"),), NOW, Standing.CONFIRMED, id="anonymised"),
        pytest.param((answer(PBX.name, "nothing_found"),), NOW, Standing.CONFIRMED, id="nothing found"),
        pytest.param((answer(PBX.name, "partly_erased"),), NOW, Standing.REFUSED, id="partly erased"),
        pytest.param((answer(PBX.name, "refused"),), NOW, Standing.REFUSED, id="refused"),
        pytest.param((answer(PBX.name, "an outcome of later"),), NOW, Standing.REFUSED, id="unknown"),
        pytest.param(
            (answer(PBX.name, "refused"), answer(PBX.name)),
            NOW,
            Standing.CONFIRMED,
            id="refused, then erased",
        ),
        pytest.param(
            (answer(PBX.name), answer(PBX.name, "refused")), NOW, Standing.REFUSED, id="erased, then refused"
        ),
    ],
)
def test_standing_of_a_recipient(answers: tuple[Answer, ...], now: int, expected: Standing) -> None:
    """The last answer in its name holds; what is no plain yes is none."""
    assert standing(PBX, answers, now) is expected


def test_refusal_is_a_problem_with_its_ground() -> None:
    """An auditor reads who refused and on what ground."""
    recorded = replace(CONFIRMED, answers=(answer(PBX.name, "refused", "legal_claim"), BOTH[1]))
    (problem,) = problems(recorded, NOW)
    expected = ErasureProblem(
        kind="refused", name=PBX.name, detail="expected erased, found refused, legal_claim"
    )
    assert expected == problem


def test_digest_of_problems_depends_on_what_they_are_and_not_on_their_order() -> None:
    """The id of an incomplete fact follows from it: the same problems found twice are one fact."""
    one = ErasureProblem(kind="silent", name="a", detail="x")
    other = ErasureProblem(kind="silent", name="b", detail="x")
    assert problems_digest([one, other]) == problems_digest([other, one, one])
    assert problems_digest([one]) != problems_digest([other])


def test_bound_for_backups_is_the_latest_stated() -> None:
    """None where nobody stated one."""
    assert backups_until([answer("a", backups=5), answer("b", backups=9), answer("c")]) == 9
    assert backups_until([answer("a")]) is None
