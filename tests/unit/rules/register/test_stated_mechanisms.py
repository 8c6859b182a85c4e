"""Which statement about a transfer a register shows."""

from typing import Any

from ledger.rules.register.records import Mechanism
from ledger.rules.register.stated_mechanisms import StatedMechanism, in_force

FACT, LIST = "transfer.mechanism_set", "policy.adopted"
GARAGE = "garage-example"


def stated(
    name: str | None, at: int, by: str = FACT, recipient: str = "speech-example", **changes: Any
) -> StatedMechanism:
    """A statement about a recipient in the US; its offset is its moment."""
    made = Mechanism(GARAGE, recipient, "US", name, None, None, None, 0, at)._replace(**changes)
    return StatedMechanism(made, by, at)


def shown(*statements: StatedMechanism, at: int = 100) -> list[tuple[str | None, int]]:
    """What is in force: mechanism and offset."""
    return [(one.mechanism, one.offset) for one in in_force(statements, at)]


def test_last_stated_holds() -> None:
    """Of the same recipient, whatever the case of its name."""
    assert shown(stated("scc", 1), stated("bcr", 2, recipient="Speech-Example")) == [("bcr", 2)]


def test_statement_that_comes_later_does_not_hold_yet() -> None:
    """Stated later, or valid from later on."""
    assert shown(stated("scc", 1), stated("bcr", 101)) == [("scc", 1)]
    assert shown(stated("scc", 1), stated("adequacy", 2, valid_from=101)) == [("scc", 1)]
    assert shown(stated("bcr", 101)) == []


def test_what_is_still_valid_holds_when_another_ran_out() -> None:
    """The decision fell; the clauses stand."""
    ended = stated("adequacy", 2, valid_from=10, valid_until=50)
    assert shown(stated("scc", 1), ended) == [("scc", 1)]


def test_nothing_valid_shows_the_last_statement() -> None:
    """With the time it was valid, so that the gap can be seen."""
    assert shown(stated("adequacy", 1, valid_until=50), stated("scc", 2, valid_until=60)) == [("scc", 2)]
    assert shown(stated("scc", 1), stated("none", 2, valid_from=2)) == [("none", 2)]


def test_fact_goes_before_a_list() -> None:
    """Whenever the list was adopted."""
    assert shown(stated("scc", 1), stated(None, 2, LIST)) == [("scc", 1)]
    assert shown(stated("none", 1), stated("scc", 2, LIST)) == [("none", 1)]
    assert shown(stated("bcr", 2, LIST)) == [("bcr", 2)]


def test_recipients_and_countries_are_apart() -> None:
    """One statement each."""
    assert shown(stated("scc", 1), stated("bcr", 2, recipient="b"), stated("scc", 3, country="IN")) == [
        ("bcr", 2),
        ("scc", 3),
        ("scc", 1),
    ]
