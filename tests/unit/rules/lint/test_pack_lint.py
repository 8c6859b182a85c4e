"""Contradictions and holes in packs: X1 to X17 in the installed ones, gone when mended, and found in others."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from ledger.contract.retention_classes import RETENTION_CLASSES
from ledger.policies import load_pack, pack_ids
from ledger.rules.lint.lint_consequences import CONSEQUENCES
from ledger.rules.lint.pack_lint import Problem, lint
from ledger.rules.packs.pack_reader import read_pack

Content = dict[str, Any]
Contents = Mapping[str, Content]

ROWS = {
    "X1": {"CT-07", "CT-09", "CT-14", "CT-16", "CT-17"},
    "X2": {"CF-08", "CF-10"},
    "X3": {"CD-03", "CD-22"},
    "X4": {"CF-05", "CD-31"},
    "X5": {"CF-01", "CD-34"},
    "X6": {"CD-36"},
    "X7": {"CD-10", "CF-06", "CD-36"},
    "X8": {"CB-27", "CD-19"},
    "X9": {"CB-31"},
    "X10": {"CB-25", "MB-34"},
    "X11": {"MB-33", "MB-34", "MB-35", "MB-36", "MB-43"},
    "X12": {"CB-04", "CD-34", "CF-02", "CT-01", "MB-11"},
    "X13": {"CF-13"},
    "X14": {"CF-14", "MB-23"},
    "X15": {"MB-40", "MB-41", "CF-09", "CF-16", "CB-39", "CT-04"},
    "X16": {"CB-03", "MB-48"},
    "X17": {"CB-41", "MB-46", "CD-32"},
}
"""The rows that each is about, over all installed packs."""

KNOWN = {f"X{number}" for number in range(1, 18)}


def installed() -> Contents:
    """The installed packs as they would be adopted, by id."""
    return {pack_id: msgspec.json.decode(load_pack(pack_id).content) for pack_id in pack_ids()}


def linted(contents: Contents) -> list[Problem]:
    """What is wrong with some packs."""
    return lint([read_pack(content) for content in contents.values()], RETENTION_CLASSES)


def rows(problems: list[Problem]) -> dict[str, set[str]]:
    """The rows of each code."""
    found: dict[str, set[str]] = {}
    for problem in problems:
        found.setdefault(problem.code, set()).update(problem.promises)
    return found


def entry(contents: Contents, entry_id: str) -> Content:
    """An entry by its id, whichever pack it is in."""
    found: list[Content] = [one for content in contents.values() for one in content["entry"]]
    return next(one for one in found if one["id"] == entry_id)


def without(contents: Contents, *entries: str) -> None:
    """Takes entries out of their packs."""
    for content in contents.values():
        content["entry"] = [one for one in content["entry"] if one["id"] not in entries]


def test_every_conflict_is_named_with_its_rows() -> None:
    """X1 to X17 are found in the installed packs, in that order, each with a sentence and what follows."""
    problems = linted(installed())
    assert {code: found for code, found in rows(problems).items() if code in KNOWN} == ROWS
    codes = [problem.code for problem in problems if problem.contradiction]
    assert codes == sorted(codes, key=lambda code: int(code[1:]))
    for problem in problems:
        assert problem.says.endswith(".")
        assert problem.follows == CONSEQUENCES[problem.code]
        assert problem.contradiction is (problem.code in KNOWN)


def test_holes_that_are_only_worth_knowing() -> None:
    """What the texts leave open is told too, and fails nothing."""
    found = {code: named for code, named in rows(linted(installed())).items() if code not in KNOWN}
    assert found == {
        "breach_clock_takes_all": {"CD-19"},
        "count_differs": {"MB-48"},
        "listed_without_mechanism": {"CD-36"},
        "open_list": {"CB-03", "CB-13"},
        "period_not_published": {"CB-03-others", "CB-trail", "CD-trail", "CF-trail", "CT-trail", "MB-trail"},
        "retention_class_without_rule": set(),
        "retention_indefinite": {"CT-16"},
    }


def _dated(contents: Contents) -> None:
    entry(contents, "MB-48")["states"].pop("counted_as_eu")
    for listed in ("MB-48", "CB-03"):
        for row in entry(contents, listed)["processors"]:
            row.update(valid_from="2021-06-28", valid_until="2031-12-27")


MENDED: Mapping[str, Callable[[Contents], object]] = {
    "X1": lambda packs: without(packs, "CT-09", "CT-16", "CT-17"),
    "X2": lambda packs: entry(packs, "CF-10").update(period="P3M"),
    "X3": lambda packs: entry(packs, "CD-22")["states"].update(anonymised_use="allowed"),
    "X4": lambda packs: without(packs, "CF-05"),
    "X5": lambda packs: entry(packs, "CF-01")["categories"].remove("photo"),
    "X6": lambda packs: [row.update(agreement=True) for row in entry(packs, "CD-36")["processors"]],
    "X7": lambda packs: entry(packs, "CD-36")["processors"].pop(),
    "X8": lambda packs: entry(packs, "CD-19").update(within="PT48H", strict=False),
    "X9": lambda packs: entry(packs, "CB-31-export").pop("states"),
    "X10": lambda packs: entry(packs, "CB-25")["states"].update(proof_kept_in="server"),
    "X11": lambda packs: without(packs, "MB-33-duty", "MB-34-duty", "MB-36-duty"),
    "X12": lambda packs: [
        entry(packs, row).setdefault("states", {}).update(each_party=True)
        for row in ("CB-36", "CD-34", "CF-09", "CT-04", "MB-35")
    ],
    "X13": lambda packs: packs["callvoip-faq"].update(dated="2018-05-18"),
    "X14": lambda packs: entry(packs, "MB-23").pop("states"),
    "X15": lambda packs: entry(packs, "MB-40").pop("strict"),
    "X16": _dated,
    "X17": lambda packs: entry(packs, "CB-41").update(told="email"),
}
"""What would have to change in the texts, so that there is no such conflict any more."""


def test_every_conflict_can_be_mended() -> None:
    """There is a change for each."""
    assert MENDED.keys() == KNOWN


@pytest.mark.parametrize("code", MENDED)
def test_mended_texts_are_no_longer_reported(code: str) -> None:
    """A text that changed so that the conflict is gone is not reported for it, and the others stay."""
    contents = installed()
    MENDED[code](contents)
    assert KNOWN - {code} == rows(linted(contents)).keys() & KNOWN


SAID = {"article": "art. 1", "text": "A promise."}


def pack(*entries: Content, pack_id: str = "own", **changes: object) -> Content:
    """A pack that somebody else wrote."""
    numbered = [{"id": f"{pack_id}-{number}", **SAID, **one} for number, one in enumerate(entries, start=1)]
    return {"id": pack_id, "version": "1", "title": "Own", **changes, "entry": numbered}


def listing(**row: object) -> Content:
    """A list of one sub-processor."""
    return {"kind": "subprocessors", "processors": [{"name": "One", **row}]}


def fax(period: str, **changes: object) -> Content:
    """How long fax is kept."""
    return {"kind": "retention", "class": "fax", "period": period, **changes}


AT_END = {"kind": "retention", "class": "*", "period": "P0D", "starts": "agreement_end"}
CHOSEN = {**AT_END, "on_choice": True}
HOURS = {"kind": "breach_notice", "within": "PT24H", "recipient": "controller"}
EVERYONE = {"kind": "data_categories", "categories": ["name", "email"]}
OWN: list[tuple[str, list[Content], set[str]]] = [
    ("X1", [pack(fax("P1Y"), {"kind": "retention", "class": "fax", "indefinite": True})], {"own-1", "own-2"}),
    (
        "X1",
        [
            pack(
                {
                    "kind": "role",
                    "role": "joint",
                    "states": {"collects": ["name"], "nothing_identifiable": True},
                }
            )
        ],
        {"own-1"},
    ),
    (
        "X1",
        [pack({"kind": "text_only", "reason": "None.", "states": {"count": 2, "lists": ["one"]}})],
        {"own-1"},
    ),
    ("X2", [pack(fax("P1Y"), fax("P52W"), fax("P365D"))], {"own-1", "own-3"}),
    ("X2", [pack(fax("P28D"), fax("P1M"))], {"own-1", "own-2"}),
    (
        "X3",
        [
            pack(
                *(
                    {"kind": "quality_use", "states": {"anonymised_use": use}}
                    for use in ("allowed", "forbidden")
                )
            )
        ],
        {"own-1", "own-2"},
    ),
    ("X4", [pack(CHOSEN), pack(AT_END, pack_id="other", provider="own")], set()),
    ("X4", [pack(CHOSEN, provider="own"), pack(AT_END, pack_id="two", provider="own")], {"own-1", "two-1"}),
    ("X5", [pack(EVERYONE, {**EVERYONE, "categories": ["name"]})], {"own-1", "own-2"}),
    ("X5", [pack(EVERYONE, {**EVERYONE, "categories": ["name"], "purposes": ["sales"]})], set()),
    ("X6", [pack({**listing(agreement=False), "states": {"all_have_agreements": True}})], {"own-1"}),
    ("X6", [pack({**listing(agreement=True), "states": {"all_have_agreements": True}})], set()),
    ("X7", [pack({"kind": "storage", "countries": ["BE"]}, listing(countries=["CH"]))], {"own-1", "own-2"}),
    ("X7", [pack({"kind": "storage", "countries": ["BE"]}, listing(countries=["NO"]))], set()),
    ("X8", [pack(HOURS, {**HOURS, "strict": True})], {"own-1", "own-2"}),
    ("X8", [pack(HOURS, {**HOURS, "recipient": "people", "within": "PT9H"})], set()),
    ("X9", [pack({"kind": "export_hold", "period": "P9D", "states": {"period_is_ours": True}})], {"own-1"}),
    ("X9", [pack({"kind": "export_hold", "period": "P9D"})], set()),
    ("X10", [pack({"kind": "consent_proof", "states": {"proof_kept_in": "browser"}})], {"own-1"}),
    (
        "X11",
        [pack(fax("P1Y"), {"kind": "duty", "class": "fax"}, {"kind": "erasure"})],
        {"own-1", "own-2", "own-3"},
    ),
    (
        "X12",
        [pack({"kind": "role", "role": "conduit", "states": {"subjects": ["recipient"]}})],
        {"own-1"},
    ),
    ("X12", [pack({"kind": "role", "role": "conduit", "states": {"subjects": ["customer"]}})], set()),
    (
        "X13",
        [pack({"kind": "amendment", "states": {"tells_of": "2026-01-02"}}, dated="2026-01-01")],
        {"own-1"},
    ),
    ("X13", [pack({"kind": "amendment", "states": {"tells_of": "2026-01-01"}}, dated="2026-01-01")], set()),
    (
        "X14",
        [pack({"kind": "masking", "hide_last": 3}, {"kind": "masking", "hide_last": 4})],
        {"own-1", "own-2"},
    ),
    (
        "X15",
        [
            pack(
                {"kind": "request_channel", "customer": ["api"], "strict": True},
                {"kind": "request_channel", "others": ["post"]},
            )
        ],
        {"own-1", "own-2"},
    ),
    ("X16", [pack(listing(countries=["GB"], mechanism="adequacy"))], {"own-1"}),
    ("X16", [pack(listing(countries=["GB"], mechanism="adequacy", valid_until="2031-12-27"))], set()),
    ("X16", [pack({**listing(), "states": {"counted_as_eu": ["CH"]}})], {"own-1"}),
    ("X17", [pack({"kind": "notice_change", "told": "none"}, {"kind": "amendment"})], {"own-1", "own-2"}),
    ("X17", [pack({"kind": "notice_change", "told": "none"})], set()),
    ("silence_without_end", [pack(CHOSEN)], {"own-1"}),
    ("breach_clock_takes_all", [pack({**HOURS, "within": "PT71H"})], set()),
    ("breach_clock_takes_all", [pack({**HOURS, "within": "PT72H"})], {"own-1"}),
    ("listed_without_agreement", [pack(listing(agreement=False))], {"own-1"}),
    ("listed_without_agreement", [pack(listing())], set()),
    ("listed_without_mechanism", [pack(listing(countries=["US"]))], {"own-1"}),
    ("count_differs", [pack({**listing(), "states": {"count": 2}})], {"own-1"}),
    ("open_list", [pack({**listing(), "states": {"open_list": True}})], {"own-1"}),
]


@pytest.mark.parametrize(("code", "contents", "expected"), OWN)
def test_other_texts_with_the_same_flaw_are_reported(
    code: str, contents: list[Content], expected: set[str]
) -> None:
    """No check knows a pack: one that nobody has seen is reported for the same flaw, and without it is not."""
    found = rows(linted({content["id"]: content for content in contents}))
    assert expected == found.get(code, set())


def test_classes_that_nothing_ends() -> None:
    """Documents of one provider are taken together; what the ledger ends by itself is not missed."""
    one = pack({"kind": "retention", "class": "*", "except": ["fax"], "period": "P1Y"}, provider="p")
    other = pack(fax("P1Y"), pack_id="other", provider="p")
    [missing] = linted({"one": one})
    assert (missing.code, missing.says) == ("retention_class_without_rule", "Nothing in own ends fax.")
    assert linted({"one": one, "other": other}) == []
    assert "access_log" not in linted({"other": other})[0].says


def test_a_text_in_order_has_no_problem() -> None:
    """Nothing is reported for its own sake."""
    in_order = pack(AT_END, HOURS, EVERYONE, listing(countries=["NL"], agreement=True), {"kind": "amendment"})
    assert linted({"own": in_order}) == []


def test_every_consequence_is_of_a_check() -> None:
    """Every code that has a consequence is one that some text here is reported for."""
    found = {problem.code for problem in linted(installed())} | {
        code for code, _, expected in OWN if expected
    }
    assert CONSEQUENCES.keys() == found
