"""Parties and measures, from the command line: what the Art. 30 registers need beside processing."""

import pytest

from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")

CONTROLLER = ("--controller", "c-party")


def test_parties_and_measures_are_recorded_and_in_the_register(home: LedgerHome) -> None:
    """Who is who and what is done to protect data: stated, listed with coordinates, and found in the register."""
    office = ("--contact", "privacy@example.com", "--country", "NL")
    home.json("party", "register", *CONTROLLER, "--party", "controller", "--name", "Example Garage", *office)
    dpo = ("--party", "dpo", "--name", "Privacy office", "--address", "Voorbeeldstraat 1", *office)
    stated = home.json("party", "register", *CONTROLLER, *dpo)
    assert [fact["details"]["party"] for fact in stated["state"]["facts"]] == ["controller", "dpo"]
    assert stated["state"]["facts"][-1]["ledger"] == stated["fact"]["ledger"]
    measures = ("--measure", "encrypted_connections", "--measure", "random_checks")
    described = home.json(
        "measures", "describe", *CONTROLLER, *measures, "--description", "Checked at random.", "--requested"
    )
    [fact] = described["state"]["facts"]
    assert fact["details"]["measures"] == ["encrypted_connections", "random_checks"]
    assert fact["details"]["requested_by_controller"] is True
    text = home.run("register", *CONTROLLER).stdout.decode()
    for said in ("Example Garage", "Privacy office", "Checked at random."):
        assert said in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("party", "register", "--party", "friend", "--name", "x", "--contact", "y", "--country", "NL"),
        ("party", "register", "--party", "dpo", "--name", "x", "--contact", "y", "--country", "nl"),
        ("party", "register", "--party", "dpo", "--name", "", "--contact", "y", "--country", "NL"),
        ("measures", "describe", "--description", "x"),
    ],
)
def test_bad_option_is_refused_before_anything_is_published(
    home: LedgerHome, arguments: tuple[str, ...]
) -> None:
    """Exit code 2, and nothing in the log."""
    done = home.run(*arguments, "--controller", "c-none")
    assert done.returncode == 2, done.stderr
    assert home.json("trail", "--controller", "c-none")["entries"] == []
