"""Which of all statements about a transfer holds at a moment, for a register. Pure.

As for judging (`ledger.aggregates.transfer_mechanism`): what facts say of a recipient and country goes before what a
document lists. Where nothing valid was stated, the last statement is shown with the time it was valid.

Source: GDPR Art. 30(1)(e), 44 to 49; X16.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ledger.aggregates.transfer_mechanism import Mechanism as TransferMechanism
from ledger.aggregates.transfer_mechanism import mechanism_valid_at
from ledger.rules.register.records import Mechanism

LISTED_BY = "policy.adopted"


class StatedMechanism(NamedTuple):
    """One statement, and the event type of the fact that makes it."""

    mechanism: Mechanism
    stated_by: str
    occurred_at: int


def in_force(stated: Iterable[StatedMechanism], at: int) -> list[Mechanism]:
    """One statement per controller, recipient and country: the one that holds.

    Args:
        stated: in the order of the log; recipients are compared without case.
        at: the moment, microseconds since the epoch, UTC. What is stated later does not hold yet.
    """
    grouped: dict[tuple[str, str, str], list[StatedMechanism]] = {}
    for each in stated:
        if each.occurred_at <= at:
            one = each.mechanism
            grouped.setdefault((one.controller, one.recipient.lower(), one.country), []).append(each)
    return [_holding(grouped[key], at) for key in sorted(grouped)]


def _holding(stated: list[StatedMechanism], at: int) -> Mechanism:
    facts = [each for each in stated if each.stated_by != LISTED_BY] or stated
    known = {
        # The place stands for the offset: it tells statements apart, and orders those that happened together.
        place: TransferMechanism(
            countries=(each.mechanism.country,),
            mechanism=each.mechanism.mechanism,
            valid_from=each.mechanism.valid_from,
            valid_until=each.mechanism.valid_until,
            occurred_at=each.occurred_at,
            offset=place,
        )
        for place, each in enumerate(facts)
        if each.mechanism.mechanism is not None
    }
    chosen = mechanism_valid_at(known.values(), facts[0].mechanism.country, at)
    if chosen is None:
        return max(facts, key=lambda each: each.occurred_at).mechanism
    return facts[chosen.at_offset].mechanism
