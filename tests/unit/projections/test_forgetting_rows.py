"""The rows of the projections of forgetting, column by column, from one fact each as its schema has it."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from ledger.entry import Entry
from ledger.projections import PROJECTIONS, projections_of
from ledger.projections.projection import Recorded
from ledger.projections.recipients import OWN_SOURCES, recipients_of
from tests.unit.aggregates.facts import make_entry
from tests.unit.projections.stated import CATALOGUE, stated

PERSON = UUID("00000000-0000-4000-8000-000000000001")
FACT = UUID("00000000-0000-4000-8000-00000000000f")
HEAD = {"ledger_partition": 3, "ledger_offset": 41}
WHEN = {"occurred_at": 5, "sealed_at": 9}
DENTIST = {"controller": "dentist-example"}
COMMON_ROWS = {"audit_trail", "recipients", "processing_register"}
TWICE_ROWS = {"agreements", "subprocessors"}
"""Tables that show the same facts as some here for another reason; test_rights_rows has their rows."""


def rows(entry: Entry, **changes: Any) -> list[tuple[str, Mapping[str, object]]]:
    """The rows of every projection but those any entry has, as (table, column -> value)."""
    fact = Recorded(**{"partition": 3, "offset": 41, "version": 7, "record": entry, **changes})
    return [
        (table.name, dict(zip(table.column_names, row, strict=True)))
        for projection in projections_of(entry.event_type)
        for table, row in projection.apply(fact)
        if table.name not in COMMON_ROWS | TWICE_ROWS
    ]


CASES = [
    pytest.param(
        "policy.adopted",
        {"pack": "p", "pack_version": "2", "content": "{}", "content_sha256": "ab", "region": "eu"},
        (
            "policies",
            {"pack": "p", "pack_version": "2", "content": "{}", "content_sha256": "ab", "region": "eu"},
        ),
        id="a policy is adopted",
    ),
    pytest.param(
        "retention.set",
        {"retention_class": "recording", "days": 7},
        ("retention_settings", {"retention_class": "recording", "days": 7}),
        id="days are set",
    ),
    pytest.param(
        "agreement.terminated",
        {"agreement_id": "a1", "ends_at": 77, "choice": "delete"},
        ("terminations", {"agreement_id": "a1", "ends_at": 77, "choice": "delete"}),
        id="an agreement ends",
    ),
    pytest.param(
        "hold.placed",
        {
            "hold_id": "h1",
            "kind": "export",
            "subject_pseudonym": str(PERSON),
            "retention_classes": ["recording"],
            "article": "Art. 1",
            "ends_at": 77,
        },
        (
            "holds",
            {
                "hold_id": "h1",
                "state": "placed",
                "kind": "export",
                "subject": PERSON,
                "retention_classes": ["recording"],
                "article": "Art. 1",
                "ends_at": 77,
            },
        ),
        id="a hold begins",
    ),
    pytest.param(
        "hold.lifted",
        {"hold_id": "h1"},
        (
            "holds",
            {
                "hold_id": "h1",
                "state": "lifted",
                "kind": None,
                "subject": None,
                "retention_classes": [],
                "article": None,
                "ends_at": None,
            },
        ),
        id="a hold ends",
    ),
    pytest.param(
        "processing.restricted",
        {"restriction_id": "r1", "ground": "needed_for_claim"},
        (
            "restrictions",
            {"stream": PERSON, "restriction_id": "r1", "state": "set", "ground": "needed_for_claim"},
        ),
        id="a restriction begins",
    ),
    pytest.param(
        "restriction.lifted",
        {"restriction_id": "r1"},
        ("restrictions", {"stream": PERSON, "restriction_id": "r1", "state": "lifted", "ground": None}),
        id="a restriction ends",
    ),
    pytest.param(
        "retention.ended",
        {
            "run_id": "run",
            "retention_class": "recording",
            "epoch_day": 20539,
            "starts": "event",
            "period": "P90D",
            "ended_at": 77,
            "rule": "p:e",
            "action": "destroy",
            "held_by": "h1",
        },
        (
            "retention_ends",
            {
                "run_id": "run",
                "retention_class": "recording",
                "epoch_day": 20539,
                "subject": None,
                "fact": None,
                "starts": "event",
                "period": "P90D",
                "ended_at": 77,
                "rule": "p:e",
                "action": "destroy",
                "held_by": "h1",
            },
        ),
        id="a day's time is over",
    ),
    pytest.param(
        "retention.ended",
        {
            "run_id": "run",
            "retention_class": "consent_proof",
            "subject_pseudonym": str(PERSON),
            "fact": str(FACT),
            "starts": "consent_end",
            "period": "P5Y",
            "ended_at": 77,
            "rule": "p:e",
        },
        (
            "retention_ends",
            {
                "run_id": "run",
                "retention_class": "consent_proof",
                "epoch_day": None,
                "subject": PERSON,
                "fact": FACT,
                "starts": "consent_end",
                "period": "P5Y",
                "ended_at": 77,
                "rule": "p:e",
                "action": "destroy",
                "held_by": None,
            },
        ),
        id="a proof's time is over",
    ),
    pytest.param(
        "key.destroyed",
        {
            "phase": "confirmed",
            "destruction_id": "d1",
            "key_kind": "subject",
            "subject_pseudonym": str(PERSON),
            "retention_class": "consent_proof",
            "fact": str(FACT),
            "why": "proof_ended",
            "request_id": "q1",
        },
        (
            "key_destructions",
            {
                "destruction_id": "d1",
                "phase": "confirmed",
                "key_kind": "subject",
                "subject": PERSON,
                "epoch_day": None,
                "retention_class": "consent_proof",
                "fact": FACT,
                "why": "proof_ended",
                "request_id": "q1",
            },
        ),
        id="a key was destroyed",
    ),
    pytest.param(
        "instruction.given",
        {
            "instruction": "i1",
            "recipient": "carrier-example",
            "recipient_kind": "processor",
            "action": "erase",
            "erasure_id": "e1",
            "run_id": "run",
            "subject_pseudonym": str(PERSON),
            "retention_classes": ["recording"],
            "epochs": ["recording 2026-03-27"],
            "except_subjects": [str(PERSON)],
            "confirm_by": 77,
        },
        (
            "instructions",
            {
                "instruction": "i1",
                "recipient": "carrier-example",
                "recipient_kind": "processor",
                "action": "erase",
                "erasure_id": "e1",
                "run_id": "run",
                "subject": PERSON,
                "retention_classes": ["recording"],
                "epochs": ["recording 2026-03-27"],
                "except_subjects": [str(PERSON)],
                "confirm_by": 77,
            },
        ),
        id="a recipient was told",
    ),
    pytest.param(
        "data.erased",
        {
            "erasure_id": "e1",
            "service": "storage-example",
            "event_source": "urn:test:storage",
            "outcome": "refused",
            "refusal_ground": "legal_claim",
            "object_count": 12,
            "backups_expire_at": 77,
        },
        (
            "erasure_confirmations",
            {
                "erasure_id": "e1",
                "service": "storage-example",
                "source": "urn:test:storage",
                "outcome": "refused",
                "refusal_ground": "legal_claim",
                "object_count": 12,
                "backups_expire_at": 77,
            },
        ),
        id="a service answered",
    ),
    pytest.param(
        "export.made",
        {
            "export_id": "x1",
            "subject_pseudonym": str(PERSON),
            "reason": "audit",
            "entries": 3,
            "opened_fields": 2,
            "sha256": "ab",
            "hold_id": "h1",
        },
        (
            "exports",
            {
                "export_id": "x1",
                "subject": PERSON,
                "reason": "audit",
                "entries": 3,
                "opened_fields": 2,
                "sha256": "ab",
                "hold_id": "h1",
            },
        ),
        id="an export was made",
    ),
]


@pytest.mark.parametrize(("event_type", "fields", "expected"), CASES)
def test_row_of_a_fact(
    event_type: str, fields: dict[str, Any], expected: tuple[str, dict[str, object]]
) -> None:
    """One fact, one row, of the controller the fact names, at the coordinates of its entry."""
    name, columns = expected
    entry = stated(event_type, stream=PERSON, **DENTIST, **WHEN, **fields)
    assert [(name, {**HEAD, **DENTIST, **columns, **WHEN})] == rows(entry)


@pytest.mark.parametrize(
    ("phase", "trigger"),
    [("started", "objection"), ("searched", None), ("verified", None), ("incomplete", None)],
)
def test_row_of_an_erasures_step(phase: str, trigger: str | None) -> None:
    """Which erasure of whom, and the fact's own words whole."""
    stating = {} if trigger is None else {"trigger": trigger, "request_id": "q1"}
    entry = stated(f"erasure.{phase}", stream=PERSON, erasure_id="e1", **stating, **DENTIST, **WHEN)
    expected = {
        **HEAD,
        **DENTIST,
        "erasure_id": "e1",
        "stream": PERSON,
        "phase": phase,
        "trigger": trigger,
        "request_id": "q1" if trigger else None,
        "document": entry.open_fields,
        **WHEN,
    }
    assert [("erasures", expected)] == rows(entry)


def test_row_of_the_trails_end() -> None:
    """It concerns every controller, so it names none."""
    entry = stated("trail.ended", before=77, period="P5Y", rule="p:e", **WHEN)
    assert rows(entry) == [("trail_ends", {**HEAD, "before": 77, "period": "P5Y", "rule": "p:e", **WHEN})]


def test_destruction_recorded_by_an_older_version_has_no_fact() -> None:
    """key.destroyed v1 knew no key per fact."""
    entry = stated("key.destroyed", destruction_id="d1", retention_class="recording", epoch_day=1)
    older = {name: value for name, value in json.loads(entry.open_fields).items() if name != "fact"}
    ((_, row),) = rows(make_entry(event_type="key.destroyed", open_fields=json.dumps(older)))
    assert (row["epoch_day"], row["fact"]) == (1, None)


def test_hold_on_a_person_nobody_can_make_out_holds_everything() -> None:
    """What is kept too long can still be destroyed; the other way round cannot."""
    ((_, row),) = rows(stated("hold.placed", hold_id="h1", subject_pseudonym="the one on the phone"))
    assert (row["subject"], row["state"]) == (None, "placed")


@pytest.mark.parametrize("event_type", ["processing.restricted", "restriction.lifted", "erasure.verified"])
def test_fact_about_a_person_that_names_nobody_has_no_row(event_type: str) -> None:
    """There is no one whose data it could keep or whose erasure it could be."""
    assert rows(stated(event_type, stream_kind="unattributed")) == []


def test_confirmation_for_the_data_of_days_names_nobody() -> None:
    """A service that deleted a day's data has no one to name; the instruction's id is what counts."""
    entry = stated("data.erased", stream_kind="unattributed", erasure_id="i1", service="storage-example")
    assert [name for name, _ in rows(entry)] == ["erasure_confirmations"]


FORGETTING = sorted(
    {name for each in PROJECTIONS for name in each.event_types or () if not name.startswith("consent.")}
)


@pytest.mark.parametrize("event_type", FORGETTING)
@pytest.mark.parametrize("open_fields", ["{}", "[]", "", '{"erasure_id":1,"hold_id":[],"days":"many"}'])
def test_fields_of_another_shape_have_no_row(event_type: str, open_fields: str) -> None:
    """A fold must not fail on a fact; the entry is in the trail all the same."""
    assert rows(make_entry(event_type=event_type, open_fields=open_fields)) == []


@pytest.mark.parametrize("event_type", FORGETTING)
def test_repeat_of_a_fact_has_no_row(event_type: str) -> None:
    """A record without effect has none."""
    assert rows(stated(event_type), version=None) == []


def test_projections_name_events_that_there_are() -> None:
    """An event type that is misspelt would never have a row."""
    assert set(FORGETTING) <= {schema.event_type for schema in CATALOGUE.by_fingerprint.values()}


def recipients(entry: Entry) -> list[tuple[object, ...]]:
    """Controller, name, kind and event type of the recipients' rows."""
    (projection,) = (each for each in PROJECTIONS if each.name == "recipients")
    fact = Recorded(partition=3, offset=41, version=7, record=entry)
    return [tuple(row[2:]) for _, row in projection.apply(fact)]


def test_recipients_are_the_publisher_and_the_processors() -> None:
    """Both handled the data; each under the name the fact has for it."""
    entry = make_entry(event_source="urn:test:pbx", processors=["carrier-example"], **DENTIST)
    assert recipients(entry) == [
        ("dentist-example", "urn:test:pbx", "service", "call.completed"),
        ("dentist-example", "carrier-example", "processor", "call.completed"),
    ]


@pytest.mark.parametrize("source", sorted(OWN_SOURCES))
def test_ledger_itself_is_no_recipient(source: str) -> None:
    """Nobody has to be told; processors of such a fact are told all the same."""
    entry = make_entry(event_source=source, processors=["carrier-example"])
    assert list(recipients_of(entry)) == [("carrier-example", "processor")]


def test_source_that_only_looks_like_the_ledgers_is_a_recipient() -> None:
    """A service cannot hide from an erasure behind a name."""
    entry = make_entry(event_source="urn:ledger:self-service")
    assert list(recipients_of(entry)) == [("urn:ledger:self-service", "service")]


def test_governance_facts_have_no_recipients() -> None:
    """Who publishes a notice handles nobody's data by it."""
    assert recipients(make_entry(stream_kind="governance")) == []
    assert len(recipients(make_entry(stream_kind="unattributed"))) == 1
