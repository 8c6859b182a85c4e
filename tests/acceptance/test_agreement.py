"""An agreement that ends, from the command line: when, and what the controller wants done."""

from typing import Any

import pytest

from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")


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


@pytest.mark.parametrize("choice", ["return", "delete", "return_and_delete", "silent"])
def test_termination_is_recorded_with_its_choice(home: LedgerHome, controller: str, choice: str) -> None:
    """Silence is a choice too: the default of a policy takes its place."""
    stated = terminate(home, controller, "--choice", choice, "--ends", "2026-12-31T23:00:00Z")
    expected = {"agreement": "a-1", "ends_at": "2026-12-31T23:00:00.000000Z", "choice": choice}
    assert stated["state"] == {"terminations": [expected]}
    [entry] = home.json("trail", "--controller", controller)["entries"]
    assert (entry["ledger"], entry["event_type"]) == (stated["fact"]["ledger"], "agreement.terminated")


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
