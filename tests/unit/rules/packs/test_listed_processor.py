"""Rows of a document's list of sub-processors."""

from datetime import date

import pytest

from ledger.contract.cloudevents import parse_time
from ledger.rules.packs.listed_processor import ListedProcessor


def row(**changes: object) -> ListedProcessor:
    """A sub-processor in the United Kingdom under adequacy, from its first day to its last."""
    values = {
        "mechanism": "adequacy",
        "valid_from": date(2021, 6, 28),
        "valid_until": date(2025, 12, 27),
        **changes,
    }
    return ListedProcessor(name="Example UK", countries=("GB",), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "valid"),
    [
        ("2021-06-27T21:59:59Z", False),
        ("2021-06-27T22:00:00Z", True),
        ("2024-01-01T00:00:00Z", True),
        ("2025-12-27T22:59:59Z", True),
        ("2025-12-27T23:00:00Z", False),
    ],
)
def test_mechanism_is_valid_on_its_days(moment: str, valid: bool) -> None:
    """A mechanism is valid from its first day's first moment through its last day's last, local time (X16)."""
    assert valid is row().valid_at(parse_time(moment))


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({"valid_from": None, "valid_until": None}, True),
        ({"valid_from": None}, False),
        ({"mechanism": None}, False),
        ({"mechanism": "none"}, False),
    ],
)
def test_mechanism_without_dates_or_none(changes: dict[str, object], valid: bool) -> None:
    """Without dates it always holds; what rests on nothing never does."""
    assert valid is row(**changes).valid_at(parse_time("2026-03-27T12:00:00Z"))


def test_names_are_compared_in_small_letters() -> None:
    """OpenAI is openai, as facts may have it."""
    assert ListedProcessor(name="OpenAI").key == "openai"
