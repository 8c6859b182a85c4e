"""Facts of rights requests, made up or drawn."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from ledger.entry import Entry
from tests.unit.aggregates.facts import make_entry

REQUEST_ID = "DSR-2026-1"

_FIELDS: dict[str, dict[str, object]] = {
    "request.received": {
        "right": "access",
        "channel": "email",
        "requester": "end_user",
        "received_by": "controller",
        "purposes": [],
        "bulk_id": None,
    },
    "request.identity_checked": {
        "outcome": "confirmed",
        "method": "call_back",
        "reasonable_doubt": False,
        "more_demanded": False,
    },
    "request.forwarded": {"forwarded_to": "dentist-example"},
    "request.extended": {"reasons": ["complexity"], "told_at": None},
    "request.answered": {
        "outcome": "fulfilled",
        "kept": [],
        "confirmation_sent": True,
        "charged_to": "nobody",
        "charge_ground": None,
        "recipients_informed": [],
    },
    "request.refused": {
        "ground": "excessive",
        "reasons_told": True,
        "complaint_told": True,
        "remedy_told": True,
    },
    "request.withdrawn": {},
    "request.deadline_near": {"deadline": "answer", "rule": "", "ends_at": 0, "calendar": None},
    "request.deadline_passed": {"deadline": "answer", "rule": "", "ends_at": 0, "calendar": None},
    "data.erased": {
        "erasure_id": "e-1",
        "trigger": "request",
        "service": "mail.example",
        "outcome": "erased",
        "recipients_informed": [],
    },
    "data.rectified": {"rectification_id": "r-1", "service": "crm.example", "recipients_informed": []},
    "processing.restricted": {"restriction_id": "s-1", "ground": "accuracy_contested"},
    "erasure.started": {"erasure_id": "e-1", "trigger": "request", "recipients": []},
    "erasure.verified": {"erasure_id": "e-1"},
    "minor.found": {"how": "verification", "parental_consent": False},
}
"""What each fact states when a test does not say otherwise."""


def stated(event_type: str, at: int, **fields: Any) -> Entry:
    """A fact at a moment; fields of the entry itself are told from what it states by their names."""
    own = {name: fields.pop(name) for name in ("rules_at", "processors", "stream_kind") if name in fields}
    said = {"request_id": REQUEST_ID, **_FIELDS[event_type], **fields}
    return make_entry(
        event_type=event_type, occurred_at=at, open_fields=msgspec.json.encode(said).decode(), **own
    )


def request_facts() -> st.SearchStrategy[list[Entry]]:
    """Facts of one or two requests and a minor, each at a moment of its own."""
    kinds = st.sampled_from(sorted(_FIELDS))
    moments = st.integers(0, 10_000)
    facts = st.builds(
        lambda kind, at, request_id, consent: stated(
            kind,
            at,
            request_id=request_id,
            **({"parental_consent": consent} if kind == "minor.found" else {}),
            **({"told_at": at} if kind == "request.extended" else {}),
        ),
        kinds,
        moments,
        st.sampled_from((REQUEST_ID, "DSR-2026-2")),
        st.booleans(),
    )
    return st.lists(facts, max_size=12, unique_by=lambda entry: entry.occurred_at)
