"""A disclosure to an authority: what it demanded, and what the provider decided. Pure.

Owns: the facts of a demand and what they state. Leaves to others: whether the conditions held
(`ledger.rules.contracts.disclosure_rules`); what was handed over about whom, a fact about each person, data.disclosed.

Source: OBLIGATIONS MB-25, CF-04, CT-08; `schemas/disclosure.*`. Times are microseconds since the epoch, UTC.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from ledger.aggregates.cases import DISCLOSURE, Case, CaseFact, Stated
from ledger.aggregates.open_fields import reader
from ledger.aggregates.stating_fact import StatingFact
from ledger.entry import Entry

REFUSED = "refused"
"""The outcome by which nothing is handed over; the others are disclosed and partly_disclosed."""


class Demand(Stated, frozen=True, kw_only=True):
    """An authority demanded data: the conditions of MB-25, as far as they were seen to hold."""

    demand_kind: str
    from_public_body: bool
    within_jurisdiction: bool
    enforceable: bool
    states_categories: bool
    states_period: bool


class Decision(Stated, frozen=True, kw_only=True):
    """The provider decided: disclosed, partly_disclosed or refused."""

    outcome: str
    conditions_checked: bool
    controller_informed: bool


class _Demanded(msgspec.Struct, frozen=True, kw_only=True):
    demand_kind: str
    from_public_body: bool
    within_jurisdiction: bool
    enforceable: bool
    states_categories: bool
    states_period: bool


class _Decided(msgspec.Struct, frozen=True, kw_only=True):
    outcome: str
    conditions_checked: bool
    controller_informed: bool


_demanded = reader(_Demanded)
_decided = reader(_Decided)


def read_demand(entry: Entry, offset: int | None) -> Demand | None:
    """What disclosure.demanded states."""
    said = _demanded(entry.open_fields)
    if said is None:
        return None
    return Demand(occurred_at=entry.occurred_at, offset=offset, **msgspec.structs.asdict(said))


def read_decision(entry: Entry, offset: int | None) -> Decision | None:
    """What disclosure.decided states."""
    said = _decided(entry.open_fields)
    if said is None:
        return None
    return Decision(occurred_at=entry.occurred_at, offset=offset, **msgspec.structs.asdict(said))


class DisclosureFact(StatingFact):
    """A fact of a demand for data."""

    CASE = DISCLOSURE.kind


class DisclosureDemanded(DisclosureFact):
    """An authority demanded data."""

    TOPIC = "disclosure.demanded"
    HISTORY = "demands"
    READ = staticmethod(read_demand)


class DisclosureDecided(DisclosureFact):
    """The provider decided on the demand."""

    TOPIC = "disclosure.decided"
    HISTORY = "decisions"
    READ = staticmethod(read_decision)


DISCLOSURE_FACTS: Mapping[str, type[CaseFact]] = {
    "disclosure.demanded": DisclosureDemanded,
    "disclosure.decided": DisclosureDecided,
}
"""Stored name, which is also event type, to event class. The names are for ever; the classes may move."""


class Disclosure(Case):
    """One demand of an authority, for data of one controller.

    Attributes:
        demands, decisions: what was stated, by when it happened. A demand can be made anew, and decided on anew.
    """

    KIND = DISCLOSURE.kind
    TOPIC = "disclosure.v1"
    FACTS = DISCLOSURE_FACTS
    STATEMENTS: ClassVar[Mapping[str, type[Stated]]] = {"decisions": Decision, "demands": Demand}

    demands: list[Demand]
    decisions: list[Decision]
