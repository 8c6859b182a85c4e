"""Which Avro schemas are safe to decode with: no recursion, no bombs, nothing fastavro chokes on.

fastavro crashes the process on deep recursion and expands an array of zero-width items from five bytes to
fifty million values, so a schema is judged as plain JSON before fastavro sees it. The rules hold for our own
files and for every schema a registry hands us. Source: Avro 1.12 specification, "Schema Declaration".
"""

import re
from dataclasses import dataclass, field

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})

DEPTH_MAX = 32
"""Levels of nested types; a CDR needs three."""

EXPANDED_TYPES_MAX = 4096
"""Types after every reference is written out: a few records that name each other can reach billions."""

FIXED_BYTES_MAX = 1 << 20
"""Largest `fixed`, in bytes: no longer than the largest value an inbox record may have."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the rules need to know of a type: whether a value takes no bytes, and how many types it holds."""

    zero_width: bool
    types: int


_UNKNOWN = _Shape(zero_width=False, types=1)


@dataclass(slots=True)
class _Walk:
    """One walk over a schema: what it found, the names defined so far, and the records it is inside of."""

    problems: list[str] = field(default_factory=list)
    defined: dict[str, _Shape] = field(default_factory=dict)
    inside: list[str] = field(default_factory=list)

    def type_shape(self, schema: object, namespace: str, where: str, depth: int) -> _Shape:
        """Judge any type."""
        if depth > DEPTH_MAX:
            self.problems.append(f"{where}: types nested deeper than {DEPTH_MAX}")
            return _UNKNOWN
        if isinstance(schema, str):
            return self._name_shape(schema, namespace, where)
        if isinstance(schema, list):
            return self._union_shape(schema, namespace, where, depth)
        if isinstance(schema, dict):
            return self._object_shape(schema, namespace, where, depth)
        self.problems.append(f"{where}: not an Avro type")
        return _UNKNOWN

    def _name_shape(self, name: str, namespace: str, where: str) -> _Shape:
        if name in PRIMITIVES:
            return _Shape(zero_width=name == "null", types=1)
        # Any enclosing record of the same last name counts, whatever its namespace: a rule of names read
        # differently here than in fastavro must not let recursion through.
        if name.rpartition(".")[2] in self.inside:
            self.problems.append(f"{where}: recursive type")
            return _UNKNOWN
        shape = self.defined.get(_full_name(name, namespace)) or self.defined.get(name)
        if shape is None:
            self.problems.append(f"{where}: type that is not defined before it is used")
            return _UNKNOWN
        return shape

    def _union_shape(self, branches: list[object], namespace: str, where: str, depth: int) -> _Shape:
        if not branches:
            self.problems.append(f"{where}: empty union")
        shapes = [self.type_shape(branch, namespace, where, depth + 1) for branch in branches]
        return self._sum(shapes, where, zero_width=False)

    def _object_shape(self, schema: dict[str, object], namespace: str, where: str, depth: int) -> _Shape:
        kind = schema.get("type")
        match kind:
            case "record":
                return self._record_shape(schema, namespace, where, depth)
            case "enum":
                return self._enum_shape(schema, namespace, where)
            case "fixed":
                return self._fixed_shape(schema, namespace, where)
            case "array" | "map":
                key = "items" if kind == "array" else "values"
                item = self.type_shape(schema.get(key), namespace, f"{where}.{key}", depth + 1)
                if item.zero_width:
                    self.problems.append(f"{where}: {key} of zero width")
                return self._sum([item], where, zero_width=False)
            case _:
                return self.type_shape(kind, namespace, where, depth + 1)

    def _define(self, schema: dict[str, object], namespace: str, where: str) -> tuple[str, str]:
        """Return the full name and the namespace inside a named type, refusing bad and repeated names."""
        name, own = schema.get("name"), schema.get("namespace", namespace)
        if not isinstance(name, str) or not isinstance(own, str) or not _NAME.fullmatch(name):
            self.problems.append(f"{where}: a named type without a proper name")
            return "", namespace
        full = _full_name(name, own)
        if full in self.defined or name.rpartition(".")[2] in PRIMITIVES | set(self.inside):
            self.problems.append(f"{where}: type name used twice")
        return full, full.rpartition(".")[0]

    def _record_shape(self, schema: dict[str, object], namespace: str, where: str, depth: int) -> _Shape:
        full, inner = self._define(schema, namespace, where)
        fields = schema.get("fields")
        if not isinstance(fields, list):
            self.problems.append(f"{where}: record without fields")
            return _UNKNOWN
        self.inside.append(full.rpartition(".")[2])
        shapes: list[_Shape] = []
        names: set[str] = set()
        for number, entry in enumerate(fields):
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(name, str) or not _NAME.fullmatch(name) or "." in name or name in names:
                self.problems.append(f"{where}: field {number} without a proper name of its own")
                continue
            names.add(name)
            shapes.append(self.type_shape(entry.get("type"), inner, f"{where}.{name}", depth + 1))
        self.inside.pop()
        shape = self._sum(shapes, where, zero_width=all(shape.zero_width for shape in shapes))
        self.defined[full] = shape
        return shape

    def _enum_shape(self, schema: dict[str, object], namespace: str, where: str) -> _Shape:
        full, _ = self._define(schema, namespace, where)
        symbols = schema.get("symbols")
        texts = [symbol for symbol in symbols if isinstance(symbol, str)] if isinstance(symbols, list) else []
        if not texts or texts != symbols or len(set(texts)) != len(texts):
            self.problems.append(f"{where}: enum without symbols of its own")
        self.defined[full] = _UNKNOWN
        return _UNKNOWN

    def _fixed_shape(self, schema: dict[str, object], namespace: str, where: str) -> _Shape:
        full, _ = self._define(schema, namespace, where)
        size = schema.get("size")
        if type(size) is not int or not 0 <= size <= FIXED_BYTES_MAX:
            self.problems.append(f"{where}: fixed without a size from 0 to {FIXED_BYTES_MAX}")
            size = 1
        self.defined[full] = _Shape(zero_width=size == 0, types=1)
        return self.defined[full]

    def _sum(self, shapes: list[_Shape], where: str, *, zero_width: bool) -> _Shape:
        types = 1 + sum(shape.types for shape in shapes)
        if types > EXPANDED_TYPES_MAX:
            self.problems.append(f"{where}: more than {EXPANDED_TYPES_MAX} types when written out")
            types = 1
        return _Shape(zero_width=zero_width, types=types)


def _full_name(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def check_schema(schema: object) -> list[str]:
    """Say why a schema is not safe to decode with.

    Args:
        schema: an Avro schema as parsed from JSON.

    Returns:
        One line per problem, naming the place by the schema's own field names; empty when it is safe.
    """
    walk = _Walk()
    walk.type_shape(schema, "", "schema", 0)
    return walk.problems
