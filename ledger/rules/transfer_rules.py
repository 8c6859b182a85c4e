"""Where data is: stored in the countries that were promised, and outside the EEA only on a valid mechanism. Pure.

Storage, processing and access are apart (X7): data can be stored here, transcribed there and looked at from a third
country. Each needs a mechanism that is valid when it happens (X16).

Source: GDPR Art. 44 to 49; CB-34, CB-35, CD-10, CD-11, CF-06, MB-26, MB-48.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.aggregates.subprocessor import Subprocessor
from ledger.aggregates.transfer_mechanism import SAFEGUARDED
from ledger.rules.controller_state import ControllerState
from ledger.rules.eea import EEA, in_eea
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.moment_text import listed
from ledger.rules.processing_facts import Access, Export, Processing, Transcription
from ledger.rules.processor_rules import KnownProcessor, processors_known

DATA_SUBJECT = "data_subject"
"""Who gets or looks at their own data: that is no transfer, wherever they are (EDPB Guidelines 05/2021)."""


class Place(NamedTuple):
    """A country outside the EEA that data is in, how, and the processors whose mechanism counts."""

    country: str
    how: str
    processors: Sequence[KnownProcessor]


def judge_transfers(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """What the countries of an entry come to, against Chapter V GDPR."""
    outside = [place for place in _places(it, state, at) if place.country and not in_eea(place.country, at)]
    without = [
        place for place in outside if not any(_covers(one, place.country, at) for one in place.processors)
    ]
    if without:
        where = listed(list(dict.fromkeys(f"{place.how} in {place.country}" for place in without)))
        yield Finding(
            code="transfer_without_mechanism",
            article="GDPR Art. 44, 46",
            expected="data outside the EEA only on a mechanism that is valid when it happens",
            found=f"{it.event_type}: {where} without a valid mechanism",
        )
    elif outside:
        yield Shown("transfer_with_mechanism", "")


def judge_storage(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether an entry's data is stored where documents promise; nothing when nothing is stored."""
    if not it.storage_country:
        return
    for rule, entry in state.entries("storage", at):
        countries = entry.names("countries")
        region = entry.parameters.get("region")
        stored = it.storage_country.upper()
        if stored in countries or (region == EEA and in_eea(stored, at)):
            yield Shown("stored_within_region", rule)
            continue
        allowed = [*countries, *(["the EEA"] if region == EEA else [])]
        yield Finding(
            code="stored_outside_region",
            article=entry.article,
            expected=f"storage in {listed(allowed)} only",
            found=f"{it.event_type} stored in {stored}",
            rule=rule,
        )


def _places(it: Processing, state: ControllerState, at: int) -> Iterator[Place]:
    """Every country an entry's data is in, as far as it is known."""
    known = processors_known(it.processors, state, at)
    yield Place(it.storage_country, "stored", known)
    match it.details:
        case Transcription(engine_processor=engine, processing_country=country):
            engines = processors_known((*it.processors, engine), state, at) if engine else known
            yield Place(country, "transcribed", engines)
        case Access(actor_role=role, actor_country=country) if role != DATA_SUBJECT:
            yield Place(country, "looked at", known)
        case Export(recipient_kind=kind, destination_country=country) if kind != DATA_SUBJECT:
            yield Place(country, "exported to somebody", known)
    for one in known:
        for country in _countries(one, at):
            yield Place(country, f"processed by {one.name}", [one])


def _countries(one: KnownProcessor, at: int) -> tuple[str, ...]:
    """Where a processor processes: as the controller was told of it, else as documents list it."""
    told = one.case.countries_at(at) if one.case is not None else ()
    return told or tuple(country for row, _ in one.rows for country in row.countries)


def _covers(one: KnownProcessor, country: str, at: int) -> bool:
    """Whether a processor's mechanism allows a transfer to a country at a moment.

    What facts say of the country goes before what a document lists: a mechanism falls away by a fact.
    """
    if one.case is not None and _speaks_of(one.case, country):
        mechanism = one.case.mechanism_at(country, at)
        return mechanism is not None and mechanism.allows_transfer
    return any(
        row.mechanism in SAFEGUARDED and row.valid_at(at) and (country in row.countries or not row.countries)
        for row, _ in one.rows
    )


def _speaks_of(case: Subprocessor, country: str) -> bool:
    stated = [each.countries for each in case.mechanisms] + [each.countries for each in case.announcements]
    return any(country in countries for countries in stated)
