"""The same history under other rules, from the command line: what would be found; asking changes nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.ledger_home import NOON, LedgerHome, inbox_record, publish, settle

HOUR = 3_600_000_000
CONTROLLER, OTHER = "c-what-if", "c-never-adopted"
PACK = """
id = "own-dpa"
version = "{version}"
title = "An invented agreement"

[[entry]]
id = "O-27"
kind = "breach_notice"
article = "art. 7"
text = "A breach is notified to the controller within {hours} hours of its discovery."
within = "PT{hours}H"
recipient = "controller"
strict = true
"""


def pack_file(directory: Path, hours: int) -> str:
    """The agreement with a number of hours, in a file."""
    path = directory / f"own-{hours}.toml"
    path.write_text(PACK.format(version=hours, hours=hours), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def told_after_60_hours(home: LedgerHome, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A controller that was promised 72 hours, and one that was promised nothing; both heard after sixty."""
    packs = tmp_path_factory.mktemp("packs")
    with home.parts() as parts:
        home.json("policy", "adopt", pack_file(packs, 72), "--controller", CONTROLLER, "--at", "2026-01-01")
        for controller in (CONTROLLER, OTHER):
            publish(
                parts,
                inbox_record(
                    "breach.discovered", f"found {controller}", controller=controller, breach_id="B-1"
                ),
                inbox_record(
                    "breach.notified",
                    f"told {controller}",
                    controller=controller,
                    breach_id="B-1",
                    recipient="controller",
                    occurred_at=NOON + 60 * HOUR,
                ),
            )
        settle(parts)


def what_if(home: LedgerHome, pack: str, *more: str) -> dict[str, Any]:
    """The answer as JSON."""
    document: dict[str, Any] = home.json("replay", "--policy", pack, *more)
    return document


def broken(findings: list[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Whose, by which rule, and what."""
    return [(each["controller"], each["rule"], each["code"]) for each in findings]


@pytest.mark.usefixtures("told_after_60_hours")
def test_shorter_clock_breaks_what_was_kept(home: LedgerHome, tmp_path: Path) -> None:
    """72 hours were kept with sixty; by 48 the same fact breaks the promise, on the entry and with its deadline."""
    answer = what_if(home, pack_file(tmp_path, 48))
    expected = [(CONTROLLER, "own-dpa:O-27", "breach_notified_late")]
    assert (expected, []) == (broken(answer["would_open"]), answer["would_not_open"])
    [late] = answer["would_open"]
    assert "48 hours" in late["expected"]
    assert late["ledger"].startswith("0:")
    assert {"rule": "own-dpa:O-27", "code": "breach_notified_late", "are": 0, "would_be": 1} in answer[
        "counts"
    ]
    [deadline] = answer["deadlines"]
    assert (deadline["is"]["state"], deadline["would_be"]["state"]) == ("met", "missed")
    assert deadline["would_be"]["ends_at"] == "2026-03-29T11:00:00.000000Z"
    assert answer["verdicts"] == [
        {"controller": CONTROLLER, "promise": "O-27", "is": "kept", "would_be": "broken"}
    ]
    assert answer["controllers"] == [CONTROLLER]


@pytest.mark.usefixtures("told_after_60_hours")
def test_same_pack_changes_nothing(home: LedgerHome, tmp_path: Path) -> None:
    """Judged by what it was judged by, the history comes to what it came to."""
    answer = what_if(home, pack_file(tmp_path, 72))
    assert answer["would_open"] + answer["would_not_open"] + answer["deadlines"] == []
    assert all(each["are"] == each["would_be"] for each in answer["counts"])


@pytest.mark.usefixtures("told_after_60_hours")
def test_controller_that_never_adopted_is_held_to_it_from_the_start(home: LedgerHome, tmp_path: Path) -> None:
    """Its own difference alone is shown; who adopted the pack is not asked about."""
    answer = what_if(home, pack_file(tmp_path, 48), "--controller", OTHER)
    assert answer["from_the_start"]
    assert (OTHER, "own-dpa:O-27", "breach_notified_late") in broken(answer["would_open"])
    assert {each["controller"] for each in answer["would_open"] + answer["would_not_open"]} == {OTHER}


@pytest.mark.usefixtures("told_after_60_hours")
def test_asking_changes_nothing(home: LedgerHome, tmp_path: Path) -> None:
    """Live state is what it was, digest by digest, and no schema is left behind."""
    before = home.json("digest")
    what_if(home, pack_file(tmp_path, 48))
    assert before == home.json("digest")
    with home.parts() as parts, parts.store_connection(None) as store:
        rows = store.execute("SELECT FROM pg_namespace WHERE nspname LIKE 'ledger_replay%'").fetchall()
    assert rows == []


@pytest.mark.usefixtures("told_after_60_hours")
def test_answer_for_people(home: LedgerHome, tmp_path: Path) -> None:
    """The same in words: what would be found, by which promise, and why."""
    done = home.run("replay", "--policy", pack_file(tmp_path, 48))
    shown = done.stdout.decode()
    assert done.returncode == 0
    for said in ("1 would be found", "own-dpa:O-27", "breach_notified_late", "met", "missed"):
        assert said in shown


def test_pack_that_nobody_adopted_binds_nobody(home: LedgerHome, tmp_path: Path) -> None:
    """It says whom to name."""
    path = tmp_path / "nobodys.toml"
    path.write_text(PACK.format(version=1, hours=48).replace("own-dpa", "nobodys"), encoding="utf-8")
    done = home.run("replay", "--policy", str(path))
    assert done.returncode == 2
    assert b"--controller" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--policy", "callingbird", "--verify"],
        ["--policy", "callingbird", "--into", "kept"],
        ["--policy", "callingbird", "--until", "2026-01-01"],
        ["--controller", CONTROLLER],
    ],
    ids=lambda options: options[-2],
)
def test_options_that_do_not_go_together(home: LedgerHome, options: list[str]) -> None:
    """A what-if keeps nothing and ends where live state is; a replay is everybody's."""
    assert home.run("replay", *options).returncode == 2
