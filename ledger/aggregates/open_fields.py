"""The open fields of an entry, read into a struct. Pure.

The sealer has checked them against the event's schema, so they have their types; still a fold must not fail on a fact,
and what a later version of a schema makes of a field is for that version's program to show.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec

T = TypeVar("T")


def reader(kind: type[T]) -> Callable[[str], T | None]:
    """A function from open fields, JSON, to a struct; None when they have another shape."""
    decode = msgspec.json.Decoder(kind).decode

    def read(open_fields: str) -> T | None:
        try:
            return decode(open_fields)
        except msgspec.DecodeError:
            return None

    return read


_read_names = reader(dict[str, Any])


def fields_of(open_fields: str) -> Mapping[str, Any]:
    """Open fields, JSON, by name; none when they are something else."""
    return _read_names(open_fields) or {}


def uuid_of(text: str | None) -> UUID | None:
    """The UUID a text holds; None when it holds none."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
