"""Who handles a controller's personal data: services that publish facts about it, processors that facts name.

They are who is told when data ends (GDPR Art. 19). A row is kept for the first entry of each ledger partition only, so
the table stays as small as the number of services.
"""

from collections.abc import Hashable, Iterator

from ledger.entry import Entry, StreamKind
from ledger.projections.projection import BY_COORDINATES, COORDINATES, Projection, Recorded, Row, Table

SERVICE, PROCESSOR = "service", "processor"
OWN_SOURCES = frozenset({"urn:ledger:self", "urn:ledger:operator", "urn:ledger:cli"})
"""Sources of the ledger itself and of its operators' commands: nobody to be told."""

TABLE = Table(
    name="recipients",
    columns=(
        *COORDINATES,
        ("controller", "text"),
        ("name", "text"),
        ("kind", "text"),
        ("event_type", "text"),
    ),
    order_by=(*BY_COORDINATES, "kind", "name"),
    first_of=("controller", "name", "kind", "event_type"),
)


def recipients_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Name and kind of everyone whom an entry shows to handle its data; a name can come twice."""
    if entry.event_source not in OWN_SOURCES:
        yield entry.event_source, SERVICE
    for processor in entry.processors:
        yield processor, PROCESSOR


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per service and processor of an entry that may be about a person."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry) or entry.stream_kind == StreamKind.GOVERNANCE:
        return
    for name, kind in recipients_of(entry):
        yield TABLE, (recorded.partition, recorded.offset, entry.controller, name, kind, entry.event_type)


def follows_from(recorded: Recorded) -> Hashable:
    """What tells an entry's recipients from another's; None for records that show none."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry) or entry.stream_kind == StreamKind.GOVERNANCE:
        return None
    return (entry.controller, entry.event_source, entry.event_type, tuple(entry.processors))


PROJECTION = Projection(name="recipients", tables=(TABLE,), apply=apply, follows_from=follows_from)
