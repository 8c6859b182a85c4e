"""A person is forgotten through the command line: nothing readable is left, and the certificate tells what was done."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger.bootstrap import Runtime
from ledger.config import INBOX_TOPICS, INSTRUCTIONS_TOPIC
from ledger.forgetting.topic_scan import TopicScan
from ledger.replay import live_state
from ledger.vault.identifiers import Identifier, IdentifierKind
from tests.acceptance.canary import EMAIL, EVERYTHING, NAME, NUMBER_SPELLINGS, PLAIN, found_in, found_in_tree
from tests.integration.forgetting.people import PBX, RECIPIENTS, SITE, SPEECH, Scene, governance
from tests.ledger_home import (
    LedgerHome,
    call,
    inbox_record,
    ledger_records,
    new_home,
    publish,
    settle,
    verify_whole_log,
)

NUMBER, OTHER = NUMBER_SPELLINGS[0], "+3197010000002"
CONTROLLER = "dentist-example"
UNKNOWN = "phone:+3197010000009"


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """A ledger in which a person was erased, and what each look at it found."""

    home: LedgerHome
    parts: Runtime
    scene: Scene
    stream: UUID
    positions_before: dict[int, int]
    digests_before: dict[str, str]
    others_fields: dict[str, dict[str, object]]
    asked: dict[str, Any]
    resumed: dict[str, Any]

    @property
    def certificate(self) -> dict[str, Any]:
        """The certificate of the erasure, as it is now."""
        shown: dict[str, Any] = self.home.json("erase", "certificate", self.asked["fact"]["erasure_id"])
        return shown


def a_life() -> list[Any]:
    """A call with somebody else, recorded and transcribed, messages, and a consent; the canary in every field."""
    telephony: dict[str, Any] = {"caller_number": NUMBER, "called_number": OTHER, "processors": [SPEECH]}
    return [
        call("call", NUMBER, OTHER, caller_name=NAME, processors=[SPEECH]),
        inbox_record("call.recorded", "recorded", **telephony),
        inbox_record("call.transcribed", "transcribed", transcript=EVERYTHING, **telephony),
        inbox_record("voicemail.left", "voicemail", transcript=EVERYTHING, **telephony),
        inbox_record(
            "message.sent", "message", sender_number=NUMBER, recipient_number=OTHER, content=EVERYTHING
        ),
        inbox_record("signalling.logged", "signalling", caller_number=NUMBER, called_number=OTHER),
        inbox_record(
            "consent.given",
            "consent",
            source=SITE,
            purpose="newsletter",
            subject_phone=NUMBER,
            subject_email=EMAIL,
        ),
    ]


@pytest.fixture(scope="module")
def forgotten() -> Iterator[Forgotten]:
    """One person's life and end, lived once; the whole log is verified at its end."""
    with new_home() as home, home.parts() as parts:
        publish(parts, *a_life())
        settle(parts)
        scene = Scene(parts=parts, controller=CONTROLLER, caller=NUMBER, called=OTHER)
        stream = scene.subject(NUMBER)
        others = {event: dict(fields) for event, fields in scene.opened(scene.subject(OTHER)).items()}
        positions, digests = live_state(parts)
        asked = home.json("erase", "--subject", "-", "--request", "DSR-1", stdin=f"phone:{NUMBER}\n".encode())
        publish(
            parts,
            *(
                inbox_record(
                    "data.erased",
                    f"erased-{recipient}",
                    source=PBX if recipient == SPEECH else recipient,
                    subject_pseudonym=str(stream),
                    erasure_id=asked["fact"]["erasure_id"],
                    service=recipient,
                    outcome="erased",
                    trigger="request",
                    object_count=7,
                )
                for recipient in RECIPIENTS
            ),
        )
        yield Forgotten(
            home=home,
            parts=parts,
            scene=scene,
            stream=stream,
            positions_before=positions,
            digests_before=digests,
            others_fields=others,
            asked=asked,
            resumed=home.json("erase", "resume"),
        )
        verify_whole_log(parts)


def test_erasure_waits_for_the_recipients_and_then_is_verified(forgotten: Forgotten) -> None:
    """The first command goes as far as it can; the next one after their answers ends it."""
    assert (forgotten.asked["started"], forgotten.asked["state"]) == (True, "waiting")
    expected = [{"erasure_id": forgotten.asked["fact"]["erasure_id"], "state": "verified"}]
    assert expected == forgotten.resumed["erasures"]


def test_no_canary_is_left_anywhere_but_in_the_inbox(forgotten: Forgotten) -> None:
    """Topics, PostgreSQL's files with heap, indexes and WAL, logs, secrets, state: 0 hits."""
    with forgotten.parts.reader({}) as reader:
        inbox = b"".join(
            record.value or b""
            for topic in INBOX_TOPICS
            for batch in TopicScan(reader, topic).batches()
            for record in batch
        )
        told = b"".join(
            record.value or b""
            for batch in TopicScan(reader, INSTRUCTIONS_TOPIC).batches()
            for record in batch
        )
    assert found_in(inbox) >= PLAIN, "a search that finds nothing there proves nothing elsewhere"
    assert told
    assert found_in(told) == set()
    topic = b"".join(
        (record.key or b"") + (record.value or b"") for record in ledger_records(forgotten.parts)
    )
    assert found_in(topic) == set()
    superuser = make_conninfo(forgotten.parts.store_dsn, user="postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    assert found_in_tree(forgotten.home.path, leave_out=("broker",)) == {}


def test_nothing_of_the_person_opens_but_the_proof_that_is_kept(forgotten: Forgotten) -> None:
    """Every field of every record was tried."""
    assert set(forgotten.scene.opened(forgotten.stream)) == {"consent"}


def test_other_party_of_the_call_still_opens(forgotten: Forgotten) -> None:
    """One event, two people, who can be forgotten apart."""
    assert {"call", "recorded", "transcribed", "voicemail", "message", "signalling"} <= set(
        forgotten.others_fields
    )
    assert forgotten.others_fields == forgotten.scene.opened(forgotten.scene.subject(OTHER))


def test_destruction_changes_no_digest(forgotten: Forgotten) -> None:
    """What was recorded before the erasure has the digest it had; only the erasure's own facts came on top."""
    _, digests = live_state(forgotten.parts, ends=forgotten.positions_before)
    assert forgotten.digests_before == digests
    verified = forgotten.home.json("replay", "--verify")
    assert verified["equal"] is True


def test_certificate_says_what_was_done_on_what_basis_and_never_who(forgotten: Forgotten) -> None:
    """Each line with coordinates; neither document nor text holds anything of the person."""
    shown = forgotten.certificate
    assert shown["state"] == "verified"
    assert shown["basis"] == {"trigger": "request", "article": "GDPR Art. 17(1)", "request_id": "DSR-1"}
    destroyed = {each["retention_class"] for each in shown["destroyed"]}
    assert {"call_history", "recording", "transcript", "voicemail", "message_content"} <= destroyed
    assert all(each["announced"] and each["confirmed"] for each in shown["destroyed"])
    assert [(each["retention_class"], each["article"]) for each in shown["kept"]] == [
        ("consent_proof", "GDPR Art. 7(1)")
    ]
    assert [(each["name"], each["state"]) for each in shown["recipients"]] == [
        (name, "confirmed") for name in RECIPIENTS
    ]
    assert {place["found"] for place in shown["searched"]["places"] + shown["reread"]["places"]} == {0}
    text = forgotten.home.run("erase", "certificate", shown["erasure_id"])
    assert text.stdout.startswith(b"Certificate of erasure")
    assert found_in(text.stdout + text.stderr) == set()


def test_trail_of_the_erased_person_still_tells_what_was_done(forgotten: Forgotten) -> None:
    """By the pseudonym, which leads to nobody: what happened, when, on which basis, and how it ended."""
    entries = forgotten.home.json("trail", "--subject", str(forgotten.stream))["entries"]
    types = [entry["event_type"] for entry in entries]
    assert {"call.completed", "consent.given", "data.erased"} <= set(types)
    assert {"erasure.started", "erasure.searched", "erasure.verified"} <= set(types)
    assert all(entry["lawful_basis"] and entry["occurred_at"] for entry in entries)


def test_erasing_again_shows_the_first_certificate_and_writes_nothing(forgotten: Forgotten) -> None:
    """Exit 0, the same erasure, no new record."""
    before = len(ledger_records(forgotten.parts))
    again = forgotten.home.json("erase", "--subject", str(forgotten.stream))
    assert again["started"] is False
    assert forgotten.certificate == again["certificate"]
    assert before == len(ledger_records(forgotten.parts))


def test_number_that_calls_again_is_somebody_new(forgotten: Forgotten) -> None:
    """A new pseudonym, readable fields, and nothing that leads back."""
    publish(forgotten.parts, call("again", NUMBER, OTHER, caller_name=NAME))
    settle(forgotten.parts)
    new = forgotten.scene.subject(NUMBER)
    assert new != forgotten.stream
    assert forgotten.scene.opened(new) == {"again": {"caller_number": NUMBER, "caller_name": NAME}}
    with forgotten.parts.vault() as vault:
        email = Identifier(IdentifierKind.EMAIL, EMAIL)
        assert vault.find_subject(CONTROLLER, email) is None, "the e-mail address leads nowhere"


@pytest.mark.parametrize(
    "reference", [UNKNOWN, "00000000-0000-4000-8000-000000000001", "email:nobody@example.com"]
)
def test_unknown_person_is_not_found_and_nothing_is_written(forgotten: Forgotten, reference: str) -> None:
    """Exit 3; the message does not repeat whom it was asked for."""
    before = len(ledger_records(forgotten.parts))
    done = forgotten.home.run("erase", "--subject", reference)
    assert (done.returncode, done.stdout) == (3, b"")
    assert reference.partition(":")[2].encode() not in done.stderr or ":" not in reference
    assert before == len(ledger_records(forgotten.parts))


def test_person_known_to_several_controllers_is_refused_without_a_controller(forgotten: Forgotten) -> None:
    """Exit 2, naming the controllers: each has its own data and its own duties."""
    number = "+3197010000031"
    publish(
        forgotten.parts,
        call("here", number, OTHER, controller="garage-example"),
        call("there", number, OTHER, controller="school-example"),
    )
    settle(forgotten.parts)
    refused = forgotten.home.run("erase", "--subject", f"phone:{number}")
    assert refused.returncode == 2
    assert b"garage-example, school-example" in refused.stderr
    done = forgotten.home.json("erase", "--subject", f"phone:{number}", "--controller", "school-example")
    assert done["fact"]["controller"] == "school-example"
    with forgotten.parts.vault() as vault:
        found = vault.find_subjects(Identifier(IdentifierKind.PHONE, number))
    assert [name for name, _ in found] == ["garage-example"], "the other controller's subject is as it was"


def test_hold_on_everything_is_not_permitted_and_nothing_is_written(forgotten: Forgotten) -> None:
    """Exit 4, naming the hold."""
    number = "+3197010000041"
    publish(
        forgotten.parts,
        call("held", number, OTHER, controller="court-example"),
        governance("hold.placed", "hold-1", "court-example", hold_id="claim-12", kind="legal"),
    )
    settle(forgotten.parts)
    before = len(ledger_records(forgotten.parts))
    refused = forgotten.home.run("erase", "--subject", f"phone:{number}")
    assert refused.returncode == 4
    assert b"claim-12" in refused.stderr
    assert before == len(ledger_records(forgotten.parts))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("erase",), 2, id="nobody named"),
        pytest.param(("erase", "--subject", UNKNOWN, "--why", "because"), 2, id="no such reason"),
        pytest.param(("erase", "certificate", "none"), 3, id="no such certificate"),
        pytest.param(("erase", "resume", "none"), 3, id="no such erasure to resume"),
        pytest.param(("erase", "status", "--id", "none"), 3, id="no such erasure"),
        pytest.param(("erase", "status"), 0, id="all that are open"),
    ],
)
def test_exit_codes(forgotten: Forgotten, arguments: tuple[str, ...], expected: int) -> None:
    """As in DESIGN section 14."""
    assert expected == forgotten.home.run(*arguments).returncode
