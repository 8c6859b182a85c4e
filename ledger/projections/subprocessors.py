"""Sub-processors: what controllers were told of each, what they said to it, and what adopted documents list.

Source: GDPR Art. 28(2) and 28(4); CB-03, CD-15, CD-16, CD-35, CD-36, MB-48.
"""

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from ledger.aggregates.open_fields import reader
from ledger.entry import Entry
from ledger.projections.projection import COORDINATES, TIMES, Projection, Recorded, Row, Table
from ledger.rules.calendar.periods import first_moment_after, first_moment_of
from ledger.rules.controller_state import read_pack
from ledger.rules.packs.listed_processor import ListedProcessor

PHASES = {
    "subprocessor.announced": "announced",
    "subprocessor.objected": "objected",
    "subprocessor.objection_settled": "objection_settled",
    "subprocessor.contracted": "contracted",
    "subprocessor.activated": "activated",
    "subprocessor.ended": "ended",
    "transfer.mechanism_set": "mechanism_set",
    "processor.opted_in": "opted_in",
    "processor.opted_out": "opted_out",
}
ADOPTED, LISTED = "policy.adopted", "listed"
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

TABLE = Table(
    name="subprocessors",
    columns=(
        *COORDINATES,
        ("item", "int4"),
        ("controller", "text"),
        ("subprocessor", "text"),
        ("phase", "text"),
        ("rule", "text"),
        ("service", "text"),
        ("countries", "text[]"),
        ("mechanism", "text"),
        ("valid_from", "int8"),
        ("valid_until", "int8"),
        ("safeguards", "text"),
        ("agreement_concluded", "bool"),
        ("optional", "bool"),
        ("starts_at", "int8"),
        *TIMES,
    ),
    order_by=("ledger_partition", "ledger_offset", "item"),
)


class Stated(msgspec.Struct, frozen=True):
    """What one statement says of a sub-processor; `rule` is the promise whose list it is on."""

    subprocessor: str
    rule: str = ""
    service: str | None = None
    countries: list[str] = []
    mechanism: str | None = None
    valid_from: int | None = None
    valid_until: int | None = None
    safeguards: str | None = None
    agreement_concluded: bool | None = None
    optional: bool | None = None
    starts_at: int | None = None


class _Fact(msgspec.Struct, frozen=True):
    subprocessor: str
    service: str | None = None
    countries: list[str] = []
    mechanism: str | None = None
    mechanism_valid_from: int | None = None
    mechanism_valid_until: int | None = None
    valid_from: int | None = None
    valid_until: int | None = None
    safeguards: str | None = None
    agreement_concluded: bool | None = None
    same_duties: bool | None = None
    optional: bool | None = None
    starts_at: int | None = None


_read_fact = reader(_Fact)


def stated_by(entry: Entry) -> Iterable[Stated]:
    """What an entry says of sub-processors: itself, or by the lists of the pack it adopts."""
    if entry.event_type == ADOPTED:
        return _listed(entry)
    if entry.event_type not in PHASES or (fact := _read_fact(entry.open_fields)) is None:
        return ()
    return (
        Stated(
            fact.subprocessor,
            service=fact.service,
            countries=fact.countries,
            mechanism=fact.mechanism,
            valid_from=fact.mechanism_valid_from if fact.valid_from is None else fact.valid_from,
            valid_until=fact.mechanism_valid_until if fact.valid_until is None else fact.valid_until,
            safeguards=fact.safeguards,
            # A contract that says less than the provider's own is none by Art. 28(4).
            agreement_concluded=fact.agreement_concluded if fact.same_duties is None else fact.same_duties,
            optional=fact.optional,
            starts_at=fact.starts_at,
        ),
    )


def _listed(entry: Entry) -> Iterable[Stated]:
    pack = read_pack(entry)
    if pack is None:
        return
    for listing in pack.entries:
        for each in listing.processors:
            yield _of_list(f"{pack.id}:{listing.id}", each)


def _of_list(rule: str, each: ListedProcessor) -> Stated:
    return Stated(
        each.name,
        rule,
        each.service,
        list(each.countries),
        each.mechanism,
        None if each.valid_from is None else first_moment_of(_day(each.valid_from)),
        None if each.valid_until is None else first_moment_after(_day(each.valid_until)),
        None,
        each.agreement,
        each.optional,
    )


def _day(given: date) -> int:
    return given.toordinal() - _EPOCH_ORDINAL


def apply(recorded: Recorded) -> Iterator[tuple[Table, Row]]:
    """One row per statement about a sub-processor; those of a list in its order."""
    entry = recorded.record
    if recorded.version is None or not isinstance(entry, Entry):
        return
    phase = PHASES.get(entry.event_type, LISTED)
    for item, stated in enumerate(stated_by(entry)):
        name, *others = msgspec.structs.astuple(stated)
        yield (
            TABLE,
            (
                recorded.partition,
                recorded.offset,
                item,
                entry.controller,
                name,
                phase,
                *others,
                entry.occurred_at,
                entry.sealed_at,
            ),
        )


PROJECTION = Projection(
    name="subprocessors", tables=(TABLE,), apply=apply, event_types=frozenset({*PHASES, ADOPTED})
)
