"""Versions that cannot read each other, or that read each other wrongly, are found before they are deployed."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.contract.evolution import evolution_problems, main
from ledger.errors import DataError
from tests.unit.contract.samples import schema

Change = Callable[[dict[str, Any]], object]

BASE = copy.deepcopy(schema("call.completed").raw)


def field(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a field object by name."""
    found: dict[str, Any] = next(each for each in raw["fields"] if each["name"] == name)
    return found


def add(**entries: Any) -> Change:
    """Return a change that adds a field."""
    return lambda raw: raw["fields"].append({"doc": "New.", **entries})


def drop(name: str) -> Change:
    """Return a change that drops a field."""
    return lambda raw: raw["fields"].remove(field(raw, name))


def put(name: str, **entries: Any) -> Change:
    """Return a change that sets entries of a field."""
    return lambda raw: field(raw, name).update(entries)


def versions(directory: Path, *changes: Change) -> Path:
    """Write version 1 and one version per change, each made to the one before."""
    raw: Any = copy.deepcopy(BASE)
    for version, change in enumerate([lambda _: None, *changes], start=1):
        change(raw)
        raw |= {"version": version, "namespace": f"ledger.v{version}"}
        (directory / f"call.completed.v{version}.avsc").write_text(json.dumps(raw), encoding="utf-8")
    return directory


def test_own_schemas_are_compatible(capsys: pytest.CaptureFixture[str]) -> None:
    """What we ship passes, and the command says so by its exit code."""
    assert main([]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        add(name="hangup_cause", type=["null", "string"], default=None),
        add(name="hangup_cause", type="string", default="", personal="call_history"),
        drop("trunk"),
        put("call_id", doc="Said better."),
        lambda raw: raw["fields"].append(raw["fields"].pop(9)),
    ],
)
def test_compatible_change_accepted(tmp_path: Path, change: Change) -> None:
    """Fields with defaults may come and go, and docs and order may change."""
    assert evolution_problems(versions(tmp_path, change)) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (add(name="hangup_cause", type="string"), "reader_field_missing_default_value"),
        (drop("call_id"), "v1 cannot read call.completed.v2"),
        (put("duration_s", type="string"), "type_mismatch"),
        (put("duration_s", type="int"), "int and long exchanged"),
        (put("duration_s", type="double"), "floating point"),
        (put("call_id", type="bytes"), "string and bytes"),
        (put("trunk", type="string", default=""), "v2 cannot read call.completed.v1"),
        (lambda raw: field(raw, "role")["type"]["symbols"].append("observer"), "missing_enum_symbols"),
        (lambda raw: field(raw, "role")["type"]["symbols"].remove("conduit"), "missing_enum_symbols"),
        (lambda raw: field(raw, "role")["type"].update(name="Part"), "name_mismatch"),
        (lambda raw: field(raw, "started_at")["type"].update(logicalType="timestamp-millis"), "logicalType"),
        (put("started_at", type="long"), "logicalType"),
        (put("duration_s", type={"type": "long", "logicalType": "timestamp-micros"}), "logicalType"),
        (put("answered_at", type=["null", "long"]), "logicalType"),
        (lambda raw: field(raw, "channel").pop("personal"), "annotation personal"),
        (put("channel", personal="account"), "annotation personal"),
        (put("trunk", personal="call_history"), "annotation personal"),
        (put("caller_number", identifies="called"), "annotation identifies"),
        (put("caller_number", identifier="account"), "annotation identifier"),
        (lambda raw: field(raw, "caller_name").pop("concerns"), "annotation concerns"),
        (lambda raw: raw.update(name="CallEnded"), "name changed"),
        (lambda raw: raw.update(eventType="call.ended"), "eventType changed"),
        (lambda raw: raw.update(stream="governance"), "stream changed"),
    ],
)
def test_incompatible_change_found(
    tmp_path: Path, change: Change, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What one version writes and another cannot read, or reads as something else, is printed; exit code 6."""
    assert main(["--directory", str(versions(tmp_path, change))]) == 6
    assert problem in capsys.readouterr().out


def test_check_is_transitive(tmp_path: Path) -> None:
    """A field that changed its unit by way of being absent is found between versions 1 and 3."""
    directory = versions(
        tmp_path,
        drop("answered_at"),
        add(
            name="answered_at",
            type=["null", {"type": "long", "logicalType": "timestamp-millis"}],
            default=None,
        ),
    )
    problems = evolution_problems(directory)
    assert [text.partition(":")[0] for text in problems] == ["call.completed.v3 against call.completed.v1"]


def test_unsafe_schema_refused(tmp_path: Path) -> None:
    """A recursive schema is refused, not compared."""
    raw = {"type": "record", "name": "R", "fields": [{"name": "r", "type": ["null", "R"]}]}
    (tmp_path / "call.completed.v1.avsc").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(DataError, match="recursive"):
        evolution_problems(tmp_path)
