"""Art. 30 GDPR from the facts: `ledger register`, held field by field against the text of the article."""

from typing import Any

import pytest

from tests.ledger_home import MINUTE, NOON, LedgerHome, call, inbox_record, publish, settle

GARAGE, PROVIDER = "garage-example", "provider-example"
ALICE, BORIS = "+3197010000001", "+3197010000002"
HOUR = 60 * MINUTE
SPEECH = "speech-example"


def party(kind: str, name: str, controller: str) -> Any:
    """A party of a controller's register."""
    return inbox_record(
        "party.registered",
        f"{kind} {controller}",
        party=kind,
        name=name,
        contact=f"{kind}@example.com",
        address="Keizersgracht 1, Amsterdam",
        country="NL",
        controller=controller,
    )


@pytest.fixture(scope="module")
def told(home: LedgerHome) -> LedgerHome:
    """A garage whose provider records and transcribes its calls, and keeps a security log for itself."""
    garage: dict[str, Any] = {"controller": GARAGE}
    with home.parts() as parts:
        publish(
            parts,
            party("controller", "Garage Example B.V.", GARAGE),
            party("dpo", "Office of the DPO", GARAGE),
            party("processor", "Provider Example B.V.", GARAGE),
            party("controller", "Provider Example B.V.", PROVIDER),
            inbox_record(
                "measures.described",
                "measures",
                measures=["encrypted_connections", "random_checks"],
                description="Connections are encrypted; policies are checked at random.",
                **garage,
            ),
            inbox_record(
                "subprocessor.announced",
                "speech",
                subprocessor=SPEECH,
                countries=["US"],
                mechanism="scc",
                agreement_concluded=True,
                **garage,
            ),
            inbox_record(
                "transfer.mechanism_set",
                "safeguards",
                subprocessor=SPEECH,
                countries=["US"],
                mechanism="scc",
                valid_from=NOON - HOUR,
                safeguards="https://example.com/scc [signed] | *2021*",
                occurred_at=NOON + MINUTE,
                **garage,
            ),
            inbox_record("retention.set", "days", retention_class="call_history", days=30, **garage),
        )
        settle(parts)
        publish(
            parts,
            call(
                "call",
                ALICE,
                BORIS,
                data_categories=["phone_number", "call_metadata"],
                processors=["carrier-example"],
                **garage,
            ),
            inbox_record(
                "call.transcribed",
                "speech to text",
                caller_number=ALICE,
                called_number=BORIS,
                purpose="summaries",
                data_categories=["voice"],
                processors=[SPEECH],
                engine_processor=SPEECH,
                processing_country="US",
                **garage,
            ),
            call(
                "security",
                ALICE,
                BORIS,
                controller=PROVIDER,
                role="controller",
                purpose="security",
                lawful_basis="legitimate_interests",
                storage_country="US",
            ),
        )
        settle(parts)
    return home


def registers(told: LedgerHome, *options: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Registers by role and controller."""
    document = told.json("register", *options)
    return {(each["role"], each["controller"]): each for each in document["registers"]}


def test_both_registers_are_printed(told: LedgerHome) -> None:
    """Each controller's own, and the processor's part of each it works for."""
    assert registers(told).keys() == {
        ("controller", GARAGE),
        ("controller", PROVIDER),
        ("processor", GARAGE),
    }
    assert registers(told, "--role", "processor").keys() == {("processor", GARAGE)}
    assert registers(told, "--controller", PROVIDER).keys() == {("controller", PROVIDER)}


def test_article_30_1_field_by_field(told: LedgerHome) -> None:
    """(a) contacts, (b) purposes, (c) categories, (d) recipients, (e) transfers, (f) limits, (g) measures."""
    register = registers(told)["controller", GARAGE]
    assert register["article"] == "GDPR Art. 30(1)"
    contacts = register["a_names_and_contacts"]
    assert contacts["controller"]["name"] == "Garage Example B.V."
    assert contacts["controller"]["contact"] == "controller@example.com"
    assert contacts["data_protection_officer"]["address"] == "Keizersgracht 1, Amsterdam"
    assert contacts["joint_controllers"] == []
    assert contacts["representative"] is None
    by_purpose = {each["b_purpose"]: each for each in register["activities"]}
    assert by_purpose.keys() == {"summaries", "telephony"}
    telephony, summaries = by_purpose["telephony"], by_purpose["summaries"]
    assert telephony["c_data_subjects"] == ["called", "caller"]
    assert telephony["c_personal_data"] == ["call_metadata", "phone_number"]
    assert telephony["d_recipients"] == [{"recipient": "carrier-example", "third_countries": []}]
    assert telephony["e_transfers"] == []
    assert telephony["lawful_basis"] == "contract"
    assert summaries["d_recipients"] == [{"recipient": SPEECH, "third_countries": ["US"]}]
    stated, seen = summaries["e_transfers"]
    assert (stated["country"], stated["mechanism"], stated["shown_as"]) == ("US", "scc", "statement")
    assert stated["safeguards"] == "https://example.com/scc [signed] | *2021*"
    assert (seen["country"], seen["recipient"], seen["shown_as"]) == ("US", SPEECH, "processing")
    limits = {each["category"]: each for each in telephony["f_erasure_limits"]}
    assert (limits["call_history"]["period"], limits["call_history"]["rule"]) == ("P30D", "customer")
    assert register["g_security_measures"]["measures"] == ["encrypted_connections", "random_checks"]
    assert register["missing"] == ["(f) a time limit for erasure of transcript, of summaries"]


def test_article_30_2_field_by_field(told: LedgerHome) -> None:
    """(a) contacts of the processor and the controller, (b) categories per controller, (c) transfers, (d) measures."""
    register = registers(told)["processor", GARAGE]
    assert register["article"] == "GDPR Art. 30(2)"
    contacts = register["a_names_and_contacts"]
    assert [each["name"] for each in contacts["processors"]] == ["Provider Example B.V."]
    assert contacts["controller"]["name"] == "Garage Example B.V."
    assert contacts["data_protection_officer"]["name"] == "Office of the DPO"
    categories = {each["purpose"]: each for each in register["b_categories_of_processing"]}
    assert categories["summaries"]["operations"] == ["call.transcribed"]
    assert categories["summaries"]["sub_processors"] == [SPEECH]
    assert categories["telephony"]["personal_data"] == ["call_metadata", "phone_number"]
    assert [each["country"] for each in register["c_transfers"]] == ["US", "US"]
    assert register["d_security_measures"]["description"].startswith("Connections are encrypted")
    assert register["missing"] == []


def test_missing_fields_are_said_to_be_missing(told: LedgerHome) -> None:
    """Never invented: of the provider's own register nearly everything."""
    register = registers(told)["controller", PROVIDER]
    assert register["g_security_measures"] is None
    assert register["missing"] == [
        "(a) name and contact details of the data protection officer",
        "(f) a time limit for erasure of call_history, of security",
        "(e) what the transfer to storage in US rests on",
        "(g) a general description of security measures",
    ]


def test_every_field_names_its_entries(told: LedgerHome) -> None:
    """Everything shown is backed by entries that the trail has."""
    entries = {entry["ledger"] for entry in told.json("trail")["entries"]}
    for register in registers(told).values():
        activities = register.get("activities") or register["b_categories_of_processing"]
        assert all(set(each["ledger"]) <= entries and each["ledger"] for each in activities)
        contacts = register["a_names_and_contacts"]
        assert contacts["controller"]["ledger"] in entries


def test_register_is_a_document_to_read(told: LedgerHome) -> None:
    """Markdown by default, with the letters of the article; text from outside cannot stand for markup."""
    printed = told.run("register", "--controller", GARAGE).stdout.decode()
    for heading in (
        "# Records of processing activities",
        "GDPR Art. 30(1)",
        "### (a) Names and contact details",
        "### (b) Purpose: telephony",
        "(c) Data subjects: called, caller",
        "(d) Recipients: carrier-example",
        "(e) Transfers to third countries",
        "(f) Erasure, per category",
        "### (g) Security measures",
        "GDPR Art. 30(2)",
        "### Missing",
    ):
        assert heading in printed
    assert r"\[signed\] \| \*2021\*" in printed
    assert "call_history: 30 days from the day it came in (customer)" in printed


def test_format_json_is_what_json_prints(told: LedgerHome) -> None:
    """Two ways to say the same; only the moment differs."""
    done = told.run("register", "--format", "json", "--controller", PROVIDER)
    assert b'"registers"' in done.stdout


def test_register_by_what_was_known_then(told: LedgerHome) -> None:
    """Before anything was sealed there was nothing to register."""
    assert told.json("register", "--as-of", "2026-01-01")["registers"] == []


def test_controller_that_no_fact_names_is_not_found(told: LedgerHome) -> None:
    """Exit code 3; an empty register would look like a clean one."""
    done = told.run("register", "--controller", "nobody")
    assert done.returncode == 3
    assert b"no register names that controller" in done.stderr
