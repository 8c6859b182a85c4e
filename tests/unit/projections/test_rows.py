"""Each projection's rows, column by column, from one record each."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aggregates.subject_facts import FACTS
from ledger.entry import Dropped, Entry, LedgerRecord, Sealed
from ledger.projections import PROJECTIONS, audit_trail, consent_proof, findings, rejections
from ledger.projections.projection import Projection, Recorded
from ledger.rules.findings import Finding, FindingState, Judgement
from tests.unit.aggregates.facts import entries, make_entry, make_rejected

SUBJECT = UUID("00000000-0000-4000-8000-000000000001")
CALL = make_entry(
    stream=SUBJECT,
    event_type="call.recorded",
    occurred_at=1_774_596_716_250_000,
    sealed_at=1_774_600_000_123_456,
    controller="dentist-example",
    role="processor",
    purpose="quality",
    lawful_basis="consent",
    data_categories=["voice", "phone_number"],
    processors=["carrier-example"],
    storage_country="NL",
    subject_roles=["caller", "called"],
)
GIVEN = make_entry(
    stream=SUBJECT,
    event_type="consent.given",
    occurred_at=5,
    sealed_at=9,
    controller="dentist-example",
    purpose="quality",
    notice_version="2026-01",
    open_fields='{"category":"recording","expires_at":77,"language":"nl","method":"keypress",'
    '"notice_hash":"ab12","unknown":[1]}',
)
EVIDENCE = Sealed(field="evidence", retention_class="consent_proof", commitment=b"c", ciphertext=b"x")
FINDING = Finding(
    code="a_code", article="Art. 1", expected="this", found="that", rule="pack:entry", about="quality"
)


def recorded(record: LedgerRecord, **changes: Any) -> Recorded:
    """The record at partition 3, offset 41, as version 7 of its stream."""
    return Recorded(**{"partition": 3, "offset": 41, "version": 7, "record": record, **changes})


def rows(projection: Projection, fact: Recorded) -> list[tuple[str, Mapping[str, object]]]:
    """The rows a projection makes, as (table, column -> value)."""
    return [
        (table.name, dict(zip(table.column_names, row, strict=True))) for table, row in projection.apply(fact)
    ]


def test_audit_trail_row() -> None:
    """Who, what, why, on what basis, when it happened and when it was sealed."""
    expected = {
        "ledger_partition": 3,
        "ledger_offset": 41,
        "stream": SUBJECT,
        "stream_version": 7,
        "stream_kind": "subject",
        "event_type": "call.recorded",
        "occurred_at": 1_774_596_716_250_000,
        "sealed_at": 1_774_600_000_123_456,
        "controller": "dentist-example",
        "role": "processor",
        "purpose": "quality",
        "lawful_basis": "consent",
        "data_categories": ["voice", "phone_number"],
        "processors": ["carrier-example"],
        "storage_country": "NL",
        "subject_roles": ["caller", "called"],
    }
    assert [("audit_trail", expected)] == rows(audit_trail.PROJECTION, recorded(CALL))


@pytest.mark.parametrize("kind", ["governance", "unattributed"])
def test_audit_trail_holds_facts_about_nobody(kind: str) -> None:
    """Every entry is in it, not only those of people."""
    made = rows(audit_trail.PROJECTION, recorded(make_entry(stream_kind=kind)))
    assert [kind] == [row["stream_kind"] for _, row in made]


def test_consent_proof_row() -> None:
    """State, when, under which notice, in which language, how, until when, and whether evidence is kept."""
    expected = {
        "ledger_partition": 3,
        "ledger_offset": 41,
        "stream": SUBJECT,
        "purpose": "quality",
        "state": "given",
        "occurred_at": 5,
        "sealed_at": 9,
        "controller": "dentist-example",
        "category": "recording",
        "method": "keypress",
        "language": "nl",
        "notice_version": "2026-01",
        "notice_hash": "ab12",
        "expires_at": 77,
        "evidence": "none",
    }
    assert [("consent_proof", expected)] == rows(consent_proof.PROJECTION, recorded(GIVEN))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "none", id="none was given"),
        pytest.param({"sealed": [EVIDENCE]}, "sealed", id="kept"),
        pytest.param({"dropped": [Dropped(field="evidence", reason="key_destroyed")]}, "dropped", id="lost"),
        pytest.param({"dropped": [Dropped(field="ip_address", reason="key_destroyed")]}, "none", id="other"),
    ],
)
def test_consent_proof_says_whether_evidence_was_kept(changes: dict[str, Any], expected: str) -> None:
    """A proof without its evidence must not look like one that never had any."""
    made = rows(consent_proof.PROJECTION, recorded(make_entry(event_type="consent.given", **changes)))
    assert [expected] == [row["evidence"] for _, row in made]


@pytest.mark.parametrize("event_type", sorted(FACTS))
def test_consent_proof_knows_every_consent_event(event_type: str) -> None:
    """A change of consent has a row with its state; anything else has none."""
    made = rows(consent_proof.PROJECTION, recorded(make_entry(event_type=event_type)))
    family, _, state = event_type.partition(".")
    assert ([state] if family == "consent" else []) == [row["state"] for _, row in made]


def test_consent_proof_of_unreadable_details_has_nulls() -> None:
    """A fold must not fail on a fact: details of another shape count as absent."""
    ((_, row),) = rows(
        consent_proof.PROJECTION,
        recorded(make_entry(event_type="consent.refused", open_fields='{"method":1}')),
    )
    assert tuple(row[name] for name in ("category", "method", "language", "notice_hash", "expires_at")) == (
        None,
        None,
        None,
        None,
        None,
    )


def test_findings_rows_stand_under_the_entry_they_are_on() -> None:
    """Coordinates and time are the judged entry's; `judged_by` and `judged_at` are this record's."""
    judgements = (
        Judgement(offset=12, occurred_at=4, state=FindingState.RESOLVED, finding=FINDING),
        Judgement(offset=13, occurred_at=5, state=FindingState.OPEN, finding=FINDING),
    )
    expected = {
        "ledger_partition": 3,
        "ledger_offset": 12,
        "code": "a_code",
        "rule": "pack:entry",
        "judged_by": 41,
        "judged_at": 9,
        "state": "resolved",
        "stream": SUBJECT,
        "controller": "dentist-example",
        "article": "Art. 1",
        "occurred_at": 4,
        "expected": "this",
        "found": "that",
        "about": "quality",
    }
    made = rows(findings.PROJECTION, recorded(GIVEN, judgements=judgements))
    assert [
        ("findings", expected),
        ("findings", {**expected, "ledger_offset": 13, "occurred_at": 5, "state": "open"}),
    ] == made


def test_repeat_has_findings_and_no_entry() -> None:
    """A record without a version took no effect: only what was found on it shows."""
    judged = (Judgement(offset=41, occurred_at=5, state=FindingState.OPEN, finding=FINDING),)
    repeat = recorded(GIVEN, version=None, judgements=judged)
    tables = [name for projection in PROJECTIONS for name, _ in rows(projection, repeat)]
    assert tables == ["findings"]


def test_rejection_row() -> None:
    """Where the input was, why it could not be read, and how often it was tried."""
    record = make_rejected(
        source_topic="inbox.consent",
        source_partition=1,
        source_offset=77,
        reason="truncated",
        detail="purpose",
        attempts=2,
        sealed_at=9,
    )
    expected = {
        "ledger_partition": 3,
        "ledger_offset": 41,
        "source_topic": "inbox.consent",
        "source_partition": 1,
        "source_offset": 77,
        "reason": "truncated",
        "detail": "purpose",
        "attempts": 2,
        "sealed_at": 9,
    }
    assert [("rejections", expected)] == rows(rejections.PROJECTION, recorded(record))


def test_rejected_input_is_in_no_other_projection() -> None:
    """What could not be read is nobody's processing."""
    tables = [name for projection in PROJECTIONS for name, _ in rows(projection, recorded(make_rejected()))]
    assert tables == ["rejections"]


def test_retry_points_at_what_it_repairs() -> None:
    """The entry's own coordinates, then those of the rejected record."""
    expected = {
        "ledger_partition": 3,
        "ledger_offset": 41,
        "rejected_partition": 2,
        "rejected_offset": 1042,
    }
    assert [("rejection_retries", expected)] == rows(
        rejections.PROJECTION, recorded(make_entry(retry_of="2:1042"))
    )


@pytest.mark.parametrize(
    "record", [make_entry(retry_of="'; DROP TABLE rejections; --:1"), make_rejected(retry_of="1:")]
)
def test_retry_of_something_else_leads_nowhere(record: LedgerRecord) -> None:
    """A publisher may write anything there; it must not stop the recorder."""
    assert "rejection_retries" not in dict(rows(rejections.PROJECTION, recorded(record)))


def test_retry_that_is_rejected_again_has_both_rows() -> None:
    """It could not be read, and it still shows that somebody tried."""
    made = rows(rejections.PROJECTION, recorded(make_rejected(retry_of="2:1042")))
    assert [name for name, _ in made] == ["rejections", "rejection_retries"]
    assert (made[1][1]["rejected_partition"], made[1][1]["rejected_offset"]) == (2, 1042)


@settings(deadline=None)
@given(entries(), st.integers(1, 1000))
def test_apply_depends_on_its_argument_only(entry: Entry, version: int) -> None:
    """Asked twice, a projection answers the same, and every row has a value for every column."""
    fact = recorded(entry, version=version)
    for projection in PROJECTIONS:
        first, again = list(projection.apply(fact)), list(projection.apply(fact))
        assert first == again
        for table, row in first:
            assert table in projection.tables
            assert len(table.columns) == len(row)
