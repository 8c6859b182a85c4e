"""Asterisk's `cdr_csv` (Master.csv) as facts: `call.completed`, and `call.recorded` for a recorded call.

Layout: 18 columns, or 16 on installations that log neither uniqueid nor userfield. Times are Dutch local time
(`local_time` says how the doubled and the missing hour are read). A call's fact happened when the call ended.

What a detail record does not tell is stated as not shown: no announcement, no encryption at rest, a size of 0
bytes. A publisher who knows better publishes `call.recorded` from the recorder itself.

Source: Asterisk `cdr/cdr_csv.c`; its documentation of CDR fields and dispositions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from ledger.connectors.asterisk_record import COLUMN_COUNTS, DetailRecord, Refusal, read_record
from ledger.connectors.call_identity import CallIdentities, CallIdentity, equipment_name, source_of
from ledger.connectors.caller_id import is_extension, parse_caller_id, party_number
from ledger.connectors.facts import Converted, ConvertedFact, RefusedLine
from ledger.connectors.quoted_records import quoted_records

RECORDING_PURPOSES = frozenset(
    {"quality", "training", "evidence", "order_confirmation", "legal_duty", "other"}
)
"""Symbols of `recording_purpose` in `call.recorded`; any other reason becomes `other`, never free text."""
_APPLICATION = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_FROM_OUTSIDE = ("from-trunk", "from-pstn", "from-did", "inbound", "incoming")
"""Beginnings of dial plan contexts in which a call from outside arrives."""


@dataclass(frozen=True, kw_only=True)
class _Parties:
    direction: str
    caller_number: str | None = field(repr=False)
    caller_name: str | None = field(repr=False)
    called_number: str | None = field(repr=False)

    def data(self) -> dict[str, object]:
        return {
            "caller_number": self.caller_number,
            "caller_name": self.caller_name,
            "called_number": self.called_number,
        }


def convert(stream: BinaryIO, controller: str) -> Iterator[Converted]:
    """Reads detail records and yields their facts, refused lines among them, in the order of the file.

    Args:
        stream: the file, binary.
        controller: on whose behalf the calls were handled.
    """
    identities = CallIdentities()
    for record in quoted_records(stream, wrong_columns=_wrong_columns):
        if isinstance(record, RefusedLine):
            yield record
            continue
        detail = read_record(record.columns)
        if isinstance(detail, Refusal):
            yield RefusedLine(line=record.line, reason=str(detail))
            continue
        identity = identities.identify(
            unique_id=detail.unique_id,
            channel=detail.channel,
            second_channel=detail.second_channel,
            started_at=detail.started_at,
        )
        yield from _facts(record.line, detail, identity, controller)


def _wrong_columns(count: int) -> str | None:
    if count in COLUMN_COUNTS:
        return None
    return f"expected {' or '.join(map(str, sorted(COLUMN_COUNTS)))} columns, found {count}"


def _facts(
    line: int, detail: DetailRecord, identity: CallIdentity, controller: str
) -> Iterator[ConvertedFact]:
    parties = _parties(detail)
    source = source_of(detail.account)
    yield ConvertedFact(
        line=line,
        event_type="call.completed",
        event_id=identity.record_id,
        event_source=source,
        occurred_at=detail.ended_at,
        data=_call_completed(detail, identity, parties, controller),
    )
    purpose = _recording_purpose(detail.user_field)
    if purpose is not None:
        yield ConvertedFact(
            line=line,
            event_type="call.recorded",
            event_id=f"{identity.record_id}:recording",
            event_source=source,
            occurred_at=detail.ended_at,
            data=_call_recorded(detail, identity, parties, controller, purpose),
        )


def _common(controller: str, *, purpose: str, data_categories: list[str]) -> dict[str, object]:
    return {
        "controller": controller,
        "role": "processor",
        "purpose": purpose,
        "lawful_basis": "contract",
        "data_categories": data_categories,
        "processors": [],
        "storage_country": "NL",
        "instruction_id": None,
        "notice_version": None,
    }


def _call_completed(
    detail: DetailRecord, identity: CallIdentity, parties: _Parties, controller: str
) -> dict[str, object]:
    # the leg that leaves the switch: the caller's on a call from outside, else the called party's
    trunk_channel = detail.channel if parties.direction == "inbound" else detail.second_channel
    return {
        **_common(controller, purpose="telephony", data_categories=["phone_number", "name", "traffic_data"]),
        "call_id": identity.call_id,
        "direction": parties.direction,
        **parties.data(),
        "answered": detail.disposition == "answered",
        "disposition": detail.disposition,
        "started_at": detail.started_at,
        "answered_at": detail.answered_at,
        "duration_s": detail.duration_s,
        "billable_s": detail.billable_s,
        "trunk": None if parties.direction == "internal" else equipment_name(trunk_channel),
        "channel": detail.channel or None,
        "application": detail.application.lower() if _APPLICATION.fullmatch(detail.application) else None,
    }


def _call_recorded(
    detail: DetailRecord, identity: CallIdentity, parties: _Parties, controller: str, purpose: str
) -> dict[str, object]:
    return {
        **_common(controller, purpose=purpose, data_categories=["phone_number", "name", "voice"]),
        "call_id": identity.call_id,
        "recording_id": f"{identity.record_id}:recording",
        **parties.data(),
        "recording_uri": None,
        "recording_purpose": purpose,
        "announced": False,
        "announcement_version": None,
        "started_at": detail.started_at if detail.answered_at is None else detail.answered_at,
        "duration_s": detail.billable_s,
        "size_bytes": 0,
        "sha256": None,
        "encrypted_at_rest": False,
    }


def _parties(detail: DetailRecord) -> _Parties:
    caller_id = parse_caller_id(detail.caller_id)
    caller_number = party_number(detail.source)
    if caller_number is None:
        caller_number = caller_id.number
    if detail.context.startswith(_FROM_OUTSIDE):
        direction = "inbound"
    elif is_extension(detail.destination):
        direction = "internal" if is_extension(detail.source) else "inbound"
    else:
        direction = "outbound"
    return _Parties(
        direction=direction,
        caller_number=caller_number,
        caller_name=caller_id.name,
        called_number=party_number(detail.destination),
    )


def _recording_purpose(user_field: str) -> str | None:
    """Why a call was recorded, from `recording=yes;reason=quality`; None when it was not."""
    pairs = dict(part.partition("=")[::2] for part in user_field.split(";"))
    if pairs.get("recording", "").strip().lower() != "yes":
        return None
    reason = pairs.get("reason", "").strip().lower()
    return reason if reason in RECORDING_PURPOSES else "other"
