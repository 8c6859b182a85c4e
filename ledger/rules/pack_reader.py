"""Reading a policy pack from parsed TOML or JSON, and the one text it is adopted by. Pure.

A pack is read strictly: a key nobody knows is an error, because a promise that is misspelt would silently not hold.
So is a rule that would never end anything, or a duty without an end. The format is described in docs/policies.md.
"""

import json
import re
from collections import Counter

from ledger.rules.pack_table import NAME, PackError, PackTable, kind_of
from ledger.rules.periods import Period
from ledger.rules.policy_pack import (
    DEFAULT_CONFIRM_WITHIN,
    EVERY_CLASS,
    Action,
    Duty,
    PolicyPack,
    RetentionRule,
    Start,
    TextOnly,
)

CONSENT_PROOF = "consent_proof"
"""The class whose clock is the consent's end, and the only one with that clock: each of its facts has its own key."""

CONTENT_CHARACTERS_MAX = 1_000_000
"""Of an adopted pack; an inbox record is smaller."""

_PACK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_CLASS = re.compile(rf"\{EVERY_CLASS}|{NAME.pattern}", re.ASCII)
_KINDS = ("retention", "duty", "confirm_within", "export_hold", "trail", "text_only")


def read_pack(content: object) -> PolicyPack:
    """Reads a pack from parsed TOML or JSON.

    Raises:
        PackError: something is missing, unknown or of another kind; it names the entry.
    """
    table = PackTable("", content)
    pack_id = table.name("id", _PACK_ID, "small letters, digits and dashes")
    version, title = table.text("version"), table.text("title")
    tables = table.tables("entry")
    table.finish()
    _check_unique("", "entry ids that differ", [entry.where for entry in tables])
    by_kind: dict[str, list[PackTable]] = {kind: [] for kind in _KINDS}
    for entry in tables:
        by_kind[entry.choice("kind", _KINDS)].append(entry)
    retention = tuple(_retention(entry) for entry in by_kind["retention"])
    within = _confirm_within(by_kind["confirm_within"])
    pack = PolicyPack(
        id=pack_id,
        version=version,
        title=title,
        retention=retention,
        duties=tuple(_duty(entry, retention) for entry in by_kind["duty"]),
        text_only=tuple(_text_only(entry) for entry in by_kind["text_only"]),
        confirm_within={name: period for name, period in within.items() if name},
        confirm_within_default=within.get("", DEFAULT_CONFIRM_WITHIN),
        export_hold=_one_period(by_kind["export_hold"], "one export hold"),
        trail_period=_one_period(by_kind["trail"], "one period of the trail"),
    )
    for entry in tables:
        entry.finish()
    return pack


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


def _retention(table: PackTable) -> RetentionRule:
    indefinite = table.flag("indefinite")
    region = table.name("region", NAME, "a name in small letters") if table.has("region") else None
    rule = RetentionRule(
        entry=table.where,
        article=table.text("article"),
        text=table.text("text"),
        retention_class=table.name("class", _CLASS, "a retention class, or * for every class"),
        period=None if indefinite else table.period(),
        starts=Start(table.choice("starts", tuple(Start), Start.EVENT)),
        action=Action(table.choice("action", tuple(Action), Action.DESTROY)),
        region=region,
        excluded=table.names("except"),
        customer_set=table.flag("customer_set"),
        on_choice=table.flag("on_choice"),
    )
    for problem, wrong in _contradictions(rule).items():
        if wrong:
            raise PackError(rule.entry, problem, "something else")
    return rule


def _contradictions(rule: RetentionRule) -> dict[str, bool]:
    """What must be so, and whether it is not."""
    every = rule.retention_class == EVERY_CLASS
    proof = rule.retention_class == CONSENT_PROOF
    return {
        f"consent_end on the class {CONSENT_PROOF}, and no other start there": (
            proof != (rule.starts is Start.CONSENT_END)
        ),
        "request_fulfilled on one class": every and rule.starts is Start.REQUEST_FULFILLED,
        "except beside the class * only": bool(rule.excluded) and not every,
        "on_choice on agreement_end only": rule.on_choice and rule.starts is not Start.AGREEMENT_END,
        "customer_set on one class, from the event, with a period": rule.customer_set
        and (every or rule.starts is not Start.EVENT or rule.period is None),
    }


def _duty(table: PackTable, retention: tuple[RetentionRule, ...]) -> Duty:
    kept = table.name("class", NAME, "a retention class")
    periods = [
        rule.period
        for rule in retention
        if rule.retention_class == kept and rule.period is not None and rule.starts is not Start.AGREEMENT_END
    ]
    if not periods:
        raise PackError(
            table.where, f"a retention entry that ends the class {kept}", "none: it would never end"
        )
    return Duty(
        entry=table.where,
        article=table.text("article"),
        text=table.text("text"),
        retention_class=kept,
        until=periods[0],
    )


def _text_only(table: PackTable) -> TextOnly:
    return TextOnly(
        entry=table.where,
        article=table.text("article"),
        text=table.text("text"),
        reason=table.text("reason"),
    )


def _confirm_within(tables: list[PackTable]) -> dict[str, Period]:
    """Periods by recipient in lower case; the entry without one is the default, under the empty name."""
    named = [(table.text("recipient").lower() if table.has("recipient") else "", table) for table in tables]
    _check_unique("", "one confirm_within per recipient", [name for name, _ in named])
    return {name: _described_period(table) for name, table in named}


def _one_period(tables: list[PackTable], expected: str) -> Period | None:
    if len(tables) > 1:
        raise PackError(tables[1].where, expected, f"{len(tables)}")
    return _described_period(tables[0]) if tables else None


def _described_period(table: PackTable) -> Period:
    # An entry says where it comes from even when only its period is used.
    table.text("article")
    table.text("text")
    return table.period()


def _check_unique(where: str, expected: str, names: list[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise PackError(where, expected, f"{kind_of(name)} {count} times")
