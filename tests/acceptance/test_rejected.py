"""`ledger rejected`: what could not be read is kept, can be looked at, and can be tried again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from consumers.sealer import ATTEMPTS_MAX
from ledger.contract.cloudevents import parse_time
from ledger.rules.calendar.local_day import local_day
from ledger.sealing.sealer import REJECTED_CLASS, REJECTED_CONTROLLER
from tests.ledger_home import LedgerHome, await_recorded, call, publish, seal_all, settle

NUMBER = "+3197010004444"
GARBAGE = b"\x07garbage\xff"


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A running ledger with two rejected records, by their ledger coordinates."""

    home: LedgerHome
    garbage: str
    exhausted: str


@pytest.fixture(scope="module")
def rejected(home: LedgerHome) -> Iterator[Rejected]:
    """Garbage that stays garbage, and a good record that a sealer gave up on because it died over it."""
    with home.parts() as parts:
        good = call("victim", NUMBER, "+3197010005555")
        publish(
            parts, good._replace(key=b"who", value=GARBAGE, headers=[*good.headers, ("x-extra", b"\xfe")])
        )
        seal_all(parts)
        (at,) = publish(parts, good)
        with parts.vault() as vault:
            for _ in range(ATTEMPTS_MAX):
                # each of these stands for a sealer that was killed in the middle of decoding
                vault.mark_trying(at.topic, at.partition, at.offset, at.offset)
        settle(parts)
    by_reason = {row["reason"]: row["ledger"] for row in home.json("rejected", "list")["rejected"]}
    with home.serving():
        yield Rejected(
            home=home, garbage=by_reason["magic_unknown"], exhausted=by_reason["attempts_exhausted"]
        )


def accesses(home: LedgerHome) -> list[dict[str, Any]]:
    """The details of every recorded access to personal data."""
    entries = home.json("trail", "--controller", REJECTED_CONTROLLER)["entries"]
    return [entry["details"] for entry in entries if entry["event_type"] == "data.accessed"]


def test_list_says_what_where_and_why(rejected: Rejected) -> None:
    """Reason, the part at fault, and the place in the inbox; no content."""
    rows = {row["ledger"]: row for row in rejected.home.json("rejected", "list")["rejected"]}
    garbage, exhausted = rows[rejected.garbage], rows[rejected.exhausted]
    assert (garbage["reason"], garbage["detail"], garbage["attempts"]) == ("magic_unknown", "value", 1)
    assert (exhausted["reason"], exhausted["attempts"]) == ("attempts_exhausted", ATTEMPTS_MAX)
    assert garbage["source"].startswith("inbox.processing:")


def test_show_opens_nothing_unless_asked(rejected: Rejected) -> None:
    """Without `--open` nothing is decrypted and no access recorded."""
    before = accesses(rejected.home)
    document = rejected.home.json("rejected", "show", rejected.garbage)
    assert "input" not in document
    assert before == accesses(rejected.home)


def test_open_gives_the_record_byte_for_byte_and_the_access_is_a_fact(rejected: Rejected) -> None:
    """Who looks at personal data leaves a trace in the ledger itself (DESIGN section 12)."""
    before = len(accesses(rejected.home))
    document = rejected.home.json("rejected", "show", rejected.garbage, "--open")
    assert GARBAGE.hex() == document["input"]["value_hex"]
    assert document["input"]["key"] == "who"
    assert document["input"]["headers"]["ce_id"] == "victim"
    assert document["input"]["headers"]["x-extra"] == "\\xfe"
    await_recorded(rejected.home)
    seen = accesses(rejected.home)
    assert before + 1 == len(seen)
    expected = {"entries": [rejected.garbage], "decrypted": True, "actor_role": "operator"}
    assert expected == {name: seen[-1][name] for name in expected}


def test_retry_of_what_is_still_broken_is_rejected_again(rejected: Rejected) -> None:
    """The bytes are sent as they were, so they are as unreadable; nothing is lost, nothing accepted."""
    before = len(rejected.home.json("rejected", "list")["rejected"])
    done = rejected.home.json("rejected", "retry", rejected.garbage)
    assert done == {"retried": 1, "rejected": 1, "duplicates": 0, "accepted": 0}
    rows = {row["ledger"]: row for row in rejected.home.json("rejected", "list")["rejected"]}
    assert before + 1 == len(rows)
    again = rows[rows[rejected.garbage]["retried_as"]]
    assert again["reason"] == "magic_unknown"
    assert again["retried_as"] is None


def test_retry_of_what_was_not_at_fault_is_accepted_once(rejected: Rejected) -> None:
    """A record given up on was readable all along: retried, it takes effect, and retried again it does not."""
    home = rejected.home
    assert home.run("trail", "--subject", f"phone:{NUMBER}").returncode == 3
    seen = len(accesses(home))
    first = home.json("rejected", "retry", rejected.exhausted)
    assert first == {"retried": 1, "rejected": 0, "duplicates": 0, "accepted": 1}
    (entry,) = home.json("trail", "--subject", f"phone:{NUMBER}")["entries"]
    rows = {row["ledger"]: row for row in home.json("rejected", "list")["rejected"]}
    parts_of_the_call = {e["ledger"] for e in home.json("trail")["entries"] if e["event_id"] == "victim"}
    assert entry["ledger"] in parts_of_the_call
    assert rows[rejected.exhausted]["retried_as"] in parts_of_the_call
    again = home.json("rejected", "retry", rejected.exhausted)
    assert again == {"retried": 1, "rejected": 0, "duplicates": 1, "accepted": 0}
    assert seen + 2 == len(accesses(home)), "each retry decrypts, which is recorded"


def test_retry_of_several_tells_them_apart(rejected: Rejected) -> None:
    """One call, one answer that counts each."""
    done = rejected.home.json("rejected", "retry", rejected.garbage, rejected.exhausted)
    assert done == {"retried": 2, "rejected": 1, "duplicates": 1, "accepted": 0}


def test_retry_with_one_wrong_reference_sends_nothing(rejected: Rejected) -> None:
    """All references are looked up before anything is decrypted or sent."""
    before = len(rejected.home.json("rejected", "list")["rejected"]), len(accesses(rejected.home))
    done = rejected.home.run("rejected", "retry", rejected.garbage, "1:99999", "--json")
    assert (done.returncode, done.stdout) == (3, b"")
    await_recorded(rejected.home)
    assert before == (
        len(rejected.home.json("rejected", "list")["rejected"]),
        len(accesses(rejected.home)),
    )


def test_input_whose_key_is_destroyed_can_no_longer_be_opened(rejected: Rejected) -> None:
    """Rejected input is kept for a short while only; the fact that it was rejected stays."""
    home = rejected.home
    rows = home.json("rejected", "list")["rejected"]
    with home.parts() as parts, parts.vault() as vault:
        days = {entry_day(row["sealed_at"]) for row in rows}
        for day in days:
            vault.destroy_epoch(REJECTED_CONTROLLER, REJECTED_CLASS, day, "retention_ended")
    for arguments in (("show", "--open"), ("retry",)):
        done = home.run("rejected", *arguments, rejected.garbage)
        assert (done.returncode, done.stdout) == (3, b"")
        assert "its key was destroyed" in done.stderr.decode()
    assert rows == home.json("rejected", "list")["rejected"]


def entry_day(sealed_at: str) -> int:
    """The local day of an instant as the commands print it."""
    return local_day(parse_time(sealed_at))
