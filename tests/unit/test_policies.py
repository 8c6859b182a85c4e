"""The installed policy packs: they can be read, say what their documents say, and are described as they are."""

import json
import re
import tomllib
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.errors import DataError, NotFound
from ledger.policies import default_directory, load_pack, pack_ids
from ledger.rules.calendar.periods import Period
from ledger.rules.lint.lint_consequences import CONSEQUENCES
from ledger.rules.lint.pack_lint import lint
from ledger.rules.packs.pack_reader import canonical, read_content
from ledger.rules.packs.policy_pack import EVERY_CLASS
from ledger.rules.packs.rule_kinds import RULE_KINDS, TEXT_ONLY
from tests.unit import policy_pages

PACKS = ["callingbird", "callvoip-dpa", "callvoip-faq", "cloudtalk", "messagebird"]
ROOT = default_directory().parent
Table = Callable[[], list[policy_pages.TableRow]]

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
        pytest.param(b"\n\nnot TOML", "mine.toml, line 3, is not TOML", id="no TOML"),
        pytest.param(b"\xff\xfe", "mine.toml is not TOML", id="not UTF-8"),
        pytest.param(b'a = "' + b"[" * 10, "line 1, is not TOML", id="cut off"),
        pytest.param(
            SMALL.replace("P1Y", "a year").encode(), "line 12, entry S-1 cannot be read", id="a bad entry"
        ),
        pytest.param(b'id = "x"', "pack mine.toml, line 1 cannot be read", id="half a pack"),
        pytest.param(
            SMALL.encode() + b"since = 2026-01-01", "line 13, entry S-1 cannot be read", id="a date"
        ),
        pytest.param(
            SMALL.replace('kind = "retention"', 'kind = "promise"').encode(), "line 8", id="no kind"
        ),
        pytest.param(
            (SMALL + SMALL[SMALL.index("[[") :]).encode(),
            "line 14, entry S-1.* found 2 entries",
            id="id twice",
        ),
        pytest.param(SMALL.replace('"fax"', '"faxes"').encode(), "found 'faxes'", id="no such class"),
        pytest.param(
            SMALL.replace('class = "fax"', 'class = "*"\nexcept = ["faxes"]').encode(),
            "found 'faxes'",
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


ROWS = {
    "callingbird": ("CB", 41),
    "callvoip-dpa": ("CD", 38),
    "callvoip-faq": ("CF", 16),
    "cloudtalk": ("CT", 18),
    "messagebird": ("MB", 48),
}
"""The rows of each document: their first letters, and how many they are, from 01 on."""


@pytest.mark.parametrize("pack_id", PACKS)
def test_every_row_of_a_document_is_a_promise(pack_id: str) -> None:
    """Each row has an entry or more, in order, and no entry is of a row that is not there."""
    document, count = ROWS[pack_id]
    expected = [f"{document}-{number:02}" for number in range(1, count + 1)]
    promises = [entry.promise for entry in load_pack(pack_id).pack.entries if entry.promise is not None]
    assert expected == sorted(set(promises))


def test_promises_are_161() -> None:
    """All rows of all documents."""
    assert sum(count for _, count in ROWS.values()) == 161


@pytest.mark.parametrize("pack_id", PACKS)
def test_every_entry_says_where_it_is_from_and_what_holds_it(pack_id: str) -> None:
    """An entry names its article, begins with its row, and has a rule or the reason why it has none."""
    for entry in load_pack(pack_id).pack.entries:
        assert entry.article
        assert entry.text
        assert entry.id.startswith(entry.promise or ROWS[pack_id][0])
        assert (entry.kind == TEXT_ONLY) is (entry.reason is not None)
        assert entry.promise is not None or RULE_KINDS[entry.kind].setting


def test_names_in_the_packs_are_those_that_facts_use() -> None:
    """A purpose or category of the demo's day is known to the packs, so that most of it is in order."""
    entries = [entry for pack_id in PACKS for entry in load_pack(pack_id).pack.entries]
    purposes = {name for entry in entries for name in entry.names("purposes")}
    categories = {name for entry in entries for name in entry.names("categories")}
    assert {
        "telephony",
        "assistant",
        "quality",
        "evidence",
        "click_to_dial",
        "messaging",
        "newsletter",
    } <= purposes
    assert {"phone_number", "name", "voice", "traffic_data", "ip_address", "message_content"} <= categories


# The pages about them


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Kinds", policy_pages.kind_rows),
        ("Parameters", policy_pages.parameter_rows),
        ("Sub-processors", policy_pages.row_rows),
        ("Statements", policy_pages.statement_rows),
        ("Findings that break no promise", policy_pages.law_rows),
    ],
)
def test_page_lists_what_a_pack_may_say(heading: str, expected: Table) -> None:
    """docs/policies.md has every kind and key, as it is."""
    assert expected() == policy_pages.rows_under(policy_pages.POLICIES, heading)


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Every promise", policy_pages.promise_rows),
        ("Every retention entry", policy_pages.retention_rows),
        ("Text only", policy_pages.text_only_rows),
        ("Contradictions", policy_pages.conflict_rows),
    ],
)
def test_page_lists_what_the_packs_say(heading: str, expected: Table) -> None:
    """docs/packs.md has every promise, rule, reason and contradiction of the installed packs."""
    assert expected() == policy_pages.rows_under(policy_pages.PACK_TABLES, heading)


def test_page_lists_what_the_linter_tells_besides() -> None:
    """docs/policies.md has every name that is none of X1 to X17."""
    listed = [code for code, _ in policy_pages.rows_under(policy_pages.POLICIES, "The linter")]
    assert sorted(code for code in CONSEQUENCES if not code.startswith("X")) == listed


def test_page_example_is_a_pack(tmp_path: Path) -> None:
    """The example on the page can be copied into a file and used."""
    [example] = re.findall(
        r"```toml\n(.*?)```", policy_pages.POLICIES.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    path = tmp_path / "example.toml"
    path.write_text(example, encoding="utf-8")
    loaded = load_pack(path).pack
    assert loaded.id == "example"
    assert not any(problem.contradiction for problem in lint([loaded], RETENTION_CLASSES))


def test_packs_are_installed_with_the_package() -> None:
    """The wheel and the image have the packs where the program looks for them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["policies"] == "policies"
    assert "COPY policies policies" in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "!policies" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_dates_are_those_of_the_documents() -> None:
    """Only the newsletter bears a day; documents of one provider say so."""
    packs = {pack_id: load_pack(pack_id).pack for pack_id in PACKS}
    dated = {pack_id: pack.dated for pack_id, pack in packs.items() if pack.dated is not None}
    assert dated == {"callvoip-faq": date(2018, 5, 17)}
    assert [packs[pack_id].provider for pack_id in PACKS] == [
        "callingbird",
        "callvoip",
        "callvoip",
        "cloudtalk",
        "messagebird",
    ]


def test_versions_are_dates_where_the_documents_have_one() -> None:
    """CF: the newsletter is of 17 May 2018, X13."""
    assert load_pack("callvoip-faq").pack.version == date(2018, 5, 17).isoformat()
