"""Options that name something of the contract offer exactly what its schemas know."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest

from ledger.cli import (
    agreement,
    agreement_terminate,
    audit,
    breach,
    disclosure,
    instruction,
    notice,
    options,
    party,
    subprocessor,
)
from ledger.contract.catalogue import Catalogue
from ledger.errors import CallerError

CATALOGUE = Catalogue.load()
MODULES = (
    *(agreement, agreement_terminate, audit, breach, disclosure, instruction, notice, options, party),
    subprocessor,
)
CHOICES: list[type[StrEnum]] = [
    each
    for module in MODULES
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, StrEnum) and each.__module__ == module.__name__
]


def symbols(part: Any) -> Iterator[frozenset[str]]:
    """The symbols of every enum in a schema."""
    if isinstance(part, list):
        for each in part:
            yield from symbols(each)
    elif isinstance(part, dict):
        if part.get("type") == "enum":
            yield frozenset(part["symbols"])
        for each in part.values():
            yield from symbols(each)


KNOWN = {found for versions in CATALOGUE.versions.values() for found in symbols(versions[-1].raw)}


@pytest.mark.parametrize("choices", CHOICES)
def test_choices_of_an_option_are_those_of_a_schema(choices: type[StrEnum]) -> None:
    """What the command line offers can be published, and what can be published can be typed."""
    assert frozenset(choices) in KNOWN


@pytest.mark.parametrize(
    "text", ["telephony", "telephony=", "=processor", "telephony=friend", "a=b=processor"]
)
def test_purpose_needs_a_role_of_the_gdpr(text: str) -> None:
    """A purpose without its role says nothing about who is responsible."""
    with pytest.raises(CallerError):
        options.agreed_purposes([text])


def test_purposes_are_given_with_their_roles() -> None:
    """In the order given; none is an empty list."""
    assert options.agreed_purposes(["telephony=processor", "transit=conduit"]) == [
        {"purpose": "telephony", "role": "processor"},
        {"purpose": "transit", "role": "conduit"},
    ]
    assert options.agreed_purposes(None) == []
