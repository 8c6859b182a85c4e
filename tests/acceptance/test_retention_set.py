"""A customer's own days, from the command line: 0 to 365, of classes it has a say in."""

import pytest

from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> str:
    """A controller of the test's own."""
    return f"c-{request.node.name}"


@pytest.mark.parametrize("days", ["0", "1", "365"])
def test_days_are_a_fact(home: LedgerHome, controller: str, days: str) -> None:
    """From not at all to a year, under a policy that leaves it to the customer."""
    home.json("policy", "adopt", "callvoip-faq", "--controller", controller)
    given = ("--controller", controller, "--class", "call_history", "--days", days)
    stated = home.json("retention", "set", *given)
    since = stated["fact"]["occurred_at"]
    assert stated["state"] == {
        "settings": [{"retention_class": "call_history", "days": int(days), "since": since}]
    }
    assert [bool(stated["warnings"])] == [days == "0"]
    entries = home.json("trail", "--controller", controller)["entries"]
    assert (entries[-1]["ledger"], entries[-1]["findings"]) == (stated["fact"]["ledger"], [])


def test_class_no_policy_leaves_to_the_customer_is_warned_of(home: LedgerHome, controller: str) -> None:
    """It is set all the same: the customer is the controller."""
    given = ("--controller", controller, "--class", "call_history", "--days", "30")
    assert "no policy" in home.json("retention", "set", *given)["warnings"][0]


def test_class_that_shows_the_law_was_kept_is_a_finding(home: LedgerHome, controller: str) -> None:
    """Proof of consent has no setting: what is stated is recorded, and does not hold."""
    given = ("--controller", controller, "--class", "consent_proof", "--days", "30")
    assert "does not hold" in home.json("retention", "set", *given)["warnings"][0]
    [entry] = home.json("trail", "--controller", controller)["entries"]
    assert {finding["code"] for finding in entry["findings"]} == {"retention_not_settable"}
    assert home.json("retention", "set", *given)["state"] == {"settings": []}


def test_setting_in_the_future_is_warned_of(home: LedgerHome, controller: str) -> None:
    """Nothing changes before its date, which may be a mistake."""
    home.json("policy", "adopt", "callvoip-faq", "--controller", controller)
    given = ("--controller", controller, "--class", "call_history", "--days", "0", "--at", "2099-01-01")
    assert "nothing changes before 2099-01-01" in home.json("retention", "set", *given)["warnings"][-1]


@pytest.mark.parametrize(
    "given",
    [
        ("--class", "call_history", "--days", "-1"),
        ("--class", "call_history", "--days", "366"),
        ("--class", "call_history", "--days", "a week"),
        ("--class", "gossip", "--days", "30"),
        ("--class", "call_history"),
        ("--class", "call_history", "--days", "30", "--at", "then"),
    ],
)
def test_other_days_are_refused(home: LedgerHome, controller: str, given: tuple[str, ...]) -> None:
    """Exit code 2, and nothing in the log."""
    assert home.run("retention", "set", "--controller", controller, *given).returncode == 2
    assert home.json("trail", "--controller", controller)["entries"] == []
