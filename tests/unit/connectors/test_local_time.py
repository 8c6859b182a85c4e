"""Dutch local time of a switch, on ordinary days and on the two days a year that are not."""

import pytest

from ledger.connectors.local_time import parse_local

HOUR = 3_600_000_000
AUTUMN_0100_UTC = 1_792_890_000_000_000
"""2026-10-25T01:00Z, when 03:00 becomes 02:00 in the Netherlands."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01 01:00:00", 0),
        ("1969-12-31 23:00:00", -2 * HOUR),
        ("2026-07-01 00:00:00", 1_782_856_800_000_000),
        ("2026-10-25 01:59:59", AUTUMN_0100_UTC - HOUR - 1_000_000),
        ("2026-10-25 03:00:00", AUTUMN_0100_UTC + HOUR),
    ],
)
def test_ordinary_times(text: str, expected: int) -> None:
    """Summer and winter time, before and after the epoch."""
    assert parse_local(text) == expected


def test_hour_that_happens_twice_is_its_first_pass() -> None:
    """02:30 on the last Sunday of October is 00:30 UTC, unless something earlier says otherwise."""
    assert parse_local("2026-10-25 02:30:00") == AUTUMN_0100_UTC - HOUR // 2


def test_end_in_the_second_pass_is_not_before_its_start() -> None:
    """A call from 02:50 to 02:10 lasted twenty minutes."""
    start = parse_local("2026-10-25 02:50:00")
    assert start is not None
    end = parse_local("2026-10-25 02:10:00", not_before=start)
    assert end == start + HOUR // 3


def test_earlier_time_stays_earlier_where_there_is_one_pass() -> None:
    """The choice is only made where there is one."""
    assert (
        parse_local("2026-10-24 02:10:00", not_before=AUTUMN_0100_UTC)
        == AUTUMN_0100_UTC - 25 * HOUR + HOUR // 6
    )


def test_hour_that_does_not_happen_is_read_with_the_offset_before() -> None:
    """02:30 on the last Sunday of March is 01:30 UTC, which the clock called 03:30."""
    assert parse_local("2026-03-29 02:30:00") == parse_local("2026-03-29 03:30:00")


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-03-27", "2026-03-27T07:31:56", "2026-03-27 07:31:56Z", " 2026-03-27 07:31:56"),
        *("2026-13-01 00:00:00", "2026-02-29 00:00:00", "2026-03-27 24:00:00", "2026-03-27 00:00:60"),
        *("0001-01-01 00:00:00", "0000-00-00 00:00:00", "٢٠٢٦-03-27 07:31:56", "2026-03-27 07:31:56\n"),
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    """None, never an exception."""
    assert parse_local(text) is None
