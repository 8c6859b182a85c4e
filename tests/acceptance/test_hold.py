"""Holds, from the command line: placed with an end, on a person or a controller, lifted, and listed."""

from typing import Any

import pytest

from ledger.bootstrap import Runtime
from tests.ledger_home import LedgerHome, await_recorded, call, inbox_record, publish

pytestmark = pytest.mark.usefixtures("served")

CALLER = "+3197010000201"
CALLED = "+3197010000202"


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> str:
    """A controller of the test's own."""
    return f"c-{request.node.name}"


def place(home: LedgerHome, controller: str, *more: str) -> Any:
    """Places a hold."""
    return home.json("hold", "place", "--controller", controller, "--article", "GDPR Art. 17(3)(e)", *more)


def held(home: LedgerHome, controller: str) -> list[dict[str, Any]]:
    """The controller's holds."""
    listed: list[dict[str, Any]] = home.json("hold", "list", "--controller", controller)["holds"]
    return listed


def test_hold_on_a_controller_is_placed_and_lifted(home: LedgerHome, controller: str) -> None:
    """It says what it holds, by which law and until when; lifting it ends it, and both facts stay."""
    stated = place(
        home, controller, "--kind", "legal", "--class", "recording", "--ends", "2099-01-31", "--id", "h-1"
    )
    expected = {
        "hold": "h-1",
        "state": "held",
        "kind": "legal",
        "controller": controller,
        "subject": None,
        "retention_classes": ["recording"],
        "article": "GDPR Art. 17(3)(e)",
        "placed_at": stated["fact"]["occurred_at"],
        "ends_at": "2099-01-31T00:00:00.000000Z",
        "lifted_at": None,
        "lifted_by": "hold.lifted",
        "ledger": stated["fact"]["ledger"],
    }
    assert expected == stated["state"]
    assert held(home, controller) == [expected]
    lifted = home.json("hold", "lift", "h-1", "--controller", controller)
    assert lifted["state"] == {**expected, "state": "lifted", "lifted_at": lifted["fact"]["occurred_at"]}
    assert [entry["event_type"] for entry in home.json("trail", "--controller", controller)["entries"]] == [
        "hold.placed",
        "hold.lifted",
    ]


def test_hold_on_a_person_is_on_that_controllers_person(
    home: LedgerHome, parts: Runtime, controller: str
) -> None:
    """A number that two controllers know is two people; the hold is on the one of the controller named."""
    publish(
        parts,
        call("here", CALLER, CALLED, controller=controller),
        call("there", CALLER, CALLED, controller=f"o-{controller}"),
    )
    await_recorded(home)
    done = place(home, controller, "--kind", "legal", "--ends", "2099-01-31", "--subject", f"phone:{CALLER}")
    subject = done["state"]["subject"]
    entries = home.json("trail", "--subject", subject)["entries"]
    assert [entry["controller"] for entry in entries] == [controller]
    assert CALLER not in str(done)


def test_subject_is_read_from_standard_input(home: LedgerHome, parts: Runtime, controller: str) -> None:
    """A number need not stand in the shell's history."""
    publish(parts, call("one", CALLER, CALLED, controller=controller))
    await_recorded(home)
    arguments = ("--controller", controller, "--kind", "legal", "--article", "a", "--ends", "2099-01-01")
    done = home.json("hold", "place", *arguments, "--subject", "-", stdin=f"phone:{CALLER}\n".encode())
    assert done["state"]["subject"]


def test_legal_hold_without_an_end_is_warned_of_and_found(home: LedgerHome, controller: str) -> None:
    """It is recorded all the same: a fact is never refused, it is judged."""
    stated = place(home, controller, "--kind", "legal")
    assert "finding" in stated["warnings"][0]
    assert stated["state"]["ends_at"] is None
    [entry] = home.json("trail", "--controller", controller)["entries"]
    assert {finding["code"] for finding in entry["findings"]} == {"hold_without_end"}


def test_export_hold_ends_after_thirty_days_by_itself(home: LedgerHome, controller: str) -> None:
    """The day it is placed on does not count, and the last day ends at local midnight."""
    stated = place(home, controller, "--kind", "export", "--at", "2026-03-01T09:00:00Z")
    assert stated["state"]["ends_at"] == "2026-03-31T22:00:00.000000Z"
    assert "finding" not in str(stated["warnings"])


def test_export_hold_has_the_period_of_the_adopted_policy(
    home: LedgerHome, controller: str, tmp_path: Any
) -> None:
    """What the controller was promised holds, not our default."""
    file = tmp_path / "pack.toml"
    file.write_text(
        'id = "p"\nversion = "1"\ntitle = "t"\n[[entry]]\nid = "E"\nkind = "export_hold"\narticle = "a"\n'
        'text = "An export that was asked for holds the data for two weeks."\nperiod = "P2W"\n',
        encoding="utf-8",
    )
    home.json("policy", "adopt", str(file), "--controller", controller)
    stated = place(home, controller, "--kind", "export", "--at", "2026-10-20")
    # The clock goes back on 25 October: midnight of 3 November is at 23:00 UTC.
    assert stated["state"]["ends_at"] == "2026-11-03T23:00:00.000000Z"


def test_export_asked_for_after_the_thirty_days_is_recorded_all_the_same(
    home: LedgerHome, controller: str
) -> None:
    """What is late may come too late for the data; it is refused nothing (CB-31)."""
    home.json("policy", "adopt", "callingbird", "--controller", controller, "--at", "2026-01-01")
    home.json(
        "agreement", "terminate", "--controller", controller, "--agreement", "a", "--choice", "silent",
        "--ends", "2026-02-01",
    )  # fmt: skip
    stated = place(home, controller, "--kind", "export", "--at", "2026-05-01", "--ends", "2099-06-01")
    assert stated["state"]["state"] == "held"


def test_placed_again_both_hold_and_both_are_lifted(home: LedgerHome, controller: str) -> None:
    """A hold is prolonged by placing it again; lifting it leaves neither."""
    place(home, controller, "--kind", "legal", "--ends", "2020-01-01", "--id", "h")
    place(home, controller, "--kind", "legal", "--ends", "2099-01-01", "--id", "h")
    assert [each["state"] for each in held(home, controller)] == ["ended", "held"]
    home.json("hold", "lift", "h", "--controller", controller)
    assert [each["state"] for each in held(home, controller)] == ["lifted", "lifted"]


def test_hold_whose_end_has_passed_is_warned_of(home: LedgerHome, controller: str) -> None:
    """It keeps nothing, and nobody should believe it does."""
    stated = place(home, controller, "--kind", "legal", "--ends", "2020-01-01")
    assert stated["state"]["state"] == "ended"
    assert "keeps nothing" in stated["warnings"][0]


def test_hold_to_come_is_planned_and_can_be_lifted(home: LedgerHome, controller: str) -> None:
    """Until it begins it keeps nothing; lifted before that, it never will, and the list and the rules agree."""
    stated = place(
        home, controller, "--kind", "legal", "--at", "2098-01-01", "--ends", "2099-01-01", "--id", "h"
    )
    assert stated["state"]["state"] == "planned"
    assert "until then it keeps nothing" in stated["warnings"][0]
    early = home.run("hold", "lift", "h", "--controller", controller, "--at", "2097-01-01")
    assert early.returncode == 2
    home.json("hold", "lift", "h", "--controller", controller)
    [row] = held(home, controller)
    assert (row["state"], row["lifted_at"]) == ("lifted", row["placed_at"])


def test_restriction_is_listed_with_what_ends_it(home: LedgerHome, parts: Runtime, controller: str) -> None:
    """An erasure that it keeps points here: whose, by which law, and which fact lifts it."""
    said: dict[str, Any] = {"controller": controller, "subject_phone": CALLER, "restriction_id": "r-1"}
    restricted = {**said, "ground": "needed_for_claim"}
    publish(parts, inbox_record("processing.restricted", "set", **restricted))
    await_recorded(home)
    [row] = held(home, controller)
    assert (row["hold"], row["state"], row["kind"]) == ("r-1", "held", "restriction")
    assert (row["article"], row["lifted_by"]) == ("GDPR Art. 18(1)(c)", "restriction.lifted")
    assert row["subject"] is not None
    assert "with restriction.lifted" in " ".join(
        home.run("hold", "list", "--controller", controller).stdout.decode().split()
    )
    refused = home.run("hold", "lift", "r-1", "--controller", controller)
    assert (refused.returncode, b"restriction.lifted" in refused.stderr) == (3, True)
    publish(parts, inbox_record("restriction.lifted", "lifted", **said))
    await_recorded(home)
    assert [each["state"] for each in held(home, controller)] == ["lifted"]


def test_lifting_what_does_not_hold_is_refused(home: LedgerHome, controller: str) -> None:
    """Twice, or after its end: exit code 2 and no second fact; an unknown one: 3."""
    place(home, controller, "--kind", "legal", "--ends", "2020-01-01", "--id", "past")
    assert home.run("hold", "lift", "past", "--controller", controller).returncode == 2
    assert home.run("hold", "lift", "never-placed", "--controller", controller).returncode == 3
    assert len(home.json("trail", "--controller", controller)["entries"]) == 1


def test_same_id_of_two_controllers_needs_the_controller(home: LedgerHome, controller: str) -> None:
    """Lifting the wrong one would let data go."""
    identity = f"shared-{controller}"
    for each in (controller, f"o-{controller}"):
        place(home, each, "--kind", "legal", "--ends", "2099-01-01", "--id", identity)
    assert home.run("hold", "lift", identity).returncode == 2
    home.json("hold", "lift", identity, "--controller", controller)
    assert [each["state"] for each in held(home, f"o-{controller}")] == ["held"]


@pytest.mark.parametrize(
    ("more", "exit_code"),
    [
        (("--kind", "habit"), 2),
        (("--kind", "legal", "--class", "gossip"), 2),
        (("--kind", "legal", "--ends", "never"), 2),
        (("--kind", "legal", "--id", " "), 2),
        (("--kind", "legal", "--subject", "passport:1"), 2),
        (("--kind", "legal", "--subject", "phone:+3197010999999"), 3),
        (("--kind", "legal", "--subject", "00000000-0000-4000-8000-000000000000"), 3),
        (("--kind", "legal", "--article", ""), 2),
    ],
)
def test_bad_hold_is_refused_before_anything_is_published(
    home: LedgerHome, controller: str, more: tuple[str, ...], exit_code: int
) -> None:
    """Exit code, nothing in the log, and no identifier in what is said."""
    done = home.run("hold", "place", "--controller", controller, "--article", "a", *more)
    assert exit_code == done.returncode, done.stderr
    assert b"31970" not in done.stderr
    assert held(home, controller) == []


def test_list_for_people_names_law_and_end(home: LedgerHome, controller: str) -> None:
    """What an auditor asks of a hold stands on one line."""
    place(home, controller, "--kind", "legal", "--ends", "2099-01-31", "--id", "claim-17", "--class", "fax")
    text = home.run("hold", "list", "--controller", controller).stdout.decode()
    for said in ("claim-17", "held", "legal", "fax", "GDPR Art. 17(3)(e)", "2099-01-31"):
        assert said in text
