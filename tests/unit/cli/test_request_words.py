"""What the command line lets people say is what the schemas know."""

from enum import StrEnum
from typing import Any

import pytest

from ledger.cli import request_words as words
from ledger.connectors.request_lines import CHOICES
from ledger.contract.catalogue import Catalogue
from ledger.rules.requests.request_answers import NOBODY
from ledger.rules.requests.request_refusals import ALWAYS_GROUNDS, GROUNDS

CATALOGUE = Catalogue.load()


def symbols(event_type: str, *path: str) -> list[str]:
    """The symbols of an enum in a schema, by field, and by field of a nested record."""
    schema = CATALOGUE.latest(event_type)
    assert schema is not None
    at: Any = schema.raw
    for name in path:
        at = next(field["type"] for field in at["fields"] if field["name"] == name)
        while isinstance(at, list) or at["type"] == "array":
            at = at[1] if isinstance(at, list) else at["items"]
    found: list[str] = at["symbols"]
    return found


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (words.Right, ("request.received", "right")),
        (words.Channel, ("request.received", "channel")),
        (words.Requester, ("request.received", "requester")),
        (words.ReceivedBy, ("request.received", "received_by")),
        (words.CheckOutcome, ("request.identity_checked", "outcome")),
        (words.CheckMethod, ("request.identity_checked", "method")),
        (words.ExtensionReason, ("request.extended", "reasons")),
        (words.Outcome, ("request.answered", "outcome")),
        (words.ChargedTo, ("request.answered", "charged_to")),
        (words.ChargeGround, ("request.answered", "charge_ground")),
        (words.KeepGround, ("request.answered", "kept", "ground")),
        (words.RefusedGround, ("request.refused", "ground")),
    ],
)
def test_words_are_the_schemas(kind: type[StrEnum], path: tuple[str, ...]) -> None:
    """All of them, and no other."""
    assert symbols(*path) == list(kind)


def test_files_have_the_same_words() -> None:
    """A line of a file says what the command line does."""
    assert {name: list(choices) for name, choices in CHOICES.items()} == {
        "right": list(words.Right),
        "channel": list(words.Channel),
        "requester": list(words.Requester),
        "received_by": list(words.ReceivedBy),
    }


def test_every_right_has_its_grounds() -> None:
    """A right without grounds of its own would let nothing be refused unnoticed; a ground no schema has, neither."""
    assert set(GROUNDS) == set(words.Right)
    assert ALWAYS_GROUNDS.union(*GROUNDS.values()) <= set(words.RefusedGround)
    assert NOBODY in set(words.ChargedTo)
