"""When one local day's data of one class ends, by all of a controller's rules. Pure.

Owns: the end of a day's data. The earliest of these counts: what the customer set, the rules of every adopted pack,
the end of the agreement; but a class under a legal duty has the clock of its duty only. Leaves to others: the facts
and which of them hold (`ledger.rules.keeping.retention_facts`), the end of the agreement
(`ledger.rules.keeping.agreement_end`), proofs of consent (`ledger.rules.keeping.proof`), holds, which keep data whose
end has come.

Data of day D kept N days is readable through day D+N and due from the first moment of D+N+1. A rule that came later
than that is due when it came: nobody can be late with what was not yet asked.

Source: DESIGN sections 7 and 8; GDPR Art. 5(1)(e); CF-07.
"""

from collections.abc import Iterator
from itertools import chain

from ledger.rules.calendar.periods import Period, first_moment_after, first_moment_of, last_day
from ledger.rules.keeping.agreement_end import agreement_ends, promised_agreement_ends
from ledger.rules.keeping.holds import Hold
from ledger.rules.keeping.proof import ConsentFact, proof_ends
from ledger.rules.keeping.retention_facts import (
    Adoption,
    ControllerRules,
    End,
    Setting,
    Termination,
    duty_end,
    ledger_rule,
    rule_end,
)
from ledger.rules.packs.policy_pack import Action, Start

__all__ = [
    "Adoption",
    "ConsentFact",
    "ControllerRules",
    "End",
    "Hold",
    "Setting",
    "Termination",
    "ends_by_rule",
    "epoch_end",
    "proof_ends",
    "setting_holds",
]

CUSTOMER = "customer"
"""Where a period comes from that the customer set."""

SETTING_DAYS_MAX = 365
"""CF-07: the customer sets 0 to 365 days."""

CONSENT_PROOF = "consent_proof"

NEVER_SET = frozenset(
    {CONSENT_PROOF, "request_confirmation", "account", "access_log", "content_check", "rejected_input"}
)
"""Classes a customer has no say in: what shows that the law was kept, and what the ledger keeps of its own."""

DEFAULTS = {
    # A publisher repeats a fact within days; a year covers a repeat from a back-up.
    "content_check": ledger_rule("content-check", "content_check", Period(years=1)),
    # Long enough to repair and send again; the input may hold anything.
    "rejected_input": ledger_rule("rejected-input", "rejected_input", Period(days=30)),
    # As long as the trail shows the access, GDPR Art. 5(2).
    "access_log": ledger_rule("access-log", "access_log", Period(years=5)),
    # MB-36: as long as sanctions are possible; the duty is everybody's.
    "request_confirmation": ledger_rule(
        "request-confirmation", "request_confirmation", Period(years=5), Start.REQUEST_FULFILLED
    ),
}
"""The ledger's own rules, for classes no adopted pack names."""


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
        *agreement_ends(rules, retention_class, day),
    ]
    if default is not None and not rules.own(retention_class):
        ends.append(rule_end(default, day))
    return min(ends, key=_ended_at, default=None)


def ends_by_rule(rules: ControllerRules, retention_class: str, day: int) -> dict[str, int]:
    """When one local day's data of one class is due by each rule that is about it: of one rule the earliest end.

    The one that comes first ends the data (`epoch_end`), and keeps what the others promise as well.

    Args:
        rules, retention_class, day: as for `epoch_end`.

    Returns:
        By pack:entry, ledger:entry or customer. Of a class under a duty, that of its clock alone.
    """
    if retention_class in rules.duties:
        end = epoch_end(rules, retention_class, day)
        return {} if end is None else {end.rule: end.ended_at}
    found: dict[str, int] = {}
    for end in chain(
        _set_ends(rules, retention_class, day),
        _clock_ends(rules, retention_class, day),
        promised_agreement_ends(rules, retention_class, day),
    ):
        found[end.rule] = min(end.ended_at, found.get(end.rule, end.ended_at))
    return found


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
