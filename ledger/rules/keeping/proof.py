"""When the proof of a consent ends: by default five years after the consent stopped being relied on. Pure.

The proof is the fact's personal fields, each fact's under a key of its own. One person's changes of consent for one
purpose are read as episodes. An episode begins with a consent that is given, and stops at the earliest of

- the next change for the purpose: withdrawn, refused, or given anew,
- its own expiry,
- the end of the relationship: the agreement's, or the erasure of the person, whom nothing is processed of any more.

Then the clock of its record starts. A record of withdrawal or refusal starts its own clock when it is made, whether an
episode ended with it or not.

Source: GDPR Art. 7(1), 7(3); MB-34.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from ledger.rules.calendar.periods import MICROS_MIN, Period, day_of
from ledger.rules.keeping.retention_facts import ControllerRules, End, HoldingRule, duty_end
from ledger.rules.packs.policy_pack import RetentionRule, Start

CONSENT_PROOF = "consent_proof"
GIVEN = "given"

DEFAULT_PROOF_PERIOD = Period(years=5)
"""When no adopted pack says how long: MB-34, the only text that says."""

_DEFAULT = HoldingRule(
    RetentionRule(
        entry="consent-proof",
        article="MB-34",
        retention_class=CONSENT_PROOF,
        period=DEFAULT_PROOF_PERIOD,
        starts=Start.CONSENT_END,
    ),
    "ledger",
    since=MICROS_MIN,
)


class ConsentFact(NamedTuple):
    """One change of consent of one person for one purpose: given, refused or withdrawn.

    `fact` is the fact's key; `expires_at` is the consent's own expiry, None when it has none.
    """

    fact: UUID
    state: str
    occurred_at: int
    expires_at: int | None = None


def proof_ends(
    changes: Sequence[ConsentFact], rules: ControllerRules, erased_at: int | None = None
) -> dict[UUID, End]:
    """The end of the proof of each fact about one person's consent for one purpose.

    Args:
        changes: in any order; of two at the same moment the later given is the later change.
        rules: everything the controller's facts say.
        erased_at: when the erasure of the person was decided, microseconds since the epoch, UTC; None without one.

    Returns:
        By fact. A consent that is relied on, with no end known, is not in it. One with an expiry to come is: a change
        before it moves the end.
    """
    ends = {}
    for change, stop in _stops(sorted(changes, key=lambda one: one.occurred_at), rules, erased_at):
        end = duty_end(rules, CONSENT_PROOF, day_of(stop), _DEFAULT)
        if end is not None:
            ends[change.fact] = end
    return ends


def _stops(
    ordered: Sequence[ConsentFact], rules: ControllerRules, erased_at: int | None
) -> Iterator[tuple[ConsentFact, int]]:
    """Each change whose clock has a start, with the moment of it."""
    for change, following in zip(ordered, [*ordered[1:], None], strict=False):
        if change.state != GIVEN:
            yield change, change.occurred_at
            continue
        stops = list(_relationship_ends(change, rules))
        if following is not None:
            stops.append(following.occurred_at)
        if change.expires_at is not None:
            stops.append(change.expires_at)
        if erased_at is not None and change.occurred_at <= erased_at:
            stops.append(erased_at)
        if stops:
            # An expiry or an end before the consent was given: it was never relied on, but its record is there.
            yield change, max(change.occurred_at, min(stops))


def _relationship_ends(change: ConsentFact, rules: ControllerRules) -> Iterator[int]:
    given_on = day_of(change.occurred_at)
    for termination in rules.ended:
        if not rules.renewed_since(termination.ends_at, given_on):
            yield termination.ends_at
