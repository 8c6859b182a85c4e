"""Audits, from the command line: four weeks, once a calendar year, the exceptions, access and costs."""

from typing import Any

import pytest

from tests.acceptance.cases import adopt, codes, deadlines, phases
from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")

STATED = (
    *("--scope", "compliance with the agreement", "--auditor", "Example Auditors"),
    *("--qualifications", "registered auditors", "--independent", "--secrecy", "--in-writing"),
)
RECEIVED = "2026-03-02T09:00:00Z"
EARLIEST = "2026-03-30T22:00:00Z"
"""Midnight in Amsterdam of the day after four weeks; summer time has begun meanwhile."""


@pytest.fixture
def controller(home: LedgerHome, request: pytest.FixtureRequest) -> str:
    """A controller of the test's own, with the processing agreement that speaks of audits (CD-24 to CD-28)."""
    name = f"c-{request.node.name}"
    adopt(home, "callvoip-dpa", name)
    return name


def announce(
    home: LedgerHome, controller: str, audit: str, begins: str, *more: str, at: str = RECEIVED
) -> Any:
    """Announces an audit of a week; the case it comes to."""
    ends = f"{begins[:4]}-12-31"
    named = ("--controller", controller, "--audit", audit, "--begins", begins, "--ends", ends)
    return home.json("audit", "announce", *named, *STATED, *more, "--at", at)["state"]


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        ("2026-04-06T09:00:00Z", set()),
        (EARLIEST, set()),
        ("2026-03-30T21:59:59Z", {"audit_notice_short"}),
        ("2026-03-10T09:00:00Z", {"audit_notice_short"}),
    ],
)
def test_audit_is_announced_four_weeks_ahead(
    home: LedgerHome, controller: str, begins: str, expected: set[str]
) -> None:
    """CD-26: the day of receipt does not count, four whole weeks do."""
    assert codes(announce(home, controller, "a-1", begins)) == expected


@pytest.mark.parametrize(
    ("begins", "more", "expected"),
    [
        ("2026-12-31T22:59:59Z", (), {"audit_too_often"}),
        ("2026-12-31T23:00:00Z", (), set()),
        (
            "2026-12-01",
            ("--kind", "extra", "--ground", "authority_order", "--ground-reference", "o-7"),
            set(),
        ),
        ("2026-12-01", ("--kind", "extra"), {"audit_ground_unfounded"}),
        ("2026-12-01", ("--kind", "extra", "--ground", "breach"), {"audit_ground_unfounded"}),
    ],
)
def test_regular_audit_is_once_a_calendar_year(
    home: LedgerHome, controller: str, begins: str, more: tuple[str, ...], expected: set[str]
) -> None:
    """CD-25: a second one in the year, by Amsterdam's calendar, is too many; an extra one needs a ground that holds."""
    assert codes(announce(home, controller, "first", "2026-05-01")) == set()
    assert codes(announce(home, controller, "second", begins, *more)) == expected


def test_audit_from_announcement_to_report(home: LedgerHome, controller: str) -> None:
    """Access in time, a finding, closed at the controller's cost: nothing is found, and every fact is there."""
    announced = announce(home, controller, "a-1", "2026-05-04T07:00:00Z")
    assert deadlines(announced) == {"audit_access": ("2026-05-04T07:00:00.000000Z", "passed")}
    named = ("--controller", controller, "--audit", "a-1")
    for command in (
        (
            "grant",
            "--covers",
            "system_logs",
            "--covers",
            "staff",
            "--others-shielded",
            "--at",
            "2026-05-04T07:00:00Z",
        ),
        ("begin", "--at", "2026-05-04T08:00:00Z"),
        ("finding", "--finding", "1", "--severity", "low", "--at", "2026-05-06"),
        ("finding", "--finding", "2", "--severity", "high", "--implemented", "--at", "2026-05-06"),
        ("close", "--costs", "controller", "--report-sha256", "AB" * 32, "--at", "2026-05-08"),
    ):
        stated = home.json("audit", command[0], *named, *command[1:])
    assert codes(stated["state"]) == set()
    assert deadlines(stated["state"])["audit_access"][1] == "met"
    [shown] = home.json("audit", "show", "--controller", controller)["audits"]
    assert shown == stated["state"]
    assert phases(shown) == [
        *("audit.announced", "audit.access_granted", "audit.begun"),
        *("audit.finding_reported", "audit.finding_reported", "audit.closed"),
    ]
    assert shown["facts"][-1]["details"]["report_sha256"] == "ab" * 32
    assert shown["facts"][3]["details"]["implemented"] is None


def test_what_the_provider_does_wrong_is_found(home: LedgerHome, controller: str) -> None:
    """CD-27, CD-28: refused without a ground, others' data in sight, costs shifted to where they do not belong."""
    announce(home, controller, "a-1", "2026-05-04")
    named = ("--controller", controller, "--audit", "a-1")
    home.json("audit", "refuse", *named, "--ground", "too_soon", "--at", "2026-03-03")
    home.json("audit", "grant", *named, "--covers", "staff", "--others-exposed", "--at", "2026-05-03")
    state = home.json("audit", "close", *named, "--costs", "shared", "--at", "2026-05-08")["state"]
    assert codes(state) == {"audit_refused_without_ground", "audit_others_exposed", "audit_costs_shifted"}


def test_announcement_that_leaves_things_out_is_found(home: LedgerHome, controller: str) -> None:
    """CD-24, CD-26: an auditor who is not bound to secrecy; no scope, no auditor, no end, not in writing."""
    named = ("--controller", controller, "--audit", "a-1", "--begins", "2026-05-04", "--at", RECEIVED)
    state = home.json("audit", "announce", *named, "--independent", "--no-secrecy", "--not-in-writing")[
        "state"
    ]
    assert codes(state) == {"audit_auditor_unfit", "audit_announcement_incomplete"}


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("announce", "--secrecy", "--in-writing"), 2),
        (("announce", *STATED, "--begins", "soon"), 2),
        (("grant", "--others-shielded"), 2),
        (("close", "--costs", "nobody"), 2),
        (("close", "--costs", "shared", "--report-sha256", "12"), 2),
        (("show",), 3),
    ],
)
def test_bad_option_is_refused_before_anything_is_published(
    home: LedgerHome, request: pytest.FixtureRequest, arguments: tuple[str, ...], exit_code: int
) -> None:
    """Exit code, and nothing in the log."""
    controller = f"c-{request.node.name}"
    done = home.run("audit", arguments[0], "--controller", controller, "--audit", "a-1", *arguments[1:])
    assert exit_code == done.returncode, done.stderr
    assert home.json("audit", "show", "--controller", controller)["audits"] == []
