"""What `events.json` states, and what the ledger is to make of it, worked out from the schemas alone.

Nothing of the ledger is imported: this is the reading of an outsider who has `schemas/` and `docs/publishing.md`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from tests.interop.clients import EVENTS_FILE, SCHEMAS

COMMON_FIELDS = 9
"""Every schema begins with these."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Field = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of the file; `outcome` is accepted, duplicate or rejected."""

    id: str
    schema: str
    encoding: str
    time: str
    data: Mapping[str, Any]
    outcome: str = "accepted"
    reason: str = ""
    detail: str = ""
    bytes_cut: int = 0
    why: str = ""

    @property
    def occurred_at(self) -> int:
        """Microseconds since 1970-01-01T00:00Z."""
        return micros(self.time)

    @property
    def fields(self) -> list[Field]:
        """The schema's fields, in order."""
        found: list[Field] = schema(self.schema)["fields"]
        return found

    @property
    def event_type(self) -> str:
        """The schema's event type."""
        return str(schema(self.schema)["eventType"])

    @property
    def topic(self) -> str:
        """The schema's topic."""
        return str(schema(self.schema)["topic"])

    @property
    def datum(self) -> dict[str, Any]:
        """Every field's value: defaults filled in, times as microseconds, dates as days."""
        return {
            field["name"]: _value(field, self.data[field["name"]])
            if field["name"] in self.data
            else field["default"]
            for field in self.fields
        }

    @property
    def common(self) -> dict[str, Any]:
        """The fields every event states first."""
        return {field["name"]: self.datum[field["name"]] for field in self.fields[:COMMON_FIELDS]}

    @property
    def details(self) -> dict[str, Any]:
        """The fields beyond those that are nobody's personal data."""
        datum = self.datum
        return {
            field["name"]: datum[field["name"]]
            for field in self.fields[COMMON_FIELDS:]
            if "personal" not in field and "identifies" not in field
        }

    @property
    def roles(self) -> list[str]:
        """The roles in which somebody is identified."""
        datum = self.datum
        named = [f["identifies"] for f in self.fields if "identifies" in f and datum[f["name"]] is not None]
        return list(dict.fromkeys(named))

    @property
    def parts(self) -> dict[tuple[str, ...], list[Field]]:
        """The personal fields that have a value, for each ledger record to be, by the roles in it."""
        datum = self.datum
        given = [f for f in self.fields if "personal" in f and datum[f["name"]] is not None]
        if not self.roles:
            return {(): given}
        return {(role,): [field for field in given if _concerns(field, role)] for role in self.roles}

    @property
    def dropped(self) -> set[str]:
        """The personal fields that concern only people who are not identified."""
        kept = {field["name"] for fields in self.parts.values() for field in fields}
        return {
            f["name"] for f in self.fields if "personal" in f and self.datum[f["name"]] is not None
        } - kept


def events() -> list[Event]:
    """The events, in the order they are published."""
    return [Event(**stated) for stated in json.loads(EVENTS_FILE.read_text(encoding="utf-8"))]


@cache
def schema(file: str) -> Mapping[str, Any]:
    """The schema in a file."""
    found: Mapping[str, Any] = json.loads((SCHEMAS / file).read_text(encoding="utf-8"))
    return found


def micros(text: str) -> int:
    """An RFC 3339 time as microseconds since 1970-01-01T00:00Z."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def _concerns(field: Field, role: str) -> bool:
    if "identifies" in field:
        return bool(field["identifies"] == role)
    return role in field.get("concerns", [role])


def _value(field: Field, value: Any) -> Any:
    """A value of the file: a long may be text, since JavaScript's numbers end at 2^53."""
    kind = field["type"][1] if isinstance(field["type"], list) else field["type"]
    kind = kind if isinstance(kind, dict) else {"type": kind}
    if not isinstance(value, str) or kind["type"] not in {"int", "long"}:
        return value
    match kind.get("logicalType"):
        case "timestamp-micros":
            return micros(value)
        case "date":
            return (date.fromisoformat(value) - EPOCH.date()).days
        case _:
            return int(value)
