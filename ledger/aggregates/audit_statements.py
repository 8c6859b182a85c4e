"""What the facts of an audit state, each with when it happened. Pure.

Owns: their shapes, which are also those of snapshots, and reading them. Leaves to others: the audit they make up
(`ledger.aggregates.audit`).

Who audits, and what, is read in the entry itself: kept is only whether it was stated.

Source: `schemas/audit.*`. Times are microseconds since the epoch, UTC.
"""

from enum import StrEnum

import msgspec

from ledger.aggregates.cases import Stated
from ledger.aggregates.open_fields import reader
from ledger.entry import Entry


class AuditKind(StrEnum):
    """Whether it is the year's regular audit, or one for which there must be a ground."""

    REGULAR = "regular"
    EXTRA = "extra"


class Announcement(Stated, frozen=True, kw_only=True):
    """The controller announced the audit; `occurred_at` is when the announcement was received.

    `ground` is breach, misuse_indication or authority_order, `reference` names which; None when not stated. `begins_at`
    and `ends_at` are when the audit is to begin and to end.
    """

    kind: str
    ground: str | None
    reference: str | None
    scope: bool
    auditor: bool
    qualifications: bool
    independent: bool
    bound_to_secrecy: bool
    in_writing: bool
    begins_at: int | None
    ends_at: int | None


class Access(Stated, frozen=True, kw_only=True):
    """The auditor was given access; whether other customers' data stays out of sight."""

    others_shielded: bool


class Refusal(Stated, frozen=True, kw_only=True):
    """The provider refused: too_soon, too_often, not_independent, no_secrecy, disproportionate or other."""

    ground: str


class Begin(Stated, frozen=True, kw_only=True):
    """The audit began."""


class Report(Stated, frozen=True, kw_only=True):
    """The audit found something; whether the provider acts on it, None while not decided."""

    severity: str
    implemented: bool | None


class Conclusion(Stated, frozen=True, kw_only=True):
    """The audit ended; who pays: controller, provider or shared."""

    costs_borne_by: str


class _Announced(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    independent: bool
    bound_to_secrecy: bool
    in_writing: bool
    ground: str | None = None
    ground_reference: str | None = None
    scope: str | None = None
    auditor: str | None = None
    qualifications: str | None = None
    begins_at: int | None = None
    ends_at: int | None = None


class _Granted(msgspec.Struct, frozen=True, kw_only=True):
    other_customers_shielded: bool


class _Refused(msgspec.Struct, frozen=True, kw_only=True):
    ground: str


class _Reported(msgspec.Struct, frozen=True, kw_only=True):
    severity: str
    implemented: bool | None = None


class _Closed(msgspec.Struct, frozen=True, kw_only=True):
    costs_borne_by: str


_announced = reader(_Announced)
_granted = reader(_Granted)
_refused = reader(_Refused)
_reported = reader(_Reported)
_closed = reader(_Closed)


def read_announcement(entry: Entry, offset: int | None) -> Announcement | None:
    """What audit.announced states."""
    said = _announced(entry.open_fields)
    if said is None:
        return None
    return Announcement(
        occurred_at=entry.occurred_at,
        offset=offset,
        kind=said.kind,
        ground=said.ground,
        reference=said.ground_reference if _is_stated(said.ground_reference) else None,
        scope=_is_stated(said.scope),
        auditor=_is_stated(said.auditor),
        qualifications=_is_stated(said.qualifications),
        independent=said.independent,
        bound_to_secrecy=said.bound_to_secrecy,
        in_writing=said.in_writing,
        begins_at=said.begins_at,
        ends_at=said.ends_at,
    )


def read_access(entry: Entry, offset: int | None) -> Access | None:
    """What audit.access_granted states."""
    said = _granted(entry.open_fields)
    if said is None:
        return None
    return Access(occurred_at=entry.occurred_at, offset=offset, others_shielded=said.other_customers_shielded)


def read_refusal(entry: Entry, offset: int | None) -> Refusal | None:
    """What audit.refused states."""
    said = _refused(entry.open_fields)
    if said is None:
        return None
    return Refusal(occurred_at=entry.occurred_at, offset=offset, ground=said.ground)


def read_begin(entry: Entry, offset: int | None) -> Begin:
    """What audit.begun states."""
    return Begin(occurred_at=entry.occurred_at, offset=offset)


def read_report(entry: Entry, offset: int | None) -> Report | None:
    """What audit.finding_reported states."""
    said = _reported(entry.open_fields)
    if said is None:
        return None
    return Report(
        occurred_at=entry.occurred_at, offset=offset, severity=said.severity, implemented=said.implemented
    )


def read_conclusion(entry: Entry, offset: int | None) -> Conclusion | None:
    """What audit.closed states."""
    said = _closed(entry.open_fields)
    if said is None:
        return None
    return Conclusion(occurred_at=entry.occurred_at, offset=offset, costs_borne_by=said.costs_borne_by)


def _is_stated(text: str | None) -> bool:
    return text is not None and bool(text.strip())
