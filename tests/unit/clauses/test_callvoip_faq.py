"""The newsletter and FAQ of a cloud switchboard provider, clause by clause: kept, broken, and at the boundary."""

from collections.abc import Sequence

import pytest

from tests.unit.clauses.consent_cases import consent_given, withdrawal
from tests.unit.clauses.moments import GRACE, HOUR, INSTANT, at
from tests.unit.clauses.period_cases import ends_on
from tests.unit.clauses.processing_cases import (
    categories,
    disclosure,
    storage,
)
from tests.unit.clauses.request_cases import (
    channels,
    erasure,
    rights,
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

PACK = "callvoip-faq"

TRANSCRIBED = done("call.transcribed", T)


def cancelled(ends_at: str) -> Story:
    """The services are cancelled, and a call is transcribed before they end: transcripts have no other period."""
    return then(stated("agreement.terminated", T - HOUR, ends_at=at(ends_at), choice="silent"), TRANSCRIBED)


# Three months are counted in months, and days are kept whole: 30 April to the end of 30 July.
AFTER_THE_END = (
    *ends_on("CF-05", cancelled("2026-04-30 12:00"), at("2026-07-31 00:00")),
    edge(
        "CF-05",
        KEPT,
        "a month without that date ends on its last day",
        then(cancelled("2026-11-30 12:00"), goes(at("2027-03-01 00:00") + GRACE)),
    ),
    edge(
        "CF-05",
        DUE,
        "not a day sooner",
        then(cancelled("2026-11-30 12:00"), goes(at("2027-03-01 00:00") - INSTANT)),
    ),
    Scenario(
        "CF-05",
        DUE,
        "data was there before the end was told",
        then(
            TRANSCRIBED,
            stated("agreement.terminated", T + HOUR, ends_at=at("2026-04-30 12:00"), choice="silent"),
        ),
    ),
)

OF_CLASS = {
    "call_history": "call.completed",
    "recording": "call.recorded",
    "voicemail": "voicemail.left",
    "fax": "fax.transmitted",
}


def kept_for(days: int | None, retention_class: str, when: int = T) -> Story:
    """The customer sets days, or none, and then something of the class comes in."""
    fact = done(OF_CLASS[retention_class], when)
    if days is None:
        return fact
    return then(stated("retention.set", T - 24 * HOUR, retention_class=retention_class, days=days), fact)


BY_THE_CUSTOMER = tuple(
    scenario
    for name in OF_CLASS
    for scenario in (
        *ends_on("CF-07", kept_for(30, name), at("2026-04-02 00:00"), what=f"{name} kept 30 days"),
        edge(
            "CF-07",
            KEPT,
            f"{name} kept 365 days, the most",
            then(kept_for(365, name), goes(at("2027-03-03 00:00"))),
        ),
        edge(
            "CF-07",
            DUE,
            f"{name} kept 365 days, the last instant",
            then(kept_for(365, name), goes(at("2027-03-03 00:00") - INSTANT)),
        ),
        edge(
            "CF-07",
            KEPT,
            f"{name} kept 0 days goes with its day",
            then(kept_for(0, name), goes(at("2026-03-03 00:00"))),
        ),
        edge(
            "CF-07",
            BROKEN,
            f"{name} kept 0 days is there after two more",
            then(kept_for(0, name), goes(at("2026-03-03 00:00") + GRACE + INSTANT)),
        ),
        edge(
            "CF-07",
            KEPT,
            f"{name} with 366 set goes after 365",
            then(kept_for(366, name), goes(at("2027-03-03 00:00"))),
        ),
        Scenario(
            "CF-07",
            KEPT,
            f"{name} with nothing set goes after 365",
            then(kept_for(None, name), goes(at("2027-03-03 00:00"))),
        ),
    )
)

LOGGED = done("signalling.logged", T)
IDENTITY_GONE = goes(at("2026-03-17 00:00"))
# Two promises in one: who it was about goes after two weeks, the rest after three months.
LOGS = (
    *ends_on("CF-08", LOGGED, at("2026-03-17 00:00"), what="who a log is about", others_owed=True),
    *ends_on("CF-08", then(LOGGED, IDENTITY_GONE), at("2026-06-03 00:00"), what="a log"),
)

CLICKED = done("number.dialled", T)
CLICKS = (
    # 90 days end on 31 May, three months on 2 June: not the same promise (X2).
    *ends_on("CF-10", CLICKED, at("2026-06-01 00:00")),
    edge(
        "CF-10",
        BROKEN,
        "nothing is done when the period is over, nor said",
        CLICKED,
        now=at("2026-06-01 00:00") + GRACE + INSTANT,
    ),
    edge(
        "CF-10",
        DUE,
        "nothing is done yet, nor said",
        CLICKED,
        now=at("2026-06-01 00:00") + GRACE,
    ),
    Scenario(
        "CF-10",
        NO_EVIDENCE,
        "nothing is done, because a hold keeps it",
        then(
            CLICKED,
            stated(
                "hold.placed", T + HOUR, hold_id="claim-1", kind="legal", retention_classes=[], ends_at=None
            ),
            goes(at("2026-06-01 00:00")),
        ),
        now=at("2026-06-01 00:00") + GRACE + INSTANT,
    ),
)

DECLARED = stated("recording.purpose_declared", T)
REVOKED = stated("recording.purpose_revoked", T + HOUR)
RECORDING = (
    Scenario("CF-13", KEPT, "declared, then recorded", then(DECLARED, done("call.recorded", T + HOUR))),
    Scenario("CF-13", BROKEN, "recorded without a reason", done("call.recorded", T + HOUR)),
    edge("CF-13", KEPT, "recorded when it is declared", then(DECLARED, done("call.recorded", T))),
    edge("CF-13", BROKEN, "recorded an instant before", then(DECLARED, done("call.recorded", T - INSTANT))),
    Scenario(
        "CF-13",
        BROKEN,
        "recorded for another reason",
        then(DECLARED, done("call.recorded", T + HOUR, recording_purpose="training")),
    ),
    edge(
        "CF-13",
        KEPT,
        "recorded an instant before it is taken back",
        then(DECLARED, REVOKED, done("call.recorded", T + HOUR - INSTANT)),
    ),
    edge(
        "CF-13",
        BROKEN,
        "recorded when it is taken back",
        then(DECLARED, REVOKED, done("call.recorded", T + HOUR)),
    ),
    Scenario("CF-13", NO_EVIDENCE, "a call that is not recorded", then(DECLARED, call(T + HOUR))),
)

MASKING = (
    Scenario("CF-14", KEPT, "support sees numbers without their last digits", done("data.accessed", T)),
    Scenario("CF-14", BROKEN, "support sees whole numbers", done("data.accessed", T, numbers_masked=False)),
    Scenario(
        "CF-14",
        BROKEN,
        "an operator of the provider sees whole numbers",
        done("data.accessed", T, actor_role="operator", numbers_masked=False),
    ),
    Scenario(
        "CF-14",
        KEPT,
        "an operator sees numbers without their last digits",
        done("data.accessed", T, actor_role="operator"),
    ),
    Scenario(
        "CF-14",
        NO_EVIDENCE,
        "the customer sees its own callers",
        done("data.accessed", T, actor_role="controller_user", numbers_masked=False),
    ),
)

COOKIES = (
    *consent_given("CF-11", "analytical", {"method": "banner"}, {"method": "browser_signal"}),
    Scenario("CF-11", KEPT, "Google processes under its agreement", call(T, processors=["Google"])),
    Scenario(
        "CF-11",
        NO_EVIDENCE,
        "a sub-processor of telephony nobody announced",
        call(T, processors=["Newcomer"]),
    ),
)

CUSTOMER_AND_OTHERS = ("customer", "end_user", "visitor", "representative")

TABLE: Sequence[Scenario] = (
    *categories("CF-01", "telephony", "photo", "location"),
    Scenario("CF-03", KEPT, "for telephony", call(T)),
    Scenario("CF-03", BROKEN, "for profiling", call(T, purpose="profiling")),
    Scenario(
        "CF-03", NO_EVIDENCE, "as a controller of its own", call(T, purpose="profiling", role="controller")
    ),
    Scenario("CF-03", NO_EVIDENCE, "on a legal demand", call(T, purpose="legal_demand")),
    *disclosure("CF-04", ["enforceable"]),
    *AFTER_THE_END,
    *storage("CF-06", "NL", "DE"),
    *BY_THE_CUSTOMER,
    *LOGS,
    *rights("CF-09", ("access", "rectification", "erasure")),
    *erasure("CF-09"),
    *channels("CF-09", dict.fromkeys(CUSTOMER_AND_OTHERS, ("email",)), {}),
    *CLICKS,
    *COOKIES,
    *withdrawal("CF-12", "service_mailing"),
    *(each._replace(verdict=NO_EVIDENCE) for each in withdrawal("CF-12", "web_analytics")),
    *RECORDING,
    *MASKING,
    *channels(
        "CF-16",
        dict.fromkeys(CUSTOMER_AND_OTHERS, ("email", "web_form")),
        dict.fromkeys(CUSTOMER_AND_OTHERS, ("phone", "post", "dashboard", "api")),
    ),
)


@pytest.mark.parametrize("scenario", cases(TABLE))
def test_clause_of_the_faq(scenario: Scenario) -> None:
    """The verdict is the one the words of the clause ask for."""
    assert verdict_of(scenario, PACK) == scenario.verdict
