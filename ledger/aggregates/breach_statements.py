"""What the facts of a breach state, each with when it happened. Pure.

Owns: their shapes, which are also those of snapshots, and reading them. Leaves to others: the breach they make up
(`ledger.aggregates.breach`).

Of the words of a notification only which items it tells is kept: what a breach is about is read in the entry itself.

Source: `schemas/breach.*`. Times are microseconds since the epoch, UTC.
"""

from enum import StrEnum

import msgspec

from ledger.aggregates.cases import Stated
from ledger.aggregates.open_fields import reader
from ledger.entry import Entry

ITEMS = (
    "nature",
    "subject_categories",
    "subjects_approximate",
    "record_categories",
    "records_approximate",
    "contact",
    "consequences",
    "measures",
)
"""What a notification can tell, as its fields are called, in the order of Art. 33(3) GDPR: the first five are (a), then
(b), (c) and (d)."""


class Risk(StrEnum):
    """How grave a breach is for people: not likely to be a risk at all, a risk, or a high one."""

    UNLIKELY = "unlikely"
    RISK = "risk"
    HIGH = "high"


class Discovery(Stated, frozen=True, kw_only=True):
    """The breach was discovered. `began_at` is when it happened itself, None while not known; `role` is the part that
    who discovered it plays."""

    began_at: int | None
    role: str


class Awareness(Stated, frozen=True, kw_only=True):
    """The controller became aware."""


class Assessment(Stated, frozen=True, kw_only=True):
    """How grave it is for people, a `Risk`."""

    risk: str


class Notification(Stated, frozen=True, kw_only=True):
    """Somebody was told: controller, authority or people. `tells` are of `ITEMS`; `reasoned` is whether it says why it
    is late."""

    recipient: str
    tells: tuple[str, ...]
    reasoned: bool
    more_follows: bool


class Closing(Stated, frozen=True, kw_only=True):
    """The breach was dealt with; whether its effects and the remedies are documented."""

    effects: bool
    remedies: bool


class _Discovered(msgspec.Struct, frozen=True, kw_only=True):
    breach_began_at: int | None = None


class _Assessed(msgspec.Struct, frozen=True, kw_only=True):
    risk: str


class _Notified(msgspec.Struct, frozen=True, kw_only=True):
    recipient: str
    more_follows: bool
    nature: str | None = None
    subject_categories: tuple[str, ...] = ()
    subjects_approximate: int | None = None
    record_categories: tuple[str, ...] = ()
    records_approximate: int | None = None
    contact: str | None = None
    consequences: str | None = None
    measures: str | None = None
    delay_reasons: str | None = None


class _Closed(msgspec.Struct, frozen=True, kw_only=True):
    effects: str | None = None
    remedies: str | None = None


_discovered = reader(_Discovered)
_assessed = reader(_Assessed)
_notified = reader(_Notified)
_closed = reader(_Closed)


def read_discovery(entry: Entry, offset: int | None) -> Discovery:
    """What breach.discovered states; that it was discovered at all is not lost with a field that cannot be read."""
    said = _discovered(entry.open_fields)
    began_at = None if said is None else said.breach_began_at
    return Discovery(occurred_at=entry.occurred_at, offset=offset, began_at=began_at, role=entry.role)


def read_awareness(entry: Entry, offset: int | None) -> Awareness:
    """What breach.aware states."""
    return Awareness(occurred_at=entry.occurred_at, offset=offset)


def read_assessment(entry: Entry, offset: int | None) -> Assessment | None:
    """What breach.assessed states."""
    said = _assessed(entry.open_fields)
    if said is None:
        return None
    return Assessment(occurred_at=entry.occurred_at, offset=offset, risk=said.risk)


def read_notification(entry: Entry, offset: int | None) -> Notification | None:
    """What breach.notified states."""
    said = _notified(entry.open_fields)
    if said is None:
        return None
    return Notification(
        occurred_at=entry.occurred_at,
        offset=offset,
        recipient=said.recipient,
        tells=tuple(item for item in ITEMS if is_told(getattr(said, item))),
        reasoned=is_told(said.delay_reasons),
        more_follows=said.more_follows,
    )


def read_closing(entry: Entry, offset: int | None) -> Closing:
    """What breach.closed states."""
    said = _closed(entry.open_fields) or _Closed()
    return Closing(
        occurred_at=entry.occurred_at,
        offset=offset,
        effects=is_told(said.effects),
        remedies=is_told(said.remedies),
    )


def is_told(value: object) -> bool:
    """Whether a field tells something: a number, zero too; a text that is not blank; a list with one of these."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, tuple):
        return any(map(is_told, value))
    return value is not None
