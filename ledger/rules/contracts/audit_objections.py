"""What is wrong with the announcement of an audit, by what was agreed about audits. Pure.

Each thing that is wrong is a finding, and at the same time a ground on which the provider may refuse. Four weeks ahead
means that four whole weeks lie between: the day of the announcement does not count, and the audit begins at the
earliest with the day after the last of them (Regulation 1182/71, art. 3(1); a contract's period, so it is not moved).

Source: CD-24, CD-25, CD-26.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from ledger.aggregates.audit import Announced, Audit
from ledger.aggregates.audit_statements import AuditKind
from ledger.rules.calendar.legal_calendar import calendar_year
from ledger.rules.calendar.moment_text import listed, moment_text, period_text
from ledger.rules.calendar.periods import Period, day_of, first_moment_after, last_day
from ledger.rules.controller_state import ControllerState, RuleInForce

AUDIT_AUDITOR_UNFIT = "audit_auditor_unfit"
AUDIT_TOO_OFTEN = "audit_too_often"
AUDIT_GROUND_UNFOUNDED = "audit_ground_unfounded"
AUDIT_NOTICE_SHORT = "audit_notice_short"
AUDIT_ANNOUNCEMENT_INCOMPLETE = "audit_announcement_incomplete"


STATES_REMEMBERED_MAX = 64
"""States whose audits are ordered: the one before a fact and the one after it, of a few years each."""


class Ground(StrEnum):
    """Why a provider may refuse an audit, as audit.refused names it."""

    TOO_SOON = "too_soon"
    TOO_OFTEN = "too_often"
    NOT_INDEPENDENT = "not_independent"
    NO_SECRECY = "no_secrecy"
    DISPROPORTIONATE = "disproportionate"
    OTHER = "other"


class Request(NamedTuple):
    """An audit as it is asked for.

    Attributes:
        audit: the audit.
        announced: what was announced of it.
        begins_at: when it began or is to begin; None while not known.
        state: everything else that is known of the controller.
    """

    audit: Audit
    announced: Announced
    begins_at: int | None
    state: ControllerState


class Objection(NamedTuple):
    """One thing that is wrong: the finding it is, and the grounds of refusal it bears out beside `Ground.OTHER`."""

    code: str
    expected: str
    found: str
    grounds: frozenset[Ground]


Check = Callable[[Request, RuleInForce], Objection | None]


def auditor_unfit(request: Request, _: RuleInForce) -> Objection | None:
    """Whether the auditor is no independent third party bound to secrecy."""
    last = request.announced.last
    wrong = {
        Ground.NOT_INDEPENDENT: (last.independent, "is not an independent third party"),
        Ground.NO_SECRECY: (last.bound_to_secrecy, "is not bound to secrecy"),
    }
    grounds = [ground for ground, (kept, _) in wrong.items() if not kept]
    if not grounds:
        return None
    return Objection(
        AUDIT_AUDITOR_UNFIT,
        "an auditor that is an independent third party bound to secrecy",
        f"an auditor that {listed([wrong[ground][1] for ground in grounds])}",
        frozenset(grounds),
    )


def too_often(request: Request, _: RuleInForce) -> Objection | None:
    """Whether it is a second regular audit in the local calendar year it begins in."""
    before = regular_before(request)
    if before is None or before.known_since is None or request.begins_at is None:
        return None
    year = calendar_year(request.begins_at)
    return Objection(
        AUDIT_TOO_OFTEN,
        "one regular audit in a calendar year",
        f"a second regular audit in {year}, after the one that was announced on {moment_text(before.known_since)}",
        frozenset({Ground.TOO_OFTEN}),
    )


def ground_unfounded(request: Request, _: RuleInForce) -> Objection | None:
    """Whether it is an extra audit without one of the three grounds, or with one that does not stand."""
    last = request.announced.last
    if last.kind != AuditKind.EXTRA:
        return None
    found = "no ground is named"
    if last.ground is not None and last.reference is None:
        found = f"the ground named is {_GROUND_TEXTS.get(last.ground, 'another')}, without saying which"
    elif last.ground == "breach":
        breach = request.state.breaches.get(last.reference or "")
        since = None if breach is None else breach.known_since
        if since is not None and since <= last.occurred_at:
            return None
        found = "the ground named is a breach, and none of that name is recorded by then"
    elif last.ground is not None:
        return None
    return Objection(
        AUDIT_GROUND_UNFOUNDED,
        "an extra audit on a breach, a substantiated indication of misuse, or an order of a supervisory authority",
        f"an extra audit, announced on {moment_text(last.occurred_at)}: {found}",
        frozenset({Ground.TOO_OFTEN}),
    )


def notice_short(request: Request, in_force: RuleInForce) -> Objection | None:
    """Whether it begins before the whole period lies between it and its announcement."""
    notice = in_force.entry.parameters.get("notice")
    if request.begins_at is None or not isinstance(notice, Period):
        return None
    received_at = request.announced.received_at
    earliest = first_moment_after(last_day(day_of(received_at), notice))
    if request.begins_at >= earliest:
        return None
    return Objection(
        AUDIT_NOTICE_SHORT,
        f"an audit announced at least {period_text(notice)} ahead, so not to begin before {moment_text(earliest)}",
        f"announced on {moment_text(received_at)}, to begin on {moment_text(request.begins_at)}",
        frozenset({Ground.TOO_SOON}),
    )


def incomplete(request: Request, _: RuleInForce) -> Objection | None:
    """Whether the announcement leaves out what it must state, or was never in writing."""
    last = request.announced.last
    missing = [
        what
        for what, there in (
            ("writing", last.in_writing),
            ("scope and aim", last.scope),
            ("the auditor", last.auditor),
            ("the auditor's qualifications", last.qualifications),
            ("when it is to begin", last.begins_at is not None),
            ("when it is to end", last.ends_at is not None),
        )
        if not there
    ]
    if not missing:
        return None
    return Objection(
        AUDIT_ANNOUNCEMENT_INCOMPLETE,
        "an announcement in writing, with scope and aim, the auditor and its qualifications, and the intended dates",
        f"an announcement without {listed(missing)}",
        frozenset(),
    )


CHECKS: Mapping[str, tuple[Check, ...]] = {
    "audit_auditor": (auditor_unfit,),
    "audit_frequency": (too_often, ground_unfounded),
    "audit_notice": (incomplete, notice_short),
}
"""Kind of promise to what can be wrong by it."""


def objections_to(request: Request) -> Iterable[tuple[RuleInForce, Objection]]:
    """Everything that is wrong with an audit as it is asked for, by the promises in force when it was announced."""
    for kind, checks in CHECKS.items():
        for in_force in request.state.entries(kind, request.announced.last.occurred_at):
            for check in checks:
                objection = check(request, in_force)
                if objection is not None:
                    yield in_force, objection


def years_of(audit: Audit) -> frozenset[int]:
    """The local calendar years any of its facts say it begins in: other audits of these years bear on it."""
    moments = (
        *(each.begins_at for each in audit.announcements),
        *(each.occurred_at for each in audit.begins),
    )
    return frozenset(calendar_year(moment) for moment in moments if moment is not None)


def names_breach(audit: Audit, breach_id: str) -> bool:
    """Whether an announcement of the audit refers to a breach."""
    return any(each.reference == breach_id for each in audit.announcements)


def regular_before(request: Request) -> Audit | None:
    """The regular audit of the same local calendar year that was asked for before this one; None without one.

    One whose refusal stands does not count; nor does one of which nobody knows when it is to begin.
    """
    if request.announced.last.kind != AuditKind.REGULAR or request.begins_at is None:
        return None
    first = first_regular(request.state, calendar_year(request.begins_at))
    return first if first is not None and _order(first) < _order(request.audit) else None


@lru_cache(maxsize=STATES_REMEMBERED_MAX)
def first_regular(state: ControllerState, year: int) -> Audit | None:
    """The regular audit of a local calendar year that was asked for first; None without one."""
    regular = (
        audit
        for audit in state.audits.values()
        if year in years_of(audit)
        and audit.is_regular
        and audit.refusal is None
        and audit.begins_at is not None
        and calendar_year(audit.begins_at) == year
    )
    return min(regular, key=_order, default=None)


def _order(audit: Audit) -> tuple[int, str]:
    return (audit.known_since or 0, audit.case_id)


_GROUND_TEXTS = {
    "breach": "a breach",
    "misuse_indication": "an indication of misuse",
    "authority_order": "an order of a supervisory authority",
}
