"""Where data is: stored in the countries that were promised, and outside the EEA only on a valid mechanism. Pure.

Storage, processing and access are apart (X7): data can be stored here, transcribed there and looked at from a third
country. Each needs a mechanism that is valid when it happens (X16).

Source: GDPR Art. 44 to 49; CB-34, CB-35, CD-10, CD-11, CF-06, MB-26, MB-48.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ledger.aggregates.subprocessor import Subprocessor
from ledger.aggregates.transfer_mechanism import SAFEGUARDED
from ledger.rules.calendar.moment_text import listed
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding, about_all
from ledger.rules.judged import Shown
from ledger.rules.processing.eea import EEA, in_eea
from ledger.rules.processing.processing_facts import Access, Export, Processing, Transcription
from ledger.rules.processing.processor_rules import KnownProcessor, processors_known

DATA_SUBJECT = "data_subject"
"""Who gets or looks at their own data: that is no transfer, wherever they are (EDPB Guidelines 05/2021)."""


BACKUP = "backup"
"""Why data is exported to be kept."""

MECHANISM_TEXTS: Mapping[str, str] = {
    "adequacy": "an adequacy decision",
    "scc": "standard contractual clauses",
    "bcr": "binding corporate rules",
    "derogation": "a derogation",
}


class Place(NamedTuple):
    """A country that data is in, how, and the processors whose mechanism counts."""

    country: str
    how: str
    processors: Sequence[KnownProcessor]


def judge_transfers(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """What the countries of an entry come to, against Chapter V GDPR, and against the mechanisms documents promise."""
    outside = [place for place in _places(it, state, at) if place.country and not in_eea(place.country, at)]
    resting = [(place, _mechanisms(place, at)) for place in outside]
    without = [place for place, mechanisms in resting if not mechanisms]
    if without:
        yield Finding(
            code="transfer_without_mechanism",
            article="GDPR Art. 44, 46",
            expected="data outside the EEA only on a mechanism that is valid when it happens",
            found=f"{it.event_type}: {_named(without)} without a valid mechanism",
            about=_processors(without),
        )
    elif outside:
        yield Shown("transfer_with_mechanism", "")
    for rule, entry in state.entries("transfer", at):
        promised, purposes = entry.names("mechanisms"), entry.names("purposes")
        if not promised or (purposes and it.purpose not in purposes):
            continue
        # What rests on nothing at all is found by the law already.
        other = [(place, on) for place, on in resting if on and not on.intersection(promised)]
        if other:
            rests_on = sorted(frozenset[str]().union(*(on for _, on in other)))
            yield Finding(
                code="transfer_without_mechanism",
                article=entry.article,
                expected=f"data outside the EEA on {listed(_in_words(promised))} only",
                found=f"{it.event_type}: {_named(place for place, _ in other)} on {listed(_in_words(rests_on))}",
                rule=rule,
            )


def judge_storage(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """Whether an entry's data is stored where documents promise; nothing when nothing is stored.

    What leaves as a back-up is stored where it goes: storage is any place data is kept in for good (CD-10).
    """
    stored = _stored(it)
    if not stored:
        return
    for rule, entry in state.entries("storage", at):
        countries = entry.names("countries")
        region = entry.parameters.get("region")
        beyond = [
            how
            for country, how in stored.items()
            if country not in countries and not (region == EEA and in_eea(country, at))
        ]
        if not beyond:
            yield Shown("stored_within_region", rule)
            continue
        allowed = [*countries, *(["the EEA"] if region == EEA else [])]
        yield Finding(
            code="stored_outside_region",
            article=entry.article,
            expected=f"storage in {listed(allowed)} only",
            found=f"{it.event_type} {listed(beyond)}",
            rule=rule,
        )


def _stored(it: Processing) -> dict[str, str]:
    """The countries an entry's data is kept in, with how, in words."""
    stored: dict[str, str] = {}
    if it.storage_country:
        stored[it.storage_country.upper()] = f"stored in {it.storage_country.upper()}"
    if isinstance(it.details, Export) and it.details.reason == BACKUP and it.details.destination_country:
        country = it.details.destination_country.upper()
        stored.setdefault(country, f"backed up in {country}")
    return stored


def _places(it: Processing, state: ControllerState, at: int) -> Iterator[Place]:
    """Every country an entry's data is in, as far as it is known."""
    known = processors_known(it.processors, state, at, it.purpose)
    yield Place(it.storage_country, "stored", known)
    match it.details:
        case Transcription(engine_processor=engine, processing_country=country):
            named = (*it.processors, engine)
            engines = processors_known(named, state, at, it.purpose) if engine else known
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
    return told or tuple(country for _, row, _ in one.listings for country in row.countries)


def _mechanisms(place: Place, at: int) -> frozenset[str]:
    """The mechanisms a transfer to a place rests on; none when it rests on nothing."""
    found = (_mechanism(one, place.country, at) for one in place.processors)
    return frozenset(mechanism for each in found for mechanism in each)


def _mechanism(one: KnownProcessor, country: str, at: int) -> Iterator[str]:
    """What allows a transfer to a processor in a country at a moment.

    What facts say of the country goes before what a document lists: a mechanism falls away by a fact.
    """
    if one.case is not None and _speaks_of(one.case, country):
        stated = one.case.mechanism_at(country, at)
        if stated is not None and stated.allows_transfer:
            yield stated.mechanism
        return
    for _, row, _ in one.listings:
        if (
            row.mechanism in SAFEGUARDED
            and row.valid_at(at)
            and (country in row.countries or not row.countries)
        ):
            yield row.mechanism


def _speaks_of(case: Subprocessor, country: str) -> bool:
    stated = [each.countries for each in case.mechanisms] + [each.countries for each in case.announcements]
    return any(country in countries for countries in stated)


def _named(places: Iterable[Place]) -> str:
    return listed(list(dict.fromkeys(f"{place.how} in {place.country}" for place in places)))


def _processors(places: Iterable[Place]) -> str:
    return about_all(one.name.lower() for place in places for one in place.processors)


def _in_words(mechanisms: Iterable[str]) -> list[str]:
    return [MECHANISM_TEXTS[mechanism] for mechanism in mechanisms]
