"""Did they keep their promises? `ledger promises` and `ledger findings`, asked as an auditor asks."""

from typing import Any

import pytest

from ledger.cli.output import instant
from ledger.policies import load_pack
from tests.ledger_home import MINUTE, NOON, LedgerHome, call, inbox_record, publish, settle

GARAGE, DENTIST = "garage-example", "dentist-example"
ALICE, BORIS, CAROL = "+3197010000001", "+3197010000002", "+3197010000003"
HOUR = 60 * MINUTE
DAY = 24 * HOUR
OWN_PACK = """
id = "garage-own"
version = "1"
title = "Invented promises"

[[entry]]
id = "G-1"
kind = "storage"
article = "art. 1"
text = "What is stored stays in the EEA."
region = "eea"

[[entry]]
id = "G-2"
kind = "encryption"
article = "art. 2"
text = "Recordings are encrypted."

[[entry]]
id = "G-3"
kind = "text_only"
article = "art. 3"
text = "We value your privacy."
reason = "it asks for nothing"

[[entry]]
id = "G-4"
kind = "consent_basis"
article = "art. 4"
text = "What rests on consent has one."
"""


@pytest.fixture(scope="module")
def told(home: LedgerHome) -> LedgerHome:
    """A garage that adopted its own pack at noon, and some calls; a dentist that is bound by nothing of it."""
    own = home.path / "own.toml"
    own.write_text(OWN_PACK, encoding="utf-8")
    loaded = load_pack(own)
    garage: dict[str, Any] = {"controller": GARAGE}
    with home.parts() as parts:
        publish(
            parts,
            inbox_record(
                "policy.adopted",
                "adopted",
                pack=loaded.pack.id,
                pack_version=loaded.pack.version,
                content=loaded.content,
                content_sha256=loaded.sha256,
                **garage,
            ),
        )
        settle(parts)
        # What the file says from here on is not what was promised.
        own.write_text(OWN_PACK.replace("What is stored stays", "Nothing at all stays"), encoding="utf-8")
        publish(
            parts,
            call("kept", ALICE, BORIS, occurred_at=NOON + HOUR, **garage),
            call("broken", ALICE, BORIS, occurred_at=NOON + 2 * HOUR, storage_country="US", **garage),
            inbox_record("consent.withdrawn", "no", subject_phone=ALICE, purpose="news", **garage),
            call("dentist's", ALICE, BORIS, storage_country="US", controller=DENTIST),
        )
        settle(parts)
        publish(
            parts,
            call(
                "after withdrawal",
                ALICE,
                BORIS,
                purpose="news",
                lawful_basis="consent",
                occurred_at=NOON + 3 * HOUR,
                **garage,
            ),
        )
        settle(parts)
    return home


def own(told: LedgerHome, *options: str) -> dict[str, dict[str, Any]]:
    """The garage's own promises, by their names."""
    document = told.json("promises", "--controller", GARAGE, *options)
    return {each["promise"]: each for each in document["promises"] if each["pack"] == "garage-own"}


def coordinates(told: LedgerHome, event_id: str) -> set[str]:
    """The entries of an event."""
    entries = told.json("trail")["entries"]
    return {entry["ledger"] for entry in entries if entry["event_id"] == event_id}


def test_every_promise_of_the_installed_packs_is_listed(told: LedgerHome) -> None:
    """161, each with verdict and article; and those of the garage's own pack beside them."""
    document = told.json("promises")
    installed = [each for each in document["promises"] if each["pack"] != "garage-own"]
    assert len(installed) == 161
    assert len({each["promise"] for each in installed}) == 161
    assert all(each["article"] and each["text"] for each in document["promises"])
    assert {each["verdict"] for each in installed} == {"no_evidence", "text_only"}
    assert sum(document["counts"].values()) == 165


def test_broken_promise_shows_the_entries_that_broke_it(told: LedgerHome) -> None:
    """And those that kept it, apart; the text is the one that was adopted, whatever the file says now."""
    broken = own(told)["G-1"]
    assert broken["verdict"] == "broken"
    assert broken["controllers"] == {GARAGE: "broken"}
    assert broken["text"] == "What is stored stays in the EEA."
    assert set(broken["evidence"]) == coordinates(told, "broken")
    [entry] = broken["entries"]
    held = entry["controllers"][GARAGE]
    assert {each["ledger"] for each in held["broken"]} == coordinates(told, "broken")
    assert held["counts"]["broken"] == len(held["broken"]) == 2
    assert {each["ledger"] for each in held["kept"]} <= coordinates(told, "kept")
    assert held["kept"]


def test_promise_nobody_put_to_the_test_has_no_evidence(told: LedgerHome) -> None:
    """Nothing was recorded, and nothing is made of it; what is text only says why."""
    promises = own(told)
    assert promises["G-2"]["verdict"] == "no_evidence"
    assert promises["G-3"]["verdict"] == "text_only"
    assert promises["G-3"]["entries"][0]["reason"] == "it asks for nothing"


def test_verdict_is_of_the_period_asked_about(told: LedgerHome) -> None:
    """Before the broken call it was kept; evidence of a promise kept is by month."""
    broke_at = instant(NOON + 2 * HOUR)
    assert broke_at is not None
    assert own(told, "--until", broke_at)["G-1"]["verdict"] == "kept"
    assert own(told, "--since", broke_at)["G-1"]["verdict"] == "broken"
    assert own(told, "--since", "2030-01-01")["G-1"]["verdict"] == "no_evidence"


def test_verdict_by_what_was_known_then(told: LedgerHome) -> None:
    """Before anything was sealed nobody was bound by anything."""
    document = told.json("promises", "--as-of", "2026-01-01")
    assert len(document["promises"]) == 161
    assert all(each["controllers"] == {} for each in document["promises"])


def test_controller_sees_the_packs_that_bind_it(told: LedgerHome) -> None:
    """With --all the others as well."""
    assert len(told.json("promises", "--controller", GARAGE)["promises"]) == 4
    assert len(told.json("promises", "--controller", GARAGE, "--all")["promises"]) == 165
    assert len(told.json("promises", "--pack", "callvoip-dpa")["promises"]) == 38


@pytest.mark.parametrize("command", ["promises", "findings", "deadlines"])
def test_controller_no_fact_names_is_not_found(told: LedgerHome, command: str) -> None:
    """An empty answer to a misspelt name would read as a clean one."""
    done = told.run(command, "--controller", "nobody")
    assert (done.returncode, b"no fact names that controller" in done.stderr) == (3, True)


def test_pack_nobody_has_is_not_found(told: LedgerHome) -> None:
    """The message says where packs are listed."""
    done = told.run("promises", "--pack", "invented")
    assert done.returncode == 3
    assert b"ledger policy list" in done.stderr


def test_promises_are_readable(told: LedgerHome) -> None:
    """One line each, and the counts."""
    printed = told.run("promises", "--controller", GARAGE).stdout.decode()
    assert "G-1" in printed
    assert "1 text only" in printed


def test_finding_is_explained_in_a_sentence(told: LedgerHome) -> None:
    """Which promise in its own words, or which law and the promise with it; exit code 1, because there is one."""
    document = told.json("findings", "--controller", GARAGE, expected_exit=1)
    by_code = {each["code"]: each for each in document["findings"]}
    storage = by_code["stored_outside_region"]
    assert storage["rule"] == "garage-own:G-1"
    assert storage["event_type"] == "call.completed"
    assert (
        "G-1 of garage-own (art. 1: “What is stored stays in the EEA”): expected " in storage["explanation"]
    )
    law = by_code["processing_after_withdrawal"]
    assert law["rule"] is None
    assert "not in keeping with GDPR Art. 7(3)" in law["explanation"]


def test_findings_by_code_subject_and_time(told: LedgerHome) -> None:
    """Each narrows; nothing found is exit code 0."""
    code = ("--code", "processing_after_withdrawal")
    person = ("--subject", f"phone:{ALICE}")
    [found] = told.json("findings", *code, *person, expected_exit=1)["findings"]
    assert found["ledger"] in coordinates(told, "after withdrawal")
    assert told.json("findings", *code, "--subject", f"phone:{BORIS}")["findings"] == []
    assert told.json("findings", *code, "--until", "2026-01-01")["findings"] == []
    assert told.json("findings", *code, "--as-of", "2026-01-01")["findings"] == []
    assert told.json("findings", *code, "--controller", DENTIST)["findings"] == []


def test_resolved_findings_are_shown_when_asked_for(told: LedgerHome) -> None:
    """A consent that comes in late makes the call right; the finding stays on record."""
    with told.parts() as parts:
        message = inbox_record(
            "message.sent",
            "unasked",
            recipient_number=CAROL,
            purpose="survey",
            lawful_basis="consent",
            controller=GARAGE,
        )
        publish(parts, message)
        settle(parts)
        consent = inbox_record(
            "consent.given",
            "late consent",
            subject_phone=CAROL,
            purpose="survey",
            controller=GARAGE,
            occurred_at=NOON - MINUTE,
        )
        publish(parts, consent)
        settle(parts)
    narrowed = ("--code", "processing_without_consent", "--subject", f"phone:{CAROL}")
    assert told.json("findings", *narrowed)["findings"] == []
    [resolved] = told.json("findings", *narrowed, "--all")["findings"]
    assert resolved["state"] == "resolved"
    assert resolved["judged_by"] != resolved["ledger"]


def test_findings_are_readable_and_can_be_too_many(told: LedgerHome) -> None:
    """One line each; what was left out is said."""
    done = told.run("findings", "--limit", "1")
    assert done.returncode == 1
    assert b"There is more" in done.stdout
    assert told.json("findings", "--limit", "1", expected_exit=1)["truncated"] is True


@pytest.mark.parametrize("command", ["promises", "findings", "register"])
def test_time_that_is_none_is_a_usage_error(told: LedgerHome, command: str) -> None:
    """As for every command."""
    done = told.run(command, "--as-of", "yesterday")
    assert done.returncode == 2
    assert b"--as-of is not a time" in done.stderr
