"""Sub-processors that no document lists: each customer was told of them before they started, and one was not wanted."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.dev.governance_stories import stated
from ledger.dev.invented import CALL_CENTRE, MESSAGING, SWITCHBOARD, Provider
from ledger.dev.planned import PlannedRecord, Stage


@dataclass(frozen=True, kw_only=True)
class _Engaged:
    """A sub-processor, and when it was announced and started, in days before the day."""

    provider: Provider
    name: str
    service: str
    country: str = "NL"
    announced: int = 150
    starts: int = 120


_IN_USE = (
    _Engaged(provider=SWITCHBOARD, name="rekencentrum-noord", service="servers and storage"),
    _Engaged(provider=CALL_CENTRE, name="opslag-west", service="storage of recordings"),
    _Engaged(provider=CALL_CENTRE, name="spraakmeter", service="measuring speech quality", country="US"),
    _Engaged(provider=MESSAGING, name="doorgeef-telecom", service="delivery of messages"),
)
"""Those the stories name as processors."""
_NOT_WANTED = _Engaged(
    provider=SWITCHBOARD, name="spraakfabriek", service="transcription of voicemail", announced=60, starts=30
)
_REPLACED = _Engaged(provider=CALL_CENTRE, name="opslag-oost", service="storage of recordings", starts=140)


def subprocessors(stage: Stage) -> list[PlannedRecord]:
    """Announced to each customer, contracted, started; one objected to and not used, one that ended."""
    told = []
    for engaged in _IN_USE:
        for customer in engaged.provider.customers:
            told += _started(stage, engaged, customer.controller)
    bakery, agency = (customer.controller for customer in SWITCHBOARD.customers)
    told += _started(stage, _NOT_WANTED, bakery)
    told.append(_announced(stage, _NOT_WANTED, agency))
    told += [
        _of(stage, event_type, (_NOT_WANTED, agency), days, payload)
        for event_type, days, payload in (
            ("subprocessor.objected", 55, {"ground": "security"}),
            ("subprocessor.objection_settled", 50, {"outcome": "not_used_for_controller"}),
        )
    ]
    shop = CALL_CENTRE.customers[0].controller
    told += _started(stage, _REPLACED, shop)
    told.append(_of(stage, "subprocessor.ended", (_REPLACED, shop), 100, {}))
    return [*told, *_renewed(stage)]


def _renewed(stage: Stage) -> list[PlannedRecord]:
    """The clauses that transfers to the one abroad rest on are renewed, a month before the old ones end."""
    measured = _IN_USE[2]
    payload: dict[str, object] = {
        "countries": [measured.country],
        "mechanism": "scc",
        "valid_from": stage.days_later(stage.midnight, -20),
        "valid_until": stage.days_later(stage.midnight, 365),
        "safeguards": "https://www.example.nl/callplatform/scc",
    }
    return [
        _of(stage, "transfer.mechanism_set", (measured, customer.controller), 20, payload)
        for customer in measured.provider.customers
    ]


def _started(stage: Stage, engaged: _Engaged, controller: str) -> list[PlannedRecord]:
    contract: dict[str, object] = {"document_version": "1", "same_duties": True}
    return [
        _announced(stage, engaged, controller),
        _of(stage, "subprocessor.contracted", (engaged, controller), engaged.starts + 5, contract),
        _of(stage, "subprocessor.activated", (engaged, controller), engaged.starts, {}),
    ]


def _announced(stage: Stage, engaged: _Engaged, controller: str) -> PlannedRecord:
    at_home = engaged.country == "NL"
    payload: dict[str, object] = {
        "service": engaged.service,
        "starts_at": stage.days_later(stage.midnight, -engaged.starts),
        "countries": [engaged.country],
        "mechanism": "not_needed" if at_home else "scc",
        "mechanism_valid_from": None if at_home else stage.days_later(stage.midnight, -engaged.announced),
        "mechanism_valid_until": None if at_home else stage.days_later(stage.midnight, 10),
        "agreement_concluded": False,
        "optional": False,
        "told_by": "email",
    }
    return _of(stage, "subprocessor.announced", (engaged, controller), engaged.announced, payload)


def _of(
    stage: Stage, event_type: str, about: tuple[_Engaged, str], days: int, payload: Mapping[str, object]
) -> PlannedRecord:
    """A fact about a sub-processor and a customer, so many days before the day."""
    engaged, controller = about
    at = stage.days_later(stage.midnight, -days)
    fields = {"subprocessor": engaged.name, **payload}
    return stated(stage, event_type, (engaged.provider, controller), at, fields)
