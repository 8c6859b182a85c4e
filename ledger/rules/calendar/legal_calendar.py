"""When a legal deadline ends: months, weeks and days that move to a working day, and hours that never move. Pure.

Owns: the ends of deadlines that a statute sets, and working days. Leaves to others: the arithmetic of calendar units,
also of contracts' periods, which do not move (`ledger.rules.calendar.periods`); which days are holidays
(`ledger.rules.calendar.holiday_table`); what is owed by then (`ledger.rules.requests.judgement`,
`ledger.rules.contracts.judgement`).

Days are local (Europe/Amsterdam), as days since 1970-01-01; moments are microseconds since the epoch, UTC. An end is
the first moment that is too late. Moments outside the years 0001 to 9999 count as the nearest within.

Source: Regulation (EEC, Euratom) 1182/71: art. 3(1), the day of the event does not count; art. 3(2)(c), a month ends on
the same date, or on the last day of the month where there is none; art. 3(4), a last day that is a Saturday, a Sunday
or a holiday gives way to the next working day, not for hours; art. 3(5), two days or more have two working days at
least. GDPR art. 12(3) for the answer to a request.
"""

from datetime import date
from typing import NamedTuple

from ledger.rules.calendar.holiday_table import HolidayTable, table_for
from ledger.rules.calendar.local_day import MICROS_PER_HOUR
from ledger.rules.calendar.periods import MICROS_MAX, Period, day_of, first_moment_after, last_day

ONE_MONTH = Period(months=1)
TWO_MONTHS = Period(months=2)
"""GDPR art. 12(3): one month of receipt, and two further months."""

SATURDAY = 5
WORKING_DAYS_MIN = 2
"""Art. 3(5): in any period of two days or more."""
SHORT_DAYS_MAX = 7
"""Longer than that, any period has so many: at most five of seven days are none."""
_EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class LegalEnd(NamedTuple):
    """Where a legal period ends.

    Attributes:
        raw_day: its last day by the calendar alone.
        last_day: its last day after the move to a working day.
        ends_at: the local midnight that ends that day, the first moment that is too late.
        calendar: version of the holiday table.
    """

    raw_day: int
    last_day: int
    ends_at: int
    calendar: str


class ExtendedEnd(NamedTuple):
    """Where an extended period ends, by both readings of "extended by two further months".

    Attributes:
        from_receipt: all months counted from receipt.
        from_first_end: the further months counted from the day the first period ends by the calendar alone.
        earlier: the one that ends first, which is the one to keep.
    """

    from_receipt: LegalEnd
    from_first_end: LegalEnd
    earlier: LegalEnd


def is_working_day(day: int, table: HolidayTable | None = None) -> bool:
    """Whether a day is no Saturday, Sunday or holiday, by the table of a deadline or else by the day's own."""
    table = table or table_for(day)
    return (day + _EPOCH_WEEKDAY) % 7 < SATURDAY and day not in table.holidays


def next_working_day(day: int, table: HolidayTable | None = None) -> int:
    """The day itself when it is a working day, else the first one after it."""
    # Five days off in a row at most, Easter with the King's Day behind it: the loop is short.
    while not is_working_day(day, table):
        day += 1
    return day


def legal_end(received_at: int, period: Period) -> LegalEnd:
    """The end of a legal period of months, weeks or days.

    Args:
        received_at: what starts the clock; its day does not count.
        period: how long.
    """
    return _end(day_of(received_at), period)


def answer_end(received_at: int) -> LegalEnd:
    """Until when a request is to be answered: one month of receipt, GDPR art. 12(3)."""
    return legal_end(received_at, ONE_MONTH)


def extended_end(received_at: int, first: Period = ONE_MONTH, further: Period = TWO_MONTHS) -> ExtendedEnd:
    """Until when an extended request is to be answered, by both readings.

    The second reading counts on from the day the first month ends by the calendar, not from the working day it moved
    to: art. 3(4) moves where a period ends, not how long it is, and no month grows by the holiday it ends on.

    Args:
        received_at: what starts the clock; its day does not count.
        first: the period that was extended.
        further: by how much.
    """
    start = day_of(received_at)
    from_receipt = _end(start, Period(*(a + b for a, b in zip(first, further, strict=True))))
    raw_day = last_day(last_day(start, first), further)
    from_first_end = _moved(start, raw_day)
    return ExtendedEnd(
        from_receipt, from_first_end, min(from_receipt, from_first_end, key=lambda end: end.ends_at)
    )


def hours_end(at: int, hours: int) -> int:
    """The moment a number of hours is over; it is never moved, by weekends, holidays or summer time.

    Art. 3(5) may give 72 hours two working days, which is contested: strict hours are the safe reading. What
    is done at the moment itself is done within the hours.

    Args:
        at: what starts the clock, to the microsecond.
        hours: how many.
    """
    return min(at + hours * MICROS_PER_HOUR, MICROS_MAX)


def calendar_year(moment: int) -> int:
    """The local year of a moment: what "once a calendar year" is counted by."""
    return date.fromordinal(day_of(moment) + _EPOCH_DAY).year


def _end(start: int, period: Period) -> LegalEnd:
    return _moved(start, last_day(start, period))


def _moved(start: int, raw_day: int) -> LegalEnd:
    """The end of a period from its last day by the calendar: the holiday table is that of its first day."""
    table = table_for(start)
    last = next_working_day(raw_day, table)
    # Near Easter and Christmas a few days can be one working day, or none, and an end on it would be too soon.
    if WORKING_DAYS_MIN <= raw_day - start <= SHORT_DAYS_MAX:
        while sum(is_working_day(day, table) for day in range(start + 1, last + 1)) < WORKING_DAYS_MIN:
            last = next_working_day(last + 1, table)
    return LegalEnd(raw_day, last, first_moment_after(last), table.version)
