"""The audit trail's own end: entries past the policy's period leave it in whole months, and a fact says so.

The log keeps every entry; what is proof of something has projections of its own, which end with their own clocks.
Steps, each repeatable; behind each, what a crash leaves:

1. publish `trail.ended` and wait until it is recorded;   from then on queries and digests leave the entries out, so
                                                          whether their months are still there makes no difference
2. a day later, drop the months before it.                whole months, or none: one transaction

The day between lets every record that was sealed before the fact be judged with the entries still there (a late
change of consent looks back on them), as a replay judges it.

Source: MB-34 for the five years; DESIGN section 3, invariant 3, for what a digest may depend on.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ledger.bootstrap import Runtime
from ledger.forgetting.own_facts import OwnFact, OwnFacts
from ledger.postgres.connection import Connection
from ledger.rules.calendar.local_day import local_day
from ledger.rules.calendar.periods import Period, last_day
from ledger.rules.keeping.retention import ControllerRules
from ledger.rules.packs.policy_pack import PolicyPack
from ledger.store.forgetting import ForgettingQueries
from ledger.store.trail_months import drop_months, has_entries_before

TRAIL_PERIOD = Period(years=5)
"""Where no adopted pack names a period."""
OWN_RULE = "ledger:trail"
TRAIL_CONTROLLER = "ledger"
DROP_AFTER_MICROS = 24 * 3600 * 1_000_000
"""Between the fact and the dropping of months: what was sealed before the fact is recorded long before."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()


def trail_period(rules: Iterable[ControllerRules]) -> tuple[Period, str]:
    """The longest period that any controller's packs give the trail, and the rule it comes from.

    The trail is one for all controllers, so nobody's ends early; a controller whose packs name none counts with the
    five years.
    """
    longest, rule = TRAIL_PERIOD, OWN_RULE
    for pack in (adoption.pack for controller in rules for adoption in controller.adopted):
        if pack.trail_period is not None and _length(pack.trail_period) > _length(longest):
            longest, rule = pack.trail_period, _rule(pack)
    return longest, rule


def trail_begins_at(now: int, period: Period) -> int:
    """The first month the trail still keeps: everything sealed before its first moment is past the period.

    Args:
        now: microseconds since the epoch, UTC.
        period: how long an entry is kept after the day it was sealed.

    Returns:
        The first moment of a month, UTC, microseconds since the epoch.
    """
    today = local_day(now)
    month = (_EPOCH + timedelta(microseconds=now)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    # Step back to the newest month that was over, with its last day's period, before today began.
    while last_day(month.date().toordinal() - _EPOCH_DAY - 1, period) >= today:
        month = (month - timedelta(days=1)).replace(day=1)
    return int((month - _EPOCH) / timedelta(microseconds=1))


def end_trail(parts: Runtime, own_facts: OwnFacts, store: Connection) -> tuple[int | None, int]:
    """Takes both steps as far as they are due.

    Returns:
        the moment a new fact names, None when nothing new was past its period; how many months were dropped.
    """
    now = parts.clock()
    period, rule = trail_period(ForgettingQueries(store).controller_rules().values())
    before = trail_begins_at(now, period)
    ended = has_entries_before(store, before)
    if ended:
        fact = OwnFact(
            "trail.ended",
            f"trail:{before}",
            TRAIL_CONTROLLER,
            {"before": before, "period": str(period), "rule": rule},
        )
        own_facts.publish([fact], now)
        own_facts.settle()
    return before if ended else None, drop_months(store, sealed_before=now - DROP_AFTER_MICROS)


def _length(period: Period) -> int:
    """Days from some first of January, to compare periods of different units."""
    return last_day(0, period)


def _rule(pack: PolicyPack) -> str:
    return f"{pack.id}:trail"
