"""What a hold kept of one person: services leave it alone, everybody sees it, and it goes once and for ever."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ledger.config import INSTRUCTIONS_TOPIC
from ledger.forgetting import retention_run
from ledger.forgetting.retention_run import Outcome
from ledger.forgetting.retention_status import Line, State, retention_status
from ledger.log.records import ReadRecord
from ledger.vault_recovery import recover
from tests.faults.test_vault_restore import back_up, restore
from tests.integration.forgetting.simulated import CALLER, Simulation, day_number, noon
from tests.ledger_home import new_home

START = "2026-03-20"
OVER = (date.fromisoformat(START) + timedelta(days=1)).isoformat()
DAY = 86_400_000_000
WHO, CLASS = "garage-example", "call_history"


@pytest.fixture
def ledger() -> Iterator[Simulation]:
    """A ledger of each test's own: a recovery reads all of it, and nobody else may be at work."""
    with new_home() as home, home.parts() as parts, Simulation.begin(parts, noon(START)) as simulation:
        yield simulation


def held_day(ledger: Simulation) -> UUID:
    """A day that is over and destroyed but for what was put aside of its caller, who is returned."""
    ledger.record(ledger.sets(WHO, CLASS, 1))
    ledger.now += DAY
    ledger.record(ledger.call(WHO, "call-1"))
    caller = ledger.subject(WHO, CALLER)
    hold(ledger, caller, "claim-1")
    ledger.now += 2 * DAY
    retain(ledger)
    assert ledger.opened(WHO)["call-1"] == {"caller_number"}
    return caller


def hold(ledger: Simulation, subject: UUID, hold_id: str) -> None:
    """A hold on one person."""
    ledger.record(ledger.holds(WHO, hold_id, subject_pseudonym=str(subject)))


def lift(ledger: Simulation, hold_id: str) -> None:
    """It ends."""
    ledger.record(ledger.fact("hold.lifted", WHO, hold_id=hold_id))


def retain(ledger: Simulation) -> Outcome:
    """A run as it is in production: its vault makes second copies."""
    with ledger.parts.making_vault() as vault, ledger.run(vault) as run:
        return run.carry_out()


def lines(ledger: Simulation, day: str = OVER) -> list[Line]:
    """What `ledger retention` says of a day, and of releases."""
    with (
        ledger.parts.vault() as vault,
        ledger.parts.store_connection(ledger.parts.settings.store_schema) as store,
    ):
        store.autocommit = True
        found = retention_status(vault, store, as_of=ledger.now, controller=WHO).lines
    return [each for each in found if each.retention_class == CLASS and each.day in {None, day_number(day)}]


def instructions(ledger: Simulation) -> list[dict[str, Any]]:
    """What services were told, in order."""
    with ledger.parts.reader({}) as reader:
        partitions = reader.partitions_of(INSTRUCTIONS_TOPIC)
        due = sum(reader.ends(partitions).values())
        reader.assign(dict.fromkeys(partitions, 0))
        read: list[ReadRecord] = []
        while len(read) < due:
            read += [record for batch in reader.poll(1.0).values() for record in batch]
    return [msgspec.json.decode(record.value or b"")["data"] for record in read]


def releases(ledger: Simulation) -> list[dict[str, Any]]:
    """The facts of the end of what was put aside."""
    ends = [msgspec.json.decode(fact.open_fields) for fact in ledger.facts(WHO, "retention.ended")]
    return [each for each in ends if each["epoch_day"] is None and each["fact"] is None]


def test_services_keep_what_is_held_until_they_are_told_to_erase_it(ledger: Simulation) -> None:
    """The day's instruction excepts the recipient's own events of the person; the end of the hold names them again."""
    caller = str(held_day(ledger))
    events = [{"source": "urn:test:pbx", "id": "call-1"}]
    (told,) = instructions(ledger)
    assert told["epochs"] == [{"retention_class": CLASS, "day": OVER}]
    assert told["except"] == [{"subject_pseudonym": caller, "references": events}]
    (given,) = ledger.facts(WHO, "instruction.given")
    assert msgspec.json.decode(given.open_fields)["except_subjects"] == [caller]
    lift(ledger, "claim-1")
    retain(ledger)
    _, again = instructions(ledger)
    assert (again["action"], again["retention_classes"], again["epochs"]) == ("erase", [CLASS], [])
    assert (again["subject_pseudonym"], again["references"], again["except"]) == (caller, events, [])
    retain(ledger)
    assert len(instructions(ledger)) == 2


@pytest.mark.parametrize("step", ["instructed", "announced"])
def test_run_that_died_before_a_release_is_repaired_by_the_next(
    ledger: Simulation, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told once, said once, released."""
    held_day(ledger)
    lift(ledger, "claim-1")

    def crash(*_arguments: Any, **_fields: Any) -> None:
        raise RuntimeError

    with ledger.parts.making_vault() as vault, ledger.run(vault) as run, monkeypatch.context() as patched:
        if step == "announced":
            patched.setattr(vault, "release_held", crash)
        else:
            patched.setattr(retention_run, "released_fact", crash)
        with pytest.raises(RuntimeError):
            run.carry_out()
    ledger.now += DAY // 24
    retain(ledger)
    assert ledger.opened(WHO)["call-1"] == set()
    assert (len(releases(ledger)), len(ledger.facts(WHO, "instruction.given"))) == (1, 2)
    assert len({each["instruction"] for each in instructions(ledger)}) == 2


def test_status_shows_what_is_held_and_when_it_went(ledger: Simulation) -> None:
    """Destroyed is what does not open: the held person's share is a line of its own, until it is released."""
    caller = held_day(ledger)
    day, aside = lines(ledger)
    assert (day.state, day.subject) == (State.DESTROYED, None)
    assert (aside.state, aside.subject, aside.held_by) == (State.HELD, caller, "claim-1")
    lift(ledger, "claim-1")
    assert [each.state for each in lines(ledger)] == [State.DESTROYED, State.DUE]
    retain(ledger)
    states = [(each.state, each.subject, each.rule) for each in lines(ledger)]
    assert sorted(states, key=str) == sorted(
        [(State.DESTROYED, None, "customer"), (State.DESTROYED, caller, "hold:ended")], key=str
    )


def test_data_without_any_end_is_shown(ledger: Simulation) -> None:
    """Nobody adopted or set anything: it opens, and will for ever."""
    ledger.record(ledger.call(WHO, "call-1"))
    (line,) = lines(ledger, START)
    assert (line.state, line.ended_at, line.rule) == (State.NO_END, None, None)


def test_recovery_brings_nothing_back_that_was_released(ledger: Simulation) -> None:
    """The second copy of it is there for weeks; its tombstone stands, and a fact says when it went."""
    caller = held_day(ledger)
    lift(ledger, "claim-1")
    assert retain(ledger).released == 1
    (end,) = releases(ledger)
    assert (end["subject_pseudonym"], end["retention_class"], end["ended_at"]) == (
        str(caller),
        CLASS,
        ledger.now,
    )
    assert recover(ledger.parts).put_back.held_fields == 0
    assert ledger.opened(WHO)["call-1"] == set()


def test_recovery_leaves_what_a_later_hold_keeps(ledger: Simulation) -> None:
    """It follows every release again from the first, and each ends what it ended then."""
    caller = held_day(ledger)
    lift(ledger, "claim-1")
    retain(ledger)
    ledger.now += DAY
    ledger.record(ledger.call(WHO, "call-2"))
    hold(ledger, caller, "claim-2")
    ledger.now += 2 * DAY
    retain(ledger)
    recover(ledger.parts)
    opened = ledger.opened(WHO)
    assert (opened["call-1"], opened["call-2"]) == (set(), {"caller_number"})


def test_restored_vault_releases_before_it_serves(ledger: Simulation, tmp_path: Path) -> None:
    """The back-up has what the hold kept; whoever opens the vault first follows the fact of its end."""
    held_day(ledger)
    dump = back_up(ledger.parts, tmp_path / "vault.dump")
    lift(ledger, "claim-1")
    retain(ledger)
    restore(ledger.parts, dump)
    assert ledger.opened(WHO)["call-1"] == set()
    recover(ledger.parts)
    assert ledger.opened(WHO)["call-1"] == set()
