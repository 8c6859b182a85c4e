"""Processing on the basis of consent, held against the consents that are known. Pure.

Source: GDPR Art. 6(1)(a) and 7(3); CB-37: withdrawal has no retroactive effect and immediate effect on
future processing. So the question is always what consent was in force when the processing happened.
"""

from ledger.aggregates.data_subject import ConsentState, DataSubject
from ledger.entry import Entry
from ledger.rules.findings import Finding

PROCESSING_WITHOUT_CONSENT = "processing_without_consent"
PROCESSING_AFTER_WITHDRAWAL = "processing_after_withdrawal"
CONSENT_BASIS = "consent"


def judge_consent(subject: DataSubject, entry: Entry) -> list[Finding]:
    """Findings on one processing entry whose lawful basis is consent.

    Args:
        subject: the data subject as known before this entry.
        entry: any entry of the subject; consent changes and other lawful bases give no finding.
    """
    if entry.lawful_basis != CONSENT_BASIS or entry.event_type.startswith("consent."):
        return []
    state = subject.consent_at(entry.purpose, entry.occurred_at)
    if state is ConsentState.GIVEN:
        return []
    if state is ConsentState.WITHDRAWN:
        return [
            Finding(
                code=PROCESSING_AFTER_WITHDRAWAL,
                article="GDPR Art. 7(3)",
                expected="no processing for this purpose after consent was withdrawn",
                found=f"{entry.event_type} on the basis of consent, after the withdrawal",
            )
        ]
    what = "no consent was recorded" if state is None else f"consent was {state.value}"
    return [
        Finding(
            code=PROCESSING_WITHOUT_CONSENT,
            article="GDPR Art. 6(1)(a)",
            expected="consent in force for this purpose when the processing happened",
            found=f"{entry.event_type} on the basis of consent, but {what}",
        )
    ]
