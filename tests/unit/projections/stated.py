"""Entries as the sealer makes them of a payload: open fields by the event's own schema."""

from typing import Any

import msgspec

from ledger.contract.catalogue import Catalogue
from ledger.entry import Entry
from tests.unit.aggregates.facts import make_entry

CATALOGUE = Catalogue.load()
ENTRY_FIELDS = frozenset(Entry.__struct_fields__)


def stated(event_type: str, **fields: Any) -> Entry:
    """An entry of an event type; fields of the entry itself are set on it, the others go into its open fields.

    Fields that are not given are null, or the first symbol, or empty, as the schema allows.
    """
    schema = CATALOGUE.latest(event_type)
    assert schema is not None
    raw: Any = schema.raw["fields"]
    least = {field["name"]: _least(field["type"]) for field in raw}
    opened = {name: fields.get(name, least[name]) for name in schema.open_field_names}
    assert fields.keys() <= ENTRY_FIELDS | opened.keys(), "a field the schema does not have"
    changes = {name: value for name, value in fields.items() if name not in opened}
    return make_entry(
        **{
            "event_type": event_type,
            "stream_kind": schema.stream,
            "open_fields": msgspec.json.encode(opened, order="sorted").decode(),
            **changes,
        }
    )


def _least(kind: Any) -> object:
    if isinstance(kind, list):
        return None
    if isinstance(kind, dict):
        if kind["type"] == "enum":
            return kind["symbols"][0]
        kind = kind["type"]
    return {"string": "", "boolean": False, "int": 0, "long": 0, "array": []}[kind]
