"""Lengths of time in hours."""

import pytest

from ledger.rules.calendar.hours import Hours


@pytest.mark.parametrize(("text", "hours"), [("PT48H", 48), ("PT72H", 72), ("PT0H", 0), ("PT99999H", 99_999)])
def test_hours_read_and_written(text: str, hours: int) -> None:
    """Hours are read, and written as they were."""
    found = Hours.parse(text)
    assert (hours, text, hours * 3_600_000_000) == (found.number, str(found), found.micros)


@pytest.mark.parametrize(
    "text",
    ["", "48", "48H", "PT48", "P2D", "PT2D", "P1DT1H", "PT-1H", "PT1.5H", "PT48H ", "PT\uff11H", "PT123456H"],
)
def test_what_are_no_hours(text: str) -> None:
    """Two days are not forty-eight hours, and half an hour is none."""
    with pytest.raises(ValueError, match="PT48H"):
        Hours.parse(text)
