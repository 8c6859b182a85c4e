"""The rows of the projections of rights, contracts and promises, column by column, from one fact each."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Entry, Sealed
from ledger.policies import LoadedPack, load_pack
from ledger.projections import PROJECTIONS, projections_of
from ledger.projections.processing_register import activity_of
from ledger.projections.projection import Recorded
from ledger.projections.promises import first_day_of, month_of
from ledger.rules.calendar.periods import DAYS_MAX, DAYS_MIN
from ledger.rules.judged import Deadline, DeadlineState, Shown
from tests.unit.aggregates.facts import entries, make_entry
from tests.unit.projections.stated import stated

PERSON = UUID("00000000-0000-4000-8000-000000000001")
HEAD = {"ledger_partition": 3, "ledger_offset": 41}
WHEN = {"occurred_at": 5, "sealed_at": 9}
DENTIST = {"controller": "dentist-example"}
BY_NAME = {projection.name: projection for projection in PROJECTIONS}
OF_CASES = ("agreements", "audits", "breaches", "disclosures", "notices", "rights_requests")
OF_ANY_CASE = (*OF_CASES, "subprocessors", "transfers", "register_statements")


def rows(name: str, entry: Entry, **changes: Any) -> list[tuple[str, Mapping[str, object]]]:
    """The rows one projection makes of a fact, as (table, column -> value)."""
    fact = Recorded(**{"partition": 3, "offset": 41, "version": 7, "record": entry, **changes})
    return [
        (table.name, dict(zip(table.column_names, row, strict=True)))
        for projection in projections_of(entry.event_type)
        if projection.name == name
        for table, row in projection.apply(fact)
    ]


def case(
    projection: str, event_type: str, fields: dict[str, Any], columns: dict[str, object], *, named: str
) -> Any:
    """A parameter of `test_row_of_a_case`."""
    return pytest.param(projection, event_type, fields, columns, id=named)


NO_AGREEMENT: dict[str, object] = {
    "agreement_kind": None,
    "document_version": None,
    "holds_from": None,
    "ends_at": None,
    "choice": None,
    "purposes": [],
    "names": None,
}
NO_BREACH: dict[str, object] = {
    "breach_kind": None,
    "breach_began_at": None,
    "risk": None,
    "recipient": None,
    "subjects_approximate": None,
    "records_approximate": None,
    "delay_reasons": None,
    "more_follows": None,
}
NO_AUDIT: dict[str, object] = {
    "audit_kind": None,
    "ground": None,
    "ground_reference": None,
    "auditor": None,
    "begins_at": None,
    "ends_at": None,
    "severity": None,
    "costs_borne_by": None,
}
NO_REQUEST: dict[str, object] = {
    "stream": PERSON,
    "requested_right": None,
    "channel": None,
    "requester": None,
    "received_by": None,
    "bulk_id": None,
    "outcome": None,
    "ground": None,
    "told_at": None,
}
NO_DISCLOSURE: dict[str, object] = {
    "subject": None,
    "authority": None,
    "authority_country": None,
    "demand_kind": None,
    "outcome": None,
    "controller_informed": None,
}

CASES = [
    case(
        "agreements",
        "agreement.concluded",
        {
            "agreement_id": "a1",
            "agreement_kind": "terms",
            "document_version": "2",
            "signed_by_controller_at": 70,
            "signed_by_provider_at": 77,
            "purposes": [{"purpose": "telephony", "role": "processor"}],
        },
        {
            "agreement_id": "a1",
            "phase": "concluded",
            **NO_AGREEMENT,
            "agreement_kind": "terms",
            "document_version": "2",
            "holds_from": 77,
            "purposes": ["processor telephony"],
        },
        named="an agreement holds from the last signature",
    ),
    case(
        "agreements",
        "agreement.concluded",
        {"agreement_id": "a1", "signed_by_controller_at": 70},
        {
            "agreement_id": "a1",
            "phase": "concluded",
            **NO_AGREEMENT,
            "agreement_kind": "processing_agreement",
            "document_version": "",
        },
        named="an agreement with one signature does not hold",
    ),
    case(
        "agreements",
        "agreement.amended",
        {
            "agreement_id": "a1",
            "document_version": "3",
            "accepted_by_controller_at": 80,
            "accepted_by_provider_at": 79,
        },
        {
            "agreement_id": "a1",
            "phase": "amended",
            **NO_AGREEMENT,
            "document_version": "3",
            "holds_from": 80,
        },
        named="an amendment holds from the last consent",
    ),
    case(
        "agreements",
        "agreement.terminated",
        {"agreement_id": "a1", "ends_at": 90, "choice": "return"},
        {"agreement_id": "a1", "phase": "terminated", **NO_AGREEMENT, "ends_at": 90, "choice": "return"},
        named="an agreement ends",
    ),
    case(
        "agreements",
        "recording.purpose_declared",
        {"agreement_id": "a1", "recording_purpose": "quality"},
        {
            "agreement_id": "a1",
            "phase": "recording_purpose_declared",
            **NO_AGREEMENT,
            "names": "quality",
        },
        named="a recording purpose is declared",
    ),
    case(
        "agreements",
        "processor.opted_in",
        {"agreement_id": "a1", "subprocessor": "mistral-example"},
        {"agreement_id": "a1", "phase": "processor_opted_in", **NO_AGREEMENT, "names": "mistral-example"},
        named="an optional processor is chosen",
    ),
    case(
        "agreements",
        "instruction.objected",
        {"agreement_id": "a1", "instruction": "i7"},
        {"agreement_id": "a1", "phase": "instruction_objected", **NO_AGREEMENT, "names": "i7"},
        named="an instruction is called unlawful",
    ),
    case(
        "breaches",
        "breach.discovered",
        {"breach_id": "b1", "kind": "integrity", "breach_began_at": 1},
        {
            "breach_id": "b1",
            "phase": "discovered",
            **NO_BREACH,
            "breach_kind": "integrity",
            "breach_began_at": 1,
        },
        named="a breach is discovered",
    ),
    case(
        "breaches",
        "breach.notified",
        {
            "breach_id": "b1",
            "recipient": "authority",
            "subjects_approximate": 12,
            "records_approximate": 30,
            "delay_reasons": "the holidays",
            "more_follows": True,
        },
        {
            "breach_id": "b1",
            "phase": "notified",
            **NO_BREACH,
            "recipient": "authority",
            "subjects_approximate": 12,
            "records_approximate": 30,
            "delay_reasons": "the holidays",
            "more_follows": True,
        },
        named="somebody is told of a breach",
    ),
    case(
        "breaches",
        "breach.assessed",
        {"breach_id": "b1", "risk": "high"},
        {"breach_id": "b1", "phase": "assessed", **NO_BREACH, "risk": "high"},
        named="a breach is assessed",
    ),
    case(
        "audits",
        "audit.announced",
        {
            "audit_id": "u1",
            "kind": "extra",
            "ground": "breach",
            "ground_reference": "b1",
            "auditor": "auditor-example",
            "begins_at": 70,
            "ends_at": 80,
        },
        {
            "audit_id": "u1",
            "phase": "announced",
            **NO_AUDIT,
            "audit_kind": "extra",
            "ground": "breach",
            "ground_reference": "b1",
            "auditor": "auditor-example",
            "begins_at": 70,
            "ends_at": 80,
        },
        named="an audit is announced",
    ),
    case(
        "audits",
        "audit.closed",
        {"audit_id": "u1", "costs_borne_by": "shared"},
        {"audit_id": "u1", "phase": "closed", **NO_AUDIT, "costs_borne_by": "shared"},
        named="an audit is closed",
    ),
    case(
        "disclosures",
        "disclosure.demanded",
        {
            "disclosure_id": "d1",
            "authority": "police-example",
            "authority_country": "NL",
            "demand_kind": "warrant",
        },
        {
            "disclosure_id": "d1",
            "phase": "demanded",
            **NO_DISCLOSURE,
            "authority": "police-example",
            "authority_country": "NL",
            "demand_kind": "warrant",
        },
        named="an authority demands data",
    ),
    case(
        "disclosures",
        "data.disclosed",
        {
            "disclosure_id": "d1",
            "authority": "police-example",
            "authority_country": "NL",
            "demand_kind": "warrant",
            "outcome": "refused",
            "controller_informed": True,
        },
        {
            "disclosure_id": "d1",
            "phase": "disclosed",
            "subject": PERSON,
            "authority": "police-example",
            "authority_country": "NL",
            "demand_kind": "warrant",
            "outcome": "refused",
            "controller_informed": True,
        },
        named="whose data it was",
    ),
    case(
        "notices",
        "notice.published",
        {
            "notice_id": "website",
            "notice_version": "2026-02",
            "effective_at": 70,
            "replaces": "2026-01",
            "sha256": "ab",
            "uri": "https://example.com/privacy",
            "materially_changed": True,
            "people_informed": "by_email",
        },
        {
            "notice_id": "website",
            "phase": "published",
            "notice_version": "2026-02",
            "effective_at": 70,
            "replaces": "2026-01",
            "sha256": "ab",
            "uri": "https://example.com/privacy",
            "materially_changed": True,
            "told_by": "by_email",
            "audience": None,
        },
        named="a notice is published",
    ),
    case(
        "notices",
        "notice.communicated",
        {"notice_id": "website", "version": "2026-02", "told_by": "letter", "audience": "customers"},
        {
            "notice_id": "website",
            "phase": "communicated",
            "notice_version": "2026-02",
            "effective_at": None,
            "replaces": None,
            "sha256": None,
            "uri": None,
            "materially_changed": None,
            "told_by": "letter",
            "audience": "customers",
        },
        named="people are told of a notice",
    ),
    case(
        "rights_requests",
        "request.received",
        {
            "request_id": "q1",
            "right": "erasure",
            "channel": "post",
            "requester": "visitor",
            "received_by": "processor",
            "bulk_id": "f1",
        },
        {
            "request_id": "q1",
            "phase": "received",
            **NO_REQUEST,
            "requested_right": "erasure",
            "channel": "post",
            "requester": "visitor",
            "received_by": "processor",
            "bulk_id": "f1",
        },
        named="a request is received",
    ),
    case(
        "rights_requests",
        "request.refused",
        {"request_id": "q1", "ground": "excessive"},
        {"request_id": "q1", "phase": "refused", **NO_REQUEST, "ground": "excessive"},
        named="a request is refused",
    ),
    case(
        "rights_requests",
        "request.extended",
        {"request_id": "q1", "told_at": 77},
        {"request_id": "q1", "phase": "extended", **NO_REQUEST, "told_at": 77},
        named="a request is extended",
    ),
]


@pytest.mark.parametrize(("projection", "event_type", "fields", "columns"), CASES)
def test_row_of_a_case(
    projection: str, event_type: str, fields: dict[str, Any], columns: dict[str, object]
) -> None:
    """One fact, one row, with the fact's own words whole."""
    entry = stated(event_type, stream=PERSON, **DENTIST, **WHEN, **fields)
    expected = {**HEAD, **DENTIST, **columns, "document": entry.open_fields, **WHEN}
    assert [(projection, expected)] == rows(projection, entry)


def test_row_of_a_party() -> None:
    """Who is who, as a register names them."""
    entry = stated(
        "party.registered",
        party="dpo",
        name="Office of the DPO",
        contact="dpo@example.com",
        country="NL",
        **DENTIST,
        **WHEN,
    )
    expected = {
        **HEAD,
        **DENTIST,
        "party": "dpo",
        "name": "Office of the DPO",
        "contact": "dpo@example.com",
        "country": "NL",
        "address": None,
        **WHEN,
    }
    assert [("register_parties", expected)] == rows("register_statements", entry)


def test_row_of_measures() -> None:
    """The measures as codes and in words."""
    entry = stated(
        "measures.described",
        measures=["random_checks"],
        description="Checks at random.",
        requested_by_controller=True,
        **DENTIST,
        **WHEN,
    )
    expected = {
        **HEAD,
        **DENTIST,
        "measures": ["random_checks"],
        "description": "Checks at random.",
        "requested_by_controller": True,
        **WHEN,
    }
    assert [("register_measures", expected)] == rows("register_statements", entry)


NO_STATEMENT: dict[str, object] = {
    "rule": "",
    "service": None,
    "countries": [],
    "mechanism": None,
    "valid_from": None,
    "valid_until": None,
    "safeguards": None,
    "agreement_concluded": None,
    "optional": None,
    "starts_at": None,
}


@pytest.mark.parametrize(
    ("event_type", "fields", "columns"),
    [
        (
            "subprocessor.announced",
            {
                "service": "speech",
                "starts_at": 90,
                "countries": ["US", "NL"],
                "mechanism": "scc",
                "mechanism_valid_from": 10,
                "mechanism_valid_until": 99,
                "agreement_concluded": True,
                "optional": True,
            },
            {
                "phase": "announced",
                "service": "speech",
                "starts_at": 90,
                "countries": ["US", "NL"],
                "mechanism": "scc",
                "valid_from": 10,
                "valid_until": 99,
                "agreement_concluded": True,
                "optional": True,
            },
        ),
        (
            "transfer.mechanism_set",
            {"countries": ["US"], "mechanism": "adequacy", "valid_from": 20, "safeguards": "SCC 2021/914"},
            {
                "phase": "mechanism_set",
                "countries": ["US"],
                "mechanism": "adequacy",
                "valid_from": 20,
                "safeguards": "SCC 2021/914",
            },
        ),
        (
            "subprocessor.contracted",
            {"document_version": "1", "same_duties": False},
            {"phase": "contracted", "agreement_concluded": False},
        ),
        ("subprocessor.objected", {"ground": "country"}, {"phase": "objected"}),
        ("processor.opted_out", {"agreement_id": "a1"}, {"phase": "opted_out"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_row_of_a_statement_about_a_subprocessor(
    event_type: str, fields: dict[str, Any], columns: dict[str, object]
) -> None:
    """What is not said is null; a contract that imposes less than the provider's own duties is none."""
    entry = stated(event_type, subprocessor="speech-example", **fields, **DENTIST, **WHEN)
    expected = {
        **HEAD,
        "item": 0,
        **DENTIST,
        "subprocessor": "speech-example",
        **NO_STATEMENT,
        **columns,
        **WHEN,
    }
    assert [("subprocessors", expected)] == rows("subprocessors", entry)


def adopted(loaded: LoadedPack, **changes: Any) -> Entry:
    """The adoption of a pack."""
    return stated(
        "policy.adopted",
        **{
            "pack": loaded.pack.id,
            "pack_version": loaded.pack.version,
            "content": loaded.content,
            "content_sha256": loaded.sha256,
            **DENTIST,
            **WHEN,
            **changes,
        },
    )


def test_adopted_list_has_a_row_for_each_of_its_lines() -> None:
    """In the document's order (MB-48)."""
    loaded = load_pack("messagebird")
    lines = [each for entry in loaded.pack.entries for each in entry.processors]
    found = [row for _, row in rows("subprocessors", adopted(loaded))]
    assert [each.name for each in lines] == [row["subprocessor"] for row in found]
    assert list(range(len(lines))) == [row["item"] for row in found]
    assert {"listed"} == {row["phase"] for row in found}
    assert len(lines) >= 29


def test_mechanism_of_a_list_is_stated_for_third_countries_only() -> None:
    """What stays in the EEA is no transfer; the rule says which list it is of."""
    found = rows("transfers", adopted(load_pack("messagebird")))
    assert {"transfer_mechanisms"} == {name for name, _ in found}
    countries = {row["country"] for _, row in found}
    assert {"US", "CA", "GB"} <= countries
    assert not countries & {"NL", "IE", "MT"}
    assert all(str(row["rule"]).startswith("messagebird:") for _, row in found)


@pytest.mark.parametrize("changes", [{"content": "{}"}, {"content_sha256": "ab"}, {"pack": "another"}])
def test_pack_that_cannot_be_read_lists_nobody(changes: dict[str, str]) -> None:
    """It holds nothing; that is a finding."""
    entry = adopted(load_pack("messagebird"), **changes)
    assert rows("subprocessors", entry) == rows("transfers", entry) == []


def test_mechanism_row() -> None:
    """One row per third country of the statement."""
    entry = stated(
        "transfer.mechanism_set",
        subprocessor="speech-example",
        countries=["US", "IE", "IN"],
        mechanism="scc",
        valid_from=20,
        valid_until=30,
        safeguards="SCC 2021/914",
        **DENTIST,
        **WHEN,
    )
    expected = [
        (
            "transfer_mechanisms",
            {
                **HEAD,
                "item": item,
                **DENTIST,
                "recipient": "speech-example",
                "country": country,
                "stated_by": "transfer.mechanism_set",
                "rule": "",
                "mechanism": "scc",
                "valid_from": 20,
                "valid_until": 30,
                "safeguards": "SCC 2021/914",
                **WHEN,
            },
        )
        for item, country in enumerate(("US", "IN"))
    ]
    assert expected == rows("transfers", entry)


@pytest.mark.parametrize(
    ("event_type", "fields", "shown"),
    [
        ("call.completed", {"storage_country": "US"}, [("storage", "", "US")]),
        ("call.completed", {"storage_country": "NL"}, []),
        ("call.completed", {"storage_country": ""}, []),
        ("call.completed", {"storage_country": "IS"}, []),
        (
            "call.transcribed",
            {"storage_country": "US", "engine_processor": "speech-example", "processing_country": "IN"},
            [("storage", "", "US"), ("processing", "speech-example", "IN")],
        ),
        ("call.transcribed", {"engine_processor": "speech-example", "processing_country": "FR"}, []),
        (
            "data.exported",
            {"recipient_kind": "other_controller", "destination_country": "GB", "occurred_at": 1 << 51},
            [("export", "other_controller", "GB")],
        ),
        ("data.exported", {"recipient_kind": "controller", "destination_country": "GB"}, []),
        ("data.accessed", {"actor_role": "support", "actor_country": "MA"}, [("access", "support", "MA")]),
        ("data.accessed", {"actor_role": "support", "actor_country": "somewhere far"}, []),
        (
            "data.disclosed",
            {"disclosure_id": "d", "authority": "a" * 300, "authority_country": "US"},
            [("disclosure", "a" * 256, "US")],
        ),
    ],
)
def test_transfer_shown_by_an_entry(
    event_type: str, fields: dict[str, Any], shown: list[tuple[str, str, str]]
) -> None:
    """Storage, processing, export, access and disclosure apart (X7); the United Kingdom since it left (X16)."""
    found = rows("transfers", stated(event_type, **DENTIST, **fields))
    assert [(row["shown_as"], row["recipient"], row["country"]) for _, row in found] == shown


def test_promise_evidence_rows() -> None:
    """One row per mark, in the month of the entry's local day."""
    shown = (Shown("encrypted", "p:e"), Shown("retention_due", "p:r", due_at=77, detail="recording"))
    day = date(2026, 3, 27).toordinal() - date(1970, 1, 1).toordinal()
    entry = make_entry(occurred_day=day, **DENTIST, **WHEN)
    head = {**HEAD, **DENTIST, "month": 2026 * 12 + 2, **WHEN}
    assert rows("promises", entry, shown=shown) == [
        (
            "promise_evidence",
            {**head, "item": 0, "mark": "encrypted", "rule": "p:e", "detail": "", "due_at": None},
        ),
        (
            "promise_evidence",
            {**head, "item": 1, "mark": "retention_due", "rule": "p:r", "detail": "recording", "due_at": 77},
        ),
    ]


def test_deadline_rows() -> None:
    """One row per deadline that starts or changes."""
    deadline = Deadline(
        case_kind="request",
        case_id="q1",
        name="answer",
        rule="p:e",
        article="GDPR Art. 12(3)",
        offset=12,
        starts_at=4,
        ends_at=70,
        other_ends_at=71,
        calendar="nl-1",
        state=DeadlineState.MISSED,
        about="access",
    )
    entry = make_entry(stream=PERSON, **DENTIST, **WHEN)
    expected = {
        **HEAD,
        "item": 0,
        **DENTIST,
        "stream": PERSON,
        "case_kind": "request",
        "case_id": "q1",
        "name": "answer",
        "rule": "p:e",
        "article": "GDPR Art. 12(3)",
        "started_by": 12,
        "starts_at": 4,
        "ends_at": 70,
        "other_ends_at": 71,
        "calendar": "nl-1",
        "state": "missed",
        "about": "access",
        **WHEN,
    }
    assert [("deadlines", expected)] == rows("deadlines", entry, deadlines=(deadline,))


def sealed(retention_class: str) -> Sealed:
    """A sealed field of a class."""
    return Sealed(field="f", retention_class=retention_class, commitment=b"c", ciphertext=b"x")


def test_register_rows_of_an_entry() -> None:
    """Every aspect of its activity once, whatever the entry repeats."""
    entry = make_entry(
        data_categories=["voice", "phone_number", "voice"],
        processors=["carrier-example"],
        subject_roles=["caller", "called"],
        sealed=[sealed("recording"), sealed("recording")],
        **DENTIST,
        **WHEN,
    )
    found = [row for _, row in rows("processing_register", entry)]
    assert [(row["aspect"], row["value"]) for row in found] == [
        ("event_type", "call.completed"),
        ("data_category", "voice"),
        ("data_category", "phone_number"),
        ("subject_category", "caller"),
        ("subject_category", "called"),
        ("recipient", "carrier-example"),
        ("storage_country", "NL"),
        ("retention_class", "recording"),
    ]
    assert list(range(8)) == [row["item"] for row in found]
    activity = activity_of("dentist-example", "processor", "telephony", "contract")
    expected = {
        **HEAD,
        "item": 0,
        "activity": activity,
        **DENTIST,
        "role": "processor",
        "purpose": "telephony",
        "lawful_basis": "contract",
        "aspect": "event_type",
        "value": "call.completed",
        **WHEN,
    }
    assert expected == found[0]


@pytest.mark.parametrize(
    ("event_type", "fields", "more"),
    [
        (
            "call.transcribed",
            {"engine_processor": "speech-example", "processing_country": "US"},
            {("recipient", "speech-example"), ("processing_country", "US")},
        ),
        ("data.exported", {"recipient_kind": "other_controller"}, {("recipient", "other_controller")}),
        ("data.exported", {"recipient_kind": "data_subject"}, set()),
        ("data.exported", {"recipient_kind": "controller"}, set()),
        ("data.disclosed", {"disclosure_id": "d", "outcome": "disclosed"}, {("recipient", "authority")}),
        ("data.disclosed", {"disclosure_id": "d", "outcome": "refused"}, set()),
    ],
)
def test_recipients_that_open_fields_name(
    event_type: str, fields: dict[str, Any], more: set[tuple[str, str]]
) -> None:
    """Who runs an engine, and who is given data; not the person, and not the controller itself."""
    found = {
        (row["aspect"], row["value"]) for _, row in rows("processing_register", stated(event_type, **fields))
    }
    assert more == {pair for pair in found if pair[0] in {"recipient", "processing_country"}}


def test_activities_are_told_apart_by_where_their_parts_end() -> None:
    """Text of publishers cannot make one activity look like another."""
    assert activity_of("ab", "c", "d", "e") != activity_of("a", "bc", "d", "e")
    assert activity_of("a", "processor", "x", "y") == activity_of("a", "processor", "x", "y")


@pytest.mark.parametrize("changes", [{"stream_kind": "governance"}, {"event_source": "urn:ledger:self"}])
def test_what_is_no_processing_has_no_register_rows(changes: dict[str, str]) -> None:
    """Governance facts, and the ledger's own about keeping the register."""
    assert rows("processing_register", make_entry(processors=["carrier-example"], **changes)) == []


BAD_FIELDS = [
    "",
    "[]",
    "{}",
    "null",
    '{"agreement_id":1,"breach_id":[],"audit_id":{},"disclosure_id":2,"notice_id":false,"request_id":0,'
    '"subprocessor":["x"],"party":3,"measures":"all","content":"{}"}',
    '{"countries":["US",1],"subprocessor":"x","right":1,"request_id":"q"}',
    '{"agreement_id":"a","purposes":[{"purpose":1}]}',
]


@pytest.mark.parametrize("name", OF_ANY_CASE)
@pytest.mark.parametrize("open_fields", BAD_FIELDS)
def test_fields_of_another_shape_have_no_row(name: str, open_fields: str) -> None:
    """A fold must not fail on a fact; the entry is in the trail all the same."""
    types = BY_NAME[name].event_types or {"transfer.mechanism_set", "policy.adopted", "call.transcribed"}
    for event_type in types:
        required = "request_id" in open_fields and name == "rights_requests" and '"q"' in open_fields
        found = rows(
            name, make_entry(event_type=event_type, stream_kind="governance", open_fields=open_fields)
        )
        assert found == [] or required


@pytest.mark.parametrize("name", [*OF_ANY_CASE, "processing_register"])
def test_repeat_of_a_fact_has_no_row(name: str) -> None:
    """A record without effect shows nothing."""
    for event_type in BY_NAME[name].event_types or {"call.completed", "subprocessor.announced"}:
        entry = stated(event_type, storage_country="US")
        assert rows(name, entry, version=None) == []


@pytest.mark.parametrize(
    "projection", [one for one in PROJECTIONS if one.follows_from], ids=lambda one: one.name
)
def test_projection_that_can_be_passed_over_keeps_first_rows_only(projection: Any) -> None:
    """Passing over an entry must leave out nothing but rows that are written already."""
    assert all(table.first_of for table in projection.tables)


@given(entries(), entries(), st.integers(1, 9), st.integers(1, 9))
def test_entries_from_which_the_same_follows_have_the_same_rows(
    one: Entry, other: Entry, first: int, second: int
) -> None:
    """But for coordinates, place and times: the keys of their rows are equal."""
    for projection in PROJECTIONS:
        if projection.follows_from is None:
            continue
        facts = [
            Recorded(partition=1, offset=at, version=at, record=entry)
            for at, entry in ((first, one), (second, other))
        ]
        keys = [
            {(table.name, table.first_key(row)) for table, row in projection.apply(fact)} for fact in facts
        ]
        if projection.follows_from(facts[0]) == projection.follows_from(facts[1]):
            assert keys[0] == keys[1]


@given(entries())
def test_marks_of_a_month_follow_from_what_they_show(entry: Entry) -> None:
    """Entries with other marks are not passed over."""
    projection = BY_NAME["promises"]
    assert projection.follows_from is not None
    fact = Recorded(partition=1, offset=1, version=1, record=entry, shown=(Shown("encrypted", "p:e"),))
    other = Recorded(partition=1, offset=2, version=2, record=entry, shown=(Shown("encrypted", "p:f"),))
    assert projection.follows_from(fact) != projection.follows_from(other)


@given(st.integers(DAYS_MIN, DAYS_MAX))
def test_month_of_a_day(day: int) -> None:
    """Against the calendar: the month holds the day, and the next begins after it."""
    month = month_of(day)
    assert first_day_of(month) <= day < first_day_of(month + 1)


@pytest.mark.parametrize("day", [DAYS_MIN - 1, DAYS_MAX + 1, -(1 << 31), (1 << 31) - 1])
def test_day_outside_the_calendar_has_its_nearest_month(day: int) -> None:
    """A fold must not fail on what a record claims."""
    assert month_of(day) in {12, 9999 * 12 + 11}


def test_documents_hold_no_field_that_was_sealed() -> None:
    """Open fields are what the sealer left in the clear."""
    entry = stated("request.received", request_id="q1", stream=PERSON)
    ((_, row),) = rows("rights_requests", entry)
    assert not {"subject_phone", "subject_email"} & json.loads(str(row["document"])).keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"controller": "another-example"},
        {"role": "controller"},
        {"purpose": "quality"},
        {"lawful_basis": "consent"},
        {"event_type": "message.sent"},
        {"event_source": "//another.example/1"},
        {"storage_country": "US"},
        {"data_categories": ["voice"]},
        {"processors": ["carrier-example"]},
        {"subject_roles": ["called"]},
        {"sealed": [sealed("recording")]},
        {"data_categories": ["x"], "processors": ["y"]},
        {"processors": ["x", "y"]},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["processing_register", "recipients"])
def test_entry_with_other_rows_is_not_passed_over(name: str, changes: dict[str, Any]) -> None:
    """Whatever changes the keys of its rows changes what they follow from."""
    projection = BY_NAME[name]
    assert projection.follows_from is not None
    facts = [
        Recorded(partition=1, offset=1, version=1, record=entry)
        for entry in (make_entry(), make_entry(**changes))
    ]
    keys = [{table.first_key(row) for table, row in projection.apply(fact)} for fact in facts]
    if keys[0] != keys[1]:
        assert projection.follows_from(facts[0]) != projection.follows_from(facts[1])
