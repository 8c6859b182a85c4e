"""One row of a document's list of sub-processors. Pure.

A row says what the document says, so it holds for everyone who adopted the pack; what a controller was told apart from
it, objected to or chose are facts (`ledger.aggregates.subprocessor`).

Source: GDPR Art. 28(2), 28(4), 30(1)(e), 44 to 49; CB-03, CD-35, CD-36, MB-48, X16.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from ledger.rules.calendar.periods import day_of

_EPOCH = date(1970, 1, 1)

MECHANISMS = ("not_needed", "adequacy", "scc", "bcr", "derogation", "none")
"""What a transfer may rest on, as facts say it; `none` is that it rests on nothing."""


@dataclass(frozen=True, kw_only=True)
class ListedProcessor:
    """A sub-processor as a document names it.

    Attributes:
        name: as the document has it; names are compared in lower case.
        service: what it does; empty when the document does not say.
        countries: where it processes, ISO 3166-1 alpha-2; empty when the document does not say.
        mechanism: what transfers to it rest on, one of `MECHANISMS`; None when the document does not say.
        valid_from: the first day the mechanism is valid, local; None when the document does not say.
        valid_until: the last day, local; None when the document does not say.
        agreement: whether a processing agreement with it is concluded; None when the document does not say.
        optional: used only when the customer chose it explicitly.
    """

    name: str
    service: str = ""
    countries: tuple[str, ...] = ()
    mechanism: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    agreement: bool | None = None
    optional: bool = False

    @property
    def key(self) -> str:
        """The name as names are compared."""
        return self.name.lower()

    def valid_at(self, moment: int) -> bool:
        """Whether its mechanism is valid at a moment, microseconds since the epoch, UTC; false without one."""
        if self.mechanism in {None, "none"}:
            return False
        day = _EPOCH + timedelta(days=day_of(moment))
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )
