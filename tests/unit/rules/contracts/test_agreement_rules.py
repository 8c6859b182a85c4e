"""An agreement's own facts, held to what was promised about it: kept, broken, and at the boundary."""

import pytest

from ledger.aggregates.agreement import Agreement
from ledger.rules.contracts.agreement_rules import judge_agreement
from ledger.rules.contracts.judgement import judge_case
from tests.unit.aggregates.case_facts import DAY, case_fact, fold_case
from tests.unit.rules.promised import Promised, Seen, marks, said, seen

AMENDMENT = Promised("amendment")


def amended(at: int, controller: int | None, provider: int | None, version: str = "2") -> Agreement:
    """An agreement that was amended at a moment, accepted at others."""
    return fold_case(
        Agreement,
        [
            case_fact(
                "agreement.amended",
                at,
                document_version=version,
                accepted_by_controller_at=controller,
                accepted_by_provider_at=provider,
            )
        ],
    )


@pytest.mark.parametrize(
    ("controller", "provider", "kept"),
    [
        (5 * DAY, 5 * DAY, True),
        (4 * DAY, 5 * DAY, True),
        (5 * DAY + 1, 5 * DAY, False),
        (5 * DAY, 5 * DAY + 1, False),
        (None, 5 * DAY, False),
        (5 * DAY, None, False),
        (None, None, False),
    ],
)
def test_cd_32_agreement_changes_by_consent_of_both(
    controller: int | None, provider: int | None, kept: bool
) -> None:
    """Kept when both accepted by the moment from which it holds, the very moment included; else broken."""
    judged = judge_agreement(amended(5 * DAY, controller, provider), AMENDMENT)
    broken = [] if kept else [Seen("amended_without_consent", "pack:amendment", 0)]
    assert broken == seen(judged)
    assert (marks(judged) == {("amended_by_consent", "pack:amendment")}) is kept


def test_cd_32_finding_says_who_had_not_accepted() -> None:
    """A lawyer reads who, and when; the day's hours where both are on one day."""
    judged = judge_agreement(amended(5 * DAY, 8 * DAY, None), AMENDMENT)
    assert said(judged) == [
        (
            "the agreement changes only when both parties have accepted the change",
            "agreement main was changed to version 2 on 1970-01-06, and the controller accepted it only on "
            "1970-01-09 and the provider has not accepted it",
        )
    ]
    judged = judge_agreement(amended(5 * DAY, 5 * DAY + 1_000_000, 5 * DAY), AMENDMENT)
    assert said(judged)[0][1] == (
        "agreement main was changed to version 2 on 1970-01-06T01:00:00+01:00, and the controller accepted it only "
        "on 1970-01-06T01:00:01+01:00"
    )


def test_cd_32_consent_in_time_that_is_stated_later_resolves() -> None:
    """What counts is when it was accepted; one fact can say so after another."""
    first = case_fact("agreement.amended", 5 * DAY, accepted_by_provider_at=5 * DAY)
    second = case_fact("agreement.amended", 9 * DAY, accepted_by_controller_at=5 * DAY)
    assert len(seen(judge_agreement(fold_case(Agreement, [first]), AMENDMENT))) == 1
    for facts in ([first, second], [second, first]):
        judged = judge_agreement(fold_case(Agreement, facts), AMENDMENT)
        assert (seen(judged), marks(judged)) == ([], {("amended_by_consent", "pack:amendment")})


def test_amendment_is_judged_by_the_promises_of_its_own_moment() -> None:
    """A promise made later does not reach back; the very moment is within it."""
    assert seen(judge_agreement(amended(5 * DAY, None, None), Promised("amendment", since=5 * DAY + 1))) == []
    assert seen(judge_agreement(amended(5 * DAY, None, None), Promised("amendment", since=5 * DAY))) != []
    assert seen(judge_agreement(amended(5 * DAY, None, None), Promised())) == []


@pytest.mark.parametrize(
    ("controller", "provider", "signed"),
    [(3 * DAY, 4 * DAY, True), (3 * DAY, None, False), (None, 4 * DAY, False)],
)
def test_cd_30_agreement_shows_both_signatures(
    controller: int | None, provider: int | None, signed: bool
) -> None:
    """One signature shows nothing yet."""
    concluded = case_fact(
        "agreement.concluded", 5 * DAY, signed_by_controller_at=controller, signed_by_provider_at=provider
    )
    judged = judge_agreement(fold_case(Agreement, [concluded]), Promised("agreement_start"))
    assert (marks(judged) == {("agreement_signed", "pack:agreement_start")}) is signed
    assert judged.findings == ()


@pytest.mark.parametrize("channel", ["dashboard", "written", "api"])
def test_cb_07_instruction_is_on_record(channel: str) -> None:
    """A click in the dashboard shows it as much as a letter."""
    received = case_fact("instruction.received", 5 * DAY, channel=channel)
    judged = judge_agreement(fold_case(Agreement, [received]), Promised("instruction"))
    assert marks(judged) == {("instruction_recorded", "pack:instruction")}


def test_cd_08_objection_to_an_instruction_is_shown() -> None:
    """By the law itself, Art. 28(3): whatever was promised beside it."""
    facts = [case_fact("instruction.received", 5 * DAY), case_fact("instruction.objected", 5 * DAY)]
    for promised in (Promised(), Promised("instruction_objection")):
        assert marks(judge_agreement(fold_case(Agreement, facts), promised)) == {("instruction_objected", "")}
    assert marks(judge_agreement(fold_case(Agreement, facts[:1]), Promised())) == set()


def test_case_is_judged_by_the_rules_of_its_kind() -> None:
    """The registry knows the agreement's."""
    agreement = amended(5 * DAY, None, None)
    assert judge_agreement(agreement, AMENDMENT) == judge_case(agreement, AMENDMENT)
