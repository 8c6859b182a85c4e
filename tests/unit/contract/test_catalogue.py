"""The catalogue: every event found by fingerprint, type and version, and refused when two are confused."""

import copy
import json
from pathlib import Path

import pytest

from ledger.contract.catalogue import Catalogue, EventSchema, PersonalField
from ledger.contract.common_fields import COMMON_FIELDS
from ledger.contract.event_rules import TOPICS
from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.contract.schema_files import default_directory
from ledger.errors import DataError
from tests.unit.contract.samples import catalogue, schema

EVENT_TYPES = [
    "agreement.amended",
    "agreement.concluded",
    "agreement.terminated",
    "audit.access_granted",
    "audit.announced",
    "audit.begun",
    "audit.closed",
    "audit.finding_reported",
    "audit.refused",
    "breach.assessed",
    "breach.aware",
    "breach.closed",
    "breach.discovered",
    "breach.notified",
    "call.completed",
    "call.recorded",
    "call.transcribed",
    "consent.given",
    "consent.refused",
    "consent.withdrawn",
    "data.accessed",
    "data.disclosed",
    "data.erased",
    "data.exported",
    "data.rectified",
    "deadline.near",
    "deadline.passed",
    "disclosure.decided",
    "disclosure.demanded",
    "erasure.incomplete",
    "erasure.searched",
    "erasure.started",
    "erasure.verified",
    "export.made",
    "fax.transmitted",
    "hold.lifted",
    "hold.placed",
    "instruction.given",
    "instruction.objected",
    "instruction.received",
    "instruction.withdrawn",
    "key.destroyed",
    "measures.described",
    "message.sent",
    "minor.found",
    "notice.communicated",
    "notice.published",
    "number.dialled",
    "party.registered",
    "policy.adopted",
    "processing.restricted",
    "processor.opted_in",
    "processor.opted_out",
    "recording.purpose_declared",
    "recording.purpose_revoked",
    "request.answered",
    "request.deadline_near",
    "request.deadline_passed",
    "request.extended",
    "request.forwarded",
    "request.identity_checked",
    "request.received",
    "request.refused",
    "request.withdrawn",
    "restriction.lifted",
    "retention.ended",
    "retention.set",
    "signalling.logged",
    "subprocessor.activated",
    "subprocessor.announced",
    "subprocessor.contracted",
    "subprocessor.ended",
    "subprocessor.objected",
    "subprocessor.objection_settled",
    "trail.ended",
    "transfer.mechanism_set",
    "voicemail.left",
]
OWN_TYPES = {
    "deadline.near",
    "deadline.passed",
    "erasure.incomplete",
    "erasure.searched",
    "erasure.started",
    "erasure.verified",
    "export.made",
    "instruction.given",
    "key.destroyed",
    "request.deadline_near",
    "request.deadline_passed",
    "retention.ended",
    "trail.ended",
}
"""What only the ledger itself may publish."""
NEWEST_VERSIONS = {"key.destroyed": 2}
"""Every other event is at its first version."""


def write(directory: Path, name: str, text: str) -> Path:
    """Put one file into a directory of schemas."""
    (directory / name).write_text(text, encoding="utf-8")
    return directory


def call_completed_text() -> str:
    """Return the text of one real schema file."""
    return (default_directory() / "call.completed.v1.avsc").read_text(encoding="utf-8")


def test_catalogue_holds_every_event() -> None:
    """All events of the contract are there, and none of the ledger's own records."""
    assert sorted(catalogue().versions) == EVENT_TYPES
    older = sum(version - 1 for version in NEWEST_VERSIONS.values())
    assert len(catalogue().by_fingerprint) == len(EVENT_TYPES) + older


def test_ledger_alone_publishes_its_own_facts() -> None:
    """What the ledger says it did is marked in every version, so that nobody else may say it."""
    own = {event.event_type for event in catalogue().by_fingerprint.values() if event.own}
    assert own == OWN_TYPES
    for event_type in OWN_TYPES:
        assert all(version.own for version in catalogue().versions[event_type])


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_event_schema_found_three_ways(event_type: str) -> None:
    """Fingerprint, newest version and version lead to the same schema."""
    found = schema(event_type)
    assert found is catalogue().find(event_type, NEWEST_VERSIONS.get(event_type, 1))
    assert found is catalogue().by_fingerprint[found.fingerprint]
    assert b"\xc3\x01" + found.fingerprint == found.header
    assert found.topic in TOPICS


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_fields_are_common_personal_identifying_or_open(event_type: str) -> None:
    """Every field is one of the four, so nothing that names a person stays open, a pseudonym not either."""
    event = schema(event_type)
    personal = {field.name for field in event.personal_fields}
    closed = personal | {field.name for field in event.identifying_fields}
    assert sorted(event.field_names) == sorted([*COMMON_FIELDS, *closed, *event.open_field_names])
    assert tuple(COMMON_FIELDS) == event.field_names[: len(COMMON_FIELDS)]
    assert {field.retention_class for field in event.personal_fields} <= set(RETENTION_CLASSES)


def test_personal_field_says_whom_it_concerns() -> None:
    """A caller's name is sealed for the caller only, a channel for everybody."""
    by_name = {field.name: field for field in schema("call.completed").personal_fields}
    expected = PersonalField(
        name="caller_name", retention_class="call_history", identifies=None, concerns=("caller",)
    )
    assert expected == by_name["caller_name"]
    assert by_name["channel"].concerns is None
    assert by_name["caller_number"].identifies == "caller"


def test_signalling_log_has_two_life_cycles() -> None:
    """Numbers and addresses go after two weeks, the rest after three months (Callvoip FAQ)."""
    classes = {field.name: field.retention_class for field in schema("signalling.logged").personal_fields}
    assert classes["caller_number"] == classes["source_ip"] == "signalling_identity"
    assert classes["user_agent"] == classes["sip_call_id"] == "signalling"


def test_types_of_one_name_are_one_type() -> None:
    """An enum that two schemas share is defined alike, so code generated from both agrees."""
    seen: dict[str, object] = {}

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if node.get("type") == "enum":
                assert seen.setdefault(str(node["name"]), node) == node
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    for event in catalogue().by_fingerprint.values():
        walk(event.raw)
    assert "LawfulBasis" in seen


def test_unknown_event_is_none() -> None:
    """Asking for what is not there is no error: the caller knows what that means."""
    assert catalogue().latest("call.imagined") is None
    assert catalogue().find("call.completed", 99) is None


def test_two_versions_kept_in_order(tmp_path: Path) -> None:
    """The newest version is found by type, the old one by its number and its fingerprint."""
    write(tmp_path, "call.completed.v1.avsc", call_completed_text())
    newer = call_completed_text().replace("ledger.v1", "ledger.v2").replace('"version": 1', '"version": 2')
    loaded = Catalogue.load(write(tmp_path, "call.completed.v2.avsc", newer))
    assert [version.version for version in loaded.versions["call.completed"]] == [1, 2]
    newest = loaded.latest("call.completed")
    assert newest is loaded.find("call.completed", 2)
    assert len(loaded.by_fingerprint) == 2


def test_same_fingerprint_refused() -> None:
    """Two schemas that differ in annotations only would be told apart by nothing."""
    twin = EventSchema.from_raw(copy.deepcopy(schema("call.completed").raw))
    with pytest.raises(DataError, match="fingerprint"):
        Catalogue.of([schema("call.completed"), twin])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("call.completed.v1.avsc", "not json"),
        ("call.completed.v1.avsc", "[]"),
        ("call.completed.v1.avsc", '{"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}'),
        ("call.completed.v1.avsc", json.dumps({"type": "record", "name": "R", "fields": []})),
        ("call.recorded.v1.avsc", None),
        ("call.completed.v2.avsc", None),
        ("call.completed.avsc", None),
    ],
)
def test_bad_file_refused(tmp_path: Path, name: str, text: str | None) -> None:
    """A file that is no event schema, or not the one its name says, stops the start."""
    with pytest.raises(DataError):
        Catalogue.load(write(tmp_path, name, text or call_completed_text()))


def test_empty_directory_refused(tmp_path: Path) -> None:
    """A ledger without schemas would reject everything: it does not start."""
    with pytest.raises(DataError, match="no schemas"):
        Catalogue.load(tmp_path)


def test_retention_classes_each_say_what_and_why() -> None:
    """The table is whole: name, what it covers, and one source line."""
    for name, entry in RETENTION_CLASSES.items():
        assert name == entry.name
        assert entry.covers
        assert "\n" not in entry.source
