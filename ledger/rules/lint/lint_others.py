"""Contradictions and holes about sub-processors, transfers, breaches and requests. Pure.

Source: OBLIGATIONS X6, X7, X8, X15, X16; GDPR Art. 12(2), 28(4), 33(1), 33(2), 44 to 49.
"""

from collections.abc import Iterable, Iterator

from ledger.rules.calendar.hours import Hours
from ledger.rules.lint.lint_problem import Packs, Problem, Row, by_provider, listed, names_of, rows_of
from ledger.rules.packs.listed_processor import ListedProcessor
from ledger.rules.processing.eea import MEMBERS

AUTHORITY_HOURS = 72
"""What the controller has from its awareness, GDPR Art. 33(1)."""


def agreements_missing(packs: Packs) -> Iterator[Problem]:
    """X6: a text has an agreement with all of its sub-processors, and none with some; or just none with some."""
    for row in rows_of(packs, "subprocessors"):
        without = [one for one in row.entry.processors if one.agreement is False]
        claimed = bool(row.entry.states.get("all_have_agreements"))
        if without:
            yield Problem(
                code="X6" if claimed else "listed_without_agreement",
                rows=(row,),
                says=f"By the table there is no agreement with {_names(without)}"
                + ("; by the text there is one with all." if claimed else "."),
            )


def stored_here_processed_there(packs: Packs) -> Iterator[Problem]:
    """X7: storage is guaranteed in a region, and sub-processors are outside it."""
    for group in by_provider(packs):
        storage = rows_of(group, "storage")
        beyond = [
            (row, found)
            for row in rows_of(group, "subprocessors")
            if (found := _outside(row.entry.processors))
        ]
        if storage and beyond:
            where = listed(
                f"{listed(row.entry.names('countries')) or 'the EEA'} ({row.entry.id})" for row in storage
            )
            who = listed(f"{one.name} in {listed(one.countries)}" for _, found in beyond for one in found)
            yield Problem(
                code="X7",
                rows=(*storage, *(row for row, _ in beyond)),
                says=f"Data is stored only in {where}; it may be processed by {who}.",
            )


def breach_clocks(packs: Packs) -> Iterator[Problem]:
    """X8: controllers are told of breaches within different hours; or so late that their own hours may be gone."""
    clocks = [
        (row, within, "at the latest" if row.entry.parameters["strict"] else "where possible")
        for row in rows_of(packs, "breach_notice")
        if row.entry.parameters["recipient"] == "controller"
        and isinstance(within := row.entry.parameters["within"], Hours)
    ]
    if len({(within, how) for _, within, how in clocks}) > 1:
        said = listed(f"{row.rule} {within} {how}" for row, within, how in clocks)
        yield Problem(
            code="X8",
            rows=tuple(row for row, _, _ in clocks),
            says=f"The clocks for telling a controller of a breach differ: {said}.",
        )
    for row, within, _ in clocks:
        if within.number >= AUTHORITY_HOURS:
            says = f"By {row.rule} the controller may learn of a breach {within} after its discovery."
            yield Problem(code="breach_clock_takes_all", rows=(row,), says=says)


def channels_that_differ(packs: Packs) -> Iterator[Problem]:
    """X15: a channel is invalid for a customer here, and valid for others or elsewhere."""
    rows = rows_of(packs, "request_channel")
    for strict in (row for row in rows if row.entry.parameters["strict"] and row.entry.names("customer")):
        valid = [(row, channels) for row in rows if (channels := _valid_elsewhere(row, strict))]
        if valid:
            others = "; ".join(f"{row.rule} takes {listed(channels)}" for row, channels in valid)
            yield Problem(
                code="X15",
                rows=(strict, *(row for row, _ in valid)),
                says=f"From a customer {strict.rule} takes {listed(strict.entry.names('customer'))} and nothing else; "
                f"{others}.",
            )


def mechanisms_without_dates(packs: Packs) -> Iterator[Problem]:
    """X16: a country outside the EEA stands as the EU, or a mechanism has no dates; or there is no mechanism."""
    for row in rows_of(packs, "subprocessors"):
        outside = _outside(row.entry.processors)
        undated = [one for one in outside if one.mechanism and one.valid_from is one.valid_until is None]
        counted = [code for code in names_of(row.entry, "counted_as_eu") if code not in MEMBERS]
        says = [f"{listed(counted)} stands as the EU"] if counted else []
        says += [f"no dates are given for the mechanisms of {_names(undated)}"] if undated else []
        if says:
            yield Problem(code="X16", rows=(row,), says=f"In {row.rule} {' and '.join(says)}.")
        missing = [one for one in outside if one.mechanism is None]
        if missing:
            says_missing = f"In {row.rule} no mechanism is named for {_names(missing)}."
            yield Problem(code="listed_without_mechanism", rows=(row,), says=says_missing)


def _names(processors: Iterable[ListedProcessor]) -> str:
    return listed(one.name for one in processors)


def _outside(processors: Iterable[ListedProcessor]) -> list[ListedProcessor]:
    return [one for one in processors if not MEMBERS.issuperset(one.countries)]


def _valid_elsewhere(row: Row, strict: Row) -> list[str]:
    """The channels that an entry takes and a strict one does not: of customers in other texts, of anyone else here."""
    taken = row.entry.names("others" if row.pack.id == strict.pack.id else "customer")
    return [channel for channel in taken if channel not in strict.entry.names("customer")]
