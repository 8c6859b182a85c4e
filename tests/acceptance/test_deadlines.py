"""Deadlines from the command line: what is owed until when, by both readings, near, passed, missed and met."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.contract.cloudevents import parse_time
from ledger.log.publisher import InboxRecord
from tests.ledger_home import LedgerHome, inbox_record, publish, settle

DAY = 86_400_000_000
NUMBER = "+31970105550002"
MISSED = 1


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> str:
    """A controller of the test's own."""
    return f"c-{request.node.name}"


def received(controller: str, at: str | int, request_id: str = "DSR-1") -> InboxRecord:
    """Somebody asked for access."""
    return about("request.received", controller, at, request_id, right="access")


def about(
    event_type: str, controller: str, at: str | int, request_id: str = "DSR-1", **fields: Any
) -> InboxRecord:
    """A fact of that request."""
    return inbox_record(
        event_type,
        f"{event_type} {controller} {request_id}",
        controller=controller,
        occurred_at=parse_time(at) if isinstance(at, str) else at,
        request_id=request_id,
        subject_phone=NUMBER,
        **fields,
    )


def record(home: LedgerHome, *facts: InboxRecord) -> None:
    """Publishes facts and records them."""
    with home.parts() as parts:
        publish(parts, *facts)
        settle(parts)


def listed(home: LedgerHome, controller: str, *options: str, expected_exit: int = 0) -> list[dict[str, Any]]:
    """The deadlines of a controller."""
    document = home.json("deadlines", "--controller", controller, *options, expected_exit=expected_exit)
    found: list[dict[str, Any]] = document["deadlines"]
    return found


def states(deadlines: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Of which case, and how it stands."""
    return [(each["case"], each["state"]) for each in deadlines]


def test_request_is_to_be_answered_within_a_month(home: LedgerHome, controller: str) -> None:
    """Received on 31 January 2026: due through Monday 2 March, in Amsterdam and in UTC, with the holidays' version."""
    record(home, received(controller, "2026-01-31T10:00:00Z"))
    [deadline] = listed(home, controller, expected_exit=MISSED)
    assert (
        deadline["case_kind"],
        deadline["case"],
        deadline["deadline"],
        deadline["rule"],
    ) == ("request", "DSR-1", "answer", None)
    assert "12(3)" in deadline["article"]
    assert deadline["ends_at"] == "2026-03-02T23:00:00.000000Z"
    assert deadline["ends_at_local"] == "2026-03-03T00:00:00+01:00"
    assert deadline["calendar"] == "nl-1"
    assert deadline["started_by"] == deadline["ledger"]


def test_extended_request_has_both_readings(home: LedgerHome, controller: str) -> None:
    """Received on 29 January 2026: three months from receipt, or two from the end of the first; the earlier holds."""
    record(
        home,
        received(controller, "2026-01-29T10:00:00Z"),
        about(
            "request.extended",
            controller,
            "2026-02-10T10:00:00Z",
            reasons=["complexity"],
            told_at=parse_time("2026-02-10T10:00:00Z"),
        ),
    )
    [deadline] = listed(home, controller, expected_exit=MISSED)
    assert deadline["ends_at_local"] == "2026-04-29T00:00:00+02:00"
    assert deadline["other_ends_at_local"] == "2026-04-30T00:00:00+02:00"


def test_deadline_passes_by_the_scheduler(home: LedgerHome, controller: str) -> None:
    """Over before anybody says so, missed once the job did; either way the exit code is 1."""
    record(home, received(controller, "2026-02-02T10:00:00Z"))
    assert states(listed(home, controller, expected_exit=MISSED)) == [("DSR-1", "passed")]
    home.run("schedule", "--once")
    with home.parts() as parts:
        # The slot of these five minutes may have been run by another test.
        from ledger.jobs.table import say_deadlines  # noqa: PLC0415 - used by this test alone

        say_deadlines(parts)
    assert states(listed(home, controller, expected_exit=MISSED)) == [("DSR-1", "missed")]
    found = home.json("trail", "--controller", controller)["entries"]
    assert [each["event_type"] for each in found] == ["request.received", "request.deadline_passed"]


def test_open_and_near(home: LedgerHome, controller: str) -> None:
    """Received today it is open; received twenty-six days ago it is near; neither is missed."""
    now = int(datetime.now(UTC).timestamp()) * 1_000_000
    record(home, received(controller, now, "new"), received(controller, now - 26 * DAY, "old"))
    assert states(listed(home, controller)) == [("old", "near"), ("new", "open")]


def test_what_was_met_or_withdrawn_is_shown_when_asked_for(home: LedgerHome, controller: str) -> None:
    """Nothing is owed any more, so nothing is missed."""
    record(
        home,
        received(controller, "2026-02-02T10:00:00Z", "answered"),
        about("request.answered", controller, "2026-02-20T10:00:00Z", "answered"),
        received(controller, "2026-02-03T10:00:00Z", "withdrawn"),
        about("request.withdrawn", controller, "2026-02-05T10:00:00Z", "withdrawn"),
    )
    assert listed(home, controller) == []
    assert states(listed(home, controller, "--all")) == [("answered", "met"), ("withdrawn", "void")]


def test_time_to_come(home: LedgerHome, controller: str) -> None:
    """`--as-of` in the future shows what would have passed by then, if nothing happened."""
    now = int(datetime.now(UTC).timestamp()) * 1_000_000
    record(home, received(controller, now))
    assert states(listed(home, controller)) == [("DSR-1", "open")]
    later = f"{datetime.now(UTC).year + 1}-12-31"
    assert states(listed(home, controller, "--as-of", later, expected_exit=MISSED)) == [("DSR-1", "passed")]


def test_for_people(home: LedgerHome, controller: str) -> None:
    """A line each, by when they end."""
    record(home, received(controller, "2026-02-02T10:00:00Z"))
    done = home.run("deadlines", "--controller", controller)
    assert done.returncode == MISSED
    for said in ("2026-03-03T00:00:00+01:00", "passed", "request DSR-1", "answer"):
        assert said in done.stdout.decode()


def test_as_of_a_time_before_it_was_known(home: LedgerHome, controller: str) -> None:
    """What was recorded today was not known in February, whenever it happened."""
    record(home, received(controller, "2026-01-31T10:00:00Z"))
    assert listed(home, controller, "--as-of", "2026-02-28") == []
