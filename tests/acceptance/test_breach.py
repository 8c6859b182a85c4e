"""Breaches, from the command line: clocks of 48 and 72 hours, in phases, and what must be documented."""

import pytest

from tests.acceptance.cases import adopt, codes, deadlines, phases
from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")

DISCOVERED = "2026-03-27T09:00:00Z"
"""A Friday; the clocks go forward in the night to Sunday, which no hour of a clock notices."""
EVERYTHING = (
    *(
        "--nature",
        "a mailbox was open to another customer",
        "--subject-category",
        "callers",
        "--subjects",
        "40",
    ),
    *("--record-category", "voicemail", "--records", "55", "--contact", "privacy office"),
    *("--consequences", "unwanted contact", "--measures", "access was closed"),
)


@pytest.fixture
def breach(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options that name a breach of a controller of the test's own."""
    return ("--controller", f"c-{request.node.name}", "--breach", "b-1")


@pytest.mark.parametrize(
    ("pack", "told_at", "expected"),
    [
        ("callingbird", "2026-03-29T09:00:00Z", "met"),
        ("callingbird", "2026-03-29T09:00:00.000001Z", "missed"),
        ("callvoip-dpa", "2026-03-30T09:00:00Z", "met"),
        ("callvoip-dpa", "2026-03-30T09:00:00.000001Z", "missed"),
    ],
)
def test_controller_told_within_the_hours_promised(
    home: LedgerHome, breach: tuple[str, ...], pack: str, told_at: str, expected: str
) -> None:
    """CB-27, CD-19: told when 48 or 72 hours are over is in time, a microsecond later is late."""
    adopt(home, pack, breach[1])
    discover = ("breach", "discover", *breach, "--kind", "confidentiality", "--by", "provider")
    state = home.json(*discover, "--at", DISCOVERED)["state"]
    [(ends_at, was)] = deadlines(state).values()
    hours = {"callingbird": "2026-03-29", "callvoip-dpa": "2026-03-30"}[pack]
    assert (ends_at, was) == (f"{hours}T09:00:00.000000Z", "passed")
    stated = home.json("breach", "notify", *breach, "--to", "controller", *EVERYTHING, "--at", told_at)
    assert deadlines(stated["state"])["notify_controller"] == (ends_at, expected)
    assert codes(stated["state"]) == (set() if expected == "met" else {"breach_notified_late"})


@pytest.mark.parametrize(
    ("told_at", "reasons", "expected"),
    [
        ("2026-03-30T10:00:00Z", (), set()),
        ("2026-03-30T10:00:00.000001Z", (), {"breach_authority_late"}),
        ("2026-04-02T10:00:00Z", ("--delay-reasons", "the extent was not known"), set()),
    ],
)
def test_authority_told_within_72_hours_of_awareness(
    home: LedgerHome, breach: tuple[str, ...], told_at: str, reasons: tuple[str, ...], expected: set[str]
) -> None:
    """GDPR Art. 33(1), with no pack adopted: the law's own clock, and what late with reasons is."""
    home.json("breach", "aware", *breach, "--at", "2026-03-27T10:00:00Z")
    notify = ("breach", "notify", *breach, "--to", "authority", *EVERYTHING, *reasons, "--at", told_at)
    assert codes(home.json(*notify)["state"]) == expected


def test_breach_from_discovery_to_its_end(home: LedgerHome, breach: tuple[str, ...]) -> None:
    """Told in two phases, assessed, people told, documented: every fact is there, nothing found."""
    adopt(home, "callingbird", breach[1])
    began = ("--began", "2026-03-26T22:00:00+01:00")
    home.json(
        "breach", "discover", *breach, "--kind", "integrity", "--by", "provider", *began, "--at", DISCOVERED
    )
    for command in (
        ("notify", "--to", "controller", *EVERYTHING[:2], "--more-follows", "--at", "2026-03-27T12:00:00Z"),
        ("aware", "--at", "2026-03-27T12:30:00Z"),
        ("assess", "--risk", "high", "--at", "2026-03-27T15:00:00Z"),
        ("notify", "--to", "controller", *EVERYTHING, "--at", "2026-03-28T12:00:00Z"),
        ("notify", "--to", "authority", *EVERYTHING, "--at", "2026-03-29T12:00:00Z"),
        ("notify", "--to", "people", *EVERYTHING, "--at", "2026-03-29T13:00:00Z"),
        ("close", "--effects", "55 messages were heard", "--remedies", "rights per customer are tested"),
    ):
        stated = home.json("breach", command[0], *breach, *command[1:])
    assert codes(stated["state"]) == set()
    assert {became for _, became in deadlines(stated["state"]).values()} == {"met"}
    [shown] = home.json("breach", "show", *breach)["breaches"]
    assert shown == stated["state"]
    assert phases(shown)[:2] == ["breach.discovered", "breach.notified"]
    assert shown["facts"][0]["details"]["breach_began_at"] == "2026-03-26T21:00:00.000000Z"
    assert shown["phase"] == "closed"
    assert len({fact["ledger"] for fact in shown["facts"]}) == len(shown["facts"]) == 8
    text = home.run("breach", "show", *breach).stdout.decode()
    assert "notify_authority before 2026-03-30T14:30:00+02:00: met (GDPR Art. 33(1))" in text


def test_breach_closed_without_its_documentation_is_found(home: LedgerHome, breach: tuple[str, ...]) -> None:
    """GDPR Art. 33(2), 33(5), 34(1): the controller is told, effects and remedies named, people told of a high risk."""
    home.json("breach", "discover", *breach, "--kind", "availability", "--by", "provider")
    home.json("breach", "assess", *breach, "--risk", "high")
    state = home.json("breach", "close", *breach, "--effects", "calls were lost")["state"]
    assert codes(state) == {
        "breach_controller_not_told",
        "breach_not_documented",
        "breach_people_not_told",
    }


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("discover", "--kind", "gossip", "--by", "x"), 2),
        (("discover", "--kind", "integrity", "--by", " "), 2),
        (("discover", "--kind", "integrity", "--by", "x", "--began", "yesterday"), 2),
        (("notify", "--to", "neighbours"), 2),
        (("notify", "--to", "people", "--subjects", "-1"), 2),
        (("assess",), 2),
        (("aware", "--at", "2026-02-30"), 2),
        (("show",), 3),
    ],
)
def test_bad_option_is_refused_before_anything_is_published(
    home: LedgerHome, breach: tuple[str, ...], arguments: tuple[str, ...], exit_code: int
) -> None:
    """Exit code, and nothing in the log."""
    done = home.run("breach", arguments[0], *breach, *arguments[1:])
    assert exit_code == done.returncode, done.stderr
    assert home.json("breach", "show", "--controller", breach[1])["breaches"] == []
