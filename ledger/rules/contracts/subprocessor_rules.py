"""Judging a sub-processor: told of beforehand, not started against an objection, bound by an agreement. Pure.

Owns: what the facts of a sub-processor break and show. Leaves to others: what processing facts name it
(`ledger.rules.processing.judgement`).

It is the law that is broken or kept here, whatever a document promises beside it.
Source: GDPR Art. 28(2) and 28(4); OBLIGATIONS CD-15, CD-16, CD-36.
"""

from ledger.aggregates.cases import Stated
from ledger.aggregates.subprocessor import Activity, Subprocessor
from ledger.rules.calendar.moment_text import day_text
from ledger.rules.controller_state import ControllerState
from ledger.rules.judged import Judged
from ledger.rules.judging import Judging
from ledger.rules.processing.processor_rules import KnownProcessor, processors_known

NOT_ANNOUNCED = "subprocessor_not_announced"
OBJECTED = "processor_objected"
WITHOUT_AGREEMENT = "subprocessor_without_agreement"
ANNOUNCED = "subprocessor_announced"
CONTRACTED = "subprocessor_contracted"

NOTICE_ARTICLE = "GDPR Art. 28(2)"
AGREEMENT_ARTICLE = "GDPR Art. 28(4)"


def judge_subprocessor(subprocessor: Subprocessor, state: ControllerState) -> Judged:
    """All that a sub-processor's own facts come to.

    Args:
        subprocessor: as far as it is known.
        state: what else is known of the controller: the lists of adopted documents tell of sub-processors too.
    """
    judging = Judging()
    starts = [each for each in subprocessor.activity if each.active]
    for start in starts:
        _told_before(subprocessor, state, start, judging)
        _not_objected(subprocessor, start, judging)
        _bound(subprocessor, state, start, judging)
    _judge_contracts(subprocessor, judging)
    if subprocessor.announcements and not starts:
        judging.show(ANNOUNCED)
    return judging.judged()


def _known(subprocessor: Subprocessor, state: ControllerState, at: int) -> KnownProcessor:
    (known,) = processors_known((subprocessor.name,), state, at)
    return known._replace(case=subprocessor)


def _told_before(
    subprocessor: Subprocessor, state: ControllerState, start: Activity, judging: Judging
) -> None:
    # Beforehand: an announcement at the very moment of the start gives nobody the time to object.
    before = start.occurred_at - 1
    if _known(subprocessor, state, before).announced_at(before):
        judging.show(ANNOUNCED)
        return
    told = next(iter(subprocessor.announcements), None)
    when = "was not told of it" if told is None else f"was told of it only on {_day(told, start)}"
    judging.find(
        start,
        NOT_ANNOUNCED,
        article=NOTICE_ARTICLE,
        expected="the controller is told of a sub-processor before it starts to process, so that it can object",
        found=f"{_started(subprocessor, start, told)}, and the controller {when}",
        about=subprocessor.name.lower(),
    )


def _not_objected(subprocessor: Subprocessor, start: Activity, judging: Judging) -> None:
    objection = subprocessor.objection_at(start.occurred_at)
    if objection is None:
        return
    judging.find(
        start,
        OBJECTED,
        article=NOTICE_ARTICLE,
        expected="a sub-processor is not used for a controller while its objection stands",
        found=(
            f"{_started(subprocessor, start, objection)}, and the controller's objection "
            f"({objection.ground or 'other'}) of {_day(objection, start)} stood"
        ),
        about=subprocessor.name.lower(),
    )


def _bound(subprocessor: Subprocessor, state: ControllerState, start: Activity, judging: Judging) -> None:
    known = _known(subprocessor, state, start.occurred_at)
    bound = known.agreement_at(start.occurred_at)
    if bound:
        judging.show(CONTRACTED)
    # A document that lists it and says nothing of agreements at all is no evidence that there is none.
    if bound or (bound is None and known.listings):
        return
    later = next((each for each in subprocessor.contracts if each.same_duties), None)
    before = [each for each in subprocessor.contracts if each.occurred_at <= start.occurred_at]
    if before:
        lacking = (
            f"the agreement of {day_text(before[-1].occurred_at)} does not impose the provider's own duties"
        )
    elif later is not None:
        lacking = f"an agreement with it was concluded only on {_day(later, start)}"
    else:
        lacking = "no agreement with it is on record"
    judging.find(
        start,
        WITHOUT_AGREEMENT,
        article=AGREEMENT_ARTICLE,
        expected="an agreement binds a sub-processor to at least the provider's own duties before it processes",
        found=f"{_started(subprocessor, start, later)}, and {lacking}",
        about=subprocessor.name.lower(),
    )


def _judge_contracts(subprocessor: Subprocessor, judging: Judging) -> None:
    for contract in subprocessor.contracts:
        if contract.same_duties:
            judging.show(CONTRACTED)
        elif subprocessor.active_at(contract.occurred_at):
            judging.find(
                contract,
                WITHOUT_AGREEMENT,
                article=AGREEMENT_ARTICLE,
                expected="the agreement with a sub-processor imposes at least the provider's own duties",
                found=(
                    f"version {contract.document_version} of {day_text(contract.occurred_at)} with "
                    f"{subprocessor.name}, which processes, does not"
                ),
                about=subprocessor.name.lower(),
            )


def _started(subprocessor: Subprocessor, start: Activity, beside: Stated | None) -> str:
    day = day_text(start.occurred_at, beside=None if beside is None else beside.occurred_at)
    return f"{subprocessor.name} started on {day}"


def _day(stated: Stated, start: Activity) -> str:
    return day_text(stated.occurred_at, beside=start.occurred_at)
