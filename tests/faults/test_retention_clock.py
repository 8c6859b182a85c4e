"""Wrong clocks: two days off, 400 days ahead, down for a week, two schedulers. FAULTS, rows 35 to 37."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from consumers.sealer import now_micros
from ledger.bootstrap import Runtime
from ledger.contract.ledger_record import decode_record
from ledger.entry import Entry
from ledger.forgetting import retention_run
from ledger.forgetting.guard import ClockRefused, ReferenceClock
from ledger.forgetting.retention_run import RetentionRun
from ledger.jobs.job_runs import JobRuns
from ledger.jobs.runner import DONE, JobRunner
from ledger.jobs.table import JOBS, Job
from ledger.store.forgetting import ForgettingQueries
from ledger.store.forgetting_rows import TimeShown
from ledger.store.queries import Queries
from tests.ledger_home import (
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    publish,
    settle,
    verify_whole_log,
)

DAY = 86_400_000_000
AHEAD = 400 * DAY
CONTROLLER = "clock-example"
PATIENCE_S = 60.0
time_shown = ForgettingQueries.time_shown


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
    return replace(parts, clock=off_by(AHEAD))


def live(parts: Runtime, controller: str = CONTROLLER) -> list[Any]:
    """The days of a controller's call history that still open."""
    with parts.vault() as vault:
        return [name for name in vault.live_epochs(controller) if name[1] == "call_history"]


def run(parts: Runtime, **more: Any) -> None:
    """A retention run of this process."""
    with (
        parts.vault() as vault,
        parts.store_connection(parts.settings.store_schema) as store,
    ):
        store.autocommit = True
        RetentionRun(parts, vault, store, settle=settle, **more).carry_out()


# Row 35: the clock two days off


OFF = [pytest.param(-2 * DAY, id="back"), pytest.param(2 * DAY, id="forward")]


def off_by(micros: int) -> Callable[[], int]:
    """A clock that is off."""
    return lambda: now_micros() + micros


def by_the_log(entries: Sequence[Entry]) -> list[str]:
    """What happened to somebody, in the order of the log."""
    return [entry.event_id for entry in entries]


def by_the_clock(entries: Sequence[Entry]) -> list[str]:
    """The mutant: in the order of the sealer's clock."""
    return [entry.event_id for entry in sorted(entries, key=lambda entry: entry.sealed_at)]


@pytest.mark.parametrize("off", OFF)
def test_sealer_whose_clock_is_set_keeps_the_order_and_the_digests(parts: Runtime, off: int) -> None:
    """Nothing is ordered, judged or dropped by when it was sealed; a reader by the clock would get it wrong."""
    controller = f"sealer-example-{off}"
    names = [f"{off} before", f"{off} off", f"{off} after"]
    with parts.store_connection(parts.settings.store_schema) as store:
        counted = Queries(store).totals()
    for name, clock in zip(names, (0, off, 0), strict=True):
        event = call(name, "+31970105551403", "+31970105551404", controller=controller)
        publish(parts, event._replace(key=b"one"))
        settle(replace(parts, clock=off_by(clock)))
    entries = callers_entries(parts, controller)
    assert names == by_the_log(entries)
    assert names != by_the_clock(entries)
    with parts.store_connection(parts.settings.store_schema) as store:
        became = Queries(store).totals()
    assert (became.accepted - counted.accepted, became.out_of_chain) == (3, 0)
    verify_whole_log(parts)


def callers_entries(parts: Runtime, controller: str) -> list[Entry]:
    """The callers' entries of a controller, in the order of the log."""
    records = [decode_record(record.value or b"") for record in ledger_records(parts)]
    entries = [record for record in records if isinstance(record, Entry) and record.controller == controller]
    return [entry for entry in entries if "caller" in entry.subject_roles]


@pytest.fixture
def due_tomorrow(parts: Runtime, request: pytest.FixtureRequest) -> str:
    """A controller whose call history of yesterday is to be kept for one day: through today."""
    now, controller = now_micros(), f"c-{request.node.name}"[:60]
    publish(
        parts,
        inbox_record(
            "retention.set",
            f"set {controller}",
            occurred_at=now - 4 * DAY,
            controller=controller,
            retention_class="call_history",
            days=1,
        ),
        call(
            f"call {controller}",
            "+31970105551401",
            "+31970105551402",
            controller=controller,
            occurred_at=now - DAY,
        ),
    )
    settle(parts)
    return controller


@pytest.mark.parametrize("off", OFF)
def test_scheduler_two_days_off_lets_nothing_expire(parts: Runtime, due_tomorrow: str, off: int) -> None:
    """The databases' clocks contradict it: neither too early nor by a clock that is behind."""
    with pytest.raises(ClockRefused, match="the store"):
        run(replace(parts, clock=off_by(off)))
    assert len(live(parts, due_tomorrow)) == 1


def test_scheduler_two_days_ahead_that_asks_no_other_clock_is_noticed(
    parts: Runtime, due_tomorrow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: it destroys today what may be read until midnight."""
    monkeypatch.setattr(retention_run, "check_clocks", lambda *_, **__: None)
    run(replace(parts, clock=off_by(2 * DAY)))
    with pytest.raises(AssertionError):
        assert len(live(parts, due_tomorrow)) == 1


# Row 36: the clock 400 days ahead


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


PUBLISHERS = [pytest.param(0, id="publishers-right"), pytest.param(AHEAD, id="publishers-as-wrong")]


def seal_after_the_jump(ahead: Runtime, off: int) -> None:
    """Traffic goes on: calls that happen now by their publisher's clock, sealed 400 days later by ours."""
    for number in range(3):
        publish(
            ahead,
            call(
                f"later {number} {off}",
                "+31970105551405",
                "+31970105551406",
                controller="traffic-example",
                occurred_at=now_micros() + off,
            ),
        )
    settle(ahead)


@pytest.mark.parametrize("off", PUBLISHERS)
def test_facts_sealed_after_the_jump_do_not_vouch_for_it(ahead: Runtime, off: int) -> None:
    """The sealer's clock jumped as well, and says that it is so late; publishers' did not, or just did."""
    seal_after_the_jump(ahead, off)
    with pytest.raises(ClockRefused, match="newest recorded fact" if off == 0 else "may have jumped"):
        run(ahead, clocks=agreeing(ahead))
    assert len(live(ahead)) == 1


def newest_sealed(queries: ForgettingQueries, now: int, *, silence_max: int) -> TimeShown | None:
    """The mutant: the newest fact shows the time, by whatever clock it was sealed."""
    shown = time_shown(queries, now, silence_max=silence_max)
    return shown and TimeShown(shown.newest, shown.newest, None)


@pytest.mark.parametrize("off", PUBLISHERS)
def test_newest_sealed_fact_alone_would_let_everything_go(
    ahead: Runtime, monkeypatch: pytest.MonkeyPatch, off: int
) -> None:
    """One fact sealed after the jump is enough for it."""
    seal_after_the_jump(ahead, off)
    monkeypatch.setattr(ForgettingQueries, "time_shown", newest_sealed)
    run(ahead, clocks=agreeing(ahead))
    assert live(ahead) == []


def test_without_the_guard_everything_would_go(ahead: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: it shows that the two tests above look at something."""
    monkeypatch.setattr(retention_run, "check_clocks", lambda *_, **__: None)
    run(ahead, clocks=agreeing(ahead))
    assert live(ahead) == []


# Row 37: a scheduler down, and two


class RemembersItself(JobRuns):
    """The mutant: each leader knows of its own slots only."""

    def __init__(self, dsn: str, leader: UUID) -> None:
        super().__init__(dsn, leader)
        self._taken: set[tuple[str, datetime]] = set()

    def claim(self, job: str, slot: datetime) -> bool:
        """Whatever it has not run itself."""
        return (job, slot) not in self._taken

    def finish(self, job: str, slot: datetime, outcome: str) -> None:
        """Noted here, and nowhere else."""
        self._taken.add((job, slot))


def runs_of_one_slot(parts: Runtime, runs_type: type[JobRuns]) -> int:
    """How often a job is run in one slot, when one leader follows another and each asks twice."""
    done: list[Runtime] = []
    job = Job(f"job-{runs_type.__name__}", {"minute": "7"}, done.append)
    for _ in range(2):
        leader = JobRunner(parts, runs_type(parts.vault_dsn, uuid4()))
        leader.run_due(job)
        leader.run_due(job)
    return len(done)


def test_slot_that_is_remembered_by_its_leader_alone_is_run_again(parts: Runtime) -> None:
    """Once by the table in the vault's database; twice by what each leader remembers."""
    assert runs_of_one_slot(parts, JobRuns) == 1
    assert runs_of_one_slot(parts, RemembersItself) == 2


def slots(parts: Runtime) -> list[tuple[str, int, str | None]]:
    """Every slot of the jobs there are that was taken: job, attempts and how it ended."""
    names = {job.name for job in JOBS}
    with psycopg.connect(parts.vault_dsn) as connection:
        rows = connection.execute(
            "SELECT job, attempts, outcome FROM vault.job_run ORDER BY job, scheduled_for"
        ).fetchall()
    return [(job, attempts, outcome) for job, attempts, outcome in rows if job in names]


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
