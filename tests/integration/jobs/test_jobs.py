"""Jobs on a real PostgreSQL: one leader, each slot once, caught up after downtime. FAULTS, row 37."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from consumers.lifecycle import StopRequest
from ledger.bootstrap import Runtime
from ledger.errors import InfrastructureError
from ledger.jobs import scheduler as scheduling
from ledger.jobs.job_runs import ATTEMPTS_MAX, JobRuns
from ledger.jobs.runner import JobOutcome, JobRunner
from ledger.jobs.scheduler import LOCK, Scheduler
from ledger.jobs.table import Job
from ledger.postgres.advisory_lock import AdvisoryLock

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
HOUR = 3_600_000_000
PATIENCE_S = 30.0
SLOT = datetime(2026, 3, 27, 11, 7, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since the epoch."""
    return int(moment.timestamp()) * 1_000_000


class Work:
    """A job's work: counts, and does what the test wants."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.done = 0
        self._then = then

    def __call__(self, _parts: Runtime) -> None:
        self.done += 1
        self._then()

    def job(self) -> Job:
        """An hourly job with a name of its own, so that tests do not share slots."""
        return Job(f"job-{uuid4()}", {"minute": "7"}, self)


def at(parts: Runtime, now: int) -> Runtime:
    """The same services at another time."""
    return replace(parts, clock=lambda: now)


def runner(parts: Runtime, now: int = micros(NOON)) -> JobRunner:
    """A leader of its own."""
    return JobRunner(at(parts, now), JobRuns(parts.vault_dsn, uuid4()))


def wait_for(truth: Callable[[], bool]) -> None:
    """Returns once it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not truth():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def fail() -> None:
    """As a job does whose service is down."""
    raise InfrastructureError("working", found="nothing")


def test_slot_is_run_once_by_however_many_leaders(parts: Runtime) -> None:
    """What was done is not done again, whoever asks."""
    work = Work()
    job = work.job()
    outcomes = [runner(parts).run_due(job) for _ in range(3)]
    assert (1, [JobOutcome(job.name, SLOT, "done"), None, None]) == (work.done, outcomes)


def test_week_of_downtime_is_caught_up_in_one_run(parts: Runtime) -> None:
    """Each job does whatever is due by now, so the last slot stands for all that were missed."""
    work = Work()
    job = work.job()
    runner(parts).run_due(job)
    later = runner(parts, micros(NOON) + 7 * 24 * HOUR)
    later.run_due(job)
    later.run_due(job)
    assert work.done == 2


def test_failed_job_is_tried_again_at_its_next_slot(parts: Runtime) -> None:
    """An error of ours ends the slot and not the process."""
    work = Work(fail)
    job = work.job()
    outcomes = [
        runner(parts).run_due(job),
        runner(parts).run_due(job),
        runner(parts, micros(NOON) + HOUR).run_due(job),
    ]
    assert [each and each.outcome for each in outcomes] == [
        "InfrastructureError",
        None,
        "InfrastructureError",
    ]


def test_slot_of_a_leader_that_died_is_taken_up_a_few_times(parts: Runtime) -> None:
    """It may be the job that kills: after three attempts its slot is left alone."""
    name = f"job-{uuid4()}"
    claims = [JobRuns(parts.vault_dsn, uuid4()).claim(name, SLOT) for _ in range(ATTEMPTS_MAX + 1)]
    assert claims == [True] * ATTEMPTS_MAX + [False]


def test_leader_does_not_take_the_same_slot_twice(parts: Runtime) -> None:
    """It fires while the job is still at work."""
    runs = JobRuns(parts.vault_dsn, uuid4())
    name = f"job-{uuid4()}"
    assert [runs.claim(name, SLOT), runs.claim(name, SLOT)] == [True, False]


def test_mistake_of_the_program_is_not_swallowed(parts: Runtime) -> None:
    """Only our own errors end a slot quietly."""
    work = Work(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        runner(parts).run_due(work.job())


@contextmanager
def running(parts: Runtime, *jobs: Job) -> Iterator[threading.Thread]:
    """A scheduler at work, stopped with the block."""
    stop = StopRequest()
    thread = threading.Thread(target=Scheduler(parts, jobs).run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_scheduler_catches_up_when_it_starts(parts: Runtime) -> None:
    """It does not wait for the next hour to do what the last one missed."""
    work = Work()
    with running(parts, work.job()):
        wait_for(lambda: work.done == 1)


def test_of_two_schedulers_one_runs_each_slot(parts: Runtime) -> None:
    """The other waits, and takes over when the first ends."""
    first, second = Work(), Work()
    job = first.job()
    with running(parts, job):
        wait_for(lambda: first.done == 1)
        with running(parts, job._replace(work=second)):
            time.sleep(3 * scheduling.LOOK_EVERY_S)
            assert (first.done, second.done) == (1, 0)


def test_second_scheduler_takes_over(parts: Runtime) -> None:
    """Leadership dies with its connection."""
    waiting = Work()
    with AdvisoryLock(parts.vault_dsn, LOCK) as leader:
        assert leader.acquire()
        with running(parts, waiting.job()):
            time.sleep(2 * scheduling.LOOK_EVERY_S)
            assert waiting.done == 0
            leader.close()
            wait_for(lambda: waiting.done == 1)


def test_once_runs_what_was_missed_and_ends(parts: Runtime) -> None:
    """`ledger schedule --once`, for a machine that has a timer of its own."""
    works = [Work(), Work(fail)]
    scheduler = Scheduler(at(parts, micros(NOON)), [work.job() for work in works])
    assert [each.outcome for each in scheduler.run_once()] == ["done", "InfrastructureError"]
    assert scheduler.run_once() == []


def test_once_is_refused_while_another_leads(parts: Runtime) -> None:
    """Two at once would be in each other's way."""
    with AdvisoryLock(parts.vault_dsn, LOCK) as leader:
        assert leader.acquire()
        with pytest.raises(InfrastructureError, match="another scheduler"):
            Scheduler(parts, []).run_once()


def test_leader_that_lost_its_connection_ends(parts: Runtime) -> None:
    """Another may lead by now; the supervisor starts it again."""
    errors: list[BaseException] = []
    work = Work()

    def lead() -> None:
        try:
            Scheduler(parts, [work.job()]).run(StopRequest())
        except InfrastructureError as error:
            errors.append(error)

    thread = threading.Thread(target=lead, daemon=True)
    thread.start()
    wait_for(lambda: work.done == 1)
    with AdvisoryLock(parts.vault_dsn, "unrelated") as own:
        assert own.acquire()
        assert own._connection is not None
        own._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            (f"ledger lock {LOCK}",),
        )
    thread.join(PATIENCE_S)
    assert [getattr(error, "what", "") for error in errors] == ["the scheduler lost its leadership"]
