"""The order of an erasure's steps, and when it may call itself verified. Pure."""

from dataclasses import replace

import pytest

from ledger.aggregates.erasure_details import ErasureProblem, ErasureRecipient, SearchedPlace
from ledger.forgetting.erasure_decision import (
    Answer,
    InVault,
    Objection,
    Recorded,
    Standing,
    Step,
    backups_until,
    disregarded,
    next_step,
    problems,
    problems_digest,
    standing,
)

NOW = 1_774_609_200_000_000
DUE = NOW + 1_000_000
TOLD_AT = NOW - 1_000_000
PBX = ErasureRecipient(name="urn:example:pbx", kind="service", confirm_by=DUE)
SPEECH = ErasureRecipient(name="Speech Example", kind="processor", confirm_by=DUE)
CLASSES = frozenset({"call_history", "content_check"})
BEFORE = InVault(live=CLASSES, closed=False, past_inbox=False, identifiers=2)
DESTROYED = replace(BEFORE, live=frozenset(), closed=True)
FORGOTTEN = replace(DESTROYED, past_inbox=True, identifiers=0)
TOLD = Recorded(
    recipients=(PBX, SPEECH), instructed={(PBX.name, "service"): TOLD_AT, (SPEECH.name, "processor"): TOLD_AT}
)
SEARCHED = replace(TOLD, searched=True)
ANNOUNCED = replace(SEARCHED, announced=CLASSES)
CONFIRMED = replace(ANNOUNCED, confirmed=CLASSES)


def answer(
    service: str,
    outcome: str = "erased",
    ground: str | None = None,
    *,
    backups: int | None = None,
    source: str = PBX.name,
    sealed_at: int = TOLD_AT,
) -> Answer:
    """A recipient's answer, by the exchange."""
    return Answer(
        service=service,
        source=source,
        outcome=outcome,
        refusal_ground=ground,
        backups_expire_at=backups,
        sealed_at=sealed_at,
    )


BOTH = (answer(PBX.name), answer(SPEECH.name))


@pytest.mark.parametrize(
    ("recorded", "vault", "expected"),
    [
        pytest.param(Recorded(recipients=(PBX,)), BEFORE, Step.INSTRUCT, id="nobody was told"),
        pytest.param(
            replace(TOLD, instructed={(PBX.name, "service"): TOLD_AT}),
            BEFORE,
            Step.INSTRUCT,
            id="one was told",
        ),
        pytest.param(
            replace(TOLD, instructed={(PBX.name, "processor"): TOLD_AT, (SPEECH.name, "processor"): TOLD_AT}),
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
        pytest.param((answer(PBX.name, source="urn:evil:svc"),), DUE, Standing.SILENT, id="a stranger's"),
        pytest.param(
            (answer(PBX.name, sealed_at=TOLD_AT - 1),), DUE, Standing.SILENT, id="before it was told"
        ),
        pytest.param(
            (answer(PBX.name), answer(PBX.name, "refused", source="urn:evil:svc")),
            NOW,
            Standing.CONFIRMED,
            id="erased, and a stranger refused",
        ),
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
    """Its own last answer holds; what is no plain yes is none."""
    assert standing(PBX, replace(CONFIRMED, answers=answers), now) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(PBX.name, Standing.CONFIRMED, id="a service that was told"),
        pytest.param(SPEECH.name, Standing.CONFIRMED, id="the processor itself"),
        pytest.param("urn:evil:svc", Standing.WAITING, id="a stranger"),
    ],
)
def test_processor_is_answered_for_by_a_service_that_was_told(source: str, expected: Standing) -> None:
    """Most processors publish nothing: the services that work with them answer."""
    recorded = replace(CONFIRMED, answers=(answer(SPEECH.name, source=source),))
    assert standing(SPEECH, recorded, NOW) is expected


def test_service_is_not_answered_for_by_another_that_was_told() -> None:
    """Only a processor is."""
    site = ErasureRecipient(name="urn:example:site", kind="service", confirm_by=DUE)
    recorded = replace(
        CONFIRMED,
        recipients=(PBX, site),
        instructed={(PBX.name, "service"): TOLD_AT, (site.name, "service"): TOLD_AT},
        answers=(answer(site.name, source=PBX.name),),
    )
    assert standing(site, recorded, NOW) is Standing.WAITING


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(answer(PBX.name), None, id="counts"),
        pytest.param(answer("urn:example:site"), Objection.NO_RECIPIENT, id="of somebody who was not told"),
        pytest.param(answer(PBX.name, source="urn:evil:svc"), Objection.STRANGER, id="a stranger's"),
        pytest.param(answer(SPEECH.name, sealed_at=TOLD_AT - 1), Objection.TOO_EARLY, id="too early"),
    ],
)
def test_answer_that_does_not_count_is_named_with_the_reason(
    said: Answer, expected: Objection | None
) -> None:
    """The certificate lists it."""
    assert disregarded(said, CONFIRMED) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(answer(PBX.name, "refused"), Step.VERIFY, id="its own"),
        pytest.param(answer(PBX.name, "refused", source="urn:evil:svc"), Step.NOTHING, id="a stranger's"),
    ],
)
def test_refusal_after_verified_takes_the_erasure_up_again(said: Answer, expected: Step) -> None:
    """A certificate may not say verified above a recipient's refusal."""
    recorded = replace(CONFIRMED, answers=(*BOTH, said), verified=True)
    assert next_step(recorded, FORGOTTEN, NOW) is expected


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
    """None where nobody stated one; what does not count, does not here."""
    stranger = answer(PBX.name, backups=99, source="urn:evil:svc")
    said = (answer(PBX.name, backups=5), answer(SPEECH.name, backups=9), answer(PBX.name), stranger)
    assert backups_until(replace(CONFIRMED, answers=said)) == 9
    assert backups_until(replace(CONFIRMED, answers=said[2:])) is None
