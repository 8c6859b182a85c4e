"""An audit held against what was agreed about audits: who audits, how often, announced how, allowed, who pays. Pure.

Owns: the judgement of one audit. Leaves to others: what its facts say (`ledger.aggregates.audit`), what is wrong with
an announcement (`ledger.rules.contracts.audit_objections`).

What is wrong with an announcement is a finding on it, whatever the answer was. A refusal is held against the
announcement as it stood then: it needs a ground that the facts bear out. Access is owed by the time the audit is to
begin, unless something is wrong with its announcement.

Source: GDPR Art. 28(3)(h); CD-24 to CD-28; docs/breaches-and-audits.md.
"""

from collections.abc import Mapping

from ledger.aggregates.audit import Announced, Audit
from ledger.aggregates.audit_statements import Refusal
from ledger.aggregates.cases import Stated
from ledger.rules.calendar.moment_text import moment_text
from ledger.rules.contracts.audit_objections import (
    AUDIT_NOTICE_SHORT,
    CHECKS,
    Ground,
    Request,
    objections_to,
)
from ledger.rules.contracts.case_deadlines import passed
from ledger.rules.controller_state import ControllerState, RuleInForce
from ledger.rules.judged import NOTHING, Deadline, DeadlineState, Judged
from ledger.rules.judging import Judging

AUDIT_REFUSED_WITHOUT_GROUND = "audit_refused_without_ground"
AUDIT_OTHERS_EXPOSED = "audit_others_exposed"
AUDIT_COSTS_SHIFTED = "audit_costs_shifted"
AUDIT_ACCESS_GRANTED = "audit_access_granted"
AUDIT_COSTS_AS_AGREED = "audit_costs_as_agreed"

MARKS = {
    "audit_auditor": "audit_auditor_fit",
    "audit_frequency": "audit_within_year",
    "audit_notice": "audit_announced_in_time",
}
"""What an announcement with nothing wrong shows, by kind of promise."""

AUDIT_ACCESS = "audit_access"

REFUSAL_TEXTS: Mapping[str, str] = {
    Ground.TOO_SOON: "it is too soon, and it was announced long enough ahead",
    Ground.TOO_OFTEN: "there are too many, and no other audit is in its way",
    Ground.NOT_INDEPENDENT: "the auditor is not independent, and it was announced to be",
    Ground.NO_SECRECY: "the auditor is not bound to secrecy, and it was announced to be",
}
ANOTHER_GROUND = "of another ground, and nothing was wrong with the announcement"


def judge_audit(audit: Audit, state: ControllerState) -> Judged:
    """What an audit comes to by what was promised when it was announced.

    Args:
        audit: the audit, as far as it is known.
        state: everything else that is known of its controller: its other audits, and its breaches.
    """
    known_since, announced = audit.known_since, audit.announced
    if known_since is None:
        return NOTHING
    judging = Judging()
    in_force_at = known_since if announced is None else announced.last.occurred_at
    if announced is None:
        _unannounced(judging, audit, state, in_force_at)
    else:
        _announcement(judging, Request(audit, announced, audit.begins_at, state))
    for in_force in state.entries("audit_access", in_force_at):
        _access(judging, audit, state, in_force)
        if announced is not None:
            _owed(judging, audit, announced, state, in_force)
    for in_force in state.entries("audit_costs", in_force_at):
        _costs(judging, audit, in_force)
    return judging.judged()


def _unannounced(judging: Judging, audit: Audit, state: ControllerState, at: int) -> None:
    for rule, entry in state.entries("audit_notice", at) if audit.begins else ():
        judging.find(
            audit.begins[0],
            AUDIT_NOTICE_SHORT,
            article=entry.article,
            expected="an audit that was announced",
            found=f"begun on {moment_text(audit.begins[0].occurred_at)} without any announcement",
            rule=rule,
        )


def _announcement(judging: Judging, request: Request) -> None:
    wrong = set()
    for (rule, entry), objection in objections_to(request):
        wrong.add(rule)
        judging.find(
            request.announced.last,
            objection.code,
            article=entry.article,
            expected=objection.expected,
            found=objection.found,
            rule=rule,
        )
    for kind in CHECKS:
        for rule, _ in request.state.entries(kind, request.announced.last.occurred_at):
            # While it is not known when it is to begin, neither the year nor the period can be kept.
            if rule not in wrong and (kind == "audit_auditor" or request.begins_at is not None):
                judging.show(MARKS[kind], rule)


def _access(judging: Judging, audit: Audit, state: ControllerState, in_force: RuleInForce) -> None:
    for refusal in audit.refusals:
        if not _borne_out(audit, refusal, state):
            judging.find(
                refusal,
                AUDIT_REFUSED_WITHOUT_GROUND,
                article=in_force.entry.article,
                expected="an audit that was announced as agreed is allowed",
                found=f"refused because {REFUSAL_TEXTS.get(refusal.ground, ANOTHER_GROUND)}",
                rule=in_force.rule,
            )
    for access in audit.accesses:
        if access.others_shielded:
            judging.show(AUDIT_ACCESS_GRANTED, in_force.rule)
            continue
        judging.find(
            access,
            AUDIT_OTHERS_EXPOSED,
            article=in_force.entry.article,
            expected="access with regard to the confidentiality owed to other customers",
            found="access by which other customers' data can be seen",
            rule=in_force.rule,
        )


def _owed(
    judging: Judging, audit: Audit, announced: Announced, state: ControllerState, in_force: RuleInForce
) -> None:
    """Until when access is owed; a begin that passes without access and without a refusal is a refusal of its own."""
    begins_at = announced.last.begins_at
    if begins_at is None:
        return
    over = passed(audit, AUDIT_ACCESS, in_force.rule, begins_at)
    became = _became(audit, Request(audit, announced, begins_at, state), over)
    judging.owe(
        Deadline(
            case_kind=audit.KIND,
            case_id=audit.case_id,
            name=AUDIT_ACCESS,
            rule=in_force.rule,
            article=in_force.entry.article,
            offset=announced.last.at_offset,
            starts_at=announced.received_at,
            ends_at=begins_at,
            state=became,
        )
    )
    if became is not DeadlineState.MISSED or audit.refusal is not None:
        return
    provided = audit.provided
    judging.find(
        provided or over or announced.last,
        AUDIT_REFUSED_WITHOUT_GROUND,
        article=in_force.entry.article,
        expected=f"access by {moment_text(begins_at)}, when the audit was to begin, since it was announced as agreed",
        found="no access and no refusal by then"
        if provided is None
        else f"access on {moment_text(provided.occurred_at)}",
        rule=in_force.rule,
    )


def _became(audit: Audit, request: Request, over: Stated | None) -> DeadlineState:
    refusal, provided = audit.refusal, audit.provided
    if any(objections_to(request)) or (refusal is not None and _borne_out(audit, refusal, request.state)):
        return DeadlineState.VOID
    if provided is not None:
        # Access at the very moment the audit begins is access in time: nobody needed it before.
        in_time = provided.occurred_at <= (request.begins_at or 0)
        return DeadlineState.MET if in_time else DeadlineState.MISSED
    return DeadlineState.OPEN if over is None else DeadlineState.MISSED


def _borne_out(audit: Audit, refusal: Refusal, state: ControllerState) -> bool:
    """Whether the facts bear out the ground of a refusal, by what had been announced then.

    That an audit is disproportionate no fact can show or deny, and what had not been announced cannot be judged.
    """
    announced = audit.announced_by(refusal.occurred_at)
    if announced is None or refusal.ground == Ground.DISPROPORTIONATE:
        return True
    request = Request(audit, announced, announced.last.begins_at, state)
    wrong = [objection for _, objection in objections_to(request)]
    if refusal.ground not in REFUSAL_TEXTS:
        return bool(wrong)
    return any(refusal.ground in objection.grounds for objection in wrong)


def _costs(judging: Judging, audit: Audit, in_force: RuleInForce) -> None:
    agreed = in_force.entry.parameters.get("borne_by")
    if not audit.conclusions or not isinstance(agreed, str):
        return
    last = audit.conclusions[-1]
    if last.costs_borne_by == agreed:
        judging.show(AUDIT_COSTS_AS_AGREED, in_force.rule)
        return
    judging.find(
        last,
        AUDIT_COSTS_SHIFTED,
        article=in_force.entry.article,
        expected=f"the costs of the audit {_PAID[agreed]}",
        found=f"the costs {_PAID.get(last.costs_borne_by, 'borne otherwise')}",
        rule=in_force.rule,
    )


_PAID = {
    "controller": "borne by the controller",
    "provider": "borne by the provider",
    "shared": "shared",
}
