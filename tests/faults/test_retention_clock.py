"""The clock and retention: 400 days ahead, down for a week, two schedulers. FAULTS, rows 36 and 37."""

import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from consumers.sealer import now_micros
from ledger.bootstrap import Runtime
from ledger.forgetting import retention_run
from ledger.forgetting.guard import ClockRefused, ReferenceClock
from ledger.forgetting.retention_run import RetentionRun
from ledger.jobs.runner import DONE
from ledger.jobs.table import JOBS
from tests.ledger_home import LedgerHome, call, inbox_record, publish, settle

DAY = 86_400_000_000
AHEAD = 400 * DAY
CONTROLLER = "clock-example"
PATIENCE_S = 60.0


@pytest.fixture
def ahead(parts: Runtime) -> Runtime:
    """Call history that is to be kept for 90 days, sealed now; and a process whose clock is 400 days ahead."""
    now = now_micros()
    publish(
        parts,
        inbox_record(
            "retention.set",
            "set",
            occurred_at=now - 2 * DAY,
            controller=CONTROLLER,
            retention_class="call_history",
            days=90,
        ),
        call("call-1", "+31970105551401", "+31970105551402", controller=CONTROLLER, occurred_at=now),
    )
    settle(parts)
    return replace(parts, clock=lambda: now_micros() + AHEAD)


def live(parts: Runtime) -> list[Any]:
    """The days of this controller's call history that still open."""
    with parts.vault() as vault:
        return [name for name in vault.live_epochs(CONTROLLER) if name[1] == "call_history"]


def run(parts: Runtime, **more: Any) -> None:
    """A retention run of this process."""
    with (
        parts.vault() as vault,
        parts.store_connection(parts.settings.store_schema) as store,
    ):
        store.autocommit = True
        RetentionRun(parts, vault, store, settle=settle, **more).carry_out()


def agreeing(parts: Runtime) -> Any:
    """Other clocks that are as wrong as ours: one machine for everything."""
    return lambda _store, _vault: [ReferenceClock("the store", parts.clock())]


def test_clock_that_the_databases_contradict_destroys_nothing(ahead: Runtime) -> None:
    """One machine's clock jumped; the servers' did not."""
    with pytest.raises(ClockRefused, match="the store"):
        run(ahead)
    assert len(live(ahead)) == 1


def test_clocks_that_are_all_wrong_destroy_nothing(ahead: Runtime) -> None:
    """The newest fact is 400 days old by them: nobody recorded anything since, so it is not so late."""
    with pytest.raises(ClockRefused, match="newest recorded fact"):
        run(ahead, clocks=agreeing(ahead))
    assert len(live(ahead)) == 1


def test_without_the_guard_everything_would_go(ahead: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: it shows that the two tests above look at something."""
    monkeypatch.setattr(retention_run, "check_clocks", lambda *_: None)
    run(ahead, clocks=agreeing(ahead))
    assert live(ahead) == []


def slots(parts: Runtime) -> list[tuple[str, int, str | None]]:
    """Every slot that was taken: job, attempts and how it ended."""
    with psycopg.connect(parts.vault_dsn) as connection:
        rows = connection.execute(
            "SELECT job, attempts, outcome FROM vault.job_run ORDER BY job, scheduled_for"
        ).fetchall()
    return [(job, attempts, outcome) for job, attempts, outcome in rows]


def await_slots(parts: Runtime) -> None:
    """Returns once each job's last slot was run to its end."""
    deadline = time.monotonic() + PATIENCE_S
    names = {job.name for job in JOBS}
    while {job for job, _, outcome in slots(parts) if outcome is not None} != names:
        assert time.monotonic() < deadline, slots(parts)
        time.sleep(0.2)


def test_two_schedulers_run_each_slot_once(home: LedgerHome, parts: Runtime) -> None:
    """One leads; when it is killed the other goes on, and runs nothing a second time."""
    settle(parts)
    with ExitStack() as stack:
        first = stack.enter_context(home.process("schedule"))
        second = stack.enter_context(home.process("schedule"))
        await_slots(parts)
        first.kill()
        first.wait()
        time.sleep(3)
        assert second.poll() is None or second.returncode == 0
    taken = slots(parts)
    assert {1} == {attempts for _, attempts, _ in taken}
    assert {DONE} == {outcome for _, _, outcome in taken}
