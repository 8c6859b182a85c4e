"""A length of time in hours: clocks that no weekend and no holiday moves. Pure.

Forty-eight hours are forty-eight hours, also over a change to summer time. Periods of whole calendar units are
`ledger.rules.calendar.periods`; the two are never converted into each other.

Source: ISO 8601-1 section 5.5.2 for the text; Regulation (EEC, Euratom) 1182/71 art. 3(1) and 3(4), which leave periods
in hours where they are; GDPR Art. 33(1); CB-27, CD-19.
"""

import re
from typing import NamedTuple, Self

_HOURS = re.compile(r"PT(\d{1,5})H", re.ASCII)
_HOUR_MICROS = 3_600_000_000


class Hours(NamedTuple):
    """Whole hours."""

    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads an ISO 8601 duration of hours only: PT48H.

        Raises:
            ValueError: it is something else.
        """
        match = _HOURS.fullmatch(text)
        if match is None:
            raise ValueError("not a number of hours, for example PT48H")
        return cls(int(match[1]))

    def __str__(self) -> str:
        """The canonical text."""
        return f"PT{self.number}H"

    @property
    def micros(self) -> int:
        """The same in microseconds."""
        return self.number * _HOUR_MICROS
