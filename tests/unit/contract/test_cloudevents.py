"""Times and attributes of CloudEvents, to the microsecond and in every year."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.cloudevents import (
    DAYS_MAX,
    DAYS_MIN,
    MICROS_MAX,
    MICROS_MIN,
    format_time,
    media_type,
    parse_date,
    parse_time,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-03-27T08:31:56.25+01:00", 1_774_596_716_250_000),
        ("2026-03-27T07:31:56.250000999Z", 1_774_596_716_250_000),
        ("2026-03-27T07:31:56-00:00", 1_774_596_716_000_000),
        ("1969-12-31T23:59:59.9999999Z", -1),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("2016-12-31T23:59:60.5Z", 1_483_228_800_500_000),
        ("1905-07-01T00:00:00Z", -2_035_584_000_000_000),
        ("0001-01-01T00:00:00Z", MICROS_MIN),
        ("9999-12-31T23:59:59.999999Z", MICROS_MAX),
        ("1970-01-01T00:00:00+23:59", -86_340_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
    ],
)
def test_time_parsed_exactly(text: str, micros: int) -> None:
    """Offsets, leap seconds and long fractions come to whole microseconds without rounding up."""
    assert micros == parse_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-27",
        "2026-03-27T07:31:56",
        "2026-03-27 07:31:56Z",
        "2026-03-27T07:31Z",
        "2026-03-27T24:00:00Z",
        "2026-03-27T07:60:00Z",
        "2026-03-27T07:31:61Z",
        "2026-03-27T07:31:56.Z",
        "2026-03-27T07:31:56,5Z",
        "2026-03-27T07:31:56+0100",
        "2026-03-27T07:31:56+24:00",
        "2026-03-27T07:31:56+01:60",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:60Z",
        "9999-12-31T23:59:59-00:01",
        "\uff12\uff10\uff12\uff16-03-27T07:31:56Z",
        "2026-03-27T07:31:56Z\n",
        " 2026-03-27T07:31:56Z",
        "2026-W13-5T07:31:56Z",
        "1774596716",
        "now",
    ],
)
def test_time_refused(text: str) -> None:
    """What is no RFC 3339 instant within four-digit years is refused, and not quoted."""
    with pytest.raises(
        ValueError, match=r"^(not an RFC 3339 time|not a time of day|no such day|outside)"
    ) as caught:
        parse_time(text)
    assert not text or text not in str(caught.value)


@given(
    moment=st.datetimes(timezones=st.just(UTC)),
    offset=st.integers(-1439, 1439),
)
def test_time_agrees_with_datetime(moment: datetime, offset: int) -> None:
    """For every instant and offset Python can show, the number is the same."""
    expected = (moment - EPOCH) // timedelta(microseconds=1)
    local = expected + offset * 60_000_000
    if not MICROS_MIN <= local <= MICROS_MAX:
        return
    sign = "+" if offset >= 0 else "-"
    zone = f"{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    assert expected == parse_time(format_time(local).replace("Z", zone))


@given(micros=st.integers(MICROS_MIN, MICROS_MAX))
def test_formatted_time_parses_back(micros: int) -> None:
    """Formatting loses nothing."""
    assert micros == parse_time(format_time(micros))


@pytest.mark.parametrize("micros", [MICROS_MIN - 1, MICROS_MAX + 1])
def test_time_out_of_years_not_formatted(micros: int) -> None:
    """A fifth digit of the year is not RFC 3339."""
    with pytest.raises(ValueError, match="years"):
        format_time(micros)


@pytest.mark.parametrize(
    ("text", "days"), [("1970-01-01", 0), ("0001-01-01", DAYS_MIN), ("9999-12-31", DAYS_MAX)]
)
def test_date_parsed(text: str, days: int) -> None:
    """A date is its days since the epoch."""
    assert days == parse_date(text)


@pytest.mark.parametrize(
    "text", ["", "2026-2-1", "2026-02-30", "20260201", "2026-02-01T00:00:00Z", "0000-01-01"]
)
def test_date_refused(text: str) -> None:
    """Only whole calendar dates are dates."""
    with pytest.raises(ValueError, match=r"^(not a calendar date|no such day)$"):
        parse_date(text)


@pytest.mark.parametrize("content_type", ["application/avro", " Application/Avro ; charset=utf-8"])
def test_media_type_without_parameters(content_type: str) -> None:
    """Case, space and parameters do not make another media type."""
    assert media_type(content_type) == "application/avro"
