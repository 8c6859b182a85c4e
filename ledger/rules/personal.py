"""Processing held against what is known of the person: consent, objection, restriction, erasure, minority. Pure.

These facts share the stream of what they are held against, so they can arrive after it: then it is judged anew, and
findings open or are resolved. Each rule is a function of the person's state and one entry; governance enters only for
minors, by the promises that held when the minor was found.

A restriction leaves storage, what the person agrees to, and claims: Art. 18(2). Being told of, or asking for, one's own
data is never barred; nor is what the law asks for.

Source: GDPR Art. 6(1)(a), 7(3), 8, 17, 18, 21; CB-37, CB-38, MB-38, MB-39, MB-44, MB-45.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from ledger.aggregates.data_subject import DataSubject
from ledger.rules.consent import CONSENT_BASIS, judge_consent
from ledger.rules.controller_state import RuleInForce
from ledger.rules.findings import Finding
from ledger.rules.processing.processing_facts import ALLOWED_ALWAYS

PROCESSING_AFTER_OBJECTION = "processing_after_objection"
PROCESSING_UNDER_RESTRICTION = "processing_under_restriction"
PROCESSING_AFTER_ERASURE = "processing_after_erasure"
MINOR_DATA_KEPT = "minor_data_kept"

CLAIMS = frozenset({"legal_claim", "others_rights", "public_interest"})
"""Purposes that Art. 18(2) excepts beside consent."""


class Processed(NamedTuple):
    """An entry that processes a person's data: where it is recorded, and what these rules look at.

    `occurred_at` and `sealed_at` are microseconds since the epoch, UTC; `offset` is in the person's ledger partition.
    """

    occurred_at: int
    offset: int
    event_type: str
    purpose: str
    lawful_basis: str
    sealed_at: int


class Family(StrEnum):
    """What processing can be held against; an entry has at most one finding of each, by each promise."""

    CONSENT = "consent"
    OBJECTION = "objection"
    RESTRICTION = "restriction"
    ERASURE = "erasure"
    MINORITY = "minority"


Minors = Callable[[DataSubject], Sequence[RuleInForce]]
"""The promises about minors that bind the person's controller, as of when the minor was found."""


def judge_family(family: Family, subject: DataSubject, it: Processed, minors: Minors) -> tuple[Finding, ...]:
    """The findings of one family on an entry, as far as is known at the subject's version."""
    return _JUDGES[family](subject, it, minors)


def families_of(subject: DataSubject, *, rests_on_consent: bool) -> tuple[Family, ...]:
    """The families that can have anything to say of a new entry; mostly none, and this is asked for every one."""
    if not (
        rests_on_consent
        or subject.requests
        or subject.restrictions
        or subject.erasures
        or subject.minority.found
    ):
        return ()
    there = {
        Family.CONSENT: rests_on_consent,
        Family.OBJECTION: subject.requests,
        Family.RESTRICTION: subject.restrictions,
        Family.ERASURE: subject.erasures,
        Family.MINORITY: subject.minority.found,
    }
    return tuple(family for family, something in there.items() if something)


def _consent(subject: DataSubject, it: Processed, _: Minors) -> tuple[Finding, ...]:
    if it.lawful_basis != CONSENT_BASIS:
        return ()
    finding = judge_consent(subject.consent_at(it.purpose, it.occurred_at), it.event_type, it.purpose)
    return () if finding is None else (finding,)


def _objection(subject: DataSubject, it: Processed, _: Minors) -> tuple[Finding, ...]:
    if it.purpose in ALLOWED_ALWAYS or not subject.objected_at(it.purpose, it.lawful_basis, it.occurred_at):
        return ()
    return (
        Finding(
            code=PROCESSING_AFTER_OBJECTION,
            article="GDPR Art. 21",
            expected="no processing the person objected to, unless on compelling grounds or for a legal claim",
            found=f"{it.event_type} for {it.purpose}, after the objection",
            about=it.purpose,
        ),
    )


def _restriction(subject: DataSubject, it: Processed, _: Minors) -> tuple[Finding, ...]:
    excepted = it.lawful_basis == CONSENT_BASIS or it.purpose in CLAIMS or it.purpose in ALLOWED_ALWAYS
    if excepted or not subject.restricted_at(it.occurred_at):
        return ()
    return (
        Finding(
            code=PROCESSING_UNDER_RESTRICTION,
            article="GDPR Art. 18(2)",
            expected="restricted data is stored, and used only with consent or for a claim",
            found=f"{it.event_type} for {it.purpose} while processing was restricted",
            about=it.purpose,
        ),
    )


def _erasure(subject: DataSubject, it: Processed, _: Minors) -> tuple[Finding, ...]:
    """After the verified erasure: who calls again then is somebody new, so nothing new reaches this pseudonym."""
    if subject.erased_at is None or it.occurred_at <= subject.erased_at or it.purpose in ALLOWED_ALWAYS:
        return ()
    return (
        Finding(
            code=PROCESSING_AFTER_ERASURE,
            article="GDPR Art. 17(1)",
            expected="nothing of a person who was erased is processed any more",
            found=f"{it.event_type} for {it.purpose}, after the erasure was verified",
        ),
    )


def _minority(subject: DataSubject, it: Processed, minors: Minors) -> tuple[Finding, ...]:
    found_at = subject.minor_found_at
    if found_at is None or it.occurred_at <= found_at or it.purpose in ALLOWED_ALWAYS:
        return ()
    return tuple(
        Finding(
            code=MINOR_DATA_KEPT,
            article=entry.article,
            expected="a minor's data goes once it is found, without a parent's consent",
            found=f"{it.event_type} for {it.purpose}, after the person was found to be a minor",
            rule=rule,
        )
        for rule, entry in minors(subject)
    )


_JUDGES: Mapping[Family, Callable[[DataSubject, Processed, Minors], tuple[Finding, ...]]] = {
    Family.CONSENT: _consent,
    Family.OBJECTION: _objection,
    Family.RESTRICTION: _restriction,
    Family.ERASURE: _erasure,
    Family.MINORITY: _minority,
}
