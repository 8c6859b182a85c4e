"""What a policy pack may say: read strictly, and one text for one content."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.calendar.periods import Period
from ledger.rules.packs.pack_reader import CONTENT_CHARACTERS_MAX, canonical, read_content, read_pack
from ledger.rules.packs.pack_table import ENTRIES_MAX, PackError
from ledger.rules.packs.pack_values import TEXT_CHARACTERS_MAX
from ledger.rules.packs.policy_pack import Action, Duty, PolicyPack, RetentionRule, Start, TextOnly

SAID = {"article": "art. 1", "text": "A promise."}
WHOLE: dict[str, Any] = {
    "id": "example-1",
    "version": "2026",
    "title": "Example, privacy statement",
    "entry": [
        {
            **SAID,
            "id": "E-1",
            "kind": "retention",
            "class": "*",
            "except": ["account", "consent_proof"],
            "starts": "agreement_end",
            "period": "P0D",
            "on_choice": True,
        },
        {
            **SAID,
            "id": "E-2",
            "kind": "retention",
            "class": "call_history",
            "period": "P365D",
            "customer_set": True,
        },
        {
            **SAID,
            "id": "E-3",
            "kind": "retention",
            "class": "signalling_identity",
            "period": "P2W",
            "action": "drop_identity",
            "region": "eu",
        },
        {**SAID, "id": "E-4", "kind": "retention", "class": "fax", "indefinite": True},
        {
            **SAID,
            "id": "E-5",
            "kind": "retention",
            "class": "consent_proof",
            "starts": "consent_end",
            "period": "P5Y",
        },
        {
            **SAID,
            "id": "E-6",
            "kind": "retention",
            "class": "request_confirmation",
            "starts": "request_fulfilled",
            "period": "P5Y",
        },
        {**SAID, "id": "E-7", "kind": "duty", "class": "consent_proof"},
        {**SAID, "id": "E-8", "kind": "confirm_within", "recipient": "Twilio", "period": "P14D"},
        {**SAID, "id": "E-9", "kind": "confirm_within", "period": "P7D"},
        {**SAID, "id": "E-10", "kind": "export_hold", "period": "P30D"},
        {**SAID, "id": "E-11", "kind": "trail", "period": "P6Y"},
        {**SAID, "id": "E-12", "kind": "text_only", "reason": "Nothing to hold it against."},
    ],
}


def test_whole_pack_read() -> None:
    """Every kind of entry and every key arrives in its place."""
    expected = PolicyPack(
        id="example-1",
        version="2026",
        title="Example, privacy statement",
        retention=(
            RetentionRule(
                entry="E-1",
                retention_class="*",
                excluded=frozenset({"account", "consent_proof"}),
                starts=Start.AGREEMENT_END,
                period=Period(),
                on_choice=True,
                article="art. 1",
                text="A promise.",
            ),
            RetentionRule(
                entry="E-2",
                retention_class="call_history",
                period=Period(days=365),
                customer_set=True,
                article="art. 1",
                text="A promise.",
            ),
            RetentionRule(
                entry="E-3",
                retention_class="signalling_identity",
                period=Period(weeks=2),
                action=Action.DROP_IDENTITY,
                region="eu",
                article="art. 1",
                text="A promise.",
            ),
            RetentionRule(
                entry="E-4", retention_class="fax", period=None, article="art. 1", text="A promise."
            ),
            RetentionRule(
                entry="E-5",
                retention_class="consent_proof",
                starts=Start.CONSENT_END,
                period=Period(years=5),
                article="art. 1",
                text="A promise.",
            ),
            RetentionRule(
                entry="E-6",
                retention_class="request_confirmation",
                starts=Start.REQUEST_FULFILLED,
                period=Period(years=5),
                article="art. 1",
                text="A promise.",
            ),
        ),
        duties=(
            Duty(
                entry="E-7",
                retention_class="consent_proof",
                until=Period(years=5),
                article="art. 1",
                text="A promise.",
            ),
        ),
        text_only=(
            TextOnly(entry="E-12", reason="Nothing to hold it against.", article="art. 1", text="A promise."),
        ),
        confirm_within={"twilio": Period(days=14)},
        confirm_within_default=Period(days=7),
        export_hold=Period(days=30),
        trail_period=Period(years=6),
    )
    found = read_pack(WHOLE)
    assert expected == replace(found, entries=())
    assert found == read_content(canonical(WHOLE))


def test_what_a_pack_does_not_say() -> None:
    """Recipients have thirty days; no export is held and no trail ends by a pack that is silent about them."""
    only = {**WHOLE, "entry": WHOLE["entry"][1:2]}
    found = read_pack(only)
    assert (found.confirm_within, found.confirm_within_default) == ({}, Period(days=30))
    assert (found.export_hold, found.trail_period, found.duties, found.text_only) == (None, None, (), ())
    [rule] = found.retention
    assert (
        rule.starts,
        rule.action,
        rule.region,
        rule.on_choice,
    ) == (Start.EVENT, Action.DESTROY, None, False)


REMOVED = object()
"""In the place of a value: the key goes."""


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("id", REMOVED, "id: small letters"),
        ("id", "Example", "id: small letters"),
        ("id", "../etc/passwd", "id: small letters"),
        ("id", "e" * 65, "id: small letters"),
        ("id", 7, "id: small letters"),
        ("version", REMOVED, "version: a line"),
        ("version", 2026, "version: a line"),
        ("version", "", "version: a line"),
        ("title", "two\nlines", "title: a line"),
        ("title", "nul\x00", "title: a line"),
        ("title", "half \ud800", "title: a line"),
        ("title", "x" * (TEXT_CHARACTERS_MAX + 1), "title: a line"),
        ("entry", REMOVED, "entry: a list"),
        ("entry", [], "entry: a list"),
        ("entry", {}, "entry: a list"),
        ("entry", ["retention"], "a table"),
        ("entry", [WHOLE["entry"][1]] * (ENTRIES_MAX + 1), "entry: a list"),
        ("entry", [WHOLE["entry"][1]] * 2, "entry ids that differ"),
        ("entries", [], "known keys only"),
    ],
)
def test_pack_refused(key: str, value: object, expected: str) -> None:
    """A pack without a name, a version or entries, or with a key nobody knows, is no pack."""
    content = {**WHOLE, key: value}
    if value is REMOVED:
        del content[key]
    with pytest.raises(PackError, match=expected):
        read_pack(content)


@pytest.mark.parametrize(
    ("entry", "changes", "expected"),
    [
        ("E-2", {"id": "E 2"}, "id: letters, digits"),
        ("E-2", {"id": REMOVED}, "id: letters, digits"),
        ("E-2", {"kind": REMOVED}, "kind: one of retention"),
        ("E-2", {"kind": "promise"}, "kind: one of retention"),
        ("E-2", {"article": REMOVED}, "article: a line"),
        ("E-2", {"text": ""}, "text: a line"),
        ("E-2", {"class": REMOVED}, "class: a retention class"),
        ("E-2", {"class": "Call history"}, "class: a retention class"),
        ("E-2", {"class": "**"}, "class: a retention class"),
        ("E-2", {"period": REMOVED}, "period: ISO 8601"),
        ("E-2", {"period": "3 months"}, "period: ISO 8601"),
        ("E-2", {"period": "PT48H"}, "period: ISO 8601"),
        ("E-2", {"period": 90}, "period: ISO 8601"),
        ("E-2", {"indefinite": True}, "period or indefinite = true, not both"),
        ("E-4", {"period": "P1Y"}, "period or indefinite = true, not both"),
        ("E-4", {"indefinite": "yes"}, "indefinite: true or false"),
        ("E-4", {"indefinite": 1}, "indefinite: true or false"),
        ("E-2", {"starts": "birth"}, "starts: one of event"),
        ("E-2", {"action": "archive"}, "action: one of destroy"),
        ("E-2", {"region": "EU"}, "region: a name"),
        ("E-2", {"region": None}, "region: a name"),
        ("E-2", {"promise": "E 2"}, "promise: letters, digits"),
        ("E-2", {"reason": "None."}, "known keys only"),
        ("E-2", {"except": ["fax"]}, r"except beside the class \* only"),
        ("E-1", {"except": "fax"}, "except: a list"),
        ("E-1", {"except": [7]}, "except: a list"),
        ("E-1", {"starts": "event"}, "on_choice on agreement_end only"),
        ("E-1", {"starts": "consent_end", "on_choice": False}, "consent_end on the class"),
        ("E-1", {"starts": "request_fulfilled", "on_choice": False}, "request_fulfilled on one class"),
        ("E-2", {"starts": "agreement_end"}, "customer_set on one class"),
        ("E-2", {"class": "*"}, "customer_set on one class"),
        ("E-5", {"starts": "event"}, "consent_end on the class"),
        ("E-5", {"class": "account"}, "consent_end on the class"),
        ("E-2", {"perod": "P1Y"}, "known keys only"),
        ("E-7", {"class": "account"}, "a retention entry that ends the class account"),
        ("E-7", {"class": "fax"}, "a retention entry that ends the class fax"),
        ("E-7", {"class": "*"}, "class: a retention class"),
        ("E-7", {"period": "P5Y"}, "known keys only"),
        ("E-8", {"recipient": REMOVED}, "one confirm_within per recipient"),
        ("E-9", {"recipient": "TWILIO"}, "one confirm_within per recipient"),
        ("E-11", {"kind": "export_hold"}, "one export hold"),
        ("E-10", {"kind": "trail"}, "one period of the trail"),
        ("E-10", {"article": REMOVED}, "article: a line"),
        ("E-12", {"reason": REMOVED}, "reason: a line"),
        ("E-12", {"class": "fax"}, "known keys only"),
    ],
)
def test_entry_refused(entry: str, changes: dict[str, object], expected: str) -> None:
    """An entry that is incomplete, unknown or would do nothing is refused, and named."""
    content = deepcopy(WHOLE)
    [changed] = [one for one in content["entry"] if one["id"] == entry]
    for key, value in changes.items():
        if value is REMOVED:
            del changed[key]
        else:
            changed[key] = value
    with pytest.raises(PackError, match=expected):
        read_pack(content)


def test_error_names_the_entry_and_clips_what_was_found() -> None:
    """Whoever wrote the pack is told which entry, what was expected, and the start of what was there."""
    content = deepcopy(WHOLE)
    content["entry"][1]["period"] = "ninety days, " * 20
    with pytest.raises(PackError) as caught:
        read_pack(content)
    error = caught.value
    found = "'ninety days, ninety days, ninety days, n'"
    expected = ("E-2", "period: ISO 8601 in years, months, weeks or days", found)
    assert expected == (error.entry, error.expected, error.found)
    assert f"entry E-2: expected {error.expected}, found {found}" == str(error)


def test_entry_without_an_id_named_by_its_place() -> None:
    """An entry that has no name yet is found by counting."""
    content = deepcopy(WHOLE)
    del content["entry"][2]["id"]
    with pytest.raises(PackError, match="entry number 3: expected id"):
        read_pack(content)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON",
        "[]",
        "null",
        "7",
        '{"id":"x"',
        "[" * 100_000,
        '{"id":' + "9" * 5_000 + "}",
        " " * (CONTENT_CHARACTERS_MAX + 1),
    ],
)
def test_content_that_is_no_pack(content: str) -> None:
    """Whatever was adopted, reading it ends in the one error a caller expects."""
    with pytest.raises(PackError):
        read_content(content)


def test_longest_content_read() -> None:
    """The limit itself is allowed, one character more is not."""
    text = canonical(WHOLE)
    longest = text + " " * (CONTENT_CHARACTERS_MAX - len(text))
    assert read_pack(WHOLE) == read_content(longest)
    with pytest.raises(PackError, match=f"at most {CONTENT_CHARACTERS_MAX} characters"):
        read_content(longest + " ")


def test_most_and_longest_read() -> None:
    """As many entries and as long a text as are allowed; and as short a one."""
    entries = [{**WHOLE["entry"][1], "id": f"E-{number}"} for number in range(ENTRIES_MAX)]
    found = read_pack({**WHOLE, "title": "x" * TEXT_CHARACTERS_MAX, "version": "1", "entry": entries})
    assert (len(found.title), found.version, len(found.retention)) == (TEXT_CHARACTERS_MAX, "1", ENTRIES_MAX)


def test_missing_and_unknown_are_told() -> None:
    """What is missing is found to be nothing; of several unknown keys the first by name is told."""
    with pytest.raises(PackError, match="found nothing"):
        read_pack({})
    with pytest.raises(PackError, match="found 'a'"):
        read_pack({**WHOLE, "b": 1, "a": 2})


def test_canonical_is_one_text() -> None:
    """The order of keys and the spaces of a file do not matter; letters stay letters."""
    assert canonical({"b": [1, True], "a": "é"}) == '{"a":"é","b":[1,true]}'
    assert canonical(WHOLE) == canonical(dict(reversed(WHOLE.items())))


@pytest.mark.parametrize("content", [float("nan"), float("inf"), {1, 2}, b"bytes", object()])
def test_what_has_no_canonical_text(content: object) -> None:
    """What JSON cannot hold, a date in TOML for example, has no text to adopt."""
    with pytest.raises(PackError, match="what JSON cannot hold"):
        canonical({"id": content})


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("id", "entry", "kind")), inner)
    ),
    max_leaves=8,
)


@given(_anything)
def test_anything_is_a_pack_or_an_error(content: object) -> None:
    """No content makes the reader fail in any other way: a fold must survive every adopted policy."""
    with pytest.raises(PackError):
        read_pack(content)
    with pytest.raises(PackError):
        read_content(json.dumps(content))


@given(
    st.sampled_from(range(len(WHOLE["entry"]))),
    st.sampled_from(("class", "period", "starts", "id")),
    _anything,
)
def test_damaged_entry_is_a_pack_or_an_error(place: int, key: str, value: object) -> None:
    """One value of a good pack replaced by anything: read, or refused in the one way."""
    content = deepcopy(WHOLE)
    content["entry"][place][key] = value
    try:
        found = read_pack(content)
    except PackError:
        return
    assert found.id == "example-1"


@pytest.mark.parametrize(
    ("retention_class", "excluded", "asked", "expected"),
    [
        ("fax", (), "fax", True),
        ("fax", (), "voicemail", False),
        ("*", (), "fax", True),
        ("*", ("account",), "fax", True),
        ("*", ("account",), "account", False),
    ],
)
def test_classes_a_rule_covers(
    retention_class: str, excluded: tuple[str, ...], asked: str, expected: bool
) -> None:
    """A rule is about its class, or about every class but those it leaves out."""
    rule = RetentionRule(
        entry="E-1",
        article="art. 1",
        retention_class=retention_class,
        period=Period(),
        excluded=frozenset(excluded),
    )
    assert expected is rule.covers(asked)
