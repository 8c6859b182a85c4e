"""Sub-processors, from the command line: told beforehand, objected to, contracted, and what transfers rest on."""

from typing import Any

import pytest

from tests.acceptance.cases import codes, phases
from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")

TOLD = "2026-03-02T09:00:00Z"
STARTED = ("--at", "2026-04-01T09:00:00Z")


@pytest.fixture
def named(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options that name a sub-processor of a controller of the test's own."""
    return ("--controller", f"c-{request.node.name}", "--subprocessor", "Example Transcriber")


def announce(home: LedgerHome, named: tuple[str, ...], *more: str, at: str = TOLD) -> Any:
    """Tells the controller of it; the case it comes to."""
    told = ("--service", "transcription", "--starts", STARTED[1], "--told-by", "email")
    abroad = ("--country", "US", "--mechanism", "scc")
    return home.json("subprocessor", "announce", *named, *told, *abroad, *more, "--at", at)["state"]


@pytest.mark.parametrize(
    ("told_at", "expected"),
    [
        (TOLD, set()),
        ("2026-04-01T08:59:59.999999Z", set()),
        ("2026-04-01T09:00:00Z", {"subprocessor_not_announced"}),
        ("2026-04-02T09:00:00Z", {"subprocessor_not_announced"}),
    ],
)
def test_controller_is_told_before_it_starts(
    home: LedgerHome, named: tuple[str, ...], told_at: str, expected: set[str]
) -> None:
    """CD-15, GDPR Art. 28(2): the very moment it starts is too late; when it was stated does not matter."""
    home.json("subprocessor", "contract", *named, "--version", "1", "--same-duties", "--at", TOLD)
    home.json("subprocessor", "activate", *named, *STARTED)
    assert codes(announce(home, named, at=told_at)) == expected


def test_objection_stands_until_it_is_settled(home: LedgerHome, named: tuple[str, ...]) -> None:
    """Started while it stood is found; started when it was settled is not."""
    announce(home, named, "--with-agreement")
    home.json("subprocessor", "object", *named, "--ground", "country", "--at", "2026-03-10")
    state = home.json("subprocessor", "activate", *named, "--at", "2026-03-20")["state"]
    assert codes(state) == {"processor_objected"}
    home.json("subprocessor", "end", *named, "--at", "2026-03-21")
    home.json("subprocessor", "settle", *named, "--outcome", "withdrawn", "--at", "2026-03-25")
    again = home.json("subprocessor", "activate", *named, *STARTED)["state"]
    assert [finding["ledger"] for finding in again["findings"]] == [state["facts"][-1]["ledger"]]


@pytest.mark.parametrize(
    ("contracts", "expected"),
    [
        ((("--same-duties", "2026-03-20"),), set()),
        ((), {"subprocessor_without_agreement"}),
        ((("--same-duties", "2026-04-02"),), {"subprocessor_without_agreement"}),
        ((("--fewer-duties", "2026-03-20"),), {"subprocessor_without_agreement"}),
    ],
)
def test_sub_processor_is_bound_before_it_processes(
    home: LedgerHome, named: tuple[str, ...], contracts: tuple[tuple[str, str], ...], expected: set[str]
) -> None:
    """CD-16, GDPR Art. 28(4): by an agreement with at least the provider's own duties."""
    announce(home, named)
    for duties, at in contracts:
        home.json("subprocessor", "contract", *named, "--version", "1", duties, "--at", at)
    assert codes(home.json("subprocessor", "activate", *named, *STARTED)["state"]) == expected


def test_list_shows_what_each_controller_was_told(home: LedgerHome, named: tuple[str, ...]) -> None:
    """One name in several spellings is one sub-processor; what transfers rest on changes with a statement."""
    announce(home, named, "--optional", "--valid-from", "2026-01-01", "--valid-until", "2026-12-31")
    upper = (*named[:3], named[3].upper())
    stated = home.json(
        "subprocessor", "mechanism", *upper, "--country", "US", "--country", "CA", "--mechanism", "adequacy",
        "--valid-from", "2026-06-01", "--safeguards", "register of decisions", "--at", "2026-05-01",
    )  # fmt: skip
    [listed] = home.json("subprocessor", "list", "--controller", named[1])["subprocessors"]
    assert listed == stated["state"]
    assert (listed["id"], listed["phase"]) == ("example transcriber", "mechanism_set")
    assert phases(listed) == ["subprocessor.announced", "transfer.mechanism_set"]
    assert listed["facts"][0]["details"]["mechanism_valid_until"] == "2026-12-31T00:00:00.000000Z"
    assert listed["facts"][1]["details"]["countries"] == ["US", "CA"]
    by_name = home.json("subprocessor", "list", "--subprocessor", "EXAMPLE transcriber")["subprocessors"]
    assert listed in by_name


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("object", "--ground", "taste"), 2),
        (("settle",), 2),
        (("contract", "--version", "1"), 2),
        (("mechanism", "--country", "Holland", "--mechanism", "scc", "--valid-from", "2026-01-01"), 2),
        (("mechanism", "--country", "US", "--mechanism", "scc", "--valid-from", "then"), 2),
        (("list",), 3),
    ],
)
def test_bad_option_is_refused_before_anything_is_published(
    home: LedgerHome, named: tuple[str, ...], arguments: tuple[str, ...], exit_code: int
) -> None:
    """Exit code, and nothing in the log."""
    done = home.run("subprocessor", arguments[0], *named, *arguments[1:])
    assert exit_code == done.returncode, done.stderr
    assert home.json("subprocessor", "list", "--controller", named[1])["subprocessors"] == []
