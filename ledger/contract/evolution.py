"""Whether every version of an event can be read as every other: FULL_TRANSITIVE, and what Avro does not see.

Apache Avro's own checker judges resolution; it is a development dependency, imported only here. It knows
nothing of logical types and annotations, so a lint of ours compares those: a changed unit or a field that
stops being personal is as incompatible as a changed type. `python -m ledger.contract.evolution` prints the
problems.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import msgspec

from ledger.contract.event_rules import ANNOTATIONS
from ledger.contract.schema_files import (
    JsonObject,
    default_directory,
    read_schema_file,
    record_fields,
    schema_paths,
    type_and_version,
)
from ledger.contract.schema_rules import check_schema
from ledger.errors import DataError

_ONE_FOR_ALL_VERSIONS = ("name", "eventType", "stream")
"""Properties of a record that name what it is: another value is another event type."""


class SchemaVersion(NamedTuple):
    """One version of one event type or own record."""

    event_type: str
    version: int
    raw: JsonObject

    def __str__(self) -> str:
        """Name it as its file does."""
        return f"{self.event_type}.v{self.version}"


def load_versions(directory: Path | None = None) -> dict[str, list[SchemaVersion]]:
    """Return every schema of a directory by type, versions ascending.

    Raises:
        DataError: a file is misnamed or unsafe to parse.
    """
    versions: dict[str, list[SchemaVersion]] = defaultdict(list)
    for path in schema_paths(directory):
        (event_type, version), raw = type_and_version(path), read_schema_file(path)
        if problems := check_schema(raw):
            raise DataError(f"schema {path.name} refused", found="; ".join(problems))
        versions[event_type].append(SchemaVersion(event_type, version, raw))
    return {type_: sorted(known, key=lambda each: each.version) for type_, known in versions.items()}


def evolution_problems(directory: Path | None = None) -> list[str]:
    """Say what is incompatible among the schemas of a directory.

    Returns:
        One line per problem; empty when every version reads every other and means the same.

    Raises:
        DataError: a file is misnamed or unsafe to parse.
    """
    problems: list[str] = []
    for known in load_versions(directory).values():
        for older, newer in permutations(known, 2):
            problems += [f"{newer} cannot read {older}: {problem}" for problem in _unreadable(newer, older)]
        for place, newer in enumerate(known):
            for older in known[:place]:
                problems += [f"{newer} against {older}: {problem}" for problem in _changes(older, newer)]
    return problems


def _unreadable(reader: SchemaVersion, writer: SchemaVersion) -> list[str]:
    """Ask Apache Avro whether one version reads what another wrote."""
    import avro.schema  # noqa: PLC0415 - a development dependency: the ledger runs without it
    from avro.compatibility import (  # noqa: PLC0415 - as above
        ReaderWriterCompatibilityChecker,
        SchemaCompatibilityType,
    )

    parsed = [
        avro.schema.parse(msgspec.json.encode(_resolvable(each.raw)).decode()) for each in (reader, writer)
    ]
    result = ReaderWriterCompatibilityChecker().get_compatibility(*parsed)
    if result.compatibility == SchemaCompatibilityType.compatible:
        return []
    kinds = ", ".join(sorted({kind.value for kind in result.incompatibilities})) or "incompatible"
    places = ", ".join(sorted({place for place in result.locations if place}))
    return [f"{kinds} at {places}" if places else kinds]


def _resolvable(schema: object) -> object:
    """Return a copy without namespaces and logical types.

    The version is in the namespace, and Avro resolves records by their unqualified names; the Python checker
    compares full ones. It also trips over logical types, which the lint compares.
    """
    if isinstance(schema, list):
        return [_resolvable(entry) for entry in schema]
    if isinstance(schema, dict):
        left_out = {"namespace", "logicalType", "doc"}
        return {key: _resolvable(value) for key, value in schema.items() if key not in left_out}
    return schema


def _changes(older: SchemaVersion, newer: SchemaVersion) -> Iterator[str]:
    """Yield what changed that Avro does not mind and we do."""
    for key in _ONE_FOR_ALL_VERSIONS:
        if older.raw.get(key) != newer.raw.get(key):
            yield f"{key} changed"
    before = {str(field["name"]): field for field in record_fields(older.raw)}
    for field in record_fields(newer.raw):
        name = str(field["name"])
        if name not in before:
            continue
        for key in ANNOTATIONS:
            if before[name].get(key) != field.get(key):
                yield f"{name}: the annotation {key} changed; give the field another name"
        yield from (
            f"{name}: {change}" for change in _type_changes(before[name].get("type"), field.get("type"))
        )


def _type_changes(before: object, after: object) -> Iterator[str]:
    """Yield changes of unit and promotions that do not come back whole."""
    was, now = _leaves(before), _leaves(after)
    if {leaf.logical for leaf in was} != {leaf.logical for leaf in now}:
        yield "logicalType changed: the same number would mean something else"
    types_before, types_after = {leaf.type for leaf in was}, {leaf.type for leaf in now}
    for one, other in (types_before, types_after), (types_after, types_before):
        if "bytes" in one and "string" in other and "bytes" not in other:
            yield "string and bytes exchanged: not all bytes are text"
        if one & {"int", "long"} and other & {"float", "double"} and not one & {"float", "double"}:
            yield "an integer became floating point: large values lose digits"
        if "int" in one and "long" in other and "int" not in other:
            yield "int and long exchanged: a long does not fit an int"


class _Leaf(NamedTuple):
    """A primitive type and the logical type on it."""

    type: str
    logical: str | None


def _leaves(type_: object, logical: str | None = None) -> set[_Leaf]:
    if isinstance(type_, str):
        return {_Leaf(type_, logical)} - {_Leaf("null", None)}
    if isinstance(type_, list):
        return set().union(*(_leaves(branch) for branch in type_))
    if isinstance(type_, dict):
        inner = [type_.get(key) for key in ("items", "values") if key in type_]
        inner += [field.get("type") for field in record_fields(type_)]
        if inner:
            return set().union(*(_leaves(each) for each in inner))
        stated = type_.get("logicalType")
        return _leaves(type_.get("type"), str(stated) if stated is not None else logical)
    return set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the problems of a directory; returns the exit code, 6 when there are any."""
    parser = argparse.ArgumentParser(prog="python -m ledger.contract.evolution", description=__doc__)
    parser.add_argument("--directory", type=Path, default=default_directory(), help="where the schemas are")
    problems = evolution_problems(parser.parse_args(arguments).directory)
    sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    return DataError.exit_code if problems else 0


if __name__ == "__main__":
    sys.exit(main())
