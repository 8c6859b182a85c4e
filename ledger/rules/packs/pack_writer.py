"""A pack as the plain values it was read from: what `read_pack` reads back as the same. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from ledger.rules.calendar.hours import Hours
from ledger.rules.calendar.periods import Period
from ledger.rules.packs.listed_processor import ListedProcessor
from ledger.rules.packs.policy_pack import PackEntry, PolicyPack
from ledger.rules.packs.rule_kinds import RULE_KINDS

Content = dict[str, object]


def pack_content(pack: PolicyPack) -> Content:
    """A pack as tables, lists, text, numbers and flags; what is left out and flags that are false are not there."""
    said: Content = {"id": pack.id, "version": pack.version, "title": pack.title}
    if pack.provider is not None:
        said["provider"] = pack.provider
    if pack.dated is not None:
        said["dated"] = pack.dated.isoformat()
    return said | {"entry": [entry_content(entry) for entry in pack.entries]}


def entry_content(entry: PackEntry) -> Content:
    """One entry, with every key it has in a pack."""
    said: Content = {"id": entry.id, "kind": entry.kind, "article": entry.article, "text": entry.text}
    if entry.promise != (None if RULE_KINDS[entry.kind].setting else entry.id):
        said["promise"] = entry.promise
    if entry.reason is not None:
        said["reason"] = entry.reason
    if entry.states:
        said["states"] = plain_values(entry.states)
    return said | plain_values(entry.parameters)


def plain_values(values: Mapping[str, object]) -> Content:
    """Values by name as a pack has them; a flag that is false is left out."""
    return {name: _plain(value) for name, value in values.items() if value is not False}


def _plain(value: object) -> object:
    match value:
        # A Period and Hours are tuples too, so they come first.
        case Period() | Hours():
            return str(value)
        case date():
            return value.isoformat()
        case ListedProcessor():
            said = {name: one for name, one in asdict(value).items() if one not in ((), "", None)}
            return {name: _plain(one) for name, one in said.items() if name != "optional" or one}
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return value
