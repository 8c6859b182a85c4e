"""The jobs and their timetables: one literal table.

Each job does whatever is due by now and may be repeated, so a slot that was missed is caught up by running the last
one. Leaves to others: when a slot is due (`slots`), who runs it (`scheduler`).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from apscheduler.triggers.cron import CronTrigger

from ledger.bootstrap import Runtime
from ledger.deadlines.deadlines_run import DeadlinesRun
from ledger.forgetting.erasure import advance_all
from ledger.forgetting.own_facts import OwnFacts
from ledger.forgetting.retention_run import RetentionRun
from ledger.forgetting.trail_end import end_trail
from ledger.rules.calendar.local_day import LOCAL_TIME


class Job(NamedTuple):
    """One job: its name, its timetable in cron fields of Europe/Amsterdam, and what it does."""

    name: str
    timetable: Mapping[str, str]
    work: Callable[[Runtime], object]

    @property
    def trigger(self) -> CronTrigger:
        """The timetable as APScheduler has it."""
        return CronTrigger(timezone=LOCAL_TIME, **self.timetable)


def run_retention(parts: Runtime) -> None:
    """Destroys what is due."""
    with RetentionRun.of(parts) as run:
        run.carry_out()


def end_the_trail(parts: Runtime) -> None:
    """Ends the audit trail's oldest months."""
    with parts.vault() as vault, parts.store_connection(parts.settings.store_schema) as store:
        end_trail(parts, OwnFacts(parts, vault), store)


def say_deadlines(parts: Runtime) -> None:
    """Says which deadlines are near and which have passed."""
    with DeadlinesRun.of(parts) as run:
        run.carry_out()


JOBS = (
    # Days end at midnight; the hours after it are for what arrives late, and for a run that was refused.
    Job("retention", {"minute": "7"}, run_retention),
    Job("erasures", {"minute": "*/10"}, advance_all),
    Job("deadlines", {"minute": "*/5"}, say_deadlines),
    # After the hour that October has twice and March does not have.
    Job("trail", {"hour": "4", "minute": "30"}, end_the_trail),
)
"""Every job. None needs another to have run first."""
