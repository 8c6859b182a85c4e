"""The main job, as a user runs it."""

from collections.abc import Iterator

import pytest

from tests.ledger_home import LedgerHome, new_home

EVENTS = "600"


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
