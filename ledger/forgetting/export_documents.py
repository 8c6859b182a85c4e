"""What stands in an export: one document per entry and per change of consent, as JSON and as a row of a table.

Pure. A personal field that still opens is shown with its value, one that does not with the reason; none is left
out in silence. Leaves to others: which entries (`ledger.store.exports`), the file (`ledger.forgetting.archive`).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from ledger.contract.catalogue import Catalogue
from ledger.contract.cloudevents import format_time
from ledger.entry import Entry
from ledger.store.exports import RecordedEntry
from ledger.store.queries import ConsentChange

KEY_DESTROYED = "key_destroyed"
PERSONAL = "personal."
"""Before the name of a personal field's column, so that it is told from the columns of every entry."""
COMMON_COLUMNS = (
    "ledger", "subject", "what", "happened_at", "sealed_at", "controller", "role", "purpose", "lawful_basis",
    "data_categories", "processors", "storage_country", "instruction_id", "notice_version", "subject_roles",
    "event_source", "event_id", "details", "closed",
)  # fmt: skip
CONSENT_COLUMNS = (
    "ledger", "subject", "controller", "purpose", "state", "happened_at", "sealed_at", "category", "method",
    "language", "notice_version", "notice_hash", "expires_at", "evidence",
)  # fmt: skip

Document = dict[str, Any]
Opened = Mapping[str, object]
"""The personal fields of an entry that still open, by name."""


def entry_columns(catalogue: Catalogue) -> tuple[str, ...]:
    """The columns of entries.csv: those of every entry, then one for each personal field any event may have."""
    names = {field.name for event in catalogue.by_fingerprint.values() for field in event.personal_fields}
    return (*COMMON_COLUMNS, *(f"{PERSONAL}{name}" for name in sorted(names)))


def entry_document(line: RecordedEntry, opened: Opened) -> Document:
    """One entry as entries.json has it: `personal` is what opens, `closed` what does not, and why."""
    entry = line.entry
    return {
        **_common(line),
        "data_categories": entry.data_categories,
        "processors": entry.processors,
        "subject_roles": entry.subject_roles,
        "details": msgspec.json.decode(entry.open_fields),
        "personal": {
            sealed.field: {"retention_class": sealed.retention_class, "value": opened[sealed.field]}
            for sealed in entry.sealed
            if sealed.field in opened
        },
        "closed": closed_fields(entry, opened),
    }


def entry_row(line: RecordedEntry, opened: Opened) -> Document:
    """One entry as entries.csv has it."""
    entry = line.entry
    return {
        **_common(line),
        "data_categories": entry.data_categories,
        "processors": entry.processors,
        "subject_roles": entry.subject_roles,
        "details": entry.open_fields,
        "closed": [f"{field}: {why}" for field, why in closed_fields(entry, opened).items()],
        **{f"{PERSONAL}{name}": value for name, value in opened.items()},
    }


def closed_fields(entry: Entry, opened: Opened) -> dict[str, str]:
    """The personal fields of an entry that are not readable, each with its reason."""
    closed = {sealed.field: KEY_DESTROYED for sealed in entry.sealed if sealed.field not in opened}
    return closed | {dropped.field: dropped.reason for dropped in entry.dropped}


def consent_document(change: ConsentChange) -> Document:
    """One change of consent, as both files have it."""
    return {
        "ledger": f"{change.partition}:{change.offset}",
        "subject": str(change.stream),
        "controller": change.controller,
        "purpose": change.purpose,
        "state": change.state,
        "happened_at": format_time(change.occurred_at),
        "sealed_at": format_time(change.sealed_at),
        "category": change.category,
        "method": change.method,
        "language": change.language,
        "notice_version": change.notice_version,
        "notice_hash": change.notice_hash,
        "expires_at": None if change.expires_at is None else format_time(change.expires_at),
        "evidence": change.evidence,
    }


def _common(line: RecordedEntry) -> Document:
    entry = line.entry
    return {
        "ledger": f"{line.partition}:{line.offset}",
        "subject": str(entry.stream) if entry.stream_kind == "subject" else None,
        "what": entry.event_type,
        "happened_at": format_time(entry.occurred_at),
        "sealed_at": format_time(entry.sealed_at),
        "controller": entry.controller,
        "role": entry.role,
        "purpose": entry.purpose,
        "lawful_basis": entry.lawful_basis,
        "storage_country": entry.storage_country,
        "instruction_id": entry.instruction_id,
        "notice_version": entry.notice_version,
        "event_source": entry.event_source,
        "event_id": entry.event_id,
    }
