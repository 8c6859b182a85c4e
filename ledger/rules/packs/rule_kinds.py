"""Every kind of promise by its name, and which findings, marks and deadlines count for an entry of it. Pure.

Owns: the registry. Leaves to others: the kinds themselves (`kinds_of_*`), reading packs
(`ledger.rules.packs.pack_reader`), judging (`ledger.rules.processing.judgement`, `personal`, `cases`, `requests`),
verdicts (`ledger promises`).

A finding, a mark or a deadline counts for an entry when its code, mark or name is one of the kind's and its rule is
the entry itself, pack:entry, or empty: then it is the law that was broken or kept, and the promise with it, unless it
is about something else than the entry.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ledger.rules.findings import ABOUT_SEPARATOR
from ledger.rules.packs.kinds_of_cases import AUDITS, BREACHES, PEOPLE
from ledger.rules.packs.kinds_of_keeping import CONSENT, KEEPING
from ledger.rules.packs.kinds_of_processing import AGREED, BY_WHOM, WHAT_FOR
from ledger.rules.packs.policy_pack import PackEntry
from ledger.rules.packs.rule_kind import Parameter, RuleKind, Shape

__all__ = [
    "LAW_CODES",
    "RULE_KINDS",
    "TEXT_ONLY",
    "Parameter",
    "RuleKind",
    "Shape",
    "concerns",
    "deadlines_of",
]

TEXT_ONLY = "text_only"

RULE_KINDS: Mapping[str, RuleKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (*KEEPING, *CONSENT, *WHAT_FOR, *BY_WHOM, *AGREED, *PEOPLE, *BREACHES, *AUDITS)
    }
)
"""Every kind by its name, in the order of docs/policies.md."""


def deadlines_of(entry: PackEntry) -> frozenset[str]:
    """The names of the deadlines that count for an entry: of a breach, those of its own recipient."""
    names = RULE_KINDS[entry.kind].deadlines
    recipient = entry.parameters.get("recipient")
    if entry.kind == "breach_notice":
        return names & {f"notify_{recipient}"}
    return names


def concerns(entry: PackEntry, about: str) -> bool:
    """Whether an entry says anything of what something judged by the law is about.

    Args:
        entry: what is promised.
        about: a purpose, a right, or names with ABOUT_SEPARATOR between them; empty when it is nothing particular.
    """
    scope = entry.names(RULE_KINDS[entry.kind].scope)
    return not scope or not frozenset(scope).isdisjoint(about.split(ABOUT_SEPARATOR))


LAW_CODES: Mapping[str, str] = MappingProxyType(
    {
        # What the ledger finds wrong with its own rules or facts, whatever was promised.
        "policy_unreadable": "GDPR Art. 5(2): a policy nobody can read holds nobody.",
        "retention_out_of_range": "CF-07: the setting does not hold, so the promise it is about is not touched.",
        "retention_not_settable": "GDPR Art. 5(2): the setting does not hold.",
        "hold_without_end": "GDPR Art. 5(1)(e): a hold, which is no promise of a document.",
        "retention_undefined": "GDPR Art. 13(2)(a): no document promises an end.",
        "controller_unknown": "GDPR Art. 5(2): no document is known.",
        "breach_authority_late": "GDPR Art. 33(1): the controller's own duty; no document of a processor promises it.",
        "breach_people_not_told": "GDPR Art. 34(1): the controller's own duty, as above.",
        "breach_report_incomplete": "GDPR Art. 33(3), 34(2): what the authority and people are told, as above.",
        "breach_controller_not_told": "GDPR Art. 33(2): found only where no document sets a time.",
    }
)
"""Codes of findings that break the law or the ledger's own rules, and no kind of promise: with the reason."""
