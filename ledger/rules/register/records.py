"""Records of processing activities: Art. 30(1) of a controller, Art. 30(2) of its processor, from the facts. Pure.

Owns: which facts a register is made of. Leaves to others: what no fact says (`ledger.rules.register.register_gaps`),
fetching (`ledger.store.register`), printing (`ledger.cli.register`).

A controller's register has every activity that facts name it for, also those a processor carried out for it; a
processor's has those that it carried out as processor, per controller. A mere conduit has none (MB-05).

Source: GDPR Art. 30(1) and 30(2); CB-08, CB-09. Times are microseconds since the epoch, UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ledger.rules.calendar.periods import day_of
from ledger.rules.keeping.retention import CONSENT_PROOF, DEFAULTS, ControllerRules, epoch_end
from ledger.rules.keeping.retention_facts import LEDGER
from ledger.rules.packs.policy_pack import Start


class RegisterRole(StrEnum):
    """Whose register: Art. 30(1) or 30(2)."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


ROLES_OF = {
    RegisterRole.CONTROLLER: frozenset({"controller", "joint", "processor"}),
    RegisterRole.PROCESSOR: frozenset({"processor"}),
}
"""Register -> the roles of facts that are in it."""

CONTROLLER, JOINT, REPRESENTATIVE, DPO, PROCESSOR = (
    "controller",
    "joint_controller",
    "representative",
    "dpo",
    "processor",
)
"""Parties as `party.registered` names them."""


class Aspect(NamedTuple):
    """A value that an entry shows of an activity, with the first entry that does."""

    controller: str
    role: str
    purpose: str
    lawful_basis: str
    aspect: str
    value: str
    partition: int
    offset: int


class Party(NamedTuple):
    """Who is who, as it was registered last."""

    controller: str
    party: str
    name: str
    contact: str
    country: str
    address: str | None
    partition: int
    offset: int


class Measures(NamedTuple):
    """Technical and organisational measures, as they were described last."""

    controller: str
    measures: Sequence[str]
    description: str
    partition: int
    offset: int


class Mechanism(NamedTuple):
    """A statement of what transfers to a recipient in a country rest on."""

    controller: str
    recipient: str
    country: str
    mechanism: str | None
    valid_from: int | None
    valid_until: int | None
    safeguards: str | None
    partition: int
    offset: int

    def valid_at(self, moment: int) -> bool:
        """Whether it rests on something that is valid then."""
        return (
            self.mechanism not in {None, "none"}
            and (self.valid_from is None or self.valid_from <= moment)
            and (self.valid_until is None or moment < self.valid_until)
        )


class ShownTransfer(NamedTuple):
    """A third country that entries show data to go to."""

    controller: str
    role: str
    recipient: str
    country: str
    shown_as: str
    partition: int
    offset: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that registers are made of, of any controllers."""

    aspects: Sequence[Aspect] = ()
    parties: Sequence[Party] = ()
    measures: Sequence[Measures] = ()
    mechanisms: Sequence[Mechanism] = ()
    transfers: Sequence[ShownTransfer] = ()


class AfterAgreement(NamedTuple):
    """What holds for a class when the agreement ends; with `on_choice` only when the controller chooses deletion."""

    period: str
    rule: str
    on_choice: bool


class ErasureLimit(NamedTuple):
    """When data of a class goes; `period` None when nothing ends it. `rule` is pack:entry, ledger:entry or customer."""

    retention_class: str
    period: str | None
    starts: str | None
    rule: str | None
    after_agreement: tuple[AfterAgreement, ...] = ()


class Activity(NamedTuple):
    """One activity: Art. 30(1)(b) to (f), or a category of processing of 30(2)(b)."""

    role: str
    purpose: str
    lawful_basis: str
    subject_categories: tuple[str, ...]
    data_categories: tuple[str, ...]
    recipients: tuple[str, ...]
    storage_countries: tuple[str, ...]
    processing_countries: tuple[str, ...]
    transfers: tuple[Mechanism | ShownTransfer, ...]
    erasure_limits: tuple[ErasureLimit, ...]
    event_types: tuple[str, ...]
    entries: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Register:
    """One controller's part of a register, as of a moment; what is missing is for `register_gaps`."""

    role: RegisterRole
    controller: str
    at: int
    parties: Mapping[str, Sequence[Party]]
    activities: Sequence[Activity]
    transfers: Sequence[Mechanism | ShownTransfer]
    measures: Measures | None


def make_register(
    role: RegisterRole, controller: str, facts: Facts, rules: ControllerRules, at: int
) -> Register:
    """One controller's part of the register of controllers, or of its processor.

    Args:
        role: whose register.
        controller: a controller that facts name.
        facts: of any controllers.
        rules: the controller's rules about how long data is kept, as of the moment.
        at: the moment it is asked for.
    """
    aspects = [one for one in facts.aspects if one.controller == controller and one.role in ROLES_OF[role]]
    mechanisms = [one for one in facts.mechanisms if one.controller == controller]
    shown = [one for one in facts.transfers if one.controller == controller and one.role in ROLES_OF[role]]
    activities = _activities(aspects, mechanisms, shown, rules, at)
    parties = _parties(one for one in facts.parties if one.controller == controller)
    measures = next((one for one in facts.measures if one.controller == controller), None)
    transfers: list[Mechanism | ShownTransfer] = [
        one for one in mechanisms if any(one in activity.transfers for activity in activities)
    ]
    transfers += shown
    return Register(
        role=role,
        controller=controller,
        at=at,
        parties=parties,
        activities=activities,
        transfers=transfers,
        measures=measures,
    )


def controllers_of(role: RegisterRole, facts: Facts) -> list[str]:
    """The controllers whose processing is in a register, by name."""
    named = {one.controller for one in facts.aspects if one.role in ROLES_OF[role]}
    if role is RegisterRole.CONTROLLER:
        named |= {one.controller for one in facts.parties if one.party == CONTROLLER}
    return sorted(named)


def _activities(
    aspects: Sequence[Aspect],
    mechanisms: Sequence[Mechanism],
    shown: Sequence[ShownTransfer],
    rules: ControllerRules,
    at: int,
) -> list[Activity]:
    grouped: dict[tuple[str, str, str], list[Aspect]] = {}
    for one in aspects:
        grouped.setdefault((one.purpose, one.lawful_basis, one.role), []).append(one)
    activities = []
    for (purpose, lawful_basis, role), found in sorted(grouped.items()):
        values = _values(found)
        recipients = values.get("recipient", ())
        names = {name.lower() for name in recipients}
        storage = values.get("storage_country", ())
        countries = {*storage, *values.get("processing_country", ())}
        activities.append(
            Activity(
                role=role,
                purpose=purpose,
                lawful_basis=lawful_basis,
                subject_categories=values.get("subject_category", ()),
                data_categories=values.get("data_category", ()),
                recipients=recipients,
                storage_countries=storage,
                processing_countries=values.get("processing_country", ()),
                transfers=(
                    *(one for one in mechanisms if one.recipient.lower() in names),
                    *(one for one in shown if one.country in countries or one.recipient.lower() in names),
                ),
                erasure_limits=tuple(
                    erasure_limit(rules, name, at) for name in values.get("retention_class", ())
                ),
                event_types=values.get("event_type", ()),
                entries=tuple(sorted({(one.partition, one.offset) for one in found})),
            )
        )
    return activities


def _values(aspects: Iterable[Aspect]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for one in aspects:
        found.setdefault(one.aspect, set()).add(one.value)
    return {aspect: tuple(sorted(values)) for aspect, values in found.items()}


def erasure_limit(rules: ControllerRules, retention_class: str, at: int) -> ErasureLimit:
    """How long data of a class that comes in on the day of a moment is kept, by the rules known then."""
    known = rules.known_at(at)
    after = tuple(
        AfterAgreement(str(one.rule.period), f"{one.pack}:{one.rule.entry}", one.rule.on_choice)
        for one in known.holding
        if one.rule.starts is Start.AGREEMENT_END and one.rule.covers(retention_class)
    )
    if retention_class == CONSENT_PROOF:
        own = known.own(CONSENT_PROOF)
        period, rule = (
            (str(own[0].rule.period), f"{own[0].pack}:{own[0].rule.entry}")
            if own
            else (str(known.duties[CONSENT_PROOF].until), f"{LEDGER}:{known.duties[CONSENT_PROOF].entry}")
        )
        return ErasureLimit(retention_class, period, Start.CONSENT_END.value, rule)
    end = epoch_end(known, retention_class, day_of(at))
    if end is None:
        return ErasureLimit(retention_class, None, None, None, after)
    kept = after if retention_class not in known.duties and retention_class not in DEFAULTS else ()
    return ErasureLimit(retention_class, end.period, end.starts, end.rule, kept)


def _parties(parties: Iterable[Party]) -> dict[str, list[Party]]:
    found: dict[str, list[Party]] = {}
    for one in parties:
        found.setdefault(one.party, []).append(one)
    return found
