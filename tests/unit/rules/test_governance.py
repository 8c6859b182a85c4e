"""What is found on governance facts."""

import json
from hashlib import sha256
from typing import Any

import pytest

from ledger.entry import Entry
from ledger.rules.findings import Finding
from ledger.rules.governance import judge_governance, read_adopted
from ledger.rules.packs.pack_reader import canonical
from tests.unit.aggregates.facts import make_entry

HOUR = 3_600_000_000


def pack_content(*entries: dict[str, object]) -> str:
    """A pack's canonical JSON."""
    said = {"article": "art. 1", "text": "A promise.", "kind": "retention", "class": "fax"}
    return canonical(
        {
            "id": "example",
            "version": "1",
            "title": "Example",
            "entry": [{**said, **entry} for entry in entries or ({"id": "E-1", "period": "P1Y"},)],
        }
    )


def governance(event_type: str, sealed_at: int = 0, **fields: object) -> Entry:
    """A governance entry with open fields."""
    return make_entry(
        event_type=event_type,
        stream_kind="governance",
        sealed_at=sealed_at,
        open_fields=json.dumps(fields, sort_keys=True, separators=(",", ":")),
    )


def adoption(pack: str | None = None, /, **changes: object) -> Entry:
    """A policy that is in order, but for the changes."""
    text = pack_content() if pack is None else pack
    fields: dict[str, Any] = {
        "pack": "example",
        "pack_version": "1",
        "content": text,
        "content_sha256": sha256(text.encode(errors="surrogatepass")).hexdigest(),
        "region": None,
    }
    return governance("policy.adopted", **{**fields, **changes})


def test_policy_in_order() -> None:
    """A policy that can be read and ends what it keeps is no finding; it is read as what it is."""
    entry = adoption()
    assert judge_governance(entry) == []
    pack = read_adopted(json.loads(entry.open_fields))
    assert (pack.id, pack.version, [rule.entry for rule in pack.retention]) == ("example", "1", ["E-1"])


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(adoption("{}"), "id: small letters, digits and dashes", id="no pack"),
        pytest.param(adoption("no JSON"), "JSON", id="no JSON"),
        pytest.param(adoption(content_sha256="0" * 64), "content with the SHA-256", id="another hash"),
        pytest.param(
            adoption(content_sha256=sha256(pack_content().encode()).hexdigest().upper()),
            "content with the SHA-256",
            id="the hash in capitals",
        ),
        pytest.param(adoption(content_sha256=None), "content with the SHA-256", id="no hash"),
        pytest.param(adoption(content=7), "content as text", id="no text"),
        pytest.param(adoption(pack="another"), "the id and version", id="another id"),
        pytest.param(adoption(pack_version="2"), "the id and version", id="another version"),
        pytest.param(
            make_entry(event_type="policy.adopted", open_fields="[]"), "content as text", id="no object"
        ),
        pytest.param(
            make_entry(event_type="policy.adopted", open_fields=""), "content as text", id="no fields"
        ),
        pytest.param(
            make_entry(event_type="policy.adopted", open_fields="[" * 100_000), "content as text", id="nested"
        ),
        pytest.param(
            adoption(pack_content({"id": "E-1", "period": "3 months"})), "period: ISO 8601", id="period"
        ),
        pytest.param(adoption("half \ud800"), "JSON", id="half a character"),
    ],
)
def test_policy_unreadable(entry: Entry, expected: str) -> None:
    """Nobody can be held to what cannot be read; the finding says what was expected and quotes nothing."""
    [finding] = judge_governance(entry)
    assert (finding.code, finding.article) == ("policy_unreadable", "GDPR Art. 5(2)")
    assert finding.expected.startswith(expected)
    assert finding.found == "a policy that cannot be read: none of it holds"


def test_indefinite_is_a_finding() -> None:
    """X1: a text that keeps data for ever is recorded, acted upon for the rest, and found, each entry by itself."""
    content = pack_content(
        {"id": "E-1", "period": "P1Y"}, {"id": "E-2", "indefinite": True}, {"id": "E-3", "indefinite": True}
    )
    found = [(finding.code, finding.found, finding.rule) for finding in judge_governance(adoption(content))]
    assert found == [
        ("retention_indefinite", "data kept without end by E-2", "example:E-2"),
        ("retention_indefinite", "data kept without end by E-3", "example:E-3"),
    ]


@pytest.mark.parametrize("days", [0, 1, 365])
def test_days_in_range(days: int) -> None:
    """CF-07: 0 to 365 days are the customer's to set."""
    assert judge_governance(governance("retention.set", retention_class="fax", days=days)) == []


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (-1, "-1 days; the setting does not hold"),
        (366, "366 days; the setting does not hold"),
        (None, "no number of days"),
        (True, "no number of days"),
        ("30", "no number of days"),
    ],
)
def test_days_out_of_range(days: object, found: str) -> None:
    """Other days are recorded, found, and do not hold."""
    [finding] = judge_governance(governance("retention.set", retention_class="fax", days=days))
    expected = Finding(
        code="retention_out_of_range", article="GDPR Art. 5(1)(e)", expected="0 to 365 days", found=found
    )
    assert expected == finding


def test_days_for_a_class_that_is_not_the_customers() -> None:
    """Proof is not the customer's to shorten; both things wrong are both found."""
    one = judge_governance(governance("retention.set", retention_class="consent_proof", days=0))
    assert [finding.code for finding in one] == ["retention_not_settable"]
    both = judge_governance(governance("retention.set", retention_class="account", days=366))
    assert [finding.code for finding in both] == ["retention_out_of_range", "retention_not_settable"]


@pytest.mark.parametrize("name", [["fax"], {"a": 1}, None, 7])
def test_class_of_another_shape(name: object) -> None:
    """A fold does not fail on what a later version of the schema makes of a field."""
    assert judge_governance(governance("retention.set", retention_class=name, days=1)) == []


def test_hold_with_an_end() -> None:
    """A hold that ends by itself is as it should be."""
    assert judge_governance(governance("hold.placed", kind="legal", ends_at=1)) == []


def test_hold_without_an_end() -> None:
    """X9: a hold for ever is found."""
    expected = Finding(
        code="hold_without_end",
        article="GDPR Art. 5(1)(e)",
        expected="a hold with the moment it ends by itself",
        found="a hold without an end",
    )
    assert [expected] == judge_governance(governance("hold.placed", kind="export", ends_at=None))


@pytest.mark.parametrize(
    ("late", "held_by", "found"),
    [
        pytest.param(-HOUR, None, None, id="early"),
        pytest.param(48 * HOUR, None, None, id="just in time"),
        pytest.param(48 * HOUR + 1, None, "destruction 48 hours after it", id="a microsecond late"),
        pytest.param(240 * HOUR, None, "destruction 240 hours after it", id="ten days late"),
        pytest.param(240 * HOUR, "hold-1", None, id="held"),
    ],
)
def test_overrun(late: int, held_by: str | None, found: str | None) -> None:
    """Two days after the end of its period data must be gone, unless it is held."""
    ended_at = 1_800_000_000_000_000
    entry = governance("retention.ended", sealed_at=ended_at + late, ended_at=ended_at, held_by=held_by)
    expected = Finding(
        code="retention_overrun",
        article="GDPR Art. 5(1)(e)",
        expected="destruction within 48 hours of the end of the period",
        found=found or "",
    )
    assert judge_governance(entry) == ([] if found is None else [expected])


def test_overrun_of_another_shape() -> None:
    """An end that is no number is nothing to compare with."""
    assert (
        judge_governance(governance("retention.ended", sealed_at=2**60, ended_at="soon", held_by=None)) == []
    )


@pytest.mark.parametrize(
    "event_type", ["call.completed", "hold.lifted", "agreement.terminated", "key.destroyed", ""]
)
def test_other_facts_are_not_judged_here(event_type: str) -> None:
    """Only what has a rule is judged."""
    assert judge_governance(governance(event_type)) == []
