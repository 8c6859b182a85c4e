"""Privacy notices, from the command line: versions, and who was told of a change that matters."""

import pytest

from tests.acceptance.cases import adopt, codes, phases
from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")

EFFECTIVE = "2026-04-01T00:00:00Z"
TEXT = ("--language", "nl", "--language", "en", "--sha256", "cd" * 32, "--uri", "https://example.com/privacy")


@pytest.fixture
def named(home: LedgerHome, request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options that name a notice of a controller of the test's own, promised to be told by e-mail (MB-46)."""
    controller = f"c-{request.node.name}"
    adopt(home, "messagebird", controller)
    return ("--controller", controller, "--notice", "website")


@pytest.mark.parametrize(
    ("told_by", "told_at", "expected"),
    [
        ("email", "2026-03-15", set()),
        ("letter", EFFECTIVE, set()),
        ("email", "2026-04-01T00:00:01Z", {"notice_change_not_told"}),
        ("website", "2026-03-15", {"notice_change_not_told"}),
    ],
)
def test_people_are_told_before_a_material_change_holds(
    home: LedgerHome, named: tuple[str, ...], told_by: str, told_at: str, expected: set[str]
) -> None:
    """MB-46: one by one, by the moment it comes into force; what stands on a web site is no e-mail."""
    published = ("--version", "2", "--replaces", "1", "--material", "--effective", EFFECTIVE)
    home.json("notice", "publish", *named, *TEXT, *published, "--at", "2026-03-01")
    told = ("--version", "2", "--told-by", told_by, "--audience", "everyone", "--at", told_at)
    home.json("notice", "communicate", *named, *told)
    third = ("--version", "3", "--replaces", "2", "--not-material", "--effective", "2026-05-01")
    state = home.json("notice", "publish", *named, *TEXT, *third, "--at", "2026-04-15")["state"]
    assert codes(state) == expected


def test_versions_are_shown_with_what_they_replace(home: LedgerHome, named: tuple[str, ...]) -> None:
    """The version is what facts name as their notice_version; how people were told stands with it."""
    first = ("--version", "2026-01", "--not-material", "--effective", "2026-01-01", "--at", "2026-01-01")
    home.json("notice", "publish", *named, *TEXT, *first)
    second = ("--version", "2026-02", "--replaces", "2026-01", "--material", "--informed", "by_email")
    home.json("notice", "publish", *named, *TEXT, *second, "--effective", "2026-02-01", "--at", "2026-02-01")
    [shown] = home.json("notice", "show", *named)["notices"]
    assert [fact["notice_version"] for fact in shown["facts"]] == ["2026-01", "2026-02"]
    assert shown["facts"][1]["details"]["replaces"] == "2026-01"
    assert (phases(shown), codes(shown)) == (["notice.published"] * 2, set())


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("publish", *TEXT[2:], "--version", "1", "--effective", EFFECTIVE), 2),
        (("publish", "--language", "nl", "--sha256", "x", "--uri", "u", "--version", "1", "--material"), 2),
        (("communicate", "--version", "1", "--told-by", "pigeon", "--audience", "everyone"), 2),
        (("communicate", "--version", "", "--told-by", "email", "--audience", "everyone"), 2),
        (("show",), 3),
    ],
)
def test_bad_option_is_refused_before_anything_is_published(
    home: LedgerHome, arguments: tuple[str, ...], exit_code: int
) -> None:
    """Exit code, and nothing in the log."""
    done = home.run("notice", arguments[0], "--controller", "c-x", "--notice", "n-x", *arguments[1:])
    assert exit_code == done.returncode, done.stderr
    assert home.json("notice", "show", "--controller", "c-x")["notices"] == []
