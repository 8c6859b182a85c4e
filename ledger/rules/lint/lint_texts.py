"""Contradictions and holes in what texts state and promise of data and of themselves. Pure.

Source: OBLIGATIONS X1, X3, X5, X10, X12, X13, X14, X17; GDPR Art. 4(5), 5(1)(b), 7(1), 13, 28(3).
"""

from collections.abc import Iterator
from datetime import date

from ledger.rules.lint.lint_problem import (
    Packs,
    Problem,
    by_provider,
    listed,
    names_of,
    rows_of,
    rows_that_state,
)

PARTIES = frozenset({"calling_party", "called_party", "sender", "recipient"})
"""Data subjects of whom one call or message has two."""

UNTOLD = frozenset({"website", "none"})
"""Ways of changing a notice in which nobody is told but who looks."""


def identifiable_and_not(packs: Packs) -> Iterator[Problem]:
    """X1: a text collects nothing that identifies anyone, and lists what it collects of people."""
    for pack in packs:
        nothing, something = (rows_that_state([pack], name) for name in ("nothing_identifiable", "collects"))
        if nothing and something:
            collected = listed(word for row in something for word in names_of(row.entry, "collects"))
            says = f"Nothing is collected that identifies anyone, and {collected} are collected."
            yield Problem(code="X1", rows=(*nothing, *something), says=says)


def counted_and_listed(packs: Packs) -> Iterator[Problem]:
    """X1: a text says how many there are, and describes another number; or a table of sub-processors does."""
    for row in rows_that_state(packs, "count"):
        count, described = row.entry.states["count"], names_of(row.entry, "lists")
        if described and len(described) != count:
            says = (
                f"The text says that there are {count}, and describes {len(described)}: {listed(described)}."
            )
            yield Problem(code="X1", rows=(row,), says=says)
        if row.entry.processors and len(row.entry.processors) != count:
            says = f"The table has {count} rows, and names {len(row.entry.processors)} sub-processors."
            yield Problem(code="count_differs", rows=(row,), says=says)


def anonymised_use(packs: Packs) -> Iterator[Problem]:
    """X3: a provider may use anonymised data for more, and may not."""
    for group in by_provider(packs):
        stated = rows_that_state(group, "anonymised_use")
        if len({row.entry.states["anonymised_use"] for row in stated}) > 1:
            said = listed(f"{row.entry.states['anonymised_use']} by {row.entry.id}" for row in stated)
            yield Problem(code="X3", rows=tuple(stated), says=f"Other use of anonymised data is {said}.")


def categories_that_differ(packs: Packs) -> Iterator[Problem]:
    """X5: two texts of a provider list different categories of data."""
    for group in by_provider(packs):
        lists = [row for row in rows_of(group, "data_categories") if not row.entry.names("purposes")]
        everything = {word for row in lists for word in row.entry.names("categories")}
        lacking = [
            f"{row.entry.id} lacks {listed(missing)}"
            for row in lists
            if (missing := sorted(everything.difference(row.entry.names("categories"))))
        ]
        if lacking:
            says = f"The provider's lists of categories of data differ: {listed(lacking)}."
            yield Problem(code="X5", rows=tuple(lists), says=says)


def proof_in_the_browser(packs: Packs) -> Iterator[Problem]:
    """X10: the proof of a consent is where the controller cannot show it."""
    stated = rows_that_state(packs, "proof_kept_in")
    in_browser = [row for row in stated if row.entry.states["proof_kept_in"] == "browser"]
    kept = [row for row in rows_of(packs, "retention") if row.entry.parameters["class"] == "consent_proof"]
    if in_browser:
        periods = listed(f"{row.rule} keeps it {row.entry.parameters['period']}" for row in kept)
        says = f"By {listed(row.rule for row in in_browser)} the proof of a consent is in the visitor's browser only"
        yield Problem(
            code="X10",
            rows=(*in_browser, *(row for row in stated if row not in in_browser), *kept),
            says=f"{says}; {periods}." if kept else f"{says}.",
        )


def two_people_in_one_call(packs: Packs) -> Iterator[Problem]:
    """X12: a call has two data subjects, and texts speak of one."""
    rows = [
        row
        for pack in packs
        if not rows_that_state([pack], "each_party")
        for row in rows_that_state([pack], "subjects")
        if PARTIES.intersection(names_of(row.entry, "subjects"))
    ]
    if rows:
        texts = listed(dict.fromkeys(row.pack.id for row in rows))
        yield Problem(
            code="X12",
            rows=tuple(rows),
            says="One call or message is about two people, and may have two controllers; "
            f"the data subject is one in {texts}.",
        )


def told_before_it_happened(packs: Packs) -> Iterator[Problem]:
    """X13: a text is dated before what it tells as past."""
    for row in rows_that_state(packs, "tells_of"):
        dated, told = row.pack.dated, row.entry.states["tells_of"]
        if dated is not None and isinstance(told, date) and told > dated:
            says = f"The text is dated {dated}, and tells of {told} as past."
            yield Problem(code="X13", rows=(row,), says=says)


def masks_that_differ(packs: Packs) -> Iterator[Problem]:
    """X14: one text hides the last digits, another hides others or keeps them."""
    hiding = [
        (row, f"hides the last {row.entry.parameters['hide_last']}") for row in rows_of(packs, "masking")
    ]
    keeping = [
        (row, f"keeps the last {row.entry.states['keeps_last']}")
        for row in rows_that_state(packs, "keeps_last")
    ]
    masks = [*hiding, *keeping]
    if len({mask for _, mask in masks}) > 1:
        said = listed(f"{row.rule} {mask}" for row, mask in masks)
        yield Problem(
            code="X14",
            rows=tuple(row for row, _ in masks),
            says=f"Digits are masked in different ways: {said}.",
        )


def changes_nobody_is_told_of(packs: Packs) -> Iterator[Problem]:
    """X17: one text changes without anybody being told, another only by telling or by consent."""
    notices, contracts = rows_of(packs, "notice_change"), rows_of(packs, "amendment")
    untold = [row for row in notices if row.entry.parameters["told"] in UNTOLD]
    told = [row for row in notices if row not in untold]
    if untold and (told or contracts):
        stricter = [f"{row.rule} by {row.entry.parameters['told']}" for row in told]
        stricter += [f"{row.rule} by consent of both" for row in contracts]
        yield Problem(
            code="X17",
            rows=(*untold, *told, *contracts),
            says=f"By {listed(row.rule for row in untold)} a text may change without anyone being told; "
            f"others change otherwise: {listed(stricter)}.",
        )


def open_lists(packs: Packs) -> Iterator[Problem]:
    """A list that is open by the text itself."""
    for row in rows_that_state(packs, "open_list"):
        says = f"The list of {row.rule} is of examples: there may be more than it names."
        yield Problem(code="open_list", rows=(row,), says=says)
