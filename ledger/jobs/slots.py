"""Which slot of a job is due: the last moment its timetable names, at or before now. Pure.

A timetable is cron fields in Europe/Amsterdam. After downtime only the last slot that was missed counts: each job
does whatever is due by then, so one run catches up with all of them.
"""

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

LOOK_BACK = (timedelta(hours=2), timedelta(days=2), timedelta(days=40))
"""How far back a slot is looked for, nearest first: hourly, daily and monthly jobs have one in there."""


def last_slot(trigger: CronTrigger, now: datetime) -> datetime | None:
    """The last slot at or before now, in UTC; None when there was none in the longest look back.

    Args:
        trigger: the timetable.
        now: aware.
    """
    for back in LOOK_BACK:
        slots = slots_between(trigger, now.astimezone(UTC) - back, now.astimezone(UTC))
        if slots:
            return slots[-1]
    return None


def slots_between(trigger: CronTrigger, since: datetime, until: datetime) -> list[datetime]:
    """Every slot from one moment to another, both included.

    Args:
        trigger: the timetable.
        since: in UTC: local times would be compared by their wall clocks, and the hour that comes twice in October
            would never end.
        until: in UTC.
    """
    slots: list[datetime] = []
    at: datetime | None = trigger.get_next_fire_time(None, since)
    while at is not None and (moment := at.astimezone(UTC)) <= until:
        slots.append(moment)
        at = trigger.get_next_fire_time(at, moment + timedelta(microseconds=1))
    return slots
