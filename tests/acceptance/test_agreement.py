"""Agreements, from the command line: signed, changed, what is chosen and instructed under them, and their end."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from ledger.bootstrap import Runtime
from tests.acceptance.cases import adopt, codes, phases
from tests.ledger_home import NOON, LedgerHome, await_recorded, call, inbox_record, publish

pytestmark = pytest.mark.usefixtures("served")

CALLER = "+3197010000231"
CALLED = "+3197010000232"


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> str:
    """A controller of the test's own."""
    return f"c-{request.node.name}"


def terminate(home: LedgerHome, controller: str, *more: str, expected_exit: int = 0) -> Any:
    """Terminates agreement a-1 of a controller; `more` replaces options given before it."""
    given = {"--agreement": "a-1", "--ends": "2026-12-31", "--choice": "delete"}
    given |= dict(zip(more[::2], more[1::2], strict=True))
    options = [part for pair in given.items() for part in pair]
    if expected_exit:
        done = home.run("agreement", "terminate", "--controller", controller, *options)
        assert expected_exit == done.returncode, done.stderr
        return done.stderr.decode()
    return home.json("agreement", "terminate", "--controller", controller, *options)


@pytest.mark.parametrize(
    ("choice", "due_at", "said"),
    [
        ("return", "2100-04-01T22:00:00.000000Z", "Return it with"),
        ("delete", "2100-01-01T23:00:00.000000Z", "Nothing waits for an export"),
        ("return_and_delete", "2100-01-31T23:00:00.000000Z", "Return it with"),
        ("silent", "2100-04-01T22:00:00.000000Z", "Nothing waits for an export"),
    ],
)
def test_termination_is_recorded_with_its_choice(
    home: LedgerHome, controller: str, choice: str, due_at: str, said: str
) -> None:
    """Silence is a choice too: the default of a policy takes its place. What follows is said, and how to export."""
    stated = terminate(home, controller, "--choice", choice, "--ends", "2099-12-31T23:00:00Z")
    expected = {"agreement": "a-1", "ends_at": "2099-12-31T23:00:00.000000Z", "choice": choice}
    assert stated["state"] == {"terminations": [expected], "data_due_at": due_at}
    [warning] = stated["warnings"]
    for part in (due_at, said, f"ledger export --controller {controller} --why end_of_agreement"):
        assert part in warning
    [entry] = home.json("trail", "--controller", controller)["entries"]
    assert (entry["ledger"], entry["event_type"]) == (stated["fact"]["ledger"], "agreement.terminated")


def test_end_that_a_policy_came_after_ends_no_new_data(home: LedgerHome, controller: str) -> None:
    """Adopting a policy after the end is a new agreement, and whoever adopts it hears so."""
    terminate(home, controller, "--ends", "2026-01-31", "--at", "2026-01-01")
    adopted = home.json("policy", "adopt", "callvoip-dpa", "--controller", controller)
    assert "belongs to a new agreement" in adopted["warnings"][-1]
    earlier = home.json("policy", "adopt", "callvoip-dpa", "--controller", controller, "--at", "2026-01-02")
    assert earlier["warnings"] == []


def test_data_to_be_returned_is_due_once_it_was_exported(
    home: LedgerHome, parts: Runtime, controller: str, tmp_path: Path
) -> None:
    """GDPR Art. 28(3)(g): until the export it is kept, and readable in it; after it the next run destroys it."""
    publish(parts, call("one", CALLER, CALLED, controller=controller))
    await_recorded(home)
    terminate(home, controller, "--choice", "return_and_delete", "--ends", "2026-04-01")

    def rules(state: str) -> set[tuple[str, str]]:
        document = home.json("retention", "--controller", controller)
        return {(each["retention_class"], each["rule"]) for each in document[state]}

    assert ("call_history", "ledger:export-hold") in rules("upcoming")
    assert rules("due") == set()
    out = tmp_path / "returned.zip"
    home.json("export", "--controller", controller, "--why", "end_of_agreement", "--out", str(out))
    with zipfile.ZipFile(out) as archive:
        assert CALLER in archive.read("entries.json").decode()
    assert ("call_history", "ledger:agreement-end-chosen") in rules("due")


def test_later_statement_corrects_an_earlier_one(home: LedgerHome, controller: str) -> None:
    """Of one agreement the last statement holds; another agreement stands beside it."""
    terminate(home, controller)
    terminate(home, controller, "--agreement", "a-2", "--choice", "silent")
    state = terminate(home, controller, "--choice", "return")["state"]
    assert [(each["agreement"], each["choice"]) for each in state["terminations"]] == [
        ("a-1", "return"),
        ("a-2", "silent"),
    ]
    assert len(home.json("trail", "--controller", controller)["entries"]) == 3


def conclude(home: LedgerHome, controller: str, *more: str) -> Any:
    """Concludes agreement a-1 about telephony, signed by the controller on 1 March and the provider on 2 March."""
    signed = ("--signed-by-controller", "2026-03-01", "--signed-by-provider", "2026-03-02")
    text = ("--version", "1", "--sha256", "ab" * 32, "--purpose", "telephony=processor", *more)
    return home.json(
        "agreement",
        "conclude",
        "--controller",
        controller,
        "--agreement",
        "a-1",
        *text,
        *signed,
        "--at",
        "2026-03-02",
    )


def test_agreement_concluded_is_shown_with_purposes_and_signatures(home: LedgerHome, controller: str) -> None:
    """What was agreed, in which role, by whose signature when; `show` prints what stating it printed."""
    stated = conclude(home, controller, "--purpose", "transit=conduit")
    [shown] = home.json("agreement", "show", "--controller", controller)["agreements"]
    assert shown == stated["state"]
    said = shown["facts"][0]["details"]
    assert said["purposes"] == [
        {"purpose": "telephony", "role": "processor"},
        {"purpose": "transit", "role": "conduit"},
    ]
    assert said["signed_by_provider_at"] == "2026-03-02T00:00:00.000000Z"
    assert said["document_sha256"] == "ab" * 32


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (("--accepted-by-controller", "2026-03-20", "--accepted-by-provider", "2026-03-21"), set()),
        (("--accepted-by-controller", "2026-03-20"), {"amended_without_consent"}),
        (
            ("--accepted-by-controller", "2026-03-22", "--accepted-by-provider", "2026-03-21"),
            {"amended_without_consent"},
        ),
        ((), {"amended_without_consent"}),
    ],
)
def test_change_holds_by_mutual_consent(
    home: LedgerHome, controller: str, accepted: tuple[str, ...], expected: set[str]
) -> None:
    """CD-32: accepted by both when it is said to hold; that very moment is in time, a day later is not."""
    adopt(home, "callvoip-dpa", controller)
    conclude(home, controller)
    named = ("--controller", controller, "--agreement", "a-1", "--version", "2", "--at", "2026-03-21")
    assert codes(home.json("agreement", "amend", *named, *accepted)["state"]) == expected


def test_recording_is_found_but_while_its_purpose_is_declared(
    home: LedgerHome, parts: Runtime, controller: str
) -> None:
    """CF-13: before the declaration and once it was revoked; from its very moment on a recording is in order."""
    adopt(home, "callvoip-faq", controller)
    named = ("--controller", controller, "--agreement", "a-1", "--purpose", "quality")
    home.json("agreement", "declare-recording", *named, "--in", "dashboard", "--at", "2026-03-27T12:00:00Z")
    home.json("agreement", "revoke-recording", *named, "--at", "2026-03-27T13:00:00Z")
    times = {"before": 0, "declared": 3_600, "last": 7_199, "revoked": 7_200}
    for name, seconds in times.items():
        at = NOON + seconds * 1_000_000
        said: dict[str, Any] = {"recording_purpose": "quality", "announced": True, "caller_number": CALLER}
        publish(parts, inbox_record("call.recorded", name, controller=controller, occurred_at=at, **said))
    await_recorded(home)
    entries = home.json("trail", "--controller", controller)["entries"]
    found = {each["event_id"] for each in entries for one in each["findings"] if "purpose" in one["code"]}
    assert found & times.keys() == {"before", "revoked"}


def test_optional_processor_is_used_only_once_chosen(
    home: LedgerHome, parts: Runtime, controller: str
) -> None:
    """CD-36: a call that names one is found unless the customer had opted in, and not out again."""
    adopt(home, "callvoip-dpa", controller)
    named = ("--controller", controller, "--agreement", "a-1", "--subprocessor", "RedCactus")
    home.json("agreement", "opt-in", *named, "--channel", "dashboard", "--at", "2026-03-27T12:00:00Z")
    home.json("agreement", "opt-out", *named, "--channel", "written", "--at", "2026-03-27T13:00:00Z")
    times = {"before": 0, "chosen": 3_600, "left": 7_200}
    for name, seconds in times.items():
        at = NOON + seconds * 1_000_000
        publish(
            parts, call(name, CALLER, CALLED, controller=controller, processors=["redcactus"], occurred_at=at)
        )
    await_recorded(home)
    entries = home.json("trail", "--controller", controller)["entries"]
    found = {
        each["event_id"]
        for each in entries
        for one in each["findings"]
        if one["code"] == "processor_not_opted_in"
    }
    assert found == {"before", "left"}


def test_instruction_objected_to_is_not_to_be_carried_out(
    home: LedgerHome, parts: Runtime, controller: str
) -> None:
    """CB-07, CD-08: what is done on it after the objection is found, and when it was withdrawn or never given too."""
    adopt(home, "callvoip-dpa", controller)
    named = ("--controller", controller, "--agreement", "a-1", "--instruction", "i-1")
    received = ("--channel", "dashboard", "--action", "record_all_calls")
    home.json("instruction", "receive", *named, *received, "--at", "2026-03-27T09:00:00Z")
    home.json("instruction", "object", *named, "--ground", "telecom_secrecy", "--at", "2026-03-27T12:00:00Z")
    for name, seconds, instruction in (
        ("heeded", 0, "i-1"),
        ("carried-out", 3_601, "i-1"),
        ("unknown", 0, "i-9"),
    ):
        at = NOON + seconds * 1_000_000
        fields: dict[str, Any] = {"controller": controller, "instruction_id": instruction, "occurred_at": at}
        publish(parts, call(name, CALLER, CALLED, **fields))
    await_recorded(home)
    stated = home.json("instruction", "withdraw", *named, "--at", "2026-03-28")["state"]
    assert phases(stated) == ["instruction.received", "instruction.objected", "instruction.withdrawn"]
    entries = home.json("trail", "--controller", controller)["entries"]
    found = {
        (each["event_id"], one["code"])
        for each in entries
        for one in each["findings"]
        if "instruction" in one["code"]
    }
    assert found == {
        ("carried-out", "unlawful_instruction_carried_out"),
        ("unknown", "instruction_unknown"),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("agreement", "conclude", "--version", "1", "--purpose", "telephony"),
        ("agreement", "conclude", "--version", "1", "--purpose", "telephony=friend"),
        ("agreement", "conclude", "--version", "1", "--purpose", "=processor"),
        ("agreement", "conclude", "--version", ""),
        ("agreement", "conclude", "--version", "1", "--sha256", "xyz"),
        ("agreement", "amend", "--version", "2", "--accepted-by-provider", "soon"),
        ("agreement", "declare-recording", "--purpose", "fun", "--in", "dashboard"),
        ("agreement", "opt-in", "--subprocessor", "x", "--channel", "pigeon"),
        ("instruction", "receive", "--instruction", "i", "--channel", "written"),
    ],
)
def test_bad_option_of_a_statement_is_refused(
    home: LedgerHome, controller: str, arguments: tuple[str, ...]
) -> None:
    """Exit code 2, and nothing in the log."""
    done = home.run(*arguments, "--controller", controller, "--agreement", "a-1")
    assert done.returncode == 2, done.stderr
    assert home.json("agreement", "show", "--controller", controller)["agreements"] == []


def test_agreement_nobody_spoke_of_is_not_found(home: LedgerHome, controller: str) -> None:
    """Exit code 3, and what to do."""
    done = home.run("agreement", "show", "--controller", controller, "--agreement", "a-1")
    assert (done.returncode, b"without a name all are listed" in done.stderr) == (3, True)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--choice", "burn"),
        ("--ends", "soon"),
        ("--ends", "2026-02-30"),
        ("--agreement", ""),
        ("--at", "then"),
        ("--controller", "  "),
    ],
)
def test_bad_option_is_refused(home: LedgerHome, controller: str, option: str, value: str) -> None:
    """Exit code 2, and nothing in the log."""
    terminate(home, controller, option, value, expected_exit=2)
    assert home.json("trail", "--controller", controller)["entries"] == []
