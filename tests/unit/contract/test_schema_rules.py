"""Schemas that could crash or exhaust the process are refused before fastavro sees them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.schema_files import read_schema_file, schema_paths
from ledger.contract.schema_rules import DEPTH_MAX, check_schema

EMPTY = {"type": "record", "name": "Empty", "fields": []}
NOTHING = {"type": "record", "name": "Nothing", "fields": [{"name": "n", "type": "null"}]}


def record(*types: Any, name: str = "Outer", **more: Any) -> dict[str, Any]:
    """Return a record schema with a field of each type."""
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": f"f{number}", "type": type_} for number, type_ in enumerate(types)],
        **more,
    }


def deep(levels: int) -> Any:
    """Return arrays within arrays."""
    schema: Any = "string"
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


def doubling(levels: int) -> list[Any]:
    """Return records that each hold the one before twice: 2 to the power of levels when written out."""
    types: list[Any] = [record("string", name="L0")]
    types += [record(f"L{level - 1}", f"L{level - 1}", name=f"L{level}") for level in range(1, levels)]
    return types


@pytest.mark.parametrize("path", schema_paths(), ids=lambda path: path.name)
def test_own_schemas_are_safe(path: Any) -> None:
    """Every schema we ship passes the rules it is held to."""
    assert check_schema(read_schema_file(path)) == []


@pytest.mark.parametrize(
    "schema",
    [
        "string",
        ["null", "long"],
        record("string", {"type": "map", "values": "long"}),
        record({"type": "fixed", "name": "Md5", "size": 16}, "Md5"),
        record(record("string", name="Inner"), "Inner"),
        record(record("string", name="Inner"), "a.b.Inner", namespace="a.b"),
        record(EMPTY, NOTHING),
        {"type": {"type": "array", "items": {"type": "enum", "name": "E", "symbols": ["A"]}}},
        deep(DEPTH_MAX - 1),
    ],
)
def test_safe_schema_accepted(schema: Any) -> None:
    """What Avro allows and decodes in bounded space passes."""
    assert check_schema(schema) == []


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (record("Outer"), "recursive"),
        (record(["null", "Outer"]), "recursive"),
        (record({"type": "array", "items": "Outer"}), "recursive"),
        (record({"type": "map", "values": "Outer"}), "recursive"),
        (record({"type": "Outer"}), "recursive"),
        (record({"type": {"type": ["null", "Outer"]}}), "recursive"),
        (record("ns.Outer", namespace="ns"), "recursive"),
        (record("other.Outer", namespace="ns"), "recursive"),
        (record("Outer", namespace="ns"), "recursive"),
        (record("a.Outer", name="a.Outer"), "recursive"),
        (record(record(["null", "Outer"], name="Inner")), "recursive"),
        (record(record("string", name="Outer")), "twice"),
        ({"type": "array", "items": "null"}, "zero width"),
        ({"type": "map", "values": "null"}, "zero width"),
        ({"type": "array", "items": EMPTY}, "zero width"),
        ({"type": "array", "items": NOTHING}, "zero width"),
        ({"type": "array", "items": record(EMPTY, NOTHING)}, "zero width"),
        ({"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}, "zero width"),
        ({"type": "array", "items": {"type": "null"}}, "zero width"),
        (record(NOTHING, {"type": "array", "items": "Nothing"}), "zero width"),
        (record({"type": "fixed", "name": "F", "size": 0}, {"type": "array", "items": "F"}), "zero width"),
        ({"type": "fixed", "name": "F", "size": -1}, "size"),
        ({"type": "fixed", "name": "F", "size": 1 << 40}, "size"),
        ({"type": "fixed", "name": "F", "size": True}, "size"),
        ({"type": "fixed", "name": "F"}, "size"),
        ({"type": "enum", "name": "E", "symbols": []}, "symbols"),
        ({"type": "enum", "name": "E", "symbols": ["A", "A"]}, "symbols"),
        ({"type": "enum", "name": "E", "symbols": ["A", 1]}, "symbols"),
        ({"type": "enum", "name": "E", "symbols": "A"}, "symbols"),
        ({"type": "record", "name": "R"}, "fields"),
        ({"type": "record", "fields": []}, "name"),
        ({"type": "record", "name": "1R", "fields": []}, "name"),
        ({"type": "record", "name": "R", "namespace": 5, "fields": []}, "name"),
        ({"type": "record", "name": "R", "fields": [5]}, "field 0"),
        ({"type": "record", "name": "R", "fields": [{"name": "a.b", "type": "int"}]}, "field 0"),
        ({"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}] * 2}, "field 1"),
        ({"type": "record", "name": "R", "fields": [{"name": "a"}]}, "not an Avro type"),
        (record("Unknown"), "not defined"),
        ("Unknown", "not defined"),
        ([], "empty union"),
        (None, "not an Avro type"),
        (5, "not an Avro type"),
        ({}, "not an Avro type"),
        ({"type": "array"}, "not an Avro type"),
        (deep(DEPTH_MAX + 1), "deeper"),
        (deep(900), "deeper"),
        (record(*doubling(40)), "types when written out"),
    ],
)
def test_unsafe_schema_refused(schema: Any, problem: str) -> None:
    """Recursion, items of no width, and what is no schema at all are named as such."""
    assert problem in "; ".join(check_schema(schema))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["string", "null", "record", "array", "A"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "name", "fields", "items", "values", "symbols", "size", "namespace"]),
            inner,
        )
    ),
    max_leaves=30,
)


@given(schema=_JSON)
def test_any_json_is_judged_without_raising(schema: Any) -> None:
    """The rules return problems for whatever JSON they are given; they never fail themselves."""
    assert isinstance(check_schema(schema), list)
