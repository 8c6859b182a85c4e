"""On whose instruction: processing rests on one that is on record, and on none the provider called unlawful. Pure.

Source: GDPR Art. 28(3)(a) and the last sentence of 28(3); CB-07, CD-08, CD-13.
"""

from collections.abc import Iterator

from ledger.aggregates.agreement_statements import Instruction
from ledger.rules.controller_state import ControllerState
from ledger.rules.findings import Finding
from ledger.rules.judged import Shown
from ledger.rules.processing.processing_facts import Processing


def judge_instruction(it: Processing, state: ControllerState, at: int) -> Iterator[Finding | Shown]:
    """What the instruction an entry names comes to; nothing when it names none.

    An agreement is the controller's first instruction, so an entry may name it instead.
    """
    name = it.instruction_id
    if name is None:
        return
    given = [one for one in _instructions(name, state) if one.received_at(at) is not None]
    objected = any(one.objected_at(at) is not None for one in _instructions(name, state))
    if objected:
        yield Finding(
            code="unlawful_instruction_carried_out",
            article="GDPR Art. 28(3)",
            expected="an instruction the provider called unlawful is not carried out until it is settled",
            found=f"{it.event_type} under an instruction the provider had objected to",
        )
    agreement = state.agreements.get(name)
    known = bool(given) or (agreement is not None and any(start <= at for start in agreement.starts()))
    for rule, entry in state.entries("instruction", at):
        if known:
            yield Shown("instruction_recorded", rule)
        else:
            yield Finding(
                code="instruction_unknown",
                article=entry.article,
                expected="the instruction on record, given by then and not taken back",
                found=f"{it.event_type} under an instruction that was not in force",
                rule=rule,
            )


def _instructions(name: str, state: ControllerState) -> list[Instruction]:
    """What each agreement knows of an instruction of this name."""
    known = (agreement.instruction(name) for agreement in state.agreements.values())
    return [one for one in known if one is not None]
