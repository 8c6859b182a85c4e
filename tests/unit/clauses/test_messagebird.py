"""The privacy statement of a provider of messages and calls, clause by clause: kept, broken, and at the boundary."""

from collections.abc import Sequence

import pytest

from tests.unit.clauses.consent_cases import consent_basis, consent_given, proof, withdrawal
from tests.unit.clauses.messagebird_requests import (
    ANSWERS,
    EVERYBODY_ELSE,
    IDENTITY,
    OBJECTIONS,
    PARTLY,
    asks,
)
from tests.unit.clauses.moments import GRACE, HOUR, INSTANT, at, day
from tests.unit.clauses.period_cases import ended, ends_on
from tests.unit.clauses.processing_cases import (
    agreed_purposes,
    announced_list,
    categories,
    contracted,
    disclosure,
    roles,
    transfer,
)
from tests.unit.clauses.request_cases import (
    channels,
    erasure,
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
from tests.unit.clauses.stories import T, answer, call, done, goes, passes, request, stated

PACK = "messagebird"

PURPOSES = (
    *("product_information", "account", "identity_verification", "messaging", "invoicing", "usage_analysis"),
    *("support_request", "fraud_prevention", "training", "quality", "sales", "tax", "account_security"),
)


FOUND = done("minor.found", T)
MIDNIGHT = at("2026-03-03 00:00")
MINORS = (
    # "At once" ends with the day it was found on.
    edge(
        "MB-45",
        KEPT,
        "erased in the last instant of the day",
        then(FOUND, done("data.erased", MIDNIGHT - INSTANT, trigger="child_found")),
    ),
    edge(
        "MB-45",
        BROKEN,
        "erased at midnight",
        then(FOUND, done("data.erased", MIDNIGHT, trigger="child_found")),
    ),
    edge("MB-45", DUE, "the day is not over", then(FOUND, passes(MIDNIGHT - INSTANT))),
    Scenario("MB-45", BROKEN, "not erased, and the day passes", then(FOUND, passes(MIDNIGHT))),
    Scenario("MB-45", KEPT, "erased everywhere", then(FOUND, done("erasure.verified", T + HOUR))),
    Scenario(
        "MB-45",
        BROKEN,
        "only partly erased",
        then(
            FOUND,
            done("data.erased", T + HOUR, trigger="child_found", outcome="partly_erased"),
            passes(MIDNIGHT),
        ),
    ),
    Scenario(
        "MB-45",
        NO_EVIDENCE,
        "a parent consented",
        then(done("minor.found", T, parental_consent=True), passes(MIDNIGHT)),
    ),
    Scenario(
        "MB-45",
        NO_EVIDENCE,
        "a parent's consent becomes known",
        then(FOUND, done("minor.found", T + HOUR, parental_consent=True), passes(MIDNIGHT)),
    ),
    Scenario(
        "MB-45",
        BROKEN,
        "data is used after it was found",
        then(FOUND, call(T + HOUR), done("data.erased", T + 2 * HOUR, trigger="child_found")),
    ),
    edge(
        "MB-45",
        KEPT,
        "data was used when it was found",
        then(FOUND, call(T), done("data.erased", T + 2 * HOUR, trigger="child_found")),
    ),
)

SENT = done("message.sent", T)
WITHDRAWN = then(done("consent.given", T), done("consent.withdrawn", T + HOUR))
CONFIRMED = then(request(), answer(T + HOUR))
KEEPING = (
    # Six months from 2 March: who and what of a message are two classes, both under MB-29; region eu, as adopted.
    *ends_on("MB-29", SENT, at("2026-09-03 00:00")),
    # The same data under the same period: what one promise asks, the other asks as well.
    Scenario(
        "MB-30",
        KEPT,
        "it goes after six months, by MB-29 as well",
        then(SENT, goes(at("2026-09-03 00:00"))),
    ),
    edge(
        "MB-30",
        BROKEN,
        "by MB-29 as well, it goes later than two days",
        then(SENT, goes(at("2026-09-03 00:00") + GRACE + INSTANT)),
    ),
    Scenario(
        "MB-30",
        BROKEN,
        "by MB-29 as well, it was to go and is there after two days",
        then(SENT, goes(at("2026-09-03 00:00"), unconfirmed=True)),
        now=at("2026-09-03 00:00") + GRACE + INSTANT,
    ),
    # Five years after the consent stopped being relied on.
    edge(
        "MB-34",
        KEPT,
        "proof goes five years after the withdrawal",
        then(WITHDRAWN, goes(at("2031-03-03 00:00"))),
    ),
    edge(
        "MB-34",
        KEPT,
        "proof is gone within two days more",
        then(WITHDRAWN, goes(at("2031-03-03 00:00") + GRACE)),
    ),
    Scenario("MB-34", DUE, "five years run", WITHDRAWN),
    edge(
        "MB-34",
        BROKEN,
        "proof is there later than that",
        then(WITHDRAWN, goes(at("2031-03-03 00:00") + GRACE + INSTANT)),
    ),
    *proof("MB-34"),
    Scenario("MB-34", KEPT, "version, hash and language are on record", done("consent.given", T)),
    edge(
        "MB-36", KEPT, "the confirmation goes after five years", then(CONFIRMED, goes(at("2031-03-03 00:00")))
    ),
    edge("MB-36", DUE, "five years are not over", then(CONFIRMED, goes(at("2031-03-03 00:00") - INSTANT))),
    edge(
        "MB-36",
        BROKEN,
        "it is there two days later",
        then(CONFIRMED, goes(at("2031-03-03 00:00") + GRACE + INSTANT)),
    ),
    Scenario(
        "MB-36",
        BROKEN,
        "honoured without a confirmation",
        then(request(), answer(T + HOUR, confirmation_sent=False), goes(at("2031-03-03 00:00"))),
    ),
    *ended(
        "MB-32",
        retention_class="marketing",
        rule=f"{PACK}:MB-32",
        period="P12M",
        epoch_day=day("2026-03-02"),
        due=at("2027-03-03 00:00"),
    ),
    *ended(
        "MB-33",
        retention_class="account",
        rule=f"{PACK}:MB-33",
        period="P10Y",
        epoch_day=day("2026-03-02"),
        due=at("2036-03-03 00:00"),
    ),
)


PUBLISHED = at("2026-06-01 09:00")
HOLDS = at("2026-07-01 00:00")
CHANGED = stated("notice.published", PUBLISHED, effective_at=HOLDS, notice_version="2")


def word(when: int, told_by: str = "email") -> Story:
    """People are told of the new version."""
    return stated("notice.communicated", when, notice_version="2", version="2", told_by=told_by)


CHANGES = (
    Scenario("MB-46", DUE, "published, and not told yet", CHANGED),
    Scenario("MB-46", KEPT, "told by e-mail", then(CHANGED, word(PUBLISHED + HOUR))),
    Scenario(
        "MB-46",
        KEPT,
        "the publication says so",
        stated(
            "notice.published", PUBLISHED, effective_at=HOLDS, notice_version="2", people_informed="by_email"
        ),
    ),
    Scenario(
        "MB-46",
        BROKEN,
        "only on the website",
        then(CHANGED, word(PUBLISHED + HOUR, "website"), passes(HOLDS + INSTANT)),
    ),
    Scenario("MB-46", BROKEN, "nobody is told, and it holds", then(CHANGED, passes(HOLDS + INSTANT))),
    edge("MB-46", KEPT, "told when it begins to hold", then(CHANGED, word(HOLDS))),
    edge("MB-46", BROKEN, "told an instant later", then(CHANGED, word(HOLDS + INSTANT))),
    Scenario(
        "MB-46",
        NO_EVIDENCE,
        "nobody's rights are affected",
        then(
            stated(
                "notice.published",
                PUBLISHED,
                effective_at=HOLDS,
                notice_version="2",
                materially_changed=False,
            ),
            passes(HOLDS + INSTANT),
        ),
    ),
)

TABLE: Sequence[Scenario] = (
    *rights("MB-03", ("access", "rectification")),
    *agreed_purposes("MB-04"),
    *(
        each
        for purpose in ("messaging", "telephony", "newsletter")
        for each in roles("MB-05", purpose, "processor", "controller")
    ),
    *(
        each
        for purpose in ("account", "invoicing", "fraud_prevention")
        for each in roles("MB-05", purpose, "controller", "processor")
    ),
    *roles("MB-05", "transit", "conduit", "processor"),
    *(each for each in consent_basis("MB-06") if each.verdict == BROKEN),
    Scenario(
        "MB-06",
        KEPT,
        "a box is ticked, and then it is done",
        then(
            done("consent.given", T),
            done("message.sent", T + HOUR, purpose="marketing", lawful_basis="consent"),
        ),
    ),
    *consent_given("MB-06", "marketing", {"explicit": True}, {"explicit": False}),
    *agreed_purposes("MB-07"),
    *(Scenario("MB-08", KEPT, f"for {purpose}", call(T, purpose=purpose)) for purpose in PURPOSES),
    Scenario("MB-08", BROKEN, "for a purpose that is none of the twelve", call(T, purpose="profiling")),
    Scenario(
        "MB-08",
        BROKEN,
        "none of the twelve as a controller either",
        call(T, purpose="profiling", role="controller"),
    ),
    *categories("MB-11", "telephony", "traffic_data", "photo"),
    *categories("MB-12", "account", "gender", "location", role="controller"),
    *categories("MB-13", "messaging", "message_content", "gender"),
    *categories("MB-14", "web_analytics", "cookie", "email", role="controller"),
    *categories("MB-18", "usage_analysis", "usage", "email", role="controller"),
    *roles("MB-21", "transit", "conduit", "processor"),
    *contracted("MB-22"),
    *withdrawal("MB-23", "stored_payment_methods"),
    Scenario(
        "MB-23",
        BROKEN,
        "recharged after the withdrawal",
        then(
            done("consent.withdrawn", T, purpose="auto_recharge"),
            done("message.sent", T + HOUR, purpose="auto_recharge", lawful_basis="consent"),
        ),
    ),
    *(each._replace(clause="MB-23", verdict=NO_EVIDENCE) for each in withdrawal("MB-39", "newsletter")),
    *consent_given(
        "MB-23", "service", {"method": "form"}, {"method": "browser_signal"}, "stored_payment_methods"
    ),
    Scenario(
        "MB-23",
        NO_EVIDENCE,
        "a consent to something else",
        done("consent.given", T, category="service", purpose="web_analytics", method="browser_signal"),
    ),
    *disclosure("MB-25", ("from_public_body", "within_jurisdiction", "enforceable", "states_scope")),
    *transfer("MB-26"),
    *KEEPING,
    *rights(
        "MB-35",
        ("access", "rectification", "portability", "erasure"),
        requester="customer",
        channel="dashboard",
    ),
    *channels("MB-35", {"customer": ("api", "dashboard")}, {}),
    *erasure("MB-35"),
    *rights("MB-38", ("withdraw_consent", "access", "objection", "restriction")),
    *restriction("MB-38"),
    *withdrawal("MB-39", "newsletter"),
    *channels(
        "MB-40",
        {"customer": ("dashboard", "api")},
        {"customer": ("email", "phone", "post", "support")},
        strict=True,
    ),
    *IDENTITY,
    *channels(
        "MB-41",
        dict.fromkeys(EVERYBODY_ELSE, ("email", "support", "post")),
        dict.fromkeys(EVERYBODY_ELSE, ("phone", "web_form")),
    ),
    Scenario("MB-41", NO_EVIDENCE, "it says nothing about customers", asks("email")),
    *ANSWERS,
    *PARTLY,
    *OBJECTIONS,
    *MINORS,
    *CHANGES,
    *announced_list("MB-48", "Zendesk"),
    *announced_list("MB-48", "Interswitch"),
    Scenario("MB-48", BROKEN, "Mollie is not in the table", call(T, processors=["Mollie"])),
)


@pytest.mark.parametrize("scenario", cases(TABLE))
def test_clause_of_the_messages(scenario: Scenario) -> None:
    """The verdict is the one the words of the clause ask for."""
    assert verdict_of(scenario, PACK, region="eu") == scenario.verdict


OTHER_REGION: Sequence[Scenario] = (
    *ends_on("MB-30", SENT, at("2026-09-03 00:00")),
    # "Up to two years in other regions"; the six months of MB-30 hold everywhere, so who it was goes first.
    Scenario("MB-29", DUE, "two years run", then(SENT, goes(at("2026-09-03 00:00")))),
    *ends_on("MB-29", then(SENT, goes(at("2026-09-03 00:00"))), at("2028-03-03 00:00"), what="what was said"),
)


@pytest.mark.parametrize("scenario", cases(OTHER_REGION))
def test_clause_elsewhere(scenario: Scenario) -> None:
    """Where the controller is in no region of the text's own, the longer period holds."""
    assert verdict_of(scenario, PACK, region="us") == scenario.verdict
