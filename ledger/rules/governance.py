"""Governance facts held against what they may say: policies, settings, holds, and the ledger's own ends. Pure.

A fact is recorded whatever it says. What cannot be acted on is found: a policy nobody can read, a period without end,
days nobody promised, a hold for ever. So is what the ledger itself did too late.

Source: GDPR Art. 5(1)(e), 5(2); CF-07, CT-16, X1, X9.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256

from ledger.entry import Entry
from ledger.rules.findings import Finding
from ledger.rules.keeping.holds import GRACE_MICROS
from ledger.rules.keeping.retention import NEVER_SET, SETTING_DAYS_MAX
from ledger.rules.packs.pack_reader import read_content
from ledger.rules.packs.pack_table import PackError
from ledger.rules.packs.policy_pack import PolicyPack

POLICY_UNREADABLE = "policy_unreadable"
RETENTION_INDEFINITE = "retention_indefinite"
RETENTION_OUT_OF_RANGE = "retention_out_of_range"
RETENTION_NOT_SETTABLE = "retention_not_settable"
HOLD_WITHOUT_END = "hold_without_end"
RETENTION_OVERRUN = "retention_overrun"

STORAGE_LIMITATION = "GDPR Art. 5(1)(e)"
ACCOUNTABILITY = "GDPR Art. 5(2)"

Fields = Mapping[str, object]


def judge_governance(entry: Entry) -> list[Finding]:
    """The findings on one governance entry; none for an entry of another kind.

    They follow from the entry alone, so a later fact never changes them.
    """
    judge = _JUDGES.get(entry.event_type)
    return [] if judge is None else judge(entry, _open_fields(entry))


def read_adopted(fields: Fields) -> PolicyPack:
    """The pack a `policy.adopted` fact carries.

    Args:
        fields: the fact's open fields.

    Raises:
        PackError: it is unreadable, or another than the fact says. `expected` holds nothing of the pack's own.
    """
    content = fields.get("content")
    if not isinstance(content, str):
        raise PackError("", "content as text", "something else")
    if fields.get("content_sha256") != sha256(content.encode(errors="surrogatepass")).hexdigest():
        raise PackError("", "content with the SHA-256 it was published with", "another")
    pack = read_content(content)
    if (pack.id, pack.version) != (fields.get("pack"), fields.get("pack_version")):
        raise PackError("", "the id and version of the pack itself", "others")
    return pack


def _policy_adopted(_: Entry, fields: Fields) -> list[Finding]:
    try:
        pack = read_adopted(fields)
    except PackError as error:
        return [
            Finding(
                code=POLICY_UNREADABLE,
                article=ACCOUNTABILITY,
                expected=error.expected,
                found="a policy that cannot be read: none of it holds",
            )
        ]
    return [
        Finding(
            code=RETENTION_INDEFINITE,
            article=STORAGE_LIMITATION,
            expected="a period after which personal data goes",
            found=f"data kept without end by {rule.entry}",
            rule=f"{pack.id}:{rule.entry}",
        )
        for rule in pack.retention
        if rule.period is None
    ]


def _retention_set(_: Entry, fields: Fields) -> list[Finding]:
    findings = []
    days = fields.get("days")
    if type(days) is not int or not 0 <= days <= SETTING_DAYS_MAX:
        findings.append(
            Finding(
                code=RETENTION_OUT_OF_RANGE,
                article=STORAGE_LIMITATION,
                expected=f"0 to {SETTING_DAYS_MAX} days",
                found=f"{days} days; the setting does not hold" if type(days) is int else "no number of days",
            )
        )
    name = fields.get("retention_class")
    if isinstance(name, str) and name in NEVER_SET:
        findings.append(
            Finding(
                code=RETENTION_NOT_SETTABLE,
                article=ACCOUNTABILITY,
                expected="days for a class the customer has a say in",
                found="days for what shows that the law was kept; the setting does not hold",
            )
        )
    return findings


def _hold_placed(_: Entry, fields: Fields) -> list[Finding]:
    if fields.get("ends_at") is not None:
        return []
    return [
        Finding(
            code=HOLD_WITHOUT_END,
            article=STORAGE_LIMITATION,
            expected="a hold with the moment it ends by itself",
            found="a hold without an end",
        )
    ]


def _retention_ended(entry: Entry, fields: Fields) -> list[Finding]:
    ended_at = fields.get("ended_at")
    if type(ended_at) is not int or fields.get("held_by") is not None:
        return []
    late = entry.sealed_at - ended_at
    if late <= GRACE_MICROS:
        return []
    hours = late // 3_600_000_000
    return [
        Finding(
            code=RETENTION_OVERRUN,
            article=STORAGE_LIMITATION,
            expected="destruction within 48 hours of the end of the period",
            found=f"destruction {hours} hours after it",
        )
    ]


_JUDGES: Mapping[str, Callable[[Entry, Fields], list[Finding]]] = {
    "policy.adopted": _policy_adopted,
    "retention.set": _retention_set,
    "hold.placed": _hold_placed,
    "retention.ended": _retention_ended,
}


def _open_fields(entry: Entry) -> Fields:
    try:
        fields: object = json.loads(entry.open_fields)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
