"""Rights requests, from the command line: received, checked, extended, answered, refused, shown with what is owed."""

from pathlib import Path
from typing import Any

import pytest

from ledger.bootstrap import Runtime
from tests.ledger_home import LedgerHome, await_recorded, call, publish

pytestmark = pytest.mark.usefixtures("served")

ASKER = "+3197010000301"
OTHER = "+3197010000302"
RECEIVED = "2026-03-05T10:00:00Z"
MONTH_ENDS = "2026-04-07T22:00:00.000000Z"
EXTENDED_ENDS = "2026-06-05T22:00:00.000000Z"


@pytest.fixture
def controller(request: pytest.FixtureRequest) -> str:
    """A controller of the test's own."""
    return f"c-{request.node.name}"


def receive(home: LedgerHome, controller: str, *more: str, subject: str = f"phone:{ASKER}") -> Any:
    """Somebody asks for access by e-mail."""
    given = ("--controller", controller, "--subject", subject, "--at", RECEIVED)
    what = () if "--right" in more else ("--right", "access")
    who = () if "--channel" in more else ("--channel", "email", "--requester", "end_user")
    return home.json("request", "receive", *given, *what, *who, *more)


def codes(document: dict[str, Any]) -> list[str]:
    """What was found on a request, but for what is found on the first fact of a controller nobody knows."""
    return [each["code"] for each in document["findings"] if each["code"] != "controller_unknown"]


def law(document: dict[str, Any]) -> dict[str, Any]:
    """The law's deadline of a request."""
    [found] = [each for each in document["deadlines"] if each["rule"] is None]
    assert isinstance(found, dict)
    return found


def test_receipt_of_somebody_unknown_starts_the_clock(home: LedgerHome, controller: str) -> None:
    """The person becomes known by it; the number is in no answer."""
    stated = receive(home, controller, "--id", "r-1")
    state = stated["state"]
    assert (state["phase"], state["right"], state["received_at"]) == (
        "received",
        "access",
        "2026-03-05T10:00:00.000000Z",
    )
    assert (law(state)["ends_at"], law(state)["other_ends_at"]) == (MONTH_ENDS, None)
    assert law(state)["started_by"] == stated["fact"]["ledger"]
    assert law(state)["calendar"]
    assert state["subject"]
    assert ASKER not in str(stated)
    [entry] = home.json("trail", "--subject", f"phone:{ASKER}", "--controller", controller)["entries"]
    assert (entry["event_type"], entry["purpose"], entry["stream"]) == (
        "request.received",
        "rights_request",
        state["subject"],
    )


def test_request_from_its_receipt_to_its_answer(home: LedgerHome, controller: str) -> None:
    """By its id alone: checked, extended in time, answered; what was found and owed is shown at each step."""
    receive(home, controller, "--id", "whole")
    checked = home.json(
        "request", "identity", "whole", "--outcome", "confirmed", "--method", "call_back",
        "--at", "2026-03-06T10:00:00Z",
    )  # fmt: skip
    assert law(checked["state"])["ends_at"] == MONTH_ENDS
    extended = home.json(
        "request", "extend", "whole", "--reason", "complexity", "--at", "2026-04-07T21:59:59Z"
    )
    assert law(extended["state"])["ends_at"] == EXTENDED_ENDS
    assert law(extended["state"])["other_ends_at"] == EXTENDED_ENDS
    answered = home.json(
        "request", "answer", "whole", "--outcome", "fulfilled", "--confirmed", "--at", "2026-06-05T21:59:59Z"
    )
    assert answered["warnings"] == []
    [shown] = home.json("request", "show", "whole")["requests"]
    assert shown == answered["state"]
    assert (shown["phase"], law(shown)["state"], codes(shown)) == ("answered", "met", [])
    assert [each["event_type"] for each in shown["facts"]] == [
        "request.received",
        "request.identity_checked",
        "request.extended",
        "request.answered",
    ]


def test_extension_told_too_late_is_warned_of(home: LedgerHome, controller: str) -> None:
    """It is recorded all the same, with the finding, and extends nothing."""
    receive(home, controller, "--id", "late")
    extended = home.json(
        "request", "extend", "late", "--reason", "complexity", "--told", "2026-04-07T22:00:00Z"
    )
    assert law(extended["state"])["ends_at"] == MONTH_ENDS
    assert codes(extended["state"]) == ["request_extension_invalid"]
    assert "request_extension_invalid" in extended["warnings"][0]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        pytest.param(
            ("--told", "never", "--reason", "complexity"), "the data subject was not told", id="not told"
        ),
        pytest.param(("--told", "2026-03-06"), "no reasons were given", id="no reasons"),
    ],
)
def test_extension_needs_to_be_told_with_reasons(
    home: LedgerHome, controller: str, more: tuple[str, ...], found: str
) -> None:
    """Either is missing: the month stays the month."""
    receive(home, controller, "--id", controller)
    extended = home.json("request", "extend", controller, *more)
    assert found in extended["warnings"][0]


def test_answer_too_late_is_found(home: LedgerHome, controller: str) -> None:
    """One second after the end, in a sentence with the dates."""
    receive(home, controller, "--id", "too-late")
    answered = home.json(
        "request",
        "answer",
        "too-late",
        "--outcome",
        "fulfilled",
        "--confirmed",
        "--at",
        "2026-04-07T22:00:00Z",
    )
    assert law(answered["state"])["state"] == "missed"
    [found] = [each for each in answered["state"]["findings"] if each["code"] == "request_answered_late"]
    assert "by the end of 2026-04-07" in found["expected"]
    assert found["ledger"] == answered["fact"]["ledger"]


def test_answer_says_what_is_kept_and_who_paid(home: LedgerHome, controller: str) -> None:
    """The person may be charged only on a ground; what is kept is stated with its reason."""
    receive(home, controller, "--id", "kept", "--right", "erasure")
    answered = home.json(
        "request", "answer", "kept", "--outcome", "partly_fulfilled", "--kept", "account=legal_obligation",
        "--kept-unnamed", "consent_proof=proof_of_consent", "--charged-to", "data_subject",
        "--informed", "printer-example", "--at", "2026-03-10",
    )  # fmt: skip
    details = answered["state"]["facts"][-1]["details"]
    assert details["kept"] == [
        {"retention_class": "account", "ground": "legal_obligation", "named_in_answer": True},
        {"retention_class": "consent_proof", "ground": "proof_of_consent", "named_in_answer": False},
    ]
    assert (details["recipients_informed"], details["confirmation_sent"]) == (["printer-example"], False)
    assert codes(answered["state"]) == ["request_charged"]


def test_refusal_without_ground_and_remedy_is_found(home: LedgerHome, controller: str) -> None:
    """With both, and told what one can do about it, there is nothing to find."""
    receive(home, controller, "--id", "bad")
    bad = home.json("request", "refuse", "bad", "--reasons-told", "--complaint-told", "--at", "2026-03-10")
    assert sorted(codes(bad["state"])) == ["request_refusal_incomplete", "request_refused_without_ground"]
    assert len(bad["warnings"]) == 2
    receive(home, controller, "--id", "good")
    good = home.json(
        "request", "refuse", "good", "--ground", "excessive", "--reasons-told", "--complaint-told", "--remedy-told",
        "--at", "2026-03-10",
    )  # fmt: skip
    assert (good["state"]["phase"], codes(good["state"]), good["warnings"]) == ("refused", [], [])


def test_withdrawn_request_is_owed_nothing(home: LedgerHome, controller: str) -> None:
    """The deadline is void, and the request is no longer among the open ones."""
    receive(home, controller, "--id", "w-1")
    receive(home, controller, "--id", "w-2")
    withdrawn = home.json("request", "withdraw", "w-1", "--at", "2026-03-06")
    assert (withdrawn["state"]["phase"], law(withdrawn["state"])["state"]) == ("withdrawn", "void")
    listed = home.json("request", "list", "--controller", controller)["requests"]
    assert [(each["request"], each["phase"]) for each in listed] == [
        ("w-1", "withdrawn"),
        ("w-2", "received"),
    ]
    still_open = home.json("request", "list", "--controller", controller, "--open")["requests"]
    assert [each["request"] for each in still_open] == ["w-2"]
    assert still_open[0]["due"]["ends_at"] == MONTH_ENDS


def test_request_of_nobody_identified_has_its_clock(home: LedgerHome, controller: str) -> None:
    """It is owed an answer like any other, and can be answered by its id."""
    stated = home.json(
        "request", "receive", "--controller", controller, "--right", "access", "--channel", "post",
        "--requester", "visitor", "--id", "letter", "--at", RECEIVED,
    )  # fmt: skip
    assert stated["state"]["subject"] is None
    assert "nobody is named" in stated["warnings"][0]
    assert law(stated["state"])["ends_at"] == MONTH_ENDS
    answered = home.json("request", "answer", "letter", "--outcome", "nothing_held", "--at", "2026-03-20")
    assert (answered["state"]["phase"], law(answered["state"])["state"]) == ("answered", "met")


def test_processor_passes_a_request_on(home: LedgerHome, controller: str) -> None:
    """As the processor it is."""
    receive(home, controller, "--id", "passed-on", "--received-by", "processor")
    home.json("request", "forward", "passed-on", "--to", controller, "--at", "2026-03-06")
    entries = home.json("trail", "--controller", controller)["entries"]
    assert [(each["event_type"], each["role"]) for each in entries] == [
        ("request.received", "controller"),
        ("request.forwarded", "processor"),
    ]


def test_answer_before_its_receipt_is_recorded(home: LedgerHome, controller: str) -> None:
    """Facts come in any order: whose request it is must then be said, and the receipt makes sense of it."""
    whose = ("--controller", controller, "--subject", f"phone:{ASKER}")
    early = home.json(
        "request", "answer", "early", "--outcome", "fulfilled", "--confirmed", *whose, "--at", "2026-03-09"
    )
    assert (early["state"]["phase"], early["state"]["right"], early["state"]["deadlines"]) == (
        "answered",
        None,
        [],
    )
    whole = receive(home, controller, "--id", "early")["state"]
    assert (whole["phase"], law(whole)["state"]) == ("answered", "met")


def test_same_id_at_two_controllers_is_told_apart(home: LedgerHome, controller: str) -> None:
    """Neither is taken for the other."""
    other = f"o-{controller}"
    receive(home, controller, "--id", "same")
    receive(home, other, "--id", "same")
    done = home.run("request", "withdraw", "same")
    assert done.returncode == 2
    assert b"several requests have that id" in done.stderr
    home.json("request", "withdraw", "same", "--controller", other)
    assert [each["phase"] for each in home.json("request", "show", "same")["requests"]] == [
        "received",
        "withdrawn",
    ]
    [mine] = home.json("request", "show", "same", "--subject", f"phone:{ASKER}", "--controller", controller)[
        "requests"
    ]
    assert mine["controller"] == controller


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(("show", "nowhere"), 3, b"nothing is recorded of that request", id="unknown"),
        pytest.param(("withdraw", "nowhere"), 3, b"--controller and --subject", id="whose is it"),
        pytest.param(("answer", "x", "--outcome", "good"), 2, b"good", id="no outcome"),
        pytest.param(
            ("answer", "x", "--outcome", "fulfilled", "--kept", "everything"), 2, b"CLASS=GROUND", id="no class"
        ),
        pytest.param(("receive", "--controller", "c"), 2, b"--right, --channel, --requester", id="what came in"),
        pytest.param(
            (
                "receive", "--controller", "c", "--right", "access", "--channel", "email", "--requester", "visitor",
                "--subject", "phone:anonymous",
            ),
            2, b"identifies nobody", id="a withheld number",
        ),
        pytest.param(
            (
                "receive", "--controller", "c", "--right", "access", "--channel", "email", "--requester", "visitor",
                "--subject", "00000000-0000-4000-8000-00000000dead",
            ),
            3, b"knows nobody by that pseudonym", id="an unknown pseudonym",
        ),
        pytest.param(("receive", "--controller", "c", "--file", "x", "--id", "1"), 2, b"--file", id="file and id"),
        pytest.param(("receive", "--controller", "c", "--file", "/nowhere"), 3, b"no such file", id="no file"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(home: LedgerHome, arguments: tuple[str, ...], code: int, said: bytes) -> None:
    """And what was expected; nothing is published."""
    done = home.run("request", *arguments)
    assert code == done.returncode, done.stderr
    # Line ends are typer's own.
    assert said in b" ".join(done.stderr.split())


HEADER = "request_id,right,channel,requester,purposes,phone,email,account,pseudonym,received_at\n"


def test_file_of_requests_is_received_once(home: LedgerHome, controller: str, tmp_path: Path) -> None:
    """Each line is a request of its own; the same file under the same id changes nothing."""
    file = tmp_path / "requests.csv"
    file.write_text(
        HEADER
        + f"b-1,access,api,customer,,{ASKER},,,,2026-03-05T10:00:00Z\n"
        + "b-2,objection,dashboard,customer,marketing;profiling,,someone@example.com,,,\n"
        + ",erasure,email,end_user,,,,acc-7,,\n",
        encoding="utf-8",
    )
    given = (
        "receive",
        "--controller",
        controller,
        "--file",
        str(file),
        "--bulk-id",
        "batch-9",
        "--at",
        RECEIVED,
        "--wait",
    )
    done = home.json("request", *given)
    assert done == {
        "bulk": "batch-9", "published": 3, "refused": 0, "refused_lines": [], "accepted": 3, "rejected": 0,
        "duplicates": 0,
    }  # fmt: skip
    listed = home.json("request", "list", "--controller", controller)["requests"]
    assert sorted((each["request"], each["right"], each["bulk"]) for each in listed) == [
        ("b-1", "access", "batch-9"),
        ("b-2", "objection", "batch-9"),
        ("batch-9-4", "erasure", "batch-9"),
    ]
    assert len({each["subject"] for each in listed}) == 3
    assert home.json("request", *given)["duplicates"] == 3
    assert len(home.json("request", "list", "--controller", controller)["requests"]) == 3


def test_lines_that_cannot_be_used_are_named_by_number(
    home: LedgerHome, controller: str, tmp_path: Path
) -> None:
    """Never by what is in them; the others are received."""
    file = tmp_path / "requests.jsonl"
    file.write_text(
        '{"right": "access", "phone": "+3197010000303"}\n'
        '{"right": "everything", "phone": "+3197010000304"}\n'
        '{"right": "access"}\n'
        "not json +3197010000305\n"
        '{"right": "access", "phone": "+3197010000306", "name": "+3197010000307"}\n',
        encoding="utf-8",
    )
    given = (
        "receive", "--controller", controller, "--file", str(file), "--channel", "api", "--requester", "customer",
        "--wait",
    )  # fmt: skip
    done = home.run("request", *given, "--json")
    assert done.returncode == 6
    assert b"31970" not in done.stdout + done.stderr
    listed = home.json("request", "list", "--controller", controller)["requests"]
    assert [(each["right"], each["channel"]) for each in listed] == [("access", "api")]
    for line in (2, 3, 4, 5):
        assert f":{line}: refused".encode() in done.stderr


def test_file_without_a_header_is_refused_whole(home: LedgerHome, controller: str) -> None:
    """Its first line is somebody's request, and is not quoted."""
    done = home.run(
        "request",
        "receive",
        "--controller",
        controller,
        "--file",
        "-",
        stdin=f"b-1,access,{OTHER}\n".encode(),
    )
    assert done.returncode == 6
    assert b"does not begin with a header" in done.stderr
    assert OTHER.encode() not in done.stderr


def test_erasure_carries_out_a_request(home: LedgerHome, parts: Runtime, controller: str) -> None:
    """It belongs to the request, which is then answered by its id although the number leads to nobody any more."""
    publish(parts, call("one", ASKER, OTHER, controller=controller))
    await_recorded(home)
    receive(home, controller, "--id", "forget", "--right", "erasure")
    home.json("erase", "--subject", f"phone:{ASKER}", "--controller", controller, "--request", "forget")
    answered = home.json("request", "answer", "forget", "--outcome", "partly_fulfilled", "--at", "2026-03-20")
    assert "erasure.started" in [each["event_type"] for each in answered["state"]["facts"]]
    assert "request_confirmation" in answered["warnings"][0]
    assert answered["state"]["subject"]
    kept = home.json(
        "request", "answer", "forget", "--outcome", "partly_fulfilled", "--at", "2026-03-20",
        "--kept", "request_confirmation=legal_obligation",
    )  # fmt: skip
    assert kept["warnings"] == []


def test_readable_text_shows_what_is_owed(home: LedgerHome, controller: str) -> None:
    """Local time, the calendar's version, and the findings."""
    receive(home, controller, "--id", "text")
    home.json("request", "refuse", "text", "--at", "2026-03-10")
    shown = home.run("request", "show", "text").stdout.decode()
    assert "2026-04-08T00:00:00+02:00" in shown
    assert "request_refusal_incomplete" in shown
    listed = home.run("request", "list", "--controller", controller).stdout.decode()
    assert "refused" in listed
