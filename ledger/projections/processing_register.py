"""What registers of processing activities are made of: of each activity, what entries show of it.

An activity is a purpose, on a lawful basis, in a role, for a controller. A row is kept for the first entry of each
ledger partition that shows an aspect's value, so the table stays as small as a register is.

Source: GDPR Art. 30(1)(b) to (d) and 30(2)(b); CB-08, CB-09, MB-05: providers need both registers.
"""

from collections.abc import Hashable, Iterator
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry, StreamKind
from ledger.projections.projection import COORDINATES, TIMES, Projection, Recorded, Row, Table

TABLE = Table(
    name="processing_register",
    columns=(
        *COORDINATES,
        ("item", "int4"),
        ("activity", "uuid"),
        ("controller", "text"),
        ("role", "text"),
        ("purpose", "text"),
        ("lawful_basis", "text"),
        ("aspect", "text"),
        ("value", "text"),
        *TIMES,
    ),
    order_by=("ledger_partition", "ledger_offset", "item"),
    # The activity stands for the four columns after it: together they are too long for an index.
    first_of=("activity", "aspect", "value"),
)

OWN_SOURCE = "urn:ledger:self"
"""The ledger's own facts are about keeping this very register."""

ACTIVITIES_CACHED = 4096
"""A provider's activities: its controllers times a handful of purposes."""

NO_RECIPIENTS = frozenset({"data_subject", "controller"})
"""To whom data may go in an export without being disclosed to a recipient."""

DISCLOSED, REFUSED = "data.disclosed", "refused"
AUTHORITY = "authority"


class _Open(msgspec.Struct, frozen=True):
    """Fields of the few events that say more of an activity than the common fields."""

    engine_processor: str = ""
    processing_country: str = ""
    recipient_kind: str = ""
    outcome: str = ""


_read_open = reader(_Open)
SAY_MORE = frozenset({"call.transcribed", "data.exported", DISCLOSED})

COUNTRY_CHARACTERS = 2
NAME_CHARACTERS_MAX = 256
"""Of a name in open fields, whose text has no length: it is in an index."""


def follows_from(recorded: Recorded) -> Hashable:
    """What tells what an entry shows from another's; None for records that show nothing of an activity."""
    entry = recorded.record
    if not isinstance(entry, Entry) or recorded.version is None:
        return None
    if entry.stream_kind == StreamKind.GOVERNANCE or entry.event_source == OWN_SOURCE:
        return None
    return (
        entry.controller,
        entry.purpose,
        entry.event_type,
        entry.role,
        entry.lawful_basis,
        entry.storage_country,
        *entry.data_categories,
        None,
        *entry.processors,
        None,
        *entry.subject_roles,
        None,
        *[sealed.retention_class for sealed in entry.sealed],
        _read_open(entry.open_fields) if entry.event_type in SAY_MORE else None,
    )


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per aspect and value of an entry that may be about a person."""
    entry = recorded.record
    if not isinstance(entry, Entry) or recorded.version is None:
        return
    if entry.stream_kind == StreamKind.GOVERNANCE or entry.event_source == OWN_SOURCE:
        return
    of_entry = (entry.controller, entry.role, entry.purpose, entry.lawful_basis)
    for item, (aspect, value) in enumerate(dict.fromkeys(aspects_of(entry))):
        yield (
            TABLE,
            (
                recorded.partition,
                recorded.offset,
                item,
                activity_of(*of_entry),
                *of_entry,
                aspect,
                value,
                entry.occurred_at,
                entry.sealed_at,
            ),
        )


@lru_cache(maxsize=ACTIVITIES_CACHED)
def activity_of(controller: str, role: str, purpose: str, lawful_basis: str) -> UUID:
    """What names an activity: the same four always give the same UUID."""
    return uuid5(
        NAMESPACE_URL, msgspec.json.encode(["activity", controller, role, purpose, lawful_basis]).decode()
    )


def aspects_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Each aspect and value that an entry shows of its activity; a pair can come twice."""
    yield "event_type", entry.event_type
    for category in entry.data_categories:
        yield "data_category", category
    for role in entry.subject_roles:
        yield "subject_category", role
    for processor in entry.processors:
        yield "recipient", processor
    if entry.storage_country:
        yield "storage_country", entry.storage_country
    for sealed in entry.sealed:
        yield "retention_class", sealed.retention_class
    if entry.event_type in SAY_MORE and (more := _read_open(entry.open_fields)) is not None:
        yield from _more(entry.event_type, more)


def _more(event_type: str, more: _Open) -> Iterator[tuple[str, str]]:
    if more.engine_processor:
        yield "recipient", more.engine_processor[:NAME_CHARACTERS_MAX]
    if len(more.processing_country) == COUNTRY_CHARACTERS:
        yield "processing_country", more.processing_country
    if more.recipient_kind and more.recipient_kind not in NO_RECIPIENTS:
        yield "recipient", more.recipient_kind[:NAME_CHARACTERS_MAX]
    if event_type == DISCLOSED and more.outcome != REFUSED:
        yield "recipient", AUTHORITY


PROJECTION = Projection(name="processing_register", tables=(TABLE,), apply=apply, follows_from=follows_from)
