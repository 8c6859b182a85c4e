"""What was true and what was known: `--as-of` gives each moment its own truth."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.ledger_home import MINUTE, NOON, LedgerHome, inbox_record, publish, settle

NUMBER = "+3197010001111"
PURPOSE = "marketing_calls"
SUBJECT = ("--subject", f"phone:{NUMBER}")
AFTER_WITHDRAWAL = "processing_after_withdrawal"
WITHOUT_CONSENT = "processing_without_consent"
CONTROLLER_UNKNOWN = "controller_unknown"


@dataclass(frozen=True, kw_only=True)
class Story:
    """A ledger, and when each fact of one person's story was sealed, as the trail tells it."""

    home: LedgerHome
    sealed_at: dict[str, str]

    def trail(self, *options: str) -> dict[str, list[str]]:
        """Event id -> codes of its findings, as `ledger trail` has it.

        That nothing is known of the controller, which is so all the time here, is left out.
        """
        entries = self.home.json("trail", *SUBJECT, *options)["entries"]
        return {
            entry["event_id"]: [f["code"] for f in entry["findings"] if f["code"] != CONTROLLER_UNKNOWN]
            for entry in entries
        }

    def consent(self, *options: str) -> list[dict[str, Any]]:
        """The consents of the person, as `ledger consent show` has them."""
        consents: list[dict[str, Any]] = self.home.json("consent", "show", *SUBJECT, *options)["consents"]
        return consents


def tell(home: LedgerHome) -> None:
    """Four facts, each sealed and recorded before the next is known.

    Consent at noon; a message one hour later; then, late, its withdrawal half an hour after noon; then, later
    still, the message of somebody who never asked, and last the consent that makes that one right.
    """
    message = {
        "recipient_number": NUMBER,
        "lawful_basis": "consent",
        "channel": "sms",
        "category": "marketing",
    }
    consent = {"subject_phone": NUMBER, "purpose": PURPOSE, "category": "marketing", "method": "form"}
    for record in (
        inbox_record("consent.given", "given", occurred_at=NOON, **consent),
        inbox_record("message.sent", "message", occurred_at=NOON + 60 * MINUTE, purpose=PURPOSE, **message),
        inbox_record("consent.withdrawn", "withdrawn", occurred_at=NOON + 30 * MINUTE, **consent),
        inbox_record("message.sent", "unasked", occurred_at=NOON, **message | {"purpose": "survey"}),
        inbox_record(
            "consent.given", "late consent", occurred_at=NOON - MINUTE, **consent | {"purpose": "survey"}
        ),
    ):
        with home.parts() as parts:
            publish(parts, record)
            settle(parts)


@pytest.fixture(scope="module")
def story(home: LedgerHome) -> Story:
    """The story, told once."""
    tell(home)
    entries = home.json("trail", *SUBJECT)["entries"]
    sealed_at = {entry["event_id"]: entry["sealed_at"] for entry in entries}
    assert len(sealed_at) == len(set(sealed_at.values()))
    return Story(home=home, sealed_at=sealed_at)


def test_before_the_withdrawal_was_known_consent_was_given_and_the_message_was_right(story: Story) -> None:
    """The truth of that moment: consent in force, a message under it, nothing found."""
    as_of = ("--as-of", story.sealed_at["message"])
    assert story.trail(*as_of) == {"given": [], "message": []}
    (consent,) = story.consent(*as_of)
    assert (consent["purpose"], consent["state"]) == (PURPOSE, "given")
    assert [change["state"] for change in consent["history"]] == ["given"]


def test_after_the_withdrawal_was_known_it_holds_and_the_message_is_a_finding(story: Story) -> None:
    """The other truth: the consent had ended half an hour before the message, and a finding says so."""
    as_of = ("--as-of", story.sealed_at["withdrawn"])
    assert story.trail(*as_of) == {"given": [], "withdrawn": [], "message": [AFTER_WITHDRAWAL]}
    (consent,) = story.consent(*as_of)
    assert (consent["purpose"], consent["state"]) == (PURPOSE, "withdrawn")
    assert [change["state"] for change in consent["history"]] == ["given", "withdrawn"]


def test_a_moment_between_two_facts_knows_the_first_only(story: Story) -> None:
    """One microsecond before the withdrawal was sealed nobody knew of it."""
    just_before = story.sealed_at["withdrawn"].replace("Z", "")
    seconds, micros = just_before.split(".")
    assert micros != "000000", "the clock has microseconds"
    earlier = f"{seconds}.{int(micros) - 1:06}Z"
    assert story.trail("--as-of", earlier) == {"given": [], "message": []}
    assert [consent["state"] for consent in story.consent("--as-of", earlier)] == ["given"]


def test_finding_that_a_late_consent_resolves_was_open_until_it_was_known(story: Story) -> None:
    """A message without consent is a finding, until a consent that was given before it arrives."""
    known = story.trail("--as-of", story.sealed_at["unasked"])
    assert known["unasked"] == [WITHOUT_CONSENT]
    assert story.trail("--as-of", story.sealed_at["late consent"])["unasked"] == []


def test_without_as_of_everything_is_known(story: Story) -> None:
    """Now is the last truth, and the text says what the JSON says."""
    assert story.trail() == {
        "late consent": [],
        "given": [],
        "unasked": [],
        "withdrawn": [],
        "message": [AFTER_WITHDRAWAL],
    }
    states = {consent["purpose"]: consent["state"] for consent in story.consent()}
    assert states == {PURPOSE: "withdrawn", "survey": "given"}
    text = story.home.run("trail", *SUBJECT).stdout.decode()
    assert [AFTER_WITHDRAWAL in line for line in text.splitlines()].count(True) == 1


def test_before_anything_was_sealed_nothing_was_known(story: Story) -> None:
    """The trail is empty, and so is the proof of consent."""
    assert story.trail("--as-of", "2020-01-01") == {}
    assert story.consent("--as-of", "2020-01-01") == []


def test_replay_until_the_withdrawal_gives_the_first_truth(story: Story) -> None:
    """A replay that ends at what was known then has the digests of what was known then."""
    result = story.home.json("replay", "--until", story.sealed_at["message"], "--verify")
    assert result["equal"] is True
    assert result["entries"] == 2
