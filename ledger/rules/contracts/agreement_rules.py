"""Judging an agreement: its signatures, its amendments, the instructions under it, and what its end asks for. Pure.

Owns: what the facts of an agreement break and show. Leaves to others: processing before the agreement, outside its
purposes or under an instruction that was objected to (`ledger.rules.processing.judgement`).

Source: GDPR Art. 28(3); OBLIGATIONS CB-07, CB-31, CD-08, CD-30 to CD-32, CF-05, CT-07.
"""

from ledger.aggregates.agreement import Agreement
from ledger.aggregates.agreement_statements import Amendment, InstructionPhase, Text
from ledger.rules.calendar.moment_text import day_text, listed
from ledger.rules.controller_state import ControllerState
from ledger.rules.judged import Judged
from ledger.rules.judging import Judging
from ledger.rules.keeping.agreement_end import owed_at_end
from ledger.rules.keeping.owed import AGREEMENT, RETENTION_DUE

AMENDED_WITHOUT_CONSENT = "amended_without_consent"
AMENDED_BY_CONSENT = "amended_by_consent"
AGREEMENT_SIGNED = "agreement_signed"
INSTRUCTION_RECORDED = "instruction_recorded"
INSTRUCTION_OBJECTED = "instruction_objected"


def judge_agreement(agreement: Agreement, state: ControllerState) -> Judged:
    """All that an agreement's own facts come to, each by the promises in force when it happened.

    Args:
        agreement: as far as it is known.
        state: what else is known of the controller, the agreement's facts among it.
    """
    judging = Judging()
    _judge_signatures(agreement, state, judging)
    _judge_amendments(agreement, state, judging)
    _judge_instructions(agreement, state, judging)
    _judge_end(agreement, state, judging)
    return judging.judged()


def _judge_signatures(agreement: Agreement, state: ControllerState, judging: Judging) -> None:
    signed = {text.document_version for text in agreement.texts() if text.agreed_at is not None}
    for conclusion in agreement.conclusions:
        if conclusion.document_version in signed:
            for rule, _ in state.entries("agreement_start", conclusion.occurred_at):
                judging.show(AGREEMENT_SIGNED, rule)


def _judge_amendments(agreement: Agreement, state: ControllerState, judging: Judging) -> None:
    for text in agreement.amended_texts():
        # On the fact that stated the text first: from then on the agreement was said to be another.
        first = next(each for each in agreement.amendments if each.document_version == text.document_version)
        lacking = _lacking(text)
        for rule, entry in state.entries("amendment", first.occurred_at):
            if not lacking:
                judging.show(AMENDED_BY_CONSENT, rule)
                continue
            judging.find(
                first,
                AMENDED_WITHOUT_CONSENT,
                article=entry.article,
                expected="the agreement changes only when both parties have accepted the change",
                found=_change(agreement, first, lacking),
                rule=rule,
            )


def _lacking(text: Text) -> list[str]:
    """What was missing when a change began to hold, in words for a sentence; nothing when both had accepted it."""
    found = []
    for party, accepted_at in (
        ("the controller", text.by_controller_at),
        ("the provider", text.by_provider_at),
    ):
        if accepted_at is None:
            found.append(f"{party} has not accepted it")
        elif accepted_at > text.stated_at:
            found.append(f"{party} accepted it only on {day_text(accepted_at, beside=text.stated_at)}")
    return found


def _change(agreement: Agreement, amendment: Amendment, lacking: list[str]) -> str:
    accepted = (amendment.accepted_by_controller_at, amendment.accepted_by_provider_at)
    later = next((at for at in accepted if at is not None and at > amendment.occurred_at), None)
    since = day_text(amendment.occurred_at, beside=later)
    return (
        f"agreement {agreement.case_id} was changed to version {amendment.document_version} "
        f"on {since}, and {listed(lacking)}"
    )


def _judge_instructions(agreement: Agreement, state: ControllerState, judging: Judging) -> None:
    for said in agreement.instructions:
        if said.phase is InstructionPhase.RECEIVED:
            for rule, _ in state.entries("instruction", said.occurred_at):
                judging.show(INSTRUCTION_RECORDED, rule)
        elif said.phase is InstructionPhase.OBJECTED:
            judging.show(INSTRUCTION_OBJECTED)


def _judge_end(agreement: Agreement, state: ControllerState, judging: Judging) -> None:
    """What is there when the end is told was judged before anybody knew of it, so the end itself shows what is owed."""
    for termination in state.rules.ended:
        if termination.agreement_id == agreement.case_id:
            for rule, due_at in owed_at_end(state.rules, termination):
                judging.show(RETENTION_DUE, rule, due_at=due_at, detail=AGREEMENT)
