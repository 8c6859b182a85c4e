"""Running one job's due slot, once.

Each step, in this order; behind each, what a crash there leaves and what repairs it:

1. find the last slot at or before now;      nothing
2. take it, committed;                       a slot taken and not finished: the next leader takes it up
3. do the work;                              as above; every job may be repeated
4. finish it, with how it ended.             nothing is owed

An error of ours ends the slot and not the process: the next slot tries again. Anything else is a mistake of the
program, and ends the process once it is noted.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from ledger.bootstrap import Runtime
from ledger.errors import LedgerError
from ledger.jobs.job_runs import JobRuns
from ledger.jobs.slots import last_slot
from ledger.jobs.table import Job

DONE = "done"
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


class JobOutcome(NamedTuple):
    """How one slot of one job ended: `done`, or the kind of error."""

    job: str
    slot: datetime
    outcome: str


class JobRunner:
    """Runs jobs for one leader.

    Args:
        parts: where everything is, and the clock.
        runs: takes slots for this leader.
        on_mistake: told of an error that is not ours; the process is to end.
    """

    def __init__(
        self, parts: Runtime, runs: JobRuns, *, on_mistake: Callable[[BaseException], None] | None = None
    ) -> None:
        self._parts = parts
        self._runs = runs
        self._on_mistake = on_mistake

    def run_due(self, job: Job) -> JobOutcome | None:
        """Runs a job's last slot unless that was done; None when there was nothing to run."""
        try:
            return self._run_due(job)
        except LedgerError:
            # The vault's database did not answer about the slot. The next slot asks again.
            log.exception("job.slot.unknown", job=job.name)
            return None
        except Exception as error:
            if self._on_mistake is None:
                raise
            self._on_mistake(error)
            return None

    def _run_due(self, job: Job) -> JobOutcome | None:
        now = UNIX_EPOCH + timedelta(microseconds=self._parts.clock())
        slot = last_slot(job.trigger, now)
        if slot is None or not self._runs.claim(job.name, slot):
            return None
        log.info("job.started", job=job.name, slot=slot.isoformat())
        outcome = DONE
        try:
            job.work(self._parts)
        except LedgerError as error:
            outcome = type(error).__name__
            log.exception("job.failed", job=job.name, slot=slot.isoformat())
        self._runs.finish(job.name, slot, outcome)
        log.info("job.ended", job=job.name, slot=slot.isoformat(), outcome=outcome)
        return JobOutcome(job.name, slot, outcome)
