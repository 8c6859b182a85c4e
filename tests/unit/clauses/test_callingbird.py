"""The privacy statement of an AI phone assistant, clause by clause: kept, broken, and at the boundary."""

from collections.abc import Iterator, Sequence

import pytest

from tests.unit.clauses.breach_cases import breach_told, told_within
from tests.unit.clauses.consent_cases import consent_basis, consent_given, proof, withdrawal
from tests.unit.clauses.moments import GRACE, HOUR, INSTANT, at
from tests.unit.clauses.period_cases import ends_on
from tests.unit.clauses.processing_cases import (
    announced_list,
    categories,
    contracted,
    roles,
    transfer,
)
from tests.unit.clauses.request_cases import (
    channels,
    erasure,
    forwarding,
    restriction,
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
    answer,
    call,
    done,
    goes,
    passes,
    request,
    stated,
)

PACK = "callingbird"

UNDER = {"instruction_id": "i-1"}
INSTRUCTED = stated("instruction.received", T)
INSTRUCTIONS = (
    Scenario("CB-07", KEPT, "a click in the dashboard", then(INSTRUCTED, call(T + HOUR, **UNDER))),
    Scenario(
        "CB-07",
        KEPT,
        "in writing",
        then(stated("instruction.received", T, channel="written"), call(T + HOUR, **UNDER)),
    ),
    Scenario("CB-07", BROKEN, "nobody clicked", call(T + HOUR, **UNDER)),
    edge("CB-07", KEPT, "at the click", then(INSTRUCTED, call(T, **UNDER))),
    edge("CB-07", BROKEN, "an instant before the click", then(INSTRUCTED, call(T - INSTANT, **UNDER))),
    Scenario("CB-07", NO_EVIDENCE, "a call that rests on none", call(T)),
)

BREACH = stated("breach.discovered", T)
PHASES = (
    Scenario(
        "CB-29",
        KEPT,
        "what was not known follows",
        then(
            BREACH,
            stated("breach.notified", T + HOUR, more_follows=True),
            stated("breach.notified", T + 24 * HOUR),
        ),
    ),
    Scenario(
        "CB-29",
        BROKEN,
        "what was to follow did not, and the breach is closed",
        then(
            BREACH,
            stated("breach.notified", T + HOUR, more_follows=True),
            stated("breach.closed", T + 24 * HOUR),
        ),
    ),
    edge(
        "CB-29",
        BROKEN,
        "it follows an instant after the breach was closed",
        then(
            BREACH,
            stated("breach.notified", T + HOUR, more_follows=True),
            stated("breach.closed", T + 24 * HOUR),
            stated("breach.notified", T + 24 * HOUR + INSTANT),
        ),
    ),
    edge(
        "CB-29",
        KEPT,
        "it follows when the breach is closed",
        then(
            BREACH,
            stated("breach.notified", T + HOUR, more_follows=True),
            stated("breach.notified", T + 24 * HOUR),
            stated("breach.closed", T + 24 * HOUR),
        ),
    ),
)

RECORDED = (
    Scenario("CB-15", KEPT, "announced", done("call.recorded", T)),
    Scenario("CB-15", BROKEN, "not announced", done("call.recorded", T, announced=False)),
    *consent_basis("CB-15"),
)

TRANSCRIBED = done("call.transcribed", T)
OVER = at("2026-04-30 12:00")
ENDING = then(stated("agreement.terminated", T - HOUR, ends_at=OVER, choice="silent"), TRANSCRIBED)
GONE = at("2026-05-31 00:00")
LATER = at("2026-12-31 12:00")


def asked(when: int) -> Story:
    """The customer asks in writing for an export, which holds the data for thirty days."""
    return stated(
        "hold.placed",
        when,
        hold_id="export-1",
        kind="export",
        retention_classes=[],
        ends_at=when + 30 * 24 * HOUR,
    )


HELD_UNTIL = GONE - HOUR + 30 * 24 * HOUR
# Thirty days after 30 April end with 30 May.
AFTER_THE_END = (
    *ends_on("CB-31", ENDING, GONE),
    Scenario(
        "CB-31",
        DUE,
        "data was there before the end was told",
        then(TRANSCRIBED, stated("agreement.terminated", T + HOUR, ends_at=OVER, choice="silent")),
    ),
    edge(
        "CB-31",
        BROKEN,
        "the end was told before, and nothing is done or said",
        ENDING,
        now=GONE + GRACE + INSTANT,
    ),
    edge("CB-31", DUE, "nothing is done yet, nor said", ENDING, now=GONE + GRACE),
    Scenario(
        "CB-31",
        DUE,
        "the end is put off, and the first one passes",
        then(ENDING, stated("agreement.terminated", T + HOUR, ends_at=LATER, choice="silent")),
        now=GONE + GRACE + INSTANT,
    ),
    # An export that was asked for before that date holds the data; no end is published, thirty days is ours (X9).
    Scenario(
        "CB-31",
        KEPT,
        "an export is asked for, and data goes when the hold ends",
        then(ENDING, asked(GONE - HOUR), goes(GONE + HOUR), goes(HELD_UNTIL)),
    ),
    edge(
        "CB-31",
        KEPT,
        "asked for in the last instant",
        then(ENDING, asked(GONE - INSTANT), goes(GONE), goes(GONE + 30 * 24 * HOUR)),
    ),
    edge(
        "CB-31",
        KEPT,
        "gone two days after the hold",
        then(ENDING, asked(GONE - HOUR), goes(GONE + HOUR), goes(HELD_UNTIL + GRACE)),
    ),
    edge(
        "CB-31",
        BROKEN,
        "gone later than two days after the hold",
        then(ENDING, asked(GONE - HOUR), goes(GONE + HOUR), goes(HELD_UNTIL + GRACE + INSTANT)),
    ),
    Scenario(
        "CB-31",
        BROKEN,
        "asked for when data should have been gone",
        then(ENDING, asked(GONE + GRACE + HOUR), goes(GONE + GRACE + 2 * HOUR), goes(GONE + 40 * 24 * HOUR)),
    ),
)

PUBLISHED = at("2026-06-01 09:00")
HOLDS = at("2026-07-01 00:00")


def version(name: str = "2", **fields: object) -> Story:
    """A version that affects people's rights is published, to hold a month later."""
    return stated("notice.published", PUBLISHED, effective_at=HOLDS, notice_version=name, **fields)


def told(clause: str, ways: Sequence[str], others: Sequence[str]) -> Iterator[Scenario]:
    """The cases of telling people that a notice changes."""

    def word(when: int, told_by: str = "email") -> Story:
        return stated("notice.communicated", when, notice_version="2", version="2", told_by=told_by)

    yield Scenario(clause, DUE, "published, and not yet told", version())
    for way in ways:
        yield Scenario(clause, KEPT, f"told by {way}", then(version(), word(PUBLISHED + HOUR, way)))
    for way in others:
        yield Scenario(
            clause,
            BROKEN,
            f"told by {way} only",
            then(version(), word(PUBLISHED + HOUR, way), passes(HOLDS + INSTANT)),
        )
    yield edge(clause, KEPT, "told when it begins to hold", then(version(), word(HOLDS)))
    yield edge(clause, BROKEN, "told an instant later", then(version(), word(HOLDS + INSTANT)))
    yield Scenario(clause, BROKEN, "never told, and it holds", then(version(), passes(HOLDS + INSTANT)))
    yield Scenario(
        clause,
        NO_EVIDENCE,
        "it affects nobody's rights",
        then(version(materially_changed=False), passes(HOLDS + INSTANT)),
    )


VERSIONS = then(
    stated(
        "notice.published",
        T - 48 * HOUR,
        effective_at=T - 48 * HOUR,
        notice_version="1",
        materially_changed=False,
    ),
    stated("notice.published", T - 24 * HOUR, effective_at=T, notice_version="2", materially_changed=False),
)


def pinned(clause: str) -> Iterator[Scenario]:
    """The cases of the version that each consent and each use names: the one in force (X17)."""
    yield Scenario(
        clause,
        KEPT,
        "a consent names the latest",
        then(VERSIONS, done("consent.given", T + HOUR, notice_version="2")),
    )
    yield Scenario(
        clause,
        BROKEN,
        "a consent names the one before",
        then(VERSIONS, done("consent.given", T + HOUR, notice_version="1")),
    )
    yield Scenario(
        clause,
        BROKEN,
        "a consent names none",
        then(VERSIONS, done("consent.given", T + HOUR, notice_version=None)),
    )
    yield edge(
        clause, KEPT, "the new one when it begins to hold", then(VERSIONS, call(T, notice_version="2"))
    )
    yield edge(
        clause, BROKEN, "the new one an instant before", then(VERSIONS, call(T - INSTANT, notice_version="2"))
    )
    yield edge(
        clause, KEPT, "the old one in its last instant", then(VERSIONS, call(T - INSTANT, notice_version="1"))
    )
    yield edge(
        clause, BROKEN, "the old one when the new one holds", then(VERSIONS, call(T, notice_version="1"))
    )


SEVEN = ("access", "rectification", "restriction", "withdraw_consent", "erasure", "objection", "portability")
CHANNELS = ("email", "post", "phone")
EVERYBODY = ("customer", "end_user", "visitor", "representative")


def charged(to: str, ground: str | None = None) -> Story:
    """A request is answered, and costs are charged."""
    return then(request(), answer(T + HOUR, charged_to=to, charge_ground=ground))


COSTS = (
    Scenario("CB-38", KEPT, "nobody is charged", charged("nobody")),
    Scenario("CB-38", KEPT, "the customer is charged", charged("customer")),
    Scenario("CB-38", BROKEN, "the person is charged", charged("data_subject")),
    Scenario(
        "CB-38",
        NO_EVIDENCE,
        "the person is charged for an excessive request, as the law allows",
        charged("data_subject", "excessive"),
    ),
    # Where the controller received it nothing is passed on, and nobody is charged either.
    *(each for each in forwarding("CB-38") if each.verdict != NO_EVIDENCE),
)

TABLE: Sequence[Scenario] = (
    *(
        each
        for name in ("Vapi", "Twilio", "OpenAI", "ElevenLabs")
        for each in announced_list("CB-03", name, against_objection=BROKEN)
    ),
    *INSTRUCTIONS,
    *(
        each
        for purpose in ("telephony", "assistant", "quality")
        for each in roles("CB-08", purpose, "processor", "controller")
    ),
    *(
        each
        for purpose in ("security_logging", "invoicing", "legal_compliance")
        for each in roles("CB-09", purpose, "controller", "processor")
    ),
    *roles("CB-10", "website_visit", "controller", "processor"),
    Scenario("CB-13", KEPT, "for the assistant", call(T, purpose="assistant")),
    Scenario("CB-13", BROKEN, "for profiling", call(T, purpose="profiling")),
    Scenario(
        "CB-13", NO_EVIDENCE, "as a controller of its own", call(T, purpose="profiling", role="controller")
    ),
    *contracted("CB-14"),
    *RECORDED,
    *categories("CB-16", "website_security", "device", "location", role="controller"),
    *consent_given("CB-19", "analytical", {"explicit": True}, {"explicit": False}),
    *consent_given(
        "CB-20", "experience", {"method": "banner", "explicit": False}, {"method": "browser_signal"}
    ),
    *consent_given("CB-21", "marketing", {"prior": True}, {"prior": False}),
    *announced_list("CB-23", "Microsoft", purpose="web_analytics", role="controller"),
    Scenario(
        "CB-23",
        NO_EVIDENCE,
        "a sub-processor of telephony nobody announced",
        call(T, processors=["Newcomer"]),
    ),
    Scenario(
        "CB-03",
        NO_EVIDENCE,
        "a cookie of a party that is not named",
        call(T, purpose="web_analytics", role="controller", processors=["Newcomer"]),
    ),
    *proof("CB-25"),
    Scenario("CB-25", KEPT, "version, hash and language are on record", done("consent.given", T)),
    Scenario("CB-26", KEPT, "measures are described", stated("measures.described", T)),
    *told_within("CB-27", 48),
    *breach_told("CB-28", ("nature", "consequences", "measures", "contact")),
    Scenario(
        "CB-28",
        KEPT,
        "approximate numbers are not promised",
        then(
            BREACH, stated("breach.notified", T + HOUR, subjects_approximate=None, records_approximate=None)
        ),
    ),
    *PHASES,
    *AFTER_THE_END,
    *transfer("CB-34"),
    *(
        Scenario(
            "CB-34",
            BROKEN,
            f"it leaves on {mechanism}, which is no standard clause",
            then(
                stated(
                    "subprocessor.announced",
                    T - HOUR,
                    subprocessor="ModelMaker",
                    starts_at=T,
                    countries=["US"],
                    mechanism=mechanism,
                ),
                call(T, processors=["ModelMaker"]),
            ),
        )
        for mechanism in ("bcr", "derogation", "adequacy")
    ),
    Scenario(
        "CB-34",
        KEPT,
        "of the website art. 10.2 speaks: an adequacy decision will do",
        then(
            stated(
                "subprocessor.announced",
                T - HOUR,
                subprocessor="Google LLC",
                starts_at=T,
                countries=["US"],
                mechanism="adequacy",
            ),
            call(T, purpose="web_analytics", role="controller", processors=["Google LLC"]),
        ),
    ),
    Scenario("CB-34", KEPT, "the safeguards are told on request", stated("measures.described", T)),
    *transfer("CB-35"),
    *rights("CB-36", SEVEN),
    *erasure("CB-36"),
    *restriction("CB-36"),
    *withdrawal("CB-37"),
    *COSTS,
    *channels(
        "CB-39", dict.fromkeys(EVERYBODY, CHANNELS), dict.fromkeys(EVERYBODY, ("dashboard", "web_form"))
    ),
    *told("CB-41", ("website", "dashboard", "email", "letter", "call"), ()),
    *pinned("CB-41"),
)


@pytest.mark.parametrize("scenario", cases(TABLE))
def test_clause_of_the_phone_assistant(scenario: Scenario) -> None:
    """The verdict is the one the words of the clause ask for."""
    assert verdict_of(scenario, PACK) == scenario.verdict
