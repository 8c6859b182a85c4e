"""Promises of every kind, read from a pack with what each of them asks."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from ledger.rules.calendar.hours import Hours
from ledger.rules.calendar.periods import Period
from ledger.rules.packs.listed_processor import ListedProcessor
from ledger.rules.packs.pack_reader import read_pack
from ledger.rules.packs.pack_table import PackError

SAID = {"article": "art. 1", "text": "A promise."}
REMOVED = object()
"""In the place of a value: the key goes."""

PROMISES: dict[str, Any] = {
    "id": "example-2",
    "version": "2026",
    "title": "Example, processing agreement",
    "provider": "example",
    "dated": "2018-05-17",
    "entry": [
        {
            **SAID,
            "id": "P-1",
            "kind": "breach_notice",
            "within": "PT48H",
            "recipient": "controller",
            "states": {"tells_of": "2018-05-18", "open_list": True, "each_party": False},
        },
        {**SAID, "id": "P-2-a", "promise": "P-2", "kind": "storage", "countries": ["NL", "DE"]},
        {**SAID, "id": "P-2-b", "promise": "P-2", "kind": "storage", "region": "eea"},
        {
            **SAID,
            "id": "P-3",
            "kind": "subprocessors",
            "complete": True,
            "purposes": ["telephony"],
            "processors": [
                {"name": "One"},
                {
                    "name": "Two",
                    "service": "mail",
                    "countries": ["US", "GB"],
                    "mechanism": "scc",
                    "valid_from": "2021-06-28",
                    "valid_until": "2025-12-27",
                    "agreement": False,
                    "optional": True,
                },
            ],
        },
        {**SAID, "id": "P-3-b", "promise": "P-3", "kind": "transfer", "mechanisms": ["scc", "bcr"]},
        {**SAID, "id": "P-4", "kind": "masking", "hide_last": 3},
        {**SAID, "id": "P-5", "kind": "request_channel", "customer": ["api"], "strict": True},
        {**SAID, "id": "P-6", "kind": "request_answer", "within": "P1M"},
        {**SAID, "id": "P-7", "kind": "consent_proof"},
        {**SAID, "id": "P-8", "kind": "trail", "period": "P5Y"},
        {**SAID, "id": "P-9", "promise": "P-2", "kind": "export_hold", "period": "P30D"},
        {**SAID, "id": "P-10", "kind": "text_only", "reason": "Nothing to hold it against."},
    ],
}


def test_promises_read() -> None:
    """Each entry is of a promise, its own or the one it names, with what its kind asks, each in its own shape."""
    found = read_pack(PROMISES)
    two = ListedProcessor(
        name="Two",
        service="mail",
        countries=("US", "GB"),
        mechanism="scc",
        valid_from=date(2021, 6, 28),
        valid_until=date(2025, 12, 27),
        agreement=False,
        optional=True,
    )
    parameters: dict[str, dict[str, object]] = {
        "P-1": {"within": Hours(48), "recipient": "controller", "strict": False},
        "P-2-a": {"countries": ("NL", "DE")},
        "P-2-b": {"region": "eea"},
        "P-3": {
            "processors": (ListedProcessor(name="One"), two),
            "complete": True,
            "purposes": ("telephony",),
        },
        "P-3-b": {"mechanisms": ("scc", "bcr")},
        "P-4": {"hide_last": 3},
        "P-5": {"customer": ("api",), "strict": True},
        "P-6": {"within": Period(months=1)},
        "P-7": {},
        "P-8": {"period": Period(years=5)},
        "P-9": {"period": Period(days=30)},
        "P-10": {},
    }
    promises = {each["id"]: each["id"] for each in PROMISES["entry"]} | {
        "P-2-a": "P-2",
        "P-2-b": "P-2",
        "P-3-b": "P-3",
        "P-8": None,
        "P-9": "P-2",
    }
    assert (found.provider, found.dated) == ("example", date(2018, 5, 17))
    assert parameters == {entry.id: entry.parameters for entry in found.entries}
    assert promises == {entry.id: entry.promise for entry in found.entries}
    assert {e.id: e.reason for e in found.entries if e.reason} == {"P-10": "Nothing to hold it against."}
    assert found.entries[0].states == {"tells_of": date(2018, 5, 18), "open_list": True}
    assert {"art. 1"} == {entry.article for entry in found.entries}


def test_words_of_a_parameter() -> None:
    """A list is there as words, and as none where it was left out or is no list of words."""
    entries = {entry.id: entry for entry in read_pack(PROMISES).entries}
    assert entries["P-2-a"].names("countries") == ("NL", "DE")
    assert () == entries["P-2-b"].names("countries") == entries["P-4"].names("hide_last")
    assert [row.name for row in entries["P-3"].processors] == ["One", "Two"]
    assert entries["P-3"].names("processors") == ()
    assert entries["P-4"].processors == ()


ROW = {"name": "One", "service": "mail"}


@pytest.mark.parametrize(
    ("entry", "changes", "key", "item", "expected"),
    [
        ("P-1", {"within": "P2D"}, "within", None, "within: ISO 8601 in hours, for example PT48H"),
        ("P-1", {"within": 48}, "within", None, "within: ISO 8601 in hours, for example PT48H"),
        (
            "P-1",
            {"recipient": "nobody"},
            "recipient",
            None,
            "recipient: one of controller, authority, people",
        ),
        ("P-1", {"strict": "yes"}, "strict", None, "strict: true or false"),
        ("P-1", {"promise": ""}, "promise", None, "promise: letters, digits and dashes"),
        ("P-1", {"hours": 48}, "hours", None, "known keys only"),
        ("P-1", {"kind": "breach"}, "kind", None, "kind: one of retention"),
        ("P-1", {"states": []}, "states", None, "states: a table"),
        ("P-1", {"states": {"tells_off": 1}}, "states", None, "states: known keys only"),
        ("P-1", {"states": {"tells_of": "2018-02-30"}}, "states", None, "states: tells_of: a day"),
        ("P-1", {"states": {"tells_of": "20180518"}}, "states", None, "states: tells_of: a day"),
        ("P-1", {"states": {"count": 0}}, "states", None, "states: count: a whole number, 1 or more"),
        ("P-2-a", {"countries": ["Nederland"]}, "countries", None, "countries: a list of ISO 3166-1"),
        ("P-2-a", {"countries": ["nl"]}, "countries", None, "countries: a list of ISO 3166-1"),
        ("P-2-a", {"countries": ["NL", "NL"]}, "countries", None, "countries: a list of ISO 3166-1"),
        ("P-2-a", {"countries": []}, "countries", None, "countries: a list of ISO 3166-1"),
        ("P-2-a", {"countries": REMOVED}, "", None, "at least one of countries, region"),
        ("P-3", {"processors": REMOVED}, "processors", None, "processors: a list of 1 to 200 tables"),
        ("P-3", {"processors": [ROW] * 201}, "processors", None, "processors: a list of 1 to 200 tables"),
        ("P-3", {"processors": ["One"]}, "processors", 1, "processors, number 1: a table"),
        ("P-3", {"processors": [ROW, {}]}, "processors", 2, "processors, number 2: name: a line"),
        (
            "P-3",
            {"processors": [ROW, {"name": "ONE"}]},
            "processors",
            2,
            "processors, number 2: name: each sub-processor once",
        ),
        (
            "P-3",
            {"processors": [{**ROW, "country": "US"}]},
            "processors",
            1,
            "processors, number 1: known keys only",
        ),
        (
            "P-3",
            {"processors": [{**ROW, "mechanism": "shield"}]},
            "processors",
            1,
            "processors, number 1: mechanism: one of not_needed",
        ),
        ("P-3", {"complete": "yes"}, "complete", None, "complete: true or false"),
        ("P-3-b", {"mechanisms": ["none"]}, "mechanisms", None, "mechanisms: a list of adequacy, scc"),
        ("P-4", {"hide_last": 0}, "hide_last", None, "hide_last: a whole number, 1 or more"),
        ("P-4", {"hide_last": True}, "hide_last", None, "hide_last: a whole number, 1 or more"),
        ("P-4", {"hide_last": REMOVED}, "hide_last", None, "hide_last: a whole number, 1 or more"),
        ("P-5", {"customer": "api"}, "customer", None, "customer: a list of email"),
        ("P-5", {"customer": ["fax"]}, "customer", None, "customer: a list of email"),
        ("P-5", {"customer": REMOVED}, "", None, "at least one of customer, others"),
        ("P-6", {"within": "PT720H"}, "within", None, "within: ISO 8601 in years"),
        ("P-10", {"reason": REMOVED}, "reason", None, "reason: a line"),
        ("P-10", {"id": "P-9"}, "id", None, "entry ids that differ"),
    ],
)
def test_promise_refused(
    entry: str, changes: dict[str, object], key: str, item: int | None, expected: str
) -> None:
    """What no rule could judge is refused: with the entry, the key, the row of a list, and what was expected."""
    content = deepcopy(PROMISES)
    [changed] = [one for one in content["entry"] if one["id"] == entry]
    changed.update(changes)
    for removed in [name for name, value in changed.items() if value is REMOVED]:
        del changed[removed]
    with pytest.raises(PackError) as caught:
        read_pack(content)
    assert caught.value.expected.startswith(expected)
    assert (changed["id"], key, item) == (caught.value.entry, caught.value.key, caught.value.item)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [("provider", "Example BV", "provider: small letters"), ("dated", "17 May 2018", "dated: a day")],
)
def test_document_refused(key: str, value: object, expected: str) -> None:
    """Whose document it is and of when are known or not said."""
    with pytest.raises(PackError, match=expected):
        read_pack({**PROMISES, key: value})
