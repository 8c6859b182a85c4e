"""Retention as an operator sees it: what is kept until when, the run that destroys, and what is late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from tests.ledger_home import LedgerHome, call, inbox_record, publish, settle

DAY = timedelta(days=1)
CALLER, CALLED = "+31970105551301", "+31970105551302"
APPROVER = "Invented Approver"


def micros(moment: datetime) -> int:
    """Microseconds since the epoch."""
    return int(moment.timestamp()) * 1_000_000


@pytest.fixture(scope="module")
def now() -> datetime:
    """One moment for the module: these commands read the real clock."""
    return datetime.now(UTC)


def keep(home: LedgerHome, controller: str, now: datetime, *, days: int, called_ago: int) -> None:
    """A controller that has long kept its call history for some days, and one call."""
    with home.parts() as parts:
        publish(
            parts,
            inbox_record(
                "retention.set",
                f"set-{controller}",
                occurred_at=micros(now - 200 * DAY),
                controller=controller,
                retention_class="call_history",
                days=days,
            ),
            call(
                f"call-{controller}",
                CALLER,
                CALLED,
                controller=controller,
                occurred_at=micros(now - called_ago * DAY),
            ),
        )
        settle(parts)


@pytest.fixture(scope="module")
def late(home: LedgerHome, now: datetime) -> str:
    """A controller whose call history should be gone for a week, and nobody ran anything."""
    keep(home, "late-example", now, days=1, called_ago=9)
    with home.parts() as parts, psycopg.connect(parts.vault_dsn) as connection:
        # As if the call had come in when it was made.
        connection.execute("UPDATE vault.epoch_key SET created_at = now() - interval '9 days'")
    return "late-example"


def test_fact_that_came_in_just_now_is_due_and_not_late(home: LedgerHome, now: datetime) -> None:
    """Old call logs are imported: nobody was late with what was not there."""
    keep(home, "imported-example", now, days=1, called_ago=100)
    document = home.json("retention", "--controller", "imported-example")
    assert ([bool(each) for each in history(document, "due")], document["late"]) == ([True], [])


def history(document: Any, state: str) -> list[Any]:
    """The ranges of call history in a state."""
    return [each for each in document[state] if each["retention_class"] == "call_history"]


def test_data_that_is_kept_is_listed_with_its_end(home: LedgerHome, now: datetime) -> None:
    """By controller and class, days in a row as one line, with the rule it comes from."""
    keep(home, "kept-example", now, days=30, called_ago=2)
    document = home.json("retention", "--controller", "kept-example")
    (line,) = history(document, "upcoming")
    assert (line["rule"], line["period"], line["days"], line["late"]) == ("customer", "P30D", 1, False)
    shown = home.run("retention", "--controller", "kept-example")
    assert (shown.returncode, b"upcoming" in shown.stdout) == (0, True)


def test_time_to_come_says_what_will_be_due(home: LedgerHome, now: datetime) -> None:
    """`--as-of` a later day."""
    keep(home, "future-example", now, days=30, called_ago=2)
    then = (now + 60 * DAY).date().isoformat()
    document = home.json("retention", "--controller", "future-example", "--as-of", then, expected_exit=1)
    assert len(history(document, "late")) == 1


def test_what_is_late_is_shown_and_ends_with_one(home: LedgerHome, late: str) -> None:
    """So that whoever watches the command hears of it."""
    document = home.json("retention", "--controller", late, expected_exit=1)
    assert [each["late"] for each in history(document, "late")] == [True]


def test_one_persons_data_is_listed_alone(home: LedgerHome, late: str) -> None:
    """The days and classes in which something of that person is sealed."""
    document = home.json("retention", "--subject", f"phone:{CALLER}", "--controller", late, expected_exit=1)
    assert {late} == {each["controller"] for each in document["late"] + document["upcoming"]}


def test_unknown_person_is_not_found(home: LedgerHome, late: str) -> None:
    """Nothing is made up for a number nobody knows."""
    assert home.run("retention", "--subject", "phone:+31970105559999").returncode == 3


@pytest.mark.parametrize(
    "arguments", [("--approve", "ab" * 32), ("--by", APPROVER), ("--approve", "ab", "--by", " ")]
)
def test_half_an_approval_is_a_usage_error(home: LedgerHome, arguments: tuple[str, ...]) -> None:
    """A digest without a person, or a person without a digest."""
    assert home.run("retention", "run", *arguments).returncode == 2


def test_run_shows_needs_approval_destroys_and_is_done(home: LedgerHome, late: str) -> None:
    """From the plan to the end: a dry run, a refusal above the bound, a second person, and nothing left to do."""
    plan = home.json("retention", "run", "--dry-run")
    due = [each for each in plan["due"] if each["retention_class"] == "call_history"]
    assert (["imported-example", late], True) == ([each["controller"] for each in due], plan["dry_run"])

    bound = {"LEDGER_DESTRUCTIONS_MAX": "0"}
    refused = home.run("retention", "run", environment=bound)
    assert (refused.returncode, plan["plan"].encode() in refused.stderr) == (4, True)
    other = home.run("retention", "run", "--approve", "ab" * 32, "--by", APPROVER, environment=bound)
    assert other.returncode == 4

    approved = home.run(
        "retention", "run", "--approve", plan["plan"], "--by", APPROVER, "--json", environment=bound
    )
    assert approved.returncode == 0, approved.stderr.decode()
    document = msgspec.json.decode(approved.stdout)
    assert (True, plan["keys"]) == (document["run_id"].endswith(":approved"), document["keys"])
    assert APPROVER.encode() not in approved.stdout + approved.stderr

    done = home.json("retention", "--controller", late)
    (line,) = history(done, "destroyed")
    assert (line["confirmed_at"] is not None, line["late"]) == (True, True)
    assert [each["recipient"] for each in done["services"]] == ["urn:test:pbx"]
    assert home.json("retention", "run")["keys"] == 0


def test_entry_of_a_destroyed_day_still_tells_what_happened(home: LedgerHome, late: str) -> None:
    """The trail keeps when, what and on what basis; and the destruction itself is in it."""
    home.run("retention", "run")
    types = [each["event_type"] for each in home.json("trail", "--controller", late)["entries"]]
    assert list(dict.fromkeys(each for each in types if each != "retention.set")) == [
        "call.completed",
        "retention.ended",
        "key.destroyed",
        "instruction.given",
    ]


def test_schedule_once_runs_every_job_that_was_missed_and_then_none(home: LedgerHome, late: str) -> None:
    """For a machine with a timer of its own; what was run is not run again until its next slot."""
    first = home.json("schedule", "--once")
    again = home.json("schedule", "--once")
    assert {each["job"]: each["outcome"] for each in first["jobs"]} == {
        "retention": "done",
        "erasures": "done",
        "trail": "done",
        "deadlines": "done",
    }
    # A slot may have come between the two.
    assert len(again["jobs"]) < len(first["jobs"])
