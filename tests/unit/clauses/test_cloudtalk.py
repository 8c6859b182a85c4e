"""The privacy policy of a call-centre platform, clause by clause: kept, broken, and at the boundary."""

from collections.abc import Sequence

import pytest

from tests.unit.clauses.moments import HOUR, at
from tests.unit.clauses.period_cases import ends_on
from tests.unit.clauses.processing_cases import (
    accesses,
    categories,
    contracted,
    disclosure,
)
from tests.unit.clauses.request_cases import (
    channels,
    forwarding,
)
from tests.unit.clauses.scenarios import BROKEN, DUE, KEPT, NO_EVIDENCE, Scenario, cases, then, verdict_of
from tests.unit.clauses.stories import (
    T,
    call,
    done,
    stated,
)

PACK = "cloudtalk"

TRANSCRIBED = done("call.transcribed", T)
OVER = at("2026-04-30 12:00")
ENDING = then(stated("agreement.terminated", T - HOUR, ends_at=OVER, choice="silent"), TRANSCRIBED)

TABLE: Sequence[Scenario] = (
    *channels("CT-04", {"customer": ("dashboard", "support", "email")}, {"customer": ("phone", "post")}),
    Scenario(
        "CT-04",
        NO_EVIDENCE,
        "of others the text says no channel",
        then(
            done("request.received", T, requester="end_user", channel="phone"),
            done("request.answered", T + HOUR),
        ),
    ),
    *forwarding("CT-04", requester="end_user"),
    *contracted("CT-05"),
    Scenario("CT-06", KEPT, "measures are described", stated("measures.described", T)),
    # "Only while they use the services": what is there goes when the day of the end is over.
    *ends_on("CT-07", ENDING, at("2026-05-01 00:00")),
    Scenario(
        "CT-07",
        DUE,
        "data was there before the end was told",
        then(TRANSCRIBED, stated("agreement.terminated", T + HOUR, ends_at=OVER, choice="silent")),
    ),
    *accesses("CT-08"),
    *disclosure("CT-08", ["enforceable"]),
    *categories("CT-10", "product_improvement", "call_quality", "demographic"),
    *categories("CT-10", "system_administration", "traffic_data", "purchase"),
    *categories("CT-11", "tailoring", "cookie", "email"),
    *categories("CT-12", "visitor_marketing", "purchase", "cookie"),
    *categories("CT-13", "targeting", "cookie", "demographic"),
    Scenario("CT-16", BROKEN, "it says that data is kept indefinitely", call(T)),
)


@pytest.mark.parametrize("scenario", cases(TABLE))
def test_clause_of_the_call_centre(scenario: Scenario) -> None:
    """The verdict is the one the words of the clause ask for."""
    assert verdict_of(scenario, PACK) == scenario.verdict
