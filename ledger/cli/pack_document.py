"""A policy pack as `ledger policy` shows it, to programs and to people."""

from typing import Any

from ledger.policies import LoadedPack
from ledger.rules.packs.pack_writer import plain_values
from ledger.rules.packs.policy_pack import PackEntry, PolicyPack, RetentionRule
from ledger.rules.packs.rule_kinds import RULE_KINDS, TEXT_ONLY, deadlines_of

Document = dict[str, Any]


def pack_document(loaded: LoadedPack) -> Document:
    """A pack as `--json` shows it: every entry, and what follows for the ledger's own work."""
    pack = loaded.pack
    return {
        **summary(pack),
        "provider": pack.provider,
        "dated": None if pack.dated is None else pack.dated.isoformat(),
        "sha256": loaded.sha256,
        "entries": [_entry(pack, entry) for entry in pack.entries],
        "retention": [_retention(rule) for rule in pack.retention],
        "duties": [
            {
                "entry": duty.entry,
                "article": duty.article,
                "text": duty.text,
                "retention_class": duty.retention_class,
                "until": str(duty.until),
            }
            for duty in pack.duties
        ],
        "text_only": [
            {"entry": said.entry, "article": said.article, "text": said.text, "reason": said.reason}
            for said in pack.text_only
        ],
        "confirm_within": {name: str(period) for name, period in sorted(pack.confirm_within.items())},
        "confirm_within_default": str(pack.confirm_within_default),
        "export_hold": None if pack.export_hold is None else str(pack.export_hold),
        "trail_period": None if pack.trail_period is None else str(pack.trail_period),
    }


def summary(pack: PolicyPack) -> Document:
    """A pack as a list shows it: how many promises it has, and how many of them a rule is bound to."""
    promises = {entry.promise for entry in pack.entries if entry.promise is not None}
    bound = {entry.promise for entry in pack.entries if entry.kind != TEXT_ONLY} & promises
    return {
        "id": pack.id,
        "version": pack.version,
        "title": pack.title,
        "promises": len(promises),
        "bound": len(bound),
        "text_only": len(promises - bound),
    }


def said_in_short(entry: PackEntry) -> str:
    """What an entry asks, by its parameters, on a line."""
    values = plain_values(entry.parameters)
    if entry.processors:
        return ", ".join(row.name for row in entry.processors)
    if entry.parameters.get("customer_set"):
        return f"{values['class']}: at most {values['period']}, set by the customer"
    return "; ".join(
        name if value is True else f"{name} {', '.join(value) if isinstance(value, list) else value}"
        for name, value in values.items()
    )


def _entry(pack: PolicyPack, entry: PackEntry) -> Document:
    kind = RULE_KINDS[entry.kind]
    return {
        "rule": f"{pack.id}:{entry.id}",
        "id": entry.id,
        "promise": entry.promise,
        "kind": entry.kind,
        "says": kind.says,
        "article": entry.article,
        "text": entry.text,
        "parameters": plain_values(entry.parameters),
        "states": plain_values(entry.states),
        "reason": entry.reason,
        "breaks": sorted(kind.breaks),
        "shows": sorted(kind.shows),
        "deadlines": sorted(deadlines_of(entry)),
    }


def _retention(rule: RetentionRule) -> Document:
    return {
        "entry": rule.entry,
        "article": rule.article,
        "text": rule.text,
        "retention_class": rule.retention_class,
        "except": sorted(rule.excluded),
        "period": None if rule.period is None else str(rule.period),
        "starts": rule.starts.value,
        "action": rule.action.value,
        "region": rule.region,
        "customer_set": rule.customer_set,
        "on_choice": rule.on_choice,
    }
