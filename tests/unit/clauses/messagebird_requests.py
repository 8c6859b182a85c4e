"""Requests to a provider of messages and calls, MB-19 and MB-40 to MB-44: kept, broken, and at the boundary."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.unit.clauses.moments import HOUR, INSTANT, at
from tests.unit.clauses.request_cases import (
    forwarding,
    objection,
    restriction,
)
from tests.unit.clauses.scenarios import (
    BROKEN,
    DUE,
    KEPT,
    NO_EVIDENCE,
    Scenario,
    Story,
    edge,
    then,
)
from tests.unit.clauses.stories import (
    T,
    answer,
    call,
    done,
    passes,
    refusal,
    request,
)


def extension(when: int, told_at: int | None, reasons: Sequence[str] = ("complexity",)) -> Story:
    """A request's time is extended, and the person is told of it."""
    return done("request.extended", when, told_at=told_at, reasons=list(reasons))


def answered_by(received: str, last: str, case: str, *, extended: bool = False) -> Iterator[Scenario]:
    """The last instant of a day on which an answer is in time, and the instant after it."""
    came = at(received)
    told = (extension(came + 24 * HOUR, came + 24 * HOUR),) if extended else ()
    end = at(last) + 24 * HOUR
    yield edge(
        "MB-42",
        KEPT,
        f"{case}: answered in the last instant of {last}",
        then(request(came), *told, answer(end - INSTANT)),
    )
    yield edge("MB-42", BROKEN, f"{case}: answered an instant later", then(request(came), *told, answer(end)))
    yield edge(
        "MB-42", DUE, f"{case}: the day is not over", then(request(came), *told, passes(end - INSTANT))
    )
    yield edge("MB-42", BROKEN, f"{case}: the day is over", then(request(came), *told, passes(end)))


RECEIVED = at("2026-03-10 10:00")
MONTH_ENDS = at("2026-04-11 00:00")
TOLD = RECEIVED + 24 * HOUR
MONTH_TWO = at("2026-05-04 12:00")
ANSWERS = (
    *answered_by("2026-01-31 10:00", "2026-03-02", "the month ends on a Saturday"),
    *answered_by("2026-03-05 10:00", "2026-04-07", "the month ends on Easter Sunday"),
    *answered_by("2026-04-14 10:00", "2026-05-15", "the month ends on Ascension Day"),
    *answered_by("2026-08-31 10:00", "2026-09-30", "the next month has no 31st"),
    *answered_by("2026-11-25 10:00", "2026-12-28", "the month ends at Christmas"),
    *answered_by("2026-12-31 10:00", "2027-02-01", "the month ends on a Sunday"),
    *answered_by("2026-03-05 10:00", "2026-06-05", "two months more", extended=True),
    *answered_by("2026-11-30 10:00", "2027-03-01", "two months more end on a Sunday", extended=True),
    # "Two further months" has two readings, and the earlier is kept: from 28 February, and not from 31 January.
    *answered_by("2026-01-31 10:00", "2026-04-28", "two months more, by the earlier reading", extended=True),
    Scenario("MB-42", KEPT, "answered the next day", then(request(), answer(T + 24 * HOUR))),
    Scenario(
        "MB-42", BROKEN, "not answered, and the month passes", then(request(), passes(at("2026-04-03 00:00")))
    ),
    Scenario(
        "MB-42",
        KEPT,
        "answered in time, and heard of only after the month",
        then(request(), passes(at("2026-04-03 00:00")), answer(T + 24 * HOUR)),
    ),
    edge(
        "MB-42",
        KEPT,
        "told of the extension in the month's last instant",
        then(request(RECEIVED), extension(MONTH_ENDS - INSTANT, MONTH_ENDS - INSTANT), answer(MONTH_TWO)),
    ),
    edge(
        "MB-42",
        BROKEN,
        "told of it an instant later",
        then(request(RECEIVED), extension(MONTH_ENDS - INSTANT, MONTH_ENDS), answer(MONTH_TWO)),
    ),
    Scenario(
        "MB-42",
        BROKEN,
        "the person is not told",
        then(request(RECEIVED), extension(TOLD, None), answer(MONTH_TWO)),
    ),
    Scenario(
        "MB-42",
        BROKEN,
        "told without reasons",
        then(request(RECEIVED), extension(TOLD, TOLD, ()), answer(MONTH_TWO)),
    ),
    Scenario(
        "MB-42",
        KEPT,
        "one of too many requests",
        then(request(RECEIVED), extension(TOLD, TOLD, ("number_of_requests",)), answer(MONTH_TWO)),
    ),
    Scenario(
        "MB-42",
        BROKEN,
        "refused after the month, though extended: Art. 12(4)",
        then(request(RECEIVED), extension(TOLD, TOLD), refusal(MONTH_TWO, ground="others_rights")),
    ),
    Scenario(
        "MB-42",
        KEPT,
        "refused within the month",
        then(request(RECEIVED), refusal(TOLD, ground="others_rights")),
    ),
    Scenario(
        "MB-42",
        BROKEN,
        "the clock runs for somebody who is no customer and writes an e-mail (X15)",
        then(request(requester="visitor", channel="email"), passes(at("2026-04-03 00:00"))),
    ),
    Scenario(
        "MB-42",
        BROKEN,
        "the clock runs for somebody nobody knows",
        then(done("request.received", T, person=None), passes(at("2026-04-03 00:00"))),
    ),
    Scenario(
        "MB-42",
        NO_EVIDENCE,
        "taken back before the month is over",
        then(request(), done("request.withdrawn", T + HOUR), passes(at("2026-04-03 00:00"))),
    ),
)


def kept_back(*named: bool) -> Story:
    """A person is erased, and some of it is kept for a legal reason."""
    kept = [
        {"retention_class": name, "ground": "legal_obligation", "named_in_answer": is_named}
        for name, is_named in zip(("account", "request_confirmation"), named, strict=False)
    ]
    return then(request(right="erasure"), answer(T + HOUR, outcome="partly_fulfilled", kept=kept))


PARTLY = (
    Scenario("MB-43", KEPT, "what is kept is named", kept_back(True, True)),
    Scenario("MB-43", BROKEN, "one of two is not named", kept_back(True, False)),
    Scenario("MB-43", BROKEN, "nothing is named", kept_back(False)),
    Scenario("MB-43", NO_EVIDENCE, "nothing is kept", kept_back()),
)

EVERYBODY_ELSE = ("end_user", "visitor", "representative")


def asks(channel: str, *more: Story, **check: Any) -> Story:
    """A customer asks by a channel, maybe checked, and is answered."""
    checked = (done("request.identity_checked", T + HOUR, **check),) if check else ()
    return then(request(requester="customer", channel=channel), *checked, *more, answer(T + 2 * HOUR))


IDENTITY = (
    Scenario("MB-40", KEPT, "the login shows who asks", asks("dashboard")),
    Scenario("MB-40", KEPT, "the token shows who asks", asks("api")),
    Scenario(
        "MB-40",
        BROKEN,
        "more is demanded without doubt",
        asks("api", more_demanded=True, reasonable_doubt=False),
    ),
    Scenario(
        "MB-40",
        KEPT,
        "more is demanded on reasonable doubt",
        asks("api", more_demanded=True, reasonable_doubt=True),
    ),
    Scenario(
        "MB-40",
        BROKEN,
        "somebody else's data is given without a check",
        then(request(requester="end_user"), answer(T + HOUR)),
    ),
    edge(
        "MB-40",
        KEPT,
        "checked when it is answered",
        then(request(requester="end_user"), done("request.identity_checked", T + HOUR), answer(T + HOUR)),
    ),
    edge(
        "MB-40",
        BROKEN,
        "checked an instant later",
        then(
            request(requester="end_user"),
            done("request.identity_checked", T + HOUR + INSTANT),
            answer(T + HOUR),
        ),
    ),
    Scenario(
        "MB-40",
        BROKEN,
        "answered though the check failed",
        then(
            request(requester="end_user"),
            done("request.identity_checked", T, outcome="failed"),
            answer(T + HOUR),
        ),
    ),
    *(each for each in forwarding("MB-40", requester="end_user") if each.verdict == BROKEN),
)

OBJECTED = request(right="objection", purposes=["sales"])
SALES = {"purpose": "sales", "lawful_basis": "legitimate_interests"}
OBJECTIONS = (
    *objection("MB-19", "lead_enrichment"),
    *(each._replace(verdict=NO_EVIDENCE) for each in objection("MB-19", "newsletter")),
    *objection("MB-44"),
    *(
        Scenario(
            "MB-44",
            KEPT,
            f"refused on {ground}, and processed",
            then(OBJECTED, refusal(T + HOUR, ground=ground), call(T + 2 * HOUR, **SALES)),
        )
        for ground in ("compelling_grounds", "legal_claim")
    ),
    *(
        Scenario("MB-44", BROKEN, f"refused on {ground}", then(OBJECTED, refusal(T + HOUR, ground=ground)))
        for ground in ("legal_obligation", "others_rights", "invalid_channel", None)
    ),
    *(
        Scenario(
            "MB-44",
            BROKEN,
            f"refused without {untold}",
            then(OBJECTED, refusal(T + HOUR, ground="compelling_grounds", **{untold: False})),
        )
        for untold in ("reasons_told", "complaint_told", "remedy_told")
    ),
    Scenario(
        "MB-44",
        BROKEN,
        "direct marketing goes on, whatever the ground",
        then(
            request(right="objection", purposes=["direct_marketing"]),
            refusal(T + HOUR, ground="compelling_grounds"),
            call(T + 2 * HOUR, purpose="direct_marketing", lawful_basis="legitimate_interests"),
        ),
    ),
    *restriction("MB-44"),
)
