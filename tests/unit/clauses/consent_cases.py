"""The cases of consent: how it is given, what shows it, what rests on it, and its withdrawal."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.unit.clauses.moments import HOUR, INSTANT
from tests.unit.clauses.scenarios import BROKEN, KEPT, NO_EVIDENCE, Scenario, edge, then
from tests.unit.clauses.stories import T, done


def withdrawal(clause: str, purpose: str = "marketing") -> Iterator[Scenario]:
    """The cases of a withdrawn consent: no effect on the past, at once on what is to come."""
    given = done("consent.given", T, purpose=purpose)
    rests: Mapping[str, Any] = {"purpose": purpose, "lawful_basis": "consent"}
    taken = done("consent.withdrawn", T + 24 * HOUR, purpose=purpose)
    yield Scenario(clause, KEPT, "withdrawn, and nothing more is done", then(given, taken))
    yield edge(
        clause,
        KEPT,
        "done an instant before the withdrawal",
        then(given, done("message.sent", T + 24 * HOUR - INSTANT, **rests), taken),
    )
    yield edge(
        clause,
        BROKEN,
        "done at the moment of the withdrawal",
        then(given, taken, done("message.sent", T + 24 * HOUR, **rests)),
    )
    yield Scenario(
        clause, BROKEN, "done the day after", then(given, taken, done("message.sent", T + 48 * HOUR, **rests))
    )
    yield Scenario(
        clause,
        BROKEN,
        "the withdrawal reaches the ledger after what was done",
        then(given, done("message.sent", T + 48 * HOUR, **rests), taken),
    )
    yield Scenario(
        clause,
        KEPT,
        "given anew after the withdrawal",
        then(
            given,
            taken,
            done("consent.given", T + 30 * HOUR, purpose=purpose),
            done("message.sent", T + 48 * HOUR, **rests),
        ),
    )


def consent_basis(clause: str) -> Iterator[Scenario]:
    """The cases of what rests on consent: one is in force when it happens."""
    rests: Mapping[str, Any] = {"purpose": "marketing", "lawful_basis": "consent"}
    given = done("consent.given", T)
    yield Scenario(clause, KEPT, "done after consent", then(given, done("message.sent", T + HOUR, **rests)))
    yield Scenario(clause, BROKEN, "done without any consent", done("message.sent", T + HOUR, **rests))
    yield edge(clause, KEPT, "done at the moment of consent", then(given, done("message.sent", T, **rests)))
    yield edge(
        clause, BROKEN, "done an instant before", then(given, done("message.sent", T - INSTANT, **rests))
    )
    yield Scenario(
        clause,
        BROKEN,
        "consent was refused",
        then(done("consent.refused", T), done("message.sent", T + HOUR, **rests)),
    )
    yield Scenario(
        clause,
        KEPT,
        "the consent reaches the ledger after what was done on it",
        then(done("message.sent", T + HOUR, **rests), given),
    )
    expiring = done("consent.given", T, expires_at=T + 24 * HOUR)
    yield edge(
        clause,
        KEPT,
        "done in the last instant before the consent expires",
        then(expiring, done("message.sent", T + 24 * HOUR - INSTANT, **rests)),
    )
    yield edge(
        clause,
        BROKEN,
        "done when the consent expires",
        then(expiring, done("message.sent", T + 24 * HOUR, **rests)),
    )


def consent_given(
    clause: str, category: str, good: Mapping[str, Any], bad: Mapping[str, Any], purpose: str = "marketing"
) -> Iterator[Scenario]:
    """The cases of how a consent is given."""
    about: Mapping[str, Any] = {"category": category, "purpose": purpose}
    yield Scenario(clause, KEPT, "given as asked", done("consent.given", T, **about, **good))
    yield Scenario(clause, BROKEN, "given otherwise", done("consent.given", T, **about, **bad))
    other = "analytical" if category == "service" else "service"
    yield Scenario(
        clause,
        NO_EVIDENCE,
        "a consent of another category",
        done("consent.given", T, **{**about, "category": other}, **bad),
    )


def proof(clause: str) -> Iterator[Scenario]:
    """The cases of what shows a consent: version, hash and language of what the person agreed to."""
    yield Scenario(clause, BROKEN, "no version of the notice", done("consent.given", T, notice_version=None))
    yield Scenario(clause, BROKEN, "no hash of what was shown", done("consent.given", T, notice_hash=None))
    yield Scenario(clause, BROKEN, "no language", done("consent.given", T, language=None))
