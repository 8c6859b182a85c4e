"""Policy packs, facts and days for the tests of the rules, made up."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from ledger.contract.cloudevents import parse_time
from ledger.rules.calendar.periods import MICROS_MIN, Period
from ledger.rules.keeping.retention import Adoption, ControllerRules, Termination
from ledger.rules.packs.policy_pack import Duty, PolicyPack, RetentionRule, Start

EPOCH = date(1970, 1, 1)


def day(text: str) -> int:
    """Days since 1970-01-01 of a calendar date."""
    return (date.fromisoformat(text) - EPOCH).days


def noon(text: str) -> int:
    """Noon UTC of a calendar date, microseconds since the epoch: on that day in local time too."""
    return parse_time(f"{text}T12:00:00Z")


def readable(moment: int) -> str:
    """A moment as text, UTC, so that a failing test can be read."""
    seconds, micros = divmod(moment, 1_000_000)
    days, second = divmod(seconds, 86_400)
    clock = timedelta(seconds=second)
    return f"{EPOCH + timedelta(days=days)} {clock}{f'.{micros:06}' if micros else ''}"


def rule(
    entry: str, retention_class: str, period: str | None, starts: Start = Start.EVENT, **changes: Any
) -> RetentionRule:
    """A retention rule, but for the changes."""
    return RetentionRule(
        entry=entry,
        article="art. 1",
        retention_class=retention_class,
        period=None if period is None else Period.parse(period),
        starts=starts,
        **changes,
    )


def pack(
    pack_id: str, *rules: RetentionRule, duties: Iterable[tuple[str, str]] = (), version: str = "1"
) -> PolicyPack:
    """A pack of rules; a duty is a class and how long."""
    return PolicyPack(
        id=pack_id,
        version=version,
        title=pack_id,
        retention=rules,
        duties=tuple(
            Duty(entry=f"duty-{name}", article="law", retention_class=name, until=Period.parse(until))
            for name, until in duties
        ),
    )


def adopted(*packs: PolicyPack, at: int = MICROS_MIN, region: str | None = None) -> tuple[Adoption, ...]:
    """Adoptions of packs, all at one moment: before everything unless said otherwise."""
    return tuple(Adoption(pack=one, at=at, region=region) for one in packs)


def terminated(
    ends_at: int, choice: str = "silent", *, agreement_id: str = "agreement-1", at: int = MICROS_MIN
) -> Termination:
    """The end of an agreement."""
    return Termination(ends_at=ends_at, choice=choice, agreement_id=agreement_id, at=at)


NO_RULES = ControllerRules()
