"""What for and in which role: by what documents promise, and by the agreement in force. Pure.

Purposes that the law itself asks for are outside nothing. A promise with a scope is held only against what is in it.

Source: GDPR Art. 5(1)(b), 5(1)(c), 28(3), 28(3)(g); CB-08 to CB-10, CB-13, CD-02, CD-30, CF-01, CF-03, MB-05, MB-08,
MB-13.
"""

from collections.abc import Iterator

from ledger.rules.calendar.moment_text import listed, moment_text
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.packs.policy_pack import PackEntry
from ledger.rules.processing.processing_facts import (
    ALLOWED_ALWAYS,
    PROCESSING_FAMILIES,
    PROCESSOR,
    Processing,
)

NAMED_MAX = 20
"""Categories or purposes a sentence names."""


def judge_purposes(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the purpose is one of those a document promises."""
    if it.purpose in ALLOWED_ALWAYS:
        return
    for rule, entry in state.entries("purposes", at):
        if entry.parameters.get("role", it.role) != it.role:
            continue
        if it.purpose in entry.names("purposes"):
            yield Shown("purpose_as_promised", rule)
        else:
            yield Finding(
                code="purpose_outside_promise",
                article=entry.article,
                expected=f"processing for {listed(entry.names('purposes')[:NAMED_MAX])} only",
                found=f"{it.event_type} for {it.purpose}",
                rule=rule,
            )


def judge_role(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the provider has the role a document says it has for the purpose."""
    for rule, entry in state.entries("role", at):
        if not _in_scope(it, entry):
            continue
        role = entry.parameters.get("role")
        if it.role == role:
            yield Shown("role_as_promised", rule)
        else:
            yield Finding(
                code="role_not_as_promised",
                article=entry.article,
                expected=f"the role {role} for {it.purpose}",
                found=f"{it.event_type} in the role {it.role}",
                rule=rule,
            )


def judge_categories(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the data is of the categories a document names."""
    if not it.data_categories:
        return
    for rule, entry in state.entries("data_categories", at):
        if not _in_scope(it, entry):
            continue
        beyond = sorted(set(it.data_categories).difference(entry.names("categories")))
        if not beyond:
            yield Shown("data_categories_as_promised", rule)
        else:
            yield Finding(
                code="data_category_not_promised",
                article=entry.article,
                expected=f"no categories but {listed(entry.names('categories')[:NAMED_MAX])}",
                found=f"{it.event_type} of {listed(beyond[:NAMED_MAX])}",
                rule=rule,
            )


def judge_agreed_purposes(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether the agreements in force name the purpose, and in this role; nothing where they name none."""
    roles: dict[str, set[str]] = {}
    for agreement in state.agreements.values():
        if agreement.in_force_at(at):
            for purpose, agreed in agreement.purposes_at(at).items():
                roles.setdefault(purpose, set()).update(agreed)
    if not roles or it.purpose in ALLOWED_ALWAYS:
        return
    if it.purpose not in roles:
        yield Finding(
            code="purpose_outside_agreement",
            article="GDPR Art. 28(3)(a)",
            expected=f"processing for what was agreed: {listed(sorted(roles)[:NAMED_MAX])}",
            found=f"{it.event_type} for {it.purpose}",
        )
    elif it.role not in roles[it.purpose]:
        yield Finding(
            code="role_outside_agreement",
            article="GDPR Art. 28(3), 28(10)",
            expected=f"the role {listed(sorted(roles[it.purpose]))} for {it.purpose}",
            found=f"{it.event_type} in the role {it.role}",
        )
    else:
        yield Shown("purpose_as_agreed", "")


def judge_agreement_start(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether a processor had an agreement both had signed when it processed; when all have ended, that is another
    finding.

    While no agreement at all is on record, that is found once per stream, on its first entry: it is one omission and
    not as many as there are calls.
    """
    if it.role != PROCESSOR or it.purpose in ALLOWED_ALWAYS:
        return
    concluded = [agreement for agreement in state.agreements.values() if agreement.conclusions]
    if (not concluded and not it.first) or _ended_at(state, at) is not None:
        return
    signed = any(start <= at for agreement in concluded for start in agreement.starts()[:1])
    for rule, entry in state.entries("agreement_start", at):
        if signed:
            yield Shown("agreement_signed", rule)
        else:
            yield Finding(
                code="processing_before_agreement",
                article=entry.article,
                expected="processing on behalf of the controller from the last signature on",
                found=f"{it.event_type} "
                + ("before the last signature" if concluded else "without an agreement on record"),
                rule=rule,
            )


def judge_agreement_end(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether a processor took in more data after the last agreement had ended.

    Looking at data and exporting it is not found: what is there goes back, or is deleted, after the end. Nor is
    anything once the controller has come back, with another agreement or by adopting a policy anew.
    """
    if (
        it.role != PROCESSOR
        or it.purpose in ALLOWED_ALWAYS
        or not it.event_type.startswith(PROCESSING_FAMILIES)
    ):
        return
    ended = _ended_at(state, at)
    if ended is not None:
        yield Finding(
            code="processing_after_agreement",
            article="GDPR Art. 28(3)(g)",
            expected="no processing on behalf of the controller after the end, but to return or delete its data",
            found=f"{it.event_type} after the agreement ended on {moment_text(ended)}",
        )


def _ended_at(state: ControllerState, at: int) -> int | None:
    """When the last agreement ended; None while one is in force, none has ended, or the controller has come back."""
    if any(agreement.in_force_at(at) for agreement in state.agreements.values()):
        return None
    ends = (agreement.ended_at(at) for agreement in state.agreements.values())
    last = max((end for end in ends if end is not None), default=None)
    if last is None or any(last < adoption.at <= at for adoption in state.rules.adoptions):
        return None
    return last


def _in_scope(it: Processing, entry: PackEntry) -> bool:
    """Whether a promise that may name purposes is about an entry's. One that names none is not about what the law asks
    for."""
    purposes = entry.names("purposes")
    return it.purpose in purposes if purposes else it.purpose not in ALLOWED_ALWAYS
