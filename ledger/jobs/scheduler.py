"""The scheduler's process: one leader at a time, and the leader runs the jobs.

Any number of schedulers may run. Whoever gets an advisory lock in the vault's database leads for as long as its
connection lives; the others wait. A leader that lost its connection ends, because another may lead by now, and is
started again by its supervisor; what it was doing may be done by both, which every job allows.

APScheduler fires the jobs, with its store in memory, one job at a time; when it fires, and once at the start of every
leadership, the job's last slot is run unless somebody ran it: that is the catch-up. Its defaults would drop a job that
is a second late, hence the grace.

Owns: leadership, firing. Leaves to others: slots (`slots`, `job_runs`), errors of jobs (`runner`).
"""

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from consumers.lifecycle import StopRequest
from ledger.bootstrap import Runtime
from ledger.errors import InfrastructureError
from ledger.jobs.job_runs import JobRuns
from ledger.jobs.runner import JobOutcome, JobRunner
from ledger.jobs.table import JOBS, Job
from ledger.postgres.advisory_lock import AdvisoryLock

LOCK = "job scheduler"
LOOK_EVERY_S = 0.5
"""Between looks at the stop request, the lock and the jobs: a second of two leaders at most, and a prompt stop."""
MISFIRE_GRACE_S = 3600
"""A job that fires this late runs all the same: a slot is late when the one before it took long."""

log = structlog.get_logger()
# It says in plain text that a job fired late, on a stream of JSON lines; what becomes of a slot we log ourselves.
logging.getLogger("apscheduler").setLevel(logging.CRITICAL)


class Scheduler:
    """See the module's docstring.

    Args:
        parts: where everything is, and the clock that says which slot is due.
        jobs: the timetable.
    """

    def __init__(self, parts: Runtime, jobs: Sequence[Job] = JOBS) -> None:
        self._parts = parts
        self._jobs = jobs
        self._mistake: BaseException | None = None

    def run(self, stop: StopRequest) -> None:
        """Waits to lead, then leads, until asked to stop.

        Raises:
            InfrastructureError: the vault's database did not answer, or leadership was lost.
        """
        with AdvisoryLock(self._parts.vault_dsn, LOCK) as lock:
            waiting = False
            while not stop:
                if lock.acquire():
                    self._lead(lock, stop)
                    return
                if not waiting:
                    log.info("scheduler.waiting")
                    waiting = True
                time.sleep(LOOK_EVERY_S)

    def run_once(self) -> list[JobOutcome]:
        """Runs the last slot of each job that was not run yet, and ends.

        Raises:
            InfrastructureError: another scheduler leads.
        """
        with AdvisoryLock(self._parts.vault_dsn, LOCK) as lock:
            if not lock.acquire():
                raise InfrastructureError(
                    "another scheduler is at work",
                    expected="one at a time",
                    do="Leave the jobs to it, or stop it first.",
                )
            runner = JobRunner(self._parts, JobRuns(self._parts.vault_dsn, uuid4()))
            outcomes = [runner.run_due(job) for job in self._jobs]
        return [outcome for outcome in outcomes if outcome is not None]

    def _lead(self, lock: AdvisoryLock, stop: StopRequest) -> None:
        leader = uuid4()
        log.info("scheduler.leading", leader=str(leader))
        runner = JobRunner(self._parts, JobRuns(self._parts.vault_dsn, leader), on_mistake=self._note)
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": MISFIRE_GRACE_S, "coalesce": True, "max_instances": 1},
        )
        for job in self._jobs:
            scheduler.add_job(
                runner.run_due, job.trigger, args=[job], id=job.name, next_run_time=datetime.now(UTC)
            )
        scheduler.start()
        try:
            while not stop and self._mistake is None:
                if not lock.held():
                    raise InfrastructureError(
                        "the scheduler lost its leadership",
                        expected="a connection to the vault's database for as long as it leads",
                        found="none",
                        do="Start it again; another scheduler may lead meanwhile.",
                    )
                time.sleep(LOOK_EVERY_S)
        finally:
            # A job under way is waited for; one that takes longer than a stop may is abandoned by the stop request.
            scheduler.shutdown(wait=True)
        if self._mistake is not None:
            raise self._mistake

    def _note(self, error: BaseException) -> None:
        self._mistake = error
