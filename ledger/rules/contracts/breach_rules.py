"""A breach held against the clocks that run from it and against what must be told and documented. Pure.

Owns: the clocks of contracts and of the law, which risk frees from telling, and documentation. Leaves to others: what
the breach is (`ledger.aggregates.breach`), what a notification lacks (`ledger.rules.contracts.breach_content`).

Two clocks are easily taken for one. A contract's runs from when the provider discovered the breach and ends with
telling the controller. The law's runs from when the controller became aware and ends with telling the authority (X8).
Both are in hours, which never move; told at the very moment they are over is told in time.

Source: GDPR Art. 33 and 34; EDPB Guidelines 9/2022 v2.0; CB-27, CD-19; docs/breaches-and-audits.md.
"""

from typing import NamedTuple

from ledger.aggregates.breach import Breach
from ledger.aggregates.breach_statements import Notification, Risk
from ledger.aggregates.cases import Stated
from ledger.rules.calendar.hours import Hours
from ledger.rules.calendar.legal_calendar import hours_end
from ledger.rules.calendar.moment_text import counted, listed, moment_text
from ledger.rules.contracts.breach_content import judge_content, judge_phases
from ledger.rules.contracts.case_deadlines import passed, state_of
from ledger.rules.controller_state import ControllerState, RuleInForce
from ledger.rules.judged import NOTHING, Deadline, DeadlineState, Judged
from ledger.rules.judging import Judging
from ledger.rules.processing.processing_facts import PROCESSOR

BREACH_NOTIFIED_LATE = "breach_notified_late"
BREACH_AUTHORITY_LATE = "breach_authority_late"
BREACH_PEOPLE_NOT_TOLD = "breach_people_not_told"
BREACH_CONTROLLER_NOT_TOLD = "breach_controller_not_told"
BREACH_NOT_DOCUMENTED = "breach_not_documented"
BREACH_NOTIFIED_IN_TIME = "breach_notified_in_time"
BREACH_DOCUMENTED = "breach_documented"

AUTHORITY_HOURS = 72
"""Art. 33(1): not later than 72 hours after having become aware."""

RECIPIENTS = {
    "controller": "the controller",
    "authority": "the supervisory authority",
    "people": "the people concerned",
}

_CONTROLLERS = frozenset({"controller", "joint"})


class _Clock(NamedTuple):
    """A number of hours by which a recipient is to be told."""

    recipient: str
    rule: str
    article: str
    started: Stated
    hours: int

    @property
    def name(self) -> str:
        return f"notify_{self.recipient}"

    @property
    def ends_at(self) -> int:
        return hours_end(self.started.occurred_at, self.hours)

    def deadline(self, breach: Breach, state: DeadlineState) -> Deadline:
        return Deadline(
            case_kind=breach.KIND,
            case_id=breach.case_id,
            name=self.name,
            rule=self.rule,
            article=self.article,
            offset=self.started.at_offset,
            starts_at=self.started.occurred_at,
            ends_at=self.ends_at,
            state=state,
        )


def judge_breach(breach: Breach, state: ControllerState) -> Judged:
    """What a breach comes to by the law and by what was promised when it was discovered.

    Args:
        breach: the breach, as far as it is known.
        state: everything else that is known of its controller.
    """
    known_since = breach.known_since
    if known_since is None:
        return NOTHING
    judging = Judging()
    discovery = breach.discovery
    in_force_at = known_since if discovery is None else discovery.occurred_at
    missed: set[str] = set()
    clocks = state.entries("breach_notice", in_force_at)
    for in_force in clocks:
        missed |= _promised(judging, breach, in_force)
    if not any(in_force.entry.parameters.get("recipient") == "controller" for in_force in clocks):
        _controller(judging, breach)
    missed |= _authority(judging, breach)
    judge_content(judging, breach, state.entries("breach_content", in_force_at), missed)
    judge_phases(judging, breach, state.entries("breach_phases", in_force_at))
    _people(judging, breach)
    _record(judging, breach)
    return judging.judged()


def aware_since(breach: Breach) -> Stated | None:
    """What made the controller aware; None while it is not.

    What the controller states of its own awareness holds. Without that it is aware when it is told, and one that
    discovered the breach itself when it did (EDPB Guidelines 9/2022, 2.1).
    """
    if breach.awareness:
        return breach.awareness[0]
    own = [each for each in breach.discoveries if each.role in _CONTROLLERS]
    known: list[Stated] = [*own[:1], *breach.told("controller")[:1]]
    return min(known, key=lambda each: each.occurred_at, default=None)


def _promised(judging: Judging, breach: Breach, in_force: RuleInForce) -> set[str]:
    """A contract's clock, from discovery; the recipients that were not told in time."""
    within, recipient = in_force.entry.parameters.get("within"), in_force.entry.parameters.get("recipient")
    if breach.discovery is None or not isinstance(within, Hours) or not isinstance(recipient, str):
        return set()
    clock = _Clock(recipient, in_force.rule, in_force.entry.article, breach.discovery, within.number)
    told = breach.told(recipient)
    over = passed(breach, clock.name, clock.rule, clock.ends_at)
    state = state_of(told[0] if told else None, clock.ends_at, over)
    judging.owe(clock.deadline(breach, state))
    if state is DeadlineState.MET:
        judging.show(BREACH_NOTIFIED_IN_TIME, clock.rule)
    if state is not DeadlineState.MISSED:
        return set()
    possible = "" if in_force.entry.parameters.get("strict") else ", where possible"
    judging.find(
        _late(told, over, breach.discovery),
        BREACH_NOTIFIED_LATE,
        article=clock.article,
        expected=(
            f"{RECIPIENTS[recipient]} told within {counted(clock.hours, 'hour')} after discovery, "
            f"by {moment_text(clock.ends_at)}{possible}"
        ),
        found=_told_late(told) + _weighed(possible, told),
        rule=clock.rule,
    )
    return {recipient}


def _controller(judging: Judging, breach: Breach) -> None:
    """What the law asks of a processor that no document sets a clock: to tell the controller at all."""
    discovery, closing = breach.discovery, breach.closing
    if discovery is None or discovery.role != PROCESSOR or closing is None or breach.told("controller"):
        return
    judging.find(
        closing,
        BREACH_CONTROLLER_NOT_TOLD,
        article="GDPR Art. 33(2)",
        expected="the controller told without undue delay by the processor that discovered the breach",
        found=f"closed on {moment_text(closing.occurred_at)} without telling it",
    )


def _authority(judging: Judging, breach: Breach) -> set[str]:
    """The law's clock, from awareness; the authority when it was told late and no reasons came with it."""
    aware = aware_since(breach)
    if aware is None:
        return set()
    clock = _Clock("authority", "", "GDPR Art. 33(1)", aware, AUTHORITY_HOURS)
    told = breach.told("authority")
    over = passed(breach, clock.name, clock.rule, clock.ends_at)
    state = state_of(told[0] if told else None, clock.ends_at, over)
    if breach.risk == Risk.UNLIKELY:
        state = DeadlineState.VOID
    elif state is DeadlineState.MISSED and _reasoned(told):
        # Art. 33(1), second sentence: a later notification is lawful when its reasons come with it.
        state = DeadlineState.MET
    judging.owe(clock.deadline(breach, state))
    if state is not DeadlineState.MISSED:
        return set()
    judging.find(
        _late(told, over, aware),
        BREACH_AUTHORITY_LATE,
        article=clock.article,
        expected=(
            f"{RECIPIENTS['authority']} told not later than {AUTHORITY_HOURS} hours after the controller became "
            f"aware, by {moment_text(clock.ends_at)}, or told later with the reasons for the delay"
        ),
        found=f"{_told_late(told)}{', without reasons for the delay' if told else ''}",
    )
    return {"authority"}


def _people(judging: Judging, breach: Breach) -> None:
    closing = breach.closing
    if closing is None or breach.risk != Risk.HIGH or breach.told("people"):
        return
    judging.find(
        closing,
        BREACH_PEOPLE_NOT_TOLD,
        article="GDPR Art. 34(1)",
        expected="the people concerned told without undue delay, since the risk to them was assessed as high",
        found=f"closed on {moment_text(closing.occurred_at)} without telling them",
    )


def _record(judging: Judging, breach: Breach) -> None:
    closing = breach.closing
    if closing is None:
        return
    missing = [
        what
        for what, there in (
            ("its facts", breach.discovery is not None),
            ("its effects", any(each.effects for each in breach.closings)),
            ("the remedies", any(each.remedies for each in breach.closings)),
        )
        if not there
    ]
    if not missing:
        judging.show(BREACH_DOCUMENTED)
        return
    judging.find(
        closing,
        BREACH_NOT_DOCUMENTED,
        article="GDPR Art. 33(5)",
        expected="the facts of the breach, its effects and the remedies documented",
        found=f"closed on {moment_text(closing.occurred_at)} without documenting {listed(missing)}",
    )


def _late(told: list[Notification], over: Stated | None, started: Stated) -> Stated:
    """What a finding of lateness is on: the notification that came late, or else what says that the time is over."""
    return told[0] if told else over or started


def _told_late(told: list[Notification]) -> str:
    return f"told on {moment_text(told[0].occurred_at)}" if told else "no notification by then"


def _weighed(possible: str, told: list[Notification]) -> str:
    """What a clock that runs "where possible" leaves to weigh."""
    if not possible:
        return ""
    given = "gives reasons for the delay" if _reasoned(told) else "gives no reasons for the delay"
    return "; the text says where possible" + (f", and the notification {given}" if told else "")


def _reasoned(told: list[Notification]) -> bool:
    """Whether the first notification came with reasons; of several at that moment any."""
    return any(each.reasoned for each in told if each.occurred_at == told[0].occurred_at)
