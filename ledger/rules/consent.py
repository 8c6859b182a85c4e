"""Processing on the basis of consent, held against the consents that are known. Pure.

Source: GDPR Art. 6(1)(a) and 7(3); CB-37: withdrawal has no retroactive effect and immediate effect on
future processing. So the question is always what consent was in force when the processing happened, and the
answer can change: a consent or a withdrawal may reach the ledger after what it is about.
"""

from ledger.aggregates.subject_state import ConsentState
from ledger.entry import Entry
from ledger.rules.findings import Finding

PROCESSING_WITHOUT_CONSENT = "processing_without_consent"
PROCESSING_AFTER_WITHDRAWAL = "processing_after_withdrawal"
CONSENT_BASIS = "consent"
CONSENT_EVENTS = "consent."


def rests_on_consent(entry: Entry) -> bool:
    """Whether an entry is processing whose lawful basis is consent; a change of consent is not processing."""
    return entry.lawful_basis == CONSENT_BASIS and not changes_consent(entry)


def changes_consent(entry: Entry) -> bool:
    """Whether an entry gives, refuses or withdraws consent."""
    return entry.event_type.startswith(CONSENT_EVENTS)


def judge_consent(state: ConsentState | None, event_type: str, purpose: str) -> Finding | None:
    """The finding on processing that rests on consent, or None when all is well.

    Args:
        state: the consent in force when it happened, None when none is known.
        event_type: what happened.
        purpose: what for.
    """
    if state is ConsentState.GIVEN:
        return None
    if state is ConsentState.WITHDRAWN:
        return Finding(
            code=PROCESSING_AFTER_WITHDRAWAL,
            article="GDPR Art. 7(3)",
            expected="no processing for this purpose after consent was withdrawn",
            found=f"{event_type} on the basis of consent, after the withdrawal",
            about=purpose,
        )
    what = "no consent was recorded" if state is None else f"consent was {state.value}"
    return Finding(
        code=PROCESSING_WITHOUT_CONSENT,
        article="GDPR Art. 6(1)(a)",
        expected="consent in force for this purpose when the processing happened",
        found=f"{event_type} on the basis of consent, but {what}",
        about=purpose,
    )
