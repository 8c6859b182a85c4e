"""Audits and authorities: an audit announced in time, one too short, one refused; and demands for data."""

from collections.abc import Mapping

from ledger.dev.governance_stories import Controlled, stated
from ledger.dev.invented import CALL_CENTRE, GARAGE, MESSAGING, SWITCHBOARD
from ledger.dev.planned import DAY, HOUR, PlannedRecord, Stage

DEMANDS = ("vordering-4001", "vordering-4002")
"""What the CPaaS calls the two demands it got: a statutory one, and a letter that asks nicely."""


def audits(stage: Stage) -> list[PlannedRecord]:
    """The bakery announces five weeks ahead, the agency two, the garage's is to come, the shop's is refused."""
    bakery, agency = (customer.controller for customer in SWITCHBOARD.customers)
    shop = CALL_CENTRE.customers[0].controller
    told = _carried_out(stage, bakery, announced=50, begins=14)
    told += _carried_out(stage, agency, announced=20, begins=6)
    told.append(_announced(stage, (SWITCHBOARD, GARAGE.controller), announced=4, begins=-35))
    told.append(_announced(stage, (CALL_CENTRE, shop), announced=70, begins=40, independent=False))
    refused: dict[str, object] = {"ground": "not_independent"}
    told.append(_of(stage, "audit.refused", (CALL_CENTRE, shop), 65, refused))
    return told


def demands(stage: Stage) -> list[PlannedRecord]:
    """The police demand data lawfully and get it; a letter that nothing stands behind gets nothing (MB-25)."""
    courier = MESSAGING.customers[0].controller
    told = []
    for disclosure_id, lawful in zip(DEMANDS, (True, False), strict=True):
        at = stage.days_later(stage.midnight, -8) + 9 * HOUR
        demanded: dict[str, object] = {
            "disclosure_id": disclosure_id,
            "authority": "politie-eenheid-verzonnen",
            "authority_country": "NL",
            "demand_kind": "statutory_demand" if lawful else "informal",
            "from_public_body": True,
            "within_jurisdiction": True,
            "enforceable": lawful,
            "states_categories": lawful,
            "states_period": lawful,
        }
        decided: dict[str, object] = {
            "disclosure_id": disclosure_id,
            "outcome": "disclosed" if lawful else "refused",
            "controller_informed": True,
            "conditions_checked": True,
        }
        told.append(stated(stage, "disclosure.demanded", (MESSAGING, courier), at, demanded))
        told.append(stated(stage, "disclosure.decided", (MESSAGING, courier), at + DAY, decided))
    return told


def _carried_out(stage: Stage, controller: str, *, announced: int, begins: int) -> list[PlannedRecord]:
    """An audit that took four days; days are counted back from the day."""
    finding: dict[str, object] = {"finding": "1", "severity": "low", "implemented": True}
    covers = ["system_logs", "policies", "staff"]
    granted: dict[str, object] = {"covers": covers, "other_customers_shielded": True}
    closed: dict[str, object] = {"report_sha256": stage.digest(), "costs_borne_by": "controller"}
    return [
        _announced(stage, (SWITCHBOARD, controller), announced=announced, begins=begins),
        _of(stage, "audit.access_granted", (SWITCHBOARD, controller), begins + 1, granted),
        _of(stage, "audit.begun", (SWITCHBOARD, controller), begins, {}),
        _of(stage, "audit.finding_reported", (SWITCHBOARD, controller), begins - 3, finding),
        _of(stage, "audit.closed", (SWITCHBOARD, controller), begins - 4, closed),
    ]


def _announced(
    stage: Stage, about: Controlled, *, announced: int, begins: int, independent: bool = True
) -> PlannedRecord:
    payload: dict[str, object] = {
        "kind": "regular",
        "ground": None,
        "ground_reference": None,
        "scope": "compliance with the processing agreement",
        "auditor": "Controlekantoor Voorbeeld",
        "qualifications": "registered IT auditors",
        "independent": independent,
        "bound_to_secrecy": True,
        "in_writing": True,
        "begins_at": stage.days_later(stage.midnight, -begins) + 9 * HOUR,
        "ends_at": stage.days_later(stage.midnight, -begins + 4) + 17 * HOUR,
    }
    return _of(stage, "audit.announced", about, announced, payload)


def _of(
    stage: Stage, event_type: str, about: Controlled, days: int, payload: Mapping[str, object]
) -> PlannedRecord:
    """A fact of the audit of a controller, so many days before the day."""
    at = stage.days_later(stage.midnight, -days) + 9 * HOUR
    return stated(stage, event_type, about, at, {"audit_id": f"audit-{about[1]}", **payload})
