"""Reading a policy pack from parsed TOML or JSON, and the one text it is adopted by. Pure.

A pack is read strictly: a key nobody knows is an error, because a promise that is misspelt would silently not hold.
So is a rule that would never end anything, or a duty without an end. The format is described in docs/policies.md.
"""

import json
import re
from collections import Counter
from datetime import date
from typing import cast

from ledger.rules.calendar.periods import Period
from ledger.rules.packs.pack_processors import read_processors
from ledger.rules.packs.pack_statements import STATEMENTS
from ledger.rules.packs.pack_table import PackError, PackTable, kind_of
from ledger.rules.packs.policy_pack import (
    DEFAULT_CONFIRM_WITHIN,
    EVERY_CLASS,
    Action,
    Duty,
    PackEntry,
    PolicyPack,
    RetentionRule,
    Start,
    TextOnly,
)
from ledger.rules.packs.rule_kinds import RULE_KINDS, TEXT_ONLY, Parameter, RuleKind, Shape

CONSENT_PROOF = "consent_proof"
"""The class whose clock is the consent's end, and the only one with that clock: each of its facts has its own key."""

CONTENT_CHARACTERS_MAX = 1_000_000
"""Of an adopted pack; an inbox record is smaller."""

_PACK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_PACK_ID_EXPECTED = "small letters, digits and dashes"
_DATED = Parameter(name="dated", shape=Shape.DATE, says="the day the document bears", required=False)


def read_pack(content: object) -> PolicyPack:
    """Reads a pack from parsed TOML or JSON.

    Raises:
        PackError: something is missing, unknown or of another kind; it names the entry.
    """
    table = PackTable("", content)
    pack_id = table.name("id", _PACK_ID, _PACK_ID_EXPECTED)
    version, title = table.text("version"), table.text("title")
    provider = table.name("provider", _PACK_ID, _PACK_ID_EXPECTED) if table.has("provider") else None
    dated = cast("date | None", table.take(_DATED))
    tables = table.entries("entry")
    table.finish()
    for name, count in Counter(entry.where for entry in tables).items():
        if count > 1:
            raise PackError(name, "entry ids that differ", f"{count} entries with this one", key="id")
    entries = tuple(_entry(entry) for entry in tables)
    by_kind = {kind: [entry for entry in entries if entry.kind == kind] for kind in RULE_KINDS}
    retention = tuple(_retention(entry) for entry in by_kind["retention"])
    within = _confirm_within(by_kind["confirm_within"])
    return PolicyPack(
        id=pack_id,
        version=version,
        title=title,
        provider=provider,
        dated=dated,
        entries=entries,
        retention=retention,
        duties=tuple(_duty(entry, retention) for entry in by_kind["duty"]),
        text_only=tuple(_text_only(entry) for entry in by_kind[TEXT_ONLY]),
        confirm_within={name: period for name, period in within.items() if name},
        confirm_within_default=within.get("", DEFAULT_CONFIRM_WITHIN),
        export_hold=_one_period(by_kind["export_hold"], "one export hold"),
        trail_period=_one_period(by_kind["trail"], "one period of the trail"),
    )


def read_content(content: str) -> PolicyPack:
    """Reads a pack from the text it was adopted by, JSON.

    Raises:
        PackError: it is no JSON, or no pack.
    """
    if len(content) > CONTENT_CHARACTERS_MAX:
        raise PackError("", f"at most {CONTENT_CHARACTERS_MAX} characters", f"{len(content)}")
    try:
        parsed: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PackError("", "JSON", "something else") from error
    return read_pack(parsed)


def canonical(content: object) -> str:
    """The one text of a pack: JSON, keys sorted, no spaces.

    Raises:
        PackError: it holds what JSON cannot, for example a date.
    """
    try:
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PackError("", "text, whole numbers, true or false", "what JSON cannot hold") from error


def _entry(table: PackTable) -> PackEntry:
    kind = RULE_KINDS[table.choice("kind", RULE_KINDS)]
    promise = table.entry_id("promise") if table.has("promise") else None
    parameters = _parameters(table, kind)
    entry = PackEntry(
        id=table.where,
        promise=promise or (None if kind.setting else table.where),
        kind=kind.name,
        article=table.text("article"),
        text=table.text("text"),
        reason=cast("str | None", parameters.pop("reason", None)),
        parameters=parameters,
        states=_states(table.table("states")),
    )
    table.finish()
    return entry


def _parameters(table: PackTable, kind: RuleKind) -> dict[str, object]:
    """The parameters of an entry; of those that are left out only flags are there."""
    found = {
        one.name: read_processors(table, one.name) if one.shape is Shape.PROCESSORS else table.take(one)
        for one in kind.parameters
    }
    said = {name: value for name, value in found.items() if value is not None}
    if kind.any_of and not kind.any_of & said.keys():
        raise table.wrong("", f"at least one of {', '.join(sorted(kind.any_of))}", None)
    return said


def _states(table: PackTable) -> dict[str, object]:
    said = {name: table.take(one) for name, one in STATEMENTS.items() if table.has(name)}
    table.finish()
    return {name: value for name, value in said.items() if value is not False}


def _retention(entry: PackEntry) -> RetentionRule:
    said = entry.parameters
    period, indefinite = cast("Period | None", said.get("period")), bool(said["indefinite"])
    if indefinite and period is not None:
        raise PackError(entry.id, "period or indefinite = true, not both", "both", key="indefinite")
    if not indefinite and period is None:
        raise PackError(entry.id, f"period: {Shape.PERIOD}", kind_of(None), key="period")
    rule = RetentionRule(
        entry=entry.id,
        article=entry.article,
        text=entry.text,
        retention_class=str(said["class"]),
        period=period,
        starts=Start(str(said.get("starts", Start.EVENT))),
        action=Action(str(said.get("action", Action.DESTROY))),
        region=cast("str | None", said.get("region")),
        excluded=frozenset(entry.names("except")),
        customer_set=bool(said["customer_set"]),
        on_choice=bool(said["on_choice"]),
    )
    for (key, expected), wrong in _contradictions(rule).items():
        if wrong:
            raise PackError(rule.entry, expected, "something else", key=key)
    return rule


def _contradictions(rule: RetentionRule) -> dict[tuple[str, str], bool]:
    """The key at fault and what must be so, and whether it is not."""
    every = rule.retention_class == EVERY_CLASS
    proof = rule.retention_class == CONSENT_PROOF
    return {
        ("starts", f"consent_end on the class {CONSENT_PROOF}, and no other start there"): (
            proof != (rule.starts is Start.CONSENT_END)
        ),
        ("starts", "request_fulfilled on one class"): every and rule.starts is Start.REQUEST_FULFILLED,
        ("except", "except beside the class * only"): bool(rule.excluded) and not every,
        ("on_choice", "on_choice on agreement_end only"): (
            rule.on_choice and rule.starts is not Start.AGREEMENT_END
        ),
        ("customer_set", "customer_set on one class, from the event, with a period"): rule.customer_set
        and (every or rule.starts is not Start.EVENT or rule.period is None),
    }


def _duty(entry: PackEntry, retention: tuple[RetentionRule, ...]) -> Duty:
    kept = str(entry.parameters["class"])
    periods = [
        rule.period
        for rule in retention
        if rule.retention_class == kept and rule.period is not None and rule.starts is not Start.AGREEMENT_END
    ]
    if not periods:
        expected = f"a retention entry that ends the class {kept}"
        raise PackError(entry.id, expected, "none: it would never end", key="class")
    return Duty(
        entry=entry.id, article=entry.article, text=entry.text, retention_class=kept, until=periods[0]
    )


def _text_only(entry: PackEntry) -> TextOnly:
    return TextOnly(entry=entry.id, article=entry.article, text=entry.text, reason=entry.reason or "")


def _confirm_within(entries: list[PackEntry]) -> dict[str, Period]:
    """Periods by recipient in lower case; the entry without one is the default, under the empty name."""
    named = [(str(entry.parameters.get("recipient", "")).lower(), entry) for entry in entries]
    for name, count in Counter(name for name, _ in named).items():
        if count > 1:
            second = [entry.id for other, entry in named if other == name][1]
            raise PackError(
                second, "one confirm_within per recipient", f"{kind_of(name)} {count} times", key="recipient"
            )
    return {name: _period(entry) for name, entry in named}


def _one_period(entries: list[PackEntry], expected: str) -> Period | None:
    if len(entries) > 1:
        raise PackError(entries[1].id, expected, f"{len(entries)}")
    return _period(entries[0]) if entries else None


def _period(entry: PackEntry) -> Period:
    return cast("Period", entry.parameters["period"])
