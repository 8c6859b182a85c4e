"""What the tests of commands about cases share: adopting a pack, and reading what a case came to."""

from typing import Any

from tests.ledger_home import LedgerHome

LONG_AGO = "2025-01-01"
"""Before whatever a test states."""


def adopt(home: LedgerHome, pack: str, controller: str) -> None:
    """Holds a controller to an installed pack."""
    home.json("policy", "adopt", pack, "--controller", controller, "--at", LONG_AGO)


def codes(state: dict[str, Any]) -> set[str]:
    """The findings on a case; each says what was expected and found, by which text, and on which entry."""
    for finding in state["findings"]:
        assert all(finding[name] for name in ("article", "expected", "found", "ledger"))
    return {finding["code"] for finding in state["findings"]}


def deadlines(state: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Name of each deadline of a case -> when it ends, and what became of it."""
    return {each["deadline"]: (each["ends_at"], each["state"]) for each in state["deadlines"]}


def phases(state: dict[str, Any]) -> list[str]:
    """What happened in a case, oldest first."""
    return [fact["event_type"] for fact in state["facts"]]
