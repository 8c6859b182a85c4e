"""The installed policy packs: they can be read, say what their documents say, and are described as they are."""

import json
import re
import tomllib
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.errors import DataError, NotFound
from ledger.policies import default_directory, load_pack, pack_ids
from ledger.rules.pack_reader import canonical, read_content
from ledger.rules.periods import Period
from ledger.rules.policy_pack import EVERY_CLASS, PolicyPack, RetentionRule

PACKS = ["callingbird", "callvoip-dpa", "callvoip-faq", "cloudtalk", "messagebird"]
ROOT = default_directory().parent
DOCUMENT = ROOT / "docs" / "policies.md"

SMALL = """
id = "small"
version = "1"
title = "Small"

[[entry]]
id = "S-1"
kind = "retention"
article = "art. 1"
text = "A promise."
class = "fax"
period = "P1Y"
"""


def test_installed_packs() -> None:
    """One pack for each document."""
    assert pack_ids() == PACKS


@pytest.mark.parametrize("pack_id", PACKS)
def test_pack_loads(pack_id: str) -> None:
    """A pack is found by its id; what would be adopted reads back as the same and has the hash it says."""
    loaded = load_pack(pack_id)
    assert pack_id == loaded.pack.id
    assert loaded.pack == read_content(loaded.content)
    assert sha256(loaded.content.encode()).hexdigest() == loaded.sha256
    assert canonical(json.loads(loaded.content)) == loaded.content


def test_pack_loads_from_a_file(tmp_path: Path) -> None:
    """A pack of one's own is read by its path; neither the order of its keys nor its comments change its hash."""
    path = tmp_path / "mine.toml"
    path.write_text(SMALL, encoding="utf-8")
    loaded = load_pack(str(path))
    assert (loaded.pack.id, loaded.pack.retention[0].period) == ("small", Period(years=1))
    path.write_text(
        "# a comment\n" + SMALL.replace('version = "1"\ntitle', 'version   = "1"\ntitle'), "utf-8"
    )
    assert loaded == load_pack(path)
    path.write_text(SMALL.replace("P1Y", "P2Y"), encoding="utf-8")
    assert loaded.sha256 != load_pack(path).sha256


@pytest.mark.parametrize("name", ["no-such-pack", "../etc/passwd", "No Such", "", "policies/nothing.toml"])
def test_no_such_pack(name: str) -> None:
    """The error lists what there is."""
    with pytest.raises(NotFound, match="callvoip-faq"):
        load_pack(name)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"not TOML", "is not TOML", id="no TOML"),
        pytest.param(b"\xff\xfe", "is not TOML", id="not UTF-8"),
        pytest.param(b'a = "' + b"[" * 10, "is not TOML", id="cut off"),
        pytest.param(SMALL.replace("P1Y", "a year").encode(), "entry S-1 cannot be read", id="a bad entry"),
        pytest.param(b'id = "x"', "pack mine.toml cannot be read", id="half a pack"),
        pytest.param(SMALL.encode() + b"since = 2026-01-01", "entry S-1 cannot be read", id="a date"),
        pytest.param(SMALL.replace('"fax"', '"faxes"').encode(), "found faxes", id="no such class"),
        pytest.param(
            SMALL.replace('class = "fax"', 'class = "*"\nexcept = ["faxes"]').encode(),
            "found faxes",
            id="left out",
        ),
    ],
)
def test_bad_file(tmp_path: Path, content: bytes, expected: str) -> None:
    """A file that is no pack, or names what the ledger does not have, is refused with what is wrong."""
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(DataError, match=expected):
        load_pack(path)


@pytest.mark.parametrize("pack_id", PACKS)
def test_every_class_named_exists(pack_id: str) -> None:
    """A promise about a class the ledger does not have would hold nothing."""
    pack = load_pack(pack_id).pack
    named = {rule.retention_class for rule in pack.retention} | {duty.retention_class for duty in pack.duties}
    assert named <= RETENTION_CLASSES.keys() | {EVERY_CLASS}


def test_other_entries_of_the_packs() -> None:
    """Recipients, export hold, trail and duties are those of the documents."""
    packs = {pack_id: load_pack(pack_id).pack for pack_id in PACKS}
    assert {pack_id: pack.confirm_within for pack_id, pack in packs.items() if pack.confirm_within} == {
        "callingbird": {"twilio": Period(days=30)}
    }
    assert {pack.confirm_within_default for pack in packs.values()} == {Period(days=30)}
    assert {pack_id: pack.export_hold for pack_id, pack in packs.items() if pack.export_hold} == {
        "callingbird": Period(days=30)
    }
    assert {pack.trail_period for pack in packs.values()} == {Period(years=5)}
    duties = {
        (pack_id, duty.retention_class, str(duty.until))
        for pack_id in PACKS
        for duty in packs[pack_id].duties
    }
    assert duties == {
        ("messagebird", "account", "P10Y"),
        ("messagebird", "consent_proof", "P5Y"),
        ("messagebird", "request_confirmation", "P5Y"),
    }


OBLIGATIONS_HERE = {
    "callingbird": {"CB-30", "CB-31", "CB-32", "CB-33"},
    "callvoip-faq": {"CF-05", "CF-06", "CF-07", "CF-08", "CF-10"},
    "callvoip-dpa": {"CD-10", "CD-31"},
    "cloudtalk": {"CT-07", "CT-16"},
    "messagebird": {
        "MB-28",
        "MB-29",
        "MB-30",
        "MB-31",
        "MB-32",
        "MB-33",
        "MB-34",
        "MB-35",
        "MB-36",
        "MB-37",
        "MB-43",
    },
}


@pytest.mark.parametrize("pack_id", PACKS)
def test_every_obligation_about_forgetting_has_an_entry(pack_id: str) -> None:
    """Each row is an entry that acts, or text only with the reason; an entry's id begins with its row."""
    pack = load_pack(pack_id).pack
    ids = [rule.entry for rule in pack.retention] + [duty.entry for duty in pack.duties]
    ids += [said.entry for said in pack.text_only]
    rows = {match[0] for one in ids if (match := re.match(r"[A-Z]{2}-\d\d", one))}
    assert rows == OBLIGATIONS_HERE[pack_id]


# The page about them


def shown(pack: PolicyPack, rule: RetentionRule) -> tuple[str, ...]:
    """A rule as the page's table has it."""
    period = "without end" if rule.period is None else str(rule.period)
    notes = [
        f"except {', '.join(sorted(rule.excluded))}" if rule.excluded else "",
        f"region {rule.region}" if rule.region else "",
        "set by the customer" if rule.customer_set else "",
        "when chosen" if rule.on_choice else "",
    ]
    classes = "every class" if rule.retention_class == EVERY_CLASS else rule.retention_class
    return pack.id, rule.entry, classes, period, rule.starts, rule.action, "; ".join(filter(None, notes))


def rows_under(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table under a heading of the page."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip().strip("`") for cell in row) for row in rows[2:]]


def test_page_lists_every_retention_entry() -> None:
    """docs/policies.md has every rule of every pack, as it is."""
    packs = [load_pack(pack_id).pack for pack_id in PACKS]
    expected = [shown(pack, rule) for pack in packs for rule in pack.retention]
    assert expected == rows_under("Every retention entry")


def test_page_lists_what_is_text_only() -> None:
    """It names what no rule is bound to, and why."""
    packs = [load_pack(pack_id).pack for pack_id in PACKS]
    expected = [(pack.id, said.entry, said.text, said.reason) for pack in packs for said in pack.text_only]
    assert expected == rows_under("Text only")


def test_page_example_is_a_pack(tmp_path: Path) -> None:
    """The example on the page can be copied into a file and used."""
    [example] = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)
    path = tmp_path / "example.toml"
    path.write_text(example, encoding="utf-8")
    assert load_pack(path).pack.id == "example"


def test_packs_are_installed_with_the_package() -> None:
    """The wheel and the image have the packs where the program looks for them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["policies"] == "policies"
    assert "COPY policies policies" in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "!policies" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_versions_are_dates_where_the_documents_have_one() -> None:
    """CF: the newsletter is of 17 May 2018, X13."""
    assert load_pack("callvoip-faq").pack.version == date(2018, 5, 17).isoformat()
