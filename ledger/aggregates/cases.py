"""Cases: agreements, sub-processors, breaches, audits, disclosures and notices, each with a stream of its own. Pure.

Owns: which event types are facts of a case, what names the case, and its stream; all are in ledger partition 0. Leaves
to others: each aggregate (its module), what follows (`ledger.rules`).

Source: DESIGN section 9.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from ledger.aggregates.streams import LedgerAggregate, named_stream
from ledger.entry import StreamKind


class CaseKind(NamedTuple):
    """A kind of case, and the field of its facts that names the case."""

    kind: str
    id_field: str


AGREEMENT = CaseKind("agreement", "agreement_id")
SUBPROCESSOR = CaseKind("subprocessor", "subprocessor")
BREACH = CaseKind("breach", "breach_id")
AUDIT = CaseKind("audit", "audit_id")
DISCLOSURE = CaseKind("disclosure", "disclosure_id")
NOTICE = CaseKind("notice", "notice_id")

CASE_OF: Mapping[str, CaseKind] = {
    "agreement.concluded": AGREEMENT,
    "agreement.amended": AGREEMENT,
    "agreement.terminated": AGREEMENT,
    "recording.purpose_declared": AGREEMENT,
    "recording.purpose_revoked": AGREEMENT,
    "processor.opted_in": AGREEMENT,
    "processor.opted_out": AGREEMENT,
    "instruction.received": AGREEMENT,
    "instruction.objected": AGREEMENT,
    "instruction.withdrawn": AGREEMENT,
    "subprocessor.announced": SUBPROCESSOR,
    "subprocessor.objected": SUBPROCESSOR,
    "subprocessor.objection_settled": SUBPROCESSOR,
    "subprocessor.contracted": SUBPROCESSOR,
    "subprocessor.activated": SUBPROCESSOR,
    "subprocessor.ended": SUBPROCESSOR,
    "transfer.mechanism_set": SUBPROCESSOR,
    "breach.discovered": BREACH,
    "breach.aware": BREACH,
    "breach.assessed": BREACH,
    "breach.notified": BREACH,
    "breach.closed": BREACH,
    "audit.announced": AUDIT,
    "audit.access_granted": AUDIT,
    "audit.refused": AUDIT,
    "audit.begun": AUDIT,
    "audit.finding_reported": AUDIT,
    "audit.closed": AUDIT,
    "disclosure.demanded": DISCLOSURE,
    "disclosure.decided": DISCLOSURE,
    "notice.published": NOTICE,
    "notice.communicated": NOTICE,
}
"""Event type to the kind of case it is a fact of. `deadline.near` and `deadline.passed` name theirs."""

DEADLINE_FACTS = frozenset({"deadline.near", "deadline.passed"})


def case_name(event_type: str, fields: Mapping[str, Any]) -> tuple[str, str] | None:
    """Which case a fact is of: kind and id; None when it is of none.

    Args:
        event_type: the fact's.
        fields: its open fields, or the whole of what was published.
    """
    if event_type in DEADLINE_FACTS:
        kind, case_id = fields.get("case_kind"), fields.get("case_id")
    elif (case := CASE_OF.get(event_type)) is not None:
        kind, case_id = case.kind, fields.get(case.id_field)
    else:
        return None
    return (kind, case_id) if isinstance(kind, str) and isinstance(case_id, str) else None


def case_stream(controller: str, kind: str, case_id: str) -> UUID:
    """The stream of a case. Controllers' cases of the same name are apart: each part says how long it is."""
    return named_stream(StreamKind.GOVERNANCE, f"{kind}:{len(controller)}:{controller}:{case_id}")


class Case(LedgerAggregate):
    """What all cases share: whose it is, and its name."""

    KIND = ""

    def _begin(self) -> None:
        self.controller = ""
        self.case_id = ""

    def _state(self) -> dict[str, Any]:
        return {"case_id": self.case_id, "controller": self.controller}

    def _restore(self, state: dict[str, Any]) -> None:
        self.controller = state["controller"]
        self.case_id = state["case_id"]
