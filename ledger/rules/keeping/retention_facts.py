"""What a controller's facts say about how long its data is kept. Pure.

Owns: the facts and which of them hold: the latest adoption of each pack, the latest statement about each agreement,
the duties, the rules of a class. Leaves to others: when a day's data ends (`ledger.rules.keeping.retention`), when a
proof ends (`ledger.rules.keeping.proof`).

Facts are given in any order; of two that happened at the same moment the later given holds, so callers give them in
log order. Times are microseconds since the epoch, UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from ledger.rules.calendar.periods import MICROS_MIN, Period, day_of, first_moment_after, last_day
from ledger.rules.keeping.holds import Hold
from ledger.rules.packs.policy_pack import OTHER_REGIONS, Duty, PolicyPack, RetentionRule, Start

DEFAULT_DUTIES = {
    duty.retention_class: duty
    for duty in (
        Duty(
            entry="consent-proof",
            article="GDPR Art. 7(1)",
            retention_class="consent_proof",
            until=Period(years=5),
            text="The controller must be able to show that consent was given.",
        ),
        Duty(
            entry="request-confirmation",
            article="GDPR Art. 5(2)",
            retention_class="request_confirmation",
            until=Period(years=5),
            text="The controller must be able to show that a request was honoured.",
        ),
    )
}
"""Duties that bind every controller, for classes where no adopted pack names one."""


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """A pack a controller adopted, with the region it operates in; `at` is when."""

    pack: PolicyPack
    region: str | None = None
    at: int

    def rules(self) -> Iterable[RetentionRule]:
        """The pack's rules that hold in the region. Without a region all do, so that the shortest period holds."""
        named = {rule.region for rule in self.pack.retention}
        region = self.region if self.region is None or self.region in named else OTHER_REGIONS
        return (
            rule for rule in self.pack.retention if None in {rule.region, region} or rule.region == region
        )


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Whole local days after the day of the event, set by the customer at a moment (CF-07)."""

    retention_class: str
    days: int
    at: int


@dataclass(frozen=True, kw_only=True)
class Termination:
    """The end of an agreement and the controller's choice: return, delete, return_and_delete or silent.

    `at` is when it was said: of one agreement the latest statement holds.
    """

    ends_at: int
    choice: str
    agreement_id: str = ""
    at: int = MICROS_MIN


LEDGER = "ledger"
"""Where a period comes from that no pack has."""


class HoldingRule(NamedTuple):
    """A rule with the id of its pack and the moment it has held since."""

    rule: RetentionRule
    pack: str
    since: int


@dataclass(frozen=True, kw_only=True)
class ControllerRules:
    """Everything one controller's facts say about how long its data is kept.

    `returned`: when all of the controller's data was exported because its agreement ends.
    """

    adoptions: tuple[Adoption, ...] = ()
    settings: tuple[Setting, ...] = ()
    terminations: tuple[Termination, ...] = ()
    returned: tuple[int, ...] = ()
    holds: tuple[Hold, ...] = ()

    def known_at(self, moment: int) -> "ControllerRules":
        """The same without facts that happen later: what a publisher dates in the future does not act yet."""
        return replace(
            self,
            adoptions=tuple(one for one in self.adoptions if one.at <= moment),
            settings=tuple(one for one in self.settings if one.at <= moment),
            terminations=tuple(one for one in self.terminations if one.at <= moment),
            returned=tuple(at for at in self.returned if at <= moment),
            holds=tuple(one for one in self.holds if one.placed_at <= moment),
        )

    @cached_property
    def adopted(self) -> tuple[Adoption, ...]:
        """The latest adoption of each pack, by pack id."""
        latest = {one.pack.id: one for one in sorted(self.adoptions, key=lambda one: one.at)}
        return tuple(latest[pack] for pack in sorted(latest))

    @cached_property
    def ended(self) -> tuple[Termination, ...]:
        """The latest statement about each agreement."""
        latest = {one.agreement_id: one for one in sorted(self.terminations, key=lambda one: one.at)}
        return tuple(latest[agreement] for agreement in sorted(latest))

    @cached_property
    def duties(self) -> Mapping[str, Duty]:
        """The duty to keep each class, of the packs or of `DEFAULT_DUTIES`; of several the one that lasts longest."""
        found: dict[str, Duty] = {}
        for adoption in self.adopted:
            for duty in adoption.pack.duties:
                known = found.get(duty.retention_class)
                if known is None or last_day(0, duty.until) > last_day(0, known.until):
                    found[duty.retention_class] = duty
        return {**DEFAULT_DUTIES, **found}

    def packs_bound_to_keep(self, retention_class: str) -> frozenset[str]:
        """The adopted packs that name a duty to keep a class."""
        return frozenset(
            adoption.pack.id
            for adoption in self.adopted
            if any(duty.retention_class == retention_class for duty in adoption.pack.duties)
        )

    @cached_property
    def holding(self) -> tuple[HoldingRule, ...]:
        """The rules of the adopted packs that hold and have a period."""
        return tuple(
            HoldingRule(rule, adoption.pack.id, self._since(adoption, rule))
            for adoption in self.adopted
            for rule in adoption.rules()
            if rule.period is not None
        )

    def renewed_since(self, moment: int, day: int) -> bool:
        """Whether a policy was adopted after a moment and by a day: then data from there on is of a new agreement."""
        return any(one.at > moment and day_of(one.at) <= day for one in self.adoptions)

    def own(self, retention_class: str) -> list[HoldingRule]:
        """The rules that give a class a clock of its own, which the end of the agreement is not."""
        return [
            one
            for one in self.holding
            if one.rule.retention_class == retention_class and one.rule.starts is not Start.AGREEMENT_END
        ]

    def _since(self, adoption: Adoption, rule: RetentionRule) -> int:
        # A pack adopted anew with the same rule does not start it anew: what was due before stays due.
        since = adoption.at
        for earlier in sorted(self.adoptions, key=lambda one: one.at, reverse=True):
            if earlier.pack.id == adoption.pack.id:
                if rule not in earlier.rules():
                    break
                since = earlier.at
        return since


class End(NamedTuple):
    """When data is due, and why.

    Attributes:
        ended_at: the first moment it may not be there any more, microseconds since the epoch, UTC.
        period: ISO 8601.
        starts: what started the clock, a `Start`.
        rule: pack:entry, ledger:entry for the ledger's own defaults, or customer.
        action: what the end means, an `Action`.
    """

    ended_at: int
    period: str
    starts: str
    rule: str
    action: str


def ledger_rule(entry: str, retention_class: str, period: Period, starts: Start = Start.EVENT) -> HoldingRule:
    """A rule of the ledger's own, which has always held."""
    rule = RetentionRule(
        entry=entry, article="", retention_class=retention_class, period=period, starts=starts
    )
    return HoldingRule(rule, LEDGER, since=MICROS_MIN)


def rule_end(holding: HoldingRule, start_day: int) -> End:
    """When a rule ends what started on a local day, at the earliest when the rule itself began to hold."""
    rule, pack, since = holding
    period = rule.period or Period()
    due = first_moment_after(last_day(start_day, period))
    return End(max(due, since), str(period), rule.starts, f"{pack}:{rule.entry}", rule.action)


def duty_end(
    rules: ControllerRules, retention_class: str, start_day: int, default: HoldingRule | None
) -> End | None:
    """When a class that is kept under a duty ends.

    A duty is not shortened by the promise of another document: only the packs that name the duty count, and of
    several the longest. Without one it is the earliest of the class's own rules, or the default.
    """
    own = rules.own(retention_class)
    bound = [one for one in own if one.pack in rules.packs_bound_to_keep(retention_class)]
    if bound:
        return max(rule_end(one, start_day) for one in bound)
    defaults = [default] if default is not None else []
    return min((rule_end(one, start_day) for one in own or defaults), default=None)
