"""One value of a policy pack, checked by the shape it must have. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from ledger.rules.calendar.hours import Hours
from ledger.rules.calendar.periods import Period
from ledger.rules.packs.policy_pack import EVERY_CLASS
from ledger.rules.packs.rule_kind import Parameter, Shape

TEXT_CHARACTERS_MAX = 500
ITEMS_MAX = 200
NUMBER_MAX = 1_000_000

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
"""A retention class, a purpose, a category of data, a region."""

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_value(parameter: Parameter, value: object) -> object:
    """The value a parameter has in an entry.

    Args:
        parameter: what is expected; of any shape but `Shape.PROCESSORS`.
        value: what a parsed TOML or JSON text has.

    Returns:
        None when it is something else than expected.
    """
    return _READERS[parameter.shape](parameter, value)


def expected_of(parameter: Parameter) -> str:
    """What a parameter expects, for an error."""
    shape = parameter.shape
    if shape is Shape.TEXT:
        return f"{parameter.name}: a line of 1 to {TEXT_CHARACTERS_MAX} printable characters"
    if shape in {Shape.CHOICE, Shape.CHOICES}:
        return f"{parameter.name}: {shape} {', '.join(parameter.choices)}"
    return f"{parameter.name}: {shape}"


def _text(_: Parameter, value: object) -> str | None:
    fits = isinstance(value, str) and value.isprintable() and 0 < len(value) <= TEXT_CHARACTERS_MAX
    return str(value) if fits else None


def _number(_: Parameter, value: object) -> int | None:
    return value if type(value) is int and 1 <= value <= NUMBER_MAX else None


def _flag(_: Parameter, value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _period(_: Parameter, value: object) -> Period | None:
    try:
        return Period.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _hours(_: Parameter, value: object) -> Hours | None:
    try:
        return Hours.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _date(_: Parameter, value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else None
    except ValueError:
        return None


def _choice(parameter: Parameter, value: object) -> str | None:
    return value if isinstance(value, str) and value in parameter.choices else None


def _name(_: Parameter, value: object) -> str | None:
    return value if isinstance(value, str) and NAME.fullmatch(value) else None


def _class_or_every(parameter: Parameter, value: object) -> str | None:
    return EVERY_CLASS if value == EVERY_CLASS else _name(parameter, value)


def _country(_: Parameter, value: object) -> str | None:
    return value if isinstance(value, str) and _COUNTRY.fullmatch(value) else None


def _list_of(read: Callable[[Parameter, object], str | None]) -> Callable[[Parameter, object], object]:
    """Reads a list of 1 to `ITEMS_MAX` items that differ."""

    def read_list(parameter: Parameter, value: object) -> tuple[str, ...] | None:
        if not isinstance(value, list) or not 1 <= len(value) <= ITEMS_MAX:
            return None
        items = [item for one in value if (item := read(parameter, one)) is not None]
        return tuple(items) if len(set(items)) == len(value) else None

    return read_list


_READERS: Mapping[Shape, Callable[[Parameter, object], object]] = MappingProxyType(
    {
        Shape.TEXT: _text,
        Shape.NUMBER: _number,
        Shape.FLAG: _flag,
        Shape.PERIOD: _period,
        Shape.HOURS: _hours,
        Shape.DATE: _date,
        Shape.CHOICE: _choice,
        Shape.CHOICES: _list_of(_choice),
        Shape.NAME: _name,
        Shape.NAMES: _list_of(_name),
        Shape.CLASS: _name,
        Shape.CLASS_OR_EVERY: _class_or_every,
        Shape.CLASSES: _list_of(_name),
        Shape.COUNTRIES: _list_of(_country),
    }
)
