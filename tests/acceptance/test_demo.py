"""The main job, as a user runs it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.ledger_home import LedgerHome, new_home

EVENTS = "600"
ROWS = 161
"""Obligations in the documents of the four providers."""
DOCUMENTS = {"callingbird", "callvoip-faq", "callvoip-dpa", "cloudtalk", "messagebird"}


@pytest.fixture(scope="module")
def demo_home() -> Iterator[LedgerHome]:
    """A ledger whose services nobody keeps running: each command starts and stops them."""
    with new_home() as made:
        yield made


@pytest.fixture(scope="module")
def first_run(demo_home: LedgerHome) -> dict[str, object]:
    """What the demo says on a new machine."""
    document = demo_home.json("demo", "--once", "--events", EVENTS)
    assert isinstance(document, dict)
    return document


def test_every_inbox_record_is_accepted_rejected_or_a_duplicate(first_run: dict[str, int]) -> None:
    """The three counts come from the store, `published` from the inbox: they must add up."""
    assert first_run["published"] == first_run["accepted"] + first_run["rejected"] + first_run["duplicates"]
    assert first_run["published"] == first_run["publishers_said"]
    assert min(first_run["accepted"], first_run["rejected"], first_run["duplicates"]) > 0
    assert first_run["out_of_chain"] == 0


def test_replay_proves_the_live_state(first_run: dict[str, object]) -> None:
    """The digest rebuilt from the log is the live one."""
    assert first_run["digest"] == first_run["replay_digest"]


def test_findings_name_processing_after_withdrawal(
    demo_home: LedgerHome, first_run: dict[str, object]
) -> None:
    """The day holds processing after a withdrawal, and the trail shows it on the entry."""
    entries = demo_home.json("trail", "--limit", "100000")["entries"]
    codes = {finding["code"] for entry in entries for finding in entry["findings"]}
    assert "processing_after_withdrawal" in codes


@pytest.fixture(scope="module")
def promises(demo_home: LedgerHome, first_run: dict[str, object]) -> list[dict[str, Any]]:
    """Every promise, with its verdict."""
    listed: list[dict[str, Any]] = demo_home.json("promises")["promises"]
    return listed


def test_every_promise_has_a_verdict_with_evidence(
    first_run: dict[str, Any], promises: list[dict[str, Any]]
) -> None:
    """Each row of the documents is listed once; what has a verdict links to entries; the summary counts the same."""
    assert len(promises) == len({each["promise"] for each in promises}) == ROWS
    assert [each["promise"] for each in promises if not each["article"]] == []
    for each in promises:
        assert bool(each["evidence"]) is (each["verdict"] in {"kept", "broken", "due"}), each["promise"]
    counted = {pack: dict.fromkeys(first_run["promises"][pack], 0) for pack in DOCUMENTS}
    for each in promises:
        counted[each["pack"]][each["verdict"]] += 1
    assert counted == first_run["promises"]


@pytest.mark.parametrize("pack", sorted(DOCUMENTS))
def test_day_keeps_breaks_and_owes_something_of_each_document(
    promises: list[dict[str, Any]], pack: str
) -> None:
    """Whichever provider one looks at, there is something of each."""
    verdicts = [each["verdict"] for each in promises if each["pack"] == pack]
    assert {"kept", "broken", "due"} <= set(verdicts)


def test_each_broken_promise_is_explained_in_a_sentence(
    demo_home: LedgerHome, promises: list[dict[str, Any]]
) -> None:
    """A finding names the promise it breaks, what was expected and what was found."""
    found = demo_home.json("findings", expected_exit=1)["findings"]
    explained = {(of["pack"], of["promise"]) for each in found for of in each["promises"]}
    broken = {(each["pack"], each["promise"]) for each in promises if each["verdict"] == "broken"}
    missed = {
        (each["pack"], each["promise"])
        for each in promises
        for entry in each["entries"]
        for held in entry["controllers"].values()
        if {shown["source"] for shown in held["broken"]} == {"deadline"}
    }
    assert broken - missed <= explained
    for each in found:
        assert each["explanation"].endswith(".")
        assert each["expected"] in each["explanation"]
        assert each["found"] in each["explanation"]


def test_register_of_a_controller_is_complete(demo_home: LedgerHome, first_run: dict[str, object]) -> None:
    """GDPR Art. 30: the facts of a day name everything that both registers must have, and nothing is missing."""
    registers = demo_home.json("register", "--controller", "tandarts-de-linde")["registers"]
    assert [each["role"] for each in registers] == ["controller", "processor"]
    assert [each["missing"] for each in registers] == [[], []]
    document = demo_home.run("register", "--controller", "tandarts-de-linde").stdout.decode()
    assert "Data protection officer: tandarts-de-linde, privacy office" in document


def test_state_survives_a_stop_and_start(demo_home: LedgerHome, first_run: dict[str, object]) -> None:
    """After the demo ended its services stopped; the next command starts them and finds everything."""
    assert first_run["digest"] == demo_home.json("digest")["digest"]
    verified = demo_home.json("replay", "--verify")
    assert verified["equal"] is True


def test_second_run_of_the_same_day_has_no_new_effects(
    demo_home: LedgerHome, first_run: dict[str, int]
) -> None:
    """Facts are known by source and id: publishing a day again changes nothing but what was rejected again."""
    before = demo_home.json("trail", "--limit", "100000")["entries"]
    again = demo_home.json("demo", "--once", "--events", EVENTS)
    assert again["accepted"] == 0
    assert again["published"] == again["rejected"] + again["duplicates"]
    assert before == demo_home.json("trail", "--limit", "100000")["entries"]
