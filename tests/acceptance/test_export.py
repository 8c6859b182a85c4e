"""Exports, from the command line: whole, of one controller only, checked by their manifest, and a fact."""

import csv
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ledger.bootstrap import Runtime
from ledger.errors import CallerError, InfrastructureError
from ledger.forgetting.exports import Order, make_export
from ledger.forgetting.own_facts import OwnFact, OwnFacts
from ledger.rules.calendar.local_day import local_day
from ledger.store.exports import BATCH_ENTRIES, Scope
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.ledger_home import NOON, LedgerHome, await_recorded, call, inbox_record, publish

pytestmark = pytest.mark.usefixtures("served")

ALICE, BORIS = "+3197010000301", "+3197010000302"
MEMBERS = ["README.txt", "entries.json", "entries.csv", "consents.json", "consents.csv", "manifest.json"]
OTHERS_SECRET = "Somebody Elses-Customer"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Two controllers of one test's own, who both know the same two numbers."""

    home: LedgerHome
    parts: Runtime
    controller: str
    other: str
    directory: Path

    def export(self, *arguments: str, name: str = "out.zip", why: str = "audit") -> "Exported":
        """Exports, and reads the archive."""
        path = self.directory / name
        said = self.home.json("export", "--out", str(path), "--why", why, *arguments)
        return Exported(said=said, path=path, members=members(path))

    def subject(self, number: str) -> UUID:
        """The pseudonym the first controller knows a number by."""
        with self.parts.vault() as vault:
            found = vault.find_subject(self.controller, Identifier(IdentifierKind.PHONE, number))
        assert found is not None
        return found

    def trail(self) -> list[dict[str, Any]]:
        """What the trail has of the first controller."""
        found: list[dict[str, Any]] = self.home.json("trail", "--controller", self.controller)["entries"]
        return found

    def left(self) -> list[str]:
        """What stands in the directory."""
        return sorted(path.name for path in self.directory.iterdir())


@dataclass(frozen=True, kw_only=True)
class Exported:
    """An archive, and what the command said of it."""

    said: dict[str, Any]
    path: Path
    members: dict[str, bytes]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """entries.json."""
        found: list[dict[str, Any]] = json.loads(self.members["entries.json"])
        return found

    @property
    def manifest(self) -> dict[str, Any]:
        """manifest.json."""
        found: dict[str, Any] = json.loads(self.members["manifest.json"])
        return found

    def rows(self, name: str) -> list[dict[str, str]]:
        """A table of the archive."""
        return list(csv.DictReader(io.StringIO(self.members[name].decode(), newline="")))

    def of(self, event_id: str) -> list[dict[str, Any]]:
        """The entries of one event."""
        return [entry for entry in self.entries if entry["event_id"] == event_id]


class RefusedFacts(OwnFacts):
    """A ledger that cannot be told anything."""

    def publish(self, facts: Iterable[OwnFact], occurred_at: int) -> None:
        """Fails, as when Kafka is gone."""
        raise InfrastructureError(
            "publishing to the inbox", found=f"{len(list(facts))} facts at {occurred_at}"
        )


def members(path: Path) -> dict[str, bytes]:
    """The files of an archive, after its own checksums were checked."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def scene(home: LedgerHome, parts: Runtime, tmp_path: Path, request: pytest.FixtureRequest) -> Scene:
    """A call, a consent given and withdrawn, a call of nobody, and the same people at another controller."""
    name = request.node.name
    made = Scene(home=home, parts=parts, controller=f"c-{name}", other=f"o-{name}", directory=tmp_path)
    ours: dict[str, Any] = {"controller": made.controller}
    theirs: dict[str, Any] = {"controller": made.other}
    consent: dict[str, Any] = {
        "consent_id": "k-1",
        "purpose": "newsletter",
        "lawful_basis": "consent",
        "subject_phone": ALICE,
    }
    publish(
        parts,
        call("call", ALICE, BORIS, caller_name="Alice Voorbeeld", **ours),
        inbox_record("consent.given", "given", language="nl", evidence="form 7", **ours, **consent),
        inbox_record("consent.withdrawn", "withdrawn", occurred_at=NOON + 1, **ours, **consent),
        inbox_record("call.completed", "nobody", call_id="x", caller_name="Nobody Known", **ours),
        call("theirs", ALICE, BORIS, caller_name=OTHERS_SECRET, **theirs),
        inbox_record("consent.given", "theirs-given", evidence="form of theirs", **theirs, **consent),
    )
    await_recorded(home)
    return made


def test_controllers_export_holds_every_entry_of_its_trail(scene: Scene) -> None:
    """Coordinates, what, when, why and with whom, as the trail has them, and what is personal in readable form."""
    trail = scene.trail()
    exported = scene.export("--controller", scene.controller)
    assert list(exported.members) == MEMBERS
    assert [entry["ledger"] for entry in trail] == [entry["ledger"] for entry in exported.entries]
    same = ("controller", "role", "purpose", "lawful_basis", "processors", "details", "event_id", "sealed_at")
    assert [[entry[name] for name in same] for entry in trail] == [
        [entry[name] for name in same] for entry in exported.entries
    ]
    opened = [entry["personal"] for entry in exported.of("call")]
    assert {"retention_class": "call_history", "value": "Alice Voorbeeld"} in [
        fields.get("caller_name") for fields in opened
    ]
    assert sorted(value["value"] for fields in opened for value in fields.values()) == sorted(
        [ALICE, BORIS, "Alice Voorbeeld"]
    )


def test_tables_say_what_the_json_says(scene: Scene) -> None:
    """One row per entry and per change of consent, personal fields in columns of their own."""
    exported = scene.export("--controller", scene.controller)
    rows = exported.rows("entries.csv")
    assert [entry["ledger"] for entry in exported.entries] == [row["ledger"] for row in rows]
    for entry, row in zip(exported.entries, rows, strict=True):
        shown = {
            name.removeprefix("personal."): cell for name, cell in row.items() if name.startswith("personal.")
        }
        expected = {name: str(field["value"]) for name, field in entry["personal"].items()}
        # A number begins with a plus, so it has a quote before it in the table.
        assert expected == {name: cell.removeprefix("'") for name, cell in shown.items() if cell}
        assert entry["details"] == json.loads(row["details"])
    consents = json.loads(exported.members["consents.json"])
    assert [(change["state"], change["evidence"]) for change in consents] == [
        ("given", "sealed"),
        ("withdrawn", "none"),
    ]
    assert [change["ledger"] for change in consents] == [
        row["ledger"] for row in exported.rows("consents.csv")
    ]


def test_manifest_has_scope_positions_counts_and_digests(scene: Scene) -> None:
    """Whoever gets the archive can check that it is whole, and up to where in the ledger it reaches."""
    exported = scene.export("--controller", scene.controller, why="end_of_agreement")
    manifest = exported.manifest
    assert (manifest["format"], manifest["format_version"]) == ("ledger-export", 1)
    assert manifest["scope"] == {"controller": scene.controller, "subject": None}
    assert (manifest["why"], manifest["export_id"]) == ("end_of_agreement", exported.said["export"])
    assert [each["name"] for each in manifest["files"]] == MEMBERS[:-1]
    for each in manifest["files"]:
        content = exported.members[each["name"]]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (each["bytes"], each["sha256"])
    for entry in exported.entries:
        partition, offset = entry["ledger"].split(":")
        assert int(offset) < manifest["ledger_positions"][partition]
    assert manifest["counts"]["entries"] == len(exported.entries)
    assert manifest["counts"]["personal_fields_readable"] == exported.said["opened_fields"]
    assert manifest["counts"]["personal_fields_closed"] == sum(
        len(entry["closed"]) for entry in exported.entries
    )


def test_export_is_a_fact_with_the_digest_of_the_file(scene: Scene) -> None:
    """Reading personal data is recorded: who is shown the archive later finds out whether it is the one."""
    exported = scene.export("--subject", str(scene.subject(ALICE)), why="access_request")
    digest = hashlib.sha256(exported.path.read_bytes()).hexdigest()
    assert digest == exported.said["sha256"]
    [fact] = [entry for entry in scene.trail() if entry["event_type"] == "export.made"]
    assert fact["details"] == {
        "export_id": exported.said["export"],
        "subject_pseudonym": str(scene.subject(ALICE)),
        "reason": "access_request",
        "entries": len(exported.entries),
        "opened_fields": exported.said["opened_fields"],
        "sha256": digest,
        "hold_id": None,
    }
    assert fact["event_source"] == "urn:ledger:self"


def test_file_is_its_owners_only_and_nothing_stands_beside_it(scene: Scene) -> None:
    """Not readable by others at any time, and no half-written file is left."""
    exported = scene.export("--controller", scene.controller)
    assert stat.S_IMODE(exported.path.stat().st_mode) == 0o600
    assert scene.left() == ["out.zip"]


def test_controllers_export_holds_no_byte_of_another_controller(scene: Scene) -> None:
    """Both know the same numbers; neither's name, people, pseudonyms, ids or words stand in the other's archive."""
    with scene.parts.vault() as vault:
        theirs = vault.find_subject(scene.other, Identifier(IdentifierKind.PHONE, ALICE))
    for exported in (
        scene.export("--controller", scene.controller, name="a.zip"),
        scene.export("--subject", f"phone:{ALICE}", "--controller", scene.controller, name="b.zip"),
    ):
        assert {entry["controller"] for entry in exported.entries} == {scene.controller}
        whole = b"".join(exported.members.values())
        for foreign in (scene.other, OTHERS_SECRET, str(theirs), "theirs", "theirs-given", "form of theirs"):
            assert foreign.encode() not in whole
    # The other way about they are there: the words to look for are the right ones.
    other = b"".join(scene.export("--controller", scene.other, name="c.zip").members.values())
    for foreign in (scene.other, OTHERS_SECRET, str(theirs), "theirs-given", "form of theirs"):
        assert foreign.encode() in other


def test_persons_export_holds_nothing_of_the_other_party(scene: Scene) -> None:
    """A call has two people; each gets their own half of it."""
    exported = scene.export("--subject", f"phone:{BORIS}", "--controller", scene.controller)
    assert [entry["event_id"] for entry in exported.entries] == ["call"]
    whole = b"".join(exported.members.values())
    assert BORIS.encode() in whole
    assert ALICE.encode() not in whole
    assert b"Alice Voorbeeld" not in whole
    assert exported.manifest["scope"]["subject"] == str(scene.subject(BORIS))


def test_field_that_does_not_open_is_named_with_its_reason(scene: Scene) -> None:
    """Destroyed by erasure, ended with its day, nobody's: each is listed, none is left out in silence."""
    with scene.parts.vault() as vault:
        vault.destroy_subject_key(scene.subject(ALICE), "call_history", "test")
    exported = scene.export("--controller", scene.controller)
    callers = [entry for entry in exported.of("call") if entry["subject_roles"] == ["caller"]]
    assert [(entry["personal"], entry["closed"]) for entry in callers] == [
        ({}, {"caller_number": "key_destroyed", "caller_name": "key_destroyed"})
    ]
    row = next(row for row in exported.rows("entries.csv") if row["ledger"] == callers[0]["ledger"])
    assert sorted(row["closed"].split("; ")) == ["caller_name: key_destroyed", "caller_number: key_destroyed"]
    with scene.parts.vault() as vault:
        vault.destroy_epoch(scene.controller, "call_history", local_day(NOON), "test")
    later = scene.export("--controller", scene.controller, name="later.zip")
    assert later.said["opened_fields"] < exported.said["opened_fields"]
    assert all(entry["personal"] == {} for entry in later.of("call"))


def test_text_a_spreadsheet_would_run_is_made_harmless(scene: Scene) -> None:
    """A caller's own name may be a formula: quoted in the table, as it is in the JSON."""
    formula = '=HYPERLINK("http://example.com";"x")'
    publish(scene.parts, call("formula", ALICE, BORIS, caller_name=formula, controller=scene.controller))
    await_recorded(scene.home)
    exported = scene.export("--controller", scene.controller)
    [caller] = [entry for entry in exported.of("formula") if entry["subject_roles"] == ["caller"]]
    assert formula == caller["personal"]["caller_name"]["value"]
    row = next(row for row in exported.rows("entries.csv") if row["ledger"] == caller["ledger"])
    assert row["personal.caller_name"] == f"'{formula}"
    for name in ("entries.csv", "consents.csv"):
        cells = [cell for row in exported.rows(name) for cell in row.values()]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_same_content_gives_the_same_files(scene: Scene) -> None:
    """Two exports of a person differ in their manifests alone: id and time."""
    reference = ("--subject", str(scene.subject(ALICE)))
    first, second = scene.export(*reference, name="1.zip"), scene.export(*reference, name="2.zip")
    assert first.manifest["files"] == second.manifest["files"]
    assert first.said["export"] != second.said["export"]


def test_more_entries_than_one_batch_are_all_there(scene: Scene) -> None:
    """What does not fit into memory at once is exported batch by batch, each entry once and in order."""
    count = BATCH_ENTRIES + 10
    records = [
        inbox_record(
            "call.completed", f"e{number:04}", call_id="x", controller=scene.controller,
            caller_number=ALICE, occurred_at=NOON + number,
        )
        for number in range(count)
    ]  # fmt: skip
    publish(scene.parts, *records)
    await_recorded(scene.home)
    exported = scene.export("--controller", scene.controller)
    ids = [entry["event_id"] for entry in exported.entries if entry["event_id"].startswith("e0")]
    assert ids == [f"e{number:04}" for number in range(count)]
    assert len(exported.rows("entries.csv")) == len(exported.entries)


def test_where_an_archive_was_put_is_known_to_the_vault(scene: Scene) -> None:
    """An erasure can look for it; an archive of the whole controller holds the person too, another's does not."""
    alice = scene.subject(ALICE)
    exports = [
        scene.export("--subject", str(alice), name="alice.zip"),
        scene.export("--subject", str(scene.subject(BORIS)), name="boris.zip"),
        scene.export("--controller", scene.controller, name="all.zip"),
        scene.export("--controller", scene.other, name="other.zip"),
    ]
    with scene.parts.vault() as vault:
        issued = vault.issued_exports(scene.controller, alice)
        assert [(Path(each.path).name, each.sha256) for each in issued] == [
            (exports[number].path.name, exports[number].said["sha256"]) for number in (0, 2)
        ]
        assert vault.forget_issued_export(issued[0].export_id)
        assert not vault.forget_issued_export(issued[0].export_id)
        assert len(vault.issued_exports(scene.controller, alice)) == 1


def test_export_names_the_hold_it_fulfils(scene: Scene) -> None:
    """An export that was asked for before deletion is tied to the hold that waited for it."""
    scene.home.json(
        "hold", "place", "--controller", scene.controller, "--kind", "export", "--article", "a", "--id", "h-9"
    )
    exported = scene.export("--controller", scene.controller, "--hold", "h-9", why="end_of_agreement")
    assert exported.manifest["hold"] == "h-9"
    [fact] = [entry for entry in scene.trail() if entry["event_type"] == "export.made"]
    assert fact["details"]["hold_id"] == "h-9"


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        ((), 2),
        (("--controller", "{controller}", "--out", "{taken}"), 2),
        (("--controller", "{controller}", "--out", "{directory}/no/such/x.zip"), 2),
        (("--controller", "{controller}", "--why", "curiosity"), 2),
        (("--subject", "passport:1"), 2),
        (("--subject", f"phone:{ALICE}"), 2),
        (("--controller", "nobody-at-all"), 3),
        (("--subject", "phone:+3197010999999"), 3),
        (("--subject", "00000000-0000-4000-8000-000000000000"), 3),
        (("--subject", f"phone:{ALICE}", "--controller", "nobody-at-all"), 3),
        (("--controller", "{controller}", "--hold", "never-placed"), 3),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_nothing(
    scene: Scene, arguments: tuple[str, ...], exit_code: int
) -> None:
    """Exit code; no file, none overwritten, no fact, no number in what is said."""
    taken = scene.directory / "taken.zip"
    taken.write_bytes(b"precious")
    known = {"controller": scene.controller, "taken": str(taken), "directory": str(scene.directory)}
    given = [argument.format(**known) for argument in arguments]
    defaults = ("--out", str(scene.directory / "out.zip"), "--why", "audit")
    done = scene.home.run("export", *defaults, *given)
    assert exit_code == done.returncode, done.stderr
    assert b"31970" not in done.stderr
    assert scene.left() == ["taken.zip"]
    assert taken.read_bytes() == b"precious"
    assert "export.made" not in {entry["event_type"] for entry in scene.trail()}


def test_without_its_fact_there_is_no_archive(scene: Scene) -> None:
    """The ledger cannot be told: nothing has the archive's name, and what was written is gone."""
    target = scene.directory / "out.zip"
    order = Order(scope=Scope(scene.controller, None), why="audit", target=target)
    with scene.parts.vault() as vault, pytest.raises(InfrastructureError):
        make_export(scene.parts, vault, RefusedFacts(scene.parts, vault), order, lambda _done, _total: None)
    assert scene.left() == []


def test_file_that_appeared_meanwhile_is_not_overwritten(scene: Scene) -> None:
    """Somebody else's file of that name stays what it is, however late it came."""
    target = scene.directory / "out.zip"
    order = Order(scope=Scope(scene.controller, None), why="audit", target=target)

    def put_another(_done: int, _total: int) -> None:
        target.write_bytes(b"precious")

    with scene.parts.vault() as vault, pytest.raises(CallerError):
        make_export(scene.parts, vault, OwnFacts(scene.parts, vault), order, put_another)
    assert target.read_bytes() == b"precious"
    assert scene.left() == ["out.zip"]
