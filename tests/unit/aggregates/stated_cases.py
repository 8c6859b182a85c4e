"""Breaches, audits, demands and notices for the tests, made up: facts as a sealer would seal them."""

from typing import Any

import msgspec

from ledger.contract.cloudevents import parse_time
from ledger.entry import Entry
from tests.unit.aggregates.case_facts import case_fact

MICROSECOND = 1
HOUR = 3_600_000_000

TOLD_EVERYTHING: dict[str, Any] = {
    "nature": "canary nature",
    "subject_categories": ["callers"],
    "subjects_approximate": 40,
    "record_categories": ["recordings"],
    "records_approximate": 0,
    "contact": "canary contact",
    "consequences": "canary consequences",
    "measures": "canary measures",
}
"""Every item of a notification; that there are no records is told as well. Text is a canary: no finding repeats it."""

TOLD_NOTHING: dict[str, Any] = {
    "nature": None,
    "subject_categories": [],
    "subjects_approximate": None,
    "record_categories": [],
    "records_approximate": None,
    "contact": None,
    "consequences": None,
    "measures": None,
}

IN_ORDER: dict[str, Any] = {
    "audit_id": "a-1",
    "kind": "regular",
    "ground": None,
    "ground_reference": None,
    "scope": "canary scope",
    "auditor": "canary auditor",
    "qualifications": "canary qualifications",
    "independent": True,
    "bound_to_secrecy": True,
    "in_writing": True,
    "begins_at": None,
    "ends_at": None,
}


def moment(text: str) -> int:
    """An RFC 3339 time as microseconds since the epoch."""
    return parse_time(text)


def discovered(at: int, *, role: str = "processor", **fields: Any) -> Entry:
    """A breach was discovered, by the provider unless said otherwise."""
    said = {"breach_id": "b-1", "breach_began_at": None, "kind": "confidentiality", "discovered_by": "x"}
    return msgspec.structs.replace(case_fact("breach.discovered", at, **{**said, **fields}), role=role)


def aware(at: int) -> Entry:
    """The controller became aware."""
    return case_fact("breach.aware", at, breach_id="b-1")


def assessed(at: int, risk: str) -> Entry:
    """The risk was assessed."""
    return case_fact("breach.assessed", at, breach_id="b-1", risk=risk)


def notified(at: int, recipient: str = "controller", **fields: Any) -> Entry:
    """Somebody was told: of everything, and nothing more follows, unless said otherwise."""
    said = {**TOLD_EVERYTHING, "delay_reasons": None, "more_follows": False, **fields}
    return case_fact("breach.notified", at, breach_id="b-1", recipient=recipient, **said)


def breach_closed(at: int, *, effects: str | None = "none", remedies: str | None = "patched") -> Entry:
    """A breach was dealt with, and documented unless said otherwise."""
    return case_fact("breach.closed", at, breach_id="b-1", effects=effects, remedies=remedies)


def deadline_passed(case_kind: str, case_id: str, deadline: str, ends_at: int, rule: str = "") -> Entry:
    """The ledger says that a deadline passed, at its end."""
    return case_fact(
        "deadline.passed",
        ends_at,
        case_kind=case_kind,
        case_id=case_id,
        deadline=deadline,
        rule=rule,
        ends_at=ends_at,
        calendar=None,
    )


def announced(at: int, begins: int | None, **fields: Any) -> Entry:
    """An audit was announced: a regular one of four days with nothing wrong, unless said otherwise."""
    ends_at = None if begins is None else begins + 96 * HOUR
    said = {**IN_ORDER, "begins_at": begins, "ends_at": ends_at, **fields}
    return case_fact("audit.announced", at, **said)


def audit_fact(phase: str, at: int, audit_id: str = "a-1", **fields: Any) -> Entry:
    """Something happened to an audit: access_granted, refused, begun, finding_reported or closed."""
    return case_fact(f"audit.{phase}", at, audit_id=audit_id, **fields)


def demanded(at: int, **fields: Any) -> Entry:
    """An authority demanded data, and every condition holds unless said otherwise."""
    said = {
        "disclosure_id": "d-1",
        "authority": "canary authority",
        "authority_country": "NL",
        "demand_kind": "court_order",
        "from_public_body": True,
        "within_jurisdiction": True,
        "enforceable": True,
        "states_categories": True,
        "states_period": True,
    }
    return case_fact("disclosure.demanded", at, **{**said, **fields})


def decided(at: int, outcome: str = "disclosed", **fields: Any) -> Entry:
    """The provider decided on the demand, after checking the conditions unless said otherwise."""
    said = {"disclosure_id": "d-1", "controller_informed": True, "conditions_checked": True, **fields}
    return case_fact("disclosure.decided", at, outcome=outcome, **said)


def published(at: int, version: str | None, **fields: Any) -> Entry:
    """A version of a notice was published; it holds at once and changes nothing material unless said otherwise."""
    said = {
        "notice_id": "website",
        "languages": ["nl"],
        "sha256": "0" * 64,
        "uri": "https://www.example.com/privacy",
        "effective_at": at,
        "replaces": None,
        "materially_changed": False,
        "people_informed": "not_needed",
        **fields,
    }
    return msgspec.structs.replace(case_fact("notice.published", at, **said), notice_version=version)


def communicated(at: int, version: str, told_by: str = "email") -> Entry:
    """People were told of a version."""
    return case_fact(
        "notice.communicated",
        at,
        notice_id="website",
        version=version,
        told_by=told_by,
        audience="everyone",
    )
