"""When one local day's data of one class ends, by all of a controller's rules. Pure.

Owns: the end of a day's data. The earliest of these counts: what the customer set, the rules of every adopted pack, the
end of the agreement; but a class under a legal duty has the clock of its duty only. Leaves to others: the facts and
which of them hold (`ledger.rules.retention_facts`), proofs of consent (`ledger.rules.proof`), holds, which keep data
whose end has come.

Data of day D kept N days is readable through day D+N and due from the first moment of D+N+1. A rule that came later
than that is due when it came: nobody can be late with what was not yet asked.

Source: DESIGN sections 7 and 8; GDPR Art. 5(1)(e), 28(3)(g); CF-05, CF-07, CD-31, X4.
"""

from collections.abc import Iterator

from ledger.rules.holds import Hold
from ledger.rules.periods import MICROS_MIN, Period, day_of, first_moment_after, first_moment_of, last_day
from ledger.rules.policy_pack import Action, RetentionRule, Start
from ledger.rules.proof import ConsentFact, proof_ends
from ledger.rules.retention_facts import (
    Adoption,
    ControllerRules,
    End,
    HoldingRule,
    Setting,
    Termination,
    duty_end,
    rule_end,
)

__all__ = [
    "Adoption",
    "ConsentFact",
    "ControllerRules",
    "End",
    "Hold",
    "Setting",
    "Termination",
    "epoch_end",
    "proof_ends",
    "setting_holds",
]

LEDGER = "ledger"
CUSTOMER = "customer"
"""Where a period comes from that no pack has."""

SETTING_DAYS_MAX = 365
"""CF-07: the customer sets 0 to 365 days."""

CONSENT_PROOF = "consent_proof"

NEVER_SET = frozenset(
    {CONSENT_PROOF, "request_confirmation", "account", "access_log", "content_check", "rejected_input"}
)
"""Classes a customer has no say in: what shows that the law was kept, and what the ledger keeps of its own."""

CHOSEN = frozenset({"delete", "return_and_delete"})
"""Choices at the end of an agreement that end the data with it. What is returned only is deleted as if nothing was
chosen, so that there is time to return it."""


def _default(entry: str, retention_class: str, period: Period, starts: Start = Start.EVENT) -> HoldingRule:
    rule = RetentionRule(
        entry=entry, article="", retention_class=retention_class, period=period, starts=starts
    )
    return HoldingRule(rule, LEDGER, since=MICROS_MIN)


DEFAULTS = {
    # A publisher repeats a fact within days; a year covers a repeat from a back-up.
    "content_check": _default("content-check", "content_check", Period(years=1)),
    # Long enough to repair and send again; the input may hold anything.
    "rejected_input": _default("rejected-input", "rejected_input", Period(days=30)),
    # As long as the trail shows the access, GDPR Art. 5(2).
    "access_log": _default("access-log", "access_log", Period(years=5)),
    # MB-36: as long as sanctions are possible; the duty is everybody's.
    "request_confirmation": _default(
        "request-confirmation", "request_confirmation", Period(years=5), Start.REQUEST_FULFILLED
    ),
}
"""The ledger's own rules, for classes no adopted pack names."""

AGREEMENT_END_DEFAULT = _default("agreement-end", "*", Period(months=3), Start.AGREEMENT_END)
"""When the controller says nothing and no pack says how long: three months, the longest of those that do (CF-05).
Silence must not mean keep for ever (X4)."""

AGREEMENT_END_CHOSEN = _default("agreement-end-chosen", "*", Period(), Start.AGREEMENT_END)
"""When the controller chose deletion: at once, GDPR Art. 28(3)(g)."""


def epoch_end(rules: ControllerRules, retention_class: str, day: int) -> End | None:
    """When one local day's data of one class is due.

    Args:
        rules: everything the controller's facts say.
        retention_class: a class of the ledger.
        day: days since 1970-01-01, local.

    Returns:
        None when no period is known, and for proofs of consent: each ends by itself, see `proof_ends`.
    """
    if retention_class == CONSENT_PROOF:
        return None
    default = DEFAULTS.get(retention_class)
    if retention_class in rules.duties:
        return duty_end(rules, retention_class, day, default)
    ends = [
        *_set_ends(rules, retention_class, day),
        *_clock_ends(rules, retention_class, day),
        *_agreement_ends(rules, retention_class, day),
    ]
    if default is not None and not rules.own(retention_class):
        ends.append(rule_end(default, day))
    return min(ends, key=_ended_at, default=None)


def setting_holds(retention_class: str, days: int) -> bool:
    """Whether a customer's setting counts: 0 to 365 days, on a class it has a say in."""
    return 0 <= days <= SETTING_DAYS_MAX and retention_class not in NEVER_SET


def _ended_at(end: End) -> int:
    return end.ended_at


def _set_ends(rules: ControllerRules, retention_class: str, day: int) -> Iterator[End]:
    """One end for each setting that acts on the day: that in force when it began, and every later one.

    So shortening acts on what is there, and lengthening only on days that begin after it.
    """
    settings = sorted(
        (
            one
            for one in rules.settings
            if one.retention_class == retention_class and setting_holds(retention_class, one.days)
        ),
        key=lambda one: one.at,
    )
    begins = first_moment_of(day)
    in_force = [one for one in settings if one.at < begins][-1:]
    for one in (*in_force, *(one for one in settings if one.at >= begins)):
        due = first_moment_after(last_day(day, Period(days=one.days)))
        yield End(max(due, one.at), str(Period(days=one.days)), Start.EVENT, CUSTOMER, Action.DESTROY)


def _clock_ends(rules: ControllerRules, retention_class: str, day: int) -> Iterator[End]:
    for one in rules.holding:
        if one.rule.starts is not Start.AGREEMENT_END and one.rule.covers(retention_class):
            yield rule_end(one, day)


def _agreement_ends(rules: ControllerRules, retention_class: str, day: int) -> Iterator[End]:
    covering = [
        one
        for one in rules.holding
        if one.rule.starts is Start.AGREEMENT_END and one.rule.covers(retention_class)
    ]
    for termination in rules.ended:
        if rules.renewed_since(termination.ends_at, day):
            continue
        chosen = termination.choice in CHOSEN
        promised = [one for one in covering if chosen or not one.rule.on_choice]
        if chosen and not any(one.rule.on_choice for one in promised):
            promised.append(AGREEMENT_END_CHOSEN)
        # What still came in after the end is never due before its own day is over.
        not_before = max(first_moment_after(day), termination.at)
        for one in promised or [AGREEMENT_END_DEFAULT]:
            end = rule_end(one, day_of(termination.ends_at))
            yield end._replace(ended_at=max(end.ended_at, not_before))
