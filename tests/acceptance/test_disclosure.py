"""Demands of authorities, from the command line: the four conditions of MB-25."""

import pytest

from tests.acceptance.cases import adopt, codes, phases
from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")

CONDITIONS = ("--public-body", "--jurisdiction", "--enforceable", "--states-categories", "--states-period")
CHECKED = ("--controller-informed", "--conditions-checked", "--at", "2026-03-03")


@pytest.fixture
def named(home: LedgerHome, request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options that name a demand to a controller of the test's own, held to MB-25."""
    controller = f"c-{request.node.name}"
    adopt(home, "messagebird", controller)
    return ("--controller", controller, "--disclosure", "d-1")


def demand(home: LedgerHome, named: tuple[str, ...], conditions: tuple[str, ...]) -> None:
    """An authority demands data."""
    asked = (
        "--authority",
        "example-police",
        "--country",
        "NL",
        "--kind",
        "court_order",
        "--at",
        "2026-03-02",
    )
    home.json("disclosure", "demand", *named, *asked, *conditions)


@pytest.mark.parametrize(
    ("missing", "instead"),
    [
        (None, None),
        ("--public-body", "--no-public-body"),
        ("--jurisdiction", "--no-jurisdiction"),
        ("--enforceable", "--not-enforceable"),
        ("--states-categories", "--no-categories"),
        ("--states-period", "--no-period"),
    ],
)
def test_disclosed_only_when_every_condition_holds(
    home: LedgerHome, named: tuple[str, ...], missing: str | None, instead: str | None
) -> None:
    """With all four it is lawful; with any of them missing handing over is found, and refusing is not."""
    demand(home, named, tuple(instead or "" if each == missing else each for each in CONDITIONS))
    state = home.json("disclosure", "decide", *named, "--outcome", "disclosed", *CHECKED)["state"]
    assert codes(state) == (set() if missing is None else {"disclosure_without_condition"})
    assert phases(state) == ["disclosure.demanded", "disclosure.decided"]


def test_refused_demand_and_unchecked_one(home: LedgerHome, named: tuple[str, ...]) -> None:
    """A refusal of what misses a condition is in order; handing over unchecked is found although all hold."""
    demand(home, named, (*CONDITIONS[:2], "--not-enforceable", *CONDITIONS[3:]))
    refused = home.json("disclosure", "decide", *named, "--outcome", "refused", *CHECKED)["state"]
    assert codes(refused) == set()
    second = (*named[:3], "d-2")
    demand(home, second, CONDITIONS)
    unchecked = ("--controller-not-informed", "--conditions-not-checked")
    home.json("disclosure", "decide", *second, "--outcome", "partly_disclosed", *unchecked)
    listed = home.json("disclosure", "show", "--controller", named[1])["disclosures"]
    assert [(each["id"], codes(each)) for each in listed] == [
        ("d-1", set()),
        ("d-2", {"disclosure_without_condition"}),
    ]


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("decide", "--outcome", "disclosed", "--controller-informed"), 2),
        (("decide", "--outcome", "lost", *CHECKED), 2),
        (("demand", "--authority", "x", "--country", "nl", "--kind", "warrant", *CONDITIONS), 2),
        (("demand", "--authority", "x", "--country", "NL", "--kind", "warrant", *CONDITIONS[:-1]), 2),
        (("show",), 3),
    ],
)
def test_bad_option_is_refused_before_anything_is_published(
    home: LedgerHome, arguments: tuple[str, ...], exit_code: int
) -> None:
    """Exit code, and nothing in the log."""
    done = home.run("disclosure", arguments[0], "--controller", "c-x", "--disclosure", "d-x", *arguments[1:])
    assert exit_code == done.returncode, done.stderr
    assert home.json("disclosure", "show", "--controller", "c-x")["disclosures"] == []
