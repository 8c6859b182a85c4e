"""The cases of rights: what is asked for, by which channel, by whom it is answered, and what an erasure, a restriction
and an objection do to processing."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.unit.clauses.moments import HOUR, INSTANT, at
from tests.unit.clauses.scenarios import BROKEN, DUE, KEPT, NO_EVIDENCE, Scenario, edge, then
from tests.unit.clauses.stories import (
    T,
    answer,
    call,
    done,
    passes,
    refusal,
    request,
)

GROUND_OF = {
    "access": "others_rights",
    "rectification": "legal_obligation",
    "erasure": "legal_obligation",
    "restriction": "legal_obligation",
    "portability": "others_rights",
    "objection": "compelling_grounds",
    "withdraw_consent": "legal_obligation",
}
"""A ground on which each right may be refused."""


def rights(clause: str, names: Iterable[str], **how: Any) -> Iterator[Scenario]:
    """The cases of rights that a text grants: each asked for and answered, refused with and without a ground."""
    for right in names:
        asked = request(right=right, **how)
        yield Scenario(clause, DUE, f"{right} is asked for", asked)
        yield Scenario(clause, KEPT, f"{right} is asked for and given", then(asked, answer(T + 24 * HOUR)))
        yield Scenario(
            clause, BROKEN, f"{right} is refused without a ground", then(asked, refusal(T + 24 * HOUR))
        )
        yield Scenario(
            clause,
            KEPT,
            f"{right} is refused on a ground the law has",
            then(asked, refusal(T + 24 * HOUR, ground=GROUND_OF[right])),
        )
        yield Scenario(
            clause,
            BROKEN,
            f"{right} is asked for and the month passes",
            then(asked, passes(at("2026-04-03 00:00"))),
        )


def channels(
    clause: str,
    admitted: Mapping[str, Iterable[str]],
    others: Mapping[str, Iterable[str]],
    *,
    strict: bool = False,
) -> Iterator[Scenario]:
    """The matrix of who asks and by which channel (X15).

    Args:
        clause: the promise.
        admitted: who asks, and the channels the text has for them.
        others: who asks, and channels that it does not have for them.
        strict: whether what comes by another channel is not processed.
    """
    for who, names in admitted.items():
        for channel in names:
            asked = request(requester=who, channel=channel)
            yield Scenario(clause, KEPT, f"{who} asks by {channel}, answered", then(asked, answer(T + HOUR)))
            yield Scenario(
                clause,
                BROKEN,
                f"{who} asks by {channel}, refused for the channel",
                then(asked, refusal(T + HOUR, ground="invalid_channel")),
            )
    for who, names in others.items():
        for channel in names:
            asked = request(requester=who, channel=channel)
            processed = BROKEN if strict else NO_EVIDENCE
            yield Scenario(
                clause, processed, f"{who} asks by {channel}, answered", then(asked, answer(T + HOUR))
            )
            yield Scenario(
                clause,
                KEPT,
                f"{who} asks by {channel}, told that it is not the way",
                then(asked, refusal(T + HOUR, ground="invalid_channel")),
            )


def forwarding(clause: str, **how: Any) -> Iterator[Scenario]:
    """The cases of a request that the processor receives: passed on before anything is answered."""
    asked = request(received_by="processor", **how)
    handed = done("request.forwarded", T + 2 * HOUR)
    yield Scenario(clause, KEPT, "passed on and then answered", then(asked, handed, answer(T + 24 * HOUR)))
    yield edge(clause, KEPT, "passed on when it is answered", then(asked, handed, answer(T + 2 * HOUR)))
    yield edge(
        clause,
        BROKEN,
        "answered an instant before it is passed on",
        then(asked, handed, answer(T + 2 * HOUR - 1)),
    )
    yield Scenario(clause, BROKEN, "answered without the controller", then(asked, answer(T + 24 * HOUR)))
    yield Scenario(
        clause, BROKEN, "never passed on, and the month passes", then(asked, passes(at("2026-04-03 00:00")))
    )
    yield Scenario(clause, NO_EVIDENCE, "the controller received it", then(request(**how), answer(T + HOUR)))


def erasure(clause: str) -> Iterator[Scenario]:
    """The cases of an erasure: verified everywhere, incomplete, mended, and data that comes after it."""
    asked = request(right="erasure")
    gone = then(asked, done("erasure.verified", T + 48 * HOUR), answer(T + 49 * HOUR))
    yield Scenario(clause, KEPT, "erased everywhere, and answered", gone)
    yield Scenario(
        clause,
        BROKEN,
        "a service does not answer",
        then(asked, answer(T + HOUR), done("erasure.incomplete", T + 48 * HOUR)),
    )
    yield Scenario(
        clause,
        KEPT,
        "a service that did not answer does later",
        then(
            asked,
            answer(T + HOUR),
            done("erasure.incomplete", T + 48 * HOUR),
            done("erasure.verified", T + 50 * HOUR),
        ),
    )
    yield edge(clause, KEPT, "processed when the erasure is verified", then(gone, call(T + 48 * HOUR)))
    yield edge(
        clause, BROKEN, "processed after the erasure was verified", then(gone, call(T + 48 * HOUR + INSTANT))
    )


def restriction(clause: str) -> Iterator[Scenario]:
    """The cases of a restriction, Art. 18(2): data is kept and not used, but for consent and claims."""
    begun = done("processing.restricted", T)
    lifted = done("restriction.lifted", T + 48 * HOUR)
    yield Scenario(clause, KEPT, "restricted, not used, lifted", then(begun, lifted))
    yield edge(clause, BROKEN, "used when the restriction begins", then(begun, call(T), lifted))
    yield edge(clause, KEPT, "used an instant before it begins", then(call(T - INSTANT), begun, lifted))
    yield edge(clause, BROKEN, "used in its last instant", then(begun, call(T + 48 * HOUR - INSTANT), lifted))
    yield edge(clause, KEPT, "used when it is lifted", then(begun, lifted, call(T + 48 * HOUR)))
    yield Scenario(
        clause, KEPT, "used for a legal claim", then(begun, call(T + HOUR, purpose="legal_claim"), lifted)
    )
    yield Scenario(
        clause, BROKEN, "it is told of only after data was used", then(call(T + HOUR), begun, lifted)
    )


def objection(clause: str, purpose: str = "sales") -> Iterator[Scenario]:
    """The cases of an objection, Art. 21: from its receipt, unless refused on a ground that allows it."""
    asked = request(right="objection", purposes=[purpose])
    sales: Mapping[str, Any] = {"purpose": purpose, "lawful_basis": "legitimate_interests"}
    honoured = answer(T + 24 * HOUR)
    yield Scenario(clause, KEPT, "objected, no more processing, answered", then(asked, honoured))
    yield edge(
        clause, KEPT, "processed an instant before it", then(call(T - INSTANT, **sales), asked, honoured)
    )
    yield edge(clause, BROKEN, "processed at its receipt", then(asked, call(T, **sales), honoured))
    yield Scenario(clause, BROKEN, "processed before it is weighed", then(asked, call(T + HOUR, **sales)))
    yield Scenario(clause, KEPT, "processed for another purpose", then(asked, call(T + HOUR), honoured))
    yield Scenario(
        clause,
        BROKEN,
        "refused on a ground that is none, and processed",
        then(asked, refusal(T + HOUR, ground="excessive"), call(T + 2 * HOUR, **sales)),
    )
