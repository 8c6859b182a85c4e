"""Changes of a privacy notice, held against how people were promised to be told. Pure.

A version that materially affects people's rights must have been told by the moment it comes into force; that very
moment is in time. A promise of e-mail is kept by whatever reaches people one by one, a promise of the website by
anything. Where a text promises nothing (told = "none"), nothing is judged: which version held when is pinned all the
same (X17). The promises are those in force when the version was published.

Source: CB-41, MB-46; GDPR Art. 12(1), 13, 14; Guidelines WP260 rev.01, 29 to 31.
"""

from collections.abc import Set

from ledger.aggregates.cases import DeadlineReached, Stated
from ledger.aggregates.notice import Notice, Publication
from ledger.rules.calendar.moment_text import moment_text
from ledger.rules.contracts.case_deadlines import passed
from ledger.rules.controller_state import ControllerState
from ledger.rules.judged import Deadline, DeadlineState, Judged
from ledger.rules.judging import Judging
from ledger.rules.packs.policy_pack import PackEntry

NOTICE_CHANGE_NOT_TOLD = "notice_change_not_told"
NOTICE_CHANGE_TOLD = "notice_change_told"
TELL_PEOPLE = "tell_people"

ONE_BY_ONE = frozenset({"email", "call", "letter"})
WAYS = {"email": ONE_BY_ONE, "website": ONE_BY_ONE | {"website", "dashboard"}}
"""What is promised to what keeps it."""

INFORMED_BY = {"by_email": "email", "by_website": "website", "by_call": "call"}
"""How a publication itself says that people were told; anything else is that they were not."""

WAY_TEXTS = {"email": "by e-mail", "website": "on the website"}
"""What was promised, as a finding says it."""


def judge_notice(notice: Notice, state: ControllerState) -> Judged:
    """What the changes of a notice come to.

    Args:
        notice: the notice, as far as it is known.
        state: everything else that is known of the controller.
    """
    judging = Judging()
    deadlines: dict[str, Deadline] = {}
    for publication in notice.versions():
        if not publication.materially_changed:
            continue
        for rule, entry in state.entries("notice_change", publication.occurred_at):
            deadline = _judge(judging, notice, publication, rule, entry)
            # One deadline at a time per promise: the first that is still open, or else that of the last version.
            if deadline is not None and not _is_open(deadlines.get(rule)):
                deadlines[rule] = deadline
    for deadline in deadlines.values():
        judging.owe(deadline)
    return judging.judged()


def _judge(
    judging: Judging, notice: Notice, publication: Publication, rule: str, entry: PackEntry
) -> Deadline | None:
    promised = str(entry.parameters.get("told"))
    ways = WAYS.get(promised)
    if ways is None:
        return None
    told = _told_in_time(notice, publication, ways)
    over = _over(notice, publication, rule)
    if told:
        became = DeadlineState.MET
        judging.show(NOTICE_CHANGE_TOLD, rule)
    elif over is None:
        became = DeadlineState.OPEN
    else:
        became = DeadlineState.MISSED
        judging.find(
            publication,
            NOTICE_CHANGE_NOT_TOLD,
            article=entry.article,
            expected=f"people told {WAY_TEXTS[promised]}, before a version that materially affects their rights holds",
            found=f"a version that holds from {moment_text(publication.effective_at)}, and no word to people by then",
            rule=rule,
        )
    if publication.occurred_at >= publication.effective_at:
        return None  # it came into force when it was published: there was no time to run
    return Deadline(
        case_kind=notice.KIND,
        case_id=notice.case_id,
        name=TELL_PEOPLE,
        rule=rule,
        article=entry.article,
        offset=publication.at_offset,
        starts_at=publication.occurred_at,
        ends_at=publication.effective_at,
        state=became,
    )


def _told_in_time(notice: Notice, publication: Publication, ways: Set[str]) -> bool:
    if INFORMED_BY.get(publication.people_informed, "") in ways:
        return True
    return any(
        each.version == publication.version
        and each.told_by in ways
        and each.occurred_at <= publication.effective_at
        for each in notice.communications
    )


def _over(notice: Notice, publication: Publication, rule: str) -> Stated | None:
    """What shows that the moment a version comes into force has passed: any fact of the notice from then on."""
    facts: list[Stated] = [*notice.publications, *notice.communications]
    later = next((each for each in facts if each.occurred_at >= publication.effective_at), None)
    reached: DeadlineReached | None = passed(notice, TELL_PEOPLE, rule, publication.effective_at)
    return later or reached


def _is_open(deadline: Deadline | None) -> bool:
    return deadline is not None and deadline.state is DeadlineState.OPEN
