"""Which slot of a job is due, also on the days of 23 and 25 hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger

from ledger.jobs.slots import last_slot, slots_between
from ledger.jobs.table import JOBS, Job

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOURLY = CronTrigger(minute="7", timezone=AMSTERDAM)
DAILY = CronTrigger(hour="4", minute="30", timezone=AMSTERDAM)


def local(text: str) -> datetime:
    """A local time in Amsterdam."""
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        pytest.param("2026-03-27T10:07", "2026-03-27T10:07", id="at the slot"),
        pytest.param("2026-03-27T10:06:59", "2026-03-27T09:07", id="just before it"),
        pytest.param("2026-03-27T11:06:59", "2026-03-27T10:07", id="just before the next"),
        pytest.param("2026-03-29T03:30", "2026-03-29T03:07", id="after the hour that March skips"),
        pytest.param("2026-03-29T03:00", "2026-03-29T01:07", id="before the first slot after it"),
    ],
)
def test_last_slot_of_an_hourly_job(now: str, slot: str) -> None:
    """At the minute itself the slot is due."""
    assert local(slot).astimezone(UTC) == last_slot(HOURLY, local(now))


@pytest.mark.parametrize(
    ("day", "slots"),
    [("2026-03-27", 24), ("2026-03-29", 23), ("2026-10-25", 25)],
    ids=["ordinary", "23 hours", "25 hours"],
)
def test_every_hour_of_a_day_has_one_slot(day: str, slots: int) -> None:
    """The hour that October has twice has two, the one that March does not have has none."""
    begin = local(f"{day}T00:00").astimezone(UTC)
    end = local(f"{day}T23:59").astimezone(UTC)
    assert slots == len(slots_between(HOURLY, begin, end))


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_daily_job_has_one_slot_on_days_the_clock_changes(day: str) -> None:
    """Once, at its local time."""
    begin = local(f"{day}T00:00").astimezone(UTC)
    end = local(f"{day}T23:59").astimezone(UTC)
    assert [local(f"{day}T04:30").astimezone(UTC)] == slots_between(DAILY, begin, end)


def test_slot_is_found_after_weeks_of_silence() -> None:
    """The first start of a monthly job looks back further than a day."""
    monthly = CronTrigger(day="1", hour="5", timezone=AMSTERDAM)
    assert local("2026-03-01T05:00").astimezone(UTC) == last_slot(monthly, local("2026-03-31T10:00"))


def test_timetable_without_a_slot_so_far_has_none() -> None:
    """Nothing to catch up."""
    once_a_year = CronTrigger(month="12", day="31", timezone=AMSTERDAM)
    assert last_slot(once_a_year, local("2026-06-30T10:00")) is None


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_has_a_slot_within_the_longest_look_back(job: Job) -> None:
    """Otherwise it would never be caught up."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    slot = last_slot(job.trigger, now)
    assert slot is not None
    assert slot > now - timedelta(days=2)


def test_names_of_jobs_are_unique() -> None:
    """A slot is known by its job's name."""
    assert len({job.name for job in JOBS}) == len(JOBS)
