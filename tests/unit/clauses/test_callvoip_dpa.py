"""The processing agreement of a cloud switchboard provider, clause by clause: kept, broken, and at the boundary."""

from collections.abc import Sequence

import pytest

from tests.unit.clauses.breach_cases import breach_told, told_within
from tests.unit.clauses.callvoip_dpa_audits import AUDITS
from tests.unit.clauses.consent_cases import consent_basis
from tests.unit.clauses.moments import HOUR, INSTANT, at
from tests.unit.clauses.period_cases import ends_on
from tests.unit.clauses.processing_cases import (
    accesses,
    agreed_purposes,
    announced_list,
    categories,
    contracted,
    disclosure,
    roles,
    storage,
    transfer,
)
from tests.unit.clauses.request_cases import (
    forwarding,
)
from tests.unit.clauses.scenarios import (
    BROKEN,
    DUE,
    KEPT,
    NO_EVIDENCE,
    Scenario,
    Story,
    cases,
    edge,
    then,
    verdict_of,
)
from tests.unit.clauses.stories import (
    T,
    call,
    done,
    goes,
    stated,
)

PACK = "callvoip-dpa"


INSTRUCTED = stated("instruction.received", T)
OBJECTED = stated("instruction.objected", T + HOUR)
UNDER = {"instruction_id": "i-1"}

INSTRUCTIONS = (
    Scenario("CD-08", KEPT, "the controller is told, and nothing is done", then(INSTRUCTED, OBJECTED)),
    Scenario(
        "CD-08", BROKEN, "carried out all the same", then(INSTRUCTED, OBJECTED, call(T + 2 * HOUR, **UNDER))
    ),
    edge(
        "CD-08", KEPT, "done an instant before", then(INSTRUCTED, OBJECTED, call(T + HOUR - INSTANT, **UNDER))
    ),
    edge("CD-08", BROKEN, "done at the objection", then(INSTRUCTED, OBJECTED, call(T + HOUR, **UNDER))),
    Scenario("CD-13", KEPT, "done on an instruction", then(INSTRUCTED, call(T + HOUR, **UNDER))),
    Scenario("CD-13", BROKEN, "done on one nobody gave", call(T + HOUR, **UNDER)),
    edge("CD-13", KEPT, "done when it is given", then(INSTRUCTED, call(T, **UNDER))),
    # An instruction that is on record is shown to be: so this one is held apart from the one that lacks it.
    edge("CD-13", BROKEN, "done an instant before", then(INSTRUCTED, call(T - INSTANT, **UNDER))),
    edge(
        "CD-13",
        BROKEN,
        "done when it is taken back",
        then(INSTRUCTED, stated("instruction.withdrawn", T + HOUR), call(T + HOUR, **UNDER)),
    ),
    edge(
        "CD-13",
        KEPT,
        "done an instant before it is taken back",
        then(INSTRUCTED, stated("instruction.withdrawn", T + HOUR), call(T + HOUR - INSTANT, **UNDER)),
    ),
)


def _start(told_at: int | None, *more: Story) -> Story:
    """A sub-processor starts, maybe announced."""
    told = (
        ()
        if told_at is None
        else (stated("subprocessor.announced", told_at, subprocessor="Newcomer", starts_at=T),)
    )
    return then(*told, *more, stated("subprocessor.activated", T, subprocessor="Newcomer"))


def _objection(when: int) -> Story:
    return stated("subprocessor.objected", when, subprocessor="Newcomer")


def _settled(outcome: str) -> Story:
    return stated("subprocessor.objection_settled", T - HOUR, subprocessor="Newcomer", outcome=outcome)


SUBPROCESSORS = (
    Scenario("CD-15", KEPT, "announced a week before it starts", _start(T - 168 * HOUR)),
    Scenario(
        "CD-15",
        KEPT,
        "announced, not started yet",
        stated("subprocessor.announced", T, subprocessor="Newcomer", starts_at=T + HOUR),
    ),
    Scenario("CD-15", BROKEN, "never announced", _start(None)),
    edge("CD-15", KEPT, "announced an instant before", _start(T - INSTANT)),
    edge("CD-15", BROKEN, "announced when it starts: not beforehand", _start(T)),
    Scenario(
        "CD-15", BROKEN, "started against an objection", _start(T - 168 * HOUR, _objection(T - 24 * HOUR))
    ),
    edge("CD-15", BROKEN, "objected to when it starts", _start(T - 168 * HOUR, _objection(T))),
    edge(
        "CD-15",
        KEPT,
        "objected to an instant after it started, not used since",
        _start(T - 168 * HOUR, _objection(T + INSTANT)),
    ),
    Scenario(
        "CD-15",
        BROKEN,
        "used after the objection",
        then(_start(T - 168 * HOUR, _objection(T + HOUR)), call(T + 2 * HOUR, processors=["Newcomer"])),
    ),
    Scenario(
        "CD-15",
        KEPT,
        "the objection was withdrawn",
        _start(T - 168 * HOUR, _objection(T - 24 * HOUR), _settled("withdrawn")),
    ),
    Scenario(
        "CD-15",
        BROKEN,
        "settled that it is not used for this controller",
        _start(T - 168 * HOUR, _objection(T - 24 * HOUR), _settled("not_used_for_controller")),
    ),
    *contracted("CD-16"),
    *(
        Scenario(
            "CD-16",
            BROKEN,
            f"{name}, whose cell is empty, is used (X6)",
            then(stated("processor.opted_in", T - HOUR, subprocessor=name), call(T, processors=[name])),
        )
        for name in ("Mistral", "OpenAI")
    ),
    Scenario("CD-16", KEPT, "the annex says there is one with Kwebbl", call(T, processors=["Kwebbl"])),
    *announced_list("CD-35", "Kwebbl"),
    Scenario("CD-35", KEPT, "Google Workspace", call(T, processors=["Google Workspace"])),
    Scenario(
        "CD-35",
        NO_EVIDENCE,
        "an optional one that was not chosen is no matter of annex 2",
        call(T, processors=["RedCactus"]),
    ),
    Scenario(
        "CD-36",
        NO_EVIDENCE,
        "one that nobody announced is no matter of annex 3",
        call(T, processors=["Newcomer"]),
    ),
    Scenario("CD-15", BROKEN, "used and never announced", call(T, processors=["Newcomer"])),
    Scenario(
        "CD-15",
        BROKEN,
        "announced as optional, and used without a choice",
        then(
            stated("subprocessor.announced", T - HOUR, subprocessor="Newcomer", starts_at=T, optional=True),
            call(T, processors=["Newcomer"]),
        ),
    ),
    *(
        scenario
        for name in ("RedCactus", "Mistral", "OpenAI")
        for scenario in (
            Scenario("CD-36", BROKEN, f"{name} without a choice", call(T, processors=[name])),
            Scenario(
                "CD-36",
                KEPT,
                f"{name} after a choice",
                then(stated("processor.opted_in", T - HOUR, subprocessor=name), call(T, processors=[name])),
            ),
        )
    ),
    edge(
        "CD-36",
        KEPT,
        "when it is chosen",
        then(stated("processor.opted_in", T, subprocessor="RedCactus"), call(T, processors=["RedCactus"])),
    ),
    edge(
        "CD-36",
        BROKEN,
        "an instant before it is chosen",
        then(
            stated("processor.opted_in", T, subprocessor="RedCactus"),
            call(T - INSTANT, processors=["RedCactus"]),
        ),
    ),
    edge(
        "CD-36",
        BROKEN,
        "when it is no longer wanted",
        then(
            stated("processor.opted_in", T - HOUR, subprocessor="RedCactus"),
            stated("processor.opted_out", T, subprocessor="RedCactus"),
            call(T, processors=["RedCactus"]),
        ),
    ),
    Scenario(
        "CD-36",
        KEPT,
        "chosen in another spelling",
        then(
            stated("processor.opted_in", T - HOUR, subprocessor="redcactus"),
            call(T, processors=["RedCactus"]),
        ),
    ),
)


def signed(controller_at: int | None, provider_at: int | None) -> Story:
    """The agreement, with its signatures."""
    return stated(
        "agreement.concluded",
        T - 240 * HOUR,
        signed_by_controller_at=controller_at,
        signed_by_provider_at=provider_at,
    )


def amended(controller_at: int | None, provider_at: int | None) -> Story:
    """The agreement is said to be another from T on."""
    return then(
        signed(T - 240 * HOUR, T - 240 * HOUR),
        stated(
            "agreement.amended",
            T,
            accepted_by_controller_at=controller_at,
            accepted_by_provider_at=provider_at,
        ),
    )


ENDING = then(
    signed(T - 2 * HOUR, T - 2 * HOUR),
    stated("agreement.terminated", T, ends_at=T + 24 * HOUR, choice="delete"),
)
AGREEMENT = (
    Scenario("CD-30", KEPT, "both signed, then processed", then(signed(T - 2 * HOUR, T - HOUR), call(T))),
    edge("CD-30", KEPT, "processed at the last signature", then(signed(T - HOUR, T), call(T))),
    edge("CD-30", BROKEN, "processed an instant before it", then(signed(T - HOUR, T), call(T - INSTANT))),
    edge("CD-30", BROKEN, "the other signature is the last", then(signed(T, T - HOUR), call(T - INSTANT))),
    Scenario("CD-30", BROKEN, "one signature is missing", then(signed(T - HOUR, None), call(T))),
    Scenario("CD-30", BROKEN, "there is no agreement", call(T)),
    Scenario(
        "CD-30",
        BROKEN,
        "processed for the customer a month after the agreement ended",
        then(ENDING, call(T + 31 * 24 * HOUR)),
    ),
    edge("CD-30", BROKEN, "processed when it ends", then(ENDING, call(T + 24 * HOUR))),
    edge("CD-30", KEPT, "processed an instant before it ends", then(ENDING, call(T + 24 * HOUR - INSTANT))),
    Scenario(
        "CD-30",
        KEPT,
        "what is there is given back after the end",
        then(ENDING, done("data.exported", T + 48 * HOUR, reason="end_of_agreement")),
    ),
    Scenario(
        "CD-30",
        KEPT,
        "processed under the agreement that followed",
        then(
            ENDING,
            stated(
                "agreement.concluded",
                T + 24 * HOUR,
                agreement_id="second",
                signed_by_controller_at=T + 24 * HOUR,
                signed_by_provider_at=T + 24 * HOUR,
            ),
            call(T + 31 * 24 * HOUR),
        ),
    ),
    Scenario("CD-32", KEPT, "both accepted", amended(T - HOUR, T - 2 * HOUR)),
    Scenario("CD-32", BROKEN, "the controller did not", amended(None, T - HOUR)),
    Scenario("CD-32", BROKEN, "the provider did not", amended(T - HOUR, None)),
    edge("CD-32", KEPT, "accepted when it begins to hold", amended(T, T)),
    edge("CD-32", BROKEN, "accepted an instant later", amended(T + INSTANT, T)),
)

TRANSCRIBED = done("call.transcribed", T)
OVER = at("2026-04-30 12:00")


def terminated(choice: str) -> Story:
    """The agreement is to end on 30 April, and a call is transcribed before it does."""
    return then(stated("agreement.terminated", T - HOUR, ends_at=OVER, choice=choice), TRANSCRIBED)


def returned(when: int) -> Story:
    """All of the controller's data is exported, because its agreement ends."""
    return stated("export.made", when, recorded_at=when)


RETURNED = returned(OVER + 24 * HOUR)
END = (
    *ends_on("CD-31", terminated("delete"), at("2026-05-01 00:00")),
    Scenario(
        "CD-31",
        DUE,
        "data was there before the end of the agreement was told",
        then(TRANSCRIBED, stated("agreement.terminated", T + HOUR, ends_at=OVER, choice="delete")),
    ),
    Scenario(
        "CD-31",
        KEPT,
        "returned, then deleted",
        then(terminated("return_and_delete"), RETURNED, goes(at("2026-05-02 12:00"))),
    ),
    Scenario(
        "CD-31",
        KEPT,
        "the controller chose return, and has it back",
        then(terminated("return"), RETURNED, goes(at("2026-05-02 12:00"))),
    ),
    Scenario(
        "CD-31", DUE, "the controller chose return, and does not have it yet", terminated("return"), now=OVER
    ),
    edge(
        "CD-31",
        DUE,
        "returned before the agreement has ended, so not all of it",
        then(terminated("return"), returned(OVER - INSTANT)),
    ),
    edge(
        "CD-31",
        KEPT,
        "returned when the agreement ends, and its last day is over",
        then(terminated("return"), returned(OVER)),
        now=at("2026-05-01 00:00"),
    ),
    # No period is given: silence does not mean at once; that it does not mean for ever is X4, and the ledger's own.
    Scenario(
        "CD-31",
        NO_EVIDENCE,
        "the controller says nothing",
        then(terminated("silent"), goes(at("2026-05-01 00:00"))),
    ),
)

TABLE: Sequence[Scenario] = (
    *roles("CD-01", "telephony", "processor", "controller"),
    *agreed_purposes("CD-02"),
    *(
        scenario
        for clause in ("CD-03", "CD-22")
        for scenario in (
            Scenario(clause, KEPT, "transcribed for the call only", done("call.transcribed", T)),
            Scenario(
                clause,
                BROKEN,
                "models learn from what was said",
                done("call.transcribed", T, used_for_training=True),
            ),
        )
    ),
    Scenario("CD-06", KEPT, "measures are described", stated("measures.described", T)),
    Scenario("CD-18", KEPT, "measures are described", stated("measures.described", T)),
    Scenario(
        "CD-10",
        BROKEN,
        "a back-up is kept in a third country, on a valid mechanism",
        then(
            stated(
                "subprocessor.announced",
                T - HOUR,
                subprocessor="Keeper",
                starts_at=T,
                countries=["US"],
                mechanism="scc",
            ),
            done(
                "data.exported",
                T,
                reason="backup",
                recipient_kind="processor",
                destination_country="US",
                processors=["Keeper"],
            ),
        ),
    ),
    Scenario(
        "CD-10",
        KEPT,
        "a back-up is kept in the EEA",
        done("data.exported", T, reason="backup", recipient_kind="processor", destination_country="NO"),
    ),
    *storage("CD-10", "IS", "US"),
    *storage("CD-10", "NL", "GB"),
    *(each for each in transfer("CD-10") if "everything" not in each.case),
    *accesses("CD-11"),
    *INSTRUCTIONS,
    *consent_basis("CD-14"),
    *SUBPROCESSORS,
    *told_within("CD-19", 72),
    *breach_told(
        "CD-20",
        (
            "nature",
            "subject_categories",
            "subjects_approximate",
            "record_categories",
            "records_approximate",
            "contact",
            "consequences",
            "measures",
        ),
    ),
    *forwarding("CD-21"),
    *disclosure("CD-23", ["enforceable"]),
    *AUDITS,
    *AGREEMENT,
    *END,
    *categories("CD-34", "telephony", "traffic_data", "photo"),
)


@pytest.mark.parametrize("scenario", cases(TABLE))
def test_clause_of_the_processing_agreement(scenario: Scenario) -> None:
    """The verdict is the one the words of the clause ask for."""
    assert verdict_of(scenario, PACK) == scenario.verdict
