"""Entries for the aggregate tests, made up or drawn."""

from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from ledger.aggregates.subject_facts import FACTS
from ledger.entry import Entry, Rejected

STREAM = UUID("00000000-0000-4000-8000-000000000001")
PURPOSES = ("telephony", "recording", "quality")

_ENTRY = Entry(
    source_topic="inbox.processing",
    source_partition=0,
    source_offset=0,
    part=0,
    parts=1,
    previous_offset=None,
    previous_part=None,
    sealed_at=0,
    rules_at=0,
    stream=STREAM,
    stream_kind="subject",
    event_id="call-1",
    event_source="//pbx.example/1",
    event_type="call.completed",
    event_version=1,
    occurred_at=0,
    occurred_day=0,
    controller="switchboard-example",
    role="processor",
    purpose="telephony",
    lawful_basis="contract",
    data_categories=[],
    processors=[],
    storage_country="NL",
    instruction_id=None,
    notice_version=None,
    retry_of=None,
    subject_roles=["caller"],
    open_fields="{}",
    salt=bytes(32),
    content_mac=None,
    sealed=[],
    dropped=[],
)


def make_entry(**changes: Any) -> Entry:
    """A completed call, but for the changes."""
    return msgspec.structs.replace(_ENTRY, **changes)


def make_rejected(**changes: Any) -> Rejected:
    """Input nobody could read, but for the changes."""
    rejected = Rejected(
        source_topic="inbox.consent",
        source_partition=0,
        source_offset=1,
        part=0,
        parts=1,
        previous_offset=None,
        previous_part=None,
        sealed_at=0,
        rules_at=0,
        stream=STREAM,
        stream_kind="rejected",
        reason="unknown_schema",
        detail="value",
        occurred_day=0,
        attempts=1,
        salt=bytes(32),
        sealed=[],
    )
    return msgspec.structs.replace(rejected, **changes)


INT64 = st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.integers(0, 20) | INT64
"""Mostly few, so that facts meet at the same moment; sometimes whatever a publisher may claim."""

_names = st.sampled_from(("a", "b", "é", "")) | st.text(max_size=3)
_open_fields = st.sampled_from(
    ("{}", '{"category":"marketing"}', '{"expires_at":10}', '{"category":7,"expires_at":"soon"}', "[]", "")
) | st.builds(
    lambda category, expires_at: msgspec.json.encode(
        {"category": category, "expires_at": expires_at}
    ).decode(),
    st.none() | _names,
    st.none() | MOMENTS,
)


def entries(event_types: tuple[str, ...] = (*FACTS, "fact.of_tomorrow")) -> st.SearchStrategy[Entry]:
    """Facts of any family, in any order of time."""
    return st.builds(
        make_entry,
        event_type=st.sampled_from(event_types),
        occurred_at=MOMENTS,
        sealed_at=MOMENTS,
        purpose=st.sampled_from(PURPOSES),
        data_categories=st.lists(_names, max_size=3),
        processors=st.lists(_names, max_size=3),
        subject_roles=st.lists(st.sampled_from(("caller", "called")), max_size=2),
        notice_version=st.none() | _names,
        open_fields=_open_fields,
    )
