"""An agreement that ends, from the command line: when, and what the controller wants done."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from ledger.bootstrap import Runtime
from tests.ledger_home import LedgerHome, await_recorded, call, publish

pytestmark = pytest.mark.usefixtures("served")

CALLER = "+3197010000231"
CALLED = "+3197010000232"


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> str:
    """A controller of the test's own."""
    return f"c-{request.node.name}"


def terminate(home: LedgerHome, controller: str, *more: str, expected_exit: int = 0) -> Any:
    """Terminates agreement a-1 of a controller; `more` replaces options given before it."""
    given = {"--agreement": "a-1", "--ends": "2026-12-31", "--choice": "delete"}
    given |= dict(zip(more[::2], more[1::2], strict=True))
    options = [part for pair in given.items() for part in pair]
    if expected_exit:
        done = home.run("agreement", "terminate", "--controller", controller, *options)
        assert expected_exit == done.returncode, done.stderr
        return done.stderr.decode()
    return home.json("agreement", "terminate", "--controller", controller, *options)


@pytest.mark.parametrize(
    ("choice", "due_at", "said"),
    [
        ("return", "2100-04-01T22:00:00.000000Z", "Return it with"),
        ("delete", "2100-01-01T23:00:00.000000Z", "Nothing waits for an export"),
        ("return_and_delete", "2100-01-31T23:00:00.000000Z", "Return it with"),
        ("silent", "2100-04-01T22:00:00.000000Z", "Nothing waits for an export"),
    ],
)
def test_termination_is_recorded_with_its_choice(
    home: LedgerHome, controller: str, choice: str, due_at: str, said: str
) -> None:
    """Silence is a choice too: the default of a policy takes its place. What follows is said, and how to export."""
    stated = terminate(home, controller, "--choice", choice, "--ends", "2099-12-31T23:00:00Z")
    expected = {"agreement": "a-1", "ends_at": "2099-12-31T23:00:00.000000Z", "choice": choice}
    assert stated["state"] == {"terminations": [expected], "data_due_at": due_at}
    [warning] = stated["warnings"]
    for part in (due_at, said, f"ledger export --controller {controller} --why end_of_agreement"):
        assert part in warning
    [entry] = home.json("trail", "--controller", controller)["entries"]
    assert (entry["ledger"], entry["event_type"]) == (stated["fact"]["ledger"], "agreement.terminated")


def test_end_that_a_policy_came_after_ends_no_new_data(home: LedgerHome, controller: str) -> None:
    """Adopting a policy after the end is a new agreement, and whoever adopts it hears so."""
    terminate(home, controller, "--ends", "2026-01-31", "--at", "2026-01-01")
    adopted = home.json("policy", "adopt", "callvoip-dpa", "--controller", controller)
    assert "belongs to a new agreement" in adopted["warnings"][-1]
    earlier = home.json("policy", "adopt", "callvoip-dpa", "--controller", controller, "--at", "2026-01-02")
    assert earlier["warnings"] == []


def test_data_to_be_returned_is_due_once_it_was_exported(
    home: LedgerHome, parts: Runtime, controller: str, tmp_path: Path
) -> None:
    """GDPR Art. 28(3)(g): until the export it is kept, and readable in it; after it the next run destroys it."""
    publish(parts, call("one", CALLER, CALLED, controller=controller))
    await_recorded(home)
    terminate(home, controller, "--choice", "return_and_delete", "--ends", "2026-04-01")

    def rules(state: str) -> set[tuple[str, str]]:
        document = home.json("retention", "--controller", controller)
        return {(each["retention_class"], each["rule"]) for each in document[state]}

    assert ("call_history", "ledger:export-hold") in rules("upcoming")
    assert rules("due") == set()
    out = tmp_path / "returned.zip"
    home.json("export", "--controller", controller, "--why", "end_of_agreement", "--out", str(out))
    with zipfile.ZipFile(out) as archive:
        assert CALLER in archive.read("entries.json").decode()
    assert ("call_history", "ledger:agreement-end-chosen") in rules("due")


def test_later_statement_corrects_an_earlier_one(home: LedgerHome, controller: str) -> None:
    """Of one agreement the last statement holds; another agreement stands beside it."""
    terminate(home, controller)
    terminate(home, controller, "--agreement", "a-2", "--choice", "silent")
    state = terminate(home, controller, "--choice", "return")["state"]
    assert [(each["agreement"], each["choice"]) for each in state["terminations"]] == [
        ("a-1", "return"),
        ("a-2", "silent"),
    ]
    assert len(home.json("trail", "--controller", controller)["entries"]) == 3


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--choice", "burn"),
        ("--ends", "soon"),
        ("--ends", "2026-02-30"),
        ("--agreement", ""),
        ("--at", "then"),
        ("--controller", "  "),
    ],
)
def test_bad_option_is_refused(home: LedgerHome, controller: str, option: str, value: str) -> None:
    """Exit code 2, and nothing in the log."""
    terminate(home, controller, option, value, expected_exit=2)
    assert home.json("trail", "--controller", controller)["entries"] == []
