"""What consent says of processing, rule by rule."""

import pytest

from ledger.aggregates.subject_state import ConsentState
from ledger.rules.consent import changes_consent, judge_consent, rests_on_consent
from ledger.rules.findings import Finding
from tests.unit.aggregates.facts import make_entry


def test_consent_in_force_is_no_finding() -> None:
    """Processing under a consent that was given is as it should be."""
    assert judge_consent(ConsentState.GIVEN, "call.recorded", "quality") is None


def test_processing_after_withdrawal_found() -> None:
    """Withdrawal stops future processing; the finding says which article and what happened."""
    expected = Finding(
        code="processing_after_withdrawal",
        article="GDPR Art. 7(3)",
        expected="no processing for this purpose after consent was withdrawn",
        found="call.recorded on the basis of consent, after the withdrawal",
        about="quality",
    )
    assert expected == judge_consent(ConsentState.WITHDRAWN, "call.recorded", "quality")


@pytest.mark.parametrize(
    ("state", "what"),
    [
        pytest.param(None, "no consent was recorded", id="never asked"),
        pytest.param(ConsentState.REFUSED, "consent was refused", id="refused"),
        pytest.param(ConsentState.EXPIRED, "consent was expired", id="expired"),
    ],
)
def test_processing_without_consent_found(state: ConsentState | None, what: str) -> None:
    """Consent that was never there, not given or over is no basis; the finding says which."""
    expected = Finding(
        code="processing_without_consent",
        article="GDPR Art. 6(1)(a)",
        expected="consent in force for this purpose when the processing happened",
        found=f"call.recorded on the basis of consent, but {what}",
        about="quality",
    )
    assert expected == judge_consent(state, "call.recorded", "quality")


def test_every_state_is_judged() -> None:
    """A state added later must be decided upon: only consent that was given is silent."""
    silent = [state for state in ConsentState if judge_consent(state, "call.completed", "telephony") is None]
    assert silent == [ConsentState.GIVEN]


@pytest.mark.parametrize(
    ("event_type", "lawful_basis", "changes", "rests"),
    [
        ("call.completed", "consent", False, True),
        ("call.completed", "contract", False, False),
        ("fact.of_tomorrow", "consent", False, True),
        ("consent.given", "consent", True, False),
        ("consent.refused", "legal_obligation", True, False),
        ("consent.withdrawn", "consent", True, False),
        ("consents.exported", "consent", False, True),
    ],
)
def test_change_of_consent_is_not_processing(
    event_type: str, lawful_basis: str, changes: bool, rests: bool
) -> None:
    """An event changes a consent, or may rest on one; never both."""
    entry = make_entry(event_type=event_type, lawful_basis=lawful_basis)
    assert (changes, rests) == (changes_consent(entry), rests_on_consent(entry))
