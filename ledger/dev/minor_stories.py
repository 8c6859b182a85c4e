"""Children found among the people: forgotten at once, kept because a parent agreed, and one just found (MB-45)."""

from ledger.dev.invented import MESSAGING, Customer, Person
from ledger.dev.planned import HOUR, PlannedRecord, Stage, subject_fields

_SERVICE = "berichtendienst-opslag"


def minors(stage: Stage) -> list[PlannedRecord]:
    """One is forgotten within the hour, another's parents had agreed, and of the third nothing is erased yet."""
    courier, pharmacy = MESSAGING.customers
    at, erased, agreed, found = (
        stage.midnight + 10 * HOUR,
        stage.stranger(),
        stage.stranger(),
        stage.stranger(),
    )
    return [
        _found(stage, courier, erased, at, parental_consent=False),
        _forgotten(stage, courier, erased, at + HOUR),
        _found(stage, pharmacy, agreed, at, parental_consent=True),
        _found(stage, courier, found, at + 5 * HOUR, parental_consent=False),
    ]


def _found(
    stage: Stage, customer: Customer, who: Person, at: int, *, parental_consent: bool
) -> PlannedRecord:
    payload: dict[str, object] = {
        **subject_fields(who, by="phone"),
        "how": "told_by_parent",
        "parental_consent": parental_consent,
    }
    return stage.fact(
        "minor.found",
        MESSAGING,
        customer,
        at,
        payload,
        purpose="legal_duty",
        basis="legal_obligation",
        categories=("phone_number", "age"),
    )


def _forgotten(stage: Stage, customer: Customer, who: Person, at: int) -> PlannedRecord:
    payload: dict[str, object] = {
        **subject_fields(who, by="phone"),
        "erasure_id": stage.identifier("wissing"),
        "trigger": "child_found",
        "request_id": None,
        "service": _SERVICE,
        "categories": ["message_content"],
        "outcome": "erased",
        "refusal_ground": None,
        "object_count": 3,
        "backups_expire_at": stage.days_later(at, 30),
        "recipients_informed": list(MESSAGING.processors),
    }
    return stage.fact(
        "data.erased",
        MESSAGING,
        customer,
        at,
        payload,
        purpose="rights_request",
        basis="legal_obligation",
        categories=("message_content",),
    )
