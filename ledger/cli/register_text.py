"""Registers of processing activities as a document to read and to hand over: Markdown, article by article."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ledger.cli.output import plain
from ledger.rules.calendar.moment_text import period_text
from ledger.rules.calendar.periods import Period

MISSING = "**not recorded**"
STATEMENT = "statement"
"""How a transfer is shown that somebody stated; others say what entries show it."""
_SPECIAL = re.compile(r"([\\`*\[\]<>#|]|(?<!\w)_|_(?!\w))")
"""What Markdown reads as markup; an underscore within a word is none."""
STARTS = {
    "event": "the day it came in",
    "agreement_end": "the end of the agreement",
    "consent_end": "the end of the consent",
    "request_fulfilled": "the answer to the request",
}
AT_ONCE = "P0D"

Document = Mapping[str, Any]


def as_markdown(documents: Sequence[Document], as_of: str) -> str:
    """The document.

    Args:
        documents: as `ledger register --json` prints them, in the order they are to stand in.
        as_of: when what they say was known, RFC 3339.
    """
    lines = [
        "# Records of processing activities",
        "",
        f"As known at {as_of}, from the entries of the ledger.",
    ]
    for each in documents:
        lines += ["", *(_of_processor(each) if each["role"] == "processor" else _of_controller(each))]
    if not documents:
        lines += ["", "No entry about a person is recorded."]
    return "\n".join(lines)


def _of_controller(document: Document) -> Iterator[str]:
    yield f"## {_text(document['controller'])}, controller: {document['article']}"
    yield ""
    yield "### (a) Names and contact details"
    yield ""
    yield from _people(document["a_names_and_contacts"])
    for one in document["activities"]:
        yield ""
        yield f"### (b) Purpose: {_text(one['b_purpose'])}"
        yield ""
        yield f"- Lawful basis: {_text(one['lawful_basis'])}; role of the publisher of the facts: {_text(one['role'])}"
        yield f"- (c) Data subjects: {_listed(one['c_data_subjects'])}"
        yield f"- (c) Personal data: {_listed(one['c_personal_data'])}"
        yield f"- (d) Recipients: {_listed(map(_recipient, one['d_recipients']), none='none')}"
        yield f"- Stored in: {_listed(one['storage_countries'], none='nowhere')}"
        yield from _transfers("(e) Transfers to third countries", one["e_transfers"])
        yield from _limits(one["f_erasure_limits"])
        yield f"- Shown by: {', '.join(one['ledger'])}"
    yield ""
    yield "### (e) All transfers"
    yield ""
    yield from _transfers("Transfers to third countries", document["e_transfers"])
    yield ""
    yield "### (g) Security measures"
    yield ""
    yield from _measures(document["g_security_measures"])
    yield from _missing(document["missing"])


def _of_processor(document: Document) -> Iterator[str]:
    yield f"## Processing for {_text(document['controller'])}, by its processor: {document['article']}"
    yield ""
    yield "### (a) Names and contact details"
    yield ""
    parties = document["a_names_and_contacts"]
    yield from (f"- Processor: {_party(each)}" for each in parties["processors"] or [None])
    yield from _people(parties)
    yield ""
    yield "### (b) Categories of processing"
    yield ""
    for one in document["b_categories_of_processing"]:
        yield f"- {_text(one['purpose'])}: {_listed(one['operations'])}"
        yield f"    - Data subjects: {_listed(one['data_subjects'])}; data: {_listed(one['personal_data'])}"
        yield f"    - Sub-processors: {_listed(one['sub_processors'], none='none')}"
        yield f"    - Shown by: {', '.join(one['ledger'])}"
    yield ""
    yield "### (c) Transfers"
    yield ""
    yield from _transfers("Transfers to third countries", document["c_transfers"])
    yield ""
    yield "### (d) Security measures"
    yield ""
    yield from _measures(document["d_security_measures"])
    yield from _missing(document["missing"])


def _people(parties: Document) -> Iterator[str]:
    yield f"- Controller: {_party(parties['controller'])}"
    yield from (f"- Joint controller: {_party(each)}" for each in parties["joint_controllers"])
    if parties["representative"] is not None:
        yield f"- Representative: {_party(parties['representative'])}"
    yield f"- Data protection officer: {_party(parties['data_protection_officer'])}"


def _party(one: Document | None) -> str:
    if one is None:
        return MISSING
    said = [one["name"], one["address"], one["country"], one["contact"]]
    return f"{', '.join(_text(each) for each in said if each)} ({one['ledger']})"


def _recipient(one: Document) -> str:
    countries = one["third_countries"]
    return f"{one['recipient']} (also in {', '.join(countries)})" if countries else one["recipient"]


def _transfers(title: str, transfers: Sequence[Document]) -> Iterator[str]:
    if not transfers:
        yield f"- {title}: none shown"
        return
    yield f"- {title}:"
    for one in transfers:
        whom = f" to {_text(one['recipient'])}" if one["recipient"] else ""
        yield f"    - {_text(one['country'])}{whom}: {_rests_on(one)} ({one['ledger']})"


def _rests_on(one: Document) -> str:
    if one["shown_as"] != STATEMENT:
        return f"shown by {_text(one['shown_as'])}"
    said = [_text(one["mechanism"] or "no mechanism stated")]
    if one["valid_from"]:
        said.append(f"from {one['valid_from'][:10]}")
    if one["valid_until"]:
        said.append(f"until {one['valid_until'][:10]}")
    said.append(
        f"safeguards: {_text(one['safeguards'])}" if one["safeguards"] else "no document of safeguards"
    )
    return ", ".join(said)


def _limits(limits: Sequence[Document]) -> Iterator[str]:
    if not limits:
        yield f"- (f) Erasure: {MISSING}"
        return
    yield "- (f) Erasure, per category:"
    for one in limits:
        said = [
            f"{_period(one['period'])} from {STARTS[one['starts']]} ({_text(one['rule'])})"
            if one["period"]
            else MISSING,
            *map(_after_agreement, one["after_agreement"]),
        ]
        yield f"    - {_text(one['category'])}: {'; '.join(said)}"


def _after_agreement(one: Document) -> str:
    when = "when the agreement ends" if one["period"] == AT_ONCE else "after the agreement ends"
    choice = ", if the controller chooses so" if one["on_choice"] else ""
    return f"{_period(one['period'])} {when}{choice} ({_text(one['rule'])})"


def _period(text: str) -> str:
    return "at once" if text == AT_ONCE else period_text(Period.parse(text))


def _measures(one: Document | None) -> Iterator[str]:
    if one is None:
        yield MISSING
        return
    yield f"{_text(one['description'])} ({one['ledger']})"
    if one["measures"]:
        yield ""
        yield from (f"- {_text(each)}" for each in one["measures"])


def _missing(missing: Sequence[str]) -> Iterator[str]:
    if missing:
        yield ""
        yield "### Missing"
        yield ""
        yield from (f"- {_text(each)}" for each in missing)


def _listed(values: Iterable[str], none: str = MISSING) -> str:
    return ", ".join(_text(each) for each in values) or none


def _text(value: object) -> str:
    """Text from outside: nothing in it can act on a terminal or stand for a heading, a link or markup."""
    return _SPECIAL.sub(r"\\\1", plain(value))
