"""Holding controllers to policies, from the command line: what is adopted is in the log, whole, and replaces itself."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.policies import load_pack, pack_ids
from tests.ledger_home import LedgerHome

pytestmark = pytest.mark.usefixtures("served")

PACK = """
id = "garage-own"
version = "{version}"
title = "An invented promise"

[[entry]]
id = "G-1"
kind = "retention"
article = "art. 1"
text = "Call history is kept thirty days."
class = "{retention_class}"
{period}
"""


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> str:
    """A controller of the test's own."""
    return f"c-{request.node.name}"


def pack_file(
    directory: Path,
    *,
    version: str = "1",
    retention_class: str = "call_history",
    period: str = 'period = "P30D"',
) -> str:
    """A pack of one rule, in a file."""
    path = directory / "own.toml"
    path.write_text(
        PACK.format(version=version, retention_class=retention_class, period=period), encoding="utf-8"
    )
    return str(path)


def recorded(home: LedgerHome, controller: str) -> list[dict[str, Any]]:
    """What the trail has of a controller."""
    entries: list[dict[str, Any]] = home.json("trail", "--controller", controller)["entries"]
    return entries


def test_adoption_is_a_fact_that_carries_the_whole_pack(home: LedgerHome, controller: str) -> None:
    """The rules in force are in the log: the file may change or go, and they stay what they were."""
    stated = home.json("policy", "adopt", "callvoip-faq", "--controller", controller)
    assert stated["state"]["adopted"] == [
        {
            "pack": "callvoip-faq",
            "version": load_pack("callvoip-faq").pack.version,
            "region": None,
            "since": stated["fact"]["occurred_at"],
        }
    ]
    [entry] = recorded(home, controller)
    assert stated["fact"]["ledger"] == entry["ledger"]
    assert entry["event_source"] == "urn:ledger:operator"
    content = entry["details"]["content"]
    assert load_pack("callvoip-faq").content == content
    assert hashlib.sha256(content.encode()).hexdigest() == entry["details"]["content_sha256"]


def test_newer_version_of_a_pack_replaces_the_older(
    home: LedgerHome, controller: str, tmp_path: Path
) -> None:
    """Another pack stands beside it; the same pack again takes its place, and both adoptions stay in the trail."""
    home.json("policy", "adopt", "callingbird", "--controller", controller)
    home.json("policy", "adopt", pack_file(tmp_path, version="1"), "--controller", controller)
    state = home.json("policy", "adopt", pack_file(tmp_path, version="2"), "--controller", controller)[
        "state"
    ]
    assert [(each["pack"], each["version"]) for each in state["adopted"]] == [
        ("callingbird", load_pack("callingbird").pack.version),
        ("garage-own", "2"),
    ]
    assert len(recorded(home, controller)) == 3


def test_adoption_may_be_stated_late(home: LedgerHome, controller: str) -> None:
    """`--at` says when it happened, which is what the rules go by."""
    stated = home.json(
        "policy", "adopt", "messagebird", "--controller", controller, "--region", "eu", "--at", "2026-01-01"
    )
    assert stated["fact"]["occurred_at"] == "2026-01-01T00:00:00.000000Z"
    assert stated["state"]["adopted"][0]["region"] == "eu"


def test_data_kept_without_end_is_warned_of_and_found(home: LedgerHome, controller: str) -> None:
    """A promise to keep data for ever is adopted, and is a finding from then on."""
    stated = home.json("policy", "adopt", "cloudtalk", "--controller", controller)
    assert any("without end" in warning for warning in stated["warnings"])
    [entry] = recorded(home, controller)
    assert "retention_indefinite" in {finding["code"] for finding in entry["findings"]}


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("nobody-knows-it",), 3),
        (("./no/such/file.toml",), 3),
        (("callvoip-faq", "--region", "mars"), 2),
        (("callvoip-faq", "--at", "yesterday"), 2),
        (("callvoip-faq", "--controller", " "), 2),
        (("callvoip-faq", "--controller", "x" * 1025), 2),
    ],
)
def test_what_cannot_be_adopted_is_refused_before_anything_is_published(
    home: LedgerHome, controller: str, arguments: tuple[str, ...], exit_code: int
) -> None:
    """A pack nobody has, a region it does not name, a time that is none: exit code, and nothing in the log."""
    done = home.run("policy", "adopt", "--controller", controller, *arguments)
    assert exit_code == done.returncode, done.stderr
    assert recorded(home, controller) == []


@pytest.mark.parametrize(
    ("changed", "line", "said"),
    [
        ({"period": 'period = "P30X"'}, 12, "G-1"),
        ({"period": ""}, 6, "G-1"),
        ({"retention_class": "gossip"}, 11, "gossip"),
        ({"version": '1"\nsurprise = "1'}, 4, "surprise"),
        ({"period": "]["}, 12, "not TOML"),
        ({"period": 'period = "P30D"\nstate = "new"'}, 13, "state"),
    ],
)
def test_faulty_pack_is_refused_with_its_place(
    home: LedgerHome, tmp_path: Path, changed: dict[str, str], line: int, said: str
) -> None:
    """`lint` and `adopt` end with 6 and name the file, the line and the entry or key at fault."""
    file = pack_file(tmp_path, **changed)
    for command in (("policy", "lint", file), ("policy", "adopt", file, "--controller", "nobody")):
        done = home.run(*command)
        assert done.returncode == 6, done.stderr
        assert f"own.toml, line {line}" in done.stderr.decode()
        assert said in done.stderr.decode()
        assert "expected" in done.stderr.decode()
        assert "found" in done.stderr.decode()


def test_pack_in_order_passes_lint(home: LedgerHome, tmp_path: Path) -> None:
    """What lint says is what adopting it will say."""
    file = pack_file(tmp_path)
    linted = home.json("policy", "lint", file)
    assert (linted["ok"], linted["id"], linted["sha256"]) == (
        True,
        "garage-own",
        load_pack(Path(file)).sha256,
    )
    assert [problem["code"] for problem in linted["problems"]] == ["retention_class_without_rule"]


def test_lint_names_every_contradiction_of_the_installed_packs(home: LedgerHome) -> None:
    """X1 to X17 are named with their rows, and the exit code is that of what does not hold."""
    done = home.run("policy", "lint", "--json")
    linted = msgspec.json.decode(done.stdout)
    assert (done.returncode, linted["ok"]) == (1, False)
    assert [pack["id"] for pack in linted["packs"]] == pack_ids()
    found = [problem["code"] for problem in linted["problems"] if problem["contradiction"]]
    assert {f"X{number}" for number in range(1, 18)} == set(found)
    masks = next(problem for problem in linted["problems"] if problem["code"] == "X14")
    assert masks["rows"] == ["CF-14", "MB-23"]
    assert masks["entries"] == ["callvoip-faq:CF-14", "messagebird:MB-23"]
    assert "hides the last 3" in masks["says"]
    assert masks["follows"]
    text = home.run("policy", "lint")
    assert text.returncode == 1
    assert all(f"X{number} (" in text.stdout.decode() for number in range(1, 18))


def test_lint_looks_at_the_packs_that_are_named(home: LedgerHome, tmp_path: Path) -> None:
    """One document contradicts nothing that only two do; a pack in two versions is refused."""
    problems = home.run("policy", "lint", "callvoip-dpa", "--json")
    found = {problem["code"] for problem in msgspec.json.decode(problems.stdout)["problems"]}
    assert "X3" in found
    assert not found & {"X4", "X5", "X8"}
    file = pack_file(tmp_path)
    assert home.run("policy", "lint", file, file).returncode == 2
    assert home.run("policy", "lint", "nobody-knows-it").returncode == 3


def test_list_and_show_have_every_installed_pack(home: LedgerHome) -> None:
    """Each pack is listed with its promises, and shown with every entry, rule, duty and promise of its file."""
    listed = home.json("policy", "list")["packs"]
    assert pack_ids() == [each["id"] for each in listed]
    assert sum(each["promises"] for each in listed) == 161
    for each in listed:
        assert each["bound"] + each["text_only"] == each["promises"]
    for pack_id in pack_ids():
        shown = home.json("policy", "show", pack_id)
        pack = load_pack(pack_id).pack
        assert [rule.entry for rule in pack.retention] == [rule["entry"] for rule in shown["retention"]]
        assert [(entry.id, entry.kind) for entry in pack.entries] == [
            (entry["id"], entry["kind"]) for entry in shown["entries"]
        ]
        assert len(pack.text_only) == len(shown["text_only"])
        content = msgspec.json.decode(load_pack(pack_id).content)
        assert content["title"] == shown["title"]
    text = home.run("policy", "show", "callvoip-faq").stdout.decode()
    assert "P365D, set by the customer" in text
    assert "hide_last 3" in text


def test_show_says_what_holds_a_promise(home: LedgerHome) -> None:
    """An entry is shown with its kind, its parameters and what would break it."""
    entries = home.json("policy", "show", "callvoip-dpa")["entries"]
    [told] = [entry for entry in entries if entry["id"] == "CD-19"]
    assert told["rule"] == "callvoip-dpa:CD-19"
    assert (told["promise"], told["kind"]) == ("CD-19", "breach_notice")
    assert told["parameters"] == {"within": "PT72H", "recipient": "controller", "strict": True}
    assert told["breaks"] == ["breach_notified_late"]
    assert told["deadlines"] == ["notify_controller"]
    assert told["says"].endswith(".")
